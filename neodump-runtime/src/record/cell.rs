//! Stored forms of interior mutability: `Cell` and atomics in place, `RefCell`, `OnceCell`,
//! `OnceLock`, `Mutex` and `RwLock` hydrated.

use std::cell::{Cell, OnceCell, RefCell, UnsafeCell};
use std::sync::atomic::{
    AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicU8, AtomicU16, AtomicU32,
    AtomicU64, AtomicUsize, Ordering,
};
use std::sync::{Mutex, OnceLock, PoisonError, RwLock, TryLockError};

use super::{At, Dumpable, Fault, OrderKey, Place, Record, Refusal, Visitor};
use crate::dump::Writer;
use crate::load::{Auditor, Reader};
use crate::schema::{Shape, TypeRef};

// SAFETY: `Cell<T>` has the memory form of `T` by guarantee.
unsafe impl<T: Dumpable> Dumpable for Cell<T> {
    type Id = Cell<T::Id>;
    const RECORD: Record = T::RECORD.cell();
    const LEAF: bool = T::LEAF;
    fn shape() -> &'static Shape {
        const { &Shape::leaf("Cell", T::RECORD.cell(), const { &[TypeRef::of::<T>()] }) }
    }
    #[inline]
    fn walk<V: Visitor>(this: &Self, v: &mut V) -> Result<(), V::Stop> {
        // SAFETY: the walk holds the only access to the machine, so nothing writes to the cell;
        // deferred work keeps pointers behind it, not into it.
        Dumpable::walk(unsafe { &*this.as_ptr() }, v)
    }
    #[inline]
    fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
        // SAFETY: as above: the dump holds the machine by `&mut`.
        Dumpable::write(unsafe { &*this.as_ptr() }, at, w)
    }
    unsafe fn read(at: At, r: &mut Reader<'_>) -> Self {
        // SAFETY: forwarded from the caller.
        Self::new(unsafe { T::read(at, r) })
    }
    unsafe fn settle(this: *mut Self, at: At, r: &mut Reader<'_>) {
        // SAFETY: forwarded from the caller; the cell is transparent.
        unsafe { T::settle(this.cast(), at, r) };
    }
    #[inline]
    unsafe fn audit(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
        // SAFETY: forwarded from the caller.
        unsafe { T::audit(at, a) }
    }
    fn order(this: &Self, key: &mut OrderKey<'_>) {
        // SAFETY: as for `walk`.
        Dumpable::order(unsafe { &*this.as_ptr() }, key);
    }
    super::changed!(|this, f| f.value(this.cast::<T>()), |f| f.sample().map(Self::new));
}

// SAFETY: `UnsafeCell<T>` has the memory form of `T` by guarantee.
unsafe impl<T: Dumpable> Dumpable for UnsafeCell<T> {
    type Id = UnsafeCell<T::Id>;
    const RECORD: Record = T::RECORD.cell();
    const LEAF: bool = T::LEAF;
    fn shape() -> &'static Shape {
        const { &Shape::leaf("UnsafeCell", T::RECORD.cell(), const { &[TypeRef::of::<T>()] }) }
    }
    fn walk<V: Visitor>(this: &Self, v: &mut V) -> Result<(), V::Stop> {
        // SAFETY: the walk holds the only access to the machine.
        Dumpable::walk(unsafe { &*this.get() }, v)
    }
    fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
        // SAFETY: the dump holds the machine by `&mut`.
        Dumpable::write(unsafe { &*this.get() }, at, w)
    }
    unsafe fn read(at: At, r: &mut Reader<'_>) -> Self {
        // SAFETY: forwarded from the caller.
        Self::new(unsafe { T::read(at, r) })
    }
    unsafe fn settle(this: *mut Self, at: At, r: &mut Reader<'_>) {
        // SAFETY: forwarded from the caller; the cell is transparent.
        unsafe { T::settle(this.cast(), at, r) };
    }
    unsafe fn audit(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
        // SAFETY: forwarded from the caller.
        unsafe { T::audit(at, a) }
    }
    super::changed!(|this, f| f.value(this.cast::<T>()), |f| f.sample().map(Self::new));
}

macro_rules! atomic {
    ($($atomic:ident $ty:ty),*) => {$(
        // SAFETY: an atomic has the memory form of its number by guarantee.
        unsafe impl Dumpable for $atomic {
            type Id = Self;
            const RECORD: Record = <$ty as Dumpable>::RECORD.cell();
            fn shape() -> &'static Shape {
                const { &Shape::leaf(stringify!($atomic), Self::RECORD, &[]) }
            }
            super::scalar::in_place_leaf!();
            super::changed!(|this, f| f.value(this.cast::<$ty>()), |f| f.sample().map(Self::new));
            fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
                Dumpable::write(&this.load(Ordering::Relaxed), at, w)
            }
            unsafe fn audit(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
                // SAFETY: forwarded from the caller.
                unsafe { <$ty>::audit(at, a) }
            }
        }
    )*};
}
atomic!(
    AtomicBool bool, AtomicU8 u8, AtomicU16 u16, AtomicU32 u32, AtomicU64 u64, AtomicUsize usize, AtomicI8 i8,
    AtomicI16 i16, AtomicI32 i32, AtomicI64 i64, AtomicIsize isize
);

#[cold]
fn locked(what: &str) -> Box<Refusal> {
    Refusal::new(format!("{what} while it is being dumped; release it in before_dump"))
}

