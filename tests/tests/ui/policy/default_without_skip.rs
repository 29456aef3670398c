use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Vm {
    #[dump(default = 1)]
    pid: u32,
}

fn main() {}
