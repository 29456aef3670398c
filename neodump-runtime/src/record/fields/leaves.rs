//! Leaves without parts: numbers, characters, text, times.

use std::fmt::Debug;

use super::Fields;

/// A leaf of plain data, changed by `change`.
///
/// # Safety
///
/// As [`Fields::leaf`].
pub(crate) unsafe fn plain<T: Debug>(this: *mut T, f: &mut Fields<'_>, change: impl FnOnce(&T) -> T) {
    let replace = |value: &mut T, _: &mut Fields<'_>| {
        *value = change(value);
        Ok(())
    };
    // SAFETY: forwarded from the caller.
    unsafe { f.leaf(this, |value| format!("{value:?}"), replace) };
}

/// A leaf of text, which becomes longer.
///
/// # Safety
///
/// As [`Fields::leaf`].
pub(crate) unsafe fn text<T: Debug>(this: *mut T, f: &mut Fields<'_>, longer: impl FnOnce(&mut T)) {
    let change = |value: &mut T, _: &mut Fields<'_>| {
        longer(value);
        Ok(())
    };
    // SAFETY: forwarded from the caller.
    unsafe { f.leaf(this, |value| format!("{value:?}"), change) };
}
