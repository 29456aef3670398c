//! Stored forms of scalars: integers, floats, `bool`, `char`, `NonZero*`, `()`, `PhantomData`.

use std::marker::PhantomData;
use std::num::NonZero;

use super::{At, Dumpable, Fault, OrderKey, Place, Record, Refusal, Visitor};
use crate::dump::Writer;
use crate::load::{Auditor, Reader};
use crate::schema::{Shape, TypeRef};

/// The parts of [`Dumpable`] that are the same for every type which holds no references and is in
/// place: nothing to walk, bytes to read, nothing to settle.
macro_rules! in_place_leaf {
    () => {
        #[inline]
        fn walk<V: Visitor>(_: &Self, _: &mut V) -> Result<(), V::Stop> {
            Ok(())
        }
        #[inline]
        unsafe fn read(at: At, _: &mut Reader<'_>) -> Self {
            // SAFETY: the caller promises an audited record, whose bytes are a valid value.
            unsafe { at.get() }
        }
        #[inline]
        unsafe fn settle(_: *mut Self, _: At, _: &mut Reader<'_>) {}
    };
}
pub(super) use in_place_leaf;

macro_rules! number {
    ($($ty:ident $to:ident),*) => {$(
        // SAFETY: every bit pattern is valid, and the bytes are written whole.
        unsafe impl Dumpable for $ty {
            type Id = Self;
            const RECORD: Record = Record::in_place::<Self>().with_copy();
            fn shape() -> &'static Shape {
                const { &Shape::leaf(stringify!($ty), Self::RECORD, &[]) }
            }
            in_place_leaf!();
            super::changed!(
                |this, f| super::fields::plain(this, f, |value| {
                    // The lowest bit: what is not above a bound stays below the next even number.
                    let mut bytes = value.to_le_bytes();
                    bytes[0] ^= 1;
                    Self::from_le_bytes(bytes)
                }),
                |_| Some(1 as Self)
            );
            #[inline]
            fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
                w.put(at, &this.to_le_bytes());
                Ok(())
            }
            #[inline]
            unsafe fn audit(_: At, _: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
                Ok(())
            }
            fn order(this: &Self, key: &mut OrderKey<'_>) {
                key.$to(&this.to_le_bytes());
            }
            fn label(this: &Self) -> Option<String> {
                Some(this.to_string())
            }
        }
    )*};
}
number!(
    u8 unsigned, u16 unsigned, u32 unsigned, u64 unsigned, u128 unsigned, usize unsigned, i8 signed, i16 signed,
    i32 signed, i64 signed, i128 signed, isize signed, f32 signed, f64 signed
);

// SAFETY: the audit accepts 0 and 1 only, the two valid bytes.
unsafe impl Dumpable for bool {
    type Id = Self;
    const RECORD: Record = Record::in_place::<Self>().with_copy();
    fn shape() -> &'static Shape {
        const { &Shape::leaf("bool", Self::RECORD, &[]) }
    }
    in_place_leaf!();
    super::changed!(|this, f| super::fields::plain(this, f, |value| !value), |_| Some(true));
    fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
        w.put(at, &[u8::from(*this)]);
        Ok(())
    }
    unsafe fn audit(at: At, _: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
        // SAFETY: the caller promises a readable byte.
        match unsafe { at.get::<u8>() } {
            0 | 1 => Ok(()),
            byte => Err(Fault::new(format!("bool is {byte}, expected 0 or 1"))),
        }
    }
    fn order(this: &Self, key: &mut OrderKey<'_>) {
        key.unsigned(&[u8::from(*this)]);
    }
}

// SAFETY: the audit accepts scalar values only.
unsafe impl Dumpable for char {
    type Id = Self;
    const RECORD: Record = Record::in_place::<Self>().with_copy();
    fn shape() -> &'static Shape {
        const { &Shape::leaf("char", Self::RECORD, &[]) }
    }
    in_place_leaf!();
    super::changed!(
        // Surrogates and the end are even, so the neighbour of a character is one too.
        |this, f| super::fields::plain(this, f, |value| char::from_u32(u32::from(*value) ^ 1).unwrap_or('?')),
        |_| Some('x')
    );
    fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
        w.put(at, &u32::from(*this).to_le_bytes());
        Ok(())
    }
    unsafe fn audit(at: At, _: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
        // SAFETY: the caller promises four readable bytes.
        let code = unsafe { at.get::<u32>() };
        match char::from_u32(code) {
            Some(_) => Ok(()),
            None => Err(Fault::new(format!("char is {code:#x}, expected a Unicode scalar value"))),
        }
    }
    fn order(this: &Self, key: &mut OrderKey<'_>) {
        key.unsigned(&u32::from(*this).to_le_bytes());
    }
    fn label(this: &Self) -> Option<String> {
        Some(format!("{this:?}"))
    }
}

macro_rules! non_zero {
    ($($ty:ty),*) => {$(
        // SAFETY: the audit refuses zero; `Option` of it uses zero as `None` by guarantee.
        unsafe impl Dumpable for NonZero<$ty> {
            type Id = Self;
            const RECORD: Record = Record::in_place::<Self>().with_copy().with_niche();
            fn shape() -> &'static Shape {
                const { &Shape::leaf(concat!("NonZero<", stringify!($ty), ">"), Self::RECORD, &[]) }
            }
            in_place_leaf!();
            super::changed!(
                |this, f| super::fields::plain(this, f, |value| {
                    Self::new(value.get() ^ 1).or(Self::new(value.get() ^ 2)).unwrap_or(*value)
                }),
                |_| Self::new(1)
            );
            fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
                Dumpable::write(&this.get(), at, w)
            }
            unsafe fn audit(at: At, _: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
                // SAFETY: the caller promises readable bytes, and every pattern is a number.
                if unsafe { at.get::<$ty>() } == 0 {
                    return Err(Fault::new("number is 0, expected another"));
                }
                Ok(())
            }
            fn order(this: &Self, key: &mut OrderKey<'_>) {
                Dumpable::order(&this.get(), key);
            }
        }
    )*};
}
non_zero!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize);

// SAFETY: no bytes.
unsafe impl Dumpable for () {
    type Id = Self;
    const RECORD: Record = Record::in_place::<Self>().with_copy();
    fn shape() -> &'static Shape {
        const { &Shape::leaf("()", Self::RECORD, &[]) }
    }
    in_place_leaf!();
    super::changed!(|_this, _f| (), |_| Some(()));
    fn write(_: &Self, _: Place, _: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
        Ok(())
    }
    unsafe fn audit(_: At, _: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
        Ok(())
    }
    fn order(_: &Self, _: &mut OrderKey<'_>) {}
}

// SAFETY: no bytes.
unsafe impl<T: ?Sized> Dumpable for PhantomData<T> {
    // Carries no value of `T`, so types that differ in it alone have one stored form and one identity.
    type Id = PhantomData<()>;
    const RECORD: Record = Record::in_place::<Self>().with_copy();
    fn shape() -> &'static Shape {
        const { &Shape::leaf("PhantomData", Record::in_place::<()>().with_copy(), const { &[] as &[TypeRef] }) }
    }
    in_place_leaf!();
    super::changed!(|_this, _f| (), |_| Some(Self));
    fn write(_: &Self, _: Place, _: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
        Ok(())
    }
    unsafe fn audit(_: At, _: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
        Ok(())
    }
    fn order(_: &Self, _: &mut OrderKey<'_>) {}
}
