//! All identifiers and paths that generated code uses.
//!
//! Locals have `mixed_site` spans, so that they cannot meet a field, constant or expression of the user;
//! what is looked up as an item starts with `__` or `__NEODUMP`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;

/// The names inside one expansion.
pub(crate) struct Names {
    /// The path of the runtime.
    pub(crate) root: syn::Path,
    /// What its `__private` is called in generated code.
    pub(crate) alias: Ident,
    /// The object, as a raw pointer.
    pub(crate) this: Ident,
    /// The place or address of the record.
    pub(crate) at: Ident,
    /// The slot of an object.
    pub(crate) slot: Ident,
    /// The side record of an object.
    pub(crate) side: Ident,
    /// The place of one field of an image root.
    pub(crate) place: Ident,
    pub(crate) writer: Ident,
    pub(crate) reader: Ident,
    pub(crate) auditor: Ident,
    pub(crate) visitor: Ident,
    pub(crate) key: Ident,
    /// Who is shown the leaves of a value.
    pub(crate) shown: Ident,
    /// What went wrong in a field.
    pub(crate) error: Ident,
    /// What a tag was found to be.
    pub(crate) found: Ident,
    /// The index of an element or variant.
    pub(crate) index: Ident,
    /// The elements of a trailing array.
    pub(crate) elements: Ident,
    pub(crate) len: Ident,
    pub(crate) bits: Ident,
    pub(crate) symbol: Ident,
    /// The type parameter of `walk`.
    pub(crate) visitor_type: Ident,
    /// The identity of the type.
    pub(crate) id: Ident,
    /// The record of an enum.
    pub(crate) record: Ident,
    /// The layout of a struct.
    pub(crate) layout: Ident,
    /// The offsets of the fields of a struct in memory.
    pub(crate) memory: Ident,
    /// The field shapes of a struct.
    pub(crate) fields: Ident,
    /// The variant shapes of an enum.
    pub(crate) variants: Ident,
    pub(crate) shape: Ident,
    pub(crate) params: Ident,
    /// Where the payload of a `repr(C)` enum starts.
    pub(crate) payload: Ident,
    /// The tag bits of a word.
    pub(crate) mask: Ident,
    /// What is asserted of a word's object types.
    pub(crate) check: Ident,
}

fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

impl Names {
    /// The names of an expansion that finds the runtime at `krate`.
    pub(crate) fn new(krate: Option<&syn::Path>) -> Self {
        let root = krate.cloned().unwrap_or_else(|| syn::parse_quote!(::neodump_runtime));
        Self {
            root,
            alias: format_ident!("__p"),
            this: local("__this"),
            at: local("__at"),
            slot: local("__slot"),
            side: local("__side"),
            place: local("__place"),
            writer: local("__w"),
            reader: local("__r"),
            auditor: local("__a"),
            visitor: local("__v"),
            key: local("__key"),
            shown: local("__f"),
            error: local("__error"),
            found: local("__found"),
            index: local("__index"),
            elements: local("__elements"),
            len: local("__len"),
            bits: local("__bits"),
            symbol: local("__symbol"),
            visitor_type: format_ident!("__V"),
            id: format_ident!("__Id"),
            record: format_ident!("__NEODUMP_RECORD"),
            layout: format_ident!("__NEODUMP"),
            memory: format_ident!("__NEODUMP_MEMORY"),
            fields: format_ident!("__NEODUMP_FIELDS"),
            variants: format_ident!("__NEODUMP_VARIANTS"),
            shape: format_ident!("__NEODUMP_SHAPE"),
            params: format_ident!("__NEODUMP_PARAMS"),
            payload: format_ident!("__NEODUMP_PAYLOAD"),
            mask: format_ident!("__NEODUMP_MASK"),
            check: format_ident!("__NEODUMP_CHECK"),
        }
    }

    /// `p::name`, where `p` is the `__private` of the runtime.
    pub(crate) fn p(&self, name: &str) -> TokenStream {
        self.p_at(name, Span::call_site())
    }

