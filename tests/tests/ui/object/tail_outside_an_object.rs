use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Vector {
    len: u64,
    #[dump(unsafe(tail = len))]
    data: [u64; 0],
}

fn main() {}
