//! `Word`, and `Dumpable` of one: a tagged value of eight bytes.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use super::{impl_dumpable, impl_unsafe, schema};
use crate::ast::{Container, Group, Scheme, Word, text};
use crate::names::Names;

/// ```text
/// unsafe impl p::Dumpable for Value {
///     const RECORD: p::Record = p::word::WORD_RECORD;
///     fn shape() -> &'static p::Shape { const { &Self::NEODUMP_SHAPE } }
///     fn walk .. p::word::walk::<Self, V>(*self, v)
///     fn write .. p::word::write::<Self>(*self, at, w)
///     unsafe fn read .. unsafe { at.get::<Self>() }
///     unsafe fn settle .. {}
///     unsafe fn audit .. unsafe { p::word::audit::<Self>(at, a) }
///     fn order .. key.word::<Self>(*this)
/// }
/// ```
pub(super) fn dumpable(c: &Container, n: &Names, scheme: &Word) -> TokenStream {
    let (word, record) = (n.p("word"), n.p("Record"));
    let (at, at_type, place) = (&n.at, n.p("At"), n.p("Place"));
    let (v, stop, visitor) = (&n.visitor, &n.visitor_type, n.p("Visitor"));
    let (w, writer, r, reader, a, auditor) =
        (&n.writer, n.p("Writer"), &n.reader, n.p("Reader"), &n.auditor, n.p("Auditor"));
    let (result, boxed, refusal, fault) = (n.p("Result"), n.p("Box"), n.p("Refusal"), n.p("Fault"));
    let (this, key, key_type) = (&n.this, &n.key, n.p("OrderKey"));
    let shape = schema::shape(n);
    let shown = super::fields::word(n);
    let constants = constants(c, n, scheme);
    let items = quote! {
        const RECORD: #record = #word::WORD_RECORD;
        #shape
        #[inline]
        fn walk<#stop: #visitor>(#this: &Self, #v: &mut #stop) -> #result<(), <#stop as #visitor>::Stop> {
            #word::walk::<Self, #stop>(*#this, #v)
        }
        #[inline]
        fn write(#this: &Self, #at: #place, #w: &mut #writer<'_>) -> #result<(), #boxed<#refusal>> {
            #word::write::<Self>(*#this, #at, #w)
        }
        #[inline]
        unsafe fn read(#at: #at_type, #r: &mut #reader<'_>) -> Self {
            unsafe { #at.get::<Self>() }
        }
        #[inline]
        unsafe fn settle(#this: *mut Self, #at: #at_type, #r: &mut #reader<'_>) {}
        #[inline]
        unsafe fn audit(#at: #at_type, #a: &mut #auditor<'_>) -> #result<(), #boxed<#fault>> {
            unsafe { #word::audit::<Self>(#at, #a) }
        }
        #[inline]
        fn order(#this: &Self, #key: &mut #key_type<'_>) {
            #key.word::<Self>(*#this);
        }
        #shown
    };
    let dumpable = impl_dumpable(c, n, &items);
    quote!(#constants #dumpable)
}

/// ```text
/// impl p::IdentityKey for Value {}
/// ```
pub(super) fn identity(c: &Container, n: &Names) -> TokenStream {
    let (ident, identity) = (&c.ident, n.p("IdentityKey"));
    let (generics, arguments, clause) = c.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #generics #identity for #ident #arguments #clause {}
    }
}

/// The object types behind a word, in the order of its tags.
fn types(scheme: &Word) -> Vec<&Type> {
    match scheme {
        Word::ByHand(types) => types.iter().collect(),
        Word::Scheme(scheme) => scheme.groups.iter().flat_map(|group| &group.types).collect(),
    }
}

fn constants(c: &Container, n: &Names, scheme: &Word) -> TokenStream {
    let ident = &c.ident;
    let (generics, arguments, clause) = c.generics.split_for_impl();
    let (p_shape, word, type_ref, core) = (n.p("Shape"), n.p("word"), n.p("TypeRef"), n.p("core"));
    let (shape, params) = (&n.shape, &n.params);
    let refs = types(scheme).into_iter().map(|ty| {
        let dumpable = n.dumpable(ty);
        quote!(#dumpable::TYPE)
    });
    let check = match scheme {
        Word::Scheme(scheme) => Some(check(n, scheme)),
        Word::ByHand(_) => None,
    };
    // The shape is evaluated whatever the program does, and the check with it.
    let checked = check.is_some().then(|| {
        let check = &n.check;
        quote!(let () = Self::#check;)
    });
    let name = schema::qualified(c, n);
    let (notes, consts) = (notes(scheme), consts(scheme));
    quote! {
        #[automatically_derived]
        impl #generics #ident #arguments #clause {
            const #params: &'static [#type_ref] = &[#(#refs),*];
            const #shape: #p_shape = {
                #core::assert!(
                    #core::mem::size_of::<Self>() == 8 && #core::mem::align_of::<Self>() == 8,
                    "a word is 8 bytes, aligned to 8"
                );
                #checked
                #word::word_shape(#name, Self::#params, &[#(#notes),*], &[#(#consts),*])
            };
            #check
        }
    }
}

/// The scheme as text: whoever changes it changes the schema.
fn notes(scheme: &Word) -> Vec<String> {
    let Word::Scheme(scheme) = scheme else { return vec!["scheme by hand".to_owned()] };
    let tag = |tag: &syn::Expr| text(quote!(#tag));
    let mut notes = vec![format!("bits = {}, shift = {}", scheme.bits, scheme.shift)];
    for group in &scheme.groups {
        let types: Vec<_> = group.types.iter().map(|ty| text(quote!(#ty))).collect();
        notes.push(match &group.kind {
            None => format!("{} = {}", group.label, tag(&group.tag)),
            Some(_) => format!("{} = {} by kind {{ {} }}", group.label, tag(&group.tag), types.join(", ")),
        });
    }
    if let Some(symbol) = &scheme.symbol {
        notes.push(format!("symbol = {}", tag(symbol)));
    }
    if !scheme.immediate.is_empty() {
        let tags: Vec<_> = scheme.immediate.iter().map(tag).collect();
        notes.push(format!("immediate({})", tags.join(", ")));
    }
    notes
}

/// The values of tags that the notes have by the names of constants, so that they are part of the schema too.
fn consts(scheme: &Word) -> Vec<TokenStream> {
    let Word::Scheme(scheme) = scheme else { return Vec::new() };
    let tags = all_tags(scheme).filter(|tag| !is_literal(tag));
    tags.map(|tag| {
        let name = text_of(tag);
        quote!((#name, ((#tag) as u64) as i128))
    })
    .collect()
}

/// The tags in the order groups, symbol, immediates.
fn all_tags(scheme: &Scheme) -> impl Iterator<Item = &syn::Expr> {
    scheme.groups.iter().map(|group| &group.tag).chain(&scheme.symbol).chain(&scheme.immediate)
}

/// ```text
/// const TAG_0: u64 = 0b011;                              // each is asserted to fit and to be distinct
/// unsafe impl p::Word for Value {
///     const SHIFT: u32 = 0;
///     const TAG_BITS: u32 = 3;
///     const GROUPS: &'static [p::Group] = &[p::Group { types: &[p::ObjectType::of::<Cons>()], kind: None }];
///     fn to_bits(self) -> u64 { self.0 as u64 }
///     fn decode(bits: u64) -> p::WordRef {
///         match bits & MASK {
///             TAG_0 => p::WordRef::Object { address: (bits & !MASK) >> 0, group: 0 },
///             TAG_1 => match u32::try_from(bits >> 3) { .. p::WordRef::Symbol(..) },
///             TAG_2 => p::WordRef::Immediate,
///             _ => p::WordRef::Invalid,
///         }
///     }
///     fn with_symbol(bits: u64, symbol: p::Symbol) -> u64 { (symbol.id() as u64) << 3 | (bits & MASK) }
/// }
/// ```
pub(super) fn word(c: &Container, n: &Names, scheme: &Scheme) -> TokenStream {
    let (word_ref, group_type, symbol_type) = (n.p("WordRef"), n.p("Group"), n.p("Symbol"));
    let (bits, mask, symbol) = (&n.bits, &n.mask, &n.symbol);
    let (tag_bits, shift) = (scheme.bits, scheme.shift);
    let tags = tags(n, scheme);
    let groups = scheme.groups.iter().map(|group| self::group(n, group));
    let field = c.fields().iter().find(|field| !crate::bound::is_phantom(&field.ty));
    let member = field.map(|field| &field.member);
    let objects = (0..scheme.groups.len()).map(|index| {
        let tag = n.tag(index);
        quote!(#tag => #word_ref::Object { address: (#bits & !#mask) >> #shift, group: #index },)
    });
    let next = scheme.groups.len();
    let symbol_tag = n.tag(next);
    let symbols = scheme.symbol.as_ref().map(|_| {
        // Bits above an id of 32 bits are no symbol.
        quote! {
            #symbol_tag if (#bits >> #tag_bits) >> 32 == 0 => {
                #word_ref::Symbol(#symbol_type::from_id((#bits >> #tag_bits) as u32))
            }
        }
    });
    let with_symbol = scheme.symbol.as_ref().map(|_| {
        quote! {
            #[inline]
            fn with_symbol(#bits: u64, #symbol: #symbol_type) -> u64 {
                (#symbol.id() as u64) << #tag_bits | (#bits & #mask)
            }
        }
    });
    let after = next + usize::from(scheme.symbol.is_some());
    let immediates = (0..scheme.immediate.len()).map(|index| {
        let tag = n.tag(after + index);
        quote!(#tag => #word_ref::Immediate,)
    });
    let items = quote! {
        const SHIFT: u32 = #shift;
        const TAG_BITS: u32 = #tag_bits;
        const GROUPS: &'static [#group_type] = &[#(#groups),*];
        #[inline]
        fn to_bits(self) -> u64 {
            self.#member as u64
        }
        #[inline]
        fn decode(#bits: u64) -> #word_ref {
            match #bits & #mask {
                #(#objects)*
                #symbols
                #(#immediates)*
                _ => #word_ref::Invalid,
            }
        }
        #with_symbol
    };
    let word = impl_unsafe(c, &n.p("Word"), &items);
    quote!(#tags #word)
}

/// The tags as constants, in the order groups, symbol, immediates; asserted to fit and to be distinct.
fn tags(n: &Names, scheme: &Scheme) -> TokenStream {
    let (mask, bits) = (&n.mask, scheme.bits);
    let all: Vec<_> = all_tags(scheme).collect();
    let each = all.iter().enumerate().map(|(index, tag)| {
        let name = n.tag(index);
        let message = format!("tag `{}` does not fit in {bits} bits", text(quote!(#tag)));
        let core = n.p_at("core", tag.span());
        quote_spanned! {tag.span().resolved_at(Span::call_site())=>
            const #name: u64 = (#tag) as u64;
            const _: () = #core::assert!(#name & !#mask == 0, #message);
        }
    });
    let pairs = (0..all.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
    // Literals have been compared already.
    let distinct = pairs.filter(|(a, b)| !(is_literal(all[*a]) && is_literal(all[*b]))).map(|(a, b)| {
        let message = format!("tags `{}` and `{}` are the same", text_of(all[a]), text_of(all[b]));
        let (core, span) = (n.p_at("core", all[b].span()), all[b].span().resolved_at(Span::call_site()));
        let (a, b) = (n.tag(a), n.tag(b));
        quote_spanned!(span=> const _: () = #core::assert!(#a != #b, #message);)
    });
    quote! {
        const #mask: u64 = (1 << #bits) - 1;
        #(#each)*
        #(#distinct)*
    }
}

fn is_literal(expr: &syn::Expr) -> bool {
    matches!(expr, syn::Expr::Lit(_))
}

fn text_of(expr: &syn::Expr) -> String {
    text(quote!(#expr))
}

/// The object types of one tag.
fn group(n: &Names, group: &Group) -> TokenStream {
    let (group_type, option) = (n.p("Group"), n.p("Option"));
    let types = group.types.iter().map(|ty| {
        let object_type = n.p_at("ObjectType", ty.span());
        quote_spanned!(ty.span().resolved_at(Span::call_site())=> #object_type::of::<#ty>())
    });
    let kind = match &group.kind {
        None => quote!(#option::None),
        Some(path) => quote!(#option::Some(#path)),
    };
    quote!(#group_type { types: &[#(#types),*], kind: #kind })
}

/// Objects are aligned so that the tag fits below their address, and have distinct kinds where several
/// types share a tag.
///
/// ```text
/// const NEODUMP_CHECK: () = {
///     assert!(align_of::<Cons>() >= 8, ..);
///     assert!(<A as p::Object>::KIND.is_some(), ..);
///     { let kinds = [<A as p::Object>::KIND, <B as p::Object>::KIND]; .. every two of them differ .. }
/// };
/// ```
fn check(n: &Names, scheme: &Scheme) -> TokenStream {
    let align = 1usize << (scheme.bits - scheme.shift);
    let types = scheme.groups.iter().flat_map(|group| &group.types).filter(|_| align > 1);
    let aligned = types.map(|ty| {
        let message = format!(
            "a tag of {} bits needs objects aligned to {align} bytes: add #[repr(C, align({align}))] to `{}`",
            scheme.bits,
            text(quote!(#ty))
        );
        let core = n.p_at("core", ty.span());
        quote_spanned! {ty.span().resolved_at(Span::call_site())=>
            #core::assert!(#core::mem::align_of::<#ty>() >= #align, #message);
        }
    });
    let kinds = scheme.groups.iter().filter(|group| group.kind.is_some()).map(|group| kinds(n, group));
    let check = &n.check;
    quote!(const #check: () = { #(#aligned)* #({ #kinds })* };)
}

fn kinds(n: &Names, group: &Group) -> TokenStream {
    let option = n.p("Option");
    let kind = |ty: &Type| {
        let object = n.p_at("Object", ty.span());
        quote_spanned!(ty.span().resolved_at(Span::call_site())=> <#ty as #object>::KIND)
    };
    let has = group.types.iter().map(|ty| {
        let message = format!(
            "`{}` is behind the tag of `{}` with others: give it a kind, #[dump(object, kind = ..)]",
            text(quote!(#ty)),
            group.label
        );
        let (kind, core) = (kind(ty), n.p_at("core", ty.span()));
        quote_spanned!(ty.span().resolved_at(Span::call_site())=> #core::assert!(#kind.is_some(), #message);)
    });
    let all = group.types.iter().map(kind);
    let count = group.types.len();
    let message = format!("two object types behind the tag of `{}` have the same kind", group.label);
    let core = n.p_at("core", group.span);
    let differ =
        quote_spanned!(group.span.resolved_at(Span::call_site())=> #core::assert!(a != b, #message););
    quote! {
        #(#has)*
        let kinds: [#option<u8>; #count] = [#(#all),*];
        let mut later = 1;
        while later < #count {
            let mut earlier = 0;
            while earlier < later {
                if let (#option::Some(a), #option::Some(b)) = (kinds[earlier], kinds[later]) {
                    #differ
                }
                earlier += 1;
            }
            later += 1;
        }
    }
}
