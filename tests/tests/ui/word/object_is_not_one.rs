use neodump_runtime::Dumpable;

#[derive(Dumpable, Clone, Copy)]
#[dump(unsafe(word), objects(Cons = 1))]
#[repr(transparent)]
struct Value(u64);

struct Cons;

fn main() {}
