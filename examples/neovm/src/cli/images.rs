//! `neovm dump`, and starting from an image.

use super::progress::Meter;
use super::{Failure, STACK, evaluate, say};
use crate::image;
use crate::machine::Vm;
use crate::pages;
use neodump_runtime::image::SegmentKind;
use neodump_runtime::{DumpReport, LoadReport, Way};
use std::time::Instant;

/// How far an image is trusted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Trust {
    /// Any bytes will do: `load`.
    Audited,
    /// The file is ours, and may be damaged: `map`.
    Checksummed,
    /// The file is ours and whole: `map` and `trusted`.
    Trusted,
}

impl Trust {
    /// The option that asks for it.
    pub(super) fn option(self) -> &'static str {
        match self {
            Trust::Audited => "--audit",
            Trust::Checksummed => "--checksums",
            Trust::Trusted => "--trusted",
        }
    }

    pub(super) fn from_option(option: &str) -> Option<Trust> {
        [Trust::Audited, Trust::Checksummed, Trust::Trusted].into_iter().find(|t| t.option() == option)
    }
}

/// Starts a machine from an image.
pub(super) fn load(path: &str, trust: Trust) -> Result<(Vm, LoadReport), Failure> {
    let mut report = LoadReport::default();
    let options = image::options().report(&mut report);
    let vm = match trust {
        Trust::Audited => options.load(path),
        // SAFETY: who runs the program without `--audit` answers for the file; the help says so.
        Trust::Checksummed => unsafe { options.map(path) },
        // SAFETY: as above, for `--trusted`.
        Trust::Trusted => unsafe { options.trusted().map(path) },
    };
    let mut vm: Vm = vm.map_err(|error| format!("{path}: {error}"))?;
    vm.stack_budget = STACK / 4 * 3;
    vm.begin_session(path, report.total());
    vm.maybe_run_after_load_hook()?;
    Ok((vm, report))
}

/// Starts a machine from the image of an earlier start, or leaves one for the next.
pub(super) fn start(tell: bool) -> Result<Vm, Failure> {
    let (mut vm, outcome) = Vm::start(Vm::places())?;
    vm.stack_budget = STACK / 4 * 3;
    vm.maybe_run_after_load_hook()?;
    if tell {
        eprintln!("{outcome}");
    }
    Ok(vm)
}

/// Tells which pages of a mapped image the program has written.
pub(super) fn report_pages(path: &str, trust: Trust, report: &LoadReport) {
    if trust == Trust::Audited || report.way != Some(Way::AtBase) {
        return;
    }
    let written = |segment| pages::written_in(path.as_ref(), segment);
    if let (Some(rw), Some(imports)) = (written(SegmentKind::Rw), written(SegmentKind::Imports)) {
        eprintln!("pages written by load and program: rw {rw}, imports {imports}");
    }
}

/// `dump -o IMAGE [FILE...]`.
pub(super) fn dump(args: &[&str]) -> Result<(), Failure> {
    let (mut image, mut files) = (None, Vec::new());
    let mut rest = args.iter();
    while let Some(&arg) = rest.next() {
        match arg {
            "-o" | "--output" => image = rest.next().copied(),
            _ if arg.starts_with('-') => {
                return Err(Failure::Usage(format!("'dump' has no option '{arg}'")));
            }
            _ => files.push(arg),
        }
    }
    let Some(path) = image else { return Err(Failure::Usage("'dump' needs -o IMAGE".into())) };
    let start = Instant::now();
    let mut vm = super::boot()?;
    evaluate(&mut vm, &files)?;
    let booted = start.elapsed();
    let report = dump_with_progress(&mut vm, path)?;
    say(&format!("booted in {:.1} ms", booted.as_secs_f64() * 1e3));
    say(&dumped(path, &report));
    Ok(())
}

/// Dumps, and tells a terminal how far it is.
pub(super) fn dump_with_progress(vm: &mut Vm, path: &str) -> Result<DumpReport, String> {
    let mut meter = Meter::new();
    let mut tell = |progress| meter.dumping(progress);
    image::dumper().progress(&mut tell).to_file(vm, path).map_err(|error| error.to_string())
}

/// What a dump did, for people.
pub(super) fn dumped(path: &str, report: &DumpReport) -> String {
    let ms = |time: std::time::Duration| time.as_secs_f64() * 1e3;
    let per_object =
        |time: std::time::Duration| time.as_secs_f64() * 1e9 / report.object_count().max(1) as f64;
    let made = report.trace + report.emit + report.checksum;
    let mut out = format!(
        "dumped {} objects to {path}: {} bytes, {} relocations, {:.1} ms\n  trace {:.1} ms, emit {:.1} ms, checksum \
         {:.1} ms, write and sync {:.1} ms; {:.1} ns an object without the write",
        report.object_count(),
        report.image_bytes,
        report.relocations,
        ms(report.total()),
        ms(report.trace),
        ms(report.emit),
        ms(report.checksum),
        ms(report.write),
        per_object(made)
    );
    for (name, count) in &report.objects {
        out.push_str(&format!("\n  {:<14} {count:>10}", name.rsplit("::").next().unwrap_or(name)));
    }
    out
}
