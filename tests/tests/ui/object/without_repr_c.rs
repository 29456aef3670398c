use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(object)]
struct Cons {
    car: u64,
    cdr: u64,
}

fn main() {}
