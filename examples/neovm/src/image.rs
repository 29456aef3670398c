//! Dump and load: what the derives on the machine's types do not say.

use crate::machine::Vm;
use crate::subrs;
use crate::symbols::{NAMES_HASH, sym};
use crate::value::Value;
use neodump_runtime::{DumpError, DumpReport, Dumper, LoadOptions, Natives};
use std::path::Path;
use std::sync::LazyLock;

/// The functions of the machine, as images refer to them.
pub fn natives() -> &'static Natives {
    static NATIVES: LazyLock<Natives> = LazyLock::new(|| {
        subrs::all().fold(Natives::new(), |list, desc| list.data(format!("subr/{}", desc.name), desc))
    });
    &NATIVES
}

/// How to load an image of the machine.
pub fn options<'a>() -> LoadOptions<'a> {
    LoadOptions::new().natives(natives())
}

impl Vm {
    /// Dumps the machine to a file. It collects first: values that are no roots are gone afterwards.
    ///
    /// # Errors
    ///
    /// Those of a program that `before-dump-hook` calls, and of the dump.
    pub fn dump(&mut self, path: impl AsRef<Path>) -> Result<DumpReport, DumpError> {
        Dumper::new().natives(natives()).to_file(self, path)
    }

    /// Dumps the machine to memory, as [`Vm::dump`] does.
    ///
    /// # Errors
    ///
    /// As [`Vm::dump`].
    pub fn dump_to_bytes(&mut self) -> Result<Vec<u8>, DumpError> {
        Dumper::new().natives(natives()).to_bytes(self).map(|(bytes, _)| bytes)
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

    /// Before a dump: lets the program clean up and leaves only what is reached. A weak table is dumped as it is, so
    /// what only it holds has to go first.
    pub(crate) fn quiesce(&mut self) -> Result<(), String> {
        if self.depth != 0 || !(self.stack.is_empty() && self.bindings.is_empty() && self.catches.is_empty())
        {
            return Err("a program is running; dump between programs".to_owned());
        }
        self.run_hook(sym::dump_hook)?;
        self.collect();
        Ok(())
    }

    /// After a load.
    pub(crate) fn wake(&mut self) -> Result<(), String> {
        if self.names != NAMES_HASH {
            return Err("the image knows other symbols by id than this program; dump it anew".to_owned());
        }
        self.run_hook(sym::load_hook)
    }

    fn run_hook(&mut self, hook: Value) -> Result<(), String> {
        let functions = hook.as_symbol().map_or(Value::NIL, |hook| self.obarray.cell(hook).value);
        if functions == Value::UNBOUND {
            return Ok(());
        }
        // The list stays as it is now, whatever the functions do to the hook.
        self.stack.push(functions);
        let mut functions = self.heap.list_elements(functions, usize::MAX).into_iter();
        let result = functions.try_for_each(|function| self.run(|vm| vm.funcall(function, &[])).map(drop));
        self.stack.clear();
        result.map_err(|flow| format!("{}: {}", self.prin1(hook), self.describe(flow)))
    }
}
