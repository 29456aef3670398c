use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Buffer {
    text: Rc<RefCell<String>>,
    names: Vec<Option<Arc<str>>>,
}

fn main() {}
