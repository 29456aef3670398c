use neodump_runtime::Dumpable;

#[derive(Dumpable)]
enum Register {
    #[dump(skip = "belongs to the process")]
    Window(u32),
    Text(String),
}

fn main() {}
