use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Vm {
    breakpoint: fn(&mut Vm),
    hook: Option<extern "C" fn()>,
    table: Vec<fn()>,
}

fn main() {}
