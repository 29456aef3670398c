use std::cell::RefCell;

use neodump_runtime::Dumpable;
use neodump_runtime::global::Active;

thread_local! {
    static CHARSETS: RefCell<Active<Vec<String>>> = RefCell::default();
}

#[derive(Dumpable)]
#[dump(image = "vm", version = 1)]
struct Vm {
    #[dump(global = CHARSETS)]
    charsets: Vec<String>,
}

fn main() {}
