use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(tag = String)]
#[repr(C)]
union Value {
    #[dump(tag = _)]
    number: u32,
}

#[derive(Dumpable)]
struct Cell {
    kind: String,
    #[dump(unsafe(tag = kind))]
    value: Value,
}

fn main() {}
