use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(section = "FaceTable", version = 1)]
struct Faces {
    count: u32,
}

fn main() {}
