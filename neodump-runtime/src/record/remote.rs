//! Types of other crates, described by a mirror: `#[dump(remote = path)]`.
//!
//! The mirror is a type of its own that derives `Dumpable`; a field of the foreign type is stored as it.

/// A mirror of a type of another crate. Derive it: `#[derive(Dumpable)] #[dump(remote = other::Type)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` mirrors no type of another crate",
    label = "is no mirror",
    note = "put #[dump(remote = other::Type)] on it, with the fields of the other type"
)]
pub trait Remote: Sized {
    /// The type that is mirrored.
    type Of;
    /// The mirror of a value.
    fn to_stored(value: &Self::Of) -> Self;
    /// The value of a mirror.
    ///
    /// # Errors
    ///
    /// Never; it is an error of a conversion like any other.
    fn from_stored(stored: Self) -> Result<Self::Of, std::convert::Infallible>;
}

/// What a getter of a private field may return: the value, or a reference to clone it from.
#[diagnostic::on_unimplemented(
    message = "the getter returns `{Self}`, and the field of the mirror is `{F}`",
    label = "returns `{Self}`"
)]
pub trait Got<F> {
    /// The value of the field.
    fn got(self) -> F;
}

impl<F> Got<F> for F {
    fn got(self) -> F {
        self
    }
}

impl<F: Clone> Got<F> for &F {
    fn got(self) -> F {
        self.clone()
    }
}
