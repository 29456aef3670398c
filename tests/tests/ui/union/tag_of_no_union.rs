use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Cell {
    kind: u8,
    #[dump(unsafe(tag = kind))]
    value: u32,
}

fn main() {}
