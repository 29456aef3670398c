use neodump_runtime::Dumpable;

const CONS: u64 = 3;
const STR: u64 = 3;

#[derive(Dumpable, Clone, Copy)]
#[dump(unsafe(word), objects(Cons = CONS, Str = STR))]
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
