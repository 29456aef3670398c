use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Buffer {
    #[dump(shared)]
    text: Box<String>,
}

fn main() {}
