use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(section = "faces")]
struct Faces {
    count: u32,
}

fn main() {}
