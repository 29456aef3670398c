use neodump_runtime::Dumpable;

#[derive(Dumpable, Clone, Copy)]
#[dump(unsafe(word), bits = 3)]
#[repr(transparent)]
struct Value(u64);

fn main() {}
