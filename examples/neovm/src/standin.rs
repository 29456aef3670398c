//! The few runtime types the machine is built on, with the interface of `neodump_runtime`.

use std::collections::HashMap;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};

/// A symbol: an index into an [`Interner`].
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Symbol(u32);

impl Symbol {
    /// The symbol with this id.
    pub const fn from_id(id: u32) -> Symbol {
        Symbol(id)
    }

    /// The index in the interner.
    pub const fn id(self) -> u32 {
        self.0
    }
}

/// Names to symbols and back. Symbols are never removed.
#[derive(Default, Debug)]
pub struct Interner {
    names: Vec<(Box<[u8]>, bool)>,
    by_name: HashMap<Box<[u8]>, u32>,
}

impl Interner {
    /// An interner without symbols.
    pub fn new() -> Interner {
        Interner::default()
    }

    /// An interner whose first symbols have these names, in this order.
    pub fn with_names<N: AsRef<[u8]>>(names: &[N]) -> Interner {
        let mut interner = Interner::new();
        for name in names {
            interner.intern(name);
        }
        interner
    }

    /// The symbol of this name, made when there is none yet.
    pub fn intern(&mut self, name: impl AsRef<[u8]>) -> Symbol {
        let name = name.as_ref();
        if let Some(&id) = self.by_name.get(name) {
            return Symbol(id);
        }
        let symbol = self.push(name, true);
        self.by_name.insert(name.into(), symbol.0);
        symbol
    }

    /// The symbol of this name, if there is one.
    pub fn lookup(&self, name: &[u8]) -> Option<Symbol> {
        self.by_name.get(name).copied().map(Symbol)
    }

    /// A new symbol that no name finds.
    pub fn uninterned(&mut self, name: impl AsRef<[u8]>) -> Symbol {
        self.push(name.as_ref(), false)
    }

    fn push(&mut self, name: &[u8], interned: bool) -> Symbol {
        let id = self.names.len() as u32;
        self.names.push((name.into(), interned));
        Symbol(id)
    }

    /// The name of a symbol.
    pub fn name(&self, symbol: Symbol) -> &[u8] {
        &self.names[symbol.0 as usize].0
    }

    /// Whether the symbol's name finds it.
    pub fn is_interned(&self, symbol: Symbol) -> bool {
        self.names[symbol.0 as usize].1
    }

    /// How many symbols there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is no symbol.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

/// A vector in 24 bytes. Here it always owns its memory.
#[repr(C)]
pub struct ImageVec<T> {
    ptr: *mut T,
    len: usize,
    cap: usize,
}

impl<T> ImageVec<T> {
    /// A vector without elements.
    pub const fn new() -> ImageVec<T> {
        ImageVec { ptr: std::ptr::dangling_mut(), len: 0, cap: 0 }
    }

    fn put(&mut self, vec: Vec<T>) {
        let mut vec = ManuallyDrop::new(vec);
        self.ptr = vec.as_mut_ptr();
        self.len = vec.len();
        self.cap = vec.capacity();
    }

    fn take(&mut self) -> Vec<T> {
        let (ptr, len, cap) = (self.ptr, self.len, self.cap);
        self.ptr = std::ptr::dangling_mut();
        self.len = 0;
        self.cap = 0;
        // SAFETY: the three parts came from a `Vec` in `put`, or are those of an empty one, and were just given up.
        unsafe { Vec::from_raw_parts(ptr, len, cap) }
    }

    /// Changes the elements as a `Vec`.
    pub fn with_vec<R>(&mut self, change: impl FnOnce(&mut Vec<T>) -> R) -> R {
        let mut vec = self.take();
        let result = change(&mut vec);
        self.put(vec);
        result
    }

    /// Adds an element at the end.
    pub fn push(&mut self, value: T) {
        self.with_vec(|vec| vec.push(value));
    }
}

impl<T> From<Vec<T>> for ImageVec<T> {
    fn from(vec: Vec<T>) -> ImageVec<T> {
        let mut out = ImageVec::new();
        out.put(vec);
        out
    }
}

impl<T> Deref for ImageVec<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        // SAFETY: `ptr` and `len` are those of a live `Vec`, borrowed no longer than `self`.
        unsafe { std::slice::from_raw_parts(self.ptr, self.len) }
    }
}

impl<T> DerefMut for ImageVec<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: `ptr` and `len` are those of a live `Vec`, borrowed as long and as exclusively as `self`.
        unsafe { std::slice::from_raw_parts_mut(self.ptr, self.len) }
    }
}

impl<T> Default for ImageVec<T> {
    fn default() -> ImageVec<T> {
        ImageVec::new()
    }
}

impl<T> Drop for ImageVec<T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}
