use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Vm {
    #[dump(bake = 1.5)]
    mark: u8,
}

fn main() {}
