use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump]
struct Faces {
    #[dump()]
    count: u32,
    #[dump = "skip"]
    other: u32,
}

fn main() {}
