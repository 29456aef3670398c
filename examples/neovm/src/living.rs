//! The objects that words point to, for code that has no heap at hand: keys of tables are compared by what is in them.

use crate::heap::Heap;
use crate::object::{
    ByteCode, CharTable, Cons, Float, Headed, Header, Kind, Lambda, Macro, Record, Slots, SubCharTable,
    Vector,
};
use crate::value::{TAG_FLOAT, TAG_STR, TAG_VECLIKE, Value};
use std::marker::PhantomData;
use std::ptr;

/// Stands for a heap that nobody changes for as long as `'h`.
#[derive(Clone, Copy)]
pub struct Living<'h>(PhantomData<&'h Heap>);

impl<'h> Living<'h> {
    /// The objects of a heap.
    #[inline]
    pub fn of(_: &'h Heap) -> Living<'h> {
        Living(PhantomData)
    }

    /// The objects of a heap that is elsewhere.
    ///
    /// # Safety
    ///
    /// For as long as `'h`, every word that is asked for is one of a heap that is borrowed, or of an image that is
    /// being loaded and whose objects are complete; and nobody has a `&mut` to one of its objects.
    #[inline]
    pub(crate) unsafe fn assumed() -> Living<'h> {
        Living(PhantomData)
    }

    /// The pair, if it is one.
    #[inline]
    pub fn as_cons(self, v: Value) -> Option<&'h Cons> {
        if !v.is_cons() {
            return None;
        }
        // SAFETY: a word with this tag points to a living `Cons`; its halves are cells, so sharing is fine.
        Some(unsafe { &*ptr::with_exposed_provenance::<Cons>(v.address()) })
    }

    /// The header, if the value is an object that has one.
    #[inline]
    pub fn header(self, v: Value) -> Option<&'h Header> {
        if !matches!(v.tag(), TAG_STR | TAG_VECLIKE | TAG_FLOAT) {
            return None;
        }
        // SAFETY: a word with one of these tags points to a living object that starts with a header.
        Some(unsafe { &*ptr::with_exposed_provenance::<Header>(v.address()) })
    }

    /// The kind in the header, if the value is an object that has one.
    pub fn kind(self, v: Value) -> Option<Kind> {
        self.header(v).map(|h| h.kind)
    }

    /// The object, if it is of this type.
    #[inline]
    pub fn get<T: Headed>(self, v: Value) -> Option<&'h T> {
        if v.tag() != T::TAG || Some(self.header(v)?.kind as u8) != T::KIND {
            return None;
        }
        // SAFETY: tag and kind are those of `T` (see `Headed`), and no `&mut` to it exists: `Heap::get_mut` borrows
        // the heap.
        Some(unsafe { &*ptr::with_exposed_provenance::<T>(v.address()) })
    }

    /// The number, if it is a float.
    pub fn as_float(self, v: Value) -> Option<f64> {
        self.get::<Float>(v).map(|f| f.value)
    }

    /// The values of an object that is a run of values.
    pub fn as_slots(self, v: Value) -> Option<&'h [Value]> {
        Some(match self.kind(v)? {
            Kind::Vector => self.get::<Vector>(v)?.slots(),
            Kind::Record => self.get::<Record>(v)?.slots(),
            Kind::Lambda => self.get::<Lambda>(v)?.slots(),
            Kind::Macro => self.get::<Macro>(v)?.slots(),
            Kind::ByteCode => self.get::<ByteCode>(v)?.slots(),
            Kind::CharTable => self.get::<CharTable>(v)?.slots(),
            Kind::SubCharTable => self.get::<SubCharTable>(v)?.slots(),
            _ => return None,
        })
    }
}
