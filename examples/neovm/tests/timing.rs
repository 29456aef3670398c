//! What a load costs. Alone in its process, so that the image lies at its base and nothing else runs.

use neodump_runtime::{Dumpable, LoadReport, Way};
use neovm::{Vm, image};
use std::time::{Duration, Instant};

/// A machine that holds nothing.
#[derive(Dumpable)]
#[dump(image = "empty", version = 1)]
struct Empty {
    answer: u32,
}

/// How often each is measured; the best counts, since all else is the machine's other work.
const ROUNDS: usize = 40;

fn best(mut round: impl FnMut() -> Duration) -> Duration {
    (0..ROUNDS).map(|_| round()).min().unwrap()
}

#[test]
fn a_booted_machine_loads_in_a_millisecond_more_than_an_empty_one() {
    let folder = tempfile::tempdir().unwrap();
    let (empty, full) = (folder.path().join("empty.ndump"), folder.path().join("full.ndump"));
    neodump_runtime::dump(&mut Empty { answer: 42 }, &empty).unwrap();
    let mut vm = Vm::boot().unwrap();
    let dumped = vm.dump_to_file(&full).unwrap();
    assert_eq!(dumped.image_bytes, std::fs::metadata(&full).unwrap().len());
    drop(vm);

    let nothing = best(|| {
        let started = Instant::now();
        // SAFETY: the file was just written, and nobody else knows it.
        let loaded: Empty = unsafe { neodump_runtime::LoadOptions::new().trusted().map(&empty) }.unwrap();
        let time = started.elapsed();
        assert_eq!(loaded.answer, 42);
        time
    });
    let mut reports = Vec::new();
    let booted = best(|| {
        let mut report = LoadReport::default();
        let started = Instant::now();
        // SAFETY: as above.
        let vm: Vm = unsafe { image::options().trusted().report(&mut report).map(&full) }.unwrap();
        let time = started.elapsed();
        assert_eq!((report.way, report.pages_written), (Some(Way::AtBase), 0));
        // What the report says a load took is what it took.
        assert!(
            report.total() <= time && report.total() > Duration::ZERO,
            "{:?} of {time:?}",
            report.total()
        );
        reports.push(report.object_count());
        // SAFETY: nothing of the machine was kept.
        unsafe { vm.release() };
        time
    });
    assert!(reports.iter().all(|&objects| objects == reports[0] && objects > 10_000));
    println!("empty {nothing:?}, booted {booted:?}, {} objects, {} bytes", reports[0], dumped.image_bytes);
    // Without optimisation the machine's own part of a load takes some times as long.
    let allowed = Duration::from_millis(if cfg!(debug_assertions) { 10 } else { 1 });
    assert!(booted <= nothing + allowed, "{booted:?} for a booted machine, {nothing:?} for an empty one");
}
