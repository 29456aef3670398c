//! `order`: what fixes the place of a value among others of its type.

use proc_macro2::TokenStream;
use quote::quote;

use super::pattern;
use crate::ast::{Container, Data, Field, Policy, Role};
use crate::names::Names;

/// The order of one field; nothing for one that is not part of the stored value.
fn call(c: &Container, n: &Names, field: &Field) -> Option<TokenStream> {
    let (value, key) = (n.field(field.index), &n.key);
    match &field.policy {
        Policy::Plain | Policy::Shared | Policy::IdentityKey | Policy::Handle(_) | Policy::Selected(_) => {
            let dumpable = n.dumpable(&field.ty);
            Some(quote!(#dumpable::order(#value, #key);))
        }
        Policy::With(module) => {
            let to_stored = super::function_of(module, "to_stored");
            Some(quote!(#key.made::<#module::Stored>(#to_stored(#value));))
        }
        Policy::Remote(mirror) => {
            let stored = super::to_mirror(n, mirror, &value);
            Some(quote!(#key.made::<#mirror>(#stored);))
        }
        Policy::Tag(_) => {
            let (union, selected, ty) = (n.p("union"), super::selected_live(c, n, field), &field.ty);
            Some(quote!(unsafe { #union::order::<#ty>(#value, #selected, #key) };))
        }
        Policy::Overlay(_) => {
            let (overlay, ty) = (n.p("overlay"), &field.ty);
            Some(quote!(#overlay::order::<#ty>(#value, #key);))
        }
        Policy::Native(_) => {
            // Addresses differ from process to process.
            let name = super::schema::name(n);
            Some(quote!({ let _ = #value; #key.unordered(#name); }))
        }
        Policy::Skip { .. }
        | Policy::Bake(_)
        | Policy::Cache
        | Policy::Derived(_)
        | Policy::Relink(_)
        | Policy::Tail(_)
        | Policy::Heap
        | Policy::Weak { .. }
        | Policy::Global(_) => None,
    }
}

/// ```text
/// fn order(this: &Self, key: &mut p::OrderKey<'_>) {
///     let Self { f: field0, g: _ } = self;
///     <F as p::Dumpable>::order(field0, key);
/// }
/// ```
///
/// An enum is ordered by the index of its variant first.
pub(super) fn order(c: &Container, n: &Names) -> TokenStream {
    let (this, key, key_type) = (&n.this, &n.key, n.p("OrderKey"));
    let used = |field: &Field| call(c, n, field).is_some() || super::is_tag(c, field);
    let body = match &c.data {
        Data::Struct(fields) => {
            let pattern = pattern(n, fields, used);
            let each = fields.iter().filter_map(|field| call(c, n, field));
            quote!(let Self #pattern = #this; #(#each)*)
        }
        Data::Enum(variants) => {
            let arms = variants.iter().enumerate().map(|(index, variant)| {
                let (ident, pattern) = (&variant.ident, pattern(n, &variant.fields, used));
                let number = index as u32;
                let each = variant.fields.iter().filter_map(|field| call(c, n, field));
                quote!(Self::#ident #pattern => { #key.unsigned(&#number.to_le_bytes()); #(#each)* })
            });
            quote!(match #this { #(#arms)* })
        }
    };
    quote! {
        fn order(#this: &Self, #key: &mut #key_type<'_>) {
            #body
        }
    }
}

/// What a transparent type is called in a path is what its field is called.
///
/// ```text
/// fn label(this: &Self) -> p::Option<p::String> {
///     let label = p::Option::None;
///     let label = label.or_else(|| <F as p::Dumpable>::label(&this.f));
///     label
/// }
/// ```
pub(super) fn label(c: &Container, n: &Names) -> Option<TokenStream> {
    let (Role::Transparent, Data::Struct(fields)) = (&c.role, &c.data) else { return None };
    let (option, string, label, this) = (n.p("Option"), n.p("String"), &n.key, &n.this);
    let each = fields.iter().filter(|field| matches!(field.policy, Policy::Plain)).map(|field| {
        let (dumpable, member) = (n.dumpable(&field.ty), &field.member);
        quote!(let #label = #label.or_else(|| #dumpable::label(&#this.#member));)
    });
    Some(quote! {
        fn label(#this: &Self) -> #option<#string> {
            let #label = #option::None;
            #(#each)*
            #label
        }
    })
}
