//! Mark and sweep. What an object refers to is known from the walkers that its type's field list generated.

use crate::heap::{BLOCK, Block, Heap};
use crate::object::{
    BoolVector, Cons, Float, HashTable, Header, Kind, Marker as BufferMarker, Str, Vector, Weakness,
    with_type_of,
};
use crate::rt::{Dumpable, Symbol};
use crate::value::{TAG_CONS, TAG_FLOAT, TAG_STR, TAG_VECLIKE, Value};
use neodump_runtime::heap::{Edges, SeeEdge};
use neodump_runtime::{Object, ObjectType};
use std::ptr;

/// The first cell of a block, counted in units of a cell from the block's start.
const FIRST: usize = std::mem::offset_of!(Block, cells) / size_of::<Cons>();

/// The word that points to an object of this type.
#[inline]
fn word(address: *const u8, ty: &'static ObjectType) -> Value {
    const STR: u8 = Kind::Str as u8;
    const FLOAT: u8 = Kind::Float as u8;
    let tag = match ty.kind() {
        None => TAG_CONS,
        Some(STR) => TAG_STR,
        Some(FLOAT) => TAG_FLOAT,
        Some(_) => TAG_VECLIKE,
    };
    Value::from_bits(address.addr() | tag)
}

/// A collection: what is reached, and what waits to be looked at.
struct Marker<'h> {
    heap: &'h mut Heap,
    work: Vec<Value>,
    weak: Vec<Value>,
    /// Chains of markers, which keep none of them alive.
    chains: Vec<Value>,
}

impl Marker<'_> {
    #[inline]
    fn reach(&mut self, v: Value) {
        if self.heap.set_mark(v) && !v.is_float() {
            self.work.push(v);
        }
    }

    /// Marks what the entries of a weak table keep alive by now.
    fn reach_weak(&mut self, table: Value) {
        let Some(table) = self.heap.get::<HashTable>(table) else { return };
        let (weak, table) = (table.weak, ptr::from_ref(table));
        // SAFETY: the table is an object of the heap, which frees and moves nothing while it marks.
        for entry in unsafe { &*table }.entries() {
            if self.heap.entry_lives(weak, entry.key, entry.value) {
                self.reach(entry.key);
                self.reach(entry.value);
            }
        }
    }
}

impl SeeEdge for Marker<'_> {
    #[inline]
    fn object(&mut self, address: *const u8, ty: &'static ObjectType) {
        self.reach(word(address, ty));
    }
}

/// Takes the roots of a collection.
pub struct Roots<'a, 'h>(&'a mut Edges<Marker<'h>>);

impl Roots<'_, '_> {
    /// A value that is in use.
    pub fn value(&mut self, v: Value) {
        self.0.see().reach(v);
    }

    /// Every value in a part of the machine, by its own field list.
    pub fn all_of<T: Dumpable>(&mut self, state: &T) {
        let Ok(()) = Dumpable::walk(state, self.0);
        // SAFETY: the state is borrowed, and nothing changed it since.
        unsafe { self.0.finish() };
    }
}

/// Walks an object of any type, by its kind if it has a header.
#[inline]
fn walk<S: SeeEdge>(kind: Option<Kind>, v: Value, edges: &mut Edges<S>) {
    fn walk_as<T: Object, S: SeeEdge>(v: Value, edges: &mut Edges<S>) {
        let object = ptr::with_exposed_provenance::<T>(v.address());
        // SAFETY: the tag and the kind say that a living object of this type is there.
        let Ok(()) = unsafe { T::walk_object(object, edges) };
        // SAFETY: only the visitor has run since, and it changes no object.
        unsafe { edges.finish() };
    }
    match kind {
        None if v.is_cons() => walk_as::<Cons, S>(v, edges),
        None => {}
        Some(kind) => with_type_of!(kind, T => walk_as::<T, S>(v, edges)),
    }
}

