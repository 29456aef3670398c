//! Fields put right when all else of the load is done: `#[dump(relink = path)]`.
//!
//! Nothing is stored. The field is its default until every object and manager is complete, then it is what
//! the function says of its owner.

use super::{IntoField, Record};
use crate::load::{Reader, Relink};

/// The record of the field: it has no bytes, and its owner stays where it is.
pub const RECORD: Record = Record::SKIPPED.with_pinned();

/// Queues `field = function(owner)` for the end of the load.
///
/// # Safety
///
/// Both must be the final addresses of live values, `field` a field of `owner`.
pub unsafe fn settle<O, F, L: IntoField<F>>(
    owner: *mut O,
    field: *mut F,
    function: fn(&O) -> L,
    name: &'static str,
    is_root: bool,
    r: &mut Reader<'_>,
) {
    r.relink_later(Relink {
        owner: owner.cast(),
        field: field.cast(),
        function: function as *const (),
        run: run::<O, F, L>,
        name,
        is_root,
    });
}

unsafe fn run<O, F, L: IntoField<F>>(
    owner: *mut u8,
    field: *mut u8,
    function: *const (),
) -> Result<(), String> {
    // SAFETY: `settle` made it of a function of this type.
    let function = unsafe { std::mem::transmute::<*const (), fn(&O) -> L>(function) };
    // SAFETY: `settle` was promised a live owner, which nothing writes to while the function runs but
    // through the cells in it.
    let value = function(unsafe { &*owner.cast::<O>() }).into_field()?;
    // SAFETY: `settle` was promised a live field; no reference to it is left.
    unsafe { *field.cast::<F>() = value };
    Ok(())
}
