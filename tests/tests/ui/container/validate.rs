use neodump_runtime::Dumpable;

#[derive(Dumpable, Clone, Copy)]
#[dump(unsafe(word), immediate(0b0), bits = 1, validate = Value::check)]
#[repr(transparent)]
struct Value(usize);

#[derive(Dumpable)]
#[dump(tag = u8, validate = check)]
#[repr(C)]
union Cell {
    #[dump(tag = 0)]
    number: u8,
}

fn main() {}
