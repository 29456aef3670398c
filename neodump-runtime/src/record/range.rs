//! Stored forms of ranges: `Range`, `RangeFrom` and `RangeTo` as structs of their bounds, in place where
//! those are; `RangeInclusive` hydrated, as it hides its own.

use std::mem::{ManuallyDrop, offset_of};
use std::ops::{Bound, Range, RangeBounds, RangeFrom, RangeInclusive, RangeTo};

use super::{At, Dumpable, Fault, Layout, OrderKey, Place, Record, Refusal, Step, Stop, Visitor};
use crate::dump::Writer;
use crate::load::{Auditor, Reader};
use crate::schema::{FieldShape, Shape, ShapeKind, TypeRef};

/// Implements [`Dumpable`] for a foreign struct over one type parameter, all of whose fields are public
/// and of that type.
macro_rules! range {
    ($ty:ident $layout:ident $count:literal: $($index:literal $field:ident),+) => {
        struct $layout<T>(std::marker::PhantomData<T>);

        impl<T: Dumpable> $layout<T> {
            const LAYOUT: Layout<$count> = Layout::of_struct(
                [$({ stringify!($field); T::RECORD }),+],
                [$(offset_of!($ty<T>, $field)),+],
                size_of::<$ty<T>>(),
                align_of::<$ty<T>>(),
            );
        }

        // SAFETY: the fields are written one by one at the offsets of the layout; in place those are the
        // offsets in memory, which the schema hash covers.
        unsafe impl<T: Dumpable> Dumpable for $ty<T> {
            type Id = $ty<T::Id>;
            const RECORD: Record = $layout::<T>::LAYOUT.record;
            fn shape() -> &'static Shape {
                const {
                    &Shape {
                        kind: ShapeKind::Struct(const { &[
                            $(FieldShape {
                                name: stringify!($field),
                                offset: $layout::<T>::LAYOUT.offsets[$index],
                                side: false,
                                ty: Some(TypeRef::of::<T>()),
                                policy: "",
                            }),+
                        ] }),
                        ..Shape::leaf(stringify!($ty), Self::RECORD, const { &[TypeRef::of::<T>()] })
                    }
                }
            }
            fn walk<V: Visitor>(this: &Self, v: &mut V) -> Result<(), V::Stop> {
                $(Dumpable::walk(&this.$field, v).map_err(|stop| stop.within(Step::Field(stringify!($field))))?;)+
                Ok(())
            }
            fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
                $(
                    Dumpable::write(&this.$field, at.add($layout::<T>::LAYOUT.offsets[$index]), w)
                        .map_err(|refusal| refusal.within(Step::Field(stringify!($field))))?;
                )+
                Ok(())
            }
            unsafe fn read(at: At, r: &mut Reader<'_>) -> Self {
                // What has been read is not complete yet, so nothing may drop it if a default unwinds.
                $(
                    // SAFETY: forwarded from the caller.
                    let $field = unsafe { T::read(at.add($layout::<T>::LAYOUT.offsets[$index]), r) };
                    let $field = ManuallyDrop::new($field);
                )+
                $ty { $($field: ManuallyDrop::into_inner($field)),+ }
            }
            unsafe fn settle(this: *mut Self, at: At, r: &mut Reader<'_>) {
                $(
                    // SAFETY: `this` is live, so its fields are in bounds.
                    let field = unsafe { &raw mut (*this).$field };
                    // SAFETY: forwarded from the caller.
                    unsafe { T::settle(field, at.add($layout::<T>::LAYOUT.offsets[$index]), r) };
                )+
            }
            unsafe fn audit(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
                $(
                    // SAFETY: forwarded from the caller.
                    unsafe { T::audit(at.add($layout::<T>::LAYOUT.offsets[$index]), a) }
                        .map_err(|fault| fault.within(Step::Field(stringify!($field))))?;
                )+
                Ok(())
            }
            super::changed!(
                |this, f| { $(f.field(stringify!($field), &raw mut (*this).$field);)+ },
                |f| Some($ty { $($field: f.sample()?),+ })
            );
            fn order(this: &Self, key: &mut OrderKey<'_>) {
                $(Dumpable::order(&this.$field, key);)+
            }
        }
    };
}
range!(Range RangeLayout 2: 0 start, 1 end);
range!(RangeFrom RangeFromLayout 1: 0 start);
range!(RangeTo RangeToLayout 1: 0 end);

/// The stored form of a `RangeInclusive`.
struct Inclusive<T>(std::marker::PhantomData<T>);

