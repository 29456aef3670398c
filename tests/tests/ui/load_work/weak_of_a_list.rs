use std::ptr::NonNull;

use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Node {
    #[dump(weak)]
    others: Vec<NonNull<Node>>,
}

fn main() {}
