use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Screen {
    #[dump(handle = reopen)]
    window: u32,
    #[dump(handle = reopen)]
    name: String,
}

fn reopen(window: u64) -> u64 {
    window
}

fn main() {}
