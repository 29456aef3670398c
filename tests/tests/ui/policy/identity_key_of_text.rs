use std::collections::HashMap;

use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Table {
    #[dump(identity_key)]
    by_name: HashMap<String, u32>,
}

fn main() {}
