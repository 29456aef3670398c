//! Writing: stored records into pools, one pool a section.

use std::any::TypeId;
use std::collections::{HashMap, VecDeque};

use super::plan::Plan;
use super::trace::order_of;
use crate::heap::{Image, Kept};
use crate::native::{ImportTable, Natives};
use crate::record::{Dumpable, Place, Record, Refusal, write_elements, write_job};
use crate::reloc::{Bitmap, Class, RelocationsBuilder};
use crate::schema::SectionDecl;
use crate::symbols::Interner;

/// The pools of the framework's own sections in `rw`; those of the managers follow.
pub(crate) const HEAP: u32 = 0;
pub(crate) const WORDS: u32 = 1;
pub(crate) const HYDRATION: u32 = 2;
pub(crate) const ROOT: u32 = 3;
pub(crate) const FIRST_MANAGER: u32 = 4;
/// Stands for the Imports section, which has no pool: its slots are filled at load.
pub(crate) const IMPORTS: u32 = u32::MAX;

/// How many bits of a reference hold the offset; the section is above them.
pub(crate) const REFERENCE_BITS: u32 = 48;

/// Writes `count` values to a payload.
type Write = unsafe fn(*const u8, usize, Place, &mut Writer<'_>) -> Result<(), Box<Refusal>>;

/// Work that was put off: values that go to `payload`.
struct Later {
    values: *const u8,
    count: usize,
    payload: Place,
    write: Write,
}

/// The bytes of one section.
#[derive(Default)]
pub(crate) struct Pool {
    pub(crate) bytes: Vec<u8>,
    relocations: Vec<(Class, Bitmap)>,
}

impl Pool {
    #[inline]
    fn relocate(&mut self, offset: u64, shift: u32) {
        let word = (offset / 8) as usize;
        match self.relocations.iter_mut().find(|(class, _)| u32::from(class.shift) == shift) {
            Some((_, bitmap)) => bitmap.set(word),
            None => {
                let mut bitmap = Bitmap::new();
                bitmap.set(word);
                self.relocations.push((Class { shift: shift as u8 }, bitmap));
            }
        }
    }
}

/// Writes the stored records of a dump.
pub struct Writer<'a> {
    plan: &'a Plan,
    natives: &'a Natives,
    images: &'a [&'a Image],
    pub(crate) imports: ImportTable,
    pub(crate) pools: Vec<Pool>,
    managers: Vec<&'static str>,
    current: u32,
    queue: VecDeque<Later>,
    /// Pointers to payloads and slots, whose addresses are known when every pool is full.
    pub(crate) pointers: Vec<(Place, Place)>,
    shared: HashMap<(usize, TypeId), Place>,
    /// Until the end of the dump: shared values are known by their addresses, which must not be used again.
    kept: Vec<Kept>,
    /// Locks of what is written, until all that was put off behind them is written too.
    held: Vec<Kept>,
    pub(crate) symbols: Option<Vec<u8>>,
    pub(crate) symbol_count: u32,
    /// The address that the first byte of the HeapImage section has in the image.
    heap_address: u64,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(
        plan: &'a Plan,
        natives: &'a Natives,
        images: &'a [&'a Image],
        imports: ImportTable,
        managers: Vec<&'static str>,
        heap_address: u64,
    ) -> Self {
        // One pool a manager, and the last for HeapBytes.
        let mut pools: Vec<Pool> =
            (0..=FIRST_MANAGER as usize + managers.len()).map(|_| Pool::default()).collect();
        pools[HEAP as usize].bytes = super::buffer::zeroed(plan.heap_bytes as usize);
        pools[HYDRATION as usize].bytes = super::buffer::zeroed(plan.side_bytes as usize);
        Self {
            plan,
            natives,
            images,
            imports,
            pools,
            managers,
            current: HYDRATION,
            queue: VecDeque::new(),
            pointers: Vec::new(),
            shared: HashMap::new(),
            kept: Vec::new(),
            held: Vec::new(),
            symbols: None,
            symbol_count: 0,
            heap_address,
        }
    }

    /// The pool of the HeapBytes section.
    pub(crate) fn bytes_pool(&self) -> u32 {
        self.pools.len() as u32 - 1
    }

    /// Opens the section that owned payloads go to.
    pub(crate) fn enter(&mut self, pool: u32) {
        self.current = pool;
    }

    /// Writes bytes.
    ///
    /// # Panics
    ///
    /// If `at` is not the place of a record that holds them: a bug of whoever implemented
    /// [`Dumpable`] by hand.
    #[inline]
    pub fn put(&mut self, at: Place, bytes: &[u8]) {
        let start = at.offset as usize;
        self.pools[at.pool as usize].bytes[start..start + bytes.len()].copy_from_slice(bytes);
    }

    /// Writes a word that is no pointer.
    #[inline]
    pub fn put_u64(&mut self, at: Place, bits: u64) {
        self.put(at, &bits.to_le_bytes());
    }

    /// Writes the low `size` bytes of a number: the tag of an enum.
    pub fn put_int(&mut self, at: Place, value: u64, size: usize) {
        self.put(at, &value.to_le_bytes()[..size]);
    }

    /// Writes a word that holds `address << shift`, so that it holds the object's address in the
    /// image.
    ///
    /// # Errors
    ///
    /// If no trace met the object.
    #[inline]
    pub fn object_word(
        &mut self,
        at: Place,
        bits: u64,
        address: usize,
        shift: u32,
    ) -> Result<(), Box<Refusal>> {
        let Some(offset) = self.plan.offset_of(address) else { return Err(untraced(address)) };
        let delta = (self.heap_address + offset).wrapping_sub(address as u64);
        let pool = &mut self.pools[at.pool as usize];
        let start = at.offset as usize;
        pool.bytes[start..start + 8].copy_from_slice(&bits.wrapping_add(delta << shift).to_le_bytes());
        pool.relocate(at.offset, shift);
        Ok(())
    }

    fn allocate(
        &mut self,
        pool: u32,
        count: usize,
        size: usize,
        align: usize,
    ) -> Result<Place, Box<Refusal>> {
        let bytes = &mut self.pools[pool as usize].bytes;
        let start = bytes.len().next_multiple_of(align.max(1));
        let end = count
            .checked_mul(size)
            .and_then(|len| len.checked_add(start))
            .filter(|end| (*end as u64) < 1 << REFERENCE_BITS)
            .ok_or_else(|| Refusal::new("a section of the image is larger than 2^48 bytes"))?;
        if end > bytes.capacity() {
            super::buffer::grow(bytes, end - bytes.len());
        }
        bytes.resize(end, 0);
        Ok(Place { pool, offset: start as u64 })
    }

    /// Allocates `count` records in the current section and writes the reference to them.
    ///
    /// # Errors
    ///
    /// If the section is full.
    pub fn payload(&mut self, at: Place, count: usize, record: Record) -> Result<Place, Box<Refusal>> {
        let payload = self.allocate(self.current, count, record.size, record.align)?;
        self.put_reference(at, payload, count);
        Ok(payload)
    }

    fn put_reference(&mut self, at: Place, payload: Place, count: usize) {
        self.put_u64(at, u64::from(payload.pool) << REFERENCE_BITS | payload.offset);
        self.put_u64(at.add(8), count as u64);
    }

    /// As [`payload`](Self::payload) for one value that several owners share; gives the place
    /// when its first owner is written.
    ///
    /// # Errors
    ///
    /// If the section is full.
    pub fn shared(
        &mut self,
        at: Place,
        address: usize,
        id: TypeId,
        record: Record,
    ) -> Result<Option<Place>, Box<Refusal>> {
        if let Some(&payload) = self.shared.get(&(address, id)) {
            self.put_reference(at, payload, 1);
            return Ok(None);
        }
        let payload = self.payload(at, 1, record.with_identity())?;
        self.shared.insert((address, id), payload);
        Ok(Some(payload))
    }

    /// Puts off the writing of `count` values to `payload`.
    pub fn later(&mut self, values: *const u8, count: usize, payload: Place, write: Write) {
        self.queue.push_back(Later { values, count, payload, write });
    }

    /// Writes what was put off, in the order in which it was.
    pub(crate) fn drain(&mut self) -> Result<(), Box<Refusal>> {
        while let Some(later) = self.queue.pop_front() {
            // SAFETY: the dump borrows the machine, and with it what its values own.
            unsafe { (later.write)(later.values, later.count, later.payload, self) }?;
        }
        Ok(())
    }

    /// Writes the elements of an `ImageVec` and the pointer to them at `at`.
    ///
    /// # Errors
    ///
    /// Those of the elements.
    pub fn elements<T: Dumpable>(&mut self, at: Place, values: &[T]) -> Result<(), Box<Refusal>> {
        if values.is_empty() || T::RECORD.size == 0 {
            self.put_u64(at, align_of::<T>() as u64);
            return Ok(());
        }
        let payload = self.run(at, values.len(), T::RECORD)?;
        if T::RECORD.owns {
            self.later(values.as_ptr().cast(), values.len(), payload, write_job::<T>);
            Ok(())
        } else {
            write_elements(values, payload, self)
        }
    }

    /// Allocates `count` records where in-place elements go, in `rw` or `ro`, and writes the pointer to them at
    /// `at`.
    pub(crate) fn run(&mut self, at: Place, count: usize, record: Record) -> Result<Place, Box<Refusal>> {
        let pool = if record.rw { WORDS } else { self.bytes_pool() };
        let payload = self.allocate(pool, count, record.size, record.align)?;
        self.pointer(at, payload);
        Ok(payload)
    }

    /// Writes the address of the HeapImage section, which [`object_offset`](Self::object_offset) counts from.
    pub(crate) fn heap_pointer(&mut self, at: Place) {
        self.pointer(at, Place { pool: HEAP, offset: 0 });
    }

    /// The offset of an object in the HeapImage section: what stands for it in hashes, as it is the same in every
    /// process. `None` if no trace met it.
    pub(crate) fn object_offset(&self, address: usize) -> Option<u64> {
        self.plan.offset_of(address)
    }

    fn pointer(&mut self, at: Place, target: Place) {
        super::buffer::push(&mut self.pointers, (at, target));
        self.pools[at.pool as usize].relocate(at.offset, 0);
    }

    /// The number of the import of a native: its position plus one.
    ///
    /// # Errors
    ///
    /// If the native is not registered.
    pub fn import(&mut self, address: usize, type_name: &'static str) -> Result<u32, Box<Refusal>> {
        let id = super::import(&mut self.imports, self.natives, self.images, address, type_name)?;
        Ok(id.0 + 1)
    }

    /// Writes a pointer to the image's copy of a static.
    ///
    /// # Errors
    ///
    /// If the static is not registered.
    pub fn import_pointer(
        &mut self,
        at: Place,
        address: usize,
        type_name: &'static str,
    ) -> Result<(), Box<Refusal>> {
        let id = super::import(&mut self.imports, self.natives, self.images, address, type_name)?;
        let slot = self.imports.get(id).map_or(0, |import| import.slot as u64);
        self.pointer(at, Place { pool: IMPORTS, offset: slot });
        Ok(())
    }

    /// Keeps the lock under which a value was written until the end of the dump.
    pub(crate) fn hold<G>(&mut self, guard: G) {
        self.held.push(Kept::new(Box::new(guard)).0);
    }

    /// Keeps a value that was made for the dump until its end.
    pub fn keep<T>(&mut self, value: Box<T>) -> *const T {
        let (kept, value) = Kept::new(value);
        self.kept.push(kept);
        value
    }

    /// The place of an object, by which the keys of maps are ordered.
    pub(crate) fn place_of(&self, address: usize) -> Option<u64> {
        self.plan.visit(address).map(order_of)
    }

    /// Where a field of the root goes: the start of its section if it has one.
    pub fn field(&mut self, at: Place, section: Option<SectionDecl>, record: Record) -> Place {
        let Some(section) = section else { return at };
        let Some(index) = self.managers.iter().position(|name| *name == section.name) else { return at };
        let pool = FIRST_MANAGER + index as u32;
        self.enter(pool);
        self.pools[pool as usize].bytes.resize(record.size, 0);
        Place { pool, offset: 0 }
    }

    /// Ends a field of the root.
    ///
    /// # Errors
    ///
    /// Those of what the field owns.
    pub fn end_field(&mut self) -> Result<(), Box<Refusal>> {
        self.drain()?;
        self.enter(ROOT);
        Ok(())
    }

    /// Allocates the record of the root.
    pub(crate) fn root(&mut self, record: Record) -> Result<Place, Box<Refusal>> {
        self.enter(ROOT);
        self.allocate(ROOT, 1, record.size, record.align)
    }

    /// Writes the symbol table.
    ///
    /// # Errors
    ///
    /// If there is one already, or it cannot be encoded.
    pub(crate) fn symbols(&mut self, interner: &Interner) -> Result<(), Box<Refusal>> {
        if self.symbols.is_some() {
            return Err(Refusal::new("the image has two interners; keep one, and hold it in one place"));
        }
        self.symbol_count = u32::try_from(interner.len()).map_err(|_| {
            Refusal::new(format!("{} symbols, expected at most {}", interner.len(), u32::MAX))
        })?;
        self.symbols = Some(interner.encode().map_err(|error| Refusal::new(error.to_string()))?);
        Ok(())
    }

    /// The relocations of all pools.
    pub(crate) fn relocations(&mut self) -> RelocationsBuilder {
        let mut relocations = RelocationsBuilder::new();
        for (number, pool) in (0..).zip(&mut self.pools) {
            for (class, bitmap) in std::mem::take(&mut pool.relocations) {
                relocations.bitmap(number, class).merge(&bitmap);
            }
        }
        relocations
    }
}

#[cold]
#[inline(never)]
fn untraced(address: usize) -> Box<Refusal> {
    Refusal::new(format!(
        "the object at {address:#x} was not traced: `walk` and `write` of its owner disagree"
    ))
}
