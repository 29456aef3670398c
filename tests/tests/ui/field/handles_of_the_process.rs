use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Vm {
    log: std::fs::File,
    started: std::time::Instant,
}

fn main() {}
