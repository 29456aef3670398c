use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(tag = u8)]
#[repr(C)]
union Value {
    #[dump(tag = 1)]
    number: u32,
    letter: char,
}

fn main() {}
