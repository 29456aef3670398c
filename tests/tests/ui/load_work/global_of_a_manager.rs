use std::sync::Mutex;

use neodump_runtime::Dumpable;
use neodump_runtime::global::{Active, Captured};

static CHARSETS: Mutex<Active<Vec<String>>> = Mutex::new(Active::new(Vec::new()));

#[derive(Dumpable)]
struct Manager {
    #[dump(global = CHARSETS)]
    charsets: Captured<Vec<String>>,
}

fn main() {}
