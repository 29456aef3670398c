//! `neovm demo`: boot, dump, and go on in a fresh process that maps the image.

use super::images::{self, Trust, dumped};
use super::{Failure, boot, say, start_again, start_again_and_listen};
use crate::machine::Vm;
use crate::pages;
use neodump_runtime::Way;
use neodump_runtime::image::SegmentKind;
use std::time::Instant;

pub(super) fn run() -> Result<(), Failure> {
    let start = Instant::now();
    let mut vm = boot()?;
    vm.load_text("demo.el", include_bytes!("../../lisp/demo.el").to_vec())?;
    let booted = start.elapsed();
    say(&format!(
        "booted from Lisp sources in {:.1} ms: {} symbols, {} functions, {} objects",
        booted.as_secs_f64() * 1e3,
        vm.symbols.len(),
        vm.obarray.functions(),
        vm.heap.objects()
    ));
    // What a program makes of its own: the image holds it all.
    vm.eval_str("(demo-prepare)")?;
    let folder = tempfile::tempdir().map_err(|error| format!("cannot make a temporary folder: {error}"))?;
    let image = folder.path().join("demo.ndump").to_string_lossy().into_owned();
    let report = vm.dump_to_file(&image).map_err(|error| error.to_string())?;
    say(&dumped("demo.ndump", &report));
    drop(vm);
    let empty = folder.path().join("empty.ndump").to_string_lossy().into_owned();
    Vm::new().dump_to_file(&empty).map_err(|error| error.to_string())?;
    let (full, bare) = (median_load(&image)?, median_load(&empty)?);
    say(&format!(
        "\nmapped in {full} us, and a machine with its own functions alone in {bare} us (medians of {LOADS} fresh \
         processes): what was booted costs a load {} us",
        full.saturating_sub(bare)
    ));
    for trust in [Trust::Trusted, Trust::Audited] {
        start_again(&["demo-again", trust.option(), &image, &booted.as_micros().to_string()])?;
    }
    Ok(())
}

/// How many processes load an image to tell how long that takes.
const LOADS: usize = 9;

/// The microseconds that a fresh process takes to map an image that it trusts.
fn median_load(image: &str) -> Result<u128, Failure> {
    let mut times = Vec::new();
    for _ in 0..LOADS {
        let said = start_again_and_listen(&["load-again", image])?;
        times.push(said.trim().parse().map_err(|_| format!("the fresh process said '{said}'"))?);
    }
    times.sort_unstable();
    Ok(times[LOADS / 2])
}

/// `load-again IMAGE`: in the fresh process.
pub(super) fn load_again(image: &str) -> Result<(), Failure> {
    let (_, report) = images::load(image, Trust::Trusted)?;
    say(&report.total().as_micros().to_string());
    Ok(())
}

/// `demo-again HOW IMAGE BOOT_US`: in the fresh process.
pub(super) fn run_again(trust: Trust, image: &str, booted: &str) -> Result<(), Failure> {
    let (mut vm, report) = images::load(image, trust)?;
    let at_base = report.way == Some(Way::AtBase);
    let way = report.way.map_or_else(String::new, |way| way.to_string());
    say(&format!(
        "\na fresh process, {}: loaded in {} us instead of booting in {booted} us; {way}, {} bytes, {} objects, {} \
         relocations, {} pages written",
        trust.option(),
        report.total().as_micros(),
        report.bytes,
        report.object_count(),
        report.relocations,
        report.pages_written
    ));
    vm.eval_str("(demo)")?;
    let written = pages::written_in(image.as_ref(), SegmentKind::Rw);
    if let Some(pages) = written.filter(|_| at_base && trust != Trust::Audited) {
        say(&format!("the program itself has written {pages} pages of the image's objects"));
    }
    Ok(())
}
