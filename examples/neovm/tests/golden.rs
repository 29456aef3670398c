//! The bytes of a small heap, as a listing that is reviewed: not the boot, which nobody could read.

use neodump_runtime::{Dumpable, Interner, dump_to_bytes, load_bytes};
use neovm::heap::Heap;
use neovm::value::Value;

/// A machine that is nothing but its heap.
#[derive(Dumpable)]
#[dump(image = "neovm-heap", version = 1)]
struct SmallHeap {
    #[dump(heap)]
    heap: Heap,
    symbols: Interner,
    value: Value,
}

fn small() -> SmallHeap {
    let symbols = Interner::with_names(&["nil", "t"]);
    let mut heap = Heap::new();
    let string = heap.string("abc");
    let float = heap.float(1.5);
    let vector = heap.vector(vec![string, float, Value::T]);
    // One string in two places.
    let value = heap.list(&[vector, string, Value::int(42), Value::NIL]);
    SmallHeap { heap, symbols, value }
}

#[test]
fn the_bytes_of_a_small_heap_are_reviewed() {
    let bytes = dump_to_bytes(&mut small()).expect("the heap can be dumped");
    neodump_runtime::assert_golden!(SmallHeap, bytes);
    let mut loaded: SmallHeap = load_bytes(&bytes).expect("what was dumped loads");
    assert_eq!(dump_to_bytes(&mut loaded).expect("the heap can be dumped"), bytes);
}
