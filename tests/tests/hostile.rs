//! Malice is survived: an image whose checksums fit its bytes, whatever those are, is refused or gives a
//! machine that is sound.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use neodump_runtime::{DumpError, LoadOptions, Natives, Placement};
use neodump_tests::fixture::{Vm, natives};
use neodump_tests::forge::Forge;
use neodump_tests::limit::{Watched, largest};
use neodump_tests::survive::use_machine;

#[global_allocator]
static ALLOCATOR: Watched = Watched;

/// No allocation of a load of a small image is larger than this.
const LARGEST: usize = 8 << 20;

/// What became of hostile images.
#[derive(Default)]
struct Outcomes {
    refused: AtomicUsize,
    loaded: AtomicUsize,
    messages: Mutex<BTreeMap<String, usize>>,
}

impl Outcomes {
    /// Loads hostile bytes, and uses the machine if there is one.
    fn try_load(&self, what: &dyn Fn() -> String, natives: &Natives, bytes: &[u8], placement: Placement) {
        let started = Instant::now();
        match LoadOptions::new().natives(natives).placement(placement).load_bytes::<Vm>(bytes) {
            Err(error) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                self.note(&error);
            }
            Ok(vm) => {
                self.loaded.fetch_add(1, Ordering::Relaxed);
                use_machine(vm, what);
            }
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{}: {:?}", what(), started.elapsed());
        assert!(largest() <= LARGEST, "{}: an allocation of {} bytes", what(), largest());
    }

    /// Counts messages by what they say, without the numbers in them.
    fn note(&self, error: &DumpError) {
        let key = match error {
            DumpError::ImageFormat { section, .. } => format!("in {section}"),
            DumpError::Io { .. } => panic!("{error}"),
            other => format!("{other:?}").split_whitespace().next().unwrap_or_default().to_owned(),
        };
        *self.messages.lock().expect("not poisoned").entry(key).or_default() += 1;
    }

    fn print(&self, name: &str) {
        let (refused, loaded) = (self.refused.load(Ordering::Relaxed), self.loaded.load(Ordering::Relaxed));
        println!("{name}: {} images, {refused} refused, {loaded} loaded and used", refused + loaded);
        for (key, count) in self.messages.lock().expect("not poisoned").iter() {
            println!("  {count:6} {key}");
        }
    }
}

/// Runs `work` on every range of a processor's share.
fn parallel(count: usize, work: impl Fn(Range<usize>) + Sync) {
    let parts = std::thread::available_parallelism().map_or(1, |parts| parts.get());
    std::thread::scope(|scope| {
        for part in 0..parts {
            let (work, range) = (&work, count * part / parts..count * (part + 1) / parts);
            scope.spawn(move || work(range));
        }
    });
}

/// The offsets of every byte of every section's content.
fn content(forge: &Forge) -> Vec<(String, usize)> {
    let sections = forge.contents().into_iter();
    sections.flat_map(|(name, section)| section.map(move |at| (name.clone(), at))).collect()
}

fn placement_of(at: usize) -> Placement {
    // Most at the preferred base, where words are final; the others are moved first.
    if at.is_multiple_of(3) { Placement::Elsewhere } else { Placement::Preferred }
}

#[test]
fn any_byte_of_any_section_may_be_anything() {
    let bytes = Vm::full().dump().expect("dumped");
    let forge = Forge::new(&bytes);
    let wanted: Vec<_> = content(&forge).into_iter().filter(|(name, _)| name != "Schema").collect();
    let (outcomes, natives) = (Outcomes::default(), natives());
    parallel(wanted.len(), |range| {
        let mut forge = forge.clone();
        for (name, at) in &wanted[range] {
            let before = forge.bytes()[*at];
            let patterns = [before ^ 1, before ^ 0x80, !before, before.wrapping_add(8), 0, 0xff];
            for (index, &pattern) in patterns.iter().enumerate() {
                if pattern == before || patterns[..index].contains(&pattern) {
                    continue;
                }
                forge.bytes()[*at] = pattern;
                let what = || format!("{name} at {at:#x}: {before:#x} became {pattern:#x}");
                outcomes.try_load(&what, &natives, forge.sealed(), placement_of(*at));
                forge.bytes()[*at] = before;
            }
        }
    });
    outcomes.print("bytes of sections");
}

