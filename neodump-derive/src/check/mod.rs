//! All that can be wrong with a type, each with what to write instead; the rest becomes the intermediate
//! representation.

mod field;
mod types;
mod word;

use proc_macro2::{Ident, Span};
use syn::{DeriveInput, Expr, LitInt, LitStr};

use crate::ast::{Container, Data, Field, Image, Policy, Role, Section, Variant};
use crate::attr::{self, FieldAttrs, Keyed, TypeAttrs};
use crate::bound;
use crate::ctxt::Ctxt;
use crate::layout::Repr;
use crate::names::{Names, plain};
use field::Owner;

/// The type with every attribute resolved. It is complete only if `ctxt` has no error afterwards.
pub(crate) fn resolve(ctxt: &Ctxt, input: &DeriveInput, mut attrs: TypeAttrs, names: &Names) -> Container {
    let repr = Repr::parse(ctxt, &input.attrs);
    if let Some(span) = repr.packed {
        ctxt.error(
            span,
            "fields of a packed type cannot be borrowed: remove `packed`, and pad with fields if needed",
        );
    }
    if !ctxt.is_failed() {
        // A key that could not be read may be the one that another asks for.
        refuse_companions(ctxt, &attrs, matches!(input.data, syn::Data::Union(_)));
    }
    let owner = owner(ctxt, &attrs, input);
    if let (Some(tag), true) = (&attrs.tag, owner != Owner::Union) {
        ctxt.error(
            tag.span(),
            "`tag` on a type is that of a union: on a field that is one, write unsafe(tag = expr)",
        );
    }
    let fields = read_data(ctxt, input, owner, attrs.remote.is_some());
    let data = match fields {
        Some(data) => data,
        None => Data::Struct(Vec::new()),
    };
    if !ctxt.is_failed() {
        check_data(ctxt, input, owner, &attrs, &repr, &data);
    }
    let bound = attrs.bound.take().map(|bound| bound.value);
    let (generics, dumpable_params) = bound::infer(&input.generics, bound, &data, names);
    let section = section(ctxt, &mut attrs, owner);
    let role = role(ctxt, &mut attrs, owner, input);
    Container {
        ident: input.ident.clone(),
        name: plain(&input.ident),
        generics,
        dumpable_params,
        id: attrs.id.and_then(|id| checked_id(ctxt, id)),
        validate: attrs.validate.map(|path| path.value),
        section,
        remote: attrs.remote.map(|remote| remote.value),
        role,
        repr,
        data,
    }
}

/// Which of the roles the keys ask for, at most one.
fn owner(ctxt: &Ctxt, attrs: &TypeAttrs, input: &DeriveInput) -> Owner {
    let mut chosen: Option<(Owner, &Ident)> = None;
    for key in &attrs.order {
        let owner = match key.to_string().as_str() {
            "object" => Owner::Object,
            "unsafe" => Owner::Word,
            "image" => Owner::Image,
            "transparent" => Owner::Transparent,
            _ => continue,
        };
        match chosen {
            None => chosen = Some((owner, key)),
            Some((first, _)) if first == owner => {}
            Some((_, first)) => ctxt.error(
                key.span(),
                format!("a type has one role: `{key}` contradicts `{first}`; give each a type of its own"),
            ),
        }
    }
    if let syn::Data::Union(data) = &input.data {
        if let Some((_, key)) = chosen {
            ctxt.error(
                key.span(),
                format!("a union has no role but to be a field of others: remove `{key}`"),
            );
        } else if attrs.tag.is_none() {
            ctxt.error(
                data.union_token.span,
                "a union does not say which of its fields is alive: give it the type of its tag, #[dump(tag = Kind)], \
                 and each of its fields the tags that select it, #[dump(tag = Kind::A)]",
            );
        }
        return Owner::Union;
    }
    let is_enum = matches!(input.data, syn::Data::Enum(_));
    match chosen {
        None if is_enum => Owner::Enum,
        None => Owner::Struct,
        Some((owner, key)) => {
            if is_enum {
                ctxt.error(key.span(), owner.not_an_enum());
            }
            owner
        }
    }
}