    /// The same, so that an error about it underlines `span`.
    pub(crate) fn p_at(&self, name: &str, span: Span) -> TokenStream {
        let span = span.resolved_at(Span::call_site());
        let alias = Ident::new(&self.alias.to_string(), span);
        let name = Ident::new(name, span);
        quote_spanned!(span=> #alias::#name)
    }

    /// `<ty as p::Dumpable>`, so that a missing impl underlines the type.
    pub(crate) fn dumpable(&self, ty: &syn::Type) -> TokenStream {
        let dumpable = self.p_at("Dumpable", ty.span());
        let span = ty.span().resolved_at(Span::call_site());
        quote_spanned!(span=> <#ty as #dumpable>)
    }

    /// `<T as p::Dumpable>` for the type that is stored for a field: its own, or the state that is in a static.
    pub(crate) fn stored(&self, field: &crate::ast::Field) -> TokenStream {
        let ty = &field.ty;
        if matches!(field.policy, crate::ast::Policy::Global(_)) {
            let (state, dumpable) = (self.state(ty), self.p_at("Dumpable", ty.span()));
            let span = ty.span().resolved_at(Span::call_site());
            return quote_spanned!(span=> <#state as #dumpable>);
        }
        self.dumpable(ty)
    }

    /// The state of a field of type `ty` that is in a static.
    pub(crate) fn state(&self, ty: &syn::Type) -> TokenStream {
        let capture = self.p_at("Capture", ty.span());
        let span = ty.span().resolved_at(Span::call_site());
        quote_spanned!(span=> <#ty as #capture>::State)
    }

    /// The local that a pattern binds the `index`-th field to.
    pub(crate) fn field(&self, index: usize) -> Ident {
        local(&format!("__field{index}"))
    }

    /// The layout of the `index`-th variant.
    pub(crate) fn variant_layout(&self, index: usize) -> Ident {
        format_ident!("__NEODUMP_{index}")
    }

    /// The field shapes of the `index`-th variant.
    pub(crate) fn variant_fields(&self, index: usize) -> Ident {
        format_ident!("__NEODUMP_FIELDS_{index}")
    }

    /// The discriminant of the `index`-th variant.
    pub(crate) fn discriminant(&self, index: usize) -> Ident {
        format_ident!("__NEODUMP_DISCRIMINANT_{index}")
    }

    /// The tag of the `index`-th group of a word.
    pub(crate) fn tag(&self, index: usize) -> Ident {
        format_ident!("__NEODUMP_TAG_{index}")
    }

    /// The function that makes what a field attribute's expression says.
    pub(crate) fn value_of(&self, field: &str) -> Ident {
        format_ident!("__neodump_value_of_{field}")
    }

    /// The function that gives the field of a union that is alive.
    pub(crate) fn tag_of(&self, field: &str) -> Ident {
        format_ident!("__neodump_tag_of_{field}")
    }

    /// The function that gives the table under a field.
    pub(crate) fn table_of(&self, field: &str) -> Ident {
        format_ident!("__neodump_table_of_{field}")
    }

    /// The function that puts stored entries over the table of a field.
    pub(crate) fn over(&self, field: &str) -> Ident {
        format_ident!("__neodump_over_{field}")
    }

    /// `if let Err(error) = call { return Err(error within each of the steps) }`; `carrier` is the
    /// type or trait whose `within` adds a step.
    pub(crate) fn attempt(&self, carrier: &str, call: &TokenStream, steps: &[Step<'_>]) -> TokenStream {
        let (result, error, failed) = (self.p("Result"), &self.error, self.within(carrier, steps));
        quote! {
            if let #result::Err(#error) = #call {
                return #result::Err(#failed);
            }
        }
    }

    /// `error` within each of the steps.
    pub(crate) fn within(&self, carrier: &str, steps: &[Step<'_>]) -> TokenStream {
        let (step, carrier, error) = (self.p("Step"), self.p(carrier), &self.error);
        let mut value = quote!(#error);
        for one in steps {
            let made = match one {
                Step::Field(name) => quote!(#step::Field(#name)),
                Step::Variant(name) => quote!(#step::Variant(#name)),
                Step::Index(index) => quote!(#step::Index(#index)),
            };
            value = quote!(#carrier::within(#value, #made));
        }
        value
    }
}

/// One step on the way to a value, innermost first in a list of them.
#[derive(Clone, Copy)]
pub(crate) enum Step<'a> {
    Field(&'a str),
    Variant(&'a str),
    Index(&'a Ident),
}

/// The text of an identifier without `r#`.
pub(crate) fn plain(ident: &Ident) -> String {
    ident.unraw().to_string()
}
