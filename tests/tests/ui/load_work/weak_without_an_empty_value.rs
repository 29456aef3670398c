use std::ptr::NonNull;

use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Node {
    #[dump(weak)]
    other: NonNull<Node>,
}

fn main() {}
