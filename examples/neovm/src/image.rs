//! Dump and load: what the derives on the machine's types do not say.

use crate::aside::Aside;
use crate::display::charset::Charsets;
use crate::library;
use crate::machine::Vm;
use crate::process::Process;
use crate::reset;
use crate::subrs;
use crate::symbols::{names_hash, sym};
use crate::variable;
use neodump_runtime::global::Activations;
use neodump_runtime::{
    DumpError, DumpReport, Dumper, ImagePlaces, LoadOptions, LoadReport, Natives, Outcome, Snapshot,
};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

/// How a running machine stands to images.
#[derive(Default)]
pub(crate) struct Images {
    /// The file that the machine was loaded from.
    file: Option<FileSession>,
    /// Whether the functions of `after-pdump-load-hook` are still to be called.
    hook_pending: bool,
    /// What a dump that is going on has put aside.
    pub(crate) aside: Option<Aside>,
    /// The activations that have not ended: see [`crate::active`].
    pub(crate) running: Activations,
}

/// How a machine came from a file.
#[derive(Clone, Debug, PartialEq)]
pub struct FileSession {
    /// The file, with links and relative parts resolved.
    pub path: PathBuf,
    /// What the load took, without what the machine did afterwards.
    pub time: Duration,
}

/// The functions of the machine, as images refer to them.
pub fn natives() -> &'static Natives {
    static NATIVES: LazyLock<Natives> = LazyLock::new(|| {
        let functions =
            subrs::all().fold(Natives::new(), |list, desc| list.data(format!("subr/{}", desc.name), desc));
        variable::all().fold(functions, |list, desc| list.data(format!("variable/{}", desc.name), desc))
    });
    &NATIVES
}

/// How to dump the machine. A program may run meanwhile; variables that it has bound are dumped with the values that they
/// have outside of it, and what belongs to the process is not in the image. All of that is back afterwards.
pub fn dumper<'a>() -> Dumper<'a> {
    Dumper::new().natives(natives())
}

/// How to load an image of the machine: it is not active before it runs, and the machine that was active stays so.
pub fn options<'a>() -> LoadOptions<'a> {
    LoadOptions::new().natives(natives()).inactive()
}

impl Vm {
    /// Dumps the machine to a file. It collects first: values that are no roots are gone afterwards.
    ///
    /// # Errors
    ///
    /// Those of a program that `before-dump-hook` calls, and of the dump. The file at `path` is then as it was.
    pub fn dump_to_file(&mut self, path: impl AsRef<Path>) -> Result<DumpReport, DumpError> {
        dumper().to_file(self, path)
    }

    /// Dumps the machine to memory, as [`Vm::dump_to_file`] does.
    ///
    /// # Errors
    ///
    /// As [`Vm::dump_to_file`].
    pub fn dump_to_bytes(&mut self) -> Result<Vec<u8>, DumpError> {
        dumper().to_bytes(self).map(|(bytes, _)| bytes)
    }

    /// Starts from a file, however untrusted: loads and audits it, notes it for `pdumper-stats`, and sets the variables of
    /// the process. No Lisp runs: [`Vm::maybe_run_after_load_hook`] is the caller's next step, when the machine
    /// has its output and limits.
    ///
    /// # Errors
    ///
    /// Those of [`neodump_runtime::load`].
    pub fn load_from_dump(path: impl AsRef<Path>) -> Result<Vm, DumpError> {
        let path = path.as_ref();
        let mut report = LoadReport::default();
        let mut vm: Vm = options().report(&mut report).load(path)?;
        vm.begin_session(path, report.total());
        Ok(vm)
    }

    /// The last part of starting from a file: notes which, marks the hook as pending, and sets the variables of the
    /// process.
    pub fn begin_session(&mut self, path: impl AsRef<Path>, time: Duration) {
        let path = path.as_ref();
        let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        self.session.images.file = Some(FileSession { path, time });
        self.session.images.hook_pending = true;
        self.enter_process(&Process::current());
    }

    /// Which file the machine was loaded from, unless it was booted or is a restored snapshot.
    pub fn file_session(&self) -> Option<&FileSession> {
        self.session.images.file.as_ref()
    }

