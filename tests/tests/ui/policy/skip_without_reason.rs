use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Vm {
    #[dump(skip)]
    a: u32,
    #[dump(skip = "")]
    b: u32,
}

fn main() {}
