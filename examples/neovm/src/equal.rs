//! Equality and hashing, without recursion over depth.

use crate::heap::Heap;
use crate::object::{Bignum, BoolVector, HashTable, Marker, Overlay, Str, SymbolWithPos};
use crate::rt::{Interner, Symbol};
use crate::value::Value;
use std::collections::{HashMap, HashSet};

/// The same word, or floats of the same bits, or integers of the same size.
pub fn eql(heap: &Heap, a: Value, b: Value) -> bool {
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
    Comparison::new(heap, None).run(a, b)
}

/// The same content, hash tables, text properties and uninterned symbols compared by content too: what is printed
/// and read again should be like this.
pub fn same_structure(heap: &Heap, symbols: &Interner, a: Value, b: Value) -> bool {
    Comparison::new(heap, Some(symbols)).run(a, b)
}

struct Comparison<'a> {
    heap: &'a Heap,
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
    fn new(heap: &'a Heap, deep: Option<&'a Interner>) -> Comparison<'a> {
        Comparison { heap, deep, pairs: HashMap::new(), work: Vec::new(), steps: 0, seen: HashSet::new() }
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
            if self.steps > self.heap.objects() + 1000 && !self.seen.insert((a, b)) {
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
            return x.len == y.len && x.bits[..] == y.bits[..];
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
            if x.test != y.test || x.weak != y.weak || x.count != y.count {
                return false;
            }
            for (x, y) in heap.hash_entries(a).iter().zip(heap.hash_entries(b)).rev() {
                self.push(x.value, y.value);
                self.push(x.key, y.key);
            }
            return true;
        }
        eql(heap, a, b)
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

fn mix(h: u64, word: u64) -> u64 {
    let m = u128::from(h.rotate_left(5) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_0C6D_u128);
    m as u64 ^ (m >> 64) as u64
}

fn hash_bytes(bytes: &[u8]) -> u64 {
    bytes.chunks(8).fold(bytes.len() as u64, |h, chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        mix(h, u64::from_le_bytes(word))
    })
}

/// A hash that agrees with `eq`.
pub fn hash_eq(v: Value) -> u64 {
    mix(1, v.bits() as u64)
}

/// A hash that agrees with [`eql`].
pub fn hash_eql(heap: &Heap, v: Value) -> u64 {
    if let Some(f) = heap.as_float(v) {
        mix(2, f.to_bits())
    } else if let Some(n) = heap.get::<Bignum>(v) {
        n.limbs.iter().fold(u64::from(n.negative), |h, &limb| mix(h, limb))
    } else {
        hash_eq(v)
    }
}

/// A hash that agrees with [`equal`]: it looks at the first values only, and at few levels.
pub fn hash_equal(heap: &Heap, v: Value) -> u64 {
    hash_levels(heap, v, 4)
}

fn hash_levels(heap: &Heap, v: Value, levels: u32) -> u64 {
    if let Some(s) = heap.get::<Str>(v) {
        return hash_bytes(&s.bytes);
    }
    if let Some(b) = heap.get::<BoolVector>(v) {
        return mix(b.len, hash_bytes(&b.bits));
    }
    if let Some(s) = heap.get::<SymbolWithPos>(v) {
        return mix(hash_eq(s.symbol), hash_eq(s.pos));
    }
    if heap.get::<Marker>(v).is_some() || heap.get::<Overlay>(v).is_some() {
        // They are equal by where they are, and they move.
        return 7;
    }
    if levels == 0 {
        return if v.is_cons() || heap.as_slots(v).is_some() { 3 } else { hash_eql(heap, v) };
    }
    if v.is_cons() {
        let (mut h, mut rest) = (5, v);
        for _ in 0..8 {
            let Some(cons) = heap.as_cons(rest) else { break };
            h = mix(h, hash_levels(heap, cons.car.get(), levels - 1));
            rest = cons.cdr.get();
        }
        return if rest.is_cons() { h } else { mix(h, hash_levels(heap, rest, levels - 1)) };
    }
    if let Some(slots) = heap.as_slots(v) {
        let start = slots.len() as u64;
        return slots.iter().take(8).fold(start, |h, &slot| mix(h, hash_levels(heap, slot, levels - 1)));
    }
    hash_eql(heap, v)
}
