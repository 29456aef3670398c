use neodump_runtime::Dumpable;

struct Heap;

#[derive(Dumpable)]
struct Vm {
    #[dump(heap)]
    heap: Heap,
}

fn main() {}
