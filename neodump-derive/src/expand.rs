//! From the tokens of a type to the tokens of its impls.

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::ctxt::Ctxt;
use crate::names::Names;
use crate::{attr, check, generate};

/// The impls, or all errors with impls that keep other errors from following.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let ctxt = Ctxt::new();
    let attrs = attr::TypeAttrs::parse(&ctxt, &input.attrs);
    let names = Names::new(attrs.krate.as_ref().map(|krate| &krate.value));
    let fallback = generate::Fallback::of(&attrs);
    let container = check::resolve(&ctxt, &input, attrs, &names);
    match ctxt.finish() {
        Ok(()) => generate::all(&container, &names),
        Err(error) => {
            let errors = error.into_compile_error();
            let stub = fallback.generate(&input, &names);
            quote!(#errors #stub)
        }
    }
}
