//! `Tagged`: a union, which somebody else's tag selects the fields of.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use super::{id_of, impl_unsafe, schema};
use crate::ast::{Container, Field, Policy};
use crate::names::{Names, Step};

/// ```text
/// impl U {
///     const NEODUMP_FIELDS: &'static [p::FieldShape] = ..; const NEODUMP_PARAMS ..; const NEODUMP_SHAPE ..;
/// }
/// unsafe impl p::Tagged for U {
///     type Id = Id; type Tag = Redirect;
///     const RECORD: p::Record = p::Record::of_union(size, align, &[record of plain, record of alias]);
///     fn shape() -> &'static p::Shape { const { &Self::NEODUMP_SHAPE } }
///     fn select(tag: &Redirect) -> p::Option<u32> {
///         match tag { Redirect::Plain => p::Option::Some(0u32), .. _ => p::Option::None }
///     }
///     unsafe fn walk .. write .. audit .. order
/// }
/// ```
pub(super) fn union(c: &Container, n: &Names, tag: &Type) -> TokenStream {
    let (record, core, option) = (n.p("Record"), n.p("core"), n.p("Option"));
    let inherent = shape(c, n);
    let id = id_of(c, n);
    let shape_fn = schema::shape(n);
    let records = c.fields().iter().map(|field| record_of(n, field));
    let selected = c.fields().iter().filter_map(|field| {
        let Policy::Selected(pattern) = &field.policy else { return None };
        let index = field.index as u32;
        Some(quote!(#pattern => #option::Some(#index),))
    });
    let (found, functions) = (&n.found, functions(c, n));
    let items = quote! {
        type Id = #id;
        type Tag = #tag;
        const RECORD: #record = #record::of_union(
            #core::mem::size_of::<Self>(),
            #core::mem::align_of::<Self>(),
            &[#(#records),*],
        );
        #shape_fn
        fn select(#found: &#tag) -> #option<u32> {
            match #found {
                #(#selected)*
                _ => #option::None,
            }
        }
        #functions
    };
    let tagged = impl_unsafe(c, &n.p("Tagged"), &items);
    quote!(#inherent #tagged)
}

/// The record of a field, which is in place.
fn record_of(n: &Names, field: &Field) -> TokenStream {
    let (ty, span) = (&field.ty, field.ty.span());
    let (dumpable, core) = (n.dumpable(ty), n.p_at("core", span));
    let message = format!(
        "field `{}` of a union is stored as it is in memory, and this type is hydrated at load; use `ImageVec` and \
         pointers to objects, or an enum",
        field.name
    );
    quote_spanned! {span.resolved_at(Span::call_site())=>
        {
            let __record = #dumpable::RECORD;
            #core::assert!(__record.in_place && !__record.owns, #message);
            __record
        }
    }
}

fn shape(c: &Container, n: &Names) -> TokenStream {
    let (shape, field_shape, kind, option, type_ref, tagged) =
        (n.p("Shape"), n.p("FieldShape"), n.p("ShapeKind"), n.p("Option"), n.p("TypeRef"), n.p("Tagged"));
    let ident = &c.ident;
    let (generics, arguments, clause) = c.generics.split_for_impl();
    let each = c.fields().iter().map(|field| {
        let (name, policy, dumpable) = (&field.name, field.policy_text(), n.dumpable(&field.ty));
        quote!(#field_shape { name: #name, offset: 0, side: false, ty: #option::Some(#dumpable::TYPE), policy: #policy })
    });
    let types = c.dumpable_params.iter().map(|param| n.dumpable(&syn::parse_quote!(#param)));
    let (name, consts) = (schema::qualified(c, n), schema::consts(c));
    let (fields, params, shape_const) = (&n.fields, &n.params, &n.shape);
    quote! {
        #[automatically_derived]
        impl #generics #ident #arguments #clause {
            const #fields: &'static [#field_shape] = &[#(#each),*];
            const #params: &'static [#type_ref] = &[#(#types::TYPE),*];
            const #shape_const: #shape = #shape {
                name: #name,
                kind: #kind::Struct(Self::#fields),
                record: <Self as #tagged>::RECORD,
                params: Self::#params,
                consts: &[#(#consts),*],
                notes: &["union"],
                section: #option::None,
                object: #option::None,
            };
        }
    }
}

/// One arm for each field:
///
/// ```text
/// unsafe fn walk<V: p::Visitor>(&self, index: u32, v: &mut V) -> .. {
///     match index {
///         0u32 => { if let Err(error) = <F as p::Dumpable>::walk(unsafe { &self.plain }, v) { .. } }
///         ..
///         _ => {}
///     }
///     Ok(())
/// }
/// ```
fn functions(c: &Container, n: &Names) -> TokenStream {
    let (visitor, stop, result, boxed) = (n.p("Visitor"), &n.visitor_type, n.p("Result"), n.p("Box"));
    let (refusal, fault, writer, auditor) = (n.p("Refusal"), n.p("Fault"), n.p("Writer"), n.p("Auditor"));
    let (place_type, at_type, order_key) = (n.p("Place"), n.p("At"), n.p("OrderKey"));
    let (index, at, v, w, a, key) = (&n.index, &n.at, &n.visitor, &n.writer, &n.auditor, &n.key);
    let arms = |carrier: &str, call: &dyn Fn(&Field, TokenStream) -> TokenStream| {
        let each = c.fields().iter().map(|field| {
            let number = field.index as u32;
            let call = call(field, n.dumpable(&field.ty));
            let attempt = n.attempt(carrier, &call, &[Step::Field(&field.name)]);
            quote!(#number => { #attempt })
        });
        quote!(match #index { #(#each)* _ => {} })
    };
    let member = |field: &Field| {
        let member = &field.member;
        quote!(unsafe { &self.#member })
    };
    let walk = arms("Stop", &|field, dumpable| {
        let value = member(field);
        quote!(#dumpable::walk(#value, #v))
    });
    let write = arms("Refusal", &|field, dumpable| {
        let value = member(field);
        quote!(#dumpable::write(#value, #at, #w))
    });
    let audit = arms("Fault", &|_, dumpable| quote!(unsafe { #dumpable::audit(#at, #a) }));
    let order = c.fields().iter().map(|field| {
        let (number, value, dumpable) = (field.index as u32, member(field), n.dumpable(&field.ty));
        quote!(#number => #dumpable::order(#value, #key),)
    });
    quote! {
        unsafe fn walk<#stop: #visitor>(
            &self,
            #index: u32,
            #v: &mut #stop,
        ) -> #result<(), <#stop as #visitor>::Stop> {
            #walk
            #result::Ok(())
        }
        unsafe fn write(
            &self,
            #index: u32,
            #at: #place_type,
            #w: &mut #writer<'_>,
        ) -> #result<(), #boxed<#refusal>> {
            #write
            #result::Ok(())
        }
        unsafe fn audit(
            #index: u32,
            #at: #at_type,
            #a: &mut #auditor<'_>,
        ) -> #result<(), #boxed<#fault>> {
            #audit
            #result::Ok(())
        }
        unsafe fn order(&self, #index: u32, #key: &mut #order_key<'_>) {
            #key.unsigned(&#index.to_le_bytes());
            match #index {
                #(#order)*
                _ => {}
            }
        }
    }
}
