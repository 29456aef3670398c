use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Faces {
    #[dump(rename = "n")]
    count: u32,
}

fn main() {}
