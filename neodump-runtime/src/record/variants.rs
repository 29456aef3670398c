//! Stored forms of the enums of the standard library: `Result` and `Bound`, as the derive stores an
//! enum without a `repr`.

use std::ops::Bound;

use super::{At, Dumpable, Fault, Layout, OrderKey, Place, Record, Refusal, Step, Stop, Visitor};
use crate::dump::Writer;
use crate::load::{Auditor, Reader};
use crate::schema::{FieldShape, Repr, Shape, ShapeKind, TypeRef, VariantShape};

/// Where the field of a variant is: behind the variant's number.
const fn payload_of(field: Record) -> usize {
    Layout::of_variant(Record::hydrated(0, 1), [field], [0]).offsets[0]
}

/// Implements [`Dumpable`] for a foreign enum whose variants have one field at most.
///
/// `$index` is the number of the variant, as in the derive: its place in the declaration.
macro_rules! variants {
    ($ty:ident <$($param:ident),+>: $($index:literal $variant:ident $(($value:ident: $field:ident))?),+) => {
        // SAFETY: the stored form is the variant's number and the record of its field. The audit accepts
        // the numbers of variants only.
        unsafe impl<$($param: Dumpable),+> Dumpable for $ty<$($param),+> {
            type Id = $ty<$($param::Id),+>;
            const RECORD: Record = Record::of_enum(0, 1, false, &[$(&[$($field::RECORD)?]),+]);
            fn shape() -> &'static Shape {
                const {
                    &Shape {
                        kind: ShapeKind::Enum {
                            repr: Repr::Rust,
                            variants: const { &[
                                $(VariantShape {
                                    name: stringify!($variant),
                                    discriminant: $index,
                                    fields: const { &[
                                        $(FieldShape {
                                            name: "0",
                                            offset: payload_of($field::RECORD),
                                            side: false,
                                            ty: Some(TypeRef::of::<$field>()),
                                            policy: "",
                                        })?
                                    ] },
                                }),+
                            ] },
                        },
                        ..Shape::leaf(stringify!($ty), Self::RECORD, const { &[$(TypeRef::of::<$param>()),+] })
                    }
                }
            }
            fn walk<Vis: Visitor>(this: &Self, v: &mut Vis) -> Result<(), Vis::Stop> {
                match this {
                    $(Self::$variant $(($value))? => {
                        $(Dumpable::walk($value, v).map_err(|stop| {
                            stop.within(Step::Field("0")).within(Step::Variant(stringify!($variant)))
                        })?;)?
                    })+
                }
                Ok(())
            }
            fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
                match this {
                    $(Self::$variant $(($value))? => {
                        w.put(at, &u32::to_le_bytes($index));
                        $(Dumpable::write($value, at.add(payload_of($field::RECORD)), w).map_err(|refusal| {
                            refusal.within(Step::Field("0")).within(Step::Variant(stringify!($variant)))
                        })?;)?
                    })+
                }
                Ok(())
            }
            unsafe fn read(at: At, r: &mut Reader<'_>) -> Self {
                // SAFETY: the caller promises an audited record, which starts with the number.
                match unsafe { at.get::<u32>() } {
                    $(
                        $index => Self::$variant $((
                            // SAFETY: forwarded from the caller.
                            unsafe { $field::read(at.add(payload_of($field::RECORD)), r) }
                        ))?,
                    )+
                    _ => r.broken(stringify!($ty)),
                }
            }
            unsafe fn settle(this: *mut Self, at: At, r: &mut Reader<'_>) {
                // SAFETY: `this` is a live value that nothing else looks at yet.
                match unsafe { &mut *this } {
                    $(Self::$variant $(($value))? => {
                        $(
                            // SAFETY: forwarded from the caller.
                            unsafe { $field::settle($value, at.add(payload_of($field::RECORD)), r) };
                        )?
                    })+
                }
            }
            unsafe fn audit(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
                // SAFETY: the caller promises readable bytes.
                match unsafe { at.get::<u32>() } {
                    $($index => {
                        $(
                            // SAFETY: forwarded from the caller.
                            unsafe { $field::audit(at.add(payload_of($field::RECORD)), a) }.map_err(|fault| {
                                fault.within(Step::Field("0")).within(Step::Variant(stringify!($variant)))
                            })?;
                        )?
                        Ok(())
                    })+
                    found => {
                        let ShapeKind::Enum { variants, .. } = Self::shape().kind else { return Ok(()) };
                        Err(Fault::no_variant(stringify!($ty), found.into(), variants, false))
                    }
                }
            }
            super::changed!(
                |this, f| {
                    match &mut *this {
                        $(Self::$variant $(($value))? => { $(f.variant_field(stringify!($variant), "0", $value);)? })+
                    }
                    f.variants(
                        this,
                        &[$(stringify!($variant)),+],
                        |value| match value { $(Self::$variant { .. } => $index),+ },
                        variants!(make Self: $($index $variant $($field)?),+),
                    );
                },
                |f| f.sample_variant(
                    [$(stringify!($variant)),+].len(),
                    variants!(make Self: $($index $variant $($field)?),+),
                )
            );
            fn order(this: &Self, key: &mut OrderKey<'_>) {
                match this {
                    $(Self::$variant $(($value))? => {
                        key.unsigned(&u32::to_le_bytes($index));
                        $(<$field as Dumpable>::order($value, key);)?
                    })+
                }
            }
        }
    };
    (make $this:ident: $($index:literal $variant:ident $($field:ident)?),+) => {
        |index, f| match index {
            $($index => {
                let _ = &f;
                Some($this::$variant $((f.sample::<$field>()?))?)
            })+
            _ => None,
        }
    };
}

variants!(Result<T, E>: 0 Ok(value: T), 1 Err(error: E));
variants!(Bound<T>: 0 Included(value: T), 1 Excluded(value: T), 2 Unbounded);
