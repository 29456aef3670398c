//! Activations that are counted.

use super::{Activation, GlobalError, begin};
use crate::dump::ImageRoot;

/// Counts the activations of a machine whose functions activate it and call each other: the first one [`begin`]s, and the
/// end of the last one ends that. A field of the machine, which is not dumped.
///
/// ```
/// use std::cell::RefCell;
/// use neodump_runtime::Dumpable;
/// use neodump_runtime::global::{Activations, Active, Captured};
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
///     #[dump(skip = "only while programs run")]
///     running: Activations,
/// }
///
/// impl Vm {
///     /// Runs a program, which may run others.
///     fn run(&mut self, depth: u32) {
///         Activations::enter(self, |vm| &mut vm.running).expect("nobody holds the names");
///         NAMES.with_borrow_mut(|names| names.push(depth));
///         if depth > 0 {
///             self.run(depth - 1);
///         }
///         Activations::leave(self, |vm| &mut vm.running);
///     }
/// }
///
/// let mut vm = Vm { names: Captured::default(), running: Activations::default() };
/// vm.run(2);
/// assert_eq!(vm.names.get(), Some(&vec![2, 1, 0]));       // the machine holds its state again
/// assert!(NAMES.with_borrow(|names| names.is_empty()));
/// ```
#[derive(Debug, Default)]
pub struct Activations {
    count: u32,
    /// What ends the first.
    first: Option<Activation>,
}

impl Activations {
    /// Activates the machine, and counts it.
    ///
    /// # Errors
    ///
    /// As [`activate`](super::activate): a static that somebody holds at the moment keeps what it has, and the machine its
    /// own state. It does not count then; a [`leave`](Self::leave) that follows all the same does nothing.
    pub fn enter<R: ImageRoot>(root: &mut R, field: impl Fn(&mut R) -> &mut Self) -> Result<(), GlobalError> {
        if field(root).count == 0 {
            let first = begin(root)?;
            field(root).first = Some(first);
        }
        field(root).count += 1;
        Ok(())
    }

    /// Undoes one [`enter`](Self::enter): after the last, the machine holds its state again, and the statics what they
    /// did before the first. Without an `enter` it does nothing.
    ///
    /// A static that is held at the moment keeps the state until the machine is dropped.
    pub fn leave<R: ImageRoot>(root: &mut R, field: impl Fn(&mut R) -> &mut Self) {
        let this = field(root);
        this.count = this.count.saturating_sub(1);
        if this.count == 0
            && let Some(first) = this.first.take()
        {
            let _: Result<(), GlobalError> = first.end(root);
        }
    }

    /// Whether an activation has not ended: the statics have the machine's state.
    pub fn is_active(&self) -> bool {
        self.count > 0
    }
}
