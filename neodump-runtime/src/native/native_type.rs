//! The type of a native.

use std::any::{TypeId, type_name};
use std::fmt;

/// The type of a native: its name, which an image holds, and its identity in this process.
///
/// The name is what two builds can compare. It leaves lifetimes out, and types of two versions of a crate have one name;
/// so what a field takes is decided by the identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NativeType {
    name: &'static str,
    id: TypeId,
}

impl NativeType {
    /// The type `T`: of a function pointer, or of what a static holds.
    pub fn of<T: 'static>() -> Self {
        Self { name: type_name::<T>(), id: TypeId::of::<T>() }
    }

    /// The name, as [`std::any::type_name`] has it.
    pub fn name(self) -> &'static str {
        self.name
    }
}

impl fmt::Display for NativeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
