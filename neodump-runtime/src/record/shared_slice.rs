//! Stored forms of `Rc<[T]>`, `Rc<str>`, `Arc<[T]>` and `Arc<str>`: as an `Rc` of a `Box` of the same, so
//! one payload for all owners, which says where the elements are.

use std::any::TypeId;
use std::mem::ManuallyDrop;
use std::rc::Rc;
use std::sync::Arc;

use super::owned::{self, REFERENCE, Reference};
use super::{At, Dumpable, Fault, Job, OrderKey, Place, Record, Refusal, Visitor};
use crate::dump::Writer;
use crate::load::{Auditor, Reader};
use crate::schema::{Shape, TypeRef};

/// Walks the elements of a shared sequence.
unsafe fn walk_job<T: Dumpable, V: Visitor>(
    values: *const u8,
    count: usize,
    v: &mut V,
) -> Result<(), V::Stop> {
    // SAFETY: the caller promises the live values that the job was made for.
    owned::walk(unsafe { std::slice::from_raw_parts(values.cast::<T>(), count) }, v)
}

/// Writes the payload of a shared sequence: the reference to its elements.
unsafe fn write_job<T: Dumpable>(
    values: *const u8,
    count: usize,
    payload: Place,
    w: &mut Writer<'_>,
) -> Result<(), Box<Refusal>> {
    // SAFETY: the caller promises the live values that the job was made for.
    owned::write(unsafe { std::slice::from_raw_parts(values.cast::<T>(), count) }, payload, w)
}

/// Audits the payload of a shared sequence.
unsafe fn audit_job<T: Dumpable>(payload: At, _: usize, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
    // SAFETY: the caller promises one record in bounds.
    unsafe { owned::audit::<T>(payload, a) }
}

/// Audits the payload of a shared string.
unsafe fn audit_str_job(payload: At, _: usize, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
    // SAFETY: the caller promises one record in bounds.
    unsafe { String::audit(payload, a) }
}

/// Fills the memory of a shared sequence, whose payload says where the elements are stored.
unsafe fn fill<T: Dumpable>(values: *mut u8, payload: At, _: usize, r: &mut Reader<'_>) {
    // SAFETY: the caller promises an audited reference and memory for what it counts.
    unsafe { owned::fill_later::<T>(values.cast(), payload, r) };
}

/// How many elements the sequence behind an audited reference to its payload has.
///
/// # Safety
///
/// The reference must have been audited, or written by neodump.
unsafe fn count_of(reference: Reference, r: &Reader<'_>) -> usize {
    let (payload, _) = r.payload(reference);
    // SAFETY: the payload of a shared sequence is the reference to its elements.
    let elements = unsafe { payload.get::<Reference>() };
    r.payload(elements).1
}

/// Implements [`Dumpable`] for owners of `$unsized`, a sequence of `$element`.
macro_rules! shared_slice {
    (
        [$($generics:tt)*] $ty:ident<$unsized:ty>, of $element:ty, id $id:ty, name $name:literal,
        params $params:expr, audit $audit:expr, changed $changed:expr, sample $sample:expr, pointer |$elements:ident| $pointer:expr, slice |$this:ident| $slice:expr
        $(, label |$labelled:ident| $label:expr)?
    ) => {
        // SAFETY: the stored form is a reference to one payload, hydrated once for all owners.
        unsafe impl<$($generics)*> Dumpable for $ty<$unsized> {
            type Id = $id;
            const RECORD: Record = REFERENCE;
            fn shape() -> &'static Shape {
                const { &Shape::leaf($name, REFERENCE, $params) }
            }
            fn walk<V: Visitor>(this: &Self, v: &mut V) -> Result<(), V::Stop> {
                let $this = this;
                let values: &[$element] = $slice;
                if v.first_visit(values.as_ptr().addr(), TypeId::of::<Self::Id>()) {
                    let walk = walk_job::<$element, V>;
                    return v.defer(Job { values: values.as_ptr().cast(), count: values.len(), walk });
                }
                Ok(())
            }
            fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
                let $this = this;
                let values: &[$element] = $slice;
                let id = TypeId::of::<Self::Id>();
                if let Some(payload) = w.shared(at, values.as_ptr().addr(), id, REFERENCE)? {
                    w.later(values.as_ptr().cast(), values.len(), payload, write_job::<$element>);
                }
                Ok(())
            }
            unsafe fn read(at: At, r: &mut Reader<'_>) -> Self {
                // SAFETY: the caller promises an audited reference.
                let reference = unsafe { at.get::<Reference>() };
                // SAFETY: as above.
                let count = unsafe { count_of(reference, r) };
                let id = TypeId::of::<Self::Id>();
                match r.shared(reference, id) {
                    Some(value) => {
                        let $elements = std::ptr::slice_from_raw_parts(value.cast::<$element>(), count);
                        // SAFETY: `shared` keeps the pointer of the first owner, of the same type and count.
                        let first = ManuallyDrop::new(unsafe { $ty::from_raw($pointer) });
                        $ty::clone(&first)
                    }
                    None => {
                        // The elements follow below; until they are filled nobody looks at them.
                        let value = $ty::into_raw($ty::<[$element]>::new_uninit_slice(count)).cast::<$element>();
                        r.now_shared(reference, id, value.cast_mut().cast(), fill::<$element>);
                        let $elements = std::ptr::slice_from_raw_parts(value, count);
                        // SAFETY: made by `new_uninit_slice` with the layout of the same sequence.
                        unsafe { $ty::from_raw($pointer) }
                    }
                }
            }
            unsafe fn settle(_: *mut Self, _: At, _: &mut Reader<'_>) {}
            unsafe fn audit(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
                // SAFETY: the caller promises a readable reference.
                let reference = unsafe { at.get::<Reference>() };
                if let Some(payload) = a.shared(reference, TypeId::of::<Self::Id>(), REFERENCE)? {
                    a.later(payload, 1, $audit);
                }
                Ok(())
            }
            fn order(this: &Self, key: &mut OrderKey<'_>) {
                let $this = this;
                key.shared::<$element>($slice, TypeId::of::<Self::Id>());
            }
            super::changed!(|this, f| $changed(this, f), |f| $sample(f));
            $(
                fn label(this: &Self) -> Option<String> {
                    let $labelled = this;
                    $label
                }
            )?
        }
    };
}

macro_rules! shared_slices {
    ($($ty:ident $slice:literal $str:literal),*) => {$(
        shared_slice!(
            [T: Dumpable] $ty<[T]>, of T, id $ty<[T::Id]>, name $slice, params const { &[TypeRef::of::<T>()] },
            audit audit_job::<T>, changed |this, f| super::fields::shared_sequence::<Self, T>(this, f, |s| s.len()),
            sample |f| Some(super::fields::sample_of::<T>(f).into()), pointer |elements| elements, slice |this| &**this
        );
        shared_slice!(
            [] $ty<str>, of u8, id Self, name $str, params const { &[] as &[TypeRef] },
            audit audit_str_job,
            changed |this, f| super::fields::text::<Self>(this, f, |text| *text = format!("{text}+").into()),
            sample |_| Some("+".into()), pointer |elements| elements as *const str, slice |this| this.as_bytes(),
            label |this| Some(format!("{this:?}"))
        );
    )*};
}
shared_slices!(Rc "Rc<[]>" "Rc<str>", Arc "Arc<[]>" "Arc<str>");
