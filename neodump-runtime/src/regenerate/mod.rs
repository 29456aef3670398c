//! Starting from an image, or making it: load what is usable, else boot, dump and load.
//!
//! `docs/guide/regeneration.md` has the rules for the machine's author.

mod lock;
mod outcome;
mod places;
mod start;
mod target;

pub use outcome::Outcome;
pub use places::{ImagePlaces, Origin, Place};

use crate::dump::ImageRoot;
use crate::error::DumpError;
use crate::load::{LoadOptions, Trust};
use crate::symbols::Interner;

/// What a boot may want to know, when it runs because no image is usable.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rebuild<'a> {
    /// Why the machine is booted: what is wrong with the image, or with each of several places.
    pub why: &'a DumpError,
    /// The interner of [`LoadOptions::interner`], for a machine that does not hold its own.
    pub interner: Option<&'a mut Interner>,
}

impl LoadOptions<'_> {
    /// Loads a machine from its image; where none is usable, boots it, dumps it for the next start, and loads that.
    ///
    /// The load is that of [`load`](Self::load), sound on any file. An image that is missing, stale, damaged or refused
    /// by the machine's own hooks is made anew, at the last of the places. It takes its place when it has been loaded, so
    /// that an image which the machine refuses is never left for the next start. Processes that start together rebuild
    /// once: the others wait for the first, at most as long as [`patience`](Self::patience) says. Whoever finds a usable
    /// image waits for nobody.
    ///
    /// Where no image can be left (a full disk, a folder that others own, a machine that cannot be dumped), and where the
    /// place has what is no image of this machine, which is never replaced, the booted machine is what comes back, and
    /// [`Outcome::Booted`] says why.
    ///
    /// ```
    /// # use neodump_runtime::{Dumpable, DumpError, LoadOptions, Outcome};
    /// # #[derive(Dumpable)] #[dump(image = "vm", version = 1)] struct Vm { answer: u32 }
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("vm.ndump");
    /// let boot = |_: neodump_runtime::Rebuild<'_>| Ok::<_, DumpError>(Vm { answer: 42 });
    /// let (vm, outcome) = LoadOptions::new().load_or_rebuild(&path, boot)?;
    /// assert_eq!(vm.answer, 42);
    /// assert!(matches!(outcome, Outcome::Rebuilt { .. }), "{outcome}");
    /// let (_vm, outcome): (Vm, _) = LoadOptions::new().load_or_rebuild(&path, boot)?;
    /// assert!(matches!(outcome, Outcome::Loaded { .. }), "{outcome}");
    /// # Ok::<(), DumpError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `boot`, and no others.
    pub fn load_or_rebuild<R: ImageRoot, E>(
        self,
        places: impl Into<ImagePlaces>,
        boot: impl FnOnce(Rebuild<'_>) -> Result<R, E>,
    ) -> Result<(R, Outcome), E> {
        // SAFETY: an audited load asks nothing of its caller.
        unsafe { start::start(self, &places.into(), Trust::Audited, boot) }
    }

    /// As [`load_or_rebuild`](Self::load_or_rebuild), by [`map`](Self::map): checksummed, or not even that after
    /// [`trusted`](Self::trusted). A file that an environment variable names ([`Origin::Variable`]) is audited all the same.
    ///
    /// # Safety
    ///
    /// As for [`map`](Self::map), of the file at each of the other places: whoever can write there is neodump, dumping a
    /// machine of this type, and replaces files as a whole. That goes for [`Origin::Given`] too: where the user names the
    /// file, nobody can promise it.
    ///
    /// # Errors
    ///
    /// Those of `boot`, and no others.
    pub unsafe fn map_or_rebuild<R: ImageRoot, E>(
        self,
        places: impl Into<ImagePlaces>,
        boot: impl FnOnce(Rebuild<'_>) -> Result<R, E>,
    ) -> Result<(R, Outcome), E> {
        let trust = self.trust();
        // SAFETY: forwarded from the caller.
        unsafe { start::start(self, &places.into(), trust, boot) }
    }

    /// Loads a machine from the first of several places that has a usable image, and says which.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load), where there is one place. [`DumpError::Unusable`] names all of several.
    pub fn load_from<R: ImageRoot>(mut self, places: &ImagePlaces) -> Result<(R, Place), DumpError> {
        // SAFETY: an audited load asks nothing of its caller.
        unsafe { start::look(&mut self, places, Trust::Audited) }
            .map(|(machine, place)| (machine, place.clone()))
            .map_err(start::Refused::into_error)
    }
}
