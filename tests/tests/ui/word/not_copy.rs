use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(unsafe(word), symbol = 0)]
#[repr(transparent)]
struct Value(u64);

fn main() {}
