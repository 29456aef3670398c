//! Dump and load: what the derives on the machine's types do not say.

use crate::display::charset::Charsets;
use crate::library;
use crate::machine::Vm;
use crate::session::Process;
use crate::subrs;
use crate::symbols::sym;
use crate::variable;
use neodump_runtime::{
    DumpError, DumpReport, Dumper, ImagePlaces, LoadOptions, LoadReport, Natives, Outcome,
};
use std::path::Path;
use std::sync::LazyLock;

/// The functions of the machine, as images refer to them.
pub fn natives() -> &'static Natives {
    static NATIVES: LazyLock<Natives> = LazyLock::new(|| {
        let functions =
            subrs::all().fold(Natives::new(), |list, desc| list.data(format!("subr/{}", desc.name), desc));
        variable::all().fold(functions, |list, desc| list.data(format!("variable/{}", desc.name), desc))
    });
    &NATIVES
}

/// How to load an image of the machine: it is not active before it runs, and the machine that was active stays so.
pub fn options<'a>() -> LoadOptions<'a> {
    LoadOptions::new().natives(natives()).inactive()
}

impl Vm {
    /// Dumps the machine to a file. It collects first: values that are no roots are gone afterwards. A program may run
    /// meanwhile; variables that it has bound are dumped with the values that they have outside of it.
    ///
    /// While it works, the machine is without what belongs to the process, and variables that are bound dynamically have
    /// their top-level values. All of that is back when it returns, so a running program may call it.
    ///
    /// # Errors
    ///
    /// Those of a program that `before-dump-hook` calls, and of the dump. The file at `path` is then as it was.
    pub fn dump_to_file(&mut self, path: impl AsRef<Path>) -> Result<DumpReport, DumpError> {
        self.dump_by(|vm| Dumper::new().natives(natives()).to_file(vm, path))
    }

    /// Short for [`Vm::dump_to_file`].
    ///
    /// # Errors
    ///
    /// As [`Vm::dump_to_file`].
    pub fn dump(&mut self, path: impl AsRef<Path>) -> Result<DumpReport, DumpError> {
        self.dump_to_file(path)
    }

    /// Dumps the machine to memory, as [`Vm::dump_to_file`] does.
    ///
    /// # Errors
    ///
    /// As [`Vm::dump_to_file`].
    pub fn dump_to_bytes(&mut self) -> Result<Vec<u8>, DumpError> {
        self.dump_by(|vm| Dumper::new().natives(natives()).to_bytes(vm).map(|(bytes, _)| bytes))
    }

    /// Dumps in some way, with all of the machine's state in it, and puts back what [`Vm::quiesce`] has put aside.
    pub(crate) fn dump_by<T>(
        &mut self,
        dump: impl FnOnce(&mut Vm) -> Result<T, DumpError>,
    ) -> Result<T, DumpError> {
        let result = dump(self);
        self.put_back();
        result
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
            None => {
                vm.put_back();
                vm.enter_process(&Process::current());
            }
        }
        Ok((vm, outcome))
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

    /// What an audited load asks of the whole machine.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.check_variables()?;
        self.charsets.get().map_or(Ok(()), Charsets::check)?;
        self.roots.check(&self.heap)?;
        self.buffers.check_objects(&self.heap)
    }
}
