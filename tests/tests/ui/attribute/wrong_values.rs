use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(section = faces, version = "3")]
struct Faces {
    count: u32,
}

fn main() {}
