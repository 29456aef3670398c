use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(transparent)]
struct Unit;

fn main() {}
