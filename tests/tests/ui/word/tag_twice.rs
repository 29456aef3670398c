use neodump_runtime::Dumpable;

#[derive(Dumpable, Clone, Copy)]
#[dump(unsafe(word), objects(Cons = 0b011, Str = 3), symbol = 0, immediate(0b011))]
#[repr(transparent)]
struct Value(u64);

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Cons {
    car: Value,
    cdr: Value,
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Str {
    len: u64,
}

fn main() {}
