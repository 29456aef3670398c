//! Stored form of `Duration`: seconds and nanoseconds, hydrated, as its memory form is its own.

use std::time::Duration;

use super::{At, Dumpable, Fault, OrderKey, Place, Record, Refusal, Visitor};
use crate::dump::Writer;
use crate::load::{Auditor, Reader};
use crate::schema::Shape;

/// Nanoseconds of a second; a duration has fewer beside its seconds.
const SECOND: u64 = 1_000_000_000;

/// Where the nanoseconds are. They take eight bytes, so that no byte of the record has no meaning.
const NANOSECONDS: usize = 8;

// SAFETY: the audit accepts fewer nanoseconds than a second has only; a duration is made of both numbers.
unsafe impl Dumpable for Duration {
    type Id = Self;
    const RECORD: Record = Record::hydrated(16, 8).with_leaf();
    fn shape() -> &'static Shape {
        const { &Shape::leaf("Duration", Self::RECORD, &[]) }
    }
    fn walk<V: Visitor>(_: &Self, _: &mut V) -> Result<(), V::Stop> {
        Ok(())
    }
    fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
        Dumpable::write(&this.as_secs(), at, w)?;
        Dumpable::write(&u64::from(this.subsec_nanos()), at.add(NANOSECONDS), w)
    }
    unsafe fn read(at: At, r: &mut Reader<'_>) -> Self {
        // SAFETY: the caller promises a readable record.
        let seconds = unsafe { at.get::<u64>() };
        // SAFETY: as above.
        let nanoseconds = unsafe { at.add(NANOSECONDS).get::<u64>() };
        // More of them would be carried into the seconds, and a trusted image may say anything.
        match u32::try_from(nanoseconds) {
            Ok(nanoseconds) if u64::from(nanoseconds) < SECOND => Self::new(seconds, nanoseconds),
            _ => r.broken("a duration"),
        }
    }
    unsafe fn settle(_: *mut Self, _: At, _: &mut Reader<'_>) {}
    unsafe fn audit(at: At, _: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
        // SAFETY: the caller promises a readable record.
        match unsafe { at.add(NANOSECONDS).get::<u64>() } {
            0..SECOND => Ok(()),
            found => {
                Err(Fault::new(format!("duration has {found} nanoseconds, expected fewer than {SECOND}")))
            }
        }
    }
    fn order(this: &Self, key: &mut OrderKey<'_>) {
        Dumpable::order(&this.as_secs(), key);
        Dumpable::order(&u64::from(this.subsec_nanos()), key);
    }
    super::changed!(
        |this, f| super::fields::plain(this, f, |time| {
            time.checked_add(Self::from_nanos(1)).unwrap_or(Self::ZERO)
        }),
        |_| Some(Self::from_nanos(1))
    );
    fn label(this: &Self) -> Option<String> {
        Some(format!("{this:?}"))
    }
}
