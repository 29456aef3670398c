//! A string that lives in the image until it is changed.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;

use super::ImageVec;
use crate::dump::Writer;
use crate::load::{Auditor, Reader};
use crate::record::{At, Dumpable, Fault, OrderKey, Place, Record, Refusal, Visitor};
use crate::schema::Shape;

/// A string that is in place, as [`ImageVec`] is; its bytes lie in the `ro` segment.
///
/// ```
/// use neodump_runtime::ImageStr;
///
/// let name: ImageStr = "point-min".into();
/// assert!(name.starts_with("point"));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct ImageStr {
    bytes: ImageVec<u8>,
}

impl ImageStr {
    /// The string.
    pub fn as_str(&self) -> &str {
        // SAFETY: made of a string, or audited.
        unsafe { str::from_utf8_unchecked(self.bytes.as_slice()) }
    }

    /// Appends a string.
    pub fn push_str(&mut self, more: &str) {
        self.bytes.with_vec(|bytes| bytes.extend_from_slice(more.as_bytes()));
    }
}

impl<S: Into<String>> From<S> for ImageStr {
    fn from(string: S) -> Self {
        Self { bytes: string.into().into_bytes().into() }
    }
}

impl Deref for ImageStr {
    type Target = str;
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for ImageStr {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Debug for ImageStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl fmt::Display for ImageStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

// SAFETY: as `ImageVec<u8>`; the audit checks the bytes for UTF-8 besides.
unsafe impl Dumpable for ImageStr {
    type Id = Self;
    const RECORD: Record = <ImageVec<u8> as Dumpable>::RECORD.with_leaf();
    fn shape() -> &'static Shape {
        const { &Shape::leaf("ImageStr", Self::RECORD, &[]) }
    }
    fn walk<V: Visitor>(_: &Self, _: &mut V) -> Result<(), V::Stop> {
        Ok(())
    }
    fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
        Dumpable::write(&this.bytes, at, w)
    }
    unsafe fn read(at: At, _: &mut Reader<'_>) -> Self {
        // SAFETY: the caller promises an audited record in the memory form.
        unsafe { at.get() }
    }
    unsafe fn settle(_: *mut Self, _: At, _: &mut Reader<'_>) {}
    unsafe fn audit(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
        // SAFETY: forwarded from the caller.
        unsafe { ImageVec::<u8>::audit(at, a) }?;
        // SAFETY: the audit found a valid vector; the borrow ends before anything else happens.
        let bytes = unsafe { &*at.as_ptr::<ImageVec<u8>>() };
        crate::record::utf8(bytes.as_slice())
    }
    crate::record::changed!(
        |this, f| crate::record::fields::text(this, f, |text| text.push_str("+")),
        |_| Some("+".into())
    );
    fn order(this: &Self, key: &mut OrderKey<'_>) {
        key.bytes(this.as_bytes());
    }
}
