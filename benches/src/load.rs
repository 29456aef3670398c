//! What a load costs: ratios within one run.

use std::path::{Path, PathBuf};

use crate::child::{Failure, run};
use crate::grow::{EMACS_CONSES, Shape};
use crate::row::{Bound, Row, median};

/// How often each measurement is repeated.
const TIMES: usize = 11;

/// Conses of a machine in the shape of Emacs' sources for an image of about a MiB.
const CONSES_A_MIB: u64 = 43_000;

fn make(folder: &Path, name: &str, shape: Shape, conses: u64) -> Result<PathBuf, Failure> {
    let path = folder.join(name);
    run(&["make", shape.name(), &conses.to_string()], &path)?;
    Ok(path)
}

/// All rows, each shown as soon as it is known.
pub(crate) fn rows(folder: &Path, show: &mut dyn FnMut(Row)) -> Result<(), Failure> {
    let tiny = make(folder, "tiny", Shape::Emacs, 100)?;
    let small = make(folder, "small", Shape::Emacs, 16 * CONSES_A_MIB)?;
    let large = make(folder, "large", Shape::Emacs, 1024 * CONSES_A_MIB)?;
    let size = |path: &Path| std::fs::metadata(path).map(|data| data.len() as f64 / f64::from(1 << 20));
    show(Row::new("image.small", size(&small)?, "MiB", Bound::None));
    show(Row::new("image.large", size(&large)?, "MiB", Bound::None));
    flat(&tiny, &small, &large, show)?;
    tables(folder, show)?;
    std::fs::remove_file(large)?;

    let half = make(folder, "half", Shape::Half, 16 << 20)?;
    show(Row::new("image.half", size(&half)?, "MiB", Bound::None));
    checksummed(&half, show)?;
    elsewhere(&half, show)?;
    std::fs::remove_file(half)?;

    let emacs = make(folder, "emacs", Shape::Emacs, EMACS_CONSES)?;
    show(Row::new("image.emacs", size(&emacs)?, "MiB", Bound::None));
    audit(&emacs, show)
}

/// A trusted map costs the same whatever the size, and writes nothing.
fn flat(tiny: &Path, small: &Path, large: &Path, show: &mut dyn FnMut(Row)) -> Result<(), Failure> {
    let (mut of_small, mut of_large, mut written) = (Vec::new(), Vec::new(), 0_f64);
    for _ in 0..TIMES {
        for (path, times) in [(small, &mut of_small), (large, &mut of_large)] {
            let numbers = run(&["map"], path)?;
            times.push(numbers[0]);
            written = written.max(numbers[1]);
        }
    }
    let (of_small, of_large) = (median(of_small), median(of_large));
    show(Row::new("map.trusted.small", of_small, "us", Bound::None));
    show(Row::new("map.trusted.large", of_large, "us", Bound::None));
    show(Row::new("map.trusted.large_to_small", of_large / of_small, "ratio", Bound::Most(1.5)));
    show(Row::new("map.trusted.pages_written", written, "pages", Bound::Most(0.0)));
    let warm = (0..3).map(|_| Ok(run(&["map-again"], tiny)?[2])).collect::<Result<Vec<f64>, Failure>>()?;
    show(Row::new("map.trusted.tiny_again", median(warm), "us", Bound::Most(60.0)));
    Ok(())
}

/// A machine with 200,000 entries in a hash table and 100,000 symbols is ready as soon as an empty one.
fn tables(folder: &Path, show: &mut dyn FnMut(Row)) -> Result<(), Failure> {
    let (empty, full) = (folder.join("empty-tables"), folder.join("full-tables"));
    run(&["make-tables", "0", "1"], &empty)?;
    let made = run(&["make-tables", "200000", "100000"], &full)?;
    show(Row::new("image.tables", made[0] / f64::from(1 << 20), "MiB", Bound::None));
    show(Row::new("image.tables.entries", made[1], "entries", Bound::Least(200_000.0)));
    let (mut of_empty, mut of_full, mut look_ups, mut written) = (Vec::new(), Vec::new(), Vec::new(), 0_f64);
    for _ in 0..TIMES {
        of_empty.push(run(&["map-tables"], &empty)?[0]);
        let numbers = run(&["map-tables"], &full)?;
        of_full.push(numbers[0]);
        written = written.max(numbers[1]);
        look_ups.push(numbers[2]);
    }
    let (of_empty, of_full) = (median(of_empty), median(of_full));
    show(Row::new("map.trusted.tables_empty", of_empty, "us", Bound::None));
    show(Row::new("map.trusted.tables_full", of_full, "us", Bound::None));
    show(Row::new("map.trusted.tables_full_to_empty", of_full / of_empty, "ratio", Bound::Most(1.5)));
    show(Row::new("map.trusted.tables_pages_written", written, "pages", Bound::Most(0.0)));
    show(Row::new("map.trusted.tables_look_up", median(look_ups), "ns", Bound::None));
    Ok(())
}

/// A checksummed map costs one pass over the bytes.
fn checksummed(path: &Path, show: &mut dyn FnMut(Row)) -> Result<(), Failure> {
    let (mut map, mut hand, mut ratio) = (Vec::new(), Vec::new(), Vec::new());
    for index in 0..TIMES {
        let numbers = run(&["sum", if index % 2 == 0 { "map" } else { "hand" }], path)?;
        map.push(numbers[0]);
        hand.push(numbers[1]);
        ratio.push(numbers[0] / numbers[1]);
    }
    show(Row::new("map.checksummed.half", median(map) / 1e3, "ms", Bound::None));
    show(Row::new("mmap_and_xxh3.half", median(hand) / 1e3, "ms", Bound::None));
    show(Row::new("map.checksummed.to_mmap_and_xxh3", median(ratio), "ratio", Bound::Most(1.2)));
    Ok(())
}

/// Away from the base, copying into huge pages beats patching where many pages hold pointers.
fn elsewhere(path: &Path, show: &mut dyn FnMut(Row)) -> Result<(), Failure> {
    let (mut copied, mut patched, mut read, mut ratio) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TIMES {
        run(&["warm"], path)?;
        read.push(run(&["read"], path)?[0]);
        run(&["warm"], path)?;
        let by_patch = run(&["elsewhere", "patched"], path)?[0];
        run(&["warm"], path)?;
        let by_copy = run(&["elsewhere", "copied"], path)?[0];
        copied.push(by_copy);
        patched.push(by_patch);
        ratio.push(by_patch / by_copy);
    }
    show(Row::new("read_into_huge_pages.half", median(read) / 1e3, "ms", Bound::None));
    show(Row::new("map.copied.half", median(copied) / 1e3, "ms", Bound::None));
    show(Row::new("map.patched.half", median(patched) / 1e3, "ms", Bound::None));
    show(Row::new("map.patched_to_copied", median(ratio), "ratio", Bound::Least(2.5)));
    Ok(())
}

/// The audit reads the words at a speed that a start can afford.
fn audit(path: &Path, show: &mut dyn FnMut(Row)) -> Result<(), Failure> {
    let (mut speed, mut whole) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        run(&["warm"], path)?;
        let numbers = run(&["load"], path)?;
        speed.push(numbers[2] / f64::from(1 << 30) / (numbers[0] / 1e6));
        whole.push(numbers[1] / 1e3);
    }
    show(Row::new("load.emacs", median(whole), "ms", Bound::None));
    show(Row::new("load.audit", median(speed), "GiB/s", Bound::Least(2.0)));
    Ok(())
}
