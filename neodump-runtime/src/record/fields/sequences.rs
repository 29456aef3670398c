//! Leaves of sequences: how many elements they have, and the first of them.

use super::Fields;
use crate::record::{Dumpable, Step};

/// How many elements of an array are shown with all of their leaves.
const ELEMENTS: usize = 4;

/// How many elements are shown at all.
const FURTHER: usize = 64;

fn count(count: usize) -> String {
    match count {
        1 => "1 element".to_owned(),
        count => format!("{count} elements"),
    }
}

/// One element more, or one less where none can be made.
fn resize<T: Dumpable>(values: &mut Vec<T>, f: &mut Fields<'_>) -> Result<(), String> {
    match f.sample() {
        Some(value) => values.push(value),
        None if values.pop().is_none() => {
            return Err("it is empty, and no element can be made".to_owned());
        }
        None => {}
    }
    Ok(())
}

/// The leaves of a sequence that is a `Vec` for as long as `within` has it.
///
/// # Safety
///
/// `this` must be a live value that nobody else looks at; `first` gives where its `len` elements lie.
pub(crate) unsafe fn sequence<S, T: Dumpable>(
    this: *mut S,
    f: &mut Fields<'_>,
    len: impl Fn(&S) -> usize,
    first: impl FnOnce(&mut S) -> *mut T,
    within: impl FnOnce(&mut S, &mut dyn FnMut(&mut Vec<T>)),
) {
    let change = |value: &mut S, f: &mut Fields<'_>| {
        let mut result = Ok(());
        within(value, &mut |values| result = resize(values, f));
        result
    };
    // SAFETY: forwarded from the caller.
    unsafe { f.leaf(this, |value| count(len(value)), change) };
    // SAFETY: forwarded from the caller.
    let first = first(unsafe { &mut *this });
    // SAFETY: as above.
    let len = len(unsafe { &*this });
    // SAFETY: so many elements lie there.
    unsafe { show(first, len, 1, f) };
}

/// The leaves of the first elements of an array.
///
/// # Safety
///
/// `first` must point at `len` live values that nobody else looks at.
pub(crate) unsafe fn elements<T: Dumpable>(first: *mut T, len: usize, f: &mut Fields<'_>) {
    // SAFETY: forwarded from the caller.
    unsafe { show(first, len, ELEMENTS, f) };
}

/// Shows elements, the first `full` of them with all of their leaves.
///
/// # Safety
///
/// As [`elements`].
unsafe fn show<T: Dumpable>(first: *mut T, len: usize, full: usize, f: &mut Fields<'_>) {
    for index in 0..len.min(FURTHER) {
        // SAFETY: in bounds by the caller's promise.
        let element = unsafe { first.add(index) };
        // SAFETY: forwarded from the caller.
        let show = |f: &mut Fields<'_>| f.step(Step::Index(index), |f| unsafe { f.value(element) });
        if index < full { show(f) } else { f.further(show) }
    }
}

/// A sequence of one element, or of none where none can be made.
pub(crate) fn sample_of<T: Dumpable>(f: &mut Fields<'_>) -> Vec<T> {
    f.sample().into_iter().collect()
}

/// The leaves of a shared sequence: it is replaced by one of its own, as others own it too.
///
/// # Safety
///
/// As [`Fields::leaf`].
pub(crate) unsafe fn shared_sequence<S: From<Vec<T>>, T: Dumpable>(
    this: *mut S,
    f: &mut Fields<'_>,
    len: impl Fn(&S) -> usize,
) {
    let change = |value: &mut S, f: &mut Fields<'_>| {
        let was_empty = len(value) == 0;
        let values = if was_empty { sample_of(f) } else { Vec::new() };
        if was_empty && values.is_empty() {
            return Err("it is empty, and no element can be made".to_owned());
        }
        *value = values.into();
        Ok(())
    };
    // SAFETY: forwarded from the caller.
    unsafe { f.leaf(this, |value| count(len(value)), change) };
}
