use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Screen {
    #[dump(handle = reopen)]
    window: [u64; 3],
}

fn reopen(window: [u64; 3]) -> [u64; 3] {
    window
}

fn main() {}
