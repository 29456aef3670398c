use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[repr(C)]
enum Flag {
    Small = 1,
    Large = 0x1_0000_0000,
}

fn main() {}
