//! Stored forms of `Rc` and `Arc`: one payload for all owners, so identity survives. A `Weak` refers to the payload that
//! an owner has, wherever that is, and to nothing where no owner is dumped.

use std::any::TypeId;
use std::mem::ManuallyDrop;
use std::rc::Rc;
use std::sync::Arc;

use super::owned::{REFERENCE, Reference, audit_elements, fill, walk_one_job, write_job};
use super::{At, Dumpable, Fault, Job, OrderKey, Place, Record, Refusal, Visitor};
use crate::dump::Writer;
use crate::load::{Auditor, Reader};
use crate::schema::{Shape, TypeRef};

macro_rules! shared {
    ($ty:ident) => {
        // SAFETY: the stored form is a reference to one payload, hydrated once for all owners.
        unsafe impl<T: Dumpable> Dumpable for $ty<T> {
            type Id = $ty<T::Id>;
            const RECORD: Record = REFERENCE;
            fn shape() -> &'static Shape {
                const { &Shape::leaf(stringify!($ty), REFERENCE, const { &[TypeRef::of::<T>()] }) }
            }
            fn walk<V: Visitor>(this: &Self, v: &mut V) -> Result<(), V::Stop> {
                let value = $ty::as_ptr(this);
                if v.first_visit(value.addr(), TypeId::of::<Self::Id>()) {
                    return v.defer(Job { values: value.cast(), count: 1, walk: walk_one_job::<T, V> });
                }
                Ok(())
            }
            fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
                let value = $ty::as_ptr(this);
                if let Some(payload) = w.shared(at, value.addr(), TypeId::of::<Self::Id>(), T::RECORD)? {
                    w.later(value.cast(), 1, payload, write_job::<T>);
                }
                Ok(())
            }
            unsafe fn read(at: At, r: &mut Reader<'_>) -> Self {
                // SAFETY: the caller promises an audited reference.
                let reference = unsafe { at.get::<Reference>() };
                let id = TypeId::of::<Self::Id>();
                match r.shared(reference, id) {
                    Some(value) => {
                        // SAFETY: `shared` keeps the pointer of the first owner, of the same type.
                        let first = ManuallyDrop::new(unsafe { $ty::from_raw(value.cast::<T>()) });
                        $ty::clone(&first)
                    }
                    None => {
                        // The content follows below; until it is filled nobody looks at it.
                        let value = $ty::into_raw($ty::<T>::new_uninit()).cast::<T>();
                        r.now_shared(reference, id, value.cast_mut().cast(), fill::<T>);
                        // SAFETY: made by `new_uninit` of the same type.
                        unsafe { $ty::from_raw(value) }
                    }
                }
            }
            unsafe fn settle(_: *mut Self, _: At, _: &mut Reader<'_>) {}
            unsafe fn audit(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
                // SAFETY: the caller promises a readable reference.
                let reference = unsafe { at.get::<Reference>() };
                if let Some(payload) = a.shared(reference, TypeId::of::<Self::Id>(), T::RECORD)? {
                    a.later(payload, 1, audit_elements::<T>);
                }
                Ok(())
            }
            super::changed!(
                |this, f| super::fields::shared(
                    this,
                    f,
                    |value| $ty::get_mut(value).map(std::ptr::from_mut),
                    $ty::strong_count,
                    $ty::new
                ),
                |f| f.sample().map(Self::new)
            );
            fn order(this: &Self, key: &mut OrderKey<'_>) {
                key.shared(std::slice::from_ref(&**this), TypeId::of::<Self::Id>());
            }
        }
    };
}
shared!(Rc);
shared!(Arc);

macro_rules! weak {
    ($module:ident, $owner:ident) => {
        // SAFETY: the stored form is a reference to the payload of an owner, or zeros; a walk shows nothing, since a
        // weak reference keeps nothing.
        unsafe impl<T: Dumpable> Dumpable for std::$module::Weak<T> {
            type Id = std::$module::Weak<T::Id>;
            const RECORD: Record = REFERENCE;
            const LEAF: bool = true;
            fn shape() -> &'static Shape {
                const {
                    let name = concat!(stringify!($module), "::Weak");
                    &Shape::leaf(name, REFERENCE, const { &[TypeRef::of::<T>()] })
                }
            }
            fn walk<V: Visitor>(_: &Self, _: &mut V) -> Result<(), V::Stop> {
                Ok(())
            }
            fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
                if this.strong_count() > 0 {
                    w.weak(at, this.as_ptr().addr(), TypeId::of::<$owner<T::Id>>());
                }
                Ok(())
            }
            unsafe fn read(_: At, _: &mut Reader<'_>) -> Self {
                Self::new()
            }
            unsafe fn settle(this: *mut Self, at: At, r: &mut Reader<'_>) {
                /// Makes a reference that refers to nothing, and so holds nothing, refer to a value.
                unsafe fn refer<T>(this: *mut u8, value: *const u8) {
                    // SAFETY: the pointer of an owner, which its other owners go on to keep.
                    let owner = ManuallyDrop::new(unsafe { $owner::from_raw(value.cast::<T>()) });
                    // SAFETY: `this` is the reference that was queued.
                    unsafe { this.cast::<std::$module::Weak<T>>().write($owner::downgrade(&owner)) };
                }
                // SAFETY: the caller promises an audited reference.
                let reference = unsafe { at.get::<Reference>() };
                if reference.len > 0 {
                    r.weak(this.cast(), reference, TypeId::of::<$owner<T::Id>>(), refer::<T>);
                }
            }
            unsafe fn audit(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
                // SAFETY: the caller promises a readable reference.
                let reference = unsafe { at.get::<Reference>() };
                a.weak(reference, TypeId::of::<$owner<T::Id>>(), at)
            }
            super::changed!(
                |_this, f| f.fixed("a weak reference follows its owner, which is changed where it is"),
                |_| Some(Self::new())
            );
        }
    };
}
weak!(rc, Rc);
weak!(sync, Arc);
