//! `Remote`: a mirror of a type of another crate.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Path, PathArguments};

use crate::ast::{Container, Data, Field};
use crate::names::Names;

/// ```text
/// impl p::Remote for PointDef {
///     type Of = other::Point;
///     fn to_stored(value: &other::Point) -> Self {
///         let other::Point { x: field0, y: field1 } = value;     // every field listed: a new one does not compile
///         Self { x: Clone::clone(field0), y: Clone::clone(field1) }
///     }
///     fn from_stored(stored: Self) -> p::Result<other::Point, Infallible> {
///         let Self { x: field0, y: field1 } = stored;
///         Ok(other::Point { x: field0, y: field1 })
///     }
/// }
/// ```
///
/// With a getter there is no pattern over the other type, and the way back is its `From`:
///
/// ```text
///         Self { secs: p::Got::got(Duration::as_secs(value)), nanos: Clone::clone(&value.nanos) }
///         Ok(From::from(stored))
/// ```
///
/// An enum has a `match` with one arm for each variant.
pub(super) fn remote(c: &Container, n: &Names, of: &Path) -> TokenStream {
    let (core, result, at) = (n.p("core"), n.p("Result"), &n.at);
    let (to, from) = match &c.data {
        Data::Struct(fields) if fields.iter().any(|field| field.getter.is_some()) => {
            let got = fields.iter().map(|field| got(n, field));
            (quote!(Self { #(#got),* }), quote!(#core::convert::From::from(#at)))
        }
        Data::Struct(fields) => {
            let of = value_path(of);
            let (pattern, cloned, moved) = (pattern(n, fields), cloned(n, fields), moved(n, fields));
            (
                quote!(match #at { #of #pattern => Self #cloned }),
                quote!(match #at { Self #pattern => #of #moved }),
            )
        }
        Data::Enum(variants) => {
            let of = value_path(of);
            let arms = variants.iter().map(|variant| {
                let (ident, fields) = (&variant.ident, &variant.fields);
                let (pattern, cloned, moved) = (pattern(n, fields), cloned(n, fields), moved(n, fields));
                (
                    quote!(#of::#ident #pattern => Self::#ident #cloned,),
                    quote!(Self::#ident #pattern => #of::#ident #moved,),
                )
            });
            let (to, from): (Vec<_>, Vec<_>) = arms.unzip();
            (quote!(match #at { #(#to)* }), quote!(match #at { #(#from)* }))
        }
    };
    let (ident, trait_) = (&c.ident, n.p("Remote"));
    let (generics, arguments, clause) = c.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #generics #trait_ for #ident #arguments #clause {
            type Of = #of;
            fn to_stored(#at: &#of) -> Self {
                #to
            }
            fn from_stored(#at: Self) -> #result<#of, #core::convert::Infallible> {
                #result::Ok(#from)
            }
        }
    }
}

/// The path of the other type in patterns and expressions, where its arguments are inferred.
fn value_path(of: &Path) -> Path {
    let mut of = of.clone();
    if let Some(last) = of.segments.last_mut() {
        last.arguments = PathArguments::None;
    }
    of
}

fn pattern(n: &Names, fields: &[Field]) -> TokenStream {
    super::pattern(n, fields, |_| true)
}

fn cloned(n: &Names, fields: &[Field]) -> TokenStream {
    let each = fields.iter().map(|field| {
        let (member, binding, span) = (&field.member, binding(n, field), field.ty.span());
        let (core, ty) = (n.p_at("core", span), &field.ty);
        let span = span.resolved_at(Span::call_site());
        let clone = quote_spanned!(span=> <#ty as #core::clone::Clone>::clone(#binding));
        quote!(#member: #clone)
    });
    quote!({ #(#each),* })
}

fn moved(n: &Names, fields: &[Field]) -> TokenStream {
    let each = fields.iter().map(|field| {
        let (member, binding) = (&field.member, binding(n, field));
        quote!(#member: #binding)
    });
    quote!({ #(#each),* })
}

/// The local of a field, so that an error about it shows the field's type.
fn binding(n: &Names, field: &Field) -> Ident {
    let mut binding = n.field(field.index);
    binding.set_span(field.ty.span().resolved_at(Span::mixed_site()));
    binding
}

/// A field beside one with a getter: by its own getter, or as the other type has it.
fn got(n: &Names, field: &Field) -> TokenStream {
    let (member, at) = (&field.member, &n.at);
    let Some(getter) = &field.getter else {
        let core = n.p("core");
        return quote!(#member: #core::clone::Clone::clone(&#at.#member));
    };
    let span = getter.span().resolved_at(Span::call_site());
    let got = n.p_at("Got", getter.span());
    let call = quote_spanned!(span=> #got::got(#getter(#at)));
    quote!(#member: #call)
}
