//! `write`: puts the stored record of a live value into zeroed bytes.

use proc_macro2::TokenStream;
use quote::quote;

use super::{in_place, is_tag, pattern, place, record, selected_live, static_of, steps, to_mirror};
use crate::ast::{Container, Data, Field, Native, Policy};
use crate::names::Names;

/// The write of one field at `place`; nothing for one that is not stored.
pub(super) fn call(
    c: &Container,
    n: &Names,
    variant: Option<usize>,
    field: &Field,
    place: &TokenStream,
) -> Option<TokenStream> {
    let (value, w, ty) = (n.field(field.index), &n.writer, &field.ty);
    Some(match &field.policy {
        Policy::Plain | Policy::Shared | Policy::IdentityKey | Policy::Handle(_) | Policy::Selected(_) => {
            let dumpable = n.dumpable(ty);
            quote!(#dumpable::write(#value, #place, #w))
        }
        Policy::Bake(_) => {
            let (dumpable, make) = (n.dumpable(ty), record::value_of(n, variant, field));
            quote!(#dumpable::write(&Self::#make(), #place, #w))
        }
        Policy::Cache => {
            let probe = n.p("Probe");
            quote!(#probe::<#ty>::write_empty(#place, #w))
        }
        Policy::With(module) => {
            let (with, to_stored) = (n.p("with"), super::function_of(module, "to_stored"));
            quote!(#with::write::<#module::Stored>(#to_stored(#value), #place, #w))
        }
        Policy::Weak { empty } => {
            let (weak, core) = (n.p("weak"), n.p_at("core", syn::spanned::Spanned::span(ty)));
            let empty = match empty {
                Some(_) => {
                    let make = record::value_of(n, variant, field);
                    quote!(Self::#make)
                }
                None => quote!(<#ty as #core::default::Default>::default),
            };
            quote!(#weak::write(#value, #empty, #place, #w))
        }
        Policy::Remote(mirror) => {
            let (with, stored) = (n.p("with"), to_mirror(n, mirror, &value));
            quote!(#with::write::<#mirror>(#stored, #place, #w))
        }
        Policy::Tag(_) => {
            let (union, selected) = (n.p("union"), selected_live(c, n, field));
            quote!(unsafe { #union::write::<#ty>(#value, #selected, #place, #w) })
        }
        Policy::Global(path) => {
            let (global, path) = (n.p("global"), static_of(path));
            quote!(#global::write(#value, #path, #place, #w))
        }
        Policy::Overlay(_) => {
            let (overlay, table) = (n.p("overlay"), n.table_of(&field.name));
            quote!(#overlay::write::<#ty>(#value, Self::#table(), #place, #w))
        }
        Policy::Native(native) => {
            let module = n.p("native");
            match native {
                Native::Function => quote!(#module::write(#value, #place, #w)),
                Native::OptionalFunction(_) => quote!(#module::write_option(#value, #place, #w)),
                Native::Static(_) => quote!(#module::write_static(#value, #place, #w)),
                Native::OptionalStatic(_) => quote!(#module::write_option_static(#value, #place, #w)),
            }
        }
        Policy::Skip { .. } | Policy::Derived(_) | Policy::Relink(_) | Policy::Tail(_) | Policy::Heap => {
            return None;
        }
    })
}

/// Whether the live value is looked at.
pub(super) fn is_used(field: &Field) -> bool {
    matches!(
        field.policy,
        Policy::Plain
            | Policy::Shared
            | Policy::With(_)
            | Policy::Handle(_)
            | Policy::Overlay(_)
            | Policy::Global(_)
            | Policy::Tag(_)
            | Policy::Weak { .. }
            | Policy::IdentityKey
            | Policy::Remote(_)
            | Policy::Native(_)
    )
}

/// ```text
/// fn write(this: &Self, at: p::Place, w: &mut p::Writer<'_>) -> p::Result<(), p::Box<p::Refusal>> {
///     let Self { f: field0, g: _ } = this;
///     if let Err(error) = <F as p::Dumpable>::write(field0, at.add(Self::NEODUMP.offsets[0]), w) {
///         return Err(p::Refusal::within(error, p::Step::Field("f")));
///     }
///     Ok(())
/// }
/// ```
///
/// An enum writes its tag first: the discriminant where the record is in place, else the variant's index.
///
/// ```text
///     match this {
///         Self::A { 0: field0 } => {
///             if const { RECORD.in_place } { w.put_int(at, DISCRIMINANT_0 as u64, size_of::<u8>()) }
///             else { w.put_int(at, 0, 4) }
///             ..
///         }
///     }
/// ```
///
/// A field of an image root that has a section of its own goes there:
///
/// ```text
///     let place = w.field(at.add(..), <F as p::Dumpable>::SECTION, <F as p::Dumpable>::RECORD);
///     .. write at place ..
///     if let Err(error) = w.end_field() { .. }
/// ```
pub(super) fn write(c: &Container, n: &Names) -> TokenStream {
    let (this, at, w) = (&n.this, &n.at, &n.writer);
    let (place_type, writer, result, boxed, refusal) =
        (n.p("Place"), n.p("Writer"), n.p("Result"), n.p("Box"), n.p("Refusal"));
    let body = match &c.data {
        Data::Struct(fields) => {
            let pattern = pattern(n, fields, |field| is_used(field) || is_tag(c, field));
            let each = fields.iter().map(|field| struct_field(c, n, field));
            quote!(let Self #pattern = #this; #(#each)*)
        }
        Data::Enum(variants) => {
            let arms = variants.iter().enumerate().map(|(index, variant)| {
                let (ident, pattern) = (&variant.ident, pattern(n, &variant.fields, is_used));
                let tag = tag(c, n, index);
                let each = variant.fields.iter().filter_map(|field| {
                    let call = call(c, n, Some(index), field, &place(n, Some(index), field))?;
                    Some(n.attempt("Refusal", &call, &steps(c, Some(variant), field)))
                });
                quote!(Self::#ident #pattern => { #tag #(#each)* })
            });
            quote!(match #this { #(#arms)* })
        }
    };
    quote! {
        fn write(#this: &Self, #at: #place_type, #w: &mut #writer<'_>) -> #result<(), #boxed<#refusal>> {
            #body
            #result::Ok(())
        }
    }
}

fn struct_field(c: &Container, n: &Names, field: &Field) -> Option<TokenStream> {
    let at = place(n, None, field);
    let steps = steps(c, None, field);
    if !(c.is_image() && field.may_have_section()) {
        return Some(n.attempt("Refusal", &call(c, n, None, field, &at)?, &steps));
    }
    let (place, w, f) = (&n.place, &n.writer, n.stored(field));
    let begin = quote!(let #place = #w.field(#at, #f::SECTION, #f::RECORD););
    let write = n.attempt("Refusal", &call(c, n, None, field, &quote!(#place))?, &steps);
    let end = n.attempt("Refusal", &quote!(#w.end_field()), &steps);
    Some(quote!(#begin #write #end))
}

fn tag(c: &Container, n: &Names, index: usize) -> TokenStream {
    let (at, w) = (&n.at, &n.writer);
    let number = index as u64;
    let record = quote!(#w.put_int(#at, #number, 4););
    if c.repr.explicit().is_none() {
        return record;
    }
    let (core, discriminant, tag, in_place) =
        (n.p("core"), n.discriminant(index), c.repr.tag_type(), in_place(n));
    quote! {
        if #in_place {
            #w.put_int(#at, #discriminant as u64, #core::mem::size_of::<#tag>());
        } else {
            #record
        }
    }
}
