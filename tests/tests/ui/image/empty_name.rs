use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(image = "", version = 1)]
struct Vm {
    count: u32,
}

fn main() {}
