//! Words: a VM's tagged values, whatever their encoding.

use std::any::TypeId;

use crate::dump::Writer;
use crate::heap::ObjectType;
use crate::load::Auditor;
use crate::record::{At, Dumpable, Fault, Place, Record, Refusal, Visitor};
use crate::schema::{Shape, ShapeKind, TypeRef};
use crate::symbols::Symbol;

/// What a word refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordRef {
    /// Nothing: the bits are the value.
    Immediate,
    /// A symbol.
    Symbol(Symbol),
    /// An object, one of the types of a group.
    Object {
        /// Its address, without tag.
        address: u64,
        /// The index of its group in [`Word::GROUPS`].
        group: usize,
    },
    /// Nothing that the scheme knows.
    Invalid,
}

/// The heap object types behind one tag.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// The types.
    pub types: &'static [&'static ObjectType],
    /// Reads the kind byte of an object, where there is more than one type. It must read bytes
    /// only: the object may not have been audited yet.
    pub kind: Option<unsafe fn(*const u8) -> u8>,
}

impl Group {
    /// The type of the object at `address`.
    ///
    /// # Safety
    ///
    /// `address` must be an object of one of the types.
    #[inline]
    pub unsafe fn type_of(&self, address: *const u8) -> Option<&'static ObjectType> {
        match (self.types, self.kind) {
            ([only], _) => Some(only),
            (types, Some(kind)) => {
                // SAFETY: the caller promises an object, and the function reads its header only.
                let found = unsafe { kind(address) };
                types.iter().find(|ty| ty.kind == Some(found)).copied()
            }
            _ => None,
        }
    }
}

/// A VM's tagged value of eight bytes.
///
/// Derive it with `#[dump(unsafe(word), objects(..), symbol = .., immediate(..))]`, or implement it
/// by hand for other schemes and derive [`Dumpable`] with `#[dump(unsafe(word))]` alone.
/// An object pointer must be stored as `address << SHIFT` plus bits that relocation does not touch,
/// so that adding `delta << SHIFT` moves it: low tags, NaN boxes and `address << 8 | tag` all do.
///
/// # Safety
///
/// The type must be 8 bytes without padding and valid for every bit pattern, and `decode` must say
/// of every bit pattern what the VM itself takes it for: a word that it calls an immediate is never
/// followed, one that it calls an object is followed by the VM without further checks.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no word",
    note = "declare its scheme with `#[dump(unsafe(word), objects(..), symbol = .., immediate(..))]`, or implement `Word` by hand"
)]
pub unsafe trait Word: Copy {
    /// How far the address is shifted left in the word.
    const SHIFT: u32 = 0;

    /// If not 0, the scheme is one of tags in so many low bits: `decode` gives the same kind of
    /// reference, and the same group, for all words that agree in them, an object's address is the
    /// rest `>> SHIFT`, and a symbol's number is the word `>> TAG_BITS`. The audit is faster by it.
    const TAG_BITS: u32 = 0;

    /// The closed list of heap object types, by tag.
    const GROUPS: &'static [Group];

    /// The bits.
    fn to_bits(self) -> u64;

    /// What the bits refer to.
    fn decode(bits: u64) -> WordRef;

    /// The word for `symbol`, if `bits` are the word of another symbol.
    fn with_symbol(bits: u64, symbol: Symbol) -> u64 {
        let _ = symbol;
        bits
    }
}

/// The most tags of a scheme for which its words are told by a table.
pub(crate) const TAGS: usize = 16;

/// What the words of one tag are, to a dump.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tag {
    /// The words whose rest is less refer to no object.
    plain: u64,
    /// All bits where the rest of such a word is the number of a symbol, else none.
    symbol: u64,
    /// The ordinal of the one type that the others refer to, if they do; else [`Tag::MANY`].
    arena: usize,
}

impl Tag {
    const MANY: usize = usize::MAX;
    const NONE: Self = Self { plain: 0, symbol: 0, arena: Self::MANY };
}

/// The tags of a scheme: what a word is, without a branch for each tag. Which tag a word has is as good as
/// random, so that such a branch costs more than the rest.
pub(crate) struct Tags {
    id: Option<TypeId>,
    tags: [Tag; TAGS],
}

impl Tags {
    /// Those of no scheme.
    pub(crate) const NONE: Self = Self { id: None, tags: [Tag::NONE; TAGS] };

    /// What a word of `W` is; [`Tag::NONE`] for a scheme that has no tags, or too many. `ordinal` says the
    /// ordinal of a type in the image.
    #[inline]
    fn of<W: Word + Dumpable>(
        &mut self,
        bits: u64,
        ordinal: impl FnMut(&'static ObjectType) -> Option<u8>,
    ) -> &Tag {
        if const { W::TAG_BITS == 0 || 1 << W::TAG_BITS > TAGS } {
            return const { &Tag::NONE };
        }
        if self.id != Some(TypeId::of::<W::Id>()) {
            self.learn::<W>(ordinal);
        }
        &self.tags[bits as usize & const { ((1 << W::TAG_BITS) - 1) & (TAGS - 1) }]
    }

    #[cold]
    #[inline(never)]
    fn learn<W: Word + Dumpable>(&mut self, mut ordinal: impl FnMut(&'static ObjectType) -> Option<u8>) {
        self.id = Some(TypeId::of::<W::Id>());
        for (number, tag) in (0..1 << W::TAG_BITS).zip(&mut self.tags) {
            *tag = match W::decode(number) {
                WordRef::Immediate => Tag { plain: u64::MAX, ..Tag::NONE },
                WordRef::Symbol(_) => Tag { plain: 1 << 32, symbol: u64::MAX, ..Tag::NONE },
                WordRef::Object { group, .. } => match W::GROUPS[group].types {
                    [only] => Tag { arena: ordinal(only).map_or(Tag::MANY, usize::from), ..Tag::NONE },
                    _ => Tag::NONE,
                },
                WordRef::Invalid => Tag::NONE,
            };
        }
    }
}

/// The record of every word.
pub const WORD_RECORD: Record = Record::in_place::<u64>().with_rw();

/// The shape of a word: its name, the types that it may point at, its scheme as text, and the values of the
/// constants in that.
pub const fn word_shape(
    name: &'static str,
    params: &'static [TypeRef],
    notes: &'static [&'static str],
    consts: &'static [(&'static str, i128)],
) -> Shape {
    Shape { kind: ShapeKind::Word, notes, consts, ..Shape::leaf(name, WORD_RECORD, params) }
}

