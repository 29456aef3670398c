//! What can be wrong with a field.

use proc_macro2::{Ident, Span};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{DeriveInput, Member, Type};

use super::types::{self, Nominal};
use crate::ast::{Field, Native, Policy, Tail, named_by};
use crate::attr::{FieldAttrs, Keyed};
use crate::bound::is_phantom;
use crate::ctxt::Ctxt;

/// What a field belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Struct,
    Enum,
    Object,
    Word,
    Image,
    Transparent,
    Union,
}

impl Owner {
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Struct => "a struct",
            Self::Enum => "an enum",
            Self::Object => "a heap object",
            Self::Word => "a word",
            Self::Image => "an image",
            Self::Transparent => "a transparent type",
            Self::Union => "a union",
        }
    }

    pub(super) fn not_an_enum(self) -> &'static str {
        match self {
            Self::Object => "a heap object is a struct: put the enum into a field of one",
            Self::Word => {
                "a word is valid for every bit pattern, an enum is not: derive `Dumpable` alone, with an explicit repr"
            }
            Self::Image => "an image is a struct: its fields are the roots",
            Self::Transparent => "only a struct of one field is transparent: remove the key",
            Self::Struct | Self::Enum | Self::Union => "remove the key",
        }
    }
}

/// How the field is dumped.
pub(super) fn policy(ctxt: &Ctxt, owner: Owner, attrs: FieldAttrs, ty: &Type) -> Policy {
    let FieldAttrs {
        skip,
        default,
        bake,
        cache,
        derived,
        relink,
        with,
        handle,
        overlay,
        global,
        weak,
        identity_key,
        remote,
        getter: _,
        tag,
        selected,
        shared,
        native,
        tail,
        bare_tail,
        pointer,
        heap,
        order,
        is_broken,
    } = attrs;
    if is_broken {
        return Policy::Plain;
    }
    if let (Some(default), None, None) = (&default, &skip, &weak) {
        ctxt.error(
            default.span(),
            "`default` goes with `skip = \"reason\"`: it is the value at load of a field that is not stored; with `weak` \
             it is the empty value",
        );
    }
    let default = default.map(|default| default.value);
    // The one that comes first in the source is right, the others contradict it.
    let mut keys = order.iter().filter(|key| *key != "default" && *key != "getter" && *key != "pointer");
    if let Some(first) = keys.next() {
        let mut contradicted = false;
        for key in keys {
            contradicted = true;
            ctxt.error(
                key.span(),
                format!("a field is stored in one way: `{key}` contradicts `{first}`; keep one of them"),
            );
        }
        if contradicted {
            return Policy::Plain;
        }
    }
    if let Some(tail) = bare_tail {
        ctxt.error(
            tail.span(),
            "a count that safe code can make wrong is undefined behaviour at the dump, which reads so many elements: write \
             unsafe(tail = len)",
        );
        return Policy::Plain;
    }
    let chosen = if let Some(skip) = skip {
        if skip.value.value().trim().is_empty() {
            ctxt.error(skip.value.span(), "say why the field can be left out: an empty reason is none");
        }
        Some((skip.key, Policy::Skip { default }))
    } else if let Some(bake) = bake {
        Some((bake.key, Policy::Bake(bake.value)))
    } else if let Some(cache) = cache {
        Some((cache.key, Policy::Cache))
    } else if let Some(derived) = derived {
        Some((derived.key, Policy::Derived(derived.value)))
    } else if let Some(with) = with {
        Some((with.key, Policy::With(with.value)))
    } else if let Some(relink) = relink {
        Some((relink.key, Policy::Relink(relink.value)))
    } else if let Some(handle) = handle {
        Some((handle.key, Policy::Handle(handle.value)))
    } else if let Some(overlay) = overlay {
        Some((overlay.key, Policy::Overlay(overlay.value)))
    } else if let Some(global) = global {
        Some((global.key, Policy::Global(global.value)))
    } else if let Some(weak) = weak {
        Some((weak.key, Policy::Weak { empty: default }))
    } else if let Some(identity) = identity_key {
        Some((identity.key, Policy::IdentityKey))
    } else if let Some(remote) = remote {
        Some((remote.key, Policy::Remote(remote.value)))
    } else if let Some(tag) = tag {
        Some((tag.key, Policy::Tag(tag.value)))
    } else if let Some(selected) = selected {
        let key = selected.key;
        let Some(pattern) = selected.value.filter(|_| owner == Owner::Union) else {
            let message = if owner == Owner::Union {
                "`tag` on a field of a union is the pattern of the tags that select it: tag = Redirect::Plain"
            } else {
                "a wrong tag reads the wrong field of the union, which no compiler finds: write unsafe(tag = expr), \
                 where `expr` is over the fields beside this one"
            };
            ctxt.error(key.span(), message);
            return Policy::Plain;
        };
        Some((key, Policy::Selected(pattern)))
    } else if let Some(shared) = shared {
        Some((shared.key, Policy::Shared))
    } else if let Some(key) = native {
        let native = self::native(ctxt, key.span(), ty);
        Some((key.key, Policy::Native(native)))
    } else if let Some(key) = tail {
        let tail = self::tail(ctxt, key.value, ty);
        Some((key.key, tail.map_or(Policy::Plain, Policy::Tail)))
    } else {
        heap.map(|heap| (heap.key, Policy::Heap))
    };
    let Some((key, policy)) = chosen else {
        if owner == Owner::Union {
            ctxt.error_over(
                ty,
                "say which tags select this field of the union: #[dump(tag = Redirect::Plain)]",
            );
            return Policy::Plain;
        }
        types::refuse(ctxt, ty, false);
        check_pointers(ctxt, &Policy::Plain, pointer.as_ref(), ty);
        return Policy::Plain;
    };
    check_pointers(ctxt, &policy, pointer.as_ref(), ty);
    refuse_in(ctxt, owner, &key, &policy);
    match &policy {
        Policy::Shared => {
            if !types::mentions_shared(ty) {
                ctxt.error(
                    key.span(),
                    "`shared` is said of `Rc`, `Arc` and `Weak`, and this type names none: remove it",
                );
            }
            types::refuse(ctxt, ty, true);
        }
        Policy::Bake(_) | Policy::Selected(_) | Policy::IdentityKey => types::refuse(ctxt, ty, false),
        Policy::Weak { .. } => {
            if types::mentions(ty, "Weak") {
                ctxt.error_over(
                    ty,
                    "`weak` is for words and pointers to heap objects; a `Weak` of a value that is shared says it by its type: \
                     write #[dump(shared)]",
                );
            } else if types::mentions_shared(ty) {
                ctxt.error_over(ty, "an owner of an `Rc` or `Arc` keeps it: remove `weak`, and write #[dump(shared)]");
            } else {
                types::refuse(ctxt, ty, false);
            }
        }
        Policy::With(module) => {
            let last = module.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
            if last.starts_with(|first: char| first.is_ascii_uppercase()) {
                ctxt.error_over(
                    module,
                    format!("`with` takes a module; for a type that mirrors one of another crate write remote = {last}"),
                );
            }
        }
        Policy::Overlay(_) => match types::ungrouped(ty) {
            Type::Array(_) => types::refuse(ctxt, ty, false),
            Type::Path(path) if types::last_is(path, "Vec") => types::refuse(ctxt, ty, false),
            _ => ctxt.error_over(ty, "a field that lies over a table is written `[T; N]` or `Vec<T>`, as it is stored by index"),
        },
        Policy::Global(_) => match types::ungrouped(ty) {
            Type::Path(path) if types::last_is(path, "Captured") => {}
            _ => ctxt.error_over(
                ty,
                format!(
                    "a field whose state is in a static is written `Captured<{0}>`, and the static holds `Active<{0}>`; \
                     both are in neodump_runtime::global",
                    crate::ast::text(ty.to_token_stream())
                ),
            ),
        },
        Policy::Handle(_) => {
            if types::mentions_shared(ty) || types::is_pointer(ty) {
                ctxt.error_over(
                    ty,
                    "a handle is an id, a number or a struct around one: point to objects of the image with a plain field",
                );
            } else {
                types::refuse(ctxt, ty, false);
            }
        }
        _ => {}
    }
    policy
}

