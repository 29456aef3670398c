use std::collections::HashMap;

use neodump_runtime::Dumpable;

static WIDTHS: [u32; 4] = [1, 2, 3, 4];

#[derive(Dumpable)]
struct Slots {
    #[dump(overlay = WIDTHS)]
    widths: HashMap<u32, u32>,
}

fn main() {}
