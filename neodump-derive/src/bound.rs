//! The bounds that the generated impls need.
//!
//! A type parameter that occurs in the type of a stored field is `Dumpable`; an associated type of one,
//! `T::Item`, is `Dumpable` itself. Bounds are on parameters and not on field types, so that a type that
//! contains itself does not ask for itself. What occurs in no stored field only has to be `'static`, to
//! have an identity. `PhantomData` is looked through by nothing: it stores nothing.

use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{
    GenericParam, Generics, Path, PathArguments, Type, TypeParamBound, TypePath, WherePredicate, parse_quote,
};

use crate::ast::{Data, Field, Policy};
use crate::names::Names;

/// The generics of the impls, and which type parameters are `Dumpable`.
pub(crate) fn infer(
    generics: &Generics,
    explicit: Option<Vec<WherePredicate>>,
    data: &Data,
    names: &Names,
) -> (Generics, Vec<Ident>) {
    let mut generics = generics.clone();
    for param in &mut generics.params {
        match param {
            GenericParam::Type(param) => param.default = None,
            GenericParam::Const(param) => param.default = None,
            GenericParam::Lifetime(_) => {}
        }
    }
    let params: Vec<Ident> = generics.type_params().map(|param| param.ident.clone()).collect();
    let dumpable = names.p("Dumpable");
    if let Some(predicates) = explicit {
        generics.make_where_clause().predicates.extend(predicates);
    } else {
        let mut uses = Uses { params: &params, direct: Vec::new(), projected: Vec::new() };
        for field in fields(data) {
            uses.field(field);
        }
        let Uses { direct, projected, .. } = uses;
        for param in params.iter().filter(|param| direct.contains(param)) {
            if !is_dumpable(&generics, param) {
                generics.make_where_clause().predicates.push(parse_quote!(#param: #dumpable));
            }
        }
        for projected in projected {
            generics.make_where_clause().predicates.push(parse_quote!(#projected: #dumpable));
        }
    }
    let (dumpable, others): (Vec<_>, Vec<_>) =
        params.into_iter().partition(|param| is_dumpable(&generics, param));
    for param in others {
        generics.make_where_clause().predicates.push(parse_quote!(#param: 'static));
    }
    (generics, dumpable)
}

fn fields(data: &Data) -> Vec<&Field> {
    match data {
        Data::Struct(fields) => fields.iter().collect(),
        Data::Enum(variants) => variants.iter().flat_map(|variant| &variant.fields).collect(),
    }
}

/// Whether a bound in the generics says that `param` is `Dumpable`, or an `Object`, which is one.
fn is_dumpable(generics: &Generics, param: &Ident) -> bool {
    let says = |bound: &TypeParamBound| match bound {
        TypeParamBound::Trait(bound) => {
            bound.path.segments.last().is_some_and(|last| last.ident == "Dumpable" || last.ident == "Object")
        }
        _ => false,
    };
    let inline = generics.type_params().filter(|found| found.ident == *param).flat_map(|found| &found.bounds);
    let clauses = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let clauses = clauses.filter_map(|predicate| match predicate {
        WherePredicate::Type(predicate) => Some(predicate),
        _ => None,
    });
    let clauses = clauses.filter(|predicate| match &predicate.bounded_ty {
        Type::Path(TypePath { path, .. }) => path.is_ident(param),
        _ => false,
    });
    inline.chain(clauses.flat_map(|predicate| &predicate.bounds)).any(says)
}

/// Where type parameters occur in the types of stored fields.
struct Uses<'a> {
    params: &'a [Ident],
    /// By themselves.
    direct: Vec<Ident>,
    /// As the owner of an associated type.
    projected: Vec<TypePath>,
}

impl Uses<'_> {
    fn field(&mut self, field: &Field) {
        match &field.policy {
            // The static and what it refers to are compared by name, never stored as a `Dumpable`.
            Policy::Native(_)
            | Policy::Skip { .. }
            | Policy::Cache
            | Policy::Derived(_)
            | Policy::Relink(_)
            | Policy::Heap => {}
            Policy::With(_) => {}
            Policy::Remote(mirror) => self.visit_type(mirror),
            Policy::Tail(tail) => self.visit_type(&tail.element),
            Policy::Plain
            | Policy::Shared
            | Policy::Bake(_)
            | Policy::Handle(_)
            | Policy::Overlay(_)
            | Policy::Global(_)
            | Policy::Tag(_)
            | Policy::Selected(_)
            | Policy::Weak { .. }
            | Policy::IdentityKey => {
                self.visit_type(&field.ty);
            }
        }
    }

    fn is_param(&self, ident: &Ident) -> bool {
        self.params.contains(ident)
    }

    fn push_projected(&mut self, ty: &TypePath) {
        if !self.projected.contains(ty) {
            self.projected.push(ty.clone());
        }
    }
}

impl<'ast> Visit<'ast> for Uses<'_> {
    fn visit_type_path(&mut self, ty: &'ast TypePath) {
        if let Some(qself) = &ty.qself {
            if let Type::Path(TypePath { qself: None, path, .. }) = &*qself.ty
                && path.get_ident().is_some_and(|ident| self.is_param(ident))
            {
                self.push_projected(ty);
                return;
            }
        } else if let Some(ident) = ty.path.get_ident() {
            if self.is_param(ident) {
                self.direct.push(ident.clone());
            }
            return;
        } else if let Some(first) = ty.path.segments.first()
            && matches!(first.arguments, PathArguments::None)
            && self.is_param(&first.ident)
        {
            self.push_projected(ty);
            return;
        }
        visit::visit_type_path(self, ty);
    }

    fn visit_path(&mut self, path: &'ast Path) {
        if path.segments.last().is_some_and(|last| last.ident == "PhantomData") {
            return;
        }
        visit::visit_path(self, path);
    }
}

/// Whether `ty` is written as `PhantomData<..>`.
pub(crate) fn is_phantom(ty: &Type) -> bool {
    matches!(ty, Type::Path(ty) if ty.path.segments.last().is_some_and(|last| last.ident == "PhantomData"))
}
