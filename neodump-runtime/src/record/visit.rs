//! Walking the references of a value, without recursion over user data.

use std::any::TypeId;
use std::convert::Infallible;

use super::{Dumpable, Refusal, Step};
use crate::heap::ObjectType;
use crate::native::NativeType;
use crate::symbols::Symbol;

/// Work that a walk put off: `count` values behind an owned indirection.
pub struct Job<V: Visitor> {
    pub(crate) values: *const u8,
    pub(crate) count: usize,
    pub(crate) walk: unsafe fn(*const u8, usize, &mut V) -> Result<(), V::Stop>,
}

impl<V: Visitor> Job<V> {
    /// Walks the values.
    ///
    /// # Safety
    ///
    /// The values must still be where they were when the job was made.
    ///
    /// # Errors
    ///
    /// Those of the visitor.
    pub unsafe fn run(self, v: &mut V) -> Result<(), V::Stop> {
        // SAFETY: the caller promises that the values are still there.
        unsafe { (self.walk)(self.values, self.count, v) }
    }
}

/// Whether a walk of values of `T` shows nothing to `V`, and is left out.
pub(crate) const fn is_silent<T: Dumpable, V: Visitor>() -> bool {
    if V::VALIDATES { T::RECORD.copy } else { T::LEAF }
}

/// Why a walk stopped early; `Infallible` for one that never does.
pub trait Stop {
    /// The same, one step further from the root.
    #[must_use]
    fn within(self, step: Step) -> Self;
}

impl Stop for Infallible {
    fn within(self, _: Step) -> Self {
        self
    }
}

impl Stop for Box<Refusal> {
    fn within(self, step: Step) -> Self {
        Refusal::within(self, step)
    }
}

/// Sees every reference of the values that it is walked over.
///
/// A collector implements it to mark: [`object`](Self::object) is called with each object pointer.
pub trait Visitor: Sized {
    /// Why a walk with this visitor stops early.
    type Stop: Stop;

    /// Whether hashed collections must be walked in an order that does not depend on hashes; they
    /// are then handed to [`keyed`](Self::keyed).
    const ORDERED: bool = false;

    /// Whether values are handed to [`validate`](Self::validate), as those of an audited load are. Such a visitor is
    /// shown what is in the machine: values of `with` fields were checked in their stored form, before they were
    /// converted.
    const VALIDATES: bool = false;

    /// An object pointer. `address` has the provenance that the program gave it.
    ///
    /// # Errors
    ///
    /// The visitor's own.
    fn object(&mut self, address: *const u8, ty: &'static ObjectType) -> Result<(), Self::Stop>;

    /// A symbol.
    ///
    /// # Errors
    ///
    /// The visitor's own.
    fn symbol(&mut self, symbol: Symbol) -> Result<(), Self::Stop> {
        let _ = symbol;
        Ok(())
    }

    /// A native: a host function or static, by address and type.
    ///
    /// # Errors
    ///
    /// The visitor's own.
    fn native(&mut self, address: usize, ty: NativeType) -> Result<(), Self::Stop> {
        let _ = (address, ty);
        Ok(())
    }

    /// Something that cannot be walked: a locked mutex, a borrowed cell, a word of unknown tag. What it refers to
    /// is not shown, so whoever frees what was not shown must not go on.
    ///
    /// # Errors
    ///
    /// The visitor's own.
    fn refuse(&mut self, refusal: Box<Refusal>) -> Result<(), Self::Stop>;

    /// Puts off the walk behind an owned indirection. Whoever started the walk runs the jobs.
    ///
    /// # Errors
    ///
    /// The visitor's own, if it runs the job at once.
    fn defer(&mut self, job: Job<Self>) -> Result<(), Self::Stop>;

    /// Whether a value that several owners share (`Rc`) is met for the first time.
    fn first_visit(&mut self, address: usize, id: TypeId) -> bool;

    /// A hashed collection, for visitors that are [`ORDERED`](Self::ORDERED).
    ///
    /// # Errors
    ///
    /// The visitor's own.
    fn keyed(&mut self, map: crate::dump::KeyedMap) -> Result<(), Self::Stop> {
        let _ = map;
        Ok(())
    }

    /// A value whose type has a `#[dump(validate = ..)]`, for visitors that have [`VALIDATES`](Self::VALIDATES). It
    /// is met before what it owns.
    ///
    /// # Errors
    ///
    /// The visitor's own.
    fn validate<T: Dumpable>(
        &mut self,
        value: &T,
        check: fn(&T) -> Result<(), String>,
    ) -> Result<(), Self::Stop> {
        let _ = (value, check);
        Ok(())
    }

    /// Takes the lock under which a value was walked, for visitors that keep it until their jobs have
    /// run, as those of a dump do: other threads may know the value too. The others let it go, since
    /// whoever runs their jobs promises that nothing has changed.
    fn hold<G>(&mut self, guard: G) {
        drop(guard);
    }

    /// The same, of a lock that others may take too as long as they only look.
    fn hold_reader<G>(&mut self, guard: G) {
        self.hold(guard);
    }

    /// Keeps a value that was made for the walk alive until its jobs have run.
    fn keep<T>(&mut self, value: Box<T>) -> *const T;
}
