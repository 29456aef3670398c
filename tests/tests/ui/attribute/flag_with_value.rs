use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Faces {
    #[dump(cache = true)]
    realized: u32,
    #[dump(shared(yes))]
    other: std::rc::Rc<u8>,
}

fn main() {}
