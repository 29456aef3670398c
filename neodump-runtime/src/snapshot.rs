//! A machine at one moment, as an image in memory.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::dump::{Dumper, ImageRoot};
use crate::error::{DumpError, Result};
use crate::image::Source;
use crate::load::{LoadOptions, Trust};
use crate::native::Natives;

/// A machine as it was at one moment: an image in memory.
///
/// It is cheap to clone, can go to other threads, and is good for any number of machines, none of which sees what
/// another one does.
///
/// ```
/// use neodump_runtime::{Dumpable, Dumper, LoadOptions, Snapshot};
///
/// #[derive(Dumpable)]
/// #[dump(image = "vm", version = 1)]
/// struct Vm {
///     counters: Vec<u32>,
/// }
///
/// let mut vm = Vm { counters: vec![1] };
/// let snapshot = Snapshot::of(&mut vm, Dumper::new())?;
/// vm.counters.push(2);
/// let mut earlier = snapshot.restore(LoadOptions::new())?;
/// assert_eq!(earlier.counters, [1]);
/// earlier.counters.clear();
/// assert_eq!(snapshot.restore(LoadOptions::new())?.counters, [1]);
/// # Ok::<(), neodump_runtime::DumpError>(())
/// ```
///
/// [`restore`](Self::restore) costs no audit and is no `unsafe fn`: the bytes are those that a dump of this very type has
/// written in this process, and nobody can change them. A snapshot that came from elsewhere is bytes, for
/// [`load_bytes`](crate::load_bytes).
pub struct Snapshot<R> {
    /// Written by [`Snapshot::of`] and never changed, which [`Snapshot::restore`] rests on.
    bytes: Arc<[u8]>,
    /// Those that the dump was given: the types of natives are known by name in the bytes, which does not tell all of them
    /// apart.
    natives: Arc<Natives>,
    /// What they were dumped from.
    machine: PhantomData<fn() -> R>,
}

impl<R: ImageRoot> Snapshot<R> {
    /// The machine as it is now.
    ///
    /// # Errors
    ///
    /// As [`dump`](crate::dump()), without the file.
    pub fn of(machine: &mut R, dumper: Dumper<'_>) -> Result<Self> {
        let natives = Arc::new(dumper.natives.cloned().unwrap_or_default());
        let (bytes, _) = dumper.to_bytes(machine)?;
        Ok(Self { bytes: bytes.into(), natives, machine: PhantomData })
    }

    /// Makes a machine of it, with the hooks, `validate` among them, of any load.
    ///
    /// # Errors
    ///
    /// Those of memory that cannot be had, of natives that `options` does not have, and of the machine's own hooks.
    pub fn restore(&self, options: LoadOptions<'_>) -> Result<R> {
        if let Some(name) = options.natives.and_then(|natives| self.natives.differing(natives)) {
            return Err(DumpError::Deserialization {
                path: "natives".to_owned(),
                problem: format!(
                    "native \"{name}\" is of another type than that of the snapshot; list the same"
                ),
            });
        }
        // SAFETY: the bytes are what a dump of this type wrote in this process, and nobody has changed them: they are
        // private, shared by reference only, and `u8` has no interior mutability. They are copied before they are used.
        // What they say of natives by name was just compared by identity.
        unsafe { options.run(&Source::Bytes(&self.bytes), Trust::Own) }
    }
}

impl<R> Snapshot<R> {
    /// The image, as a file of it would be.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl<R> Clone for Snapshot<R> {
    fn clone(&self) -> Self {
        Self { bytes: Arc::clone(&self.bytes), natives: Arc::clone(&self.natives), machine: PhantomData }
    }
}

impl<R> fmt::Debug for Snapshot<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = std::any::type_name::<R>();
        f.debug_struct("Snapshot").field("machine", &name).field("bytes", &self.bytes.len()).finish()
    }
}
