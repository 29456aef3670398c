use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Vector {
    len: u64,
    #[dump(unsafe(tail = len))]
    data: [String; 0],
}

fn main() {}
