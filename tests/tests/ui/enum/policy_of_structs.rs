use neodump_runtime::Dumpable;

#[derive(Dumpable)]
enum Register {
    Point(#[dump(bake = 0)] u32),
    Text {
        #[dump(cache)]
        hash: u64,
        #[dump(derived = count)]
        count: usize,
    },
}

fn count(_: &Register) -> usize {
    0
}

fn main() {}
