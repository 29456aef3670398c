//! The natives of a machine: what its words, fields and slots may point at outside of the image.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::mem::MaybeUninit;

use hashbrown::HashTable;

use super::{ImportKind, MAX_ALIGN, NativeType, spread};
use crate::error::{DumpError, Result};
use crate::image::checksum;

/// The bytes of a native as they go into a slot, with the provenance of the pointers in them.
pub(super) type Bytes = &'static [MaybeUninit<u8>];

/// The length of a function pointer.
pub(super) const POINTER: usize = size_of::<usize>();

/// Host functions and statics by name.
///
/// ```
/// # use neodump_runtime::native::Natives;
/// # struct Vm;
/// fn car(_: &mut Vm, args: &[usize]) -> usize { args[0] }
/// static VTABLE: [usize; 2] = [1, 2];
/// let natives = Natives::new().function("car", car as fn(&mut Vm, &[usize]) -> usize).data("vtable", &VTABLE);
/// assert!(natives.check().is_ok());
/// ```
///
/// Names are unique. What is wrong with a list (a name twice, a type that no slot takes) is kept and
/// reported by every dump and load, so that the list itself reads as one expression.
#[derive(Clone, Default)]
pub struct Natives {
    entries: Vec<Native>,
    /// Positions in `entries`, by the hash of the name and by the address. Nothing iterates over them: their order is
    /// nobody's.
    by_name: HashTable<usize>,
    by_address: HashTable<usize>,
    problems: Vec<String>,
}

/// One function or static.
#[derive(Clone)]
pub(super) struct Native {
    pub(super) name: Cow<'static, str>,
    pub(super) address: usize,
    pub(super) ty: NativeType,
    pub(super) kind: ImportKind,
    pub(super) size: usize,
    pub(super) align: usize,
    pub(super) value: Value,
}

/// What a slot is filled with.
#[derive(Clone, Copy)]
pub(super) enum Value {
    /// The bytes of a function pointer.
    Function([MaybeUninit<u8>; POINTER]),
    /// The bytes of a static.
    Data(Bytes),
}

