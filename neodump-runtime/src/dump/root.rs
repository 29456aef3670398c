//! The root of an image: the machine that is dumped.

use std::fmt::Display;

use crate::global::{Attached, GlobalError};
use crate::heap::Image;
use crate::record::Dumpable;

/// The type of a machine that is dumped and loaded as a whole.
///
/// Derive it with `#[dump(image = "name", version = n)]`.
///
/// # Safety
///
/// As for [`Dumpable`].
pub unsafe trait ImageRoot: Dumpable {
    /// The name of the image; its preferred base is chosen by it.
    const NAME: &'static str;

    /// The version that the author gave the image.
    const VERSION: u32;

    /// Prepares the machine for a dump: collect, and put the state of the process aside.
    ///
    /// # Errors
    ///
    /// Those of the machine: the dump is refused.
    fn before_dump(&mut self) -> HookResult {
        Ok(())
    }

    /// Puts back what [`before_dump`](Self::before_dump) has put aside: runs when the dump has read the machine, or was
    /// refused, by `before_dump` itself too.
    fn after_dump(&mut self) {}

    /// Completes a loaded machine. All of it is there.
    ///
    /// # Errors
    ///
    /// Those of the machine: the load is refused.
    fn after_load(&mut self) -> HookResult {
        Ok(())
    }

    /// What `#[dump(validate = ..)]` says of the machine.
    ///
    /// # Errors
    ///
    /// The text of the machine's error.
    fn validate(&self) -> HookResult {
        Ok(())
    }

    /// Shows every field with `#[dump(global = ..)]` and its static.
    ///
    /// # Errors
    ///
    /// The first of `visit`, which ends the visit.
    fn globals(
        &mut self,
        visit: &mut dyn FnMut(&mut dyn Attached) -> Result<(), GlobalError>,
    ) -> Result<(), GlobalError> {
        let _ = visit;
        Ok(())
    }

    /// The image that the heap was loaded from, if it was.
    fn image(&self) -> Option<&Image> {
        None
    }
}

/// What a hook says, as text.
pub type HookResult = Result<(), String>;

/// What a hook may return: nothing, or a result whose error prints.
#[diagnostic::on_unimplemented(
    message = "a hook returns nothing or `Result<(), E>` with an error that prints, not `{Self}`",
    label = "returns `{Self}`"
)]
pub trait IntoHookResult {
    /// The result with its error as text.
    ///
    /// # Errors
    ///
    /// The hook's own.
    fn into_hook_result(self) -> HookResult;
}

/// What `after_dump` may return: nothing, since nobody could do anything about its error.
#[diagnostic::on_unimplemented(
    message = "an `after_dump` hook returns nothing, not `{Self}`: it puts back what `before_dump` put aside, however the \
               dump ended",
    label = "returns `{Self}`"
)]
pub trait ReturnsNothing {
    /// Takes it.
    fn nothing(self);
}

impl ReturnsNothing for () {
    fn nothing(self) {}
}

impl IntoHookResult for () {
    fn into_hook_result(self) -> HookResult {
        Ok(())
    }
}

impl<E: Display> IntoHookResult for Result<(), E> {
    fn into_hook_result(self) -> HookResult {
        self.map_err(|error| error.to_string())
    }
}
