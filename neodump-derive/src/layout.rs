//! `repr`: what is known of a type's layout, and where an enum's payload lies.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Attribute, Token};

use crate::ast::{Container, Variant};
use crate::ctxt::Ctxt;
use crate::names::Names;

/// The `repr` attributes of a type.
#[derive(Default)]
pub(crate) struct Repr {
    pub(crate) c: bool,
    pub(crate) transparent: bool,
    /// The integer that holds an enum's tag.
    pub(crate) int: Option<Ident>,
    pub(crate) packed: Option<Span>,
}

impl Repr {
    pub(crate) fn parse(ctxt: &Ctxt, attrs: &[Attribute]) -> Self {
        let mut this = Self::default();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("repr")) {
            let read = attr.parse_nested_meta(|meta| {
                if let Some(name) = meta.path.get_ident() {
                    match name.to_string().as_str() {
                        "C" => this.c = true,
                        "transparent" => this.transparent = true,
                        "packed" => this.packed = Some(name.span()),
                        "u8" | "u16" | "u32" | "u64" | "usize" | "i8" | "i16" | "i32" | "i64" | "isize"
                        | "u128" | "i128" => this.int = Some(name.clone()),
                        _ => {}
                    }
                }
                if meta.input.peek(syn::token::Paren) {
                    let number;
                    syn::parenthesized!(number in meta.input);
                    number.parse::<proc_macro2::TokenStream>()?;
                } else if meta.input.peek(Token![=]) {
                    // rustc refuses it with a better message.
                    meta.value()?.parse::<syn::Expr>()?;
                }
                Ok(())
            });
            if let Err(error) = read {
                ctxt.push(error);
            }
        }
        this
    }

    /// The `repr` as in the source, if it fixes the layout of an enum.
    pub(crate) fn explicit(&self) -> Option<String> {
        match (self.c, &self.int) {
            (false, None) => None,
            (true, None) => Some("C".to_owned()),
            (false, Some(int)) => Some(int.to_string()),
            (true, Some(int)) => Some(format!("C, {int}")),
        }
    }

    /// The type of an enum's tag in memory: what the `repr` says, or C's `int`.
    pub(crate) fn tag_type(&self) -> TokenStream {
        match &self.int {
            Some(int) => quote!(#int),
            None => quote!(i32),
        }
    }

    /// The type that discriminants are written in.
    pub(crate) fn discriminant_type(&self) -> TokenStream {
        match &self.int {
            Some(int) => quote!(#int),
            None => quote!(isize),
        }
    }
}

/// Where the payloads of an enum start in memory.
///
/// With `repr(u8)` each variant is a `repr(C)` struct that begins with the tag; with `repr(C)` a `repr(C)`
/// struct of the tag and a union of the payload structs.
pub(crate) fn payload_start(c: &Container, n: &Names, variants: &[Variant]) -> TokenStream {
    let tag = c.repr.tag_type();
    let (core, layout) = (n.p("core"), n.p("Record"));
    if c.repr.c {
        let types = variants.iter().flat_map(|variant| &variant.fields).map(|field| &field.ty);
        quote!(#layout::payload_start(#core::mem::size_of::<#tag>(), &[#(#core::mem::align_of::<#types>()),*]))
    } else {
        quote!(#core::mem::size_of::<#tag>())
    }
}

/// The offsets of a variant's fields in memory.
pub(crate) fn variant_offsets(c: &Container, n: &Names, variant: &Variant) -> TokenStream {
    let (core, layout, payload) = (n.p("core"), n.p("Layout"), &n.payload);
    let count = variant.fields.len();
    if c.repr.explicit().is_none() {
        return quote!([0; #count]);
    }
    let types: Vec<_> = variant.fields.iter().map(|field| &field.ty).collect();
    quote! {
        #layout::<#count>::c_offsets(
            Self::#payload,
            [#(#core::mem::size_of::<#types>()),*],
            [#(#core::mem::align_of::<#types>()),*],
        )
    }
}
