//! The heap: where objects are made and how a value is seen as the object it points to.
//!
//! Making an object never collects: a collection happens only in [`Heap::collect`], which is unsafe because the
//! caller vouches that every value it will still use is reached from the roots. So code that only reads and makes
//! objects needs no care at all; the machine collects at its safe points (see [`crate::machine`]).

use crate::adopted::Adopted;
use crate::bignum::{self, BigInt};
use crate::chars;
use crate::hash_table::Map;
use crate::living::Living;
use crate::object::{
    Bignum, Cons, Float, HashTable, Headed, Header, Kind, Lambda, Macro, Record, Slots, Str, Subr, Test,
    Vector, Weakness,
};
use crate::object::{ByteCode, CharTable, SubCharTable};
use crate::rt::Symbol;
use crate::subrs::SubrDesc;
use crate::value::{TAG_CONS, Value};
use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::cell::Cell;
use std::ptr;

/// Bytes of a cons block, and its alignment: the block of a cons is found by masking its address.
pub(crate) const BLOCK: usize = 64 << 10;
const CELLS: usize = BLOCK / size_of::<Cons>() - MARK_WORDS * 8 / size_of::<Cons>();
const MARK_WORDS: usize = BLOCK / size_of::<Cons>() / 64;

/// A run of conses with their marks in front, one bit for each 16 bytes of the block.
#[repr(C, align(65536))]
pub(crate) struct Block {
    pub(crate) marks: [Cell<u64>; MARK_WORDS],
    pub(crate) cells: [Cons; CELLS],
}

const _: () = assert!(size_of::<Block>() == BLOCK);

/// All objects, and how they are made and seen.
pub struct Heap {
    pub(crate) adopted: Option<Adopted>,
    pub(crate) blocks: Vec<*mut Block>,
    /// Free cells, chained through their cdr words.
    pub(crate) free: *mut Cons,
    /// Cells of the last block not yet used: the next one and how many.
    bump: *mut Cons,
    bump_left: usize,
    /// The sweep list of all objects with headers.
    pub(crate) all: *mut Header,
    /// Bytes made since the last collection.
    pub(crate) fresh: usize,
    /// Bytes that survived the last collection.
    pub(crate) live: usize,
    /// Objects of the image, all of which stay.
    pub(crate) in_image: usize,
    /// Objects with headers and conses, living or not yet swept.
    pub(crate) objects: usize,
    /// Collections so far.
    pub(crate) collections: u64,
    /// Objects that the last collection looked into.
    pub(crate) traced: usize,
}

impl Default for Heap {
    fn default() -> Heap {
        Heap::new()
    }
}

impl Heap {
    /// A heap without objects.
    pub fn new() -> Heap {
        Heap {
            adopted: None,
            blocks: Vec::new(),
            free: ptr::null_mut(),
            bump: ptr::null_mut(),
            bump_left: 0,
            all: ptr::null_mut(),
            fresh: 0,
            live: 0,
            in_image: 0,
            objects: 0,
            collections: 0,
            traced: 0,
        }
    }

    /// How many objects there are, those that the next collection will free among them.
    pub fn objects(&self) -> usize {
        self.objects
    }

    /// Bytes made since the last collection, and bytes that survived it.
    pub fn bytes(&self) -> (usize, usize) {
        (self.fresh, self.live)
    }

    /// How many objects the last collection looked into: all it reached but floats, each once.
    pub fn traced(&self) -> usize {
        self.traced
    }

    /// Collections so far.
    pub fn collections(&self) -> u64 {
        self.collections
    }

    /// Makes a pair.
    pub fn cons(&mut self, car: Value, cdr: Value) -> Value {
        let cell = if !self.free.is_null() {
            let cell = self.free;
            // SAFETY: a cell in the free chain lies in a block of this heap and holds two words.
            let next = unsafe { &*cell }.cdr.get().bits();
            self.free = ptr::with_exposed_provenance_mut(next);
            cell
        } else {
            if self.bump_left == 0 {
                self.add_block();
            }
            let cell = self.bump;
            self.bump = cell.wrapping_add(1);
            self.bump_left -= 1;
            cell
        };
        self.fresh += size_of::<Cons>();
        self.objects += 1;
        // SAFETY: the cell lies in a block of this heap and nothing refers to it.
        unsafe { cell.write(Cons { car: Cell::new(car), cdr: Cell::new(cdr) }) };
        Value::from_bits(cell.expose_provenance() | TAG_CONS)
    }