impl<T: Dumpable> Inclusive<T> {
    const LAYOUT: Layout<2> = Layout::of_sequence([T::RECORD, T::RECORD]);
    const END: usize = Self::LAYOUT.offsets[1];
}

/// The places of the bounds, which can be borrowed, but not mutably: their offsets are taken from what is
/// borrowed, and their pointers from `this`.
///
/// # Safety
///
/// `this` must be a live range that nobody else looks at.
unsafe fn bounds_of<T>(this: *mut RangeInclusive<T>) -> (*mut T, *mut T) {
    // SAFETY: the caller promises a live range.
    let range = unsafe { &*this };
    let offset_of = |bound: &T| std::ptr::from_ref(bound).addr() - this.addr();
    let (start, end) = (offset_of(range.start()), offset_of(range.end()));
    // SAFETY: the start is inside of the range.
    let start = unsafe { this.byte_add(start) }.cast::<T>();
    // SAFETY: the end is inside of the range.
    let end = unsafe { this.byte_add(end) }.cast::<T>();
    (start, end)
}

// SAFETY: the stored form is the two bounds; the range is made of them anew.
unsafe impl<T: Dumpable> Dumpable for RangeInclusive<T> {
    type Id = RangeInclusive<T::Id>;
    const RECORD: Record = Inclusive::<T>::LAYOUT.record;
    fn shape() -> &'static Shape {
        const {
            &Shape {
                kind: ShapeKind::Struct(
                    const {
                        &[
                            FieldShape {
                                name: "start",
                                offset: 0,
                                side: false,
                                ty: Some(TypeRef::of::<T>()),
                                policy: "",
                            },
                            FieldShape {
                                name: "end",
                                offset: Inclusive::<T>::END,
                                side: false,
                                ty: Some(TypeRef::of::<T>()),
                                policy: "",
                            },
                        ]
                    },
                ),
                ..Shape::leaf("RangeInclusive", Self::RECORD, const { &[TypeRef::of::<T>()] })
            }
        }
    }
    fn walk<V: Visitor>(this: &Self, v: &mut V) -> Result<(), V::Stop> {
        Dumpable::walk(this.start(), v).map_err(|stop| stop.within(Step::Field("start")))?;
        Dumpable::walk(this.end(), v).map_err(|stop| stop.within(Step::Field("end")))
    }
    fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
        // A range that was iterated to its end has the bounds of one that was not, and says so here alone.
        if let Bound::Excluded(_) = this.end_bound() {
            return Err(Refusal::new(
                "this RangeInclusive was iterated to its end, which its bounds do not say; store a range that \
                 is not used as an iterator, or an Option of one",
            ));
        }
        Dumpable::write(this.start(), at, w).map_err(|refusal| refusal.within(Step::Field("start")))?;
        Dumpable::write(this.end(), at.add(Inclusive::<T>::END), w)
            .map_err(|refusal| refusal.within(Step::Field("end")))
    }
    unsafe fn read(at: At, r: &mut Reader<'_>) -> Self {
        // SAFETY: forwarded from the caller.
        let start = ManuallyDrop::new(unsafe { T::read(at, r) });
        // SAFETY: forwarded from the caller.
        let end = unsafe { T::read(at.add(Inclusive::<T>::END), r) };
        Self::new(ManuallyDrop::into_inner(start), end)
    }
    unsafe fn settle(this: *mut Self, at: At, r: &mut Reader<'_>) {
        // SAFETY: `this` is a live range that nothing else looks at yet.
        let (start, end) = unsafe { bounds_of(this) };
        // SAFETY: forwarded from the caller.
        unsafe { T::settle(start, at, r) };
        // SAFETY: forwarded from the caller.
        unsafe { T::settle(end, at.add(Inclusive::<T>::END), r) };
    }
    unsafe fn audit(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
        // SAFETY: forwarded from the caller.
        unsafe { T::audit(at, a) }.map_err(|fault| fault.within(Step::Field("start")))?;
        // SAFETY: forwarded from the caller.
        unsafe { T::audit(at.add(Inclusive::<T>::END), a) }.map_err(|fault| fault.within(Step::Field("end")))
    }
    super::changed!(
        |this, f| {
            let (start, end) = bounds_of(this);
            f.field("start", start);
            f.field("end", end);
        },
        |f| Some(Self::new(f.sample()?, f.sample()?))
    );
    fn order(this: &Self, key: &mut OrderKey<'_>) {
        Dumpable::order(this.start(), key);
        Dumpable::order(this.end(), key);
    }
}
