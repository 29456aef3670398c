//! Loading: place, verify or audit, bind, hydrate, hooks, commit.

mod account;
mod auditor;
mod checks;
mod identity;
mod memory;
mod order;
mod pipeline;
mod reader;
mod report;

use std::path::Path;
use std::time::Duration;

pub use auditor::Auditor;
pub(crate) use auditor::IndexLoad;
pub(crate) use checks::{Checks, run_checks};
pub(crate) use identity::IMAGE_NAME;
#[cfg(feature = "inspect")]
pub(crate) use identity::check_sections;
pub use reader::Reader;
pub(crate) use reader::{HandleId, Relink, Renumbered, Second};
pub use report::{LoadReport, SectionLoad, Tier};

use crate::dump::ImageRoot;
use crate::error::Result;
use crate::image::{Check, Placement, Source, Strict, open_image};
use crate::native::Natives;
use crate::symbols::Interner;
use pipeline::Pipeline;
pub(crate) use pipeline::Trust;

/// Loads a machine from a file, whatever its bytes are: into memory of its own, checksummed and
/// audited.
///
/// # Errors
///
/// Every [`DumpError`](crate::DumpError) but `Serialization`. The process is as it was before.
pub fn load<R: ImageRoot>(path: impl AsRef<Path>) -> Result<R> {
    LoadOptions::new().load(path)
}

/// Loads a machine from the bytes of an image, as [`load`] does: a snapshot that may come from
/// anywhere, or a clone.
///
/// # Errors
///
/// As [`load`].
pub fn load_bytes<R: ImageRoot>(bytes: &[u8]) -> Result<R> {
    LoadOptions::new().load_bytes(bytes)
}

/// Maps a machine from a file, checksummed.
///
/// # Safety
///
/// neodump wrote the file, for a machine of this type, and nobody changes or truncates it as long
/// as the process lives. (A file that is *replaced*, as [`dump`](crate::dump()) does, is not changed.)
///
/// # Errors
///
/// As [`load`], but for what only an audit finds.
pub unsafe fn map<R: ImageRoot>(path: impl AsRef<Path>) -> Result<R> {
    // SAFETY: forwarded from the caller.
    unsafe { LoadOptions::new().map(path) }
}

/// How to load.
///
/// ```no_run
/// # use neodump_runtime::{Dumpable, LoadOptions, LoadReport, Natives};
/// # #[derive(Dumpable)] #[dump(image = "vm", version = 1)] struct Vm { counter: u32 }
/// # fn car(_: u32) -> u32 { 0 }
/// let natives = Natives::new().function("car", car as fn(u32) -> u32);
/// let mut report = LoadReport::default();
/// let vm: Vm = LoadOptions::new().natives(&natives).report(&mut report).load("vm.ndump")?;
/// println!("{report}");
/// # Ok::<(), neodump_runtime::DumpError>(())
/// ```
#[derive(Default)]
pub struct LoadOptions<'a> {
    pub(crate) natives: Option<&'a Natives>,
    pub(crate) interner: Option<&'a mut Interner>,
    pub(crate) report: Option<&'a mut LoadReport>,
    placement: Placement,
    trusted: bool,
    pub(crate) inactive: bool,
    pub(crate) strict: Option<Strict>,
    pub(crate) patience: Option<Duration>,
}

impl<'a> LoadOptions<'a> {
    /// The default options: no natives, the image's own interner, the preferred base, verified.
    pub fn new() -> Self {
        Self::default()
    }

    /// The host functions and statics that the image may need.
    #[must_use]
    pub fn natives(mut self, natives: &'a Natives) -> Self {
        self.natives = Some(natives);
        self
    }

    /// Loads the symbols into this interner, for a machine that does not hold its own. Symbols that
    /// it has already keep their numbers, and the words of the image are renumbered. A load that
    /// fails leaves it as it was.
    #[must_use]
    pub fn interner(mut self, interner: &'a mut Interner) -> Self {
        self.interner = Some(interner);
        self
    }

    /// Is filled with what the load did and cost.
    #[must_use]
    pub fn report(mut self, report: &'a mut LoadReport) -> Self {
        self.report = Some(report);
        self
    }

    /// Where the image goes; by default to its preferred base if that is free.
    #[must_use]
    pub fn placement(mut self, placement: Placement) -> Self {
        self.placement = placement;
        self
    }

    /// Leaves the statics of `#[dump(global = ..)]` fields as they are: the machine holds its states itself, until
    /// it is [activated](crate::global::activate). By default a loaded machine is the active one, and the one
    /// before is kept aside.
    #[must_use]
    pub fn inactive(mut self) -> Self {
        self.inactive = true;
        self
    }

