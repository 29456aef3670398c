//! The steps of a start: look, wait, look again, boot, dump, load, and only then replace.

use std::fs::{File, Metadata};
use std::io::{Error, ErrorKind};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use super::lock::{Lock, Waited};
use super::{ImagePlaces, Outcome, Place, Rebuild};
use crate::dump::{DumpReport, Dumper, ImageRoot};
use crate::error::{DumpError, Result, Searched};
use crate::global;
use crate::image::{Replacement, Source};
use crate::load::{IMAGE_NAME, LoadOptions, LoadReport, Trust};

/// How often an image that others replace is looked at, before this process makes its own: two versions of a program
/// that share a file may go on replacing each other's for ever.
const LOOKS: u32 = 3;

/// How long a start waits for another process by default.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came of looking for an image without success.
pub(super) struct Refused {
    searched: Vec<Searched>,
    /// The file at the last place, which a rebuild replaces.
    target: Option<Stamp>,
}

impl Refused {
    /// Why there is no image.
    pub(super) fn into_error(mut self) -> DumpError {
        match self.searched.len() {
            1 => self.searched.remove(0).why,
            _ => DumpError::Unusable { searched: self.searched },
        }
    }

    /// Refuses to replace what is not an image of this machine: the place may be a slip of the pen.
    fn replaceable(&self) -> Result<()> {
        let Some(Searched { path, why, .. }) = self.searched.last() else { return Ok(()) };
        let is_ours = match why {
            DumpError::BadMagic { found } => {
                found.iter().all(|&byte| byte == 0) || path.extension().is_some_and(|name| name == "ndump")
            }
            DumpError::FingerprintMismatch { what, .. } => what != IMAGE_NAME,
            _ => true,
        };
        let is_file = path.metadata().map_or(true, |metadata| metadata.is_file());
        if is_ours && is_file {
            return Ok(());
        }
        let problem = "it is no image of this machine; remove it, or name another place";
        Err(DumpError::io("replace", path.clone(), Error::new(ErrorKind::AlreadyExists, problem)))
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
    let mut refused = Refused { searched: Vec::new(), target: None };
    for place in places {
        refused.target = None;
        let path = &place.path;
        let machine =
            File::open(path).map_err(|error| DumpError::io("open", path.clone(), error)).and_then(|file| {
                refused.target = file.metadata().ok().map(Stamp::from);
                // SAFETY: forwarded from the caller.
                unsafe { options.again().run(&Source::File { file: &file, path }, trust) }
            });
        match machine {
            Ok(machine) => return Ok((machine, place)),
            Err(why) => {
                let place = place.origin.to_string();
                refused.searched.push(Searched { path: path.clone(), place, why });
            }
        }
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
    let target = places.target();
    let mut left = None;
    let mut lock = None;
    if let Some(place) = target {
        place.make_folder();
        let patience = options.patience.unwrap_or(PATIENCE);
        for looks in 1.. {
            let is_replaced = || looks < LOOKS && Stamp::of(&place.path) != refused.target;
            match Lock::wait(&place.path, patience, is_replaced) {
                Waited::Held(held) => lock = Some(held),
                Waited::Left(error) => left = Some(error),
                // SAFETY: forwarded from the caller.
                Waited::Replaced => match unsafe { look(&mut options, places, trust) } {
                    Ok((machine, place)) => {
                        let (path, why) = (place.path.clone(), refused.into_error());
                        return Ok((machine, Outcome::Awaited { path, why }));
                    }
                    Err(again) => {
                        refused = again;
                        continue;
                    }
                },
            }
            break;
        }
    }
    let replaceable = refused.replaceable();
    let why = refused.into_error();
    let cannot_write = match (left, target) {
        (Some(error), _) => Err(error),
        (None, Some(place)) => replaceable.map(|()| &*place.path),
        (None, None) => Err(DumpError::Unusable { searched: Vec::new() }),
    };
    let started = Instant::now();
    let booted = boot(Rebuild { why: &why, interner: options.interner.as_deref_mut() });
    let boot = started.elapsed();
    let rebuilt = booted.map(|mut machine| {
        let rebuilt = cannot_write.and_then(|path| {
            // SAFETY: forwarded from the caller.
            let (loaded, dump) = unsafe { rebuild(&mut options, &mut machine, path, trust) }?;
            Ok((loaded, path.to_path_buf(), dump))
        });
        (machine, rebuilt)
    });
    if let Some(lock) = lock.filter(|_| !matches!(rebuilt, Ok((_, Ok(_))))) {
        lock.give_up();
    }
    let (booted, rebuilt) = rebuilt?;
    Ok(match rebuilt {
        Ok((loaded, path, dump)) => (loaded, Outcome::Rebuilt { path, why, boot, dump: Box::new(dump) }),
        Err(cannot_write) => {
            if let Some(report) = options.report {
                *report = LoadReport::default();
            }
            (booted, Outcome::Booted { why, cannot_write })
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
    path: &Path,
    trust: Trust,
) -> Result<(R, DumpReport)> {
    // Before the dump: where no file can be made, it would be for nothing.
    let mut replacement = Replacement::beside(path)?;
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
    let file = File::open(replacement.temporary())
        .map_err(|error| DumpError::io("open", replacement.temporary().to_path_buf(), error))?;
    let source = Source::File { file: &file, path };
    // It becomes the active machine when nothing can fail any more.
    // SAFETY: forwarded from the caller; the file is new, and nobody else knows it.
    let mut loaded: R = unsafe { options.again().inactive().run(&source, trust) }?;
    let activation = match options.inactive {
        true => None,
        false => Some(global::begin(&mut loaded).map_err(|error| DumpError::Deserialization {
            path: format!("{} (global)", error.field()),
            problem: error.problem().to_owned(),
        })?),
    };
    if let Err(error) = replacement.commit() {
        if let Some(activation) = activation {
            activation.undo(&mut loaded);
        }
        return Err(error);
    }
    Ok((loaded, report))
}

/// What tells a file from the one that replaces it.
#[derive(PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    /// Device and number.
    #[cfg(unix)]
    inode: (u64, u64),
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        path.metadata().ok().map(Self::from)
    }
}

impl From<Metadata> for Stamp {
    fn from(metadata: Metadata) -> Self {
        Self {
            length: metadata.len(),
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            inode: {
                use std::os::unix::fs::MetadataExt;
                (metadata.dev(), metadata.ino())
            },
        }
    }
}
