use neodump_runtime::Dumpable;

#[derive(Dumpable, Clone, Copy)]
#[dump(unsafe(word), objects(Cons = 0b1011))]
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
