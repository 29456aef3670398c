use neodump_runtime::Dumpable;

#[derive(Dumpable, Clone, Copy)]
enum Color {
    Red,
    Green,
}

#[derive(Dumpable)]
#[dump(tag = u8)]
#[repr(C)]
union Value {
    #[dump(tag = 1)]
    number: u32,
    #[dump(tag = 2)]
    color: Color,
}

#[derive(Dumpable)]
struct Cell {
    kind: u8,
    #[dump(unsafe(tag = *kind))]
    value: Value,
}

fn main() {}
