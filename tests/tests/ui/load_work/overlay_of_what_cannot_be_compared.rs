use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Width(u32);

static WIDTHS: [Width; 2] = [Width(1), Width(2)];

#[derive(Dumpable)]
struct Slots {
    #[dump(overlay = WIDTHS)]
    widths: [Width; 2],
}

fn main() {}
