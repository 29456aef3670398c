use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Faces {
    #[dump(skip)]
    terminal: u32,
    #[dump(bake)]
    mark: u8,
    #[dump(with)]
    regex: u8,
}

fn main() {}
