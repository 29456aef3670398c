//! Machines made of a machine, without a file.

use crate::image;
use crate::machine::Vm;
use crate::session::Process;
use neodump_runtime::{DumpError, LoadReport};
use std::sync::Arc;

/// A machine as it was at one moment: an image in memory. Cheap to clone, and good for any number of machines on
/// any thread, none of which sees what another one does.
///
/// ```
/// let mut vm = neovm::Vm::boot()?;
/// vm.eval_str("(setq counter 1)")?;
/// let snapshot = vm.snapshot().map_err(|error| error.to_string())?;
/// vm.eval_str("(setq counter 2)")?;
/// let mut earlier = snapshot.restore().map_err(|error| error.to_string())?;
/// assert_eq!(earlier.eval_to_string("counter")?, "1");
/// # Ok::<(), String>(())
/// ```
#[derive(Clone)]
pub struct Snapshot {
    /// What `Vm::dump_to_bytes` wrote in this process, which [`Snapshot::restore`] rests on.
    bytes: Arc<[u8]>,
}

impl Snapshot {
    /// The image's length in bytes.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Never: an image has a header.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The image, as a file of it would be.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Makes a machine. It comes from no file, so `pdumper-stats` knows nothing and no hook is pending.
    ///
    /// # Errors
    ///
    /// Those of memory that cannot be had.
    pub fn restore(&self) -> Result<Vm, DumpError> {
        self.restore_with(&mut LoadReport::default())
    }

    /// As [`Snapshot::restore`]; the report is filled with what it did and cost.
    ///
    /// # Errors
    ///
    /// As [`Snapshot::restore`].
    pub fn restore_with(&self, report: &mut LoadReport) -> Result<Vm, DumpError> {
        let options = image::options().report(report).trusted();
        // SAFETY: the bytes are those that a dump of this very type wrote in this process, and nothing changes them.
        let mut vm: Vm = unsafe { options.restore(&self.bytes) }?;
        vm.session.hook_pending = false;
        vm.enter_process(&Process::current());
        Ok(vm)
    }
}

impl Vm {
    /// The machine as it is now.
    ///
    /// # Errors
    ///
    /// As [`Vm::dump_to_file`].
    pub fn snapshot(&mut self) -> Result<Snapshot, DumpError> {
        Ok(Snapshot { bytes: self.dump_to_bytes()?.into() })
    }

    /// A second machine that is as this one, and shares nothing with it.
    ///
    /// # Errors
    ///
    /// As [`Vm::dump_to_file`].
    pub fn try_clone(&mut self) -> Result<Vm, DumpError> {
        let mut clone = self.snapshot()?.restore()?;
        clone.stack_budget = self.stack_budget;
        Ok(clone)
    }
}
