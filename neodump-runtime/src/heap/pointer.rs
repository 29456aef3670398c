//! Typed object pointers, in place: `&T`, `NonNull<T>`, `*const T`, `*mut T`, `AtomicPtr<T>`.

use std::ptr::NonNull;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::{Object, ObjectType};
use crate::dump::Writer;
use crate::load::{Auditor, Reader};
use crate::record::{At, Dumpable, Fault, OrderKey, Place, Record, Refusal, Visitor};
use crate::schema::{Shape, TypeRef};

const POINTER: Record = Record::in_place::<usize>().with_rw();

macro_rules! pointer {
    ([$($generics:tt)*] $ty:ty, $id:ty, $name:literal, $record:expr, $nullable:literal, |$this:ident| $address:expr) => {
        // SAFETY: the audit accepts the addresses of objects of type `T` only, and zero where the
        // type has it.
        unsafe impl<$($generics)*> Dumpable for $ty {
            type Id = $id;
            const RECORD: Record = $record;
            fn shape() -> &'static Shape {
                const { &Shape::leaf($name, $record, const { &[TypeRef::of::<T>()] }) }
            }
            #[inline]
            fn walk<V: Visitor>(this: &Self, v: &mut V) -> Result<(), V::Stop> {
                let $this = this;
                let address: *const u8 = $address;
                if address.is_null() { Ok(()) } else { v.object(address, ObjectType::of::<T>()) }
            }
            #[inline]
            fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
                let $this = this;
                let address: *const u8 = $address;
                if address.is_null() {
                    return Ok(());
                }
                // SAFETY: as in `walk`, the pointer is to a live object: whoever holds one says so.
                unsafe { w.object_word(at, address.addr() as u64, address, 0, || Ok(ObjectType::of::<T>())) }
            }
            #[inline]
            unsafe fn read(at: At, _: &mut Reader<'_>) -> Self {
                // SAFETY: the caller promises an audited record, whose bytes are a valid pointer.
                unsafe { at.get() }
            }
            #[inline]
            unsafe fn settle(_: *mut Self, _: At, _: &mut Reader<'_>) {}
            #[inline]
            unsafe fn audit(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
                // SAFETY: the caller promises eight readable bytes.
                let address = unsafe { at.get::<u64>() };
                if $nullable && address == 0 {
                    return Ok(());
                }
                a.object(address, ObjectType::of::<T>())
            }
            crate::record::changed!(
                |this, f| crate::record::fields::pointer::<Self, T>(this, $nullable, f),
                |f| crate::record::fields::sample_pointer::<Self, T>(f)
            );
            fn order(this: &Self, key: &mut OrderKey<'_>) {
                let $this = this;
                let address: *const u8 = $address;
                key.object(address.addr());
            }
        }
    };
}

pointer!(['x, T: Object + 'x] &'x T, &'static T::Id, "&", POINTER.with_niche(), false,
    |this| std::ptr::from_ref::<T>(*this).cast());
pointer!([T: Object] NonNull<T>, NonNull<T::Id>, "NonNull", POINTER.with_niche(), false,
    |this| this.as_ptr().cast_const().cast());
pointer!([T: Object] *const T, *const T::Id, "*const", POINTER, true, |this| this.cast());
pointer!([T: Object] *mut T, *mut T::Id, "*mut", POINTER, true, |this| this.cast_const().cast());
// In place as an atomic number is; the dump holds the machine by `&mut`, so no other order is needed.
pointer!([T: Object] AtomicPtr<T>, AtomicPtr<T::Id>, "AtomicPtr", POINTER.cell(), true,
    |this| this.load(Ordering::Relaxed).cast_const().cast());
