use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Vm {
    terminal: Box<dyn std::io::Write>,
}

fn main() {}
