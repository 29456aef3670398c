//! `fields` and `sample`: show what of a live value can be changed, and make a value anew, for tests that
//! change every field in turn. The runtime compiles them with its feature `testing` only.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::{function_of, is_tag, pattern, record};
use crate::ast::{Container, Data, Field, Native, Policy, Role, Variant, member_name};
use crate::names::Names;

/// `p::when_testing! { items }`: nothing where the runtime has no such feature.
fn when_testing(n: &Names, items: &TokenStream) -> TokenStream {
    let when_testing = n.p("when_testing");
    quote!(#when_testing! { #items })
}

/// What shows the leaves of one field whose address is `pointer`; nothing for a trailing array, which is not
/// part of the value.
fn call(c: &Container, n: &Names, field: &Field, pointer: &TokenStream) -> Option<TokenStream> {
    let (f, name, ty) = (&n.shown, &field.name, &field.ty);
    let is_count = c.tail().is_some_and(|(_, tail)| member_name(&tail.len) == *name);
    let left_out = |policy: &str| quote!(#f.left_out(#name, #policy););
    Some(match &field.policy {
        _ if is_count => quote!(#f.fixed_field(#name, "counts the trailing array");),
        _ if is_tag(c, field) => quote!(#f.fixed_field(#name, "selects the field of a union");),
        Policy::Tag(_) | Policy::Selected(_) => {
            quote!(#f.fixed_field(#name, "a union does not say which of its fields is alive");)
        }
        Policy::Global(_) => {
            let state = n.state(ty);
            quote!(unsafe { #f.global_field::<#state>(#name, #pointer) };)
        }
        Policy::Plain if matches!(c.role, Role::Transparent) => quote!(unsafe { #f.value::<#ty>(#pointer) };),
        Policy::Plain | Policy::Shared | Policy::Handle(_) | Policy::IdentityKey | Policy::Weak { .. } => {
            let dumpable = n.dumpable(ty);
            quote!(unsafe { #dumpable::field(#pointer, #name, #f) };)
        }
        Policy::With(module) => {
            let (to, from) = (function_of(module, "to_stored"), function_of(module, "from_stored"));
            let (own, fallback) = (n.p("FieldsOf"), n.p("FieldsOfFallback"));
            quote! {{
                use #fallback as _;
                unsafe {
                    #f.with_field::<#module::Stored, #ty, _>(#name, #pointer, #to, #from, #own::<#ty>::OWN)
                };
            }}
        }
        Policy::Remote(mirror) => {
            let (remote, option) = (n.p("Remote"), n.p("Option"));
            let (to, from) =
                (quote!(<#mirror as #remote>::to_stored), quote!(<#mirror as #remote>::from_stored));
            quote! {
                unsafe { #f.with_field::<#mirror, #ty, _>(#name, #pointer, #to, #from, #option::None) };
            }
        }
        Policy::Overlay(_) => {
            let (own, fallback) = (n.p("FieldsOf"), n.p("FieldsOfFallback"));
            quote! {{
                use #fallback as _;
                unsafe { #f.overlay_field::<#ty>(#name, #pointer, #own::<#ty>::OWN) };
            }}
        }
        Policy::Native(Native::Function) => quote!(unsafe { #f.native_field::<#ty>(#name, #pointer) };),
        Policy::Native(Native::OptionalFunction(function)) => {
            quote!(unsafe { #f.native_option_field::<#function>(#name, #pointer) };)
        }
        Policy::Native(Native::Static(_)) => {
            quote!(#f.fixed_field(#name, "a static is known by its address");)
        }
        Policy::Native(Native::OptionalStatic(target)) => {
            quote!(unsafe { #f.native_option_static_field::<#target>(#name, #pointer) };)
        }
        Policy::Skip { .. } => left_out("skip"),
        Policy::Bake(_) => left_out("bake"),
        Policy::Cache => left_out("cache"),
        Policy::Derived(_) => left_out("derived"),
        Policy::Relink(_) => left_out("relink"),
        Policy::Heap => left_out("heap"),
        Policy::Tail(_) => return None,
    })
}

/// ```text
/// p::when_testing! {
///     unsafe fn fields(this: *mut Self, f: &mut p::Fields<'_>) {
///         unsafe { <F as p::Dumpable>::field(&raw mut (*this).f, "f", f) };
///         f.left_out("g", "skip");
///     }
///     fn sample(f: &mut p::Fields<'_>) -> p::Option<Self> { p::Option::Some(Self { f: <F as p::Dumpable>::sample_within(f)?, .. }) }
/// }
/// ```
///
/// An enum shows the fields of its variant, then all other variants:
///
/// ```text
///         match unsafe { &mut *this } { Self::A { x: field0 } => { f.step(p::Step::Variant("A"), |f| { .. }); } .. }
///         unsafe { f.variants(this, &["A", "B"], Self::neodump_current, Self::neodump_variant) };
/// ```
pub(super) fn fields(c: &Container, n: &Names) -> TokenStream {
    let (this, f, type_of) = (&n.this, &n.shown, n.p("Fields"));
    let body = match &c.data {
        Data::Struct(fields) => {
            let each = fields.iter().filter_map(|field| {
                let member = &field.member;
                call(c, n, field, &quote!(&raw mut (*#this).#member))
            });
            quote!(#(#each)*)
        }
        Data::Enum(variants) => {
            let arms = variants.iter().map(|variant| arm(c, n, variant));
            let (names, current, make) = (names(variants), current(), make());
            quote! {
                match unsafe { &mut *#this } { #(#arms)* }
                unsafe { #f.variants::<Self>(#this, &[#(#names),*], Self::#current, Self::#make) };
            }
        }
    };
    let sample = sample(c, n);
    when_testing(
        n,
        &quote! {
            unsafe fn fields(#this: *mut Self, #f: &mut #type_of<'_>) { #body }
            #sample
        },
    )
}

fn names(variants: &[Variant]) -> impl Iterator<Item = &String> {
    variants.iter().map(|variant| &variant.name)
}

/// The function that says which variant a value is of.
fn current() -> proc_macro2::Ident {
    format_ident!("__neodump_current")
}

/// The function that makes a value of a variant.
fn make() -> proc_macro2::Ident {
    format_ident!("__neodump_variant")
}

/// The fields of one variant.
fn arm(c: &Container, n: &Names, variant: &Variant) -> TokenStream {
    let (f, step, ident, name) = (&n.shown, n.p("Step"), &variant.ident, &variant.name);
    let is_seen = |field: &Field| {
        matches!(
            field.policy,
            Policy::Plain
                | Policy::Shared
                | Policy::Handle(_)
                | Policy::IdentityKey
                | Policy::Weak { .. }
                | Policy::With(_)
                | Policy::Remote(_)
                | Policy::Overlay(_)
                | Policy::Native(Native::Function | Native::OptionalFunction(_) | Native::OptionalStatic(_))
        )
    };
    let pattern = pattern(n, &variant.fields, is_seen);
    let each = variant.fields.iter().filter_map(|field| {
        let binding = n.field(field.index);
        call(c, n, field, &quote!(#binding))
    });
    quote!(Self::#ident #pattern => { #f.step(#step::Variant(#name), |#f| { #(#each)* }); })
}

fn sample(c: &Container, n: &Names) -> Option<TokenStream> {
    // Objects are reached by pointers and the image by nobody: nothing asks for another one of them.
    if !matches!(c.role, Role::Plain | Role::Transparent) {
        return None;
    }
    let (f, type_of, option) = (&n.shown, n.p("Fields"), n.p("Option"));
    let body = match &c.data {
        Data::Struct(fields) => {
            let value = sample_of(n, &quote!(Self), None, fields);
            quote!(#option::Some(#value))
        }
        Data::Enum(variants) => {
            let (count, make) = (variants.len(), make());
            quote!(#f.sample_variant::<Self>(#count, Self::#make))
        }
    };
    Some(quote!(fn sample(#f: &mut #type_of<'_>) -> #option<Self> { #body }))
}

/// `path { f: <F as p::Dumpable>::sample_within(f)?, .. }`.
fn sample_of(n: &Names, path: &TokenStream, variant: Option<usize>, fields: &[Field]) -> TokenStream {
    let f = &n.shown;
    let each = fields.iter().map(|field| {
        let (member, ty) = (&field.member, &field.ty);
        let value = match &field.policy {
            Policy::Plain
            | Policy::Shared
            | Policy::Handle(_)
            | Policy::IdentityKey
            | Policy::Weak { .. } => {
                let dumpable = n.dumpable(ty);
                quote!(#dumpable::sample_within(#f)?)
            }
            Policy::Skip { default: Some(_) } | Policy::Bake(_) => {
                let make = record::value_of(n, variant, field);
                quote!(Self::#make())
            }
            Policy::Overlay(_) => {
                let (overlaid, table) = (n.p("Overlaid"), n.table_of(&field.name));
                quote!(<#ty as #overlaid>::of(Self::#table()))
            }
            Policy::Native(_)
            | Policy::Tail(_)
            | Policy::Heap
            | Policy::Tag(_)
            | Policy::Selected(_)
            | Policy::Global(_) => {
                let option = n.p("Option");
                quote!(#option::None::<#ty>?)
            }
            Policy::Skip { default: None }
            | Policy::Cache
            | Policy::Derived(_)
            | Policy::Relink(_)
            | Policy::With(_)
            | Policy::Remote(_) => {
                let core = n.p("core");
                quote!(<#ty as #core::default::Default>::default())
            }
        };
        quote!(#member: #value)
    });
    quote!(#path { #(#each),* })
}

/// What an enum needs besides, as inherent functions.
///
/// ```text
/// p::when_testing! {
///     impl E {
///         fn neodump_current(&self) -> usize { match self { Self::A { x: _ } => 0usize, .. } }
///         fn neodump_variant(index: usize, f: &mut p::Fields<'_>) -> p::Option<Self> {
///             match index { 0usize => p::Option::Some(Self::A { x: <X as p::Dumpable>::sample_within(f)? }), .. _ => p::Option::None }
///         }
///     }
/// }
/// ```
pub(super) fn variants(c: &Container, n: &Names) -> Option<TokenStream> {
    let Data::Enum(variants) = &c.data else { return None };
    let (f, type_of, option, index) = (&n.shown, n.p("Fields"), n.p("Option"), &n.index);
    let (current, make, ident) = (current(), make(), &c.ident);
    let numbers = variants.iter().enumerate().map(|(number, variant)| {
        let (ident, pattern) = (&variant.ident, pattern(n, &variant.fields, |_| false));
        quote!(Self::#ident #pattern => #number)
    });
    let values = variants.iter().enumerate().map(|(number, variant)| {
        let ident = &variant.ident;
        let value = sample_of(n, &quote!(Self::#ident), Some(number), &variant.fields);
        quote!(#number => #option::Some(#value))
    });
    let (generics, arguments, clause) = c.generics.split_for_impl();
    Some(when_testing(
        n,
        &quote! {
            #[automatically_derived]
            impl #generics #ident #arguments #clause {
                fn #current(&self) -> usize { match self { #(#numbers),* } }
                fn #make(#index: usize, #f: &mut #type_of<'_>) -> #option<Self> {
                    match #index { #(#values,)* _ => #option::None }
                }
            }
        },
    ))
}

/// ```text
/// p::when_testing! {
///     unsafe fn tail_fields(this: *mut Self, f: &mut p::Fields<'_>) {
///         let len = unsafe { <Self as p::Object>::tail_len(this) };
///         unsafe { f.tail::<E>("data", (&raw mut (*this).data).cast::<E>(), len) };
///     }
/// }
/// ```
pub(super) fn tail(c: &Container, n: &Names) -> Option<TokenStream> {
    let (field, tail) = c.tail()?;
    let (this, f, type_of, object, len) = (&n.this, &n.shown, n.p("Fields"), n.p("Object"), &n.len);
    let (member, name, element) = (&field.member, &field.name, &tail.element);
    Some(when_testing(
        n,
        &quote! {
            unsafe fn tail_fields(#this: *mut Self, #f: &mut #type_of<'_>) {
                let #len = unsafe { <Self as #object>::tail_len(#this) };
                unsafe { #f.tail::<#element>(#name, (&raw mut (*#this).#member).cast::<#element>(), #len) };
            }
        },
    ))
}

/// ```text
/// p::when_testing! {
///     unsafe fn fields(this: *mut Self, f: &mut p::Fields<'_>) { unsafe { p::word_fields::<Self>(this, f) } }
///     fn sample(f: &mut p::Fields<'_>) -> p::Option<Self> { p::sample_word::<Self>(f) }
/// }
/// ```
pub(super) fn word(n: &Names) -> TokenStream {
    let (this, f, type_of, option) = (&n.this, &n.shown, n.p("Fields"), n.p("Option"));
    let (word, sample) = (n.p("word_fields"), n.p("sample_word"));
    when_testing(
        n,
        &quote! {
            unsafe fn fields(#this: *mut Self, #f: &mut #type_of<'_>) { unsafe { #word::<Self>(#this, #f) } }
            fn sample(#f: &mut #type_of<'_>) -> #option<Self> { #sample::<Self>(#f) }
        },
    )
}