/// [`Dumpable::walk`](crate::Dumpable::walk) of a word.
#[doc(hidden)]
#[inline]
pub fn walk<W: Word, V: Visitor>(word: W, v: &mut V) -> Result<(), V::Stop> {
    match W::decode(word.to_bits()) {
        WordRef::Immediate => Ok(()),
        WordRef::Symbol(symbol) => v.symbol(symbol),
        WordRef::Object { address, group } => {
            let address: *const u8 = std::ptr::with_exposed_provenance(address as usize);
            // SAFETY: the implementation of `Word` promises that the VM follows this address to
            // an object of the group.
            match unsafe { W::GROUPS[group].type_of(address) } {
                Some(ty) => v.object(address, ty),
                None => v.refuse(unlisted(word.to_bits()).at(address.addr())),
            }
        }
        WordRef::Invalid => v.refuse(unknown_tag(word.to_bits())),
    }
}

#[cold]
#[inline(never)]
fn unknown_tag(bits: u64) -> Box<Refusal> {
    Refusal::new(format!(
        "word {bits:#018x} has a tag that the scheme does not list; list it in #[dump(unsafe(word), ..)]"
    ))
}

#[cold]
#[inline(never)]
fn unlisted(bits: u64) -> Box<Refusal> {
    Refusal::new(format!(
        "word {bits:#018x} points at an object whose kind is not listed behind its tag: not dumpable; \
         add its type to objects(..)"
    ))
}

/// [`Dumpable::write`](crate::Dumpable::write) of a word.
#[doc(hidden)]
#[inline]
pub fn write<W: Word + Dumpable>(word: W, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
    let bits = word.to_bits();
    let (objects, tags) = (&mut w.objects, &mut w.tags);
    let tag = tags.of::<W>(bits, |ty| objects.ordinal(ty));
    let rest = bits >> W::TAG_BITS;
    if rest < tag.plain {
        let symbols_end = (rest + 1) & tag.symbol;
        w.symbols_up_to(symbols_end);
        w.put_u64(at, bits);
        return Ok(());
    }
    if tag.arena < usize::from(u8::MAX) {
        let arena = tag.arena as u8;
        let address = std::ptr::with_exposed_provenance((rest << W::TAG_BITS >> W::SHIFT) as usize);
        // SAFETY: the implementation of `Word` promises that the VM follows this address to an object of the
        // one type that the tag stands for.
        return unsafe { w.arena_word(at, bits, address, W::SHIFT, arena) };
    }
    write_by_decoding(word, at, w)
}

#[inline(never)]
fn write_by_decoding<W: Word>(word: W, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
    let bits = word.to_bits();
    match W::decode(bits) {
        WordRef::Object { address, group } => {
            let address: *const u8 = std::ptr::with_exposed_provenance(address as usize);
            let ty = || {
                // SAFETY: the implementation of `Word` promises that the VM follows this address to
                // an object of the group.
                unsafe { W::GROUPS[group].type_of(address) }.ok_or_else(|| unlisted(bits).at(address.addr()))
            };
            // SAFETY: as above.
            return unsafe { w.object_word(at, bits, address, W::SHIFT, ty) };
        }
        WordRef::Immediate => {}
        WordRef::Symbol(symbol) => w.symbol(symbol),
        WordRef::Invalid => return Err(unknown_tag(bits)),
    }
    w.put_u64(at, bits);
    Ok(())
}

/// [`Dumpable::audit`](crate::Dumpable::audit) of a word.
///
/// # Safety
///
/// `at` must be valid for reads and writes of eight aligned bytes.
#[doc(hidden)]
#[inline]
pub unsafe fn audit<W: Word + Dumpable>(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
    // SAFETY: the caller promises eight readable bytes, and every pattern is a `u64`.
    let bits = unsafe { at.get::<u64>() };
    if a.plain_word::<W>(bits) {
        return Ok(());
    }
    // SAFETY: forwarded from the caller.
    unsafe { audit_by_decoding::<W>(at, bits, a) }
}

/// Apart, so that the quick answer is short enough to be inlined.
///
/// # Safety
///
/// As [`audit`]; `bits` are those at `at`.
#[inline(never)]
unsafe fn audit_by_decoding<W: Word>(at: At, bits: u64, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
    match W::decode(bits) {
        WordRef::Immediate => Ok(()),
        WordRef::Symbol(symbol) => match a.symbol(symbol)? {
            None => Ok(()),
            Some(remapped) => {
                // SAFETY: the caller promises eight writable bytes.
                unsafe { at.as_ptr::<u64>().write(W::with_symbol(bits, remapped)) };
                Ok(())
            }
        },
        WordRef::Object { address, group } => a.object_of(address, &W::GROUPS[group], bits),
        WordRef::Invalid => Err(unknown_word(bits)),
    }
}

#[cold]
#[inline(never)]
fn unknown_word(bits: u64) -> Box<Fault> {
    Fault::new(format!("word {bits:#018x} has a tag that its scheme does not list"))
}
