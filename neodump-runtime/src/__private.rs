//! What generated code calls. Not part of the interface: it changes without notice.

pub use crate::dump::{HookResult, ImageRoot, IntoHookResult, Writer};
pub use crate::global::{Attached, Capture, GlobalError};
pub use crate::heap::{AdoptImage, Group, Image, Object, ObjectType, Tail, TailLen, Word, WordRef, word};
pub use crate::load::{Auditor, Reader};
pub use crate::record::{
    At, Dumpable, Fault, Got, IdentityKey, Layout, OrderKey, Overlaid, Place, Probe, ProbeFallback, Record,
    Refusal, Remote, Step, Stop, Tagged, Visitor, derived, global, handle, identity, native, overlay, relink,
    union, weak, with,
};
pub use crate::schema::{FieldShape, Repr, SectionDecl, Shape, ShapeKind, TypeRef, VariantShape};
pub use crate::symbols::Symbol;
pub use ::core;
pub use ::core::option::Option;
pub use ::core::result::Result;
pub use std::boxed::Box;
pub use std::string::{String, ToString};
