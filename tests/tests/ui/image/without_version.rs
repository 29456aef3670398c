use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(image = "vm")]
struct Vm {
    count: u32,
}

fn main() {}
