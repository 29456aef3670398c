use std::rc::Weak;

use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Node {
    #[dump(weak)]
    parent: Weak<Node>,
}

fn main() {}
