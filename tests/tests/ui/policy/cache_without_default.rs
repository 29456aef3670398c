use neodump_runtime::Dumpable;

struct Cache(u32);

#[derive(Dumpable)]
struct Vm {
    #[dump(cache)]
    cache: Cache,
}

fn main() {}
