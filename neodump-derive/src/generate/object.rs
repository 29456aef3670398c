//! `Object`: what is special about a type whose values live in an arena.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Expr;
use syn::spanned::Spanned;

use super::{audit, impl_unsafe, reader, steps, writer};
use crate::ast::{Container, Field, Policy, Tail};
use crate::names::{Names, Step};

/// ```text
/// unsafe impl p::Object for S {
///     const KIND: p::Option<u8> = p::Option::Some(2);
///     const TAIL: p::Option<p::Tail> = ..;
///     const SIDE: p::Record = Self::NEODUMP.side;
///     const HYDRATED: bool = !(Self::NEODUMP.in_slot[0] && Self::NEODUMP.in_slot[1]);
///     unsafe fn tail_len .. walk_object .. write_object .. audit_object .. hydrate_object
///     const VALIDATED: bool = true;                        // if there is a `validate`
///     fn validate_object
/// }
/// ```
pub(super) fn object(c: &Container, n: &Names, kind: Option<&Expr>) -> TokenStream {
    let (option, record, layout) = (n.p("Option"), n.p("Record"), &n.layout);
    let kind = kind.map(|kind| quote!(const KIND: #option<u8> = #option::Some(#kind);));
    let in_slot = c.fields().iter().map(|field| {
        let index = field.index;
        quote!(&& Self::#layout.in_slot[#index])
    });
    let tail = c.tail().map(|(field, tail)| tail_items(n, field, tail));
    let functions = [walk(c, n), write(c, n), audit(c, n), hydrate(c, n)];
    let validate = c.validate.as_ref().map(|path| {
        let body = super::image::hook(n, path);
        let (result, string) = (n.p("Result"), n.p("String"));
        quote!(const VALIDATED: bool = true; fn validate_object(&self) -> #result<(), #string> { #body })
    });
    let shown = super::fields::tail(c, n);
    let items = quote! {
        #kind
        const SIDE: #record = Self::#layout.side;
        const HYDRATED: bool = !(true #(#in_slot)*);
        #tail
        #(#functions)*
        #validate
        #shown
    };
    impl_unsafe(c, &n.p("Object"), &items)
}

/// ```text
/// const TAIL: p::Option<p::Tail> = Some(p::Tail { offset: offset_of!(Self, data), stride: size_of::<E>() });
/// unsafe fn tail_len(this: *const Self) -> usize { p::TailLen::tail_len(unsafe { &(*this).len }) }
/// ```
fn tail_items(n: &Names, field: &Field, tail: &Tail) -> TokenStream {
    let (option, core, p_tail, tail_len, this) =
        (n.p("Option"), n.p("core"), n.p("Tail"), n.p_at("TailLen", tail.len.span()), &n.this);
    let (member, element, len) = (&field.member, &tail.element, &tail.len);
    let span = len.span().resolved_at(proc_macro2::Span::call_site());
    let count = quote_spanned!(span=> #tail_len::tail_len(unsafe { &(*#this).#len }));
    quote! {
        const TAIL: #option<#p_tail> = #option::Some(#p_tail {
            offset: #core::mem::offset_of!(Self, #member),
            stride: #core::mem::size_of::<#element>(),
        });
        unsafe fn tail_len(#this: *const Self) -> usize {
            #count
        }
    }
}

/// A loop over the trailing array: `call` gets the index, errors in it say which element.
///
/// ```text
/// let len = unsafe { <Self as p::Object>::tail_len(this) };
/// let mut index = 0;
/// while index < len { .. index += 1; }
/// ```
fn over_tail(c: &Container, n: &Names, carrier: &str, this: &TokenStream, call: &TokenStream) -> TokenStream {
    let Some((field, _)) = c.tail() else { return TokenStream::new() };
    let (object, len, index) = (n.p("Object"), &n.len, &n.index);
    let mut way = vec![Step::Index(index)];
    way.extend(steps(c, None, field));
    let attempt = n.attempt(carrier, call, &way);
    quote! {
        let #len = unsafe { <Self as #object>::tail_len(#this) };
        let mut #index = 0usize;
        while #index < #len {
            #attempt
            #index += 1;
        }
    }
}

/// A pointer to the first element of the trailing array of a live object.
fn elements(c: &Container, n: &Names) -> TokenStream {
    let Some((field, tail)) = c.tail() else { return TokenStream::new() };
    let (this, elements, member, element) = (&n.this, &n.elements, &field.member, &tail.element);
    quote!(let #elements = unsafe { &raw const (*#this).#member }.cast::<#element>();)
}

/// ```text
/// unsafe fn walk_object<V: p::Visitor>(this: *const Self, v: &mut V) -> p::Result<(), <V as p::Visitor>::Stop> {
///     if let Err(error) = <Self as p::Dumpable>::walk(unsafe { &*this }, v) { return Err(error); }
///     .. each element of the trailing array ..
///     Ok(())
/// }
/// ```
fn walk(c: &Container, n: &Names) -> TokenStream {
    let (visitor, v, stop, result, dumpable) =
        (n.p("Visitor"), &n.visitor, &n.visitor_type, n.p("Result"), n.p("Dumpable"));
    let (this, index, pointer) = (&n.this, &n.index, &n.elements);
    let fields = n.attempt("Stop", &quote!(<Self as #dumpable>::walk(unsafe { &*#this }, #v)), &[]);
    let elements = elements(c, n);
    let tail = c.tail().map(|(_, tail)| {
        let element = n.dumpable(&tail.element);
        let call = quote!(#element::walk(unsafe { &*#pointer.add(#index) }, #v));
        over_tail(c, n, "Stop", &quote!(#this), &call)
    });
    quote! {
        unsafe fn walk_object<#stop: #visitor>(
            #this: *const Self,
            #v: &mut #stop,
        ) -> #result<(), <#stop as #visitor>::Stop> {
            #fields
            #elements
            #tail
            #result::Ok(())
        }
    }
}

/// Where a field's record is: in the slot at its offset in memory, or in the side record.
fn split(n: &Names, field: &Field) -> TokenStream {
    let (layout, memory, index, slot, side) = (&n.layout, &n.memory, field.index, &n.slot, &n.side);
    quote! {
        if const { Self::#layout.in_slot[#index] } {
            #slot.add(Self::#memory[#index])
        } else {
            #side.add(Self::#layout.side_offsets[#index])
        }
    }
}

/// ```text
/// unsafe fn write_object(this: *const Self, slot: p::Place, side: p::Place, w: &mut p::Writer<'_>) -> .. {
///     let Self { f: field0, g: _ } = unsafe { &*this };
///     let place = if const { Self::NEODUMP.in_slot[0] } { slot.add(..) } else { side.add(..) };
///     if let Err(error) = <F as p::Dumpable>::write(field0, place, w) { .. }
///     .. each element of the trailing array ..
///     Ok(())
/// }
/// ```
fn write(c: &Container, n: &Names) -> TokenStream {
    let (this, slot, side, w, place, index, pointer) =
        (&n.this, &n.slot, &n.side, &n.writer, &n.place, &n.index, &n.elements);
    let (place_type, writer, result, boxed, refusal) =
        (n.p("Place"), n.p("Writer"), n.p("Result"), n.p("Box"), n.p("Refusal"));
    let pattern = super::pattern(n, c.fields(), |field| writer::is_used(field) || super::is_tag(c, field));
    let each = c.fields().iter().filter_map(|field| {
        let call = writer::call(c, n, None, field, &quote!(#place))?;
        let (split, attempt) = (split(n, field), n.attempt("Refusal", &call, &steps(c, None, field)));
        Some(quote!(let #place = #split; #attempt))
    });
    let elements = elements(c, n);
    let tail = c.tail().map(|(field, tail)| {
        let (element, ty, member, core) =
            (n.dumpable(&tail.element), &tail.element, &field.member, n.p("core"));
        let offset = quote!(#core::mem::offset_of!(Self, #member) + #index * #core::mem::size_of::<#ty>());
        let call = quote!(#element::write(unsafe { &*#pointer.add(#index) }, #slot.add(#offset), #w));
        over_tail(c, n, "Refusal", &quote!(#this), &call)
    });
    quote! {
        unsafe fn write_object(
            #this: *const Self,
            #slot: #place_type,
            #side: #place_type,
            #w: &mut #writer<'_>,
        ) -> #result<(), #boxed<#refusal>> {
            let Self #pattern = unsafe { &*#this };
            #(#each)*
            #elements
            #tail
            #result::Ok(())
        }
    }
}

/// ```text
/// unsafe fn audit_object(slot: p::At, side: p::At, a: &mut p::Auditor<'_>) -> .. {
///     let place = if const { Self::NEODUMP.in_slot[0] } { slot.add(..) } else { side.add(..) };
///     if let Err(error) = unsafe { <F as p::Dumpable>::audit(place, a) } { .. }
///     .. each element of the trailing array ..
///     Ok(())
/// }
/// ```
fn audit(c: &Container, n: &Names) -> TokenStream {
    let (slot, side, a, place, index) = (&n.slot, &n.side, &n.auditor, &n.place, &n.index);
    let (at_type, auditor, result, boxed, fault) =
        (n.p("At"), n.p("Auditor"), n.p("Result"), n.p("Box"), n.p("Fault"));
    let beside = |other: &Field| {
        let split = split(n, other);
        quote!((#split))
    };
    let each = audit::in_auditing_order(c.fields()).filter_map(|field| {
        let call = audit::call(c, n, None, field, &quote!(#place), &beside)?;
        let (split, attempt) = (split(n, field), n.attempt("Fault", &call, &steps(c, None, field)));
        Some(quote!(let #place = #split; #attempt))
    });
    let tail = c.tail().map(|(field, tail)| {
        let (element, ty, member, core) =
            (n.dumpable(&tail.element), &tail.element, &field.member, n.p("core"));
        let offset = quote!(#core::mem::offset_of!(Self, #member) + #index * #core::mem::size_of::<#ty>());
        let call = quote!(unsafe { #element::audit(#slot.add(#offset), #a) });
        over_tail(c, n, "Fault", &quote!(#slot.as_ptr::<Self>()), &call)
    });
    quote! {
        unsafe fn audit_object(
            #slot: #at_type,
            #side: #at_type,
            #a: &mut #auditor<'_>,
        ) -> #result<(), #boxed<#fault>> {
            #(#each)*
            #tail
            #result::Ok(())
        }
    }
}

/// All fields become valid first, then they are settled.
///
/// ```text
/// unsafe fn hydrate_object(this: *mut Self, side: p::At, r: &mut p::Reader<'_>) {
///     if const { !Self::NEODUMP.in_slot[0] } {
///         let value = unsafe { <F as p::Dumpable>::read(side.add(Self::NEODUMP.side_offsets[0]), r) };
///         unsafe { core::ptr::write(&raw mut (*this).f, value) };
///     }
///     ..
///     if const { !Self::NEODUMP.in_slot[0] } {
///         unsafe { <F as p::Dumpable>::settle(&raw mut (*this).f, side.add(Self::NEODUMP.side_offsets[0]), r) };
///     }
/// }
/// ```
fn hydrate(c: &Container, n: &Names) -> TokenStream {
    let (this, side, r, place, found, layout) = (&n.this, &n.side, &n.reader, &n.place, &n.found, &n.layout);
    let (at_type, reader_type, core) = (n.p("At"), n.p("Reader"), n.p("core"));
    let at = |field: &Field| {
        let index = field.index;
        (
            quote!(const { !Self::#layout.in_slot[#index] }),
            quote!(#side.add(Self::#layout.side_offsets[#index])),
        )
    };
    let reads = c.fields().iter().filter(|field| !matches!(field.policy, Policy::Tail(_)));
    let reads = reads.map(|field| {
        let (hydrated, at) = at(field);
        let (member, value) = (&field.member, reader::value(n, None, field, &quote!(#place)));
        quote! {
            if #hydrated {
                let #place = #at;
                let #found = #value;
                unsafe { #core::ptr::write(&raw mut (*#this).#member, #found) };
            }
        }
    });
    let settles = reader::in_settling_order(c.fields()).filter_map(|field| {
        let (hydrated, at) = at(field);
        let member = &field.member;
        let settle = reader::settle_call(c, n, field, &quote!(&raw mut (*#this).#member), &quote!(#place))?;
        Some(quote!(if #hydrated { let #place = #at; #settle }))
    });
    quote! {
        unsafe fn hydrate_object(#this: *mut Self, #side: #at_type, #r: &mut #reader_type<'_>) {
            #(#reads)*
            #(#settles)*
        }
    }
}
