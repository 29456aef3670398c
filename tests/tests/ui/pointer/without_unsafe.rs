use std::ptr::NonNull;

use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Node {
    #[dump(pointer)]
    next: Option<NonNull<Node>>,
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C, align(8))]
struct Bytes {
    len: u32,
    #[dump(tail = len)]
    bytes: [u8; 0],
}

fn main() {}
