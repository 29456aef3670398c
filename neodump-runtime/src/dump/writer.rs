//! Writing: stored records into pools, one pool a section.

use std::any::TypeId;
use std::collections::{HashMap, VecDeque};

use super::objects::Objects;
use super::plan::Plan;
use super::pool::{Pool, Target};
use super::visited::Slot;
use crate::heap::{Image, Kept, ObjectType, Tags};
use crate::native::{ImportTable, NativeType, Natives};
use crate::record::{Dumpable, Place, Record, Refusal, write_elements, write_job};
use crate::schema::SectionDecl;
use crate::symbols::{Interner, Symbol};

/// The pools of the framework's own sections in `rw`; those of the managers follow.
pub(crate) const HEAP: u32 = 0;
pub(crate) const WORDS: u32 = 1;
pub(crate) const HYDRATION: u32 = 2;
pub(crate) const ROOT: u32 = 3;
pub(crate) const FIRST_MANAGER: u32 = 4;

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

/// Writes the stored records of a dump.
///
/// While objects are traced, those that own nothing are written as they are met ([`Object`](crate::Object)
/// types whose slot is all they have); the others follow when every object has its slot.
pub struct Writer<'a> {
    pub(crate) objects: Objects,
    /// Whether objects are still being met.
    tracing: bool,
    /// The offset in HeapImage of each arena by its ordinal, once all objects have been met.
    arenas: Vec<u64>,
    natives: &'a Natives,
    images: &'a [&'a Image],
    pub(crate) imports: ImportTable,
    /// Those of the framework's sections in `rw` (that of HeapImage stays empty: its bytes are those of the
    /// arenas), of the managers, of HeapBytes, and of the arenas by ordinal.
    pub(crate) pools: Vec<Pool>,
    managers: Vec<&'static str>,
    current: u32,
    queue: VecDeque<Later>,
    shared: HashMap<(usize, TypeId), Place>,
    /// The references to shared values that own nothing, written when all owners are.
    weak: Vec<(Place, usize, TypeId)>,
    /// Until the end of the dump: shared values are known by their addresses, which must not be used again.
    kept: Vec<Kept>,
    /// Locks of what is written, until all that was put off behind them is written too.
    held: Vec<Kept>,
    pub(crate) symbols: Option<Vec<u8>>,
    pub(crate) symbol_count: u32,
    pub(crate) tags: Tags,
    /// The number of the last symbol that was met, plus one.
    pub(crate) symbols_end: u64,
}

