use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(crate = nowhere::neodump)]
struct Faces {
    count: u32,
}

fn main() {}