    /// For [`map`](Self::map): checks the header and the section table only, so that the load costs
    /// the same for an image of any size. The caller promises the rest.
    #[must_use]
    pub fn trusted(mut self) -> Self {
        self.trusted = true;
        self
    }

    /// Refuses images that another build of this executable dumped, and those that were dumped without
    /// [`Dumper::strict`](crate::Dumper::strict): see [`fingerprint`](crate::fingerprint). An image that was dumped
    /// with it is compared in any case.
    ///
    /// Builds that share a cache need [`ImagePlaces::strict`](crate::ImagePlaces::strict) besides.
    #[must_use]
    pub fn strict(mut self, strict: Strict) -> Self {
        self.strict = Some(strict);
        self
    }

    /// How long [`load_or_rebuild`](Self::load_or_rebuild) waits for other processes that rebuild the image, all in
    /// all: one minute by default. A start that has waited so long boots and leaves the image to the other.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Loads a machine from a file: see [`load`].
    ///
    /// # Errors
    ///
    /// As [`load`].
    pub fn load<R: ImageRoot>(self, path: impl AsRef<Path>) -> Result<R> {
        let path = path.as_ref();
        let file = open_image(path)?;
        // SAFETY: an audited load asks nothing of its caller.
        unsafe { self.run(&Source::File { file: &file, path }, Trust::Audited) }
    }

    /// Loads a machine from bytes: see [`load_bytes`].
    ///
    /// # Errors
    ///
    /// As [`load`].
    pub fn load_bytes<R: ImageRoot>(self, bytes: &[u8]) -> Result<R> {
        // SAFETY: an audited load asks nothing of its caller.
        unsafe { self.run(&Source::Bytes(bytes), Trust::Audited) }
    }

    /// Maps a machine from a file: see [`map`](crate::map).
    ///
    /// # Safety
    ///
    /// As for [`map`](crate::map). With [`trusted`](Self::trusted) the bytes besides are those that were
    /// written: nothing has damaged them.
    ///
    /// # Errors
    ///
    /// As [`map`](crate::map).
    pub unsafe fn map<R: ImageRoot>(self, path: impl AsRef<Path>) -> Result<R> {
        let path = path.as_ref();
        let file = open_image(path)?;
        let trust = self.trust();
        // SAFETY: forwarded from the caller.
        unsafe { self.run(&Source::File { file: &file, path }, trust) }
    }

    /// Makes a machine of bytes that [`dump_to_bytes`](crate::dump_to_bytes) wrote, without an audit: a
    /// restored snapshot. The bytes are copied, so one snapshot can be restored any number of times.
    ///
    /// # Safety
    ///
    /// As for [`map`](Self::map).
    ///
    /// # Errors
    ///
    /// As [`map`](crate::map).
    pub unsafe fn restore<R: ImageRoot>(self, bytes: &[u8]) -> Result<R> {
        let trust = self.trust();
        // SAFETY: forwarded from the caller.
        unsafe { self.run(&Source::Bytes(bytes), trust) }
    }

    /// How far [`map`](Self::map) trusts a file.
    pub(crate) fn trust(&self) -> Trust {
        Trust::Mapped(if self.trusted { Check::Trusted } else { Check::Checksums })
    }

    /// The same options, for one of several loads.
    pub(crate) fn again(&mut self) -> LoadOptions<'_> {
        LoadOptions {
            natives: self.natives,
            interner: self.interner.as_deref_mut(),
            report: self.report.as_deref_mut(),
            placement: self.placement,
            trusted: self.trusted,
            inactive: self.inactive,
            strict: self.strict,
            patience: self.patience,
        }
    }

    /// What a load has to do with the options.
    ///
    /// # Safety
    ///
    /// As for [`map`](Self::map), unless the bytes are audited.
    pub(crate) unsafe fn run<R: ImageRoot>(self, source: &Source<'_>, trust: Trust) -> Result<R> {
        let mut report = LoadReport::default();
        let none = Natives::new();
        let pipeline = Pipeline {
            natives: self.natives.unwrap_or(&none),
            interner: self.interner,
            placement: self.placement,
            trust,
            inactive: self.inactive,
            strict: self.strict,
            report: &mut report,
        };
        // SAFETY: forwarded from the caller.
        let result = unsafe { pipeline.run(source) };
        if let Some(wanted) = self.report {
            *wanted = report;
        }
        result
    }
}
