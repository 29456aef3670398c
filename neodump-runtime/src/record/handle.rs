//! Ids of what belongs to the process: `#[dump(handle = path)]`.
//!
//! An id is stored as it is and renumbered in the second pass, before anything is keyed by it.

use super::{At, Dumpable, IntoField, Record};
use crate::heap::Kept;
use crate::load::{HandleId, Reader, Renumbered, Second};

/// The record of an id: that of its type, never in place, as the load writes the field.
pub const fn record<F: Dumpable + Copy>() -> Record {
    assert!(
        F::RECORD.size <= HandleId::MAX && !F::RECORD.owns && !F::RECORD.pinned,
        "`handle` is for an id of up to 16 bytes that owns nothing"
    );
    Record { in_place: false, niche: false, copy: false, ..F::RECORD }
}

/// Queues `field = renumber(field)`.
///
/// # Safety
///
/// `field` must be the final address of what was read from `at`, an audited record.
pub unsafe fn settle<F: Dumpable + Copy, L: IntoField<F>>(
    field: *mut F,
    at: At,
    renumber: fn(F) -> L,
    r: &mut Reader<'_>,
) {
    let mut stored = [0; HandleId::MAX];
    // SAFETY: the caller promises a readable record; its bytes are initialised, as all of an image are.
    let bytes = unsafe { std::slice::from_raw_parts(at.as_ptr::<u8>(), F::RECORD.size) };
    stored[..bytes.len()].copy_from_slice(bytes);
    let id = HandleId { function: renumber as *const (), ty: std::any::TypeId::of::<F::Id>(), stored };
    r.after_fill(Second::Renumber { field: field.cast(), id, renumber: run::<F, L> });
}

unsafe fn run<F: Copy, L: IntoField<F>>(
    field: *mut u8,
    renumber: *const (),
    known: Option<*const u8>,
) -> Result<Option<Renumbered>, String> {
    let field = field.cast::<F>();
    if let Some(known) = known {
        // SAFETY: made below, of the same type: the type is part of what it is found by.
        let known = unsafe { *known.cast::<F>() };
        // SAFETY: `settle` was promised a live field, which nothing else looks at during a load.
        unsafe { field.write(known) };
        return Ok(None);
    }
    // SAFETY: `settle` made it of a function of this type.
    let renumber = unsafe { std::mem::transmute::<*const (), fn(F) -> L>(renumber) };
    // SAFETY: `settle` was promised a live field.
    let stored = unsafe { field.read() };
    let new = renumber(stored).into_field()?;
    // SAFETY: as above.
    unsafe { field.write(new) };
    let (kept, value) = Kept::new(Box::new(new));
    Ok(Some(Renumbered { _kept: kept, value: value.cast() }))
}
