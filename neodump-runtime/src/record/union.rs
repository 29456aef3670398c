//! Unions: `#[dump(unsafe(tag = expr))]` on a field, whose type says which tag selects which of its fields.
//!
//! In place, since a union drops nothing: the image holds the bytes of the field that is alive, zeros elsewhere.

use std::borrow::Borrow;

use super::{At, Fault, OrderKey, Place, Record, Refusal, Visitor};
use crate::dump::Writer;
use crate::load::Auditor;
use crate::schema::{Shape, TypeRef};

/// A union that knows which tag selects which of its fields. Derive it: `#[derive(Dumpable)]` on the union.
///
/// # Safety
///
/// As for [`Dumpable`](super::Dumpable), for the field that is selected.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no union that a tag selects the fields of",
    label = "has no `tag = ..`",
    note = "derive `Dumpable` on the union, with #[dump(tag = Type)] on it and #[dump(tag = PATTERN)] on each of its fields"
)]
pub unsafe trait Tagged: Sized {
    /// Stands for the type in type identities, whatever its lifetimes.
    type Id: 'static;
    /// What selects a field.
    type Tag;
    /// Size, alignment and tier: always in place.
    const RECORD: Record;
    /// The shape that goes into the schema: a struct of fields that overlap.
    fn shape() -> &'static Shape;
    /// The position of the field that a tag selects.
    fn select(tag: &Self::Tag) -> Option<u32>;
    /// As [`Dumpable::walk`](super::Dumpable::walk).
    ///
    /// # Safety
    ///
    /// The field at this position is alive.
    ///
    /// # Errors
    ///
    /// Those of the visitor.
    unsafe fn walk<V: Visitor>(&self, field: u32, v: &mut V) -> Result<(), V::Stop>;
    /// As [`Dumpable::write`](super::Dumpable::write).
    ///
    /// # Safety
    ///
    /// The field at this position is alive.
    ///
    /// # Errors
    ///
    /// Those of the field.
    unsafe fn write(&self, field: u32, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>>;
    /// As [`Dumpable::audit`](super::Dumpable::audit).
    ///
    /// # Safety
    ///
    /// As for [`Dumpable::audit`](super::Dumpable::audit).
    ///
    /// # Errors
    ///
    /// Those of the field.
    unsafe fn audit(field: u32, at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>>;
    /// As [`Dumpable::order`](super::Dumpable::order).
    ///
    /// # Safety
    ///
    /// The field at this position is alive.
    unsafe fn order(&self, field: u32, key: &mut OrderKey<'_>);
}

/// The field that the value of the tag expression selects.
pub fn select<U: Tagged, T: Borrow<U::Tag>>(tag: T) -> Option<u32> {
    U::select(tag.borrow())
}

/// The type of the field, for its owner's shape.
pub const fn type_of<U: Tagged>() -> TypeRef {
    TypeRef::of_union::<U>()
}

fn problem<U: Tagged>() -> String {
    let name = U::shape().name.rsplit("::").next().unwrap_or_default();
    format!("the tag selects no field of union {name}: give one of them a pattern that covers it")
}

/// Walks the field that is alive.
///
/// # Safety
///
/// `selected` is the field that is alive.
pub unsafe fn walk<U: Tagged, V: Visitor>(
    value: &U,
    selected: Option<u32>,
    v: &mut V,
) -> Result<(), V::Stop> {
    match selected {
        // SAFETY: forwarded from the caller.
        Some(field) => unsafe { value.walk(field, v) },
        None => v.refuse(Refusal::new(problem::<U>())),
    }
}

/// Writes the field that is alive.
///
/// # Safety
///
/// As [`walk`].
pub unsafe fn write<U: Tagged>(
    value: &U,
    selected: Option<u32>,
    at: Place,
    w: &mut Writer<'_>,
) -> Result<(), Box<Refusal>> {
    match selected {
        // SAFETY: forwarded from the caller.
        Some(field) => unsafe { value.write(field, at, w) },
        None => Err(Refusal::new(problem::<U>())),
    }
}

/// Audits the field that the stored tag selects.
///
/// # Safety
///
/// `at` must be valid for the record.
pub unsafe fn audit<U: Tagged>(selected: Option<u32>, at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
    match selected {
        // SAFETY: forwarded from the caller.
        Some(field) => unsafe { U::audit(field, at, a) },
        None => Err(Fault::new(problem::<U>())),
    }
}

/// Appends the field that is alive.
///
/// # Safety
///
/// As [`walk`].
pub unsafe fn order<U: Tagged>(value: &U, selected: Option<u32>, key: &mut OrderKey<'_>) {
    match selected {
        // SAFETY: forwarded from the caller.
        Some(field) => unsafe { value.order(field, key) },
        None => key.unordered(U::shape().name),
    }
}
