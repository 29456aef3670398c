//! Equality and hashing, without recursion over depth.

use crate::heap::Heap;
use crate::living::Living;
use crate::object::{Bignum, BoolVector, HashTable, Marker, Overlay, Str, SymbolWithPos};
use crate::rt::{ImageHasher, ImageKey, Interner, Symbol};
use crate::value::Value;
use std::collections::{HashMap, HashSet};

/// The same word, or floats of the same bits, or integers of the same size.
pub fn eql(heap: &Heap, a: Value, b: Value) -> bool {
    eql_living(Living::of(heap), a, b)
}

/// [`eql`] of values of a heap that is not at hand.
pub(crate) fn eql_living(heap: Living<'_>, a: Value, b: Value) -> bool {
    if a == b {
        return true;
    }
    match (heap.as_float(a), heap.as_float(b)) {
        (Some(x), Some(y)) => return x.to_bits() == y.to_bits(),
        (None, None) => {}
        _ => return false,
    }
    match (heap.get::<Bignum>(a), heap.get::<Bignum>(b)) {
        (Some(x), Some(y)) => x.negative == y.negative && x.limbs[..] == y.limbs[..],
        _ => false,
    }
}

/// The same content. Circular structure is equal when no difference can be reached.
pub fn equal(heap: &Heap, a: Value, b: Value) -> bool {
    equal_living(Living::of(heap), Patience(heap.objects() + 1000), a, b)
}

/// [`equal`] of values of a heap that is not at hand.
pub(crate) fn equal_living(heap: Living<'_>, patience: Patience, a: Value, b: Value) -> bool {
    Comparison::new(heap, patience, None).run(a, b)
}

/// The same content, hash tables, text properties and uninterned symbols compared by content too: what is printed
/// and read again should be like this.
pub fn same_structure(heap: &Heap, symbols: &Interner, a: Value, b: Value) -> bool {
    Comparison::new(Living::of(heap), Patience(heap.objects() + 1000), Some(symbols)).run(a, b)
}

/// How many steps a comparison takes before it notes where it has been: more than an acyclic value would take, or so
/// many that noting them costs little beside.
#[derive(Clone, Copy)]
pub(crate) struct Patience(usize);

impl Patience {
    /// For keys, which are short.
    pub(crate) const KEYS: Patience = Patience(10_000);
}

struct Comparison<'a> {
    heap: Living<'a>,
    patience: usize,
    /// Compare all structure.
    deep: Option<&'a Interner>,
    /// The partner of each uninterned symbol met.
    pairs: HashMap<Symbol, Symbol>,
    work: Vec<(Value, Value)>,
    steps: usize,
    /// Pairs compared already, kept once there were more steps than an acyclic value would take.
    seen: HashSet<(Value, Value)>,
}

impl<'a> Comparison<'a> {
    fn new(heap: Living<'a>, patience: Patience, deep: Option<&'a Interner>) -> Comparison<'a> {
        let (pairs, seen) = (HashMap::new(), HashSet::new());
        Comparison { heap, patience: patience.0, deep, pairs, work: Vec::new(), steps: 0, seen }
    }

    fn run(mut self, a: Value, b: Value) -> bool {
        self.work.push((a, b));
        while let Some((a, b)) = self.work.pop() {
            if !self.step(a, b) {
                return false;
            }
        }
        true
    }

    /// Compares two values, leaving their parts in the work list.
    fn step(&mut self, a: Value, b: Value) -> bool {
        if a == b && (self.deep.is_none() || a.is_object()) {
            return true;
        }
        if a.tag() != b.tag() {
            return false;
        }
        if a.is_object() {
            self.steps += 1;
            if self.steps > self.patience && !self.seen.insert((a, b)) {
                return true;
            }
        }
        let heap = self.heap;
        if let (Some(x), Some(y)) = (heap.as_cons(a), heap.as_cons(b)) {
            self.push(x.cdr.get(), y.cdr.get());
            self.push(x.car.get(), y.car.get());
            return true;
        }
        if let (Some(x), Some(y)) = (a.as_symbol(), b.as_symbol()) {
            return self.same_symbol(x, y);
        }
        if let (Some(x), Some(y)) = (heap.get::<Str>(a), heap.get::<Str>(b)) {
            if self.deep.is_some() {
                self.push(x.props.get(), y.props.get());
            }
            return x.multibyte == y.multibyte && x.bytes[..] == y.bytes[..];
        }
        if heap.kind(a) != heap.kind(b) {
            return false;
        }
        if let (Some(x), Some(y)) = (heap.as_slots(a), heap.as_slots(b)) {
            if x.len() != y.len() {
                return false;
            }
            for at in (0..x.len()).rev() {
                self.push(x[at], y[at]);
            }
            return true;
        }
        if let (Some(x), Some(y)) = (heap.get::<BoolVector>(a), heap.get::<BoolVector>(b)) {
            return x.len == y.len && x.bits() == y.bits();
        }
        if let (Some(x), Some(y)) = (heap.get::<SymbolWithPos>(a), heap.get::<SymbolWithPos>(b)) {
            return x.symbol == y.symbol && x.pos == y.pos;
        }
        if let (Some(x), Some(y)) = (heap.get::<Marker>(a), heap.get::<Marker>(b)) {
            let placed = x.buffer.get().is_true();
            return x.buffer == y.buffer && (!placed || x.pos.get().char == y.pos.get().char);
        }
        if let (Some(x), Some(y)) = (heap.get::<Overlay>(a), heap.get::<Overlay>(b)) {
            self.push(x.plist.get(), y.plist.get());
            return x.buffer == y.buffer && x.start == y.start && x.end == y.end;
        }
        if let (Some(x), Some(y), Some(_)) = (heap.get::<HashTable>(a), heap.get::<HashTable>(b), self.deep) {
            if x.test() != y.test() || x.weak != y.weak || x.count() != y.count() {
                return false;
            }
            let pairs: Vec<_> = x.entries().zip(y.entries()).collect();
            for (x, y) in pairs.iter().rev() {
                self.push(x.value, y.value);
                self.push(x.key, y.key);
            }
            return true;
        }
        eql_living(heap, a, b)
    }

    fn push(&mut self, a: Value, b: Value) {
        // Equal words wait for nothing, so a nest of any depth on one side leaves the work list short.
        if a != b || (self.deep.is_some() && a.is_symbol()) {
            self.work.push((a, b));
        }
    }

    fn same_symbol(&mut self, a: Symbol, b: Symbol) -> bool {
        match self.deep {
            Some(symbols) if !symbols.is_interned(a) && !symbols.is_interned(b) => {
                symbols.name(a) == symbols.name(b) && *self.pairs.entry(a).or_insert(b) == b
            }
            _ => a == b,
        }
    }
}

