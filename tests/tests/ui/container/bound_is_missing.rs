use neodump_runtime::Dumpable;

struct Plain;

#[derive(Dumpable)]
struct Faces<T> {
    all: Vec<T>,
}

fn needs<T: Dumpable>() {}

fn main() {
    needs::<Faces<Plain>>();
}
