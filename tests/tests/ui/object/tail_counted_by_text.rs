use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Vector {
    len: f64,
    #[dump(unsafe(tail = len))]
    data: [u64; 0],
}

fn main() {}