#[test]
fn any_word_of_any_section_may_be_anything() {
    let bytes = Vm::full().dump().expect("dumped");
    let forge = Forge::new(&bytes);
    let sections = forge.contents();
    let at_name = |wanted: &str| sections.iter().find(|(name, _)| name == wanted).map(|(_, s)| s.start);
    let heap = forge.section("HeapImage");
    // Addresses of objects of every type, of bytes, of slots and of payloads, and lengths that are too large.
    let mut words =
        vec![0, 1, 8, u64::MAX, u64::MAX - 7, 1 << 63, 1 << 47, 1 << 32, 1 << 20, bytes.len() as u64];
    for tag in [0b011, 0b100, 0b101, 0b111] {
        words.extend([heap.start, heap.start + 64, heap.end - 16].map(|at| forge.address(at) | tag));
    }
    for name in ["HeapImage", "HeapWords", "HeapBytes", "Imports", "Schema"] {
        words.extend(at_name(name).map(|start| forge.address(start)));
    }
    for section in 0..sections.len() as u64 {
        words.push(section << 48 | 64);
    }
    let starts: Vec<(String, usize)> = sections
        .iter()
        .filter(|(name, _)| name != "Schema")
        .flat_map(|(name, section)| section.clone().step_by(8).map(move |at| (name.clone(), at)))
        .filter(|(_, at)| at + 8 <= bytes.len())
        .collect();
    let (outcomes, natives) = (Outcomes::default(), natives());
    parallel(starts.len(), |range| {
        let mut forge = forge.clone();
        for (name, at) in &starts[range] {
            let before = forge.u64(*at);
            let near = [
                before.wrapping_add(8),
                before.wrapping_sub(8),
                before.wrapping_mul(2),
                before.wrapping_add(1 << 40),
            ];
            for word in words.iter().chain(&near).copied().filter(|word| *word != before) {
                forge.put(*at, word);
                let what = || format!("{name} at {at:#x}: {before:#x} became {word:#x}");
                outcomes.try_load(&what, &natives, forge.sealed(), placement_of(*at / 8));
            }
            forge.put(*at, before);
        }
    });
    outcomes.print("words of sections");
}

#[test]
fn any_byte_of_the_header_and_of_its_tables_may_be_anything() {
    let bytes = Vm::full().dump().expect("dumped");
    let forge = Forge::new(&bytes);
    let end = 256 + 4 * 32 + forge.contents().len() * 80;
    let (outcomes, natives) = (Outcomes::default(), natives());
    parallel(end, |range| {
        let mut forge = forge.clone();
        for at in range {
            let before = forge.bytes()[at];
            for pattern in [before ^ 1, before ^ 0x80, !before, before.wrapping_add(64)] {
                forge.bytes()[at] = pattern;
                let what = || format!("header at {at:#x}: {before:#x} became {pattern:#x}");
                let sealed = forge.sealed_header();
                outcomes.try_load(&what, &natives, sealed, Placement::Preferred);
                forge.bytes()[at] = before;
            }
            if at + 8 <= end && at.is_multiple_of(8) {
                let before = forge.u64(at);
                for word in [0, 1, u64::MAX, 1 << 46, 1 << 63, bytes.len() as u64, 0x1_0000] {
                    forge.put(at, word);
                    let what = || format!("header at {at:#x}: {before:#x} became {word:#x}");
                    let sealed = forge.sealed_header();
                    outcomes.try_load(&what, &natives, sealed, Placement::Preferred);
                }
                forge.put(at, before);
            }
        }
    });
    outcomes.print("header");
}

#[test]
fn several_bytes_may_be_anything_at_once() {
    let bytes = Vm::full().dump().expect("dumped");
    let forge = Forge::new(&bytes);
    let wanted: Vec<_> = content(&forge).into_iter().filter(|(name, _)| name != "Schema").collect();
    let (outcomes, natives) = (Outcomes::default(), natives());
    parallel(20_000, |range| {
        let mut forge = forge.clone();
        for round in range {
            // A generator of its own, so that a failure can be repeated: SplitMix64.
            let mut state = round as u64;
            let mut next = || {
                state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mut z = state;
                z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                z ^ (z >> 31)
            };
            let mut undo = Vec::new();
            for _ in 0..2 + next() % 4 {
                let at = wanted[next() as usize % wanted.len()].1 & !7;
                let from = wanted[next() as usize % wanted.len()].1 & !7;
                let word = if next() % 2 == 0 { forge.u64(from) } else { forge.u64(at) ^ 1 << (next() % 64) };
                undo.push((at, forge.u64(at)));
                forge.put(at, word);
            }
            outcomes.try_load(&|| format!("round {round}"), &natives, forge.sealed(), placement_of(round));
            for (at, before) in undo.into_iter().rev() {
                forge.put(at, before);
            }
        }
    });
    outcomes.print("several");
}
