use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Cursor<'a> {
    cell: &'a mut u64,
}

fn main() {}
