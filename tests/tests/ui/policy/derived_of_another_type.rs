use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Faces {
    all: Vec<u8>,
    #[dump(derived = count)]
    count: u32,
}

fn count(faces: &Faces) -> usize {
    faces.all.len()
}

fn main() {}