impl<'a> Writer<'a> {
    /// A writer that meets objects until [`place`](Self::place).
    pub(crate) fn new(
        objects: Objects,
        natives: &'a Natives,
        images: &'a [&'a Image],
        managers: Vec<&'static str>,
    ) -> Self {
        // One pool a manager, and one for HeapBytes.
        let pools = FIRST_MANAGER as usize + managers.len() + 1 + objects.arenas.len();
        Self {
            objects,
            tracing: true,
            arenas: Vec::new(),
            natives,
            images,
            imports: ImportTable::new(),
            pools: (0..pools).map(|_| Pool::default()).collect(),
            managers,
            current: HYDRATION,
            queue: VecDeque::new(),
            shared: HashMap::new(),
            weak: Vec::new(),
            kept: Vec::new(),
            held: Vec::new(),
            symbols: None,
            symbol_count: 0,
            tags: Tags::NONE,
            symbols_end: 0,
        }
    }

    /// A writer of values without objects.
    pub(crate) fn without_objects(natives: &'a Natives) -> Self {
        Self { tracing: false, ..Self::new(Objects::none(), natives, &[], Vec::new()) }
    }

    /// Ends the trace: no objects are met from now on, and the arenas are where `plan` says.
    pub(crate) fn place(&mut self, plan: &Plan) {
        self.tracing = false;
        self.arenas = vec![0; self.objects.arenas.len()];
        for arena in &plan.arenas {
            self.arenas[usize::from(arena.ordinal)] = arena.first;
            let met = &self.objects.arenas[usize::from(arena.ordinal)];
            let (at_once, end) = (met.ty.at_once, met.end as usize);
            let pool = self.arena_pool(arena.ordinal) as usize;
            if at_once {
                self.pools[pool].bytes.truncate(end);
            } else {
                self.pools[pool] = Pool::zeroed(end);
            }
        }
        self.pools[HYDRATION as usize] = Pool::zeroed(plan.side_bytes as usize);
    }

    /// The arenas that are written already, by the numbers of their pools, to be put back when they are linked.
    pub(crate) fn take_written(&mut self) -> Vec<(u32, Pool)> {
        let written = (0..).zip(&self.objects.arenas).filter(|(_, arena)| arena.ty.at_once);
        let numbers: Vec<u32> = written.map(|(ordinal, _)| self.arena_pool(ordinal)).collect();
        numbers.into_iter().map(|number| (number, std::mem::take(&mut self.pools[number as usize]))).collect()
    }

    /// Puts arenas back.
    pub(crate) fn put_back(&mut self, arenas: Vec<(u32, Pool)>) {
        for (number, pool) in arenas {
            self.pools[number as usize] = pool;
        }
    }

    /// The pool of the HeapBytes section.
    pub(crate) fn bytes_pool(&self) -> u32 {
        FIRST_MANAGER + self.managers.len() as u32
    }

    /// The pool of an arena.
    #[inline]
    pub(crate) fn arena_pool(&self, ordinal: u8) -> u32 {
        self.bytes_pool() + 1 + u32::from(ordinal)
    }

    /// The next object that waits and goes to `arena`, and its slot.
    #[inline]
    pub(crate) fn next_in(&mut self, arena: u8) -> Option<(*const u8, Place)> {
        let (object, slot) = self.objects.next_in(arena)?;
        let pool = self.arena_pool(arena);
        self.pools[pool as usize].cover(self.objects.arenas[usize::from(arena)].end);
        Some((object, Place { pool, offset: slot.offset() }))
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
        self.pools[at.pool as usize].put(at.offset, bytes);
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
    /// image. `ty` says the type of the object: asked for while objects are being met.
    ///
    /// # Errors
    ///
    /// Those of `ty`, an address that is met as two types, and an object that no trace met.
    ///
    /// # Safety
    ///
    /// `address` must be a live object of the type that `ty` gives.
    #[inline]
    pub unsafe fn object_word(
        &mut self,
        at: Place,
        bits: u64,
        address: *const u8,
        shift: u32,
        ty: impl FnOnce() -> Result<&'static ObjectType, Box<Refusal>>,
    ) -> Result<(), Box<Refusal>> {
        if self.tracing {
            let ty = ty()?;
            let Some(arena) = self.objects.ordinal(ty) else { return Err(no_type_of_image(ty)) };
            // SAFETY: forwarded from the caller.
            return unsafe { self.arena_word(at, bits, address, shift, arena) };
        }
        let Some(slot) = self.objects.slot_of(address.addr()) else { return Err(untraced(address)) };
        self.slot_word(at, bits, address, shift, slot);
        Ok(())
    }

    /// As [`object_word`](Self::object_word), for an object of the type that has the ordinal `arena`.
    ///
    /// # Safety
    ///
    /// `address` must be a live object of this type.
    #[inline(never)]
    pub(crate) unsafe fn arena_word(
        &mut self,
        at: Place,
        bits: u64,
        address: *const u8,
        shift: u32,
        arena: u8,
    ) -> Result<(), Box<Refusal>> {
        let slot = if self.tracing {
            // SAFETY: forwarded from the caller.
            unsafe { self.objects.meet(address, arena) }?
        } else {
            let Some(slot) = self.objects.slot_of(address.addr()) else { return Err(untraced(address)) };
            slot
        };
        self.slot_word(at, bits, address, shift, slot);
        Ok(())
    }

    #[inline]
    fn slot_word(&mut self, at: Place, bits: u64, address: *const u8, shift: u32, slot: Slot) {
        let delta = slot.offset().wrapping_sub(address.addr() as u64);
        let target = Target::arena(slot.arena(), shift);
        self.pools[at.pool as usize].put_word(at.offset, bits.wrapping_add(delta << shift), target);
    }

    /// Notes that the image refers to `symbol`.
    #[inline]
    pub fn symbol(&mut self, symbol: Symbol) {
        self.symbols_up_to(u64::from(symbol.id()) + 1);
    }

    /// Notes that the image refers to the last of so many symbols.
    #[inline]
    pub(crate) fn symbols_up_to(&mut self, end: u64) {
        self.symbols_end = self.symbols_end.max(end);
    }

    fn allocate(
        &mut self,
        pool: u32,
        count: usize,
        size: usize,
        align: usize,
    ) -> Result<Place, Box<Refusal>> {
        let body = &mut self.pools[pool as usize];
        let start = body.bytes.len().next_multiple_of(align.max(1));
        let end = count
            .checked_mul(size)
            .and_then(|len| len.checked_add(start))
            .filter(|end| (*end as u64) < 1 << REFERENCE_BITS)
            .ok_or_else(|| Refusal::new("a section of the image is larger than 2^48 bytes"))?;
        body.extend(end);
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

    /// As [`shared`](Self::shared) for a reference that owns nothing: it refers to the value if an owner of it is
    /// written, now or later, and else to nothing.
    pub(crate) fn weak(&mut self, at: Place, address: usize, id: TypeId) {
        self.weak.push((at, address, id));
    }

    /// Writes the references that own nothing, when all owners are written.
    pub(crate) fn settle_weak(&mut self) {
        for (at, address, id) in std::mem::take(&mut self.weak) {
            if let Some(&payload) = self.shared.get(&(address, id)) {
                self.put_reference(at, payload, 1);
            }
        }
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
        let (pool, target) =
            if record.rw { (WORDS, Target::WORDS) } else { (self.bytes_pool(), Target::BYTES) };
        let payload = self.allocate(pool, count, record.size, record.align)?;
        self.pools[at.pool as usize].put_word(at.offset, payload.offset, target);
        Ok(payload)
    }

    /// Writes the address of the HeapImage section, which [`object_offset`](Self::object_offset) counts from.
    pub(crate) fn heap_pointer(&mut self, at: Place) {
        self.pools[at.pool as usize].put_word(at.offset, 0, Target::HEAP);
    }

    /// The number of the import of a native: its position plus one.
    ///
    /// # Errors
    ///
    /// If the native is not registered.
    pub fn import(&mut self, address: usize, ty: NativeType) -> Result<u32, Box<Refusal>> {
        let id = super::import(&mut self.imports, self.natives, self.images, address, ty)?;
        Ok(id.0 + 1)
    }

    /// Writes a pointer to the image's copy of a static.
    ///
    /// # Errors
    ///
    /// If the static is not registered.
    pub fn import_pointer(&mut self, at: Place, address: usize, ty: NativeType) -> Result<(), Box<Refusal>> {
        let id = super::import(&mut self.imports, self.natives, self.images, address, ty)?;
        let slot = self.imports.get(id).map_or(0, |import| import.slot as u64);
        self.pools[at.pool as usize].put_word(at.offset, slot, Target::IMPORTS);
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
        self.objects.slot_of(address).map(Slot::order)
    }

    /// The offset of an object in the HeapImage section: what stands for it in hashes, as it is the same in every
    /// process. `None` if no trace met it, or the trace is still going on.
    pub(crate) fn object_offset(&self, address: usize) -> Option<u64> {
        let slot = self.objects.slot_of(address)?;
        Some(self.arenas.get(usize::from(slot.arena()))? + slot.offset())
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
}

#[cold]
#[inline(never)]
pub(crate) fn no_type_of_image(ty: &ObjectType) -> Box<Refusal> {
    Refusal::new(format!("points at a {}, which is no type of this image", ty.name()))
}

#[cold]
#[inline(never)]
fn untraced(address: *const u8) -> Box<Refusal> {
    Refusal::new(format!(
        "the object at {address:p} was not traced: `walk` and `write` of its owner disagree"
    ))
}
