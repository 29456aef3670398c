use neodump_runtime::Dumpable;

static WIDTHS: [u32; 4] = [1, 2, 3, 4];

#[derive(Dumpable)]
struct Slots {
    #[dump(overlay = WIDTHS)]
    widths: [u32; 5],
}

fn main() {}
