//! Imports: the natives that an image needs, each with its slot in the `imports` segment.

use std::borrow::Cow;
use std::fmt;
use std::mem::MaybeUninit;

use hashbrown::HashTable;

use super::natives::Value;
use super::{NativeType, Natives, SLOT_ALIGN, section};
use crate::error::{DumpError, Result};
use crate::image::checksum;
use crate::shown::{LONGEST, shown_to};

/// How many natives are told that an image needs and the process does not have.
const MOST_TOLD: usize = 40;

/// What a native is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
pub enum ImportKind {
    /// A function: its slot holds the function pointer.
    Function = 1,
    /// A static of plain data: its slot holds a copy.
    Data = 2,
}

/// An import of an [`ImportTable`]: its position, which is also that in the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImportId(pub u32);

/// A native that an image needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import<'a> {
    /// The name in [`Natives`].
    pub name: Cow<'a, str>,
    /// The name of its type, as [`std::any::type_name`] has it.
    pub type_name: Cow<'a, str>,
    /// Function or data.
    pub kind: ImportKind,
    /// The bytes of the slot.
    pub size: usize,
    /// The alignment of the type.
    pub align: usize,
    /// The offset of the slot from the start of the `imports` segment.
    pub slot: usize,
}

impl Import<'_> {
    /// The same, with texts of its own.
    pub fn into_owned(self) -> Import<'static> {
        let (name, type_name) = (Cow::Owned(self.name.into_owned()), Cow::Owned(self.type_name.into_owned()));
        Import { name, type_name, ..self }
    }

    /// The offset behind the slot; `None` where it overflows.
    pub(super) fn end(&self) -> Option<usize> {
        self.slot.checked_add(self.size)
    }

    /// Where the slot of a type lies behind a segment that ends at `end`.
    pub(super) fn place(end: usize, align: usize) -> Option<usize> {
        end.checked_next_multiple_of(align.max(SLOT_ALIGN))
    }
}

/// The imports of a dump, in the order in which it first meets them.
#[derive(Clone, Debug, Default)]
pub struct ImportTable {
    imports: Vec<Import<'static>>,
    /// Address and type of each import in the process that dumps.
    keys: Vec<(usize, NativeType)>,
    /// Imports by address: machines exist whose every object points at a native.
    index: HashTable<u32>,
}

impl ImportTable {
    /// A table without imports.
    pub fn new() -> Self {
        Self::default()
    }

    /// The import of the native of this type at this address, made if there is none; `None` if no such native is listed.
    pub fn import(&mut self, natives: &Natives, address: usize, ty: NativeType) -> Option<ImportId> {
        let same = |&id: &u32| self.keys[id as usize] == (address, ty);
        if let Some(&id) = self.index.find(spread(address), same) {
            return Some(ImportId(id));
        }
        let native = natives.find(address, ty)?;
        let slot = Import::place(self.slots_len(), native.align)?;
        let id = u32::try_from(self.imports.len()).ok()?;
        self.imports.push(Import {
            name: native.name.clone(),
            type_name: native.ty.name().into(),
            kind: native.kind,
            size: native.size,
            align: native.align,
            slot,
        });
        self.keys.push((address, ty));
        self.index.insert_unique(spread(address), id, |&id| spread(self.keys[id as usize].0));
        Some(ImportId(id))
    }

    /// The import of an id that this table gave out.
    pub fn get(&self, id: ImportId) -> Option<&Import<'static>> {
        self.imports.get(id.0 as usize)
    }

    /// All imports, in the order of their slots.
    pub fn imports(&self) -> &[Import<'static>] {
        &self.imports
    }

    /// The bytes that the slots take in the `imports` segment.
    pub fn slots_len(&self) -> usize {
        slots_len(&self.imports)
    }

    /// The Natives section.
    pub fn encode(&self) -> Vec<u8> {
        section::encode(&self.imports)
    }
}

/// Spreads an address over all bits: tables take the lowest and the highest.
pub(super) fn spread(address: usize) -> u64 {
    let mixed = (address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 32)
}

/// The bytes that the slots of these imports take.
pub fn slots_len(imports: &[Import<'_>]) -> usize {
    imports.last().and_then(Import::end).unwrap_or(0)
}

/// The import whose slot starts at this offset of the `imports` segment. The imports are in the order of their
/// slots, as [`decode`](super::decode) and [`ImportTable::imports`] give them.
pub fn import_at<'i, 'a>(imports: &'i [Import<'a>], slot: usize) -> Option<(ImportId, &'i Import<'a>)> {
    let at = imports.binary_search_by_key(&slot, |import| import.slot).ok()?;
    Some((ImportId(u32::try_from(at).ok()?), imports.get(at)?))
}

