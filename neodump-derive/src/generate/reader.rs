//! `read` and `settle`: make a value of its stored record, then queue what `read` left open.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::{in_place, pattern, place, record};
use crate::ast::{Container, Data, Field, Native, Policy};
use crate::names::Names;

/// The value of one field whose record is at `place`.
pub(super) fn value(n: &Names, variant: Option<usize>, field: &Field, place: &TokenStream) -> TokenStream {
    let (r, ty) = (&n.reader, &field.ty);
    match &field.policy {
        Policy::Tag(_) => quote!(unsafe { #place.get::<#ty>() }),
        Policy::Plain
        | Policy::Shared
        | Policy::IdentityKey
        | Policy::Weak { .. }
        | Policy::Bake(_)
        | Policy::Tail(_)
        | Policy::Handle(_)
        | Policy::Selected(_) => {
            let dumpable = n.dumpable(ty);
            quote!(unsafe { #dumpable::read(#place, #r) })
        }
        Policy::Skip { default: Some(_) } => {
            let make = record::value_of(n, variant, field);
            quote!(Self::#make())
        }
        Policy::Global(_) => {
            let (global, state) = (n.p("global"), n.state(ty));
            quote!(unsafe { #global::read::<#state>(#place, #r) })
        }
        Policy::Overlay(_) => {
            let (overlaid, table) = (n.p("Overlaid"), n.table_of(&field.name));
            quote!(<#ty as #overlaid>::of(Self::#table()))
        }
        Policy::Skip { default: None }
        | Policy::Cache
        | Policy::Derived(_)
        | Policy::Relink(_)
        | Policy::With(_)
        | Policy::Remote(_) => {
            let default = n.p_at("core", syn::spanned::Spanned::span(ty));
            quote!(<#ty as #default::default::Default>::default())
        }
        Policy::Native(Native::Static(_) | Native::OptionalStatic(_)) => {
            quote!(unsafe { #place.get::<#ty>() })
        }
        Policy::Native(Native::Function) => {
            let native = n.p("native");
            quote!(unsafe { #native::read::<#ty>(#place, #r) })
        }
        Policy::Native(Native::OptionalFunction(function)) => {
            let native = n.p("native");
            quote!(unsafe { #native::read_option::<#function>(#place, #r) })
        }
        Policy::Heap => quote!(#r.adopt::<#ty>()),
    }
}

/// What is left to do for one field at its final address `pointer`.
pub(super) fn settle_call(
    c: &Container,
    n: &Names,
    field: &Field,
    pointer: &TokenStream,
    place: &TokenStream,
) -> Option<TokenStream> {
    let (r, ty, this) = (&n.reader, &field.ty, &n.this);
    match &field.policy {
        Policy::Plain | Policy::Shared | Policy::IdentityKey => {
            let dumpable = n.dumpable(ty);
            Some(quote!(unsafe { #dumpable::settle(#pointer, #place, #r) };))
        }
        Policy::Derived(path) => {
            let derived = n.p("derived");
            Some(quote!(unsafe { #derived::settle::<Self, #ty>(#this, #pointer, #path, #r) };))
        }
        Policy::Relink(path) => {
            let (relink, is_root) = (n.p_at("relink", path.span()), c.is_image());
            let name = format!("{}.{}", c.name, field.name);
            let span = path.span().resolved_at(proc_macro2::Span::call_site());
            Some(quote_spanned! {span=>
                unsafe { #relink::settle::<Self, #ty, _>(#this, #pointer, #path, #name, #is_root, #r) };
            })
        }
        Policy::Handle(path) => {
            let (dumpable, handle) = (n.dumpable(ty), n.p_at("handle", path.span()));
            let span = path.span().resolved_at(proc_macro2::Span::call_site());
            let renumber = quote_spanned!(span=> #handle::settle::<#ty, _>(#pointer, #place, #path, #r));
            Some(quote! {
                unsafe { #renumber };
                unsafe { #dumpable::settle(#pointer, #place, #r) };
            })
        }
        Policy::Global(_) => {
            let (global, state) = (n.p("global"), n.state(ty));
            Some(quote!(unsafe { #global::settle::<#state>(#pointer, #place, #r) };))
        }
        Policy::Overlay(_) => {
            let (overlay, over) = (n.p("overlay"), n.over(&field.name));
            Some(quote!(unsafe { #overlay::settle::<#ty>(#pointer, #place, Self::#over, #r) };))
        }
        Policy::With(module) => {
            let (with, from_stored) = (n.p("with"), super::function_of(module, "from_stored"));
            Some(quote! {
                unsafe {
                    #with::settle::<#module::Stored, #ty, _>(#pointer, #place, #from_stored, #r)
                };
            })
        }
        // In place, or nothing behind it.
        Policy::Tag(_) | Policy::Selected(_) | Policy::Weak { .. } => None,
        Policy::Remote(mirror) => {
            let (with, remote) = (n.p("with"), n.p("Remote"));
            let span = mirror.span().resolved_at(proc_macro2::Span::call_site());
            let from = quote_spanned!(span=> <#mirror as #remote>::from_stored);
            Some(quote!(unsafe { #with::settle::<#mirror, #ty, _>(#pointer, #place, #from, #r) };))
        }
        Policy::Bake(_)
        | Policy::Tail(_)
        | Policy::Skip { .. }
        | Policy::Cache
        | Policy::Native(_)
        | Policy::Heap => None,
    }
}

/// The fields in the order in which they are settled. What is queued last runs first, so derived fields
/// are queued before all that they may look at, the last of them first.
pub(super) fn in_settling_order(fields: &[Field]) -> impl Iterator<Item = &Field> {
    let is_derived = |field: &&Field| matches!(field.policy, Policy::Derived(_));
    let derived = fields.iter().rev().filter(is_derived);
    derived.chain(fields.iter().filter(move |field| !is_derived(field)))
}

/// The address of a plain field of an image root may be in a section of its own.
fn field_place(c: &Container, n: &Names, variant: Option<usize>, field: &Field) -> TokenStream {
    let at = place(n, variant, field);
    if c.is_image() && field.may_have_section() {
        let (r, dumpable) = (&n.reader, n.stored(field));
        return quote!(#r.field(#at, #dumpable::SECTION));
    }
    at
}

/// The value `path { f: .., g: .. }` of a struct or variant.
///
/// A default of the user may unwind, and what has been read before it is not complete yet: it must not be
/// dropped. So each field but a single one waits where nothing drops it.
fn construct(
    c: &Container,
    n: &Names,
    path: &TokenStream,
    variant: Option<usize>,
    fields: &[Field],
) -> TokenStream {
    let image = c.is_image();
    let each = fields.iter().map(|field| {
        if image && field.may_have_section() {
            // The place borrows the reader, so it is computed first.
            let (place, at) = (&n.place, field_place(c, n, variant, field));
            let value = value(n, variant, field, &quote!(#place));
            return quote!({ let #place = #at; #value });
        }
        value(n, variant, field, &place(n, variant, field))
    });
    if let [field] = fields {
        let member = &field.member;
        return quote!(#path { #(#member: #each)* });
    }
    let (core, members) = (n.p("core"), fields.iter().map(|field| &field.member));
    let locals: Vec<_> = fields.iter().map(|field| n.field(field.index)).collect();
    quote! {
        #(let #locals = #core::mem::ManuallyDrop::new(#each);)*
        #path { #(#members: #core::mem::ManuallyDrop::into_inner(#locals)),* }
    }
}

/// ```text
/// unsafe fn read(at: p::At, r: &mut p::Reader<'_>) -> Self {
///     if const { RECORD.in_place } {
///         return unsafe { at.get::<Self>() };
///     }
///     let field0 = ManuallyDrop::new(unsafe { <F as p::Dumpable>::read(at.add(Self::NEODUMP.offsets[0]), r) });
///     let field1 = ..;
///     Self { f: ManuallyDrop::into_inner(field0), g: .. }
/// }
/// ```
///
/// The record of an enum that is not in place begins with the variant's index:
///
/// ```text
///     match unsafe { at.get::<u32>() } {
///         0u32 => Self::A { .. },
///         _ => r.broken("E"),
///     }
/// ```
///
/// An image root is always read field by field, since fields may have sections of their own.
pub(super) fn read(c: &Container, n: &Names) -> TokenStream {
    let (at, r, at_type, reader) = (&n.at, &n.reader, n.p("At"), n.p("Reader"));
    let whole = (!c.is_image() && may_be_in_place(c)).then(|| {
        let in_place = in_place(n);
        quote!(if #in_place { return unsafe { #at.get::<Self>() }; })
    });
    let body = match &c.data {
        Data::Struct(all) => construct(c, n, &quote!(Self), None, all),
        Data::Enum(variants) => {
            let name = &c.name;
            let arms = variants.iter().enumerate().map(|(index, variant)| {
                let (ident, number) = (&variant.ident, index as u32);
                let value = construct(c, n, &quote!(Self::#ident), Some(index), &variant.fields);
                quote!(#number => { #value })
            });
            quote!(match unsafe { #at.get::<u32>() } { #(#arms)* _ => #r.broken(#name) })
        }
    };
    quote! {
        unsafe fn read(#at: #at_type, #r: &mut #reader<'_>) -> Self {
            #whole
            #body
        }
    }
}

/// ```text
/// unsafe fn settle(this: *mut Self, at: p::At, r: &mut p::Reader<'_>) {
///     if const { RECORD.in_place } { return; }
///     unsafe { <F as p::Dumpable>::settle(&raw mut (*this).f, at.add(Self::NEODUMP.offsets[0]), r) };
/// }
/// ```
///
/// Derived fields come first. An enum matches on `&mut *this` with one arm for each variant.
pub(super) fn settle(c: &Container, n: &Names) -> TokenStream {
    let (this, at, r, at_type, reader) = (&n.this, &n.at, &n.reader, n.p("At"), n.p("Reader"));
    let done = (!c.is_image() && may_be_in_place(c)).then(|| {
        let in_place = in_place(n);
        quote!(if #in_place { return; })
    });
    let body = match &c.data {
        Data::Struct(fields) => {
            let each = in_settling_order(fields).filter_map(|field| {
                let (place, at) = (&n.place, field_place(c, n, None, field));
                let member = &field.member;
                let settle = settle_call(c, n, field, &quote!(&raw mut (*#this).#member), &quote!(#place))?;
                Some(quote!(let #place = #at; #settle))
            });
            quote!(#(#each)*)
        }
        Data::Enum(variants) => {
            let used =
                |field: &Field| settle_call(c, n, field, &TokenStream::new(), &TokenStream::new()).is_some();
            let arms = variants.iter().enumerate().map(|(index, variant)| {
                let (ident, pattern) = (&variant.ident, pattern(n, &variant.fields, used));
                let each = variant.fields.iter().filter_map(|field| {
                    let binding = n.field(field.index);
                    settle_call(c, n, field, &quote!(#binding), &place(n, Some(index), field))
                });
                quote!(Self::#ident #pattern => { #(#each)* })
            });
            quote!(match unsafe { &mut *#this } { #(#arms)* })
        }
    };
    quote! {
        unsafe fn settle(#this: *mut Self, #at: #at_type, #r: &mut #reader<'_>) {
            #done
            #body
        }
    }
}

/// Whether the record may turn out to be in place: an enum needs an explicit `repr` for it.
fn may_be_in_place(c: &Container) -> bool {
    matches!(c.data, Data::Struct(_)) || c.repr.explicit().is_some()
}
