//! What generated code calls. Not part of the interface: it changes without notice.

pub use crate::__when_testing as when_testing;
pub use crate::dump::{HookResult, ImageRoot, IntoHookResult, ReturnsNothing, Writer};
pub use crate::global::{Attached, Capture, GlobalError};
pub use crate::heap::{AdoptImage, Group, Image, Object, ObjectType, Tail, TailLen, Word, WordRef, word};
pub use crate::load::{Auditor, Reader};
pub use crate::record::{
    At, Dumpable, Fault, Got, IdentityKey, Layout, OrderKey, Overlaid, Place, Probe, ProbeFallback, Record,
    Refusal, Remote, Step, Stop, Tagged, Visitor, derived, global, handle, identity, native, overlay, relink,
    union, weak, with,
};
#[cfg(feature = "testing")]
pub use crate::record::{
    Fields, FieldsOf, FieldsOfFallback,
    fields::{sample_word, word as word_fields},
};
pub use crate::schema::{FieldShape, Repr, SectionDecl, Shape, ShapeKind, TypeRef, VariantShape};
pub use crate::symbols::Symbol;
pub use ::core;
pub use ::core::option::Option;
pub use ::core::result::Result;
pub use std::boxed::Box;
pub use std::string::{String, ToString};

/// What the derive writes for tests of completeness; nothing of it is compiled without the feature `testing`.
#[cfg(feature = "testing")]
#[doc(hidden)]
#[macro_export]
macro_rules! __when_testing {
    ($($items:tt)*) => { $($items)* };
}

/// What the derive writes for tests of completeness; nothing of it is compiled without the feature `testing`.
#[cfg(not(feature = "testing"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __when_testing {
    ($($items:tt)*) => {};
}
