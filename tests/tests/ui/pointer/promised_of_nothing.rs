use std::cell::Cell;
use std::ptr::null_mut;

use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Node {
    #[dump(bake = Cell::new(null_mut()), unsafe(pointer))]
    next: Cell<*mut Node>,
}

fn main() {}
