//! The smallest useful dump: a machine of three types. The first run boots it and dumps it; every
//! later run starts from the image.

use std::collections::HashMap;
use std::convert::Infallible;

use neodump_runtime::{
    AdoptImage, Dumpable, Image, ImagePlaces, Interner, LoadOptions, LoadReport, Rebuild, Symbol,
};

/// What a variable holds: a number, `nil`, or a pair.
#[derive(Dumpable, Clone, Copy, PartialEq, Debug)]
#[dump(unsafe(word), objects(Pair = 0b001), immediate(0b000, 0b010))]
#[repr(transparent)]
struct Value(usize);

/// A heap object: its stored form is its memory form, so a load does not touch it.
#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Pair {
    first: Value,
    rest: Value,
}

/// The machine: the root of the image.
#[derive(Dumpable)]
#[dump(image = "quickstart", version = 1)]
struct Machine {
    /// Owns the image after a load.
    #[dump(heap)]
    heap: Heap,
    symbols: Interner,
    globals: HashMap<Symbol, Value>,
    /// A field is left out in words only.
    #[dump(skip = "counts what this process does")]
    lookups: u64,
}

/// A heap without a collector: objects live as long as the process.
#[derive(Default)]
struct Heap {
    image: Option<Image>,
}

impl AdoptImage for Heap {
    fn adopt(image: Image) -> Self {
        Self { image: Some(image) }
    }
    fn image(&self) -> Option<&Image> {
        self.image.as_ref()
    }
}

impl Value {
    const NIL: Self = Self(0b010);

    fn number(number: usize) -> Self {
        Self(number << 3)
    }

    fn pair(first: Self, rest: Self) -> Self {
        Self(Box::into_raw(Box::new(Pair { first, rest })).expose_provenance() | 0b001)
    }

    fn as_pair(self) -> Option<&'static Pair> {
        let pair = std::ptr::with_exposed_provenance::<Pair>(self.0 & !0b111);
        // SAFETY: only `pair` and the loader make words with this tag, of pairs that are never freed.
        (self.0 & 0b111 == 0b001).then(|| unsafe { &*pair })
    }
}

impl Machine {
    /// What takes time at every start: the machine works out its library.
    fn boot() -> Self {
        let mut symbols = Interner::new();
        let is_prime = |n: &usize| (2..*n).take_while(|d| d * d <= *n).all(|d| !n.is_multiple_of(d));
        let primes = (2..200_000).filter(is_prime).collect::<Vec<_>>();
        let list =
            primes.iter().rev().fold(Value::NIL, |rest, &prime| Value::pair(Value::number(prime), rest));
        let globals =
            HashMap::from([(symbols.intern("primes"), list), (symbols.intern("nothing"), Value::NIL)]);
        Self { heap: Heap::default(), symbols, globals, lookups: 0 }
    }

    fn global(&mut self, name: &str) -> Option<Value> {
        self.lookups += 1;
        self.globals.get(&self.symbols.lookup(name.as_bytes())?).copied()
    }

    fn sum(&mut self, name: &str) -> usize {
        let mut next = self.global(name);
        let mut sum = 0;
        while let Some(pair) = next.and_then(Value::as_pair) {
            sum += pair.first.0 >> 3;
            next = Some(pair.rest);
        }
        sum
    }
}

/// Starts from the image, or boots and leaves one for the next start.
fn start(places: &ImagePlaces) -> Machine {
    let mut report = LoadReport::default();
    let boot = |_: Rebuild<'_>| Ok::<_, Infallible>(Machine::boot());
    let Ok((machine, outcome)) = LoadOptions::new().report(&mut report).load_or_rebuild(places.clone(), boot);
    println!("{outcome}\n{report}");
    machine
}

fn main() {
    // Where the command line says; else beside the program, or in the user's cache.
    let places = ImagePlaces::of::<Machine>().given(std::env::args_os().nth(1));
    for run in ["first", "second"] {
        let mut machine = start(&places);
        let sum = machine.sum("primes");
        let mapped: usize =
            machine.heap.image().map_or(0, |image| image.arenas().iter().map(|a| a.len()).sum());
        println!("{run} start: the primes sum to {sum}, {mapped} objects are those of the image");
    }
}

#[cfg(test)]
mod tests;