impl Natives {
    /// A list without natives.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a function, given as a function pointer: `car as fn(&mut Vm) -> Value`, not `car` alone.
    ///
    /// The cast matters: the type of the pointer is part of what a load compares. One function can
    /// have several addresses if it is generic or inlined; a dump knows it by the one given here.
    pub fn function<F: Copy + 'static>(mut self, name: impl Into<Cow<'static, str>>, function: F) -> Self {
        const {
            assert!(
                size_of::<F>() == POINTER,
                "a native function must be a function pointer: cast it, as in `car as fn(&mut Vm) -> Value`"
            );
        }
        let (name, ty) = (name.into(), NativeType::of::<F>());
        if !is_function_pointer(ty.name()) {
            self.problems.push(format!("native \"{name}\": {ty} is not a function pointer, use data"));
            return self;
        }
        // SAFETY: `F` is a function pointer, which is `POINTER` initialized bytes: any integer is.
        let address = unsafe { std::mem::transmute_copy::<F, usize>(&function) };
        // SAFETY: `F` has `POINTER` bytes, and every byte is a `MaybeUninit<u8>`.
        let bytes = unsafe { std::mem::transmute_copy::<F, [MaybeUninit<u8>; POINTER]>(&function) };
        let (kind, size, align) = (ImportKind::Function, POINTER, align_of::<F>());
        self.add(Native { name, address, ty, kind, size, align, value: Value::Function(bytes) })
    }

    /// Adds a static of plain data, which every load copies into the image's `imports` segment.
    ///
    /// The copy has another address than the static: code that asks whether two references are the
    /// same must compare what they refer to.
    pub fn data<T: Copy + Sync + 'static>(
        mut self,
        name: impl Into<Cow<'static, str>>,
        data: &'static T,
    ) -> Self {
        let (name, ty) = (name.into(), NativeType::of::<T>());
        let (size, align) = (size_of::<T>(), align_of::<T>());
        if size == 0 || align > MAX_ALIGN {
            let problem = format!("native \"{name}\": {ty} has size {size} and alignment {align}");
            self.problems.push(format!("{problem}, a slot takes at least 1 and at most {MAX_ALIGN}"));
            return self;
        }
        let start = (&raw const *data).cast::<MaybeUninit<u8>>();
        // SAFETY: `data` refers to `size` bytes for ever; `T: Copy` has no interior mutability, so they
        // do not change, and `MaybeUninit<u8>` admits padding.
        let bytes = unsafe { std::slice::from_raw_parts(start, size) };
        let (address, kind) = (start.addr(), ImportKind::Data);
        self.add(Native { name, address, ty, kind, size, align, value: Value::Data(bytes) })
    }

    /// Adds all natives of another list.
    pub fn extend(mut self, other: &Natives) -> Self {
        for native in &other.entries {
            self = self.add(native.clone());
        }
        self.problems.extend_from_slice(&other.problems);
        self
    }

    /// The number of natives.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no natives.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let mut names: Vec<&str> = self.entries.iter().map(|native| &*native.name).collect();
        names.sort_unstable();
        names.into_iter()
    }

    /// The name of the native of this type at this address; the first in order where it has several.
    pub fn name_at(&self, address: usize, ty: NativeType) -> Option<&str> {
        self.find(address, ty).map(|native| &*native.name)
    }

    /// The types of the natives at this address, for the error about one of another type.
    pub fn types_at(&self, address: usize) -> impl Iterator<Item = &'static str> {
        let types: BTreeSet<_> = self.at(address).map(|native| native.ty.name()).collect();
        types.into_iter()
    }

    /// The address of the native of this name.
    pub fn address_of(&self, name: &str) -> Option<usize> {
        Some(self.get(name)?.address)
    }

    /// The type of the native of this name.
    pub fn type_of(&self, name: &str) -> Option<NativeType> {
        self.get(name).map(|native| native.ty)
    }

    /// The first name, in order, that both lists have with different types.
    pub(crate) fn differing(&self, other: &Natives) -> Option<&str> {
        self.names().find(|name| other.type_of(name).is_some_and(|ty| self.type_of(name) != Some(ty)))
    }

    /// An error that lists what is wrong with the list, if anything is.
    pub fn check(&self) -> Result<()> {
        match self.problems() {
            None => Ok(()),
            Some(problem) => Err(DumpError::Serialization { path: "natives".to_owned(), problem }),
        }
    }

    pub(super) fn problems(&self) -> Option<String> {
        (!self.problems.is_empty()).then(|| self.problems.join("; "))
    }

    pub(super) fn get(&self, name: &str) -> Option<&Native> {
        let same = |&at: &usize| self.entries[at].name == name;
        self.by_name.find(checksum(name.as_bytes()), same).map(|&at| &self.entries[at])
    }

    /// Of several names of one native the first in order: the order of the list must not reach an image.
    pub(super) fn find(&self, address: usize, ty: NativeType) -> Option<&Native> {
        self.at(address).filter(|native| native.ty == ty).min_by_key(|native| &native.name)
    }

    /// The natives at an address, in any order.
    fn at(&self, address: usize) -> impl Iterator<Item = &Native> {
        let natives = self.by_address.iter_hash(spread(address)).map(|&at| &self.entries[at]);
        natives.filter(move |native| native.address == address)
    }

    fn add(mut self, native: Native) -> Self {
        if native.name.is_empty() {
            self.problems.push(format!("a native of type {} has an empty name", native.ty));
            return self;
        }
        if let Some(known) = self.get(&native.name) {
            let problem = format!("native \"{}\" is listed twice", native.name);
            self.problems.push(format!("{problem}: as {} and as {}", known.ty, native.ty));
            return self;
        }
        let at = self.entries.len();
        let (name, address) = (checksum(native.name.as_bytes()), spread(native.address));
        self.entries.push(native);
        let entries = &self.entries;
        self.by_name.insert_unique(name, at, |&at| checksum(entries[at].name.as_bytes()));
        self.by_address.insert_unique(address, at, |&at| spread(entries[at].address));
        self
    }
}

impl fmt::Debug for Natives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.names().map(|name| (name, self.type_of(name)))).finish()
    }
}

/// Whether a type name is that of a function pointer: `for<'a> unsafe extern "C" fn(..) -> ..`. Names of
/// all types that a crate can define are paths.
fn is_function_pointer(type_name: &str) -> bool {
    let mut rest = type_name;
    if let Some(bound) = rest.strip_prefix("for<") {
        rest = bound.split_once("> ").map_or("", |(_, rest)| rest);
    }
    rest = rest.strip_prefix("unsafe ").unwrap_or(rest);
    if let Some(abi) = rest.strip_prefix("extern \"") {
        rest = abi.split_once("\" ").map_or("", |(_, rest)| rest);
    }
    rest.starts_with("fn(")
}
