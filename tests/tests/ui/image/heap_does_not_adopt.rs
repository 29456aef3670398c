use neodump_runtime::Dumpable;

struct Heap;

#[derive(Dumpable)]
#[dump(image = "vm", version = 1)]
struct Vm {
    #[dump(heap)]
    heap: Heap,
}

fn main() {}
