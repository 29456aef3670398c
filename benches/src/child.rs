//! Work in a process of its own, so that neither the heap nor the page tables of one measurement are
//! there for the next. A child prints its numbers on one line.

use std::fs::File;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use neodump_runtime::image::{SegmentKind, Source};
use neodump_runtime::{Dumper, Image, LoadOptions, LoadReport, Placement};

use crate::grow::{self, Shape};
use crate::machine::Vm;
use crate::{memory, tables};

/// What went wrong: a message.
pub(crate) type Failure = Box<dyn std::error::Error>;

/// Runs `work` in a child and gives the numbers that it printed.
pub(crate) fn run(work: &[&str], path: &Path) -> Result<Vec<f64>, Failure> {
    let program = std::env::current_exe()?;
    let mut command = Command::new(program);
    let output = command.arg("child").args(work).arg(path).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("child {work:?} ended with {}", output.status).into());
    }
    let text = String::from_utf8(output.stdout)?;
    Ok(text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?)
}

/// What [`run`] runs: the other side of the process boundary.
pub(crate) fn main(args: &[&str]) -> Result<(), Failure> {
    let numbers = match *args {
        ["make", shape, conses, path] => {
            let shape = Shape::named(shape).ok_or("no such shape")?;
            make(shape, conses.parse()?, Path::new(path))?
        }
        ["warm", path] => {
            memory::warm(std::fs::metadata(path)?.len() as usize)?;
            Vec::new()
        }
        ["map", path] => map(Path::new(path), 1)?,
        ["map-again", path] => map(Path::new(path), 200)?,
        ["sum", first, path] => sum(Path::new(path), first == "map")?,
        ["elsewhere", "copied", path] => elsewhere(Path::new(path), Placement::Copied)?,
        ["elsewhere", "patched", path] => elsewhere(Path::new(path), Placement::Patched)?,
        ["read", path] => read(Path::new(path))?,
        ["latency", _] => vec![memory::latency()],
        ["load", path] => load(Path::new(path))?,
        ["make-tables", entries, symbols, path] => {
            tables::make(entries.parse()?, symbols.parse()?, Path::new(path))?
        }
        ["map-tables", path] => tables::map(Path::new(path))?,
        _ => return Err(format!("no such work: {args:?}").into()),
    };
    let numbers: Vec<String> = numbers.iter().map(f64::to_string).collect();
    println!("{}", numbers.join(" "));
    Ok(())
}

pub(crate) fn micros(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e6
}

/// Dumps a machine: objects, then nanoseconds to trace, to emit, to sum, to write; bytes.
fn make(shape: Shape, conses: u64, path: &Path) -> Result<Vec<f64>, Failure> {
    let mut vm = grow::machine(shape, conses);
    // Side table, sections, relocations: less than the double of the heap.
    memory::warm(conses as usize * 120)?;
    let report = Dumper::new().to_file(&mut vm, path)?;
    let nanos = |time: std::time::Duration| time.as_secs_f64() * 1e9;
    Ok(vec![
        report.object_count() as f64,
        nanos(report.trace),
        nanos(report.emit),
        nanos(report.checksum),
        nanos(report.write),
        report.image_bytes as f64,
    ])
}

/// Maps a trusted image: microseconds of the first map in the process, pages written outside
/// `imports`, median microseconds of `times` more.
fn map(path: &Path, times: usize) -> Result<Vec<f64>, Failure> {
    let mut report = LoadReport::default();
    let started = Instant::now();
    // SAFETY: this program wrote the image, and nobody changes it.
    let mut vm: Vm = unsafe { LoadOptions::new().trusted().report(&mut report).map(path) }?;
    let first = micros(started);
    let written = written(vm.heap.look(), path)?;
    let mut again = Vec::new();
    for _ in 1..times {
        let image = vm.heap.take_image();
        drop(vm);
        if let Some(image) = image {
            // SAFETY: the machine was dropped, and nothing else refers to the image.
            unsafe { image.release() };
        }
        let started = Instant::now();
        // SAFETY: this program wrote the image, and nobody changes it.
        vm = unsafe { LoadOptions::new().trusted().map(path) }?;
        again.push(micros(started));
    }
    if vm.root.as_cons().is_none() {
        return Err("the root is no list".into());
    }
    Ok(vec![first, written as f64, crate::row::median(again)])
}

