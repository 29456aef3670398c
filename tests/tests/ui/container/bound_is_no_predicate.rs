use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(bound = "T Dumpable")]
struct Faces<T> {
    all: Vec<T>,
}

fn main() {}
