use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Vm {
    #[dump(bake = String::new())]
    text: String,
}

fn main() {}