    /// Calls the functions of `after-pdump-load-hook`, once after a load from a file, when the machine is complete and its
    /// session has begun. Whether it was pending.
    ///
    /// # Errors
    ///
    /// What a function signals; it is not called again.
    pub fn maybe_run_after_load_hook(&mut self) -> Result<bool, String> {
        if !std::mem::take(&mut self.session.images.hook_pending) {
            return Ok(false);
        }
        self.run_hook(sym::load_hook).map(|()| true)
    }

    /// The places where the image of the booted machine is looked for: their names change with the library.
    pub fn places() -> ImagePlaces {
        let texts = library::FILES.iter().flat_map(|(name, text)| [name.as_bytes(), text]);
        ImagePlaces::of::<Vm>().booted_from(texts)
    }

    /// Starts from an image, or boots and leaves one for the next start. From a file the machine begins as
    /// [`Vm::load_from_dump`] leaves it.
    ///
    /// # Errors
    ///
    /// A message of the boot.
    pub fn start(places: impl Into<ImagePlaces>) -> Result<(Vm, Outcome), String> {
        let mut report = LoadReport::default();
        let (mut vm, outcome) = options().report(&mut report).load_or_rebuild(places, |_| Vm::boot())?;
        match outcome.image() {
            Some(path) => vm.begin_session(path, report.total()),
            None => vm.enter_process(&Process::current()),
        }
        Ok((vm, outcome))
    }

    /// The machine as it is now, for any number of machines on any thread, none of which sees what another one does.
    ///
    /// ```
    /// let mut vm = neovm::Vm::boot()?;
    /// vm.eval_str("(setq counter 1)")?;
    /// let snapshot = vm.snapshot().map_err(|error| error.to_string())?;
    /// vm.eval_str("(setq counter 2)")?;
    /// let mut earlier = neovm::Vm::restore(&snapshot).map_err(|error| error.to_string())?;
    /// assert_eq!(earlier.eval_to_string("counter")?, "1");
    /// # Ok::<(), String>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Vm::dump_to_file`].
    pub fn snapshot(&mut self) -> Result<Snapshot<Vm>, DumpError> {
        Snapshot::of(self, dumper())
    }

    /// Makes a machine of a snapshot. It comes from no file, so `pdumper-stats` knows nothing and no hook is pending.
    ///
    /// # Errors
    ///
    /// Those of memory that cannot be had.
    pub fn restore(snapshot: &Snapshot<Vm>) -> Result<Vm, DumpError> {
        let mut vm = snapshot.restore(options())?;
        vm.enter_process(&Process::current());
        Ok(vm)
    }

    /// A second machine that is as this one, and shares nothing with it.
    ///
    /// # Errors
    ///
    /// As [`Vm::dump_to_file`].
    pub fn try_clone(&mut self) -> Result<Vm, DumpError> {
        let mut clone = Vm::restore(&self.snapshot()?)?;
        clone.stack_budget = self.stack_budget;
        Ok(clone)
    }

    /// Ends a machine that was loaded, and unmaps its image.
    ///
    /// # Safety
    ///
    /// No value of the machine is used afterwards, nor a name from its interner.
    pub unsafe fn release(mut self) {
        let image = self.heap.take_image();
        // What lies in the image are objects; all else goes first, since names may be read from the image.
        drop(self);
        if let Some(image) = image {
            // SAFETY: the machine is gone, and the caller gives up what else refers to the image.
            unsafe { image.release() };
        }
    }

    /// Before a dump: lets the program clean up, collects, and puts aside what no image is to hold. A weak table is dumped as
    /// it is, so what only it holds has to go first.
    pub(crate) fn quiesce(&mut self) -> Result<(), String> {
        self.run_hook(sym::dump_hook)?;
        self.put_aside();
        Ok(())
    }

    /// After a load: looks whether the image fits the program. It runs no Lisp.
    pub(crate) fn wake(&mut self) -> Result<(), String> {
        if self.names != names_hash() {
            return Err("the image knows other symbols by id than this program; dump it anew".to_owned());
        }
        reset::run();
        Ok(())
    }

    /// What an audited load asks of the whole machine.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.check_variables()?;
        self.charsets.get().map_or(Ok(()), Charsets::check)?;
        self.roots.check(&self.heap)?;
        self.buffers.check_objects(&self.heap)
    }
}
