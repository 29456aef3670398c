use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Faces {
    #[dump(derived = |faces| faces.len)]
    count: u32,
    len: u32,
}

fn main() {}
