//! What the machine's functions give for a field.

use std::fmt::Display;

/// What a function for a field of type `F` may return: the value, or a result whose error prints.
#[diagnostic::on_unimplemented(
    message = "the function returns `{Self}`, and the field is `{F}`",
    label = "returns `{Self}`",
    note = "it returns the value of the field, or `Result<{F}, E>` with an error that prints"
)]
pub trait IntoField<F> {
    /// The value, or the error as text.
    ///
    /// # Errors
    ///
    /// The function's own.
    fn into_field(self) -> Result<F, String>;
}

impl<F> IntoField<F> for F {
    fn into_field(self) -> Result<F, String> {
        Ok(self)
    }
}

impl<F, E: Display> IntoField<F> for Result<F, E> {
    fn into_field(self) -> Result<F, String> {
        self.map_err(|error| error.to_string())
    }
}
