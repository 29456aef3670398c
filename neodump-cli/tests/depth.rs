//! Depth is data: what is nested deeply is decoded without recursion, and at any address.

mod common;

use common::{fixture, outcome};
use neodump_cli::Outcome;
use neodump_runtime::inspect::{Event, Image};
use neodump_runtime::{Dumpable, dump_to_bytes};

/// A chain of boxes.
#[derive(Dumpable, Default)]
struct Link {
    number: u32,
    next: Option<Box<Link>>,
}

#[derive(Dumpable)]
#[dump(image = "chain", version = 1)]
struct Chain {
    first: Link,
}

/// Links in the chain.
const LENGTH: u32 = 30_000;

fn chain() -> Vec<u8> {
    let first = (0..LENGTH).fold(Link::default(), |next, number| Link { number, next: Some(Box::new(next)) });
    let mut chain = Chain { first };
    let bytes = dump_to_bytes(&mut chain).expect("dumped");
    // Dropping a chain of boxes is Rust's own recursion.
    let mut next = chain.first.next.take();
    while let Some(mut link) = next {
        next = link.next.take();
    }
    bytes
}

#[test]
fn a_long_chain_of_boxes_decodes_on_a_small_stack() {
    let bytes = chain();
    let small = std::thread::Builder::new().stack_size(512 << 10);
    let decoded = small.spawn(move || {
        let (done, text, err) = outcome(&bytes, "dump-section vm.ndump Root --depth 1000000");
        assert_eq!(done, Outcome::Done, "{err}");
        assert_eq!(text.lines().filter(|line| line.contains("number: ")).count(), LENGTH as usize + 1);
        // A line does not grow with its depth.
        assert!(text.len() < LENGTH as usize * 256, "{}", text.len());

        let (done, json, err) = outcome(&bytes, "dump-section vm.ndump Root --depth 1000000 --json");
        assert_eq!(done, Outcome::Done, "{err}");
        assert_eq!(json.matches("\"number\":").count(), LENGTH as usize + 1);

        let (done, text, err) = outcome(&bytes, "verify vm.ndump --audit");
        assert_eq!(done, Outcome::Done, "{err}");
        assert!(text.contains("30,000 payloads"), "{text}");
    });
    decoded.expect("a thread").join().expect("no overflow of the stack");
}

#[test]
fn an_image_is_read_at_any_address() {
    let image = fixture();
    let events = |bytes: &[u8]| {
        let image = Image::of(bytes).expect("an image");
        image.audit(&mut |_, _| ()).expect("sound");
        let mut walk = image.walk(image.root_value());
        let mut count = 0;
        while let Some(event) = walk.next().expect("sound") {
            count += usize::from(matches!(event, Event::Value { .. }));
        }
        count
    };
    let expected = events(&image);
    assert!(expected > 100);
    for offset in 1..8 {
        let moved = [&vec![0; offset], &image[..]].concat();
        assert_eq!(events(&moved[offset..]), expected, "{offset}");
    }
}