impl Heap {
    /// Calls `f` with every object and symbol that an object refers to, in field order.
    pub fn for_each_child(&self, v: Value, f: &mut dyn FnMut(Value)) {
        struct Children<'a>(&'a mut dyn FnMut(Value));
        impl SeeEdge for Children<'_> {
            fn object(&mut self, address: *const u8, ty: &'static ObjectType) {
                (self.0)(word(address, ty));
            }
            fn symbol(&mut self, symbol: Symbol) {
                (self.0)(Value::symbol(symbol));
            }
        }
        walk(self.kind(v), v, &mut Edges::new(Children(f)));
    }

    /// Frees every object that no root reaches. `roots` tells its argument of each root.
    ///
    /// # Safety
    ///
    /// Every value made by this heap that will be used after the call is reached from the roots.
    pub unsafe fn collect(&mut self, roots: &mut dyn FnMut(&mut Roots<'_, '_>)) {
        self.clear_image_marks();
        self.traced = 0;
        let mut edges =
            Edges::new(Marker { heap: self, work: Vec::new(), weak: Vec::new(), chains: Vec::new() });
        roots(&mut Roots(&mut edges));
        // A weak table keeps an entry's other half only once the half that counts is reached, which may in turn reach
        // more keys: repeat until nothing is added.
        loop {
            trace(&mut edges);
            let marker = edges.see();
            let weak = std::mem::take(&mut marker.weak);
            weak.iter().for_each(|&table| marker.reach_weak(table));
            marker.weak = weak;
            if marker.work.is_empty() {
                break;
            }
        }
        let Marker { weak, chains, .. } = edges.into_see();
        weak.into_iter().for_each(|table| self.drop_dead_entries(table));
        chains.into_iter().for_each(|chain| self.drop_dead_markers(chain));
        self.sweep();
        self.fresh = 0;
        self.collections += 1;
    }

    fn entry_lives(&self, weak: Weakness, key: Value, value: Value) -> bool {
        match weak {
            Weakness::None => true,
            Weakness::Key => self.is_marked(key),
            Weakness::Value => self.is_marked(value),
            Weakness::KeyOrValue => self.is_marked(key) || self.is_marked(value),
            Weakness::KeyAndValue => self.is_marked(key) && self.is_marked(value),
        }
    }

    fn drop_dead_entries(&mut self, value: Value) {
        let Some(table) = self.get::<HashTable>(value) else { return };
        let weak = table.weak;
        self.retain_entries(value, |heap, entry| heap.entry_lives(weak, entry.key, entry.value));
    }

    fn sweep(&mut self) {
        let image = self.adopted.iter().flat_map(|adopted| adopted.image.arenas());
        self.live = image.map(|arena| arena.bytes()).sum();
        self.objects = self.in_image;
        self.sweep_conses();
        let mut at = std::mem::replace(&mut self.all, ptr::null_mut());
        while !at.is_null() {
            // SAFETY: the sweep list holds objects that were not freed yet.
            let header = unsafe { &*at };
            let next = header.next.get();
            if header.marked.replace(0) != 0 {
                header.next.set(self.all);
                self.live += Heap::size(at);
                self.objects += 1;
                self.all = at;
            } else {
                Heap::free_object(at);
            }
            at = next;
        }
    }

    /// Rebuilds the free chain, gives empty blocks back, and resets the marks.
    fn sweep_conses(&mut self) {
        let unused = self.unused();
        let last = self.blocks.len().wrapping_sub(1);
        let blocks = std::mem::take(&mut self.blocks);
        self.free = ptr::null_mut();
        for (nth, block) in blocks.into_iter().enumerate() {
            // SAFETY: the heap's blocks are living, and nothing refers to them exclusively.
            let b = unsafe { &*block };
            let marked: u32 = b.marks.iter().map(|word| word.get().count_ones()).sum();
            if marked == 0 && nth != last {
                Heap::free_block(block);
                continue;
            }
            self.live += marked as usize * size_of::<Cons>();
            self.objects += marked as usize;
            let used = BLOCK / size_of::<Cons>() - if nth == last { unused } else { 0 };
            for at in (FIRST..used).rev() {
                if b.marks[at / 64].get() & (1 << (at % 64)) == 0 {
                    let cell = &b.cells[at - FIRST];
                    // No value has this tag, so a stale reference shows at its first use.
                    cell.car.set(Value::from_bits(1));
                    cell.cdr.set(Value::from_bits(self.free.expose_provenance()));
                    let first = block.cast::<Cons>();
                    self.free = first.wrapping_add(at);
                }
            }
            b.marks.iter().for_each(|word| word.set(0));
            self.blocks.push(block);
        }
    }

    fn size(at: *mut Header) -> usize {
        // SAFETY: the caller has a living object's header.
        let kind = unsafe { &*at }.kind;
        match kind {
            Kind::Str => size_of::<Str>() + Heap::peek::<Str>(at).bytes.len(),
            Kind::Float => size_of::<Float>(),
            Kind::Vector => size_of::<Vector>() + Heap::peek::<Vector>(at).slots.len() * 8,
            Kind::BoolVector => size_of::<BoolVector>() + Heap::peek::<BoolVector>(at).bits().len(),
            Kind::HashTable => size_of::<HashTable>() + Heap::peek::<HashTable>(at).owned_bytes(),
            _ => size_of::<Vector>(),
        }
    }

    fn peek<'a, T>(at: *mut Header) -> &'a T {
        // SAFETY: `size` asks with the type of the object's kind, and drops the reference before anything is freed.
        unsafe { &*at.cast::<T>() }
    }

    /// Drops an object that was taken out of the sweep list.
    pub(crate) fn free_object(at: *mut Header) {
        fn free<T>(at: *mut Header) {
            // SAFETY: `free_object` asks with the type of the object's kind, which `Heap::adopt` boxed.
            drop(unsafe { Box::from_raw(at.cast::<T>()) });
        }
        // SAFETY: the caller has a living object's header.
        let kind = unsafe { &*at }.kind;
        if kind == Kind::BoolVector {
            // SAFETY: of this kind, taken out of the sweep list by the caller, which uses it no more.
            return unsafe { BoolVector::free(at.cast()) };
        }
        with_type_of!(kind, T => free::<T>(at));
    }
}

/// Takes up what was reached until nothing is left. Weak tables and chains are only noted.
fn trace(edges: &mut Edges<Marker<'_>>) {
    while let Some(v) = edges.see().work.pop() {
        let marker = edges.see();
        marker.heap.traced += 1;
        if marker.heap.get::<HashTable>(v).is_some_and(|t| t.weak != Weakness::None) {
            marker.weak.push(v);
            continue;
        }
        let (kind, start) = (marker.heap.kind(v), marker.work.len());
        match kind {
            Some(Kind::MarkerChain) => {
                marker.chains.push(v);
                continue;
            }
            // The generated walk would follow the chain, which is for the dump alone.
            Some(Kind::Marker) => {
                let buffer = marker.heap.get::<BufferMarker>(v).map_or(Value::NIL, |m| m.buffer.get());
                marker.reach(buffer);
                continue;
            }
            _ => {}
        }
        walk(kind, v, edges);
        // The first child is taken up first, so a list's rest waits while its element is traced, never the reverse.
        edges.see().work[start..].reverse();
    }
}
