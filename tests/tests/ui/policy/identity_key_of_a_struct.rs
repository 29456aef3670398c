use std::collections::HashMap;

use neodump_runtime::Dumpable;

#[derive(Dumpable, PartialEq, Eq, Hash)]
struct Place {
    line: u32,
    column: u32,
}

#[derive(Dumpable)]
struct Table {
    #[dump(identity_key)]
    by_place: HashMap<Place, u32>,
}

fn main() {}
