//! `ImageRoot`: the type whose fields are the roots.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Path;
use syn::spanned::Spanned;

use super::impl_unsafe;
use crate::ast::{Container, Image, Policy};
use crate::names::Names;

/// ```text
/// unsafe impl p::ImageRoot for Vm {
///     const NAME: &'static str = "neovm";
///     const VERSION: u32 = 47;
///     fn before_dump(&mut self) -> p::HookResult { p::IntoHookResult::into_hook_result(path(self)) }
///     fn after_dump(&mut self) { p::ReturnsNothing::nothing(path(self)) }
///     fn after_load(&mut self) -> p::HookResult { .. }
///     fn validate(&self) -> p::HookResult { .. }
///     fn image(&self) -> p::Option<&p::Image> { p::AdoptImage::image(&self.heap) }
/// }
/// ```
pub(super) fn image(c: &Container, n: &Names, image: &Image) -> TokenStream {
    let (name, version) = (&image.name, &image.version);
    let (hook_result, option) = (n.p("HookResult"), n.p("Option"));
    let before_dump = image.before_dump.as_ref().map(|path| {
        let hook = hook(n, path);
        quote!(fn before_dump(&mut self) -> #hook_result { #hook })
    });
    let after_dump = image.after_dump.as_ref().map(|path| {
        let nothing = n.p_at("ReturnsNothing", path.span());
        let span = path.span().resolved_at(Span::call_site());
        let call = quote_spanned!(span=> #nothing::nothing(#path(self)));
        quote!(fn after_dump(&mut self) { #call })
    });
    let after_load = image.after_load.as_ref().map(|path| {
        let hook = hook(n, path);
        quote!(fn after_load(&mut self) -> #hook_result { #hook })
    });
    let validate = c.validate.as_ref().map(|path| {
        let hook = hook(n, path);
        quote!(fn validate(&self) -> #hook_result { #hook })
    });
    let heap = c.fields().iter().find(|field| matches!(field.policy, Policy::Heap));
    let heap = heap.map(|field| {
        let (member, ty, adopt, image) = (&field.member, &field.ty, n.p("AdoptImage"), n.p("Image"));
        quote!(fn image(&self) -> #option<&#image> { <#ty as #adopt>::image(&self.#member) })
    });
    let globals = globals(c, n);
    let items = quote! {
        const NAME: &'static str = #name;
        const VERSION: u32 = #version;
        #before_dump
        #after_dump
        #after_load
        #validate
        #heap
        #globals
    };
    impl_unsafe(c, &n.p("ImageRoot"), &items)
}

/// ```text
/// fn globals(&mut self, visit: &mut dyn FnMut(&mut dyn p::Attached) -> ..) -> p::Result<(), p::GlobalError> {
///     if let Err(error) = p::global::attach(&mut self.charsets, &CHARSETS, "Vm.charsets", visit) {
///         return Err(error);
///     }
///     Ok(())
/// }
/// ```
fn globals(c: &Container, n: &Names) -> Option<TokenStream> {
    let (result, core, attached, error, found) =
        (n.p("Result"), n.p("core"), n.p("Attached"), n.p("GlobalError"), &n.found);
    let each: Vec<_> = c
        .fields()
        .iter()
        .filter_map(|field| {
            let Policy::Global(path) = &field.policy else { return None };
            let (global, path, member) = (n.p("global"), super::static_of(path), &field.member);
            let name = format!("{}.{}", c.name, field.name);
            let call = quote!(#global::attach(&mut self.#member, #path, #name, #found));
            Some(n.attempt("Fault", &call, &[]))
        })
        .collect();
    (!each.is_empty()).then(|| {
        quote! {
            fn globals(
                &mut self,
                #found: &mut dyn #core::ops::FnMut(&mut dyn #attached) -> #result<(), #error>,
            ) -> #result<(), #error> {
                #(#each)*
                #result::Ok(())
            }
        }
    })
}

/// What a function of the user says of `self`, its error as text; a wrong type underlines the function.
pub(super) fn hook(n: &Names, path: &Path) -> TokenStream {
    let span = path.span().resolved_at(Span::call_site());
    hook_of(n, path, &quote_spanned!(span=> self))
}

/// The same, of another value.
pub(super) fn hook_of(n: &Names, path: &Path, value: &TokenStream) -> TokenStream {
    let into = n.p_at("IntoHookResult", path.span());
    quote_spanned!(path.span().resolved_at(Span::call_site())=> #into::into_hook_result(#path(#value)))
}
