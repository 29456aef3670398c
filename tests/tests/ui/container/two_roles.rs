use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(object, image = "vm", version = 1)]
#[repr(C, align(8))]
struct Vm {
    count: u64,
}

fn main() {}
