use neodump_runtime::Dumpable;
use neodump_runtime::global::Captured;

#[derive(Dumpable)]
#[dump(image = "vm", version = 1)]
struct Vm {
    charsets: Captured<Vec<String>>,
}

fn main() {}
