use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Vector {
    len: u64,
    #[dump(unsafe(tail = len))]
    data: [u64; 0],
    hash: u64,
}

fn main() {}
