use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(skip = "belongs to the process")]
struct Faces {
    count: u32,
}

fn main() {}
