use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(id = "")]
struct Faces {
    count: u32,
}

fn main() {}