/// Implements [`Dumpable`] for a wrapper that stores exactly its content: how to look inside
/// (`$look`, giving a guard or a refusal) and reach the content (`$content`, an expression over
/// `this: *mut Self` giving `*mut T`); `$hold` is what a visitor does with the guard.
macro_rules! wrapper {
    ($ty:ident, $hold:ident, |$wrapper:ident| $look:expr, |$this:ident| $content:expr) => {
        // SAFETY: the stored form is that of the content, which is hydrated into the wrapper.
        unsafe impl<T: Dumpable> Dumpable for $ty<T> {
            type Id = $ty<T::Id>;
            // A lock can be held by somebody, and a walk says so.
            const RECORD: Record =
                Record { in_place: false, niche: false, copy: false, leaf: false, ..T::RECORD };
            fn shape() -> &'static Shape {
                const { &Shape::leaf(stringify!($ty), Self::RECORD, const { &[TypeRef::of::<T>()] }) }
            }
            fn walk<V: Visitor>(this: &Self, v: &mut V) -> Result<(), V::Stop> {
                let $wrapper = this;
                match $look {
                    Ok(guard) => {
                        T::walk(&guard, v)?;
                        v.$hold(guard);
                        Ok(())
                    }
                    Err(refusal) => v.refuse(refusal),
                }
            }
            fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
                let $wrapper = this;
                let guard = $look?;
                T::write(&guard, at, w)?;
                w.hold(guard);
                Ok(())
            }
            unsafe fn read(at: At, r: &mut Reader<'_>) -> Self {
                // SAFETY: forwarded from the caller.
                Self::new(unsafe { T::read(at, r) })
            }
            unsafe fn settle($this: *mut Self, at: At, r: &mut Reader<'_>) {
                let content: *mut T = $content;
                // SAFETY: forwarded from the caller; the content is at its final address.
                unsafe { T::settle(content, at, r) };
            }
            unsafe fn audit(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
                // SAFETY: forwarded from the caller.
                unsafe { T::audit(at, a) }
            }
            super::changed!(
                |this, f| {
                    let $this: *mut Self = this;
                    let content: *mut T = $content;
                    f.value(content)
                },
                |f| f.sample().map(Self::new)
            );
        }
    };
}

wrapper!(
    RefCell,
    hold_reader,
    |cell| cell.try_borrow().map_err(|_| locked("this RefCell is mutably borrowed")),
    |this| {
        // SAFETY: `this` is a live cell that nothing has borrowed yet.
        unsafe { &*this }.as_ptr()
    }
);

wrapper!(
    Mutex,
    hold,
    |mutex| match mutex.try_lock() {
        Ok(guard) => Ok(guard),
        Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => Err(locked("this Mutex is locked")),
    },
    |this| {
        // SAFETY: `this` is a live mutex that nothing has locked yet.
        let mutex = unsafe { &mut *this };
        std::ptr::from_mut(mutex.get_mut().unwrap_or_else(PoisonError::into_inner))
    }
);

// Readers do not disturb a dump or a collector; a writer does.
wrapper!(
    RwLock,
    hold_reader,
    |lock| match lock.try_read() {
        Ok(guard) => Ok(guard),
        Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => Err(locked("this RwLock is locked for writing")),
    },
    |this| {
        // SAFETY: `this` is a live lock that nothing has locked yet.
        let lock = unsafe { &mut *this };
        std::ptr::from_mut(lock.get_mut().unwrap_or_else(PoisonError::into_inner))
    }
);

/// Implements [`Dumpable`] for a cell that is written once: stored as an `Option` of its content.
macro_rules! once {
    ($ty:ident) => {
        // SAFETY: the stored form is a tag and the content, which is hydrated into the cell.
        unsafe impl<T: Dumpable> Dumpable for $ty<T> {
            type Id = $ty<T::Id>;
            const RECORD: Record =
                Record { in_place: false, niche: false, copy: false, ..super::option::tagged(T::RECORD) };
            fn shape() -> &'static Shape {
                const { &Shape::leaf(stringify!($ty), Self::RECORD, const { &[TypeRef::of::<T>()] }) }
            }
            fn walk<V: Visitor>(this: &Self, v: &mut V) -> Result<(), V::Stop> {
                match this.get() {
                    Some(value) => Dumpable::walk(value, v),
                    None => Ok(()),
                }
            }
            fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
                super::option::write_tagged(this.get(), at, w)
            }
            unsafe fn read(at: At, r: &mut Reader<'_>) -> Self {
                let cell = Self::new();
                // SAFETY: forwarded from the caller.
                if let Some(value) = unsafe { super::option::read_tagged::<T>(at, r) } {
                    // The cell is new, so it takes the value.
                    let _ = cell.set(value);
                }
                cell
            }
            unsafe fn settle(this: *mut Self, at: At, r: &mut Reader<'_>) {
                // SAFETY: `this` is a live cell that nothing else looks at yet.
                if let Some(value) = unsafe { &mut *this }.get_mut() {
                    // SAFETY: forwarded from the caller.
                    unsafe { T::settle(value, at.add(super::option::payload_offset(T::RECORD)), r) };
                }
            }
            unsafe fn audit(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
                // SAFETY: forwarded from the caller.
                unsafe { super::option::audit_tagged::<T>(at, a) }
            }
            super::changed!(
                |this, f| super::fields::as_option(this, f, Self::take, |cell, value| {
                    if let Some(value) = value {
                        // Its content was taken, so the cell takes this one.
                        let _ = cell.set(value);
                    }
                }),
                |f| f.sample::<T>().map(Self::from)
            );
        }
    };
}
once!(OnceCell);
once!(OnceLock);