    #[cold]
    fn add_block(&mut self) {
        let layout = Layout::new::<Block>();
        // SAFETY: the layout is not empty.
        let block = unsafe { alloc_zeroed(layout) }.cast::<Block>();
        if block.is_null() {
            handle_alloc_error(layout);
        }
        self.blocks.push(block);
        // SAFETY: `block` was just allocated with the layout of a `Block`.
        self.bump = unsafe { &raw mut (*block).cells }.cast();
        self.bump_left = CELLS;
    }

    /// Cells of the last block that were never used: they hold zeros and must not be chained twice.
    pub(crate) fn unused(&mut self) -> usize {
        self.bump_left
    }

    /// The block of a cons of this heap.
    pub(crate) fn block_of(&self, address: usize) -> &Block {
        // SAFETY: only conses in blocks of this heap are asked for, and a block lives as long as the heap has it.
        unsafe { &*ptr::with_exposed_provenance::<Block>(address & !(BLOCK - 1)) }
    }

    /// Puts a new object in the sweep list and gives the word that points to it.
    pub(crate) fn adopt<T: Headed>(&mut self, object: T, payload: usize) -> Value {
        let object = Box::into_raw(Box::new(object));
        // SAFETY: the object was just made, by a box, which `free_object` makes of it again.
        unsafe { self.take_in(object, size_of::<T>() + payload) }
    }

    /// Takes a new object of so many bytes into the sweep list.
    ///
    /// # Safety
    ///
    /// Nobody else has the object, and `free_object` gives its memory back as it was made.
    pub(crate) unsafe fn take_in<T: Headed>(&mut self, object: *mut T, size: usize) -> Value {
        let header = object.cast::<Header>();
        // SAFETY: a `Headed` object starts with its header.
        unsafe { &*header }.next.set(self.all);
        self.all = header;
        self.fresh += size;
        self.objects += 1;
        Value::from_bits(object.expose_provenance() | T::TAG)
    }

    /// Makes a list of the values, ending in `tail`.
    pub fn list_with_tail(&mut self, values: &[Value], tail: Value) -> Value {
        values.iter().rev().fold(tail, |rest, &v| self.cons(v, rest))
    }

    /// Makes a list of the values.
    pub fn list(&mut self, values: &[Value]) -> Value {
        self.list_with_tail(values, Value::NIL)
    }

    /// Makes a float.
    pub fn float(&mut self, value: f64) -> Value {
        self.adopt(Float { header: Header::new(Kind::Float), value }, 0)
    }

    /// Makes an integer: a fixnum when it fits, else a bignum.
    pub fn integer(&mut self, n: i64) -> Value {
        Value::fixnum(n).unwrap_or_else(|| self.bignum(&BigInt::from(n)))
    }

    /// Makes an integer of any size.
    pub fn bignum(&mut self, n: &BigInt) -> Value {
        if let Some(fixnum) = i64::try_from(n).ok().and_then(Value::fixnum) {
            return fixnum;
        }
        let (negative, limbs) = bignum::to_limbs(n);
        let payload = limbs.len() * 8;
        let object =
            Bignum { header: Header::new(Kind::Bignum), negative: negative.into(), limbs: limbs.into() };
        self.adopt(object, payload)
    }

    /// Makes a string of internally encoded text.
    pub fn string(&mut self, bytes: impl Into<Vec<u8>>) -> Value {
        let bytes = bytes.into();
        let chars = chars::count(&bytes);
        self.string_parts(bytes, chars, true)
    }

