use neodump_runtime::Dumpable;

#[derive(Dumpable, Clone, Copy)]
#[dump(unsafe(word), symbol = 0, bits = 4, shift = 8)]
#[repr(transparent)]
struct Value(u64);

fn main() {}
