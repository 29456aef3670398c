//! Vectors of booleans, whose bits lie behind the object.

use crate::heap::Heap;
use crate::object::{Header, Kind, rule};
use crate::rt::Dumpable;
use crate::value::Value;
use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::mem::offset_of;
use std::ptr;

/// A vector of booleans, eight a byte, the first in the lowest bit. Its length is for ever, so its bits are part of it:
/// an image finds such objects by their starts.
#[derive(Dumpable)]
#[dump(object, kind = Kind::BoolVector as u8, validate = BoolVector::check)]
#[repr(C)]
pub struct BoolVector {
    /// The header.
    pub header: Header,
    /// How many booleans.
    pub len: u64,
    /// How many bytes they take.
    bytes: u64,
    /// The booleans. Bits past the last are zero.
    #[dump(unsafe(tail = bytes))]
    bits: [u8; 0],
}

impl BoolVector {
    /// The booleans, eight a byte.
    pub fn bits(&self) -> &[u8] {
        let first = ptr::from_ref(self).addr() + offset_of!(BoolVector, bits);
        // SAFETY: `Heap::bool_vector`, and the audit of an image, put so many bytes there; the address of the object is
        // exposed, and who writes to them borrows the object.
        unsafe { std::slice::from_raw_parts(ptr::with_exposed_provenance(first), self.bytes as usize) }
    }

    /// The booleans, to write; bits past the last stay zero.
    pub fn bits_mut(&mut self) -> &mut [u8] {
        let first = ptr::from_mut(self).addr() + offset_of!(BoolVector, bits);
        // SAFETY: as in `bits`, and `self` is borrowed mutably.
        unsafe {
            std::slice::from_raw_parts_mut(ptr::with_exposed_provenance_mut(first), self.bytes as usize)
        }
    }

    fn check(&self) -> Result<(), String> {
        let bits = self.bits();
        let past = bits.last().map_or(0, |last| u32::from(*last) >> (self.len.wrapping_sub(1) % 8 + 1));
        let full = self.len.div_ceil(8) == bits.len() as u64;
        rule(full && past == 0, "a vector of booleans has a bit for each and none past the last")
    }

    /// The memory of a vector with so many bytes of bits.
    fn layout(bytes: usize) -> Layout {
        let bits = Layout::array::<u8>(bytes).and_then(|bits| Layout::new::<BoolVector>().extend(bits));
        // A `Vec` of these bytes was there, and no `Vec` is as large as to leave no room for a header.
        bits.map_or(Layout::new::<BoolVector>(), |(layout, _)| layout.pad_to_align())
    }

    /// Gives the memory of a vector back.
    ///
    /// # Safety
    ///
    /// `Heap::bool_vector` made it, and nobody uses it again.
    pub(crate) unsafe fn free(object: *mut BoolVector) {
        // SAFETY: the caller has a living object.
        let bytes = unsafe { &*object }.bytes as usize;
        // SAFETY: it was made with this layout, and the caller gives it up. It owns nothing else.
        unsafe { dealloc(object.cast(), BoolVector::layout(bytes)) };
    }
}

impl Heap {
    /// Makes a vector of booleans from its bytes, eight booleans each.
    pub fn bool_vector(&mut self, len: usize, mut bits: Vec<u8>) -> Value {
        bits.resize(len.div_ceil(8), 0);
        if let (Some(last), 1..) = (bits.last_mut(), len % 8) {
            *last &= (1 << (len % 8)) - 1;
        }
        let layout = BoolVector::layout(bits.len());
        let header = Header::new(Kind::BoolVector);
        let head = BoolVector { header, len: len as u64, bytes: bits.len() as u64, bits: [] };
        // SAFETY: the layout has room for the head, so it is not empty.
        let object = unsafe { alloc_zeroed(layout) }.cast::<BoolVector>();
        if object.is_null() {
            handle_alloc_error(layout);
        }
        // SAFETY: the memory is new, large enough and aligned.
        unsafe { object.write(head) };
        // SAFETY: the bits lie inside of the memory.
        let first = unsafe { object.byte_add(offset_of!(BoolVector, bits)) }.cast::<u8>();
        // SAFETY: the layout has room for so many bytes there.
        unsafe { first.copy_from_nonoverlapping(bits.as_ptr(), bits.len()) };
        // SAFETY: the object is complete, new, and freed by `BoolVector::free`.
        unsafe { self.take_in(object, layout.size()) }
    }
}
