use neodump_runtime::Dumpable;

#[derive(Dumpable)]
union Cell {
    value: u64,
    alias: u64,
}

fn main() {}
