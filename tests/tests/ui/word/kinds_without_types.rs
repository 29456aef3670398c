use neodump_runtime::Dumpable;

#[derive(Dumpable, Clone, Copy)]
#[dump(unsafe(word), objects(Other = 1 by kind {}, More = 2 by kind))]
#[repr(transparent)]
struct Value(u64);

fn main() {}
