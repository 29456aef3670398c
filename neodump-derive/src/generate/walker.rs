//! `walk`: shows every reference of a live value to a visitor.

use proc_macro2::TokenStream;
use quote::quote;

use super::{is_tag, pattern, selected_live, static_of, steps, to_mirror};
use crate::ast::{Container, Data, Field, Native, Policy, Role, Variant};
use crate::names::Names;

/// The walk of one field; nothing for one that is not traced.
fn call(c: &Container, n: &Names, field: &Field) -> Option<TokenStream> {
    let (value, v, visitor) = (n.field(field.index), &n.visitor, &n.visitor_type);
    Some(match &field.policy {
        Policy::Plain | Policy::Shared | Policy::IdentityKey | Policy::Handle(_) | Policy::Selected(_) => {
            let dumpable = n.dumpable(&field.ty);
            quote!(#dumpable::walk(#value, #v))
        }
        Policy::With(module) => {
            let (with, to_stored) = (n.p("with"), super::function_of(module, "to_stored"));
            quote!(#with::walk::<#module::Stored, #visitor>(|| #to_stored(#value), #v))
        }
        Policy::Weak { .. } => {
            let weak = n.p("weak");
            quote!(#weak::walk(#value, #v))
        }
        Policy::Remote(mirror) => {
            let (with, stored) = (n.p("with"), to_mirror(n, mirror, &value));
            quote!(#with::walk::<#mirror, #visitor>(|| #stored, #v))
        }
        Policy::Tag(_) => {
            let (union, selected, ty) = (n.p("union"), selected_live(c, n, field), &field.ty);
            quote!(unsafe { #union::walk::<#ty, #visitor>(#value, #selected, #v) })
        }
        Policy::Global(path) => {
            let (global, path) = (n.p("global"), static_of(path));
            quote!(#global::walk(#value, #path, #v))
        }
        Policy::Overlay(_) => {
            let (overlay, table, ty) = (n.p("overlay"), n.table_of(&field.name), &field.ty);
            quote!(#overlay::walk::<#ty, #visitor>(#value, Self::#table(), #v))
        }
        Policy::Native(native) => {
            let module = n.p("native");
            match native {
                Native::Function => quote!(#module::walk(#value, #v)),
                Native::OptionalFunction(_) => quote!(#module::walk_option(#value, #v)),
                Native::Static(_) => quote!(#module::walk_static(#value, #v)),
                Native::OptionalStatic(_) => quote!(#module::walk_option_static(#value, #v)),
            }
        }
        Policy::Skip { .. }
        | Policy::Bake(_)
        | Policy::Cache
        | Policy::Derived(_)
        | Policy::Relink(_)
        | Policy::Tail(_)
        | Policy::Heap => return None,
    })
}

fn fields(c: &Container, n: &Names, variant: Option<&Variant>, fields: &[Field]) -> TokenStream {
    let each = fields
        .iter()
        .filter_map(|field| Some(n.attempt("Stop", &call(c, n, field)?, &steps(c, variant, field))));
    quote!(#(#each)*)
}

/// ```text
/// fn walk<V: p::Visitor>(this: &Self, v: &mut V) -> p::Result<(), <V as p::Visitor>::Stop> {
///     let Self { f: field0, g: _ } = this;
///     if let Err(error) = <F as p::Dumpable>::walk(field0, v) {
///         return Err(p::Stop::within(error, p::Step::Field("f")));
///     }
///     Ok(())
/// }
/// ```
///
/// An enum has a `match this` with one arm for each variant. A type with a `validate` is handed over first:
///
/// ```text
///     if const { <V as p::Visitor>::VALIDATES } {
///         if let Err(error) = <V as p::Visitor>::validate(v, this, |this: &Self| p::IntoHookResult::into_hook_result(path(this))) {
///             return Err(error);
///         }
///     }
/// ```
pub(super) fn walk(c: &Container, n: &Names) -> TokenStream {
    let (visitor, stop, result) = (n.p("Visitor"), &n.visitor_type, n.p("Result"));
    let (this, v) = (&n.this, &n.visitor);
    let used = |field: &Field| call(c, n, field).is_some() || is_tag(c, field);
    let validated = validated(c, n);
    let body = match &c.data {
        Data::Struct(all) => {
            let (pattern, each) = (pattern(n, all, used), fields(c, n, None, all));
            quote!(let Self #pattern = #this; #each)
        }
        Data::Enum(variants) => {
            let arms = variants.iter().map(|variant| {
                let (ident, pattern) = (&variant.ident, pattern(n, &variant.fields, used));
                let each = fields(c, n, Some(variant), &variant.fields);
                quote!(Self::#ident #pattern => { #each })
            });
            quote!(match #this { #(#arms)* })
        }
    };
    quote! {
        fn walk<#stop: #visitor>(#this: &Self, #v: &mut #stop) -> #result<(), <#stop as #visitor>::Stop> {
            #validated
            #body
            #result::Ok(())
        }
    }
}

/// Objects and the image are checked by the load itself.
fn validated(c: &Container, n: &Names) -> Option<TokenStream> {
    let (Role::Plain | Role::Transparent, Some(path)) = (&c.role, &c.validate) else { return None };
    let (visitor, stop, v, this) = (n.p("Visitor"), &n.visitor_type, &n.visitor, &n.this);
    let check = super::image::hook_of(n, path, &quote!(#this));
    let call = quote!(<#stop as #visitor>::validate(#v, #this, |#this: &Self| #check));
    let attempt = n.attempt("Stop", &call, &[]);
    Some(quote!(if const { <#stop as #visitor>::VALIDATES } { #attempt }))
}
