use neodump_runtime::Dumpable;

struct Terminal;

#[derive(Dumpable)]
struct Vm {
    #[dump(skip = "belongs to the process")]
    terminal: Terminal,
}

fn main() {}
