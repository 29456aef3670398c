//! The generators: pure functions of the intermediate representation, one file for each function of the
//! traits. What a generator emits is drawn in a comment above it; names are written there without their
//! `__`, and `p` is `krate::__private`.
//!
//! Unsafe code that is generated rests on three facts, proven once here and not at every emission:
//!
//! - a field's place is its record's offset inside a record that the caller vouches for, so what the trait
//!   asks of a record at `at` holds for the field's at `at + offset`;
//! - raw pointers to fields are made by projection from the value's own pointer, so they keep its bounds;
//! - patterns and struct expressions list every field, so no field can be left unread or unsettled.

mod audit;
mod fallback;
mod fields;
mod image;
mod object;
mod order;
mod reader;
mod record;
mod remote;
mod schema;
mod union;
mod walker;
mod word;
mod writer;

pub(crate) use fallback::Fallback;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::GenericParam;
use syn::spanned::Spanned;

use crate::ast::{Container, Field, Policy, Role, Variant, Word, named_by};
use crate::names::{Names, Step};

/// All impls of the type.
///
/// ```text
/// const _: () = {
///     use krate::__private as p;
///     use p::ProbeFallback as _;                 // if a field is a cache
///     pub struct Id<A, B, const N: usize>(..);   // the identity of the type, without lifetimes
///     impl S { const NEODUMP: .. }               // the layout, and what attributes' expressions say
///     unsafe impl p::Dumpable for S { .. }
///     unsafe impl p::Object for S { .. }         // or Word, or ImageRoot
/// };
/// ```
pub(crate) fn all(c: &Container, n: &Names) -> TokenStream {
    let probe = has_cache(c).then(|| {
        let fallback = n.p("ProbeFallback");
        quote!(use #fallback as _;)
    });
    let id = identity(c, n);
    let impls = match &c.role {
        Role::Word(scheme) => {
            let dumpable = word::dumpable(c, n, scheme);
            let identity = word::identity(c, n);
            let word = match scheme {
                Word::Scheme(scheme) => Some(word::word(c, n, scheme)),
                Word::ByHand(_) => None,
            };
            quote!(#dumpable #identity #word)
        }
        Role::Union(tag) => union::union(c, n, tag),
        role => {
            let inherent = record::inherent(c, n);
            let dumpable = dumpable(c, n);
            let more = match role {
                Role::Object { kind } => Some(object::object(c, n, kind.as_ref())),
                Role::Image(image) => Some(image::image(c, n, image)),
                _ => None,
            };
            let remote = c.remote.as_ref().map(|of| remote::remote(c, n, of));
            let variants = fields::variants(c, n);
            quote!(#inherent #variants #dumpable #more #remote)
        }
    };
    wrap(n, &quote!(#probe #id #impls))
}

/// The scope around everything that is generated, with the lints that generated code cannot satisfy.
fn wrap(n: &Names, items: &TokenStream) -> TokenStream {
    let (root, alias) = (&n.root, &n.alias);
    quote! {
        #[doc(hidden)]
        #[allow(
            // Names are generated, and some of them are never read.
            dead_code, non_camel_case_types, non_snake_case, non_upper_case_globals, unused_variables,
            // The user's own items may be deprecated, private or unfit for patterns.
            deprecated, private_bounds, private_interfaces, unreachable_code, unreachable_patterns, unreachable_pub,
            // Paths are absolute, casts and qualifications general, impls undocumented.
            missing_copy_implementations, missing_debug_implementations, missing_docs, single_use_lifetimes,
            trivial_casts, trivial_numeric_casts, unused_lifetimes, unused_qualifications,
            // The proofs are in neodump-derive.
            unsafe_code, unused_unsafe, clippy::missing_safety_doc, clippy::multiple_unsafe_ops_per_block,
            clippy::undocumented_unsafe_blocks,
            // Style is for people.
            clippy::all, clippy::pedantic, clippy::nursery
        )]
        const _: () = {
            use #root::__private as #alias;
            #items
        };
    }
}

/// ```text
/// unsafe impl<'a, T> p::Dumpable for S<'a, T> where T: p::Dumpable {
///     type Id = Id<<T as p::Dumpable>::Id>;
///     const RECORD: p::Record = Self::NEODUMP.record;
///     const LEAF: bool = true && <F as p::Dumpable>::LEAF;
///     const SECTION: p::Option<p::SectionDecl> = p::Option::Some(p::SectionDecl { name: "faces", version: 3 });
///     fn shape() .. fn walk .. fn write .. fn read .. fn settle .. fn audit .. fn order
/// }
/// ```
fn dumpable(c: &Container, n: &Names) -> TokenStream {
    let record = record::record(c, n);
    let section = schema::section(c, n);
    let shape = schema::shape(n);
    let functions = [
        walker::walk(c, n),
        writer::write(c, n),
        reader::read(c, n),
        reader::settle(c, n),
        audit::audit(c, n),
        order::order(c, n),
        fields::fields(c, n),
    ];
    let (leaf, label) = (record::leaf(c, n), order::label(c, n));
    impl_dumpable(c, n, &quote!(const RECORD: #record #leaf #section #shape #(#functions)* #label))
}

/// The impl of `Dumpable` around its items.
fn impl_dumpable(c: &Container, n: &Names, items: &TokenStream) -> TokenStream {
    let id = id_of(c, n);
    let items = quote!(type Id = #id; #items);
    impl_unsafe(c, &n.p("Dumpable"), &items)
}

/// An unsafe impl of a trait for the type.
fn impl_unsafe(c: &Container, of: &TokenStream, items: &TokenStream) -> TokenStream {
    let ident = &c.ident;
    let (generics, arguments, clause) = c.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        unsafe impl #generics #of for #ident #arguments #clause {
            #items
        }
    }
}

/// ```text
/// pub struct Id<A: ?Sized, const N: usize>(PhantomData<A>);
/// ```
fn identity(c: &Container, n: &Names) -> TokenStream {
    let (id, core) = (&n.id, n.p("core"));
    let mut params = Vec::new();
    let mut markers = Vec::new();
    for (index, param) in c.generics.params.iter().enumerate() {
        let name = quote::format_ident!("__P{index}");
        match param {
            GenericParam::Lifetime(_) => {}
            GenericParam::Type(_) => {
                params.push(quote!(#name: ?#core::marker::Sized));
                markers.push(quote!(#core::marker::PhantomData<#name>));
            }
            GenericParam::Const(param) => {
                let ty = &param.ty;
                params.push(quote!(const #name: #ty));
            }
        }
    }
    quote!(pub struct #id<#(#params),*>(#(#markers),*);)
}

/// The identity of `Self`: parameters that are `Dumpable` stand for it by their own, the others by themselves.
fn id_of(c: &Container, n: &Names) -> TokenStream {
    let (id, dumpable) = (&n.id, n.p("Dumpable"));
    let arguments = c.generics.params.iter().filter_map(|param| match param {
        GenericParam::Lifetime(_) => None,
        GenericParam::Type(param) if c.dumpable_params.contains(&param.ident) => {
            let ident = &param.ident;
            Some(quote!(<#ident as #dumpable>::Id))
        }
        GenericParam::Type(param) => Some(param.ident.to_token_stream()),
        GenericParam::Const(param) => Some(param.ident.to_token_stream()),
    });
    quote!(#id<#(#arguments),*>)
}

fn has_cache(c: &Container) -> bool {
    c.fields().iter().any(|field| matches!(field.policy, Policy::Cache))
}

/// `{ field: binding, other: _ }`, every field listed.
fn pattern<'a>(n: &Names, fields: &'a [Field], is_used: impl Fn(&'a Field) -> bool) -> TokenStream {
    let parts = fields.iter().map(|field| {
        let member = &field.member;
        if is_used(field) {
            let binding = n.field(field.index);
            quote!(#member: #binding)
        } else {
            quote!(#member: _)
        }
    });
    quote!({ #(#parts),* })
}

/// What errors in a field say of the way to it, innermost first.
fn steps<'a>(c: &Container, variant: Option<&'a Variant>, field: &'a Field) -> Vec<Step<'a>> {
    if matches!(c.role, Role::Transparent) {
        return Vec::new();
    }
    let field = Step::Field(&field.name);
    let variant = variant.map(|variant| Step::Variant(&variant.name));
    std::iter::once(field).chain(variant).collect()
}

/// The layout that a field's offset is in: of the struct, or of the variant at an index.
fn layout(n: &Names, variant: Option<usize>) -> TokenStream {
    let layout = variant.map_or_else(|| n.layout.clone(), |index| n.variant_layout(index));
    quote!(Self::#layout)
}

/// `at.add(offset of the field in the record)`.
fn place(n: &Names, variant: Option<usize>, field: &Field) -> TokenStream {
    let (at, layout, index) = (&n.at, layout(n, variant), field.index);
    quote!(#at.add(#layout.offsets[#index]))
}

/// `if const { the record is in place }`, as a condition.
fn in_place(n: &Names) -> TokenStream {
    let dumpable = n.p("Dumpable");
    quote!(const { <Self as #dumpable>::RECORD.in_place })
}

/// The position of the field of a union that is alive, as its owner's other fields say, each at a binding.
fn selected(c: &Container, n: &Names, field: &Field, at: &dyn Fn(&Field) -> TokenStream) -> TokenStream {
    let Policy::Tag(tag) = &field.policy else { return TokenStream::new() };
    let (tag_of, named) = (n.tag_of(&field.name), named_by(tag, c.fields()).into_iter().map(at));
    quote!(Self::#tag_of(#(#named),*))
}

/// The same, of a live value whose fields a pattern has bound.
fn selected_live(c: &Container, n: &Names, field: &Field) -> TokenStream {
    selected(c, n, field, &|other| {
        let binding = n.field(other.index);
        quote!(#binding)
    })
}

/// Whether the tag of a union is over the field.
fn is_tag(c: &Container, field: &Field) -> bool {
    let over = |other: &Field| match &other.policy {
        Policy::Tag(tag) => named_by(tag, c.fields()).iter().any(|named| named.index == field.index),
        _ => false,
    };
    c.fields().iter().any(over)
}

/// The mirror of a live value of another crate's type.
fn to_mirror(n: &Names, mirror: &syn::Type, value: &syn::Ident) -> TokenStream {
    let (span, remote) =
        (mirror.span().resolved_at(proc_macro2::Span::call_site()), n.p_at("Remote", mirror.span()));
    quote_spanned!(span=> <#mirror as #remote>::to_stored(#value))
}

/// `&PATH`, at the path, so that an error about the kind of the static shows who names it.
fn static_of(path: &syn::Path) -> TokenStream {
    let span = path.span().resolved_at(proc_macro2::Span::call_site());
    quote_spanned!(span=> &#path)
}

/// `module::name`, at the module, so that an error about a missing function shows who asks for it.
fn function_of(module: &syn::Path, name: &str) -> TokenStream {
    let span = module.span().resolved_at(proc_macro2::Span::call_site());
    let name = syn::Ident::new(name, span);
    quote_spanned!(span=> #module::#name)
}
