use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(object, kind = 256)]
#[repr(C)]
struct Vector {
    len: u64,
}

fn main() {}
