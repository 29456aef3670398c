use neodump_runtime::Dumpable;

#[derive(Dumpable, Clone, Copy)]
#[dump(unsafe(word), symbol = 0)]
#[repr(transparent)]
struct Value(u64, u64);

fn main() {}
