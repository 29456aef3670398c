use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Vector {
    len: u64,
    hash: u64,
    #[dump(unsafe(tail = size))]
    data: [u64; 0],
}

fn main() {}
