use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(kind = 2, symbol = 0, after_load = Self::resume, validate = Self::check)]
struct Faces {
    count: u32,
}

fn main() {}
