use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Faces {
    #[dump(section = "faces", version = 1)]
    count: u32,
}

fn main() {}
