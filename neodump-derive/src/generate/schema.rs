//! `shape`: what the schema says of the type, as constants beside it.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{GenericParam, Type};

use super::layout;
use crate::ast::{Container, Data, Field, Native, Policy, Role, Variant, text};
use crate::names::Names;

/// The name of the type in the schema, from inside its impls.
pub(super) fn name(n: &Names) -> TokenStream {
    let shape = &n.shape;
    quote!(Self::#shape.name)
}

/// The expression for the name of the type.
pub(super) fn qualified(c: &Container, n: &Names) -> TokenStream {
    if let Some(id) = &c.id {
        return quote!(#id);
    }
    let core = n.p("core");
    let name = format!("::{}", c.name);
    quote!(#core::concat!(#core::module_path!(), #name))
}

/// `const SECTION`, if the type is a manager.
pub(super) fn section(c: &Container, n: &Names) -> Option<TokenStream> {
    let section = c.section.as_ref()?;
    let (option, decl, name, version) = (n.p("Option"), n.p("SectionDecl"), &section.name, &section.version);
    Some(quote! {
        const SECTION: #option<#decl> = #option::Some(#decl { name: #name, version: #version });
    })
}

/// ```text
/// fn shape() -> &'static p::Shape { const { &Self::NEODUMP_SHAPE } }
/// ```
pub(super) fn shape(n: &Names) -> TokenStream {
    let (ty, shape) = (n.p("Shape"), &n.shape);
    quote!(fn shape() -> &'static #ty { const { &Self::#shape } })
}

/// ```text
/// const NEODUMP_FIELDS: &'static [p::FieldShape] = &[p::FieldShape {
///     name: "f", offset: Self::NEODUMP.offsets[0], side: false, ty: Some(<F as p::Dumpable>::TYPE), policy: "",
/// }];
/// const NEODUMP_PARAMS: &'static [p::TypeRef] = &[<T as p::Dumpable>::TYPE];
/// const NEODUMP_SHAPE: p::Shape = p::Shape {
///     name: concat!(module_path!(), "::S"), kind: p::ShapeKind::Struct(Self::NEODUMP_FIELDS), ..
/// };
/// ```
///
/// An enum has one list of fields for each variant, and `VARIANTS` over them.
pub(super) fn constants(c: &Container, n: &Names) -> TokenStream {
    let (p_shape, kind, type_ref, option, dumpable) =
        (n.p("Shape"), n.p("ShapeKind"), n.p("TypeRef"), n.p("Option"), n.p("Dumpable"));
    let (shape, params) = (&n.shape, &n.params);
    let (lists, kind) = match &c.data {
        Data::Struct(fields) if matches!(c.role, Role::Transparent) => {
            let _ = fields;
            (TokenStream::new(), quote!(#kind::Leaf))
        }
        Data::Struct(all) => {
            let list = field_list(c, n, &n.fields, None, all);
            let name = &n.fields;
            (list, quote!(#kind::Struct(Self::#name)))
        }
        Data::Enum(variants) => (variant_list(c, n, variants), enum_kind(c, n)),
    };
    let types: Vec<Type> = match c.role {
        Role::Transparent => stored(c).map(|field| field.ty.clone()).into_iter().collect(),
        _ => c.dumpable_params.iter().map(|param| syn::parse_quote!(#param)).collect(),
    };
    let types = types.iter().map(|ty| n.dumpable(ty));
    let consts = consts(c);
    let notes = notes(c);
    let object = if matches!(c.role, Role::Object { .. }) {
        let object_type = n.p("ObjectType");
        quote!(#option::Some(#object_type::of::<Self>))
    } else {
        quote!(#option::None)
    };
    let name = qualified(c, n);
    quote! {
        #lists
        const #params: &'static [#type_ref] = &[#(#types::TYPE),*];
        const #shape: #p_shape = #p_shape {
            name: #name,
            kind: #kind,
            record: <Self as #dumpable>::RECORD,
            params: Self::#params,
            consts: &[#(#consts),*],
            notes: &[#(#notes),*],
            section: <Self as #dumpable>::SECTION,
            object: #object,
        };
    }
}

/// The one field of a transparent type that is no marker.
fn stored(c: &Container) -> Option<&Field> {
    c.fields().iter().find(|field| !crate::bound::is_phantom(&field.ty))
}

/// Constant parameters as (type, value).
pub(super) fn consts(c: &Container) -> Vec<TokenStream> {
    let params = c.generics.params.iter().filter_map(|param| match param {
        GenericParam::Const(param) => Some(param),
        _ => None,
    });
    let each = params.map(|param| {
        let (ident, ty) = (&param.ident, &param.ty);
        let name = text(quote!(#ty));
        // A `char` is cast to nothing but `u32`.
        let value = if name == "char" { quote!(#ident as u32 as i128) } else { quote!(#ident as i128) };
        quote!((#name, #value))
    });
    each.collect()
}

/// What else the meaning of the bytes rests on.
fn notes(c: &Container) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(validate) = &c.validate {
        notes.push(format!("validate = {}", text(quote!(#validate))));
    }
    if matches!(c.role, Role::Transparent) {
        notes.push("transparent".to_owned());
    }
    if let Some(remote) = &c.remote {
        notes.push(format!("remote = {}", text(quote!(#remote))));
    }
    notes
}

fn enum_kind(c: &Container, n: &Names) -> TokenStream {
    let (kind, repr, variants) = (n.p("ShapeKind"), n.p("Repr"), &n.variants);
    let repr = match c.repr.explicit() {
        None => quote!(#repr::Rust),
        Some(explicit) => quote!(#repr::Explicit(#explicit)),
    };
    quote!(#kind::Enum { repr: #repr, variants: Self::#variants })
}

fn variant_list(c: &Container, n: &Names, variants: &[Variant]) -> TokenStream {
    let (shape, list) = (n.p("VariantShape"), &n.variants);
    let fields = variants
        .iter()
        .enumerate()
        .map(|(index, variant)| field_list(c, n, &n.variant_fields(index), Some(index), &variant.fields));
    let each = variants.iter().enumerate().map(|(index, variant)| {
        let (name, discriminant, fields) = (&variant.name, n.discriminant(index), n.variant_fields(index));
        quote!(#shape { name: #name, discriminant: #discriminant as i128, fields: Self::#fields })
    });
    quote! {
        #(#fields)*
        const #list: &'static [#shape] = &[#(#each),*];
    }
}

fn field_list(
    c: &Container,
    n: &Names,
    list: &syn::Ident,
    variant: Option<usize>,
    fields: &[Field],
) -> TokenStream {
    let shape = n.p("FieldShape");
    let each = fields.iter().map(|field| {
        let (name, offset, ty, policy) =
            (&field.name, offset(c, n, variant, field), field_type(n, field), field.policy_text());
        let side = side(c, n, variant, field);
        quote!(#shape { name: #name, offset: #offset, side: #side, ty: #ty, policy: #policy })
    });
    quote!(const #list: &'static [#shape] = &[#(#each),*];)
}

/// The offset in the stored record; for an object, in its slot or in its side record.
fn offset(c: &Container, n: &Names, variant: Option<usize>, field: &Field) -> TokenStream {
    let (layout, index, memory) = (layout(n, variant), field.index, &n.memory);
    if matches!(c.role, Role::Object { .. }) {
        return quote! {
            if #layout.in_slot[#index] { Self::#memory[#index] } else { #layout.side_offsets[#index] }
        };
    }
    quote!(#layout.offsets[#index])
}

/// Whether the field is in the side record of an object.
fn side(c: &Container, n: &Names, variant: Option<usize>, field: &Field) -> TokenStream {
    let (layout, index) = (layout(n, variant), field.index);
    match c.role {
        Role::Object { .. } => quote!(!#layout.in_slot[#index]),
        _ => quote!(false),
    }
}

fn field_type(n: &Names, field: &Field) -> TokenStream {
    let (option, dumpable) = (n.p("Option"), n.p("Dumpable"));
    match &field.policy {
        Policy::With(module) => quote!(#option::Some(<#module::Stored as #dumpable>::TYPE)),
        Policy::Remote(mirror) => {
            let mirror = n.dumpable(mirror);
            quote!(#option::Some(#mirror::TYPE))
        }
        Policy::Tag(_) => {
            let (union, ty) = (n.p("union"), &field.ty);
            quote!(#option::Some(#union::type_of::<#ty>()))
        }
        Policy::Global(_) => {
            let state = n.stored(field);
            quote!(#option::Some(#state::TYPE))
        }
        Policy::Overlay(_) => {
            let (overlay, ty) = (n.p("overlay"), &field.ty);
            quote!(#option::Some(#overlay::type_of::<#ty>()))
        }
        Policy::Native(native) => {
            let p_native = n.p("native");
            match native {
                Native::Static(_) | Native::OptionalStatic(_) => {
                    quote!(#option::Some(#p_native::static_type()))
                }
                _ => quote!(#option::Some(#p_native::function_type())),
            }
        }
        _ if field.needs_dumpable() => {
            let dumpable = n.dumpable(&field.ty);
            quote!(#option::Some(#dumpable::TYPE))
        }
        _ => quote!(#option::None),
    }
}
