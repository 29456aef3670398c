//! Layout constants, and the functions of attributes' expressions.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::ast::{Container, Data, Field, Native, Policy, Role, Variant, named_by};
use crate::layout;
use crate::names::Names;

/// The record of one field.
///
/// ```text
/// <F as p::Dumpable>::RECORD          plain, shared, tail
/// { let record = ..; assert!(..); record }     bake
/// p::Record::SKIPPED                  skip, derived, heap
/// p::Probe::<F>::RECORD               cache
/// p::with::record::<m::Stored>()      with
/// p::native::FUNCTION, STATIC, ..     native
/// p::relink::RECORD                   relink
/// p::handle::record::<F>()            handle
/// p::overlay::record::<F>()           overlay
/// p::global::record::<State of F>()   global
/// <U as p::Tagged>::RECORD            tag
/// p::weak::record::<F>()              weak
/// p::identity::record::<F>()          identity_key
/// p::with::record::<Mirror>()         remote
/// ```
fn field(c: &Container, n: &Names, field: &Field) -> TokenStream {
    let ty = &field.ty;
    let span = ty.span();
    match &field.policy {
        Policy::Plain | Policy::Shared => {
            let dumpable = n.dumpable(ty);
            quote_spanned!(span=> #dumpable::RECORD)
        }
        Policy::Bake(_) => {
            let message = format!(
                "`bake` on field `{}`: the image holds the value as it is in memory, and this type is hydrated at \
                 load; use `cache`, or `skip` with `default = ..`",
                field.name
            );
            asserted(n, ty, &quote!(__record.in_place && !__record.owns), &message)
        }
        Policy::Tail(tail) => {
            let element = n.dumpable(&tail.element);
            let message = format!(
                "`tail` on field `{}`: elements that follow an object are stored as they are in memory, and this \
                 type is hydrated at load",
                field.name
            );
            asserted(n, ty, &quote!(#element::RECORD.in_place && !#element::RECORD.owns), &message)
        }
        Policy::Skip { .. } | Policy::Derived(_) | Policy::Heap => {
            let record = n.p("Record");
            quote!(#record::SKIPPED)
        }
        Policy::Cache => {
            let probe = n.p("Probe");
            quote!(#probe::<#ty>::RECORD)
        }
        Policy::With(module) => {
            let with = n.p("with");
            quote!(#with::record::<#module::Stored>())
        }
        Policy::Relink(_) => {
            let relink = n.p("relink");
            quote!(#relink::RECORD)
        }
        Policy::Handle(_) => {
            let handle = n.p_at("handle", span);
            quote_spanned!(span.resolved_at(Span::call_site())=> #handle::record::<#ty>())
        }
        Policy::Global(_) => {
            let (global, state) = (n.p_at("global", span), n.state(ty));
            quote_spanned!(span.resolved_at(Span::call_site())=> #global::record::<#state>())
        }
        Policy::Weak { .. } => {
            let weak = n.p_at("weak", span);
            quote_spanned!(span.resolved_at(Span::call_site())=> #weak::record::<#ty>())
        }
        Policy::IdentityKey => {
            let identity = n.p_at("identity", span);
            quote_spanned!(span.resolved_at(Span::call_site())=> #identity::record::<#ty>())
        }
        Policy::Remote(mirror) => {
            let with = n.p("with");
            quote!(#with::record::<#mirror>())
        }
        Policy::Tag(tag) => {
            let (tagged, core) = (n.p_at("Tagged", span), n.p_at("core", span));
            let each = named_by(tag, c.fields()).into_iter().map(|other| {
                let dumpable = n.dumpable(&other.ty);
                let message = format!(
                    "the tag of a union is read before its owner is loaded: `{}` is to be in place, and its type is \
                     hydrated",
                    other.name
                );
                quote!(#core::assert!(#dumpable::RECORD.in_place, #message);)
            });
            quote_spanned!(span.resolved_at(Span::call_site())=> { #(#each)* <#ty as #tagged>::RECORD })
        }
        Policy::Selected(_) => {
            let dumpable = n.dumpable(ty);
            quote!(#dumpable::RECORD)
        }
        Policy::Overlay(_) => {
            let overlay = n.p_at("overlay", span);
            quote_spanned!(span.resolved_at(Span::call_site())=> #overlay::record::<#ty>())
        }
        Policy::Native(Native::Static(_)) => {
            let native = n.p("native");
            quote!(#native::STATIC)
        }
        Policy::Native(Native::OptionalStatic(_)) => {
            let native = n.p("native");
            quote!(#native::OPTIONAL_STATIC)
        }
        Policy::Native(_) => {
            let native = n.p("native");
            quote!(#native::FUNCTION)
        }
    }
}

/// The record of `ty`, if it fits.
fn asserted(n: &Names, ty: &syn::Type, fits: &TokenStream, message: &str) -> TokenStream {
    let (dumpable, core) = (n.dumpable(ty), n.p_at("core", ty.span()));
    quote_spanned! {ty.span().resolved_at(Span::call_site())=>
        {
            let __record = #dumpable::RECORD;
            #core::assert!(#fits, #message);
            __record
        }
    }
}

/// The record of the type.
pub(super) fn record(c: &Container, n: &Names) -> TokenStream {
    let (record, layout, whole) = (n.p("Record"), &n.layout, &n.record);
    match c.data {
        Data::Struct(_) => quote!(#record = Self::#layout.record;),
        Data::Enum(_) => quote!(#record = Self::#whole;),
    }
}

/// Whether a walk of a value shows nothing, as far as the fields tell.
///
/// ```text
/// const LEAF: bool = true && <F as p::Dumpable>::LEAF && <m::Stored as p::Dumpable>::LEAF;
/// ```
pub(super) fn leaf(c: &Container, n: &Names) -> TokenStream {
    let fields: Vec<&Field> = match &c.data {
        Data::Struct(fields) => fields.iter().collect(),
        Data::Enum(variants) => variants.iter().flat_map(|variant| &variant.fields).collect(),
    };
    let mut each = Vec::new();
    for field in fields {
        let stored = match &field.policy {
            Policy::Plain | Policy::Shared | Policy::IdentityKey | Policy::Handle(_) => n.dumpable(&field.ty),
            Policy::Tail(tail) => n.dumpable(&tail.element),
            Policy::With(module) => {
                let dumpable = n.p("Dumpable");
                quote!(<#module::Stored as #dumpable>)
            }
            Policy::Remote(mirror) => n.dumpable(mirror),
            // Not walked.
            Policy::Skip { .. }
            | Policy::Bake(_)
            | Policy::Cache
            | Policy::Derived(_)
            | Policy::Relink(_)
            | Policy::Heap => continue,
            Policy::Overlay(_)
            | Policy::Native(_)
            | Policy::Tag(_)
            | Policy::Selected(_)
            | Policy::Weak { .. }
            | Policy::Global(_) => {
                return quote!(
                    const LEAF: bool = false;
                );
            }
        };
        each.push(quote!(#stored::LEAF));
    }
    quote!(const LEAF: bool = true #(&& #each)*;)
}

/// ```text
/// impl S {
///     const NEODUMP_MEMORY: [usize; 2] = [offset_of!(Self, f), offset_of!(Self, g)];
///     const NEODUMP: p::Layout<2> = p::Layout::of_struct([record of f, record of g], Self::NEODUMP_MEMORY, ..);
///     fn value_of_f() -> F { expr }                        // for each expression of an attribute
///     ..                                                   // the shape, see `schema`
/// }
/// ```
pub(super) fn inherent(c: &Container, n: &Names) -> TokenStream {
    let ident = &c.ident;
    let (generics, arguments, clause) = c.generics.split_for_impl();
    let (discriminants, layouts) = match &c.data {
        Data::Struct(fields) => (TokenStream::new(), of_struct(c, n, fields)),
        Data::Enum(variants) => (discriminants(c, n, variants), of_enum(c, n, variants)),
    };
    let fields: Vec<&Field> = match &c.data {
        Data::Struct(fields) => fields.iter().collect(),
        Data::Enum(variants) => variants.iter().flat_map(|variant| &variant.fields).collect(),
    };
    // A variant's `skip` fields have no name of their own in the enum, so their functions are numbered.
    let values = match &c.data {
        Data::Struct(_) => values(c, n, None, &fields),
        Data::Enum(variants) => {
            let each = variants.iter().enumerate().map(|(index, variant)| {
                let fields: Vec<_> = variant.fields.iter().collect();
                values(c, n, Some(index), &fields)
            });
            quote!(#(#each)*)
        }
    };
    let shape = super::schema::constants(c, n);
    quote! {
        #discriminants
        #[automatically_derived]
        impl #generics #ident #arguments #clause {
            #layouts
            #values
            #shape
        }
    }
}

/// The functions that make what attributes' expressions say. They take nothing, so that an expression sees
/// no local of generated code.
fn values(c: &Container, n: &Names, variant: Option<usize>, fields: &[&Field]) -> TokenStream {
    let tags = fields.iter().filter_map(|field| tag(c, n, field));
    let tables = fields.iter().filter_map(|field| overlay(c, n, field));
    let each = fields.iter().filter_map(|field| {
        let (ty, value) = (&field.ty, field.value()?);
        let name = value_of(n, variant, field);
        Some(quote! {
            #[inline]
            fn #name() -> #ty {
                #value
            }
        })
    });
    quote!(#(#each)* #(#tables)* #(#tags)*)
}

/// The function that says which field of a union is alive. It sees the fields that the expression names, as
/// references, and nothing else.
///
/// ```text
/// fn tag_of_f(redirect: &Redirect) -> p::Option<u32> { p::union::select::<U, _>(redirect) }
/// ```
fn tag(c: &Container, n: &Names, field: &Field) -> Option<TokenStream> {
    let Policy::Tag(tag) = &field.policy else { return None };
    let (ty, name, option) = (&field.ty, n.tag_of(&field.name), n.p("Option"));
    let params = named_by(tag, c.fields()).into_iter().map(|other| {
        let (member, ty) = (&other.member, &other.ty);
        quote!(#member: &#ty)
    });
    let (span, union) = (tag.span().resolved_at(Span::call_site()), n.p_at("union", tag.span()));
    let select = quote_spanned!(span=> #union::select::<#ty, _>(#tag));
    Some(quote! {
        #[inline]
        fn #name(#(#params),*) -> #option<u32> {
            #select
        }
    })
}

/// The functions of a field that lies over a table.
///
/// ```text
/// fn table_of_f() -> &'static <F as p::Overlaid>::Table { &TABLE }
/// fn over_f(changes: p::overlay::Changes<F>) -> p::Result<F, p::String> {
///     p::overlay::over::<F>(changes, Self::table_of_f(), "S.f")
/// }
/// ```
fn overlay(c: &Container, n: &Names, field: &Field) -> Option<TokenStream> {
    let Policy::Overlay(table) = &field.policy else { return None };
    let (ty, overlay, result, string) = (&field.ty, n.p("overlay"), n.p("Result"), n.p("String"));
    let (table_of, over, found) = (n.table_of(&field.name), n.over(&field.name), &n.found);
    let overlaid = n.p_at("Overlaid", ty.span());
    let name = format!("{}.{}", c.name, field.name);
    let span = table.span().resolved_at(Span::call_site());
    let table = quote_spanned!(span=> &#table);
    // One span for all that rests on the type, so that what is wrong with it is said once.
    let span = ty.span().resolved_at(Span::call_site());
    Some(quote_spanned! {span=>
        #[inline]
        fn #table_of() -> &'static <#ty as #overlaid>::Table {
            #table
        }
        fn #over(#found: #overlay::Changes<#ty>) -> #result<#ty, #string> {
            #overlay::over::<#ty>(#found, Self::#table_of(), #name)
        }
    })
}

/// The name of the function that makes what a field attribute's expression says.
pub(super) fn value_of(n: &Names, variant: Option<usize>, field: &Field) -> syn::Ident {
    match variant {
        None => n.value_of(&field.name),
        Some(index) => n.value_of(&format!("{index}_{}", field.name)),
    }
}

fn of_struct(c: &Container, n: &Names, fields: &[Field]) -> TokenStream {
    let (core, layout, name, memory) = (n.p("core"), n.p("Layout"), &n.layout, &n.memory);
    let members = fields.iter().map(|field| &field.member);
    let records = fields.iter().map(|one| field(c, n, one));
    let count = fields.len();
    let aligned = matches!(c.role, Role::Object { .. }).then(|| {
        let message = format!(
            "a heap object is aligned to 8 or 16 bytes, so that tags fit below its address: \
             add #[repr(C, align(8))] to `{}`",
            c.name
        );
        let align = quote!(#core::mem::align_of::<Self>());
        let core = n.p_at("core", c.ident.span());
        quote_spanned! {c.ident.span().resolved_at(Span::call_site())=>
            #core::assert!(#align >= 8 && #align <= 16, #message);
        }
    });
    let make = if c.repr.transparent { quote!(of_transparent) } else { quote!(of_struct) };
    // Of other types the bytes are not known, and never copied.
    let validated = (c.repr.transparent && c.validate.is_some()).then(|| quote!(.validated()));
    quote! {
        const #memory: [usize; #count] = [#(#core::mem::offset_of!(Self, #members)),*];
        const #name: #layout<#count> = {
            #aligned
            #layout::#make(
                [#(#records),*],
                Self::#memory,
                #core::mem::size_of::<Self>(),
                #core::mem::align_of::<Self>(),
            )
            #validated
        };
    }
}

/// ```text
/// const NEODUMP_PAYLOAD: usize = ..;                       // explicit repr: where the payload starts
/// const NEODUMP_RECORD: p::Record = p::Record::of_enum(size, align, explicit, &[&[record of A.0], &[]]);
/// const NEODUMP_0: p::Layout<1> = p::Layout::of_variant(Self::NEODUMP_RECORD, [record of A.0], [offset in memory]);
/// ```
fn of_enum(c: &Container, n: &Names, variants: &[Variant]) -> TokenStream {
    let (core, record, layout, whole) = (n.p("core"), n.p("Record"), n.p("Layout"), &n.record);
    let explicit = c.repr.explicit().is_some();
    let payload = explicit.then(|| {
        let (name, start) = (&n.payload, layout::payload_start(c, n, variants));
        quote!(const #name: usize = #start;)
    });
    let records: Vec<Vec<_>> =
        variants.iter().map(|variant| variant.fields.iter().map(|one| field(c, n, one)).collect()).collect();
    let layouts = variants.iter().zip(&records).enumerate().map(|(index, (variant, records))| {
        let (name, count) = (n.variant_layout(index), records.len());
        let offsets = layout::variant_offsets(c, n, variant);
        quote!(const #name: #layout<#count> = #layout::of_variant(Self::#whole, [#(#records),*], #offsets);)
    });
    quote! {
        #payload
        const #whole: #record = #record::of_enum(
            #core::mem::size_of::<Self>(),
            #core::mem::align_of::<Self>(),
            #explicit,
            &[#(&[#(#records),*]),*],
        );
        #(#layouts)*
    }
}

/// The discriminants as constants of the enum's integer, so that any expression can give one.
///
/// ```text
/// const DISCRIMINANT_0: u8 = 3;
/// const DISCRIMINANT_1: u8 = DISCRIMINANT_0 + 1;
/// ```
fn discriminants(c: &Container, n: &Names, variants: &[Variant]) -> TokenStream {
    let ty = c.repr.discriminant_type();
    let c_int = c.repr.c && c.repr.int.is_none();
    let each = variants.iter().enumerate().map(|(index, variant)| {
        let name = n.discriminant(index);
        let value = match (&variant.discriminant, index.checked_sub(1)) {
            (Some(value), _) => quote!(#value),
            (None, None) => quote!(0),
            (None, Some(before)) => {
                let before = n.discriminant(before);
                quote!(#before + 1)
            }
        };
        let fits = c_int.then(|| {
            let message = format!(
                "the discriminant of `{}` does not fit in C's `int`: write #[repr(C, i64)], or choose another",
                variant.name
            );
            let core = n.p_at("core", variant.ident.span());
            quote_spanned! {variant.ident.span().resolved_at(Span::call_site())=>
                const _: () = #core::assert!(#name as i32 as isize == #name, #message);
            }
        });
        quote!(const #name: #ty = #value; #fits)
    });
    quote!(#(#each)*)
}
