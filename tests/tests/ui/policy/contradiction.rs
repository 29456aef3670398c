use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Vm {
    #[dump(skip = "belongs to the process", cache)]
    a: u32,
    #[dump(native, shared)]
    b: fn(),
}

fn main() {}
