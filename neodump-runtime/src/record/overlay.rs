//! The values of a static table unless changed: `#[dump(overlay = TABLE)]`.
//!
//! Stored are the entries that differ from the table, each with its index, in order. At load the field
//! starts as the table of the program that runs, and the stored entries go over it.

use super::{At, Dumpable, Fault, OrderKey, Place, Record, Refusal, Visitor, with};
use crate::dump::Writer;
use crate::load::{Auditor, Reader};
use crate::schema::TypeRef;

/// The stored form: the changed entries, each with its index.
pub type Changes<F> = Vec<(u64, <F as Overlaid>::Element)>;

/// A field that can lie over a table: an array or a `Vec`.
#[diagnostic::on_unimplemented(
    message = "`overlay` is for `[T; N]` and `Vec<T>`, not for `{Self}`",
    label = "is no table"
)]
pub trait Overlaid: Sized {
    /// What the entries are.
    type Element: Clone + PartialEq;
    /// What the table is: an array of the same length, or a slice.
    type Table: ?Sized + 'static;
    /// The table's own values.
    fn of(table: &Self::Table) -> Self;
    /// The entries.
    fn entries(&self) -> &[Self::Element];
    /// The entries of the table.
    fn table(table: &Self::Table) -> &[Self::Element];
    /// The entries, to be changed.
    fn entries_mut(&mut self) -> &mut [Self::Element];
}

impl<T: Clone + PartialEq + 'static, const N: usize> Overlaid for [T; N] {
    type Element = T;
    type Table = [T; N];
    fn of(table: &[T; N]) -> Self {
        table.clone()
    }
    fn entries(&self) -> &[T] {
        self
    }
    fn table(table: &[T; N]) -> &[T] {
        table
    }
    fn entries_mut(&mut self) -> &mut [T] {
        self
    }
}

impl<T: Clone + PartialEq + 'static> Overlaid for Vec<T> {
    type Element = T;
    type Table = [T];
    fn of(table: &[T]) -> Self {
        table.to_vec()
    }
    fn entries(&self) -> &[T] {
        self
    }
    fn table(table: &[T]) -> &[T] {
        table
    }
    fn entries_mut(&mut self) -> &mut [T] {
        self
    }
}

/// The record of the field.
pub const fn record<F: Overlaid<Element: Dumpable>>() -> Record {
    with::record::<Changes<F>>()
}

/// The type of the stored form.
pub const fn type_of<F: Overlaid<Element: Dumpable>>() -> TypeRef {
    TypeRef::of::<Changes<F>>()
}

/// What of the field differs from its table.
fn changes<F: Overlaid>(field: &F, table: &F::Table) -> Result<Changes<F>, Box<Refusal>> {
    let (entries, table) = (field.entries(), F::table(table));
    if entries.len() != table.len() {
        return Err(Refusal::new(format!(
            "the field has {} entries and its table {}; a field that lies over a table is as long as it",
            entries.len(),
            table.len()
        )));
    }
    let pairs = (0u64..).zip(entries.iter().zip(table));
    Ok(pairs
        .filter(|(_, (entry, fixed))| entry != fixed)
        .map(|(index, (entry, _))| (index, entry.clone()))
        .collect())
}

/// Walks the changed entries.
pub fn walk<F: Overlaid<Element: Dumpable>, V: Visitor>(
    field: &F,
    table: &F::Table,
    v: &mut V,
) -> Result<(), V::Stop> {
    if const { V::VALIDATES || F::Element::RECORD.leaf } {
        return Ok(());
    }
    match changes(field, table) {
        Ok(changes) => with::walk(|| changes, v),
        Err(refusal) => v.refuse(refusal),
    }
}

/// Writes the changed entries.
pub fn write<F: Overlaid<Element: Dumpable>>(
    field: &F,
    table: &F::Table,
    at: Place,
    w: &mut Writer<'_>,
) -> Result<(), Box<Refusal>> {
    with::write(changes(field, table)?, at, w)
}

/// Queues what puts the stored entries over the field, which holds the table's values.
///
/// # Safety
///
/// `field` must be the final address of the table's values, `at` an audited record.
pub unsafe fn settle<F: Overlaid<Element: Dumpable>>(
    field: *mut F,
    at: At,
    over: fn(Changes<F>) -> Result<F, String>,
    r: &mut Reader<'_>,
) {
    // SAFETY: forwarded from the caller.
    unsafe { with::settle(field, at, over, r) };
}

/// The table with the stored entries over it.
///
/// # Errors
///
/// An entry is behind the end of the table, or out of order.
pub fn over<F: Overlaid>(changes: Changes<F>, table: &F::Table, name: &str) -> Result<F, String> {
    let mut field = F::of(table);
    let mut next = 0;
    for (index, entry) in changes {
        if index < next {
            return Err(format!("entry {index} of {name} is stored behind entry {}", next - 1));
        }
        let entries = field.entries_mut();
        let count = entries.len();
        match usize::try_from(index).ok().and_then(|index| entries.get_mut(index)) {
            Some(slot) => {
                *slot = entry;
                next = index + 1;
            }
            None => {
                return Err(format!(
                    "entry {index} of {name} was changed before the dump, and its table has {count} entries in this \
                     program; dump again"
                ));
            }
        }
    }
    Ok(field)
}

/// Audits the stored entries.
///
/// # Safety
///
/// `at` must be valid for the record.
pub unsafe fn audit<F: Overlaid<Element: Dumpable>>(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
    // SAFETY: forwarded from the caller.
    unsafe { with::audit::<Changes<F>>(at, a) }
}

/// Appends the entries, all of them: they are what the field is.
pub fn order<F: Overlaid<Element: Dumpable>>(field: &F, key: &mut OrderKey<'_>) {
    key.defer(field.entries());
}