/// A dump follows pointers: whoever lets it promises what they point at.
fn check_pointers(ctxt: &Ctxt, policy: &Policy, promise: Option<&Keyed<()>>, ty: &Type) {
    let is_followed = matches!(
        policy,
        Policy::Plain
            | Policy::Shared
            | Policy::IdentityKey
            | Policy::Selected(_)
            | Policy::Tail(_)
            | Policy::Overlay(_)
    );
    match promise {
        Some(promise) if !is_followed => ctxt.error(
            promise.span(),
            "the dump does not follow what is in this field, so there is nothing to promise: remove unsafe(pointer)",
        ),
        None if is_followed => {
            if let Some(pointer) = types::pointers(ty).first() {
                ctxt.error_over(
                    pointer,
                    "a dump follows pointers, and safe code could let this one dangle: promise that it is null or points at a \
                     live object of its type whenever the machine is dumped, with #[dump(unsafe(pointer))]",
                );
            }
        }
        _ => {}
    }
}

/// Refuses policies that the owner has no place for.
fn refuse_in(ctxt: &Ctxt, owner: Owner, key: &Ident, policy: &Policy) {
    let refused = match (owner, policy) {
        (Owner::Union, Policy::Selected(_)) => None,
        (Owner::Union, _) => Some(format!(
            "a field of a union says which tags select it, and is stored as it is: write tag = .. instead of `{key}`"
        )),
        (Owner::Word, _) => Some("a word's bits are its value: they are always stored".to_owned()),
        (Owner::Transparent, Policy::Plain | Policy::Shared) => None,
        (Owner::Transparent, _) => Some(format!(
            "a transparent type is stored exactly as its field: remove `{key}`, or `transparent`"
        )),
        (
            Owner::Enum,
            Policy::Bake(_)
            | Policy::Cache
            | Policy::Derived(_)
            | Policy::Relink(_)
            | Policy::Overlay(_)
            | Policy::Tag(_),
        ) => Some(format!(
            "`{key}` is not for fields of an enum: move the fields of the variant into a struct of their own"
        )),
        (Owner::Struct | Owner::Enum | Owner::Object, Policy::Global(_)) => Some(
            "state in a static is a machine's: the field belongs to the image, #[dump(image = .., version = ..)]"
                .to_owned(),
        ),
        (Owner::Struct | Owner::Enum | Owner::Object, Policy::Heap) => Some(
            "the heap that adopts the image is a field of the image: #[dump(image = .., version = ..)]"
                .to_owned(),
        ),
        (Owner::Struct | Owner::Enum | Owner::Image, Policy::Tail(_)) => {
            Some("only a heap object has a trailing array: add #[dump(object)] to the type".to_owned())
        }
        _ => None,
    };
    if let Some(message) = refused {
        ctxt.error(key.span(), message);
    }
}

