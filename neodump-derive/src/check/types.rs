//! What the tokens of a type alone say. Whatever they do not say is left to the compiler, which names the
//! missing `Dumpable` at the type.

use proc_macro2::{Ident, Span};
use syn::visit::{self, Visit};
use syn::{Expr, GenericArgument, Lit, PathArguments, Type, TypePath};

use crate::ctxt::Ctxt;

/// The type without the invisible groups and parentheses around it.
pub(super) fn ungrouped(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Group(group) => &group.elem,
            Type::Paren(paren) => &paren.elem,
            _ => return ty,
        };
    }
}

/// A type that is a path.
pub(super) enum Nominal<'a> {
    /// One identifier.
    Bare(&'a Ident),
    /// Anything longer.
    Other,
}

pub(super) fn nominal(ty: &Type) -> Option<Nominal<'_>> {
    match ungrouped(ty) {
        Type::Path(TypePath { qself: None, path, .. }) => {
            Some(path.get_ident().map_or(Nominal::Other, Nominal::Bare))
        }
        _ => None,
    }
}

/// Whether the last segment of the path is `name`.
pub(super) fn last_is(path: &TypePath, name: &str) -> bool {
    path.path.segments.last().is_some_and(|last| last.ident == name)
}

/// The first type argument of the last segment.
pub(super) fn argument(path: &TypePath) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// The element type of `[T; 0]`.
pub(super) fn empty_array(ty: &Type) -> Option<&Type> {
    match ungrouped(ty) {
        Type::Array(array) if int_literal(&array.len).is_some_and(|(value, _)| value == 0) => {
            Some(&array.elem)
        }
        _ => None,
    }
}

/// The value of an integer literal, which may be negative.
pub(super) fn int_literal(expr: &Expr) -> Option<(i128, Span)> {
    match expr {
        Expr::Lit(lit) => match &lit.lit {
            Lit::Int(int) => Some((int.base10_parse().ok()?, int.span())),
            Lit::Byte(byte) => Some((byte.value().into(), byte.span())),
            _ => None,
        },
        Expr::Group(group) => int_literal(&group.expr),
        Expr::Paren(paren) => int_literal(&paren.expr),
        Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Neg(_)) => {
            int_literal(&unary.expr).map(|(value, span)| (-value, span))
        }
        _ => None,
    }
}

/// Whether the type names `Rc`, `Arc`, or the `Weak` of one.
pub(super) fn mentions_shared(ty: &Type) -> bool {
    ["Rc", "Arc", "Weak"].into_iter().any(|name| mentions(ty, name))
}

/// Whether the type names `name`, itself or in its arguments.
pub(super) fn mentions(ty: &Type, name: &str) -> bool {
    struct Find<'n>(&'n str, bool);
    impl<'ast> Visit<'ast> for Find<'_> {
        fn visit_type_path(&mut self, path: &'ast TypePath) {
            self.1 |= last_is(path, self.0);
            visit::visit_type_path(self, path);
        }
    }
    let mut find = Find(name, false);
    find.visit_type(ty);
    find.1
}

/// The pointers in a type that a dump follows, as far as its tokens tell: not references, which are always valid.
pub(super) fn pointers(ty: &Type) -> Vec<&Type> {
    struct Find<'a>(Vec<&'a Type>);
    impl<'ast> Visit<'ast> for Find<'ast> {
        fn visit_type(&mut self, ty: &'ast Type) {
            match ty {
                Type::Ptr(_) => self.0.push(ty),
                Type::Path(path) if last_is(path, "NonNull") || last_is(path, "AtomicPtr") => self.0.push(ty),
                Type::Path(path) if last_is(path, "PhantomData") => {}
                Type::FnPtr(_) => {}
                _ => visit::visit_type(self, ty),
            }
        }
    }
    let mut find = Find(Vec::new());
    find.visit_type(ty);
    find.0
}

/// Whether the type is a pointer or reference, or an `Option` or a cell of one, as far as its tokens tell.
pub(super) fn is_pointer(ty: &Type) -> bool {
    match ungrouped(ty) {
        Type::Ptr(_) | Type::Reference(_) => true,
        Type::Path(path) if last_is(path, "NonNull") || last_is(path, "AtomicPtr") => true,
        Type::Path(path) if last_is(path, "Option") || last_is(path, "Cell") => {
            argument(path).is_some_and(is_pointer)
        }
        _ => false,
    }
}

fn is_shared(path: &TypePath) -> bool {
    last_is(path, "Rc") || last_is(path, "Arc")
}

/// Refuses what a plain field cannot be, as far as its tokens tell.
pub(super) fn refuse(ctxt: &Ctxt, ty: &Type, shared: bool) {
    Refuse { ctxt, shared, top: true }.visit_type(ty);
}

struct Refuse<'a> {
    ctxt: &'a Ctxt,
    shared: bool,
    /// Whether the type is that of the field itself, not one inside it.
    top: bool,
}

impl Refuse<'_> {
    fn function(&self, ty: &Type) {
        let how = if self.top {
            "add #[dump(native)]"
        } else {
            "give it a field of its own, in a struct that derives `Dumpable`, with #[dump(native)]"
        };
        self.ctxt.error_over(ty, format!("a function has another address in every process: {how}"));
    }
}

impl<'ast> Visit<'ast> for Refuse<'_> {
    fn visit_type(&mut self, ty: &'ast Type) {
        match ty {
            Type::FnPtr(_) => return self.function(ty),
            Type::TraitObject(_) | Type::ImplTrait(_) => {
                self.ctxt.error_over(
                    ty,
                    "a trait object does not say which type it is: use an enum, `with = module`, or `skip = \"reason\"`",
                );
                return;
            }
            Type::Reference(reference) => {
                if let Some(mutability) = &reference.mutability {
                    self.ctxt.error(
                        mutability.span,
                        "`&mut` is unique, a loaded pointer need not be: point with `NonNull<T>` or `&T`",
                    );
                    return;
                }
                match ungrouped(&reference.elem) {
                    Type::Slice(_) => {
                        return self.ctxt.error_over(
                            ty,
                            "a borrowed slice is stored by nobody: use `ImageVec<T>` or `Vec<T>`, or #[dump(skip = \"reason\")]",
                        );
                    }
                    Type::Path(path) if path.path.is_ident("str") => {
                        return self.ctxt.error_over(
                            ty,
                            "a borrowed string is stored by nobody: use `ImageStr` or `String`, or #[dump(skip = \"reason\")]",
                        );
                    }
                    _ => {}
                }
            }
            Type::Path(path) => {
                // The standard library's has an argument; a type of the machine's own may have the name.
                if last_is(path, "Weak") && argument(path).is_some() && !self.shared {
                    return self.ctxt.error_over(
                        ty,
                        "a `Weak` refers to what its owners share after the load too; say so with #[dump(shared)]",
                    );
                }
                if is_shared(path) && !self.shared {
                    return self.ctxt.error_over(
                        ty,
                        "owners of an `Rc` or `Arc` share it after the load too; say so with #[dump(shared)]",
                    );
                }
                if last_is(path, "PhantomData") {
                    return;
                }
                if self.top && last_is(path, "Option") {
                    // `Option<fn()>` takes `native` as it stands.
                    if let Some(inner) = argument(path)
                        && matches!(ungrouped(inner), Type::FnPtr(_))
                    {
                        return self.function(ty);
                    }
                }
            }
            Type::Group(_) | Type::Paren(_) => return visit::visit_type(self, ty),
            _ => {}
        }
        self.top = false;
        visit::visit_type(self, ty);
    }
}
