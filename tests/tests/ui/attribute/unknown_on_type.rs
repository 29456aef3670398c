use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(section_name = "faces")]
struct Faces {
    count: u32,
}

fn main() {}
