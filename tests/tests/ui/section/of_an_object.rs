use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(object, section = "faces", version = 1)]
#[repr(C)]
struct Faces {
    count: u64,
}

fn main() {}
