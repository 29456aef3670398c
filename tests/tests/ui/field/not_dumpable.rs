use neodump_runtime::Dumpable;

struct Process;

#[derive(Dumpable)]
struct Vm {
    name: String,
    process: Process,
    all: Vec<Process>,
}

fn main() {}
