//! State in statics: `#[dump(global = PATH)]`.
//!
//! Stored as the state itself, wherever it is: in the machine, or in the static, active or aside.

use super::{At, Dumpable, Fault, Place, Record, Refusal, Visitor};
use crate::dump::Writer;
use crate::global::{Attached, Captured, Field, Global, GlobalError};
use crate::load::{Auditor, Reader};

/// The record of the field: that of the state.
pub const fn record<T: Dumpable>() -> Record {
    Record { in_place: false, niche: false, copy: false, leaf: false, ..T::RECORD }
}

/// The state under a guard.
fn hold<G: Global>(captured: &Captured<G::State>, global: &'static G) -> Result<G::Guard, Box<Refusal>> {
    // SAFETY: the engines drop what they hold before the dump or walk returns, which is on this thread; the
    // other visitors are given the guard as a value of a type that they do not know, which they can drop or
    // forget but not store.
    let guard = unsafe { global.hold() }.map_err(|error| Refusal::new(error.to_string()))?;
    if guard.of(captured.id()).is_none() {
        return Err(Refusal::new(
            "the state of the machine is in the thread-local of another thread; dump it there, or deactivate the \
             machine there first",
        ));
    }
    Ok(guard)
}

/// Walks the state.
pub fn walk<G: Global<State: Dumpable>, V: Visitor>(
    captured: &Captured<G::State>,
    global: &'static G,
    v: &mut V,
) -> Result<(), V::Stop> {
    if let Some(state) = captured.get() {
        return Dumpable::walk(state, v);
    }
    match hold(captured, global) {
        Ok(guard) => {
            if let Some(state) = guard.of(captured.id()) {
                Dumpable::walk(state, v)?;
            }
            v.hold(guard);
            Ok(())
        }
        Err(refusal) => v.refuse(refusal),
    }
}

/// Writes the state.
pub fn write<G: Global<State: Dumpable>>(
    captured: &Captured<G::State>,
    global: &'static G,
    at: Place,
    w: &mut Writer<'_>,
) -> Result<(), Box<Refusal>> {
    if let Some(state) = captured.get() {
        return Dumpable::write(state, at, w);
    }
    let guard = hold(captured, global)?;
    if let Some(state) = guard.of(captured.id()) {
        Dumpable::write(state, at, w)?;
    }
    w.hold(guard);
    Ok(())
}

/// Makes the field, which holds the state until the load has succeeded.
///
/// # Safety
///
/// As [`Dumpable::read`].
pub unsafe fn read<T: Dumpable>(at: At, r: &mut Reader<'_>) -> Captured<T> {
    // SAFETY: forwarded from the caller.
    Captured::new(unsafe { T::read(at, r) })
}

/// Queues what is left to do for the state.
///
/// # Safety
///
/// As [`Dumpable::settle`].
pub unsafe fn settle<T: Dumpable>(this: *mut Captured<T>, at: At, r: &mut Reader<'_>) {
    // SAFETY: the caller promises a live field that nothing else looks at yet.
    if let Some(state) = unsafe { &mut *this }.get_mut() {
        // SAFETY: the state stays in the field until the load has succeeded.
        unsafe { T::settle(state, at, r) };
    }
}

/// Audits the state.
///
/// # Safety
///
/// `at` must be valid for the record.
pub unsafe fn audit<T: Dumpable>(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
    // SAFETY: forwarded from the caller.
    unsafe { T::audit(at, a) }
}

/// Shows a field with its static.
///
/// # Errors
///
/// Those of `visit`.
pub fn attach<G: Global>(
    captured: &mut Captured<G::State>,
    global: &'static G,
    name: &'static str,
    visit: &mut dyn FnMut(&mut dyn Attached) -> Result<(), GlobalError>,
) -> Result<(), GlobalError> {
    visit(&mut Field { captured, global, name })
}