/// The pages of `rw` and `ro` that this process has written.
pub(crate) fn written(image: Option<&Image>, path: &Path) -> Result<u64, Failure> {
    let file = File::open(path)?;
    let header = Source::File { file: &file, path }.header()?;
    let arenas = image.map(Image::arenas).unwrap_or_default();
    let first = arenas.iter().flat_map(|arena| arena.objects()).next().ok_or("no objects")?;
    let heap = header.section("HeapImage").ok_or("no HeapImage")?.extent.offset;
    let image = first.addr() - heap as usize;
    let segments = [SegmentKind::Rw, SegmentKind::Ro].map(|kind| header.segment(kind));
    let mut written = 0;
    for segment in segments {
        written += memory::written_pages(image + segment.offset as usize, segment.length as usize)?;
    }
    Ok(written)
}

/// Maps a checksummed image, and sums the bytes of the file by hand: microseconds of each.
fn sum(path: &Path, map_first: bool) -> Result<Vec<f64>, Failure> {
    let by_map = || -> Result<f64, Failure> {
        let mut report = LoadReport::default();
        let started = Instant::now();
        // SAFETY: this program wrote the image, and nobody changes it.
        let mut vm: Vm = unsafe { LoadOptions::new().report(&mut report).map(path) }?;
        let time = micros(started);
        if report.way != Some(neodump_runtime::Way::AtBase) {
            return Err("the preferred base is taken".into());
        }
        let image = vm.heap.take_image();
        drop(vm);
        if let Some(image) = image {
            // SAFETY: the machine was dropped, and nothing else refers to the image.
            unsafe { image.release() };
        }
        Ok(time)
    };
    let by_hand = || -> io::Result<f64> {
        let started = Instant::now();
        let file = File::open(path)?;
        let len = file.metadata()?.len() as usize;
        let (mapped, sum) = memory::map_and_sum(&file, len)?;
        std::hint::black_box(sum);
        let time = micros(started);
        drop(mapped);
        Ok(time)
    };
    let (map, hand) = if map_first {
        let map = by_map()?;
        (map, by_hand()?)
    } else {
        let hand = by_hand()?;
        (by_map()?, hand)
    };
    Ok(vec![map, hand])
}

/// Maps a trusted image away from its base: microseconds, words moved.
fn elsewhere(path: &Path, placement: Placement) -> Result<Vec<f64>, Failure> {
    let mut report = LoadReport::default();
    let started = Instant::now();
    // SAFETY: this program wrote the image, and nobody changes it.
    let vm: Vm = unsafe { LoadOptions::new().trusted().placement(placement).report(&mut report).map(path) }?;
    let time = micros(started);
    if vm.root.as_cons().is_none() {
        return Err("the root is no list".into());
    }
    Ok(vec![time, report.relocations as f64])
}

/// Reads a file into fresh huge pages: microseconds.
fn read(path: &Path) -> Result<Vec<f64>, Failure> {
    let file = File::open(path)?;
    let len = file.metadata()?.len() as usize;
    let started = Instant::now();
    let memory = memory::read_into_huge(&file, len)?;
    let time = micros(started);
    drop(memory);
    Ok(vec![time])
}

/// Loads an image, audited: microseconds of the audit and of the whole, bytes of `rw`.
fn load(path: &Path) -> Result<Vec<f64>, Failure> {
    let mut report = LoadReport::default();
    let started = Instant::now();
    let vm: Vm = LoadOptions::new().report(&mut report).load(path)?;
    let time = micros(started);
    if vm.root.as_cons().is_none() {
        return Err("the root is no list".into());
    }
    let file = File::open(path)?;
    let header = Source::File { file: &file, path }.header()?;
    Ok(vec![report.audit.as_secs_f64() * 1e6, time, header.segment(SegmentKind::Rw).length as f64])
}
