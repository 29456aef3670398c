//! Stored form of `Cow`: that of what it owns or borrows. It owns it after a load.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::marker::PhantomData;
use std::path::Path;

use super::{At, Dumpable, Fault, OrderKey, Place, Record, Refusal, Visitor, os_string, owned};
use crate::dump::Writer;
use crate::load::{Auditor, Reader};
use crate::schema::{Shape, TypeRef};

/// The identity of a `Cow`, by that of what it borrows.
pub struct CowId<I>(PhantomData<I>);

/// The identity of a type without a size, which no type with one has.
pub struct UnsizedId<I: ?Sized>(PhantomData<I>);

/// What a [`Cow`] borrows or owns. Either is stored as it is: nothing is cloned for a dump.
pub trait Borrowed: ToOwned<Owned: Dumpable> {
    /// Stands for the type in that of the `Cow`.
    type Id: 'static;

    /// As `Dumpable::walk` of the owned form.
    fn walk<V: Visitor>(&self, v: &mut V) -> Result<(), V::Stop>;
    /// As `Dumpable::write` of the owned form.
    fn write(&self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>>;
    /// As `Dumpable::order` of the owned form.
    fn order(&self, key: &mut OrderKey<'_>);
    /// As `Dumpable::label` of the owned form.
    fn label(&self) -> Option<String> {
        None
    }
}

impl<T: Dumpable + Clone> Borrowed for T {
    type Id = T::Id;
    fn walk<V: Visitor>(&self, v: &mut V) -> Result<(), V::Stop> {
        Dumpable::walk(self, v)
    }
    fn write(&self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
        Dumpable::write(self, at, w)
    }
    fn order(&self, key: &mut OrderKey<'_>) {
        Dumpable::order(self, key);
    }
    fn label(&self) -> Option<String> {
        Dumpable::label(self)
    }
}

impl<T: Dumpable + Clone> Borrowed for [T] {
    type Id = UnsizedId<[T::Id]>;
    fn walk<V: Visitor>(&self, v: &mut V) -> Result<(), V::Stop> {
        owned::walk(self, v)
    }
    fn write(&self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
        owned::write(self, at, w)
    }
    fn order(&self, key: &mut OrderKey<'_>) {
        key.defer(self);
    }
}

/// Implements [`Borrowed`] for what is stored as bytes: `$bytes` gives them, or a refusal.
macro_rules! bytes {
    ($($ty:ty: |$value:ident| $bytes:expr;)*) => {$(
        impl Borrowed for $ty {
            type Id = UnsizedId<$ty>;
            fn walk<V: Visitor>(&self, _: &mut V) -> Result<(), V::Stop> {
                Ok(())
            }
            fn write(&self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
                let $value = self;
                owned::write::<u8>($bytes?, at, w)
            }
            fn order(&self, key: &mut OrderKey<'_>) {
                key.bytes(AsRef::<OsStr>::as_ref(self).as_encoded_bytes());
            }
            fn label(&self) -> Option<String> {
                Some(format!("{self:?}"))
            }
        }
    )*};
}
bytes! {
    str: |text| Ok::<_, Box<Refusal>>(text.as_bytes());
    OsStr: |text| os_string::bytes(text);
    Path: |path| os_string::bytes(path.as_os_str());
}

// SAFETY: the stored form is that of the owned type, which the `Cow` holds after a load.
unsafe impl<B: Borrowed + ?Sized> Dumpable for Cow<'_, B> {
    type Id = CowId<B::Id>;
    const RECORD: Record =
        Record { in_place: false, niche: false, copy: false, ..<B::Owned as Dumpable>::RECORD };
    fn shape() -> &'static Shape {
        const { &Shape::leaf("Cow", Self::RECORD, const { &[TypeRef::of::<B::Owned>()] }) }
    }
    fn walk<V: Visitor>(this: &Self, v: &mut V) -> Result<(), V::Stop> {
        Borrowed::walk(&**this, v)
    }
    fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
        Borrowed::write(&**this, at, w)
    }
    unsafe fn read(at: At, r: &mut Reader<'_>) -> Self {
        // SAFETY: forwarded from the caller.
        Self::Owned(unsafe { B::Owned::read(at, r) })
    }
    unsafe fn settle(this: *mut Self, at: At, r: &mut Reader<'_>) {
        // SAFETY: `this` is what `read` made, and nothing else looks at it yet.
        if let Self::Owned(value) = unsafe { &mut *this } {
            // SAFETY: forwarded from the caller.
            unsafe { B::Owned::settle(value, at, r) };
        }
    }
    unsafe fn audit(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
        // SAFETY: forwarded from the caller.
        unsafe { B::Owned::audit(at, a) }
    }
    fn order(this: &Self, key: &mut OrderKey<'_>) {
        Borrowed::order(&**this, key);
    }
    fn label(this: &Self) -> Option<String> {
        Borrowed::label(&**this)
    }
    super::changed!(|this, f| f.value(std::ptr::from_mut((*this).to_mut())), |f| f.sample().map(Self::Owned));
}
