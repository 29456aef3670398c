//! Stored records: how a value of each field type is written, read, walked and audited.
//!
//! [`Dumpable`] is the contract between the derive and the engines. It is implemented here for
//! the types of the standard library and by `#[derive(Dumpable)]` for everybody else's.

/// Implements the functions of [`Dumpable`] that tests of completeness call: how the leaves of a value are
/// shown, and how a new value is made. Nothing without the feature `testing`.
#[cfg(feature = "testing")]
macro_rules! changed {
    (|$this:ident, $f:ident| $fields:expr, |$s:pat_param| $sample:expr) => {
        #[allow(unused_unsafe, reason = "what has no leaves needs nothing of its caller")]
        unsafe fn fields($this: *mut Self, $f: &mut crate::record::Fields<'_>) {
            // SAFETY: forwarded from the caller.
            unsafe { $fields }
        }
        fn sample($s: &mut crate::record::Fields<'_>) -> Option<Self> {
            $sample
        }
    };
}
#[cfg(not(feature = "testing"))]
macro_rules! changed {
    ($($ignored:tt)*) => {};
}
pub(crate) use changed;

mod at;
mod cell;
mod cow;
mod deque;
mod duration;
mod fault;
#[cfg(feature = "testing")]
pub(crate) mod fields;
pub mod global;
pub mod handle;
pub mod identity;
mod into_field;
mod keyed;
mod layout;
mod option;
mod order;
mod os_string;
pub mod overlay;
mod owned;
mod policy;
mod range;
pub mod relink;
mod remote;
mod scalar;
mod sequence;
mod shared;
mod shared_slice;
mod symbol;
mod tuple;
pub mod union;
mod variants;
mod visit;
pub mod weak;

pub use crate::dump::KeyedMap;
pub use at::{At, Place};
pub(crate) use fault::render;
pub use fault::{Fault, Refusal, Step};
#[cfg(feature = "testing")]
pub use fields::{Fields, FieldsOf, FieldsOfFallback};
pub use identity::IdentityKey;
pub use into_field::IntoField;
pub use layout::{Layout, Record};
pub use order::OrderKey;
pub use overlay::Overlaid;
pub(crate) use owned::{Reference, audit_elements, write_elements, write_job};
pub use policy::{Probe, ProbeFallback, derived, native, with};
pub use remote::{Got, Remote};
pub(crate) use sequence::utf8;
pub use union::Tagged;
pub(crate) use visit::is_silent;
pub use visit::{Job, Stop, Visitor};

use crate::dump::Writer;
use crate::load::{Auditor, Reader};
use crate::schema::{SectionDecl, Shape, TypeRef};

/// A type that can live in an image.
///
/// Derive it: `#[derive(Dumpable)]`. One field list gives all of its functions, so none can
/// forget a field. They are called by the engines only, in this order:
///
/// | when | function | on |
/// |---|---|---|
/// | a dump traces, a collector marks | [`walk`](Self::walk) | a live value |
/// | a dump emits | [`write`](Self::write) | a live value |
/// | a load audits | [`audit`](Self::audit) | a stored record |
/// | a load hydrates | [`read`](Self::read), then [`settle`](Self::settle) | a stored record |
///
/// None takes `self`: a program that has the trait in scope calls `RwLock::write` and its own `label` as ever.
///
/// # Safety
///
/// - `RECORD` must tell the truth: `in_place` only if the bytes that `write` puts into a zeroed
///   slot are a valid value of the type at the same size and alignment, once relocated.
/// - `audit` must accept only records that `read` (or, in place, a reference to the bytes) turns
///   into a valid value.
/// - `LEAF` (and `RECORD.leaf`) may be true only if `walk` shows nothing and cannot be refused.
/// - `walk`, `write` and `audit` must visit the same indirections in the same order.
/// - `Id` must be different for types that differ in more than lifetimes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be dumped",
    label = "has no stored form",
    note = "derive it: `#[derive(Dumpable)]`; for a type of another crate convert it with `#[dump(with = module)]`",
    note = "to leave the field out say why: `#[dump(skip = \"reason\")]`, or `#[dump(cache)]` for what is rebuilt on demand"
)]
pub unsafe trait Dumpable: Sized {
    /// Stands for the type in type identities, whatever its lifetimes.
    type Id: 'static;