/// A hash of the names and types of these imports, whatever their order: the sum of the hash of each.
pub fn natives_hash(imports: &[Import<'_>]) -> u64 {
    let mut bytes = Vec::new();
    imports.iter().fold(0, |sum: u64, import| {
        bytes.clear();
        for text in [&import.name, &import.type_name] {
            bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        for number in [import.kind as u64, import.size as u64, import.align as u64] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        sum.wrapping_add(checksum(&bytes))
    })
}

/// An import and the native that fills its slot.
#[derive(Clone, Copy)]
pub struct Binding {
    ty: NativeType,
    slot: usize,
    align: usize,
    value: Value,
}

impl Binding {
    /// The type of the native.
    pub fn ty(&self) -> NativeType {
        self.ty
    }

    /// The offset of the slot in the `imports` segment.
    pub fn slot(&self) -> usize {
        self.slot
    }

    /// The bytes that [`fill`](Self::fill) writes.
    pub fn size(&self) -> usize {
        self.bytes().len()
    }

    /// The alignment that the slot has.
    pub fn align(&self) -> usize {
        self.align
    }

    /// Writes the function pointer, or the copy of the static, to `slot`.
    ///
    /// # Safety
    ///
    /// [`size`](Self::size) bytes at `slot` are writable, and nothing else reads or writes them meanwhile.
    pub unsafe fn fill(&self, slot: *mut u8) {
        let bytes = self.bytes();
        // SAFETY: the source is a slice of that length, the caller vouches for the target, and they do
        // not overlap: nothing writes to a native, while the target is writable.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), slot.cast(), bytes.len()) }
    }

    fn bytes(&self) -> &[MaybeUninit<u8>] {
        match &self.value {
            Value::Function(bytes) => bytes,
            Value::Data(bytes) => bytes,
        }
    }
}

impl fmt::Debug for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binding")
            .field("slot", &self.slot)
            .field("size", &self.size())
            .finish_non_exhaustive()
    }
}

/// Finds the native of every import, by name and type, in the order of the imports.
///
/// The error lists every import that is missing or has another type.
pub fn bind(imports: &[Import<'_>], natives: &Natives) -> Result<Vec<Binding>> {
    if let Some(problem) = natives.problems() {
        return Err(DumpError::Deserialization { path: "natives".to_owned(), problem });
    }
    let mut bindings = Vec::with_capacity(imports.len());
    // The imports come out of a file: what is told of them ends.
    let (mut changes, mut more) = (Vec::new(), 0_usize);
    for import in imports {
        let name = &import.name;
        let mut change = |text: &dyn Fn() -> String| {
            if changes.len() < MOST_TOLD { changes.push(shown_to(text(), LONGEST)) } else { more += 1 }
        };
        let Some(native) = natives.get(name) else {
            change(&|| format!("native \"{name}\" is missing: expected {}", import.type_name));
            continue;
        };
        let found = (&*import.type_name, import.kind, import.size, import.align);
        let expected = (native.ty.name(), native.kind, native.size, native.align);
        if found == expected {
            bindings.push(Binding {
                ty: native.ty,
                slot: import.slot,
                align: import.align,
                value: native.value,
            });
        } else if found.0 != expected.0 {
            // Types of functions hold arrows, so none stands between them.
            let types = format!("{} in the image, {} in this build", found.0, expected.0);
            change(&|| format!("native \"{name}\" has another type: {types}"));
        } else {
            let text =
                |(name, kind, size, align)| format!("{kind:?} {name} of size {size} and alignment {align}");
            change(&|| format!("native \"{name}\": {} -> {}", text(found), text(expected)));
        }
    }
    if changes.is_empty() {
        return Ok(bindings);
    }
    if more > 0 {
        changes.push(format!("and {more} more natives"));
    }
    if natives.is_empty() {
        changes.push("no natives were given: pass them with `LoadOptions::natives`".to_owned());
    } else {
        changes.push("list them in `Natives` under these names and with these types".to_owned());
    }
    Err(DumpError::FingerprintMismatch {
        what: "natives".to_owned(),
        found: format!("{} needed", imports.len()),
        expected: format!("{} of them known by name and type", bindings.len()),
        changes,
    })
}
