use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(transparent)]
struct Pair(u32, u32);

fn main() {}
