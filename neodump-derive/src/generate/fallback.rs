//! What is emitted beside errors: impls that make nothing, so that one mistake is reported once and not
//! again at every use of the type.

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::attr::TypeAttrs;
use crate::names::Names;

/// Which traits the type was meant to have.
pub(crate) struct Fallback {
    object: bool,
    word: bool,
    image: bool,
}

impl Fallback {
    pub(crate) fn of(attrs: &TypeAttrs) -> Self {
        Self {
            object: attrs.object.is_some(),
            // A word without a scheme is implemented by hand.
            word: attrs.word.is_some()
                && (attrs.symbol.is_some() || attrs.immediate.is_some() || has_tags(attrs)),
            image: attrs.image.is_some(),
        }
    }

    /// ```text
    /// unsafe impl p::Dumpable for S { type Id = (); .. fn walk .. { loop {} } .. }
    /// ```
    pub(crate) fn generate(&self, input: &DeriveInput, n: &Names) -> TokenStream {
        let impls = [
            Some(dumpable(input, n)),
            self.object.then(|| object(input, n)),
            self.word.then(|| word(input, n)),
            self.image.then(|| image(input, n)),
        ];
        super::wrap(n, &quote!(#(#impls)*))
    }
}

fn has_tags(attrs: &TypeAttrs) -> bool {
    attrs.objects.iter().flat_map(|objects| &objects.value).any(|entry| entry.tag.is_some())
}

fn impl_of(input: &DeriveInput, of: &TokenStream, items: &TokenStream) -> TokenStream {
    let ident = &input.ident;
    let (generics, arguments, clause) = input.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        unsafe impl #generics #of for #ident #arguments #clause {
            #items
        }
    }
}

fn dumpable(input: &DeriveInput, n: &Names) -> TokenStream {
    let (record, shape, visitor, result) = (n.p("Record"), n.p("Shape"), n.p("Visitor"), n.p("Result"));
    let (place, writer, boxed, refusal) = (n.p("Place"), n.p("Writer"), n.p("Box"), n.p("Refusal"));
    let (at, reader, auditor, fault) = (n.p("At"), n.p("Reader"), n.p("Auditor"), n.p("Fault"));
    let v = &n.visitor_type;
    impl_of(
        input,
        &n.p("Dumpable"),
        &quote! {
            type Id = ();
            const RECORD: #record = #record::in_place::<Self>();
            fn shape() -> &'static #shape { loop {} }
            fn walk<#v: #visitor>(_: &Self, _: &mut #v) -> #result<(), <#v as #visitor>::Stop> { loop {} }
            fn write(_: &Self, _: #place, _: &mut #writer<'_>) -> #result<(), #boxed<#refusal>> { loop {} }
            unsafe fn read(_: #at, _: &mut #reader<'_>) -> Self { loop {} }
            unsafe fn settle(_: *mut Self, _: #at, _: &mut #reader<'_>) { loop {} }
            unsafe fn audit(_: #at, _: &mut #auditor<'_>) -> #result<(), #boxed<#fault>> { loop {} }
        },
    )
}

fn object(input: &DeriveInput, n: &Names) -> TokenStream {
    let (record, visitor, result, v) = (n.p("Record"), n.p("Visitor"), n.p("Result"), &n.visitor_type);
    let (place, writer, boxed, refusal) = (n.p("Place"), n.p("Writer"), n.p("Box"), n.p("Refusal"));
    let (at, reader, auditor, fault, option) =
        (n.p("At"), n.p("Reader"), n.p("Auditor"), n.p("Fault"), n.p("Option"));
    impl_of(
        input,
        &n.p("Object"),
        &quote! {
            const KIND: #option<u8> = #option::None;
            const SIDE: #record = #record::SKIPPED;
            const HYDRATED: bool = false;
            unsafe fn walk_object<#v: #visitor>(
                _: *const Self,
                _: &mut #v,
            ) -> #result<(), <#v as #visitor>::Stop> { loop {} }
            unsafe fn write_object(
                _: *const Self,
                _: #place,
                _: #place,
                _: &mut #writer<'_>,
            ) -> #result<(), #boxed<#refusal>> { loop {} }
            unsafe fn audit_object(_: #at, _: #at, _: &mut #auditor<'_>) -> #result<(), #boxed<#fault>> { loop {} }
            unsafe fn hydrate_object(_: *mut Self, _: #at, _: &mut #reader<'_>) { loop {} }
        },
    )
}

fn word(input: &DeriveInput, n: &Names) -> TokenStream {
    let (group, word_ref) = (n.p("Group"), n.p("WordRef"));
    impl_of(
        input,
        &n.p("Word"),
        &quote! {
            const GROUPS: &'static [#group] = &[];
            fn to_bits(self) -> u64 { loop {} }
            fn decode(_: u64) -> #word_ref { loop {} }
        },
    )
}

fn image(input: &DeriveInput, n: &Names) -> TokenStream {
    impl_of(
        input,
        &n.p("ImageRoot"),
        &quote! {
            const NAME: &'static str = "";
            const VERSION: u32 = 0;
        },
    )
}
