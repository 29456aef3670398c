use neodump_runtime::Dumpable;

#[derive(Dumpable, Clone, Copy)]
#[dump(unsafe(word), objects(Other = 1 by kind { Vector, Subr }))]
#[repr(transparent)]
struct Value(u64);

unsafe fn kind(object: *const u8) -> u8 {
    unsafe { object.read() }
}

#[derive(Dumpable)]
#[dump(object, kind = 1)]
#[repr(C, align(8))]
struct Vector {
    kind: u8,
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C, align(8))]
struct Subr {
    kind: u8,
}

fn main() {}
