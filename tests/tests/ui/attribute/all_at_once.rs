use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(objekt, id = 3)]
struct Everything {
    #[dump(skip)]
    a: u8,
    #[dump(cache = 1)]
    b: u8,
    #[dump(nativ)]
    c: fn(),
    d: std::sync::Arc<u8>,
    e: &'static str,
}

fn main() {}
