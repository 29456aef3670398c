//! The steps of a start: look, wait, look again, boot, dump, load, and only then replace.

use std::time::{Duration, Instant};

use super::lock::{Lock, Patience, Waited};
use super::target::{Stamp, Target};
use super::{ImagePlaces, Origin, Outcome, Place, Rebuild};
use crate::dump::{DumpReport, Dumper, ImageRoot};
use crate::error::{DumpError, Result, Searched};
use crate::global;
use crate::image::{Replacement, Source, open_image};
use crate::load::{LoadOptions, LoadReport, Trust};

/// How long a start waits for another process by default.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came of looking for an image without success.
pub(super) struct Refused {
    searched: Vec<Searched>,
    /// The file at the last place, which a rebuild replaces.
    target: Target,
}

impl Refused {
    /// Why there is no image.
    pub(super) fn into_error(mut self) -> DumpError {
        match self.searched.len() {
            1 => self.searched.remove(0).why,
            _ => DumpError::Unusable { searched: self.searched },
        }
    }
}

/// How far a file is trusted where the caller trusts the places so far. Who names an image by a variable knows nothing
/// of the promise that a mapped one needs, and nobody can make it instead.
fn trust_in(place: &Place, trust: Trust) -> Trust {
    match place.origin {
        Origin::Variable(_) => Trust::Audited,
        Origin::Given | Origin::BesideExecutable | Origin::Cache => trust,
    }
}

/// Loads a machine from the first usable image.
///
/// # Safety
///
/// As for [`LoadOptions::map`] of each file, unless it is audited.
pub(super) unsafe fn look<'p, R: ImageRoot>(
    options: &mut LoadOptions<'_>,
    places: &'p ImagePlaces,
    trust: Trust,
) -> Result<(R, &'p Place), Refused> {
    let mut refused = Refused { searched: Vec::new(), target: Target::default() };
    for place in places {
        let path = &place.path;
        let why = match open_image(path) {
            Err(why) => {
                refused.target = Target::unopened(path, &why);
                why
            }
            Ok(file) => {
                let stamp = Stamp::of_file(&file);
                let source = Source::File { file: &file, path };
                // SAFETY: forwarded from the caller.
                match unsafe { options.again().run(&source, trust_in(place, trust)) } {
                    Ok(machine) => return Ok((machine, place)),
                    Err(why) => {
                        refused.target = Target::refused::<R>(place, &file, stamp, &why);
                        why
                    }
                }
            }
        };
        refused.searched.push(Searched { path: path.clone(), place: place.origin.to_string(), why });
    }
    Err(refused)
}

/// Loads a machine, or boots it and leaves an image: see [`LoadOptions::load_or_rebuild`].
///
/// # Safety
///
/// As for [`LoadOptions::map`] of each file, unless it is audited.
pub(super) unsafe fn start<R: ImageRoot, E>(
    mut options: LoadOptions<'_>,
    places: &ImagePlaces,
    trust: Trust,
    boot: impl FnOnce(Rebuild<'_>) -> Result<R, E>,
) -> Result<(R, Outcome), E> {
    // SAFETY: forwarded from the caller.
    let mut refused = match unsafe { look(&mut options, places, trust) } {
        Ok((machine, place)) => return Ok((machine, Outcome::Loaded { path: place.path.clone() })),
        Err(refused) => refused,
    };
    let patience = Patience::new(options.patience.unwrap_or(PATIENCE));
    let right = loop {
        let Some(place) = places.target() else { break Err(DumpError::Unusable { searched: Vec::new() }) };
        // Who may not replace it waits for nobody who does.
        if let Err(error) = refused.target.replaceable(&place.path) {
            break Err(error);
        }
        place.make_folder();
        match Lock::wait(&place.path, &patience, || refused.target.is_replaced(&place.path)) {
            Waited::Held(lock) => break Ok((lock, place)),
            Waited::Left(error) => break Err(error),
            // SAFETY: forwarded from the caller.
            Waited::Replaced => match unsafe { look(&mut options, places, trust) } {
                Ok((machine, place)) => {
                    let (path, why) = (place.path.clone(), refused.into_error());
                    return Ok((machine, Outcome::Awaited { path, why }));
                }
                Err(again) => refused = again,
            },
        }
    };
    let target = std::mem::take(&mut refused.target);
    let why = refused.into_error();
    let started = Instant::now();
    // A boot that fails for reasons of its own lets go of the lock, and the next one tries.
    let mut machine = boot(Rebuild { why: &why, interner: options.interner.as_deref_mut() })?;
    let boot = started.elapsed();
    let rebuilt = right.and_then(|(lock, place)| {
        // SAFETY: forwarded from the caller.
        let rebuilt = unsafe { rebuild(&mut options, &mut machine, (place, &target), &lock, trust) };
        match rebuilt {
            Ok((loaded, dump)) => Ok((loaded, place.path.clone(), dump)),
            Err(error) => {
                lock.give_up();
                Err(error)
            }
        }
    });
    Ok(match rebuilt {
        Ok((loaded, path, dump)) => (loaded, Outcome::Rebuilt { path, why, boot, dump: Box::new(dump) }),
        Err(cannot_write) => {
            if let Some(report) = options.report {
                *report = LoadReport::default();
            }
            (machine, Outcome::Booted { why, cannot_write })
        }
    })
}

/// Dumps a booted machine and loads it; only then does the new image take its place.
///
/// # Safety
///
/// None if the load is audited. A mapped one rests on what this process has just written.
unsafe fn rebuild<R: ImageRoot>(
    options: &mut LoadOptions<'_>,
    machine: &mut R,
    (place, target): (&Place, &Target),
    lock: &Lock,
    trust: Trust,
) -> Result<(R, DumpReport)> {
    let path = &*place.path;
    // Before the dump: where no file can be made, it would be for nothing.
    let mut replacement = Replacement::rebuilt(path, lock.is_exclusive())?;
    let mut dumper = Dumper::new();
    if let Some(natives) = options.natives {
        dumper = dumper.natives(natives);
    }
    if let Some(interner) = options.interner.as_deref() {
        dumper = dumper.interner(interner);
    }
    if let Some(strict) = options.strict {
        dumper = dumper.strict(strict);
    }
    let report = dumper.into_replacement(machine, &mut replacement)?;
    let source = Source::File { file: replacement.file(), path };
    // It becomes the active machine when nothing can fail any more.
    // SAFETY: forwarded from the caller; the file is new, and nobody else knows it.
    let mut loaded: R = unsafe { options.again().inactive().run(&source, trust_in(place, trust)) }?;
    let activation = match options.inactive {
        true => None,
        false => Some(global::begin(&mut loaded).map_err(|error| DumpError::Deserialization {
            path: format!("{} (global)", error.field()),
            problem: error.problem().to_owned(),
        })?),
    };
    // Who was stopped for longer than others wait does not replace the image that they have made.
    if let Err(error) = target.unchanged(path).and_then(|()| replacement.commit()) {
        if let Some(activation) = activation {
            activation.undo(&mut loaded);
        }
        return Err(error);
    }
    Ok((loaded, report))
}
