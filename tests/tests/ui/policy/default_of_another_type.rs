use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Vm {
    #[dump(skip = "belongs to the process", default = "none")]
    pid: u32,
}

fn main() {}
