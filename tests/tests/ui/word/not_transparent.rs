use neodump_runtime::Dumpable;

#[derive(Dumpable, Clone, Copy)]
#[dump(unsafe(word), symbol = 0)]
struct Value(u64);

fn main() {}
