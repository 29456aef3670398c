use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(unsafe(word))]
#[derive(Clone, Copy)]
#[repr(transparent)]
struct Value(u64);

fn main() {}