    /// Makes a string of bytes, each a character.
    pub fn unibyte(&mut self, bytes: impl Into<Vec<u8>>) -> Value {
        let bytes = bytes.into();
        let chars = bytes.len();
        self.string_parts(bytes, chars, false)
    }

    /// Makes a string of its bytes, its length in characters and what the bytes are. ASCII text is never multibyte,
    /// so that equal text has one form.
    pub(crate) fn string_parts(&mut self, bytes: Vec<u8>, chars: usize, multibyte: bool) -> Value {
        let multibyte = multibyte && !bytes.is_ascii();
        let payload = bytes.len();
        let object = Str {
            header: Header::new(Kind::Str),
            chars: chars as u64,
            multibyte: multibyte.into(),
            props: Cell::new(Value::NIL),
            bytes: bytes.into(),
        };
        self.adopt(object, payload)
    }

    /// Makes an object that is a run of values.
    pub fn slots<T: Slots>(&mut self, slots: Vec<Value>) -> Value {
        let payload = slots.len() * size_of::<Value>();
        self.adopt(T::with_slots(slots), payload)
    }

    /// Makes a vector.
    pub fn vector(&mut self, slots: Vec<Value>) -> Value {
        self.slots::<Vector>(slots)
    }

    /// Makes an empty hash table.
    pub fn hash_table(&mut self, test: Test, weak: Weakness) -> Value {
        let header = Header::new(Kind::HashTable);
        self.adopt(HashTable { header, weak, map: Map::new(test) }, 0)
    }

    /// Makes a function of the machine.
    pub fn subr(&mut self, name: Symbol, desc: &'static SubrDesc) -> Value {
        self.adopt(Subr { header: Header::new(Kind::Subr), name, desc }, 0)
    }

    /// The pair, if it is one.
    #[inline]
    pub fn as_cons(&self, v: Value) -> Option<&Cons> {
        Living::of(self).as_cons(v)
    }

    /// The header, if the value is an object that has one.
    #[inline]
    pub fn header(&self, v: Value) -> Option<&Header> {
        Living::of(self).header(v)
    }

    /// The kind in the header, if the value is an object that has one.
    pub fn kind(&self, v: Value) -> Option<Kind> {
        Living::of(self).kind(v)
    }

    /// The object, if it is of this type.
    #[inline]
    pub fn get<T: Headed>(&self, v: Value) -> Option<&T> {
        Living::of(self).get(v)
    }

    /// The object, to write, if it is of this type.
    pub fn get_mut<T: Headed>(&mut self, v: Value) -> Option<&mut T> {
        if v.tag() != T::TAG || Some(self.header(v)?.kind as u8) != T::KIND {
            return None;
        }
        // SAFETY: tag and kind are those of `T`; every reference to an object borrows the heap, here exclusively.
        Some(unsafe { &mut *ptr::with_exposed_provenance_mut::<T>(v.address()) })
    }

    /// The values of an object that is a run of values.
    pub fn as_slots(&self, v: Value) -> Option<&[Value]> {
        Living::of(self).as_slots(v)
    }

    /// The values of an object that is a run of values, to write.
    pub fn as_slots_mut(&mut self, v: Value) -> Option<&mut [Value]> {
        Some(match self.kind(v)? {
            Kind::Vector => self.get_mut::<Vector>(v)?.slots_mut(),
            Kind::Record => self.get_mut::<Record>(v)?.slots_mut(),
            Kind::Lambda => self.get_mut::<Lambda>(v)?.slots_mut(),
            Kind::Macro => self.get_mut::<Macro>(v)?.slots_mut(),
            Kind::ByteCode => self.get_mut::<ByteCode>(v)?.slots_mut(),
            Kind::CharTable => self.get_mut::<CharTable>(v)?.slots_mut(),
            Kind::SubCharTable => self.get_mut::<SubCharTable>(v)?.slots_mut(),
            _ => return None,
        })
    }

    /// The first half of a pair, nil of anything else.
    pub fn car(&self, v: Value) -> Value {
        self.as_cons(v).map_or(Value::NIL, |c| c.car.get())
    }

