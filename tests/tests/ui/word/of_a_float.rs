use neodump_runtime::Dumpable;

#[derive(Dumpable, Clone, Copy)]
#[dump(unsafe(word), symbol = 0)]
#[repr(transparent)]
struct Value(f64);

fn main() {}
