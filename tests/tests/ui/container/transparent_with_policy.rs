use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(transparent)]
struct Name(#[dump(skip = "not needed")] String);

fn main() {}
