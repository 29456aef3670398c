//! `audit`: checks a stored record before anything believes it.

use proc_macro2::TokenStream;
use quote::quote;

use super::{in_place, place, record, selected, steps};
use crate::ast::{Container, Data, Field, Native, Policy, Variant};
use crate::names::Names;

/// The audit of one field at `place`; nothing for one that is not stored.
///
/// `at` gives the place of a field beside it.
pub(super) fn call(
    c: &Container,
    n: &Names,
    variant: Option<usize>,
    field: &Field,
    place: &TokenStream,
    at: &dyn Fn(&Field) -> TokenStream,
) -> Option<TokenStream> {
    let (a, ty) = (&n.auditor, &field.ty);
    Some(match &field.policy {
        Policy::Remote(mirror) => {
            let with = n.p("with");
            quote!(unsafe { #with::audit::<#mirror>(#place, #a) })
        }
        Policy::Tag(_) => {
            // The fields that it names have been audited, and are in place.
            let selected = selected(c, n, field, &|other| {
                let (at, ty) = (at(other), &other.ty);
                quote!(unsafe { &*#at.as_ptr::<#ty>() })
            });
            let union = n.p("union");
            quote!(unsafe { #union::audit::<#ty>(#selected, #place, #a) })
        }
        Policy::Plain
        | Policy::Shared
        | Policy::IdentityKey
        | Policy::Weak { .. }
        | Policy::Handle(_)
        | Policy::Selected(_) => {
            let dumpable = n.dumpable(ty);
            quote!(unsafe { #dumpable::audit(#place, #a) })
        }
        Policy::Bake(_) => {
            let make = record::value_of(n, variant, field);
            quote!(unsafe { #a.baked::<#ty>(#place, &Self::#make()) })
        }
        Policy::Cache => {
            let probe = n.p("Probe");
            quote!(unsafe { #probe::<#ty>::audit_empty(#place, #a) })
        }
        Policy::With(module) => {
            let with = n.p("with");
            quote!(unsafe { #with::audit::<#module::Stored>(#place, #a) })
        }
        Policy::Global(_) => {
            let (global, state) = (n.p("global"), n.state(ty));
            quote!(unsafe { #global::audit::<#state>(#place, #a) })
        }
        Policy::Overlay(_) => {
            let overlay = n.p("overlay");
            quote!(unsafe { #overlay::audit::<#ty>(#place, #a) })
        }
        Policy::Native(native) => {
            let module = n.p("native");
            match native {
                Native::Function => quote!(unsafe { #module::audit::<#ty>(#place, #a) }),
                Native::OptionalFunction(function) => {
                    quote!(unsafe { #module::audit_option::<#function>(#place, #a) })
                }
                Native::Static(target) => quote!(unsafe { #module::audit_static::<#target>(#place, #a) }),
                Native::OptionalStatic(target) => {
                    quote!(unsafe { #module::audit_option_static::<#target>(#place, #a) })
                }
            }
        }
        Policy::Skip { .. } | Policy::Derived(_) | Policy::Relink(_) | Policy::Tail(_) | Policy::Heap => {
            return None;
        }
    })
}

/// ```text
/// unsafe fn audit(at: p::At, a: &mut p::Auditor<'_>) -> p::Result<(), p::Box<p::Fault>> {
///     if let Err(error) = unsafe { <F as p::Dumpable>::audit(at.add(Self::NEODUMP.offsets[0]), a) } {
///         return Err(p::Fault::within(error, p::Step::Field("f")));
///     }
///     Ok(())
/// }
/// ```
///
/// No value of an enum exists before its tag is known to be one:
///
/// ```text
///     let index = if const { RECORD.in_place } {
///         match unsafe { at.get::<u8>() } as u8 {
///             DISCRIMINANT_0 => 0u32,
///             found => return Err(p::Fault::no_variant("E", found as i128, Self::VARIANTS, true)),
///         }
///     } else {
///         unsafe { at.get::<u32>() }
///     };
///     match index {
///         0u32 => { .. }
///         found => return Err(p::Fault::no_variant("E", found as i128, Self::VARIANTS, false)),
///     }
/// ```
pub(super) fn audit(c: &Container, n: &Names) -> TokenStream {
    let (at, a, at_type, auditor) = (&n.at, &n.auditor, n.p("At"), n.p("Auditor"));
    let (result, boxed, fault) = (n.p("Result"), n.p("Box"), n.p("Fault"));
    let body = match &c.data {
        Data::Struct(fields) => {
            let each = in_auditing_order(fields).filter_map(|field| struct_field(c, n, field));
            quote!(#(#each)*)
        }
        Data::Enum(variants) => enum_body(c, n, variants),
    };
    quote! {
        unsafe fn audit(#at: #at_type, #a: &mut #auditor<'_>) -> #result<(), #boxed<#fault>> {
            #body
            #result::Ok(())
        }
    }
}

/// The fields in the order in which they are audited: unions when the fields that say what they are have been.
/// Unions own nothing, so payloads are audited in the order in which they were written.
pub(super) fn in_auditing_order(fields: &[Field]) -> impl Iterator<Item = &Field> {
    let is_union = |field: &&Field| matches!(field.policy, Policy::Tag(_));
    fields.iter().filter(move |field| !is_union(field)).chain(fields.iter().filter(is_union))
}

fn struct_field(c: &Container, n: &Names, field: &Field) -> Option<TokenStream> {
    let at = place(n, None, field);
    let steps = steps(c, None, field);
    let beside = |other: &Field| place(n, None, other);
    if !(c.is_image() && field.may_have_section()) {
        return Some(n.attempt("Fault", &call(c, n, None, field, &at, &beside)?, &steps));
    }
    let (place, a, f) = (&n.place, &n.auditor, n.stored(field));
    let audit = n.attempt("Fault", &call(c, n, None, field, &quote!(#place), &beside)?, &steps);
    let end = n.attempt("Fault", &quote!(#a.end_field()), &steps);
    Some(quote!(let #place = #a.field(#at, #f::SECTION, #f::RECORD); #audit #end))
}

fn enum_body(c: &Container, n: &Names, variants: &[Variant]) -> TokenStream {
    let (at, index, found, result, fault) = (&n.at, &n.index, &n.found, n.p("Result"), n.p("Fault"));
    let (name, shapes) = (&c.name, &n.variants);
    let in_record = quote!(unsafe { #at.get::<u32>() });
    let tag = if c.repr.explicit().is_some() {
        let (in_place, tag, discriminant) = (in_place(n), c.repr.tag_type(), c.repr.discriminant_type());
        let arms = (0..variants.len()).map(|index| {
            let (discriminant, number) = (n.discriminant(index), index as u32);
            quote!(#discriminant => #number,)
        });
        quote! {
            if #in_place {
                match unsafe { #at.get::<#tag>() } as #discriminant {
                    #(#arms)*
                    #found => {
                        return #result::Err(#fault::no_variant(#name, #found as i128, Self::#shapes, true));
                    }
                }
            } else {
                #in_record
            }
        }
    } else {
        in_record
    };
    let arms = variants.iter().enumerate().map(|(index, variant)| {
        let number = index as u32;
        let each = variant.fields.iter().filter_map(|field| {
            let call = call(c, n, Some(index), field, &place(n, Some(index), field), &|other| {
                place(n, Some(index), other)
            })?;
            Some(n.attempt("Fault", &call, &steps(c, Some(variant), field)))
        });
        quote!(#number => { #(#each)* })
    });
    quote! {
        let #index: u32 = #tag;
        match #index {
            #(#arms)*
            #found => return #result::Err(#fault::no_variant(#name, #found as i128, Self::#shapes, false)),
        }
    }
}