/// Refuses keys without the key that they go with.
fn refuse_companions(ctxt: &Ctxt, attrs: &TypeAttrs, is_union: bool) {
    fn need<T>(ctxt: &Ctxt, found: &Option<Keyed<T>>, partner: bool, with: &str) {
        if let (Some(found), false) = (found, partner) {
            ctxt.error(found.span(), format!("`{}` goes with {with}", found.key));
        }
    }
    let (object, word, image) = (attrs.object.is_some(), attrs.word.is_some(), attrs.image.is_some());
    need(ctxt, &attrs.kind, object, "`object`: #[dump(object, kind = 2)]");
    need(ctxt, &attrs.objects, word, "`unsafe(word)`: #[dump(unsafe(word), objects(..))]");
    need(ctxt, &attrs.symbol, word, "`unsafe(word)`: #[dump(unsafe(word), symbol = 0b000)]");
    need(ctxt, &attrs.immediate, word, "`unsafe(word)`: #[dump(unsafe(word), immediate(0b010))]");
    need(ctxt, &attrs.bits, word, "`unsafe(word)`: #[dump(unsafe(word), bits = 3)]");
    need(ctxt, &attrs.shift, word, "`unsafe(word)`: #[dump(unsafe(word), shift = 8)]");
    need(ctxt, &attrs.before_dump, image, "`image`: hooks belong to the root type");
    need(ctxt, &attrs.after_dump, image, "`image`: hooks belong to the root type");
    need(ctxt, &attrs.after_load, image, "`image`: hooks belong to the root type");
    if let Some(validate) = attrs.validate.as_ref().filter(|_| word || is_union) {
        let noun = if word { "a word is valid whatever its bits" } else { "a union is checked by its tag" };
        ctxt.error(validate.span(), format!("{noun}: put `validate` on the type that has it in a field"));
    }
    if let Some(remote) = attrs.remote.as_ref().filter(|_| object || word || image || attrs.section.is_some())
    {
        ctxt.error(
            remote.span(),
            "a mirror is a plain struct or enum, which fields of the other type are stored as: it has no role and no section",
        );
    }
    let section = attrs.section.is_some();
    need(
        ctxt,
        &attrs.version,
        section || image,
        "`section` or `image`: #[dump(section = \"faces\", version = 3)]",
    );
    need(
        ctxt,
        &attrs.section,
        attrs.version.is_some(),
        "`version`: #[dump(section = \"faces\", version = 1)]",
    );
    need(ctxt, &attrs.image, attrs.version.is_some(), "`version`: #[dump(image = \"neovm\", version = 1)]");
}

fn read_data(ctxt: &Ctxt, input: &DeriveInput, owner: Owner, is_remote: bool) -> Option<Data> {
    match &input.data {
        syn::Data::Struct(data) => Some(Data::Struct(read_fields(ctxt, &data.fields, owner, is_remote))),
        syn::Data::Enum(data) => {
            let variants = data.variants.iter().map(|variant| {
                attr::refuse_on_variant(ctxt, &variant.attrs);
                Variant {
                    ident: variant.ident.clone(),
                    name: plain(&variant.ident),
                    discriminant: variant.discriminant.as_ref().map(|(_, value)| value.clone()),
                    fields: read_fields(ctxt, &variant.fields, owner, false),
                }
            });
            let variants: Vec<_> = variants.collect();
            if variants.is_empty() {
                ctxt.error(
                    input.ident.span(),
                    "an enum without variants has no value that could be dumped: remove the derive",
                );
            }
            Some(Data::Enum(variants))
        }
        syn::Data::Union(data) => {
            let fields = syn::Fields::Named(data.fields.clone());
            Some(Data::Struct(read_fields(ctxt, &fields, owner, false)))
        }
    }
}

fn read_fields(ctxt: &Ctxt, fields: &syn::Fields, owner: Owner, is_remote: bool) -> Vec<Field> {
    let read = |(index, (member, field)): (usize, (syn::Member, &syn::Field))| {
        let mut attrs = FieldAttrs::parse(ctxt, &field.attrs);
        let getter = attrs.getter.take();
        if let (Some(getter), false) = (&getter, is_remote) {
            ctxt.error(
                getter.span(),
                "`getter` reads a private field of a type of another crate: it goes with #[dump(remote = other::Type)] on the mirror",
            );
        }
        Field {
            getter: getter.map(|getter| getter.value),
            index,
            name: crate::ast::member_name(&member),
            policy: field::policy(ctxt, owner, attrs, &field.ty),
            ty: field.ty.clone(),
            member,
        }
    };
    fields.members().zip(fields.iter()).enumerate().map(read).collect()
}