/// Feeds a hash that agrees with [`eql`].
pub(crate) fn hash_eql(heap: Living<'_>, v: Value, h: &mut ImageHasher<'_>) {
    if let Some(f) = heap.as_float(v) {
        h.number(f.to_bits());
    } else if let Some(n) = heap.get::<Bignum>(v) {
        h.number(u64::from(n.negative));
        n.limbs.iter().for_each(|&limb| h.number(limb));
    } else {
        h.word(v);
    }
}

/// Feeds a hash that agrees with [`equal`]: it looks at the first values only, and at few levels.
pub(crate) fn hash_equal(heap: Living<'_>, v: Value, h: &mut ImageHasher<'_>) {
    hash_levels(heap, v, 4, h);
}

/// A hash that agrees with [`equal`], in this process.
pub fn sxhash(heap: &Heap, v: Value) -> u64 {
    struct Key<'h>(Living<'h>, Value);
    impl ImageKey for Key<'_> {
        const VERSION: u32 = 1;
        fn hash_key(&self, hasher: &mut ImageHasher<'_>) {
            hash_equal(self.0, self.1, hasher);
        }
        fn same_key(&self, other: &Self) -> bool {
            equal_living(self.0, Patience::KEYS, self.1, other.1)
        }
    }
    ImageHasher::hash_of(&Key(Living::of(heap), v))
}

fn hash_levels(heap: Living<'_>, v: Value, levels: u32, h: &mut ImageHasher<'_>) {
    if let Some(s) = heap.get::<Str>(v) {
        return h.bytes(&s.bytes);
    }
    if let Some(b) = heap.get::<BoolVector>(v) {
        h.number(b.len);
        return h.bytes(b.bits());
    }
    if let Some(s) = heap.get::<SymbolWithPos>(v) {
        h.word(s.symbol);
        return h.word(s.pos);
    }
    if heap.get::<Marker>(v).is_some() || heap.get::<Overlay>(v).is_some() {
        // They are equal by where they are, and they move.
        return h.number(7);
    }
    if levels == 0 {
        let inside = v.is_cons() || heap.as_slots(v).is_some();
        return if inside { h.number(3) } else { hash_eql(heap, v, h) };
    }
    if v.is_cons() {
        h.number(5);
        let mut rest = v;
        for _ in 0..8 {
            let Some(cons) = heap.as_cons(rest) else { break };
            hash_levels(heap, cons.car.get(), levels - 1, h);
            rest = cons.cdr.get();
        }
        return if rest.is_cons() { h.number(6) } else { hash_levels(heap, rest, levels - 1, h) };
    }
    if let Some(slots) = heap.as_slots(v) {
        h.number(slots.len() as u64);
        return slots.iter().take(8).for_each(|&slot| hash_levels(heap, slot, levels - 1, h));
    }
    hash_eql(heap, v, h);
}