/// What a reference to a static refers to.
fn native_static(ctxt: &Ctxt, ty: &Type, reference: &syn::TypeReference) -> Type {
    if reference.lifetime.as_ref().is_none_or(|lifetime| lifetime.ident != "static") {
        ctxt.error_over(ty, "a native static lives as long as the process: write `&'static T`");
    } else if let Some(mutability) = &reference.mutability {
        ctxt.error(mutability.span, "a native static is shared: write `&'static T`");
    }
    (*reference.elem).clone()
}

fn native(ctxt: &Ctxt, key: Span, ty: &Type) -> Native {
    match types::ungrouped(ty) {
        Type::Reference(reference) => Native::Static(native_static(ctxt, ty, reference)),
        Type::Path(path) if types::last_is(path, "Option") => {
            let Some(inner) = types::argument(path) else { return Native::Function };
            match types::ungrouped(inner) {
                Type::Reference(reference) => Native::OptionalStatic(native_static(ctxt, inner, reference)),
                _ => Native::OptionalFunction(inner.clone()),
            }
        }
        Type::FnPtr(_) | Type::Path(_) => Native::Function,
        _ => {
            ctxt.error(key, "`native` is for fn pointers, `&'static` references, and options of either");
            Native::Function
        }
    }
}

fn tail(ctxt: &Ctxt, len: Ident, ty: &Type) -> Option<Tail> {
    match types::empty_array(ty) {
        Some(element) => {
            types::refuse(ctxt, element, false);
            let len = match len.to_string().parse::<u32>() {
                Ok(index) => Member::Unnamed(syn::Index { index, span: len.span() }),
                Err(_) => Member::Named(len),
            };
            Some(Tail { element: element.clone(), len })
        }
        None => {
            ctxt.error_over(ty, "a trailing array has the type `[T; 0]`: its elements follow the object");
            None
        }
    }
}