    /// Size, alignment and tier of the stored record.
    const RECORD: Record;

    /// Whether a walk of a value shows nothing, so that it is left out. Conservative: `false` says nothing.
    ///
    /// `RECORD.leaf` says so of what a value holds itself, and cannot look behind indirections, since types refer to
    /// each other in circles. This looks behind one.
    const LEAF: bool = Self::RECORD.leaf;

    /// The reference to the type from the shapes of others.
    const TYPE: TypeRef = TypeRef::of::<Self>();

    /// The section, if the type is a manager with one of its own.
    const SECTION: Option<SectionDecl> = None;

    /// The shape that goes into the schema.
    fn shape() -> &'static Shape;

    /// Shows every object pointer, symbol and native of the value to `v`.
    ///
    /// Never recurses over user data: what is behind an owned indirection is handed to
    /// [`Visitor::defer`].
    ///
    /// # Errors
    ///
    /// Those of the visitor, each with the steps to the value added on the way out.
    fn walk<V: Visitor>(this: &Self, v: &mut V) -> Result<(), V::Stop>;

    /// Writes the stored record into the zeroed bytes at `at`.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] for what cannot be stored: a locked mutex, an unregistered native.
    fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>>;

    /// Makes a value of a stored record: in-place parts are copied, memory behind indirections is
    /// allocated but not filled, keyed collections are empty. No user code runs but
    /// `Default` and `default = ..` expressions, which see no part of the image.
    ///
    /// # Safety
    ///
    /// `at` must be a relocated record of the type, audited or written by neodump, and
    /// [`settle`](Self::settle) must be called on the result at its final address before
    /// anything else looks at it.
    unsafe fn read(at: At, r: &mut Reader<'_>) -> Self;

    /// Queues what [`read`](Self::read) left open: the contents behind indirections, the entries
    /// of keyed collections, derived fields.
    ///
    /// # Safety
    ///
    /// `this` must be the final address of what `read` made of `at`.
    unsafe fn settle(this: *mut Self, at: At, r: &mut Reader<'_>);

    /// Checks the stored record at `at` and all that it owns.
    ///
    /// # Safety
    ///
    /// `at` must be valid for reads and writes of `RECORD.size` bytes at `RECORD.align`.
    ///
    /// # Errors
    ///
    /// A [`Fault`] for the first rule that the bytes break.
    unsafe fn audit(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>>;

    /// Appends what fixes the place of the value among others of its type, so that a hashed
    /// collection is written in an order that does not depend on hashes.
    fn order(this: &Self, key: &mut OrderKey<'_>) {
        let _ = this;
        key.unordered(Self::shape().name);
    }

    /// The value as it stands in the path to an entry under it, where that is short:
    /// `'a'` in `vm.registers['a']`.
    fn label(this: &Self) -> Option<String> {
        let _ = this;
        None
    }

    /// Shows every place of the value that can be changed on its own; see [`testing`](crate::testing).
    ///
    /// # Safety
    ///
    /// `this` must be a live value that nobody else looks at.
    #[cfg(feature = "testing")]
    #[doc(hidden)]
    unsafe fn fields(this: *mut Self, f: &mut Fields<'_>) {
        let _ = this;
        f.fixed(format!("neodump cannot change a {}", Self::shape().name));
    }

    /// Shows the field `name` of this type. A function of the trait, so that a type which cannot be dumped is
    /// reported once.
    ///
    /// # Safety
    ///
    /// `this` must be a live value that nobody else looks at.
    #[cfg(feature = "testing")]
    #[doc(hidden)]
    unsafe fn field(this: *mut Self, name: &'static str, f: &mut Fields<'_>) {
        // SAFETY: forwarded from the caller.
        unsafe { f.field::<Self>(name, this) };
    }

    /// As [`sample`](Self::sample), to a certain depth.
    #[cfg(feature = "testing")]
    #[doc(hidden)]
    fn sample_within(f: &mut Fields<'_>) -> Option<Self> {
        f.sample::<Self>()
    }

    /// A value that is not the empty one, if it can be made of the type alone.
    #[cfg(feature = "testing")]
    #[doc(hidden)]
    fn sample(f: &mut Fields<'_>) -> Option<Self> {
        let _ = f;
        None
    }
}
