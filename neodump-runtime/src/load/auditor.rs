//! The audit: every rule that an image must keep to be sound, checked on untrusted bytes.
//!
//! It runs on memory that is the process' own, after relocation, so what it saw is what the machine
//! sees. Records are audited in the order in which they were written, with the same queue; each
//! payload must start where the one before it ended, so that no byte has two owners.

use std::any::TypeId;
use std::collections::{HashMap, VecDeque};

use super::memory::{ArenaMemory, SectionMemory};
use crate::dump::{FIRST_MANAGER, HEAP, HYDRATION, REFERENCE_BITS, ROOT, WORDS, Writer};
use crate::error::{DumpError, Result as LoadResult};
use crate::heap::{Arena, Group, Lattice, ObjectType, Plain, TAGS, Word, WordRef};
use crate::native::{Binding, Import, ImportKind, NativeType};
use crate::record::{At, Dumpable, Fault, Place, Record, Reference, audit_elements};
use crate::schema::{IdHasher, SectionDecl};
use crate::symbols::{Staged, Symbol};

struct Later {
    payload: At,
    count: usize,
    audit: unsafe fn(At, usize, &mut Auditor<'_>) -> Result<(), Box<Fault>>,
}

/// What is known of a load when the index of a map is settled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IndexLoad {
    /// The file is not trusted.
    pub(crate) audited: bool,
    /// Symbols have other numbers than in the file.
    pub(crate) renumbered: bool,
}

/// The index of a map, to be checked or made again when its keys are what they will be.
pub(super) struct MapIndex {
    at: At,
    settle: unsafe fn(At, IndexLoad) -> Result<usize, Box<Fault>>,
}

impl MapIndex {
    /// Checks the index, or makes it again. Says how many entries were hashed again.
    ///
    /// # Safety
    ///
    /// All that the functions of the map's keys may look at is complete, and nobody else uses the map.
    pub(super) unsafe fn settle(&self, load: IndexLoad) -> Result<usize, Box<Fault>> {
        // SAFETY: forwarded from the caller; the record was audited.
        unsafe { (self.settle)(self.at, load) }
    }
}

/// What an audit needs to know of the image.
pub(crate) struct Surroundings<'a> {
    /// By ordinal; those of `rw` first, as their pools.
    pub(crate) sections: &'a [SectionMemory],
    /// The names of the sections.
    pub(crate) names: &'a [&'a str],
    /// The ordinal of HeapBytes.
    pub(crate) bytes_section: usize,
    pub(crate) managers: &'a [(&'static str, usize)],
    pub(crate) arenas: &'a [ArenaMemory],
    pub(crate) imports: &'a [Import<'a>],
    /// What each import was bound to.
    pub(crate) bindings: &'a [Binding],
    pub(crate) imports_start: usize,
    pub(crate) symbols: u32,
    pub(crate) staged: Option<&'a Staged>,
    pub(crate) file_len: u64,
}

/// For each tag of a type of words, those that are valid beyond doubt: all immediates, the symbols of
/// the table, and the objects where the tag stands for one type without trailing array.
struct Tags {
    /// The type's, none before the first word.
    id: Option<TypeId>,
    lattices: [Lattice; TAGS],
}

impl Tags {
    const NONE: Self = Self { id: None, lattices: [Lattice::NONE; TAGS] };
}

/// Checks stored records.
pub struct Auditor<'a> {
    around: Surroundings<'a>,
    /// Arenas by the ordinal of the type.
    by_ordinal: Vec<&'a Arena>,
    by_id: HashMap<TypeId, u8, std::hash::BuildHasherDefault<IdHasher>>,
    recent: [(*const ObjectType, u8); 64],
    tags: Tags,
    /// How far the payloads of each section have come.
    cursors: Vec<u64>,
    current: usize,
    queue: VecDeque<Later>,
    /// Groups whose types are told apart by a kind byte, of every type of words in the image.
    groups: Vec<&'static Group>,
    /// Whether a typed pointer, which needs no kind byte, leads to a type that has one.
    typed_kinds: bool,
    shared: HashMap<u64, TypeId>,
    /// The references to shared payloads that own nothing: the place, the type of the owners, and where each is.
    weak: Vec<(u64, TypeId, At)>,
    /// The number of values without bytes.
    weightless: u64,
    /// The indexes of maps whose keys are numbers, symbols, pointers and bytes, and those of all others, whose keys
    /// may look at objects that are not hydrated yet.
    plain_indexes: Vec<MapIndex>,
    other_indexes: Vec<MapIndex>,
    /// Writes the values that fields are baked with, to compare.
    scratch: Writer<'a>,
    fixups: u64,
}

