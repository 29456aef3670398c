use neodump_runtime::Dumpable;

#[derive(Dumpable, Clone, Copy)]
#[dump(unsafe(object))]
#[repr(transparent)]
struct Value(u64);

fn main() {}
