use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(section = "faces", version = 4294967296)]
struct Faces {
    count: u32,
}

fn main() {}
