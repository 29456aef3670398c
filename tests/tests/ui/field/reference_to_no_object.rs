use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Cursor<'a> {
    cell: &'a u64,
}

fn main() {}
