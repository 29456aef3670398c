//! Stored forms of tuples: laid out by their own rules, as the language does not fix theirs.

use std::mem::ManuallyDrop;

use super::{At, Dumpable, Fault, Layout, OrderKey, Place, Record, Refusal, Step, Stop, Visitor};
use crate::dump::Writer;
use crate::load::{Auditor, Reader};
use crate::schema::{Shape, TypeRef};

macro_rules! tuple {
    ($count:literal $layout:ident $laid:ty, $whole:ty: $($name:ident $index:tt),*) => {
        struct $layout<$($name),*>(std::marker::PhantomData<($($name,)*)>);

        impl<$($name: Dumpable),*> $layout<$($name),*> {
            const LAYOUT: Layout<$count> = Layout::of_struct(
                [$($name::RECORD),*],
                [$(std::mem::offset_of!($whole, $index)),*],
                size_of::<$whole>(),
                align_of::<$whole>(),
            );
        }

        // SAFETY: the fields are written one by one at the offsets of the layout; in place those
        // are the offsets in memory, which the schema hash covers.
        unsafe impl<$($name: Dumpable),*> Dumpable for ($($name,)*) {
            type Id = ($($name::Id,)*);
            const RECORD: Record = <$laid>::LAYOUT.record;
            fn shape() -> &'static Shape {
                const {
                    &Shape {
                        kind: crate::schema::ShapeKind::Struct(const { &[
                            $(crate::schema::FieldShape {
                                name: stringify!($index),
                                offset: <$laid>::LAYOUT.offsets[$index],
                                side: false,
                                ty: Some(TypeRef::of::<$name>()),
                                policy: "",
                            }),*
                        ] }),
                        ..Shape::leaf("tuple", Self::RECORD, &[])
                    }
                }
            }
            #[inline]
            fn walk<Vis: Visitor>(this: &Self, v: &mut Vis) -> Result<(), Vis::Stop> {
                $(Dumpable::walk(&this.$index, v).map_err(|stop| stop.within(Step::Field(stringify!($index))))?;)*
                Ok(())
            }
            fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
                $(
                    Dumpable::write(&this.$index, at.add(<$laid>::LAYOUT.offsets[$index]), w)
                        .map_err(|refusal| refusal.within(Step::Field(stringify!($index))))?;
                )*
                Ok(())
            }
            unsafe fn read(at: At, r: &mut Reader<'_>) -> Self {
                // What has been read is not complete yet, so nothing may drop it if a default unwinds.
                let fields = ($(
                    // SAFETY: forwarded from the caller.
                    ManuallyDrop::new(unsafe { $name::read(at.add(<$laid>::LAYOUT.offsets[$index]), r) }),
                )*);
                ($(ManuallyDrop::into_inner(fields.$index),)*)
            }
            unsafe fn settle(this: *mut Self, at: At, r: &mut Reader<'_>) {
                $(
                    // SAFETY: `this` is live, so its fields are in bounds.
                    let field = unsafe { std::ptr::addr_of_mut!((*this).$index) };
                    // SAFETY: forwarded from the caller.
                    unsafe { $name::settle(field, at.add(<$laid>::LAYOUT.offsets[$index]), r) };
                )*
            }
            unsafe fn audit(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
                $(
                    // SAFETY: forwarded from the caller.
                    unsafe { $name::audit(at.add(<$laid>::LAYOUT.offsets[$index]), a) }
                        .map_err(|fault| fault.within(Step::Field(stringify!($index))))?;
                )*
                Ok(())
            }
            super::changed!(
                |this, f| { $(f.field(stringify!($index), &raw mut (*this).$index);)* },
                |f| Some(($(f.sample::<$name>()?,)*))
            );
            fn order(this: &Self, key: &mut OrderKey<'_>) {
                $(Dumpable::order(&this.$index, key);)*
            }
        }
    };
}

tuple!(1 Layout1 Layout1<A>, (A,): A 0);
tuple!(2 Layout2 Layout2<A, B>, (A, B,): A 0, B 1);
tuple!(3 Layout3 Layout3<A, B, C>, (A, B, C,): A 0, B 1, C 2);
tuple!(4 Layout4 Layout4<A, B, C, D>, (A, B, C, D,): A 0, B 1, C 2, D 3);
tuple!(5 Layout5 Layout5<A, B, C, D, E>, (A, B, C, D, E,): A 0, B 1, C 2, D 3, E 4);
tuple!(6 Layout6 Layout6<A, B, C, D, E, F>, (A, B, C, D, E, F,): A 0, B 1, C 2, D 3, E 4, F 5);
tuple!(7 Layout7 Layout7<A, B, C, D, E, F, G>, (A, B, C, D, E, F, G,): A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple!(8 Layout8 Layout8<A, B, C, D, E, F, G, H>, (A, B, C, D, E, F, G, H,): A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
