use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[repr(C, packed)]
struct Header {
    kind: u8,
    size: u32,
}

fn main() {}
