use neodump_runtime::Dumpable;

struct Terminal;

#[derive(Dumpable)]
#[dump(image = "vm", version = 1)]
struct Vm {
    terminal: Terminal,
}

fn main() {}