    /// The second half of a pair, nil of anything else.
    pub fn cdr(&self, v: Value) -> Value {
        self.as_cons(v).map_or(Value::NIL, |c| c.cdr.get())
    }

    /// The number in a float.
    pub fn as_float(&self, v: Value) -> Option<f64> {
        Living::of(self).as_float(v)
    }

    /// The bytes of a string.
    pub fn as_bytes(&self, v: Value) -> Option<&[u8]> {
        self.get::<Str>(v).map(|s| &*s.bytes)
    }

    /// The elements of a list up to its end or first non-list tail, at most `limit` of them. Of a list that leads back into
    /// itself, no more than there are objects.
    pub fn list_elements(&self, mut v: Value, limit: usize) -> Vec<Value> {
        let mut out = Vec::new();
        let limit = limit.min(self.objects());
        while let Some(c) = self.as_cons(v) {
            if out.len() >= limit {
                break;
            }
            out.push(c.car.get());
            v = c.cdr.get();
        }
        out
    }

    /// How many conses a list has, each counted once.
    pub fn list_length(&self, list: Value) -> usize {
        // Brent: the hare stops at the end, or where the tortoise waits.
        let (mut tortoise, mut hare, mut steps, mut power, mut cycle) = (list, list, 0, 1, 0);
        while let Some(cons) = self.as_cons(hare) {
            if cycle == power {
                (tortoise, power, cycle) = (hare, power * 2, 0);
            }
            (hare, steps, cycle) = (cons.cdr.get(), steps + 1, cycle + 1);
            if hare == tortoise {
                // The cycle's length is known; what leads to it ends where two walks that far apart meet.
                let (mut first, mut second, mut lead) = (list, list, 0);
                (0..cycle).for_each(|_| second = self.cdr(second));
                while first != second {
                    (first, second, lead) = (self.cdr(first), self.cdr(second), lead + 1);
                }
                return lead + cycle;
            }
        }
        steps
    }

    /// Whether the collector reached the object, or there is nothing to reach: the one question for all objects. The
    /// answer is a mark bit beside the image, beside the cons, or in the header of an object of this process.
    pub fn is_marked(&self, v: Value) -> bool {
        let address = v.address();
        if !v.is_object() {
            return true;
        }
        let object = ptr::without_provenance(address);
        if let Some(adopted) = self.adopted.as_ref().filter(|adopted| adopted.image.contains(object)) {
            return adopted.marks.is_marked(object);
        }
        if v.is_cons() {
            let bit = (address & (BLOCK - 1)) / size_of::<Cons>();
            return self.block_of(address).marks[bit / 64].get() & (1 << (bit % 64)) != 0;
        }
        self.header(v).is_none_or(|h| h.marked.get() != 0)
    }

    /// Marks the object; whether it was not marked before.
    #[inline]
    pub(crate) fn set_mark(&mut self, v: Value) -> bool {
        let address = v.address();
        if !v.is_object() {
            return false;
        }
        let object = ptr::without_provenance(address);
        if let Some(adopted) = self.adopted.as_mut().filter(|adopted| adopted.image.contains(object)) {
            return adopted.marks.mark(object);
        }
        if v.is_cons() {
            let bit = (address & (BLOCK - 1)) / size_of::<Cons>();
            let (word, bit) = (&self.block_of(address).marks[bit / 64], 1 << (bit % 64));
            let old = word.replace(word.get() | bit);
            return old & bit == 0;
        }
        self.header(v).is_some_and(|h| h.marked.replace(1) == 0)
    }

    /// Gives a block back to the system.
    pub(crate) fn free_block(block: *mut Block) {
        // SAFETY: blocks are made by `add_block` with this layout, and the caller gives this one up.
        unsafe { dealloc(block.cast(), Layout::new::<Block>()) };
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        while !self.all.is_null() {
            let header = self.all;
            // SAFETY: the sweep list holds living objects.
            self.all = unsafe { &*header }.next.get();
            Heap::free_object(header);
        }
        for &block in &self.blocks {
            Heap::free_block(block);
        }
    }
}
