use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(id = "vm::Faces", id = "vm::FaceTable")]
struct Faces {
    #[dump(cache)]
    #[dump(cache)]
    count: u32,
}

fn main() {}
