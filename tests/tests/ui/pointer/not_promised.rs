use std::cell::Cell;
use std::ptr::NonNull;

use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Node {
    next: Option<NonNull<Node>>,
    previous: Cell<*mut Node>,
}

fn main() {}
