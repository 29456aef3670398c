use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Table {
    #[dump(identity_key)]
    rows: Vec<u32>,
}

fn main() {}
