use neodump_runtime::Dumpable;

#[derive(Dumpable)]
enum Never {}

fn main() {}
