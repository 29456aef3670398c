use std::cell::RefCell;

use neodump_runtime::Dumpable;
use neodump_runtime::global::Captured;

thread_local! {
    static CHARSETS: RefCell<Vec<String>> = RefCell::default();
}

#[derive(Dumpable)]
#[dump(image = "vm", version = 1)]
struct Vm {
    #[dump(global = CHARSETS)]
    charsets: Captured<Vec<String>>,
}

fn main() {}
