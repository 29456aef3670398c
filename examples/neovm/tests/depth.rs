//! Depth is data: no length and no nesting uses up the Rust stack.

use neovm::equal::equal;
use neovm::heap::Heap;
use neovm::printer::{self, Style};
use neovm::reader::Source;
use neovm::symbols;

/// Ten million in an optimised build; a tenth of that else, for time.
const DEPTH: usize = if cfg!(debug_assertions) { 1_000_000 } else { 10_000_000 };

fn on_a_small_stack(run: fn()) {
    std::thread::Builder::new().stack_size(64 << 10).spawn(run).unwrap().join().unwrap();
}

fn read_print_compare(text: Vec<u8>) {
    let (mut heap, mut symbols) = (Heap::new(), symbols::interner());
    let mut read = |heap: &mut Heap| {
        let mut source = Source::file("deep", text.clone());
        source.read(heap, &mut symbols).unwrap().unwrap()
    };
    let (one, other) = (read(&mut heap), read(&mut heap));
    assert!(equal(&heap, one, other));
    assert!(printer::to_bytes(&heap, &symbols, one, Style::PRIN1) == text);
    // SAFETY: nothing is used afterwards.
    unsafe { heap.collect(&mut |f| f.value(one)) };
}

#[test]
fn a_list_of_millions_is_read_printed_compared_and_collected() {
    on_a_small_stack(|| {
        let mut text = b"(".to_vec();
        text.extend(b"x ".repeat(DEPTH - 1));
        text.extend(b"x)");
        read_print_compare(text);
    });
}

#[test]
fn a_nest_of_millions_in_the_first_element_is_no_different() {
    on_a_small_stack(|| {
        let mut text = b"(".repeat(DEPTH);
        text.extend(b"x");
        text.extend(b")".repeat(DEPTH));
        read_print_compare(text);
    });
}

#[test]
fn nests_of_vectors_quotes_and_labels_are_no_different() {
    on_a_small_stack(|| {
        let deep = DEPTH / 10;
        for (open, close) in [("[", "]"), ("'", ""), ("#s(r ", ")"), ("(a . [", "])"), ("(a (b . #[", "]))")]
        {
            let mut text = open.repeat(deep).into_bytes();
            text.extend(b"x");
            text.extend(close.repeat(deep).into_bytes());
            read_print_compare(text);
        }
    });
}

#[test]
fn circular_values_compare_and_print() {
    let (mut heap, mut symbols) = (Heap::new(), symbols::interner());
    let mut read = |text: &str| {
        let mut source = Source::file("cycle", text.as_bytes().to_vec());
        source.read(&mut heap, &mut symbols).unwrap().unwrap()
    };
    let (a, b, c) = (read("#1=(a b . #1#)"), read("#1=(a b a b . #1#)"), read("#1=(a b a c . #1#)"));
    assert!(equal(&heap, a, b));
    assert!(!equal(&heap, a, c));
    assert_eq!(printer::prin1(&heap, &symbols, b), "#1=(a b a b . #1#)");
}