impl<'a> Auditor<'a> {
    pub(crate) fn new(around: Surroundings<'a>, scratch: Writer<'a>) -> Self {
        let mut by_ordinal: Vec<_> =
            around.arenas.iter().map(|arena| (arena.ordinal, &arena.arena)).collect();
        by_ordinal.sort_by_key(|(ordinal, _)| *ordinal);
        let by_id = (0..).zip(&by_ordinal).map(|(index, (_, arena))| (arena.ty.id, index)).collect();
        Self {
            by_ordinal: by_ordinal.into_iter().map(|(_, arena)| arena).collect(),
            by_id,
            recent: [(std::ptr::null(), 0); 64],
            tags: Tags::NONE,
            cursors: vec![0; around.sections.len()],
            current: 0,
            queue: VecDeque::new(),
            groups: Vec::new(),
            typed_kinds: false,
            shared: HashMap::new(),
            weak: Vec::new(),
            weightless: 0,
            plain_indexes: Vec::new(),
            other_indexes: Vec::new(),
            scratch,
            fixups: 0,
            around,
        }
    }

    /// Opens a section whose payloads start at `from`.
    pub(crate) fn enter(&mut self, section: usize, from: u64) {
        self.current = section;
        self.cursors[section] = self.cursors[section].max(from);
    }

    /// The section whose records are audited.
    pub(crate) fn current(&self) -> usize {
        self.current
    }

    /// Checks that the kind bytes of objects which typed pointers lead to are those of their types: a
    /// machine that makes a word of such a pointer asks the kind byte from then on.
    pub(crate) fn check_kinds(&self) -> Result<(), (&'static ObjectType, Box<Fault>)> {
        for group in self.groups.iter().filter(|_| self.typed_kinds) {
            for arena in self.by_ordinal.iter().filter(|arena| group.types.iter().any(|ty| ty.is(arena.ty))) {
                for object in arena.objects() {
                    // SAFETY: an object of a type of the group.
                    if !unsafe { group.type_of(object) }.is_some_and(|ty| ty.is(arena.ty)) {
                        let problem = format!("its kind byte is not that of {}", arena.ty.name());
                        return Err((arena.ty, Fault::new(problem).at(object.addr())));
                    }
                }
            }
        }
        Ok(())
    }

    /// Checks that the payloads fill their sections; says how many symbols were renumbered.
    pub(crate) fn check_filled(&self) -> LoadResult<u64> {
        let filled = [WORDS, HYDRATION, ROOT].map(|pool| pool as usize).into_iter();
        let managers = (0..self.around.managers.len()).map(|index| FIRST_MANAGER as usize + index);
        for section in filled.chain(managers).chain([self.around.bytes_section]) {
            let (reached, memory) = (self.cursors[section], &self.around.sections[section]);
            if reached != memory.len {
                return Err(DumpError::format(
                    self.around.names.get(section).copied().unwrap_or_default(),
                    memory.offset,
                    format!("{} bytes, of which its owners own {reached}", memory.len),
                ));
            }
        }
        Ok(self.fixups)
    }

