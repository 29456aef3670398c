use neodump_runtime::Dumpable;

struct Process;

#[derive(Dumpable)]
enum Register {
    Empty,
    Process(Process),
}

fn main() {}
