//! Leaves of what holds one value or none, and of choices between variants.

use super::Fields;
use crate::record::{Dumpable, Step};

/// The leaves of an option: whether it has a value, and those of the value.
///
/// # Safety
///
/// `this` must be a live value that nobody else looks at.
pub(crate) unsafe fn option<T: Dumpable>(this: *mut Option<T>, f: &mut Fields<'_>) {
    // SAFETY: the caller promises a live value.
    let is_some = unsafe { &*this }.is_some();
    let other = if is_some { "None" } else { "Some" };
    f.step(Step::Variant(other), |f| {
        let tell = |value: &Option<T>| if value.is_some() { "Some" } else { "None" }.to_owned();
        let change = |value: &mut Option<T>, f: &mut Fields<'_>| {
            let new = if is_some { None } else { f.sample() };
            if !is_some && new.is_none() {
                return Err("it is None, and no value can be made".to_owned());
            }
            *value = new;
            Ok(())
        };
        // SAFETY: forwarded from the caller.
        unsafe { f.leaf(this, tell, change) };
    });
    // SAFETY: forwarded from the caller.
    if let Some(value) = unsafe { &mut *this } {
        // SAFETY: forwarded from the caller.
        unsafe { f.value(value) };
    }
}

/// The leaves of what is taken apart into an option and made of it again.
///
/// # Safety
///
/// `this` must be a live value that nobody else looks at.
pub(crate) unsafe fn as_option<C, T: Dumpable>(
    this: *mut C,
    f: &mut Fields<'_>,
    take: impl FnOnce(&mut C) -> Option<T>,
    put: impl FnOnce(&mut C, Option<T>),
) {
    // SAFETY: the caller promises a live value that nobody else looks at.
    let cell = unsafe { &mut *this };
    let mut value = take(cell);
    // SAFETY: a local.
    unsafe { option(&raw mut value, f) };
    put(cell, value);
}

/// The leaves of a shared value: its own where it has one owner, else which value it is.
///
/// # Safety
///
/// `this` must be a live value that nobody else looks at.
pub(crate) unsafe fn shared<S, T: Dumpable>(
    this: *mut S,
    f: &mut Fields<'_>,
    only: impl FnOnce(&mut S) -> Option<*mut T>,
    owners: impl Fn(&S) -> usize,
    new: impl FnOnce(T) -> S,
) {
    // SAFETY: the caller promises a live value that nobody else looks at.
    if let Some(value) = only(unsafe { &mut *this }) {
        // SAFETY: the value of an only owner.
        unsafe { f.value(value) };
        return;
    }
    let tell = |value: &S| format!("one of {} owners", owners(value));
    let change = |value: &mut S, f: &mut Fields<'_>| match f.sample() {
        Some(other) => {
            *value = new(other);
            Ok(())
        }
        None => Err("others own it too, and no value of its own can be made".to_owned()),
    };
    // The others lose an owner with it, so what it is after a load is told by them.
    // SAFETY: forwarded from the caller.
    f.step(Step::Variant("shared"), |f| unsafe { f.leaf(this, tell, change) });
}

impl Fields<'_> {
    /// The leaves that every enum has: each of its other variants. `make` makes a value of the variant at an
    /// index.
    ///
    /// # Safety
    ///
    /// `this` must be a live value that nobody else looks at, now of the variant at `current`.
    pub unsafe fn variants<T: Dumpable>(
        &mut self,
        this: *mut T,
        names: &'static [&'static str],
        current: fn(&T) -> usize,
        make: fn(usize, &mut Fields<'_>) -> Option<T>,
    ) {
        // SAFETY: the caller promises a live value.
        let now = current(unsafe { &*this });
        for (index, name) in names.iter().enumerate().filter(|(index, _)| *index != now) {
            let tell = |value: &T| names.get(current(value)).copied().unwrap_or_default().to_owned();
            let change = |value: &mut T, f: &mut Fields<'_>| match make(index, f) {
                Some(other) => {
                    *value = other;
                    Ok(())
                }
                None => Err("no value of the variant can be made".to_owned()),
            };
            // SAFETY: forwarded from the caller.
            self.step(Step::Variant(name), |f| unsafe { f.leaf(this, tell, change) });
        }
    }

    /// A value of the first of `count` variants that one can be made of.
    pub fn sample_variant<T: Dumpable>(
        &mut self,
        count: usize,
        make: fn(usize, &mut Fields<'_>) -> Option<T>,
    ) -> Option<T> {
        (0..count).find_map(|index| make(index, self))
    }
}
