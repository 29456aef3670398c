//! What can be wrong with a word and its scheme.

use syn::{DeriveInput, Expr, Type};

use super::{Owner, field, number, span_of, types};
use crate::ast::{Field, Group, Scheme, Word, text};
use crate::attr::{Entry, TypeAttrs};
use crate::bound::is_phantom;
use crate::ctxt::Ctxt;
use crate::layout::Repr;
use quote::ToTokens;

/// Whether `Word` is implemented by hand: no tag is given anywhere.
fn is_by_hand(attrs: &TypeAttrs) -> bool {
    let keys =
        [span_of(&attrs.symbol), span_of(&attrs.immediate), span_of(&attrs.bits), span_of(&attrs.shift)];
    let tagged = attrs.objects.iter().flat_map(|objects| &objects.value).any(|entry| entry.tag.is_some());
    keys.iter().all(Option::is_none) && !tagged
}

/// A word with a scheme is one transparent integer.
pub(super) fn check_struct(
    ctxt: &Ctxt,
    input: &DeriveInput,
    attrs: &TypeAttrs,
    repr: &Repr,
    fields: &[Field],
) {
    if is_by_hand(attrs) {
        return;
    }
    if !repr.transparent {
        ctxt.error(input.ident.span(), "a word is its integer, bit for bit: add #[repr(transparent)]");
    }
    let mut integers = fields.iter().filter(|field| !is_phantom(&field.ty));
    match (integers.next(), integers.next()) {
        (Some(only), None) if field::is_word_integer(&only.ty) => {}
        (Some(only), None) => ctxt.error_over(
            &only.ty,
            "a scheme of tags is over `usize` or `u64`: change the field, or implement `Word` by hand and keep \
             #[dump(unsafe(word), objects(A, B))] without tags",
        ),
        _ => ctxt.error(
            input.ident.span(),
            format!("{} has one integer field: put the rest into heap objects", Owner::Word.noun()),
        ),
    }
}

/// The scheme that the keys describe.
pub(super) fn resolve(ctxt: &Ctxt, attrs: &mut TypeAttrs, input: &DeriveInput) -> Word {
    let by_hand = is_by_hand(attrs);
    let objects = attrs.objects.take().map(|objects| objects.value).unwrap_or_default();
    if by_hand {
        let types = objects.into_iter().map(|entry| entry.head).collect::<Vec<_>>();
        refuse_twice(ctxt, types.iter());
        return Word::ByHand(types);
    }
    let bits = attrs.bits.take().map_or(Some(3), |bits| {
        number(ctxt, &bits.value, 16, "a tag has at most 16 bits; for other schemes implement `Word` by hand")
    });
    let shift = attrs.shift.take().map_or(Some(0), |shift| {
        let found = number(ctxt, &shift.value, 16, "an address is shifted by at most 16 bits")?;
        if bits.is_some_and(|bits| found > bits) {
            ctxt.error(
                shift.value.span(),
                "the bits below the address are the tag: `shift` is at most `bits`",
            );
        }
        Some(found)
    });
    let (bits, shift) = (bits.unwrap_or(3), shift.unwrap_or(0));
    let groups: Vec<Group> = objects.into_iter().filter_map(|entry| group(ctxt, entry)).collect();
    refuse_twice(ctxt, groups.iter().flat_map(|group| &group.types));
    let scheme = Scheme {
        groups,
        symbol: attrs.symbol.take().map(|symbol| symbol.value),
        immediate: attrs.immediate.take().map(|immediate| immediate.value).unwrap_or_default(),
        bits,
        shift,
    };
    if scheme.groups.is_empty() && scheme.symbol.is_none() && scheme.immediate.is_empty() {
        ctxt.error(
            input.ident.span(),
            "a scheme of tags lists them: objects(Cons = 0b011), symbol = 0b000, immediate(0b010); \
             without them, implement `Word` by hand",
        );
    }
    check_tags(ctxt, &scheme);
    Word::Scheme(Box::new(scheme))
}

fn group(ctxt: &Ctxt, entry: Entry) -> Option<Group> {
    let label = text(entry.head.to_token_stream());
    let span = syn::spanned::Spanned::span(&entry.head);
    let Some(tag) = entry.tag else {
        ctxt.error_over(&entry.head, format!("give every type its tag: {label} = 0b011"));
        return None;
    };
    let Some(kinds) = entry.kinds else {
        return Some(Group { label, span, tag, kind: None, types: vec![entry.head] });
    };
    if !matches!(types::nominal(&entry.head), Some(types::Nominal::Bare(_))) {
        ctxt.error_over(
            &entry.head,
            "several types behind one tag have a label: Other = 0b101 by kind { A, B }",
        );
    }
    if kinds.types.is_empty() {
        ctxt.error_over(
            &kinds.reader,
            format!("no type is behind the tag of {label}: list them in the braces"),
        );
    }
    Some(Group { label, span, tag, kind: Some(kinds.reader), types: kinds.types })
}

/// An object type has one tag.
fn refuse_twice<'a>(ctxt: &Ctxt, types: impl Iterator<Item = &'a Type>) {
    let mut seen: Vec<&Type> = Vec::new();
    for ty in types {
        if seen.contains(&ty) {
            let name = text(ty.to_token_stream());
            ctxt.error_over(ty, format!("`{name}` is listed twice: an object type has one tag"));
        }
        seen.push(ty);
    }
}

/// Tags fit and differ, as far as they are literals; the others are asserted by generated code.
fn check_tags(ctxt: &Ctxt, scheme: &Scheme) {
    let tags = scheme.groups.iter().map(|group| &group.tag).chain(&scheme.symbol).chain(&scheme.immediate);
    let mut seen: Vec<(i128, &Expr)> = Vec::new();
    for tag in tags {
        let Some((value, _)) = types::int_literal(tag) else { continue };
        if !(0..1 << scheme.bits).contains(&value) {
            ctxt.error_over(
                tag,
                format!("the tag does not fit in {} bits: say `bits = ..`, or choose another", scheme.bits),
            );
        }
        if let Some((_, first)) = seen.iter().find(|(other, _)| *other == value) {
            ctxt.error_over(
                tag,
                format!(
                    "this tag is given twice, first as `{}`: a tag has one meaning",
                    text(first.to_token_stream())
                ),
            );
        }
        seen.push((value, tag));
    }
}
