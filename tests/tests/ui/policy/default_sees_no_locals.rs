use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Vm {
    #[dump(skip = "belongs to the process", default = self.count)]
    pid: u32,
    #[dump(skip = "belongs to the process", default = __at)]
    at: u32,
    count: u32,
}

fn main() {}
