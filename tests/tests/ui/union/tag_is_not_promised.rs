use neodump_runtime::Dumpable;

#[derive(Dumpable, Clone, Copy)]
#[repr(u8)]
enum Kind {
    Number,
    Letter,
}

#[derive(Dumpable)]
#[dump(tag = Kind)]
#[repr(C)]
union Value {
    #[dump(tag = Kind::Number)]
    number: u32,
    #[dump(tag = Kind::Letter)]
    letter: char,
}

#[derive(Dumpable)]
struct Cell {
    kind: Kind,
    #[dump(tag = kind)]
    value: Value,
}

fn main() {}
