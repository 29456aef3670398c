//! State that a machine keeps in statics: `#[dump(global = PATH)]`.
//!
//! A thread-local or process-wide static holds the state of one machine at a time: of the *active* one. Its
//! content is an [`Active`], which says whose state it is and keeps the states of the others aside. A machine
//! has a [`Captured`] field for each such static: its key to the state, and the state itself as long as the
//! machine was never active.
//!
//! ```
//! use std::cell::RefCell;
//! use std::sync::RwLock;
//! use neodump_runtime::global::{Active, Captured, activate};
//! use neodump_runtime::{Dumpable, dump_to_bytes, load_bytes};
//!
//! thread_local! {
//!     static CHARSETS: RefCell<Active<Vec<String>>> = const { RefCell::new(Active::new(Vec::new())) };
//! }
//! static FONTS: RwLock<Active<Vec<u32>>> = RwLock::new(Active::new(Vec::new()));
//!
//! #[derive(Dumpable)]
//! #[dump(image = "vm", version = 1)]
//! struct Vm {
//!     #[dump(global = CHARSETS)]
//!     charsets: Captured<Vec<String>>,
//!     #[dump(global = FONTS)]
//!     fonts: Captured<Vec<u32>>,
//! }
//!
//! let mut live = Vm { charsets: Captured::new(vec!["ascii".to_owned()]), fonts: Captured::default() };
//! activate(&mut live)?;
//! FONTS.write().unwrap().push(12);
//! let mut clone: Vm = load_bytes(&dump_to_bytes(&mut live)?)?;      // is active now
//! FONTS.write().unwrap().push(14);
//! activate(&mut live)?;
//! assert_eq!(**FONTS.read().unwrap(), [12]);
//! activate(&mut clone)?;
//! assert_eq!(**FONTS.read().unwrap(), [12, 14]);
//! drop(clone);
//! assert!(FONTS.read().unwrap().is_empty(), "nobody is active: what the program started with");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod activations;
mod active;
mod by_thread;
mod captured;
mod kinds;

pub use activations::Activations;
pub use active::Active;
pub use by_thread::ByThread;
pub(crate) use captured::Field;
pub use captured::{Attached, Capture, Captured};
pub use kinds::{Global, GlobalError, LocalGuard};

use crate::dump::ImageRoot;

/// Makes a machine the active one: its states come into their statics, and those of the machine that was
/// active are kept aside there. For a machine that is active already, nothing changes.
///
/// # Errors
///
/// A static is locked or borrowed, or the state is in the thread-local of another thread. Then all statics are as
/// before.
pub fn activate<R: ImageRoot>(root: &mut R) -> Result<(), GlobalError> {
    Activation::of(root).map(|_| ())
}

/// Takes a machine's states out of their statics and into its own fields, so that it can go to another thread.
/// If it was active, nobody is: the statics hold what they did before any machine was.
///
/// # Errors
///
/// As [`activate`]. Fields before the one that is named in the error are deactivated.
pub fn deactivate<R: ImageRoot>(root: &mut R) -> Result<(), GlobalError> {
    root.globals(&mut |global| global.deactivate())
}

/// Makes a machine the active one until [`Activation::end`], which makes the one active that was so before, and puts
/// the states where they were: activations nest like calls, and a machine whose programs run in activations can go to
/// another thread between them.
///
/// ```
/// use std::cell::RefCell;
/// use neodump_runtime::Dumpable;
/// use neodump_runtime::global::{Active, Captured, begin};
///
/// thread_local! {
///     static NAMES: RefCell<Active<Vec<u32>>> = const { RefCell::new(Active::new(Vec::new())) };
/// }
///
/// #[derive(Dumpable)]
/// #[dump(image = "vm", version = 1)]
/// struct Vm {
///     #[dump(global = NAMES)]
///     names: Captured<Vec<u32>>,
/// }
///
/// let mut outer = Vm { names: Captured::new(vec![1]) };
/// let mut inner = Vm { names: Captured::new(vec![2]) };
/// let running = begin(&mut outer)?;
/// let nested = begin(&mut inner)?;
/// NAMES.with_borrow_mut(|names| names.push(3));
/// nested.end(&mut inner)?;
/// NAMES.with_borrow_mut(|names| names.push(4));
/// running.end(&mut outer)?;
/// assert_eq!((outer.names.get(), inner.names.get()), (Some(&vec![1, 4]), Some(&vec![2, 3])));
/// # Ok::<(), neodump_runtime::global::GlobalError>(())
/// ```
///
/// # Errors
///
/// As [`activate`].
pub fn begin<R: ImageRoot>(root: &mut R) -> Result<Activation, GlobalError> {
    Activation::of(root)
}

/// What an activation changed, to be undone.
#[must_use = "the machine stays active until `end` is called"]
#[derive(Debug)]
pub struct Activation {
    before: Vec<Before>,
}

/// What one static was before an activation.
#[derive(Debug)]
pub struct Before {
    /// Whose state was brought in.
    of: u64,
    /// Whose state was active.
    active: u64,
    /// Whether the machine held its state itself.
    held: bool,
}

impl Activation {
    /// Activates all globals of a machine, or none.
    pub(crate) fn of<R: ImageRoot>(root: &mut R) -> Result<Self, GlobalError> {
        let mut this = Self { before: Vec::new() };
        let activated = root.globals(&mut |global| {
            this.before.push(global.activate()?);
            Ok(())
        });
        match activated {
            Ok(()) => Ok(this),
            Err(error) => {
                this.undo(root);
                Err(error)
            }
        }
    }

    /// Makes the statics what they were before [`begin`]. The activations of a thread end in the reverse of the order in
    /// which they began.
    ///
    /// # Errors
    ///
    /// A static is locked or borrowed, or another machine was activated: statics that come later in the machine stay as
    /// they are.
    pub fn end<R: ImageRoot>(self, root: &mut R) -> Result<(), GlobalError> {
        let mut before = self.before.into_iter();
        root.globals(&mut |global| match before.next() {
            Some(before) => global.restore(&before),
            None => Ok(()),
        })
    }

    /// As [`end`](Self::end), for an activation that failed half-way: a static that is locked by now stays as it is.
    pub(crate) fn undo<R: ImageRoot>(self, root: &mut R) {
        let _ = self.end(root);
    }
}
