use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Vm<'a> {
    #[dump(native)]
    bytes: [u8; 3],
    #[dump(native)]
    short: &'a u8,
    #[dump(native)]
    maybe: Option<&'a u8>,
    #[dump(native)]
    unique: &'static mut u8,
}

fn main() {}