    /// Queues the audit of `count` records at `payload`.
    pub(crate) fn later(
        &mut self,
        payload: At,
        count: usize,
        audit: unsafe fn(At, usize, &mut Auditor<'_>) -> Result<(), Box<Fault>>,
    ) {
        self.queue.push_back(Later { payload, count, audit });
    }

    /// Audits what was queued, in the order in which it was.
    pub(crate) fn drain(&mut self) -> Result<(), Box<Fault>> {
        while let Some(later) = self.queue.pop_front() {
            // SAFETY: queued with a payload that was found in bounds.
            unsafe { (later.audit)(later.payload, later.count, self) }
                .map_err(|fault| fault.at(later.payload.as_ptr::<u8>().addr()))?;
        }
        Ok(())
    }

    /// Takes the next `count` records of a section, which must start at `found`.
    fn take(&mut self, section: usize, found: u64, count: u64, record: Record) -> Result<At, Box<Fault>> {
        let memory = self.around.sections[section];
        let expected = self.cursors[section].next_multiple_of(record.align.max(1) as u64);
        if found != expected {
            return Err(Fault::new(format!(
                "payload at {found:#x} of its section, expected {expected:#x}: payloads lie in owner order"
            )));
        }
        let end = (record.size as u64).checked_mul(count).and_then(|len| len.checked_add(found));
        match end {
            // Values without bytes can be counted without end; the file bounds all of them together.
            Some(end) if end <= memory.len && self.bytes_for(count, record) => {
                self.cursors[section] = end;
                Ok(memory.at(found))
            }
            _ => Err(Fault::new(format!(
                "payload of {count} records of {} bytes at {found:#x} ends behind its section of {} bytes",
                record.size, memory.len
            ))),
        }
    }

    /// Whether the file is large enough for so many values, counting those that have no bytes in it.
    fn bytes_for(&mut self, count: u64, record: Record) -> bool {
        if record.size > 0 {
            return true;
        }
        self.weightless = self.weightless.saturating_add(count);
        self.weightless <= self.around.file_len
    }

    /// Takes the payload behind a reference.
    pub(crate) fn payload(
        &mut self,
        reference: Reference,
        record: Record,
    ) -> Result<(At, usize), Box<Fault>> {
        let section = (reference.place >> REFERENCE_BITS) as usize;
        if section != self.current {
            return Err(Fault::new(format!("payload in section {section}, expected {}", self.current)));
        }
        let offset = reference.place & ((1 << REFERENCE_BITS) - 1);
        let at = self.take(section, offset, reference.len, record)?;
        Ok((at, reference.len as usize))
    }

    /// Takes a shared payload when its first owner is audited.
    pub(crate) fn shared(
        &mut self,
        reference: Reference,
        id: TypeId,
        record: Record,
    ) -> Result<Option<At>, Box<Fault>> {
        if reference.len != 1 {
            return Err(Fault::new(format!("shared payload has {} values, expected 1", reference.len)));
        }
        match self.shared.get(&reference.place) {
            Some(known) if *known == id => Ok(None),
            Some(_) => Err(Fault::new("shared payload has owners of two types")),
            None => {
                let (at, _) = self.payload(reference, record.with_identity())?;
                self.shared.insert(reference.place, id);
                Ok(Some(at))
            }
        }
    }

    /// Notes a reference that owns nothing: whether its payload has owners is known when all have been audited.
    pub(crate) fn weak(&mut self, reference: Reference, owner: TypeId, at: At) -> Result<(), Box<Fault>> {
        match reference {
            Reference { place: 0, len: 0 } => {}
            Reference { place, len: 1 } => self.weak.push((place, owner, at)),
            Reference { len, .. } => {
                return Err(Fault::new(format!(
                    "weak reference to {len} values, expected 1, or 0 at place 0"
                )));
            }
        }
        Ok(())
    }

    /// Checks that each weak reference is to a payload that owners of its type have.
    pub(crate) fn check_weak(&self) -> Result<(), Box<Fault>> {
        let owned = |(place, owner, _): &&(u64, TypeId, At)| self.shared.get(place) == Some(owner);
        match self.weak.iter().find(|weak| !owned(weak)) {
            None => Ok(()),
            Some((.., at)) => {
                Err(Fault::new("weak reference to what no owner of its type has")
                    .at(at.as_ptr::<u8>().addr()))
            }
        }
    }

    /// Takes and audits the elements of an `ImageVec`.
    pub(crate) fn elements<T: Dumpable>(&mut self, start: u64, len: u64) -> Result<(), Box<Fault>> {
        let record = T::RECORD;
        if len == 0 || record.size == 0 {
            return if start != align_of::<T>() as u64 {
                Err(Fault::new(format!("empty vector at {start:#x}, expected {}", align_of::<T>())))
            } else if !self.bytes_for(len, record) {
                Err(Fault::new(format!(
                    "vector of {len} elements in a file of {} bytes",
                    self.around.file_len
                )))
            } else {
                Ok(())
            };
        }
        let at = self.run(start, len, record)?;
        if const { T::RECORD.owns } {
            self.later(at, len as usize, audit_elements::<T>);
            return Ok(());
        }
        // SAFETY: `take` found the elements in bounds.
        unsafe { audit_elements::<T>(at, len as usize, self) }
    }

    /// Takes a run of in-place records that a pointer leads to, in `rw` or `ro`.
    pub(crate) fn run(&mut self, start: u64, len: u64, record: Record) -> Result<At, Box<Fault>> {
        let section = if record.rw { WORDS as usize } else { self.around.bytes_section };
        let offset = start.wrapping_sub(self.around.sections[section].start.addr() as u64);
        self.take(section, offset, len, record)
    }

    /// Checks that an address is that of the HeapImage section.
    pub(crate) fn heap_start(&self, address: u64) -> Result<(), Box<Fault>> {
        let start = self.around.sections[HEAP as usize].start.addr() as u64;
        if address == start {
            return Ok(());
        }
        Err(Fault::new(format!("objects are hashed from {address:#x}, expected the heap at {start:#x}")))
    }

    /// Queues the check of a map's index for when its keys can be looked at.
    pub(crate) fn check_index(
        &mut self,
        at: At,
        plain: Plain,
        settle: unsafe fn(At, IndexLoad) -> Result<usize, Box<Fault>>,
    ) {
        let indexes = if plain.own_bytes { &mut self.plain_indexes } else { &mut self.other_indexes };
        indexes.push(MapIndex { at, settle });
    }

    /// Settles the indexes of maps whose keys are complete without hydration; says how many entries were hashed again.
    pub(super) fn settle_plain_indexes(&self, load: IndexLoad) -> Result<usize, Box<Fault>> {
        self.plain_indexes.iter().try_fold(0, |entries, index| {
            // SAFETY: the audit has come to its end, so that every record is valid, and nobody uses the image yet.
            unsafe { index.settle(load) }.map(|more| entries + more)
        })
    }

    /// The indexes that are left.
    pub(super) fn other_indexes(self) -> Vec<MapIndex> {
        self.other_indexes
    }

    #[inline]
    fn arena(&mut self, ty: &'static ObjectType) -> Option<&'a Arena> {
        let slot = (std::ptr::from_ref(ty).addr() >> 4) % self.recent.len();
        if std::ptr::eq(self.recent[slot].0, ty) {
            return Some(self.by_ordinal[usize::from(self.recent[slot].1)]);
        }
        let ordinal = *self.by_id.get(&ty.id)?;
        self.recent[slot] = (ty, ordinal);
        Some(self.by_ordinal[usize::from(ordinal)])
    }

    /// Whether a word is valid beyond doubt: asked first, without a branch that depends on its tag.
    #[inline]
    pub(crate) fn plain_word<W: Word + Dumpable>(&mut self, bits: u64) -> bool {
        if self.tags.id != Some(TypeId::of::<W::Id>()) {
            self.tags = self.tags_of::<W>();
        }
        if const { W::TAG_BITS == 0 || 1 << W::TAG_BITS > TAGS } {
            return false;
        }
        self.tags.lattices[bits as usize & const { ((1 << W::TAG_BITS) - 1) & (TAGS - 1) }].contains(bits)
    }

    /// The words of each tag that are valid beyond doubt.
    #[cold]
    #[inline(never)]
    fn tags_of<W: Word + Dumpable>(&mut self) -> Tags {
        // Whoever has a word of the type may make others of typed pointers, even if the image has none.
        for group in W::GROUPS {
            match group.types {
                [only] => self.typed_kinds |= only.kind.is_some(),
                _ if self.groups.iter().any(|known| std::ptr::eq(*known, group)) => {}
                _ => self.groups.push(group),
            }
        }
        let mut lattices = [Lattice::NONE; TAGS];
        let tags = if W::TAG_BITS == 0 { 0 } else { 1 << W::TAG_BITS };
        for (tag, lattice) in (0..tags).zip(&mut lattices) {
            *lattice = match W::decode(tag) {
                WordRef::Immediate => Lattice::ALL,
                // Symbols that are renumbered have to be written.
                WordRef::Symbol(_) if self.around.staged.is_none() => {
                    Lattice::new(tag, 1 << W::TAG_BITS, u64::from(self.around.symbols))
                }
                WordRef::Object { group, .. } => match W::GROUPS[group].types {
                    [only] => self.arena(only).map_or(Lattice::NONE, |arena| arena.words(tag, W::SHIFT)),
                    _ => Lattice::NONE,
                },
                _ => Lattice::NONE,
            };
        }
        Tags { id: Some(TypeId::of::<W::Id>()), lattices }
    }

    /// Checks that an address is the start of an object of type `ty`.
    #[inline]
    pub(crate) fn object(&mut self, address: u64, ty: &'static ObjectType) -> Result<(), Box<Fault>> {
        self.typed_kinds |= ty.kind.is_some();
        match self.arena(ty) {
            Some(arena) if arena.starts_at(address as usize) => Ok(()),
            _ => Err(no_object(address, ty.name())),
        }
    }

    /// Checks that an address is the start of an object of one of the types of a group, the one that
    /// its kind byte says.
    #[inline]
    pub(crate) fn object_of(
        &mut self,
        address: u64,
        group: &'static Group,
        bits: u64,
    ) -> Result<(), Box<Fault>> {
        if let [only] = group.types {
            return self.object(address, only);
        }
        let index = self.around.arenas.partition_point(|known| known.arena.first.addr() as u64 <= address);
        let arena = index.checked_sub(1).map(|index| &self.around.arenas[index].arena);
        if let Some(arena) = arena
            && arena.starts_at(address as usize)
        {
            let object = arena.first.wrapping_add(address as usize - arena.first.addr());
            // SAFETY: an object starts there, and the kind function reads its header only.
            let ty = unsafe { group.type_of(object) };
            if ty.is_some_and(|ty| ty.is(arena.ty)) {
                return Ok(());
            }
        }
        Err(no_object(bits, "type behind its tag"))
    }

    /// Checks a symbol; gives its number in the interner that it is loaded into, if it changes.
    #[inline]
    pub(crate) fn symbol(&mut self, symbol: Symbol) -> Result<Option<Symbol>, Box<Fault>> {
        if symbol.id() >= self.around.symbols {
            return Err(Fault::new(format!(
                "symbol {}, expected one of the {} in the symbol table",
                symbol.id(),
                self.around.symbols
            )));
        }
        let Some(staged) = self.around.staged else { return Ok(None) };
        let remapped = staged.remap(symbol).filter(|remapped| *remapped != symbol);
        self.fixups += u64::from(remapped.is_some());
        Ok(remapped)
    }

    /// Checks the number of the import of a function.
    pub(crate) fn import(&mut self, number: u32, ty: NativeType) -> Result<(), Box<Fault>> {
        let position = number.checked_sub(1).map(|position| position as usize);
        if position.is_some_and(|position| self.is_bound_to(position, ImportKind::Function, ty)) {
            return Ok(());
        }
        Err(Fault::new(format!("import {number} is no function of type {ty}")))
    }

    /// Checks a pointer to the image's copy of a static.
    pub(crate) fn import_pointer(&mut self, address: u64, ty: NativeType) -> Result<(), Box<Fault>> {
        let slot = (address as usize).checked_sub(self.around.imports_start);
        let import = slot.and_then(|slot| crate::native::import_at(self.around.imports, slot));
        if import.is_some_and(|(id, _)| self.is_bound_to(id.0 as usize, ImportKind::Data, ty)) {
            return Ok(());
        }
        Err(Fault::new(format!("{address:#x} is no import of a static of type {ty}")))
    }

    /// Whether the native of an import is of this very type: its name alone does not say so.
    fn is_bound_to(&self, position: usize, kind: ImportKind, ty: NativeType) -> bool {
        let (import, binding) = (self.around.imports.get(position), self.around.bindings.get(position));
        import.is_some_and(|import| import.kind == kind) && binding.is_some_and(|binding| binding.ty() == ty)
    }

    /// Checks that the bytes at `at` are those that `value` is stored as.
    ///
    /// # Safety
    ///
    /// `at` must be valid for reads of the record.
    ///
    /// # Errors
    ///
    /// If they differ.
    pub unsafe fn baked<F: Dumpable>(&mut self, at: At, value: &F) -> Result<(), Box<Fault>> {
        // SAFETY: the caller promises the record.
        let found = unsafe { std::slice::from_raw_parts(at.as_ptr::<u8>(), F::RECORD.size) };
        let expected = self.scratch.scratch(value)?;
        if found == expected {
            return Ok(());
        }
        Err(Fault::new(format!("baked value is {found:02x?}, expected {expected:02x?}")))
    }

    /// The tag of an enum: an unsigned number of `size` bytes.
    ///
    /// # Safety
    ///
    /// `at` must be valid for reads of `size` bytes; `size` is 1, 2, 4 or 8.
    pub unsafe fn tag(&self, at: At, size: usize) -> u64 {
        let mut bytes = [0; 8];
        // SAFETY: the caller promises readable bytes.
        let stored = unsafe { std::slice::from_raw_parts(at.as_ptr::<u8>(), size) };
        bytes[..size].copy_from_slice(stored);
        u64::from_le_bytes(bytes)
    }

    /// Where a field of the root is: the start of its section if it has one.
    pub fn field(&mut self, at: At, section: Option<SectionDecl>, record: Record) -> At {
        let Some(section) = section else { return at };
        match self.around.managers.iter().find(|(name, _)| *name == section.name) {
            Some(&(_, ordinal)) => {
                self.enter(ordinal, record.size as u64);
                self.around.sections[ordinal].at(0)
            }
            None => at,
        }
    }

    /// Ends a field of the root.
    ///
    /// # Errors
    ///
    /// Those of what the field owns.
    pub fn end_field(&mut self) -> Result<(), Box<Fault>> {
        self.drain()?;
        self.current = crate::dump::ROOT as usize;
        Ok(())
    }

    /// Checks that objects of an arena with trailing arrays start where ObjectStarts says and fill it.
    pub(crate) fn starts(&self, memory: &ArenaMemory, offsets: &[u64]) -> Result<(), Box<Fault>> {
        let arena = &memory.arena;
        let bits: u64 = arena.starts.unwrap_or(&[]).iter().map(|word| u64::from(word.count_ones())).sum();
        if bits != arena.count as u64 || offsets.len() != arena.count {
            return Err(Fault::new(format!("{bits} object starts for {} objects", arena.count)));
        }
        let mut expected = 0;
        for &offset in offsets {
            let left = (arena.bytes as u64).saturating_sub(offset);
            if offset != expected || left < arena.ty.size as u64 {
                return Err(Fault::new(format!(
                    "object starts at {offset:#x} of its arena, expected {expected:#x}"
                )));
            }
            let object = arena.first.wrapping_add(offset as usize);
            // SAFETY: the object without its trailing array is in bounds, and a length is an integer.
            let len = unsafe { (arena.ty.tail_len)(object) };
            let size = arena.ty.size_with(len).map_or(u64::MAX, |size| size as u64);
            if size > left {
                return Err(Fault::new(format!("trailing array of {len} elements ends behind its arena"))
                    .at(object.addr()));
            }
            expected = offset + size;
        }
        if expected != arena.bytes as u64 {
            return Err(Fault::new(format!(
                "objects end at {expected:#x}, their arena at {:#x}",
                arena.bytes
            )));
        }
        Ok(())
    }
}

#[cold]
#[inline(never)]
fn no_object(address: u64, what: &str) -> Box<Fault> {
    Fault::new(format!("{address:#x} is no object of {what}"))
}

impl Writer<'_> {
    /// The stored form of a baked value: in place, and without pointers.
    fn scratch<F: Dumpable>(&mut self, value: &F) -> Result<&[u8], Box<Fault>> {
        let pool = &mut self.pools[0].bytes;
        pool.clear();
        pool.resize(F::RECORD.size, 0);
        Dumpable::write(value, Place { pool: 0, offset: 0 }, self).map_err(|refusal| {
            Fault::new(format!("the baked value cannot be stored: {}", refusal.problem))
        })?;
        Ok(&self.pools[0].bytes)
    }
}
