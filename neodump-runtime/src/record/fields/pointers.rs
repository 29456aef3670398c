//! Leaves that refer to others: words, typed pointers, symbols.

use std::any::TypeId;

use super::{Fields, WORDS};
use crate::heap::{Object, ObjectType, Word, WordRef};
use crate::record::Dumpable;
use crate::symbols::Symbol;

/// Which of the words that differ is the better one: of the same kind, so that the machine takes it more
/// likely.
fn rank<W: Word>(bits: u64, other: u64) -> usize {
    match (W::decode(bits), W::decode(other)) {
        (WordRef::Object { group, .. }, WordRef::Object { group: other, .. }) if group == other => 0,
        (WordRef::Immediate, WordRef::Immediate) | (WordRef::Symbol(_), WordRef::Symbol(_)) => 0,
        _ => 1,
    }
}

fn of_bits<W: Word>(bits: u64) -> W {
    const { assert!(size_of::<W>() == size_of::<u64>(), "a word has eight bytes") };
    // SAFETY: a word is valid for every bit pattern.
    unsafe { std::mem::transmute_copy::<u64, W>(&bits) }
}

/// What a word holds, as far as it is the same wherever the image lies.
fn tell<W: Word>(word: &W) -> String {
    match W::decode(word.to_bits()) {
        WordRef::Object { group, .. } => format!("an object behind tag {group}"),
        WordRef::Symbol(symbol) => format!("symbol {}", symbol.id()),
        _ => format!("{:#x}", word.to_bits()),
    }
}

/// The leaf of a word: it becomes another one of the machine.
///
/// # Safety
///
/// `this` must be a live value that nobody else looks at.
pub unsafe fn word<W: Word + Dumpable>(this: *mut W, f: &mut Fields<'_>) {
    let id = TypeId::of::<W::Id>();
    // SAFETY: the caller promises a live value.
    let bits = unsafe { &*this }.to_bits();
    if f.around.words.len() < WORDS && !f.around.words.contains(&(id, bits)) {
        if !f.around.words.iter().any(|(known, _)| *known == id) {
            f.around.groups.extend_from_slice(W::GROUPS);
        }
        f.around.words.push((id, bits));
    }
    let change = |word: &mut W, f: &mut Fields<'_>| {
        let others = f.around.words.iter().filter(|(known, other)| *known == id && *other != bits);
        match others.min_by_key(|(_, other)| rank::<W>(bits, *other)) {
            Some((_, other)) => {
                *word = of_bits(*other);
                Ok(())
            }
            None => Err("the machine has no other word; give it one with Completeness::word".to_owned()),
        }
    };
    // SAFETY: forwarded from the caller.
    unsafe { f.leaf(this, tell::<W>, change) };
}

/// A word of the machine.
pub fn sample_word<W: Word + Dumpable>(f: &mut Fields<'_>) -> Option<W> {
    let id = TypeId::of::<W::Id>();
    f.around.words.iter().find(|(known, _)| *known == id).map(|(_, bits)| of_bits(*bits))
}

/// The leaf of a pointer to an object: it becomes one to another object, or null.
///
/// # Safety
///
/// `this` must be a live value that nobody else looks at; it has the form of a `*const T`.
pub(crate) unsafe fn pointer<P, T: Object>(this: *mut P, nullable: bool, f: &mut Fields<'_>) {
    const { assert!(size_of::<P>() == size_of::<*const u8>(), "a pointer has eight bytes") };
    let ty = ObjectType::of::<T>();
    let tell = |pointer: &*mut u8| if pointer.is_null() { "null" } else { "an object" }.to_owned();
    let change = |pointer: &mut *mut u8, f: &mut Fields<'_>| {
        let mut others = f.around.objects.iter().filter(|(object, known)| known.is(ty) && object != pointer);
        match others.next() {
            Some((other, _)) => *pointer = *other,
            None if nullable && !pointer.is_null() => *pointer = std::ptr::null_mut(),
            None => return Err(format!("the machine has no other {}", ty.short_name())),
        }
        Ok(())
    };
    // SAFETY: forwarded from the caller: the forms are the same, and others are live objects of the type.
    unsafe { f.leaf(this.cast::<*mut u8>(), tell, change) };
}

/// A pointer to an object of the machine.
pub(crate) fn sample_pointer<P, T: Object>(f: &Fields<'_>) -> Option<P> {
    const { assert!(size_of::<P>() == size_of::<*const u8>(), "a pointer has eight bytes") };
    let ty = ObjectType::of::<T>();
    let (object, _) = f.around.objects.iter().find(|(_, known)| known.is(ty))?;
    // SAFETY: `P` has the form of a pointer, and this is one to a live object of the type.
    Some(unsafe { std::mem::transmute_copy::<*mut u8, P>(object) })
}

/// The leaf of a symbol: it becomes the one before it, or the second.
///
/// # Safety
///
/// As [`Fields::leaf`].
pub(crate) unsafe fn symbol(this: *mut Symbol, f: &mut Fields<'_>) {
    let change = |symbol: &mut Symbol, _: &mut Fields<'_>| {
        *symbol = Symbol::from_id(symbol.id().checked_sub(1).unwrap_or(1));
        Ok(())
    };
    // SAFETY: forwarded from the caller.
    unsafe { f.leaf(this, |symbol| format!("symbol {}", symbol.id()), change) };
}