/// A tag is over plain fields of the same struct.
pub(super) fn check_tags(ctxt: &Ctxt, fields: &[Field]) {
    for field in fields {
        let Policy::Tag(tag) = &field.policy else { continue };
        let named = named_by(tag, fields);
        if named.is_empty() {
            let known =
                fields.iter().filter(|field| field.is_plain()).map(|field| format!("`{}`", field.name));
            let known: Vec<_> = known.collect();
            ctxt.error_over(
                tag,
                format!(
                    "`tag` is over fields beside this one, by their names without `self`; there are: {}",
                    known.join(", ")
                ),
            );
        }
        for other in named.into_iter().filter(|other| !other.is_plain()) {
            ctxt.error_over(
                tag,
                format!("the tag of a union is stored as it is: remove the #[dump(..)] of `{}`", other.name),
            );
        }
    }
}

/// A trailing array comes last, and an earlier field counts it.
pub(super) fn check_tail(ctxt: &Ctxt, fields: &[Field]) {
    for (position, field) in fields.iter().enumerate() {
        let last = position + 1 == fields.len();
        match &field.policy {
            Policy::Tail(tail) => {
                if !last {
                    ctxt.error_over(&field.member, "a trailing array is the last field: move it to the end");
                }
                check_len(ctxt, &fields[..position], tail);
            }
            Policy::Plain if last && types::empty_array(&field.ty).is_some() => ctxt.error_over(
                &field.ty,
                "an empty array at the end of an object is a trailing array: add #[dump(unsafe(tail = len))], where `len` is the field that counts it",
            ),
            _ => {}
        }
    }
}

fn check_len(ctxt: &Ctxt, before: &[Field], tail: &Tail) {
    let Some(len) = before.iter().find(|field| field.member == tail.len) else {
        let known: Vec<_> = before.iter().map(|field| format!("`{}`", field.name)).collect();
        ctxt.error_over(
            &tail.len,
            format!("`tail` names an earlier field that holds the count; there are: {}", known.join(", ")),
        );
        return;
    };
    if !len.is_plain() {
        ctxt.error_over(
            &tail.len,
            "the field that counts a trailing array is stored as it is: remove its #[dump(..)]",
        );
    }
}

/// An image has at most one heap.
pub(super) fn check_heap(ctxt: &Ctxt, fields: &[Field]) {
    let heaps = fields.iter().filter(|field| matches!(field.policy, Policy::Heap));
    for field in heaps.skip(1) {
        ctxt.error_over(
            &field.member_tokens(),
            "an image is adopted by one heap: this is the second `heap` field",
        );
    }
}

/// A transparent type has one field beside markers.
pub(super) fn check_transparent(ctxt: &Ctxt, input: &DeriveInput, fields: &[Field]) {
    let mut stored = fields.iter().filter(|field| !is_phantom(&field.ty));
    let Some(_) = stored.next() else {
        ctxt.error(
            input.ident.span(),
            "a transparent type has one field that is stored: remove `transparent`",
        );
        return;
    };
    if let Some(second) = stored.next() {
        ctxt.error(
            second.member_span(),
            "a transparent type has one field beside `PhantomData`: remove `transparent`, or put the fields into a struct",
        );
    }
}

impl Field {
    fn member_span(&self) -> Span {
        match &self.member {
            Member::Named(ident) => ident.span(),
            Member::Unnamed(_) => self.ty.span(),
        }
    }

    fn member_tokens(&self) -> proc_macro2::TokenStream {
        match &self.member {
            Member::Named(ident) => ident.to_token_stream(),
            Member::Unnamed(_) => self.ty.to_token_stream(),
        }
    }
}

/// Whether the type is one of those that a word may be made of.
pub(super) fn is_word_integer(ty: &Type) -> bool {
    matches!(types::nominal(ty), Some(Nominal::Bare(name)) if name == "usize" || name == "u64")
}
