use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(unsafe(word))]
#[repr(u8)]
enum Value {
    Nil,
}

fn main() {}
