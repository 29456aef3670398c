//! Mark and sweep.

use crate::heap::{BLOCK, Block, Heap};
use crate::object::{
    Bignum, BoolVector, ByteCode, CharTable, Cons, Float, HashTable, Header, Kind, Lambda, Macro, Record,
    Str, SubCharTable, Subr, Vector, Weakness,
};
use crate::value::Value;
use std::ptr;

/// The first cell of a block, counted in units of a cell from the block's start.
const FIRST: usize = std::mem::offset_of!(Block, cells) / size_of::<Cons>();

/// What is called with each value.
pub type Visitor<'a> = dyn FnMut(Value) + 'a;

impl Heap {
    /// Calls `f` with every value the object holds, in field order. The collector, the auditor of tests and nothing
    /// else decide by it what an object refers to.
    pub fn for_each_child(&self, v: Value, f: &mut Visitor<'_>) {
        if let Some(cons) = self.as_cons(v) {
            f(cons.car.get());
            f(cons.cdr.get());
        } else if let Some(str) = self.get::<Str>(v) {
            f(str.props.get());
        } else if let Some(slots) = self.as_slots(v) {
            slots.iter().copied().for_each(f);
        } else if let Some(table) = self.get::<HashTable>(v) {
            for entry in table.entries.iter() {
                f(entry.key);
                f(entry.value);
            }
        } else if let Some(subr) = self.get::<Subr>(v) {
            f(Value::symbol(subr.name));
        }
    }

    /// Frees every object that no root reaches. `roots` calls its argument with each root.
    ///
    /// # Safety
    ///
    /// Every value made by this heap that will be used after the call is reached from the roots.
    pub unsafe fn collect(&mut self, roots: &mut dyn FnMut(&mut Visitor<'_>)) {
        self.clear_image_marks();
        let mut work = Vec::new();
        let mut weak = Vec::new();
        roots(&mut |v| self.reach(v, &mut work));
        self.trace(&mut work, &mut weak);
        // A weak table keeps an entry's other half only once the half that counts is reached, which may in turn reach
        // more keys: repeat until nothing is added.
        loop {
            for &table in &weak {
                self.reach_weak(table, &mut work);
            }
            if work.is_empty() {
                break;
            }
            self.trace(&mut work, &mut weak);
        }
        for table in weak {
            self.drop_dead_entries(table);
        }
        self.sweep();
        self.fresh = 0;
        self.collections += 1;
    }

    fn reach(&self, v: Value, work: &mut Vec<Value>) {
        if self.set_mark(v) && !v.is_float() {
            work.push(v);
        }
    }

    fn trace(&self, work: &mut Vec<Value>, weak: &mut Vec<Value>) {
        while let Some(v) = work.pop() {
            if self.get::<HashTable>(v).is_some_and(|t| t.weak != Weakness::None) {
                weak.push(v);
                continue;
            }
            let start = work.len();
            self.for_each_child(v, &mut |child| self.reach(child, work));
            // The first child is taken up first, so a list's rest waits while its element is traced, never the reverse.
            work[start..].reverse();
        }
    }

    /// Marks what the entries of a weak table keep alive by now.
    fn reach_weak(&self, table: Value, work: &mut Vec<Value>) {
        let Some(table) = self.get::<HashTable>(table) else { return };
        for entry in table.entries.iter() {
            if entry.key != Value::UNBOUND && self.entry_lives(table.weak, entry.key, entry.value) {
                self.reach(entry.key, work);
                self.reach(entry.value, work);
            }
        }
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
        let lives = |e: &crate::object::Entry| {
            e.key == Value::UNBOUND || self.entry_lives(table.weak, e.key, e.value)
        };
        let dead: Vec<usize> =
            table.entries.iter().enumerate().filter(|(_, e)| !lives(e)).map(|(at, _)| at).collect();
        for at in dead {
            self.remove_entry(value, at);
        }
    }

    fn sweep(&mut self) {
        self.live = 0;
        self.objects = 0;
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
            Kind::HashTable => size_of::<HashTable>() + Heap::peek::<HashTable>(at).entries.len() * 16,
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
        match kind {
            Kind::Str => free::<Str>(at),
            Kind::Float => free::<Float>(at),
            Kind::Vector => free::<Vector>(at),
            Kind::Record => free::<Record>(at),
            Kind::Lambda => free::<Lambda>(at),
            Kind::Macro => free::<Macro>(at),
            Kind::ByteCode => free::<ByteCode>(at),
            Kind::CharTable => free::<CharTable>(at),
            Kind::SubCharTable => free::<SubCharTable>(at),
            Kind::BoolVector => free::<BoolVector>(at),
            Kind::HashTable => free::<HashTable>(at),
            Kind::Bignum => free::<Bignum>(at),
            Kind::Subr => free::<Subr>(at),
        }
    }
}