/// What depends on several fields.
fn check_data(ctxt: &Ctxt, input: &DeriveInput, owner: Owner, attrs: &TypeAttrs, repr: &Repr, data: &Data) {
    let Data::Struct(fields) = data else { return };
    match owner {
        Owner::Object => {
            if !repr.c && !repr.transparent {
                ctxt.error(
                    input.ident.span(),
                    "the slot of an object is its memory form, which only C fixes: add #[repr(C)]",
                );
            }
            field::check_tail(ctxt, fields);
        }
        Owner::Image => field::check_heap(ctxt, fields),
        Owner::Transparent => field::check_transparent(ctxt, input, fields),
        Owner::Word => word::check_struct(ctxt, input, attrs, repr, fields),
        Owner::Union => {
            if !repr.c && !repr.transparent {
                ctxt.error(
                    input.ident.span(),
                    "a union is stored as it is in memory, which only C fixes: add #[repr(C)]",
                );
            }
        }
        Owner::Struct | Owner::Enum => {}
    }
    field::check_tags(ctxt, fields);
    if owner != Owner::Object
        && let Some(field) = fields.iter().find(|field| matches!(field.policy, Policy::Tail(_)))
    {
        ctxt.error_over(
            &field.ty,
            "only a heap object has a trailing array: add #[dump(object)] to the type",
        );
    }
}

fn role(ctxt: &Ctxt, attrs: &mut TypeAttrs, owner: Owner, input: &DeriveInput) -> Role {
    match owner {
        Owner::Struct | Owner::Enum => Role::Plain,
        Owner::Transparent => Role::Transparent,
        Owner::Union => attrs.tag.take().map_or(Role::Plain, |tag| Role::Union(tag.value)),
        Owner::Object => {
            Role::Object { kind: attrs.kind.take().and_then(|kind| checked_kind(ctxt, kind.value)) }
        }
        Owner::Word => Role::Word(word::resolve(ctxt, attrs, input)),
        Owner::Image => {
            let (Some(name), Some(version)) = (attrs.image.take(), attrs.version.take()) else {
                return Role::Plain;
            };
            check_name(ctxt, &name.value, 63, |_| true, "the name of an image is 1 to 63 bytes long");
            check_version(ctxt, &version.value);
            Role::Image(Image {
                name: name.value,
                version: version.value,
                before_dump: attrs.before_dump.take().map(|path| path.value),
                after_dump: attrs.after_dump.take().map(|path| path.value),
                after_load: attrs.after_load.take().map(|path| path.value),
            })
        }
    }
}

fn section(ctxt: &Ctxt, attrs: &mut TypeAttrs, owner: Owner) -> Option<Section> {
    let name = attrs.section.take()?;
    if !matches!(owner, Owner::Struct | Owner::Enum) {
        ctxt.error(
            name.span(),
            format!("a section belongs to a manager: {} has none; give it to a field's type", owner.noun()),
        );
        return None;
    }
    let version = attrs.version.take()?;
    check_name(
        ctxt,
        &name.value,
        31,
        |first| first.is_ascii_lowercase(),
        "the name of a section starts with a lower-case letter and is 1 to 31 bytes long; names in CamelCase are the framework's",
    );
    check_version(ctxt, &version.value);
    Some(Section { name: name.value, version: version.value })
}

fn check_name(ctxt: &Ctxt, name: &LitStr, most: usize, first: impl Fn(char) -> bool, rule: &str) {
    let text = name.value();
    let fits = (1..=most).contains(&text.len()) && text.chars().next().is_some_and(first);
    if !fits || text.chars().any(char::is_control) {
        ctxt.error(name.span(), rule);
    }
}

fn check_version(ctxt: &Ctxt, version: &LitInt) {
    number(ctxt, version, u32::MAX, "a version is a whole number that fits in 32 bits");
}

/// The number, if it is at most `most`.
fn number(ctxt: &Ctxt, literal: &LitInt, most: u32, rule: &str) -> Option<u32> {
    let found = literal.base10_parse::<u32>().ok().filter(|found| *found <= most);
    if found.is_none() {
        ctxt.error(literal.span(), rule);
    }
    found
}

fn checked_kind(ctxt: &Ctxt, kind: Expr) -> Option<Expr> {
    if let Some((value, span)) = types::int_literal(&kind)
        && u8::try_from(value).is_err()
    {
        ctxt.error(span, "`kind` is the byte in the object's header: 0 to 255");
        return None;
    }
    Some(kind)
}

fn checked_id(ctxt: &Ctxt, id: Keyed<LitStr>) -> Option<LitStr> {
    if id.value.value().is_empty() {
        ctxt.error(id.value.span(), "`id` is the name of the type in the schema: it cannot be empty");
        return None;
    }
    Some(id.value)
}

/// The span of a key, for rules about pairs of keys.
pub(super) fn span_of<T>(key: &Option<Keyed<T>>) -> Option<Span> {
    key.as_ref().map(Keyed::span)
}
