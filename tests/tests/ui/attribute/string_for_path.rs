use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Faces {
    #[dump(with = "regex_codec")]
    regex: u32,
    #[dump(derived = "Self::count")]
    count: u32,
}

fn main() {}
