use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(image = "vm", version = 1, before_dump = Self::quiesce)]
struct Vm {
    count: u32,
}

fn main() {}
