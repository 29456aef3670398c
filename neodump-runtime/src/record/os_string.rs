//! Stored forms of `OsString` and `PathBuf`: the bytes that they are made of, where the platform says
//! what those are; as UTF-8 elsewhere.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::owned::{self, REFERENCE};
use super::sequence::stored_bytes;
use super::{At, Dumpable, Fault, OrderKey, Place, Record, Refusal, Visitor};
use crate::dump::Writer;
use crate::load::{Auditor, Reader};
use crate::schema::Shape;

/// What the bytes are. It is in the schema, so an image of another kind of platform is refused.
const ENCODING: &[&str] = if cfg!(unix) { &["bytes of the platform"] } else { &["UTF-8"] };

/// The bytes of a string of the platform: any on Unix, those of UTF-8 elsewhere.
#[cfg(unix)]
pub(super) fn bytes(text: &OsStr) -> Result<&[u8], Box<Refusal>> {
    Ok(std::os::unix::ffi::OsStrExt::as_bytes(text))
}

/// The bytes of a string of the platform: any on Unix, those of UTF-8 elsewhere.
#[cfg(not(unix))]
pub(super) fn bytes(text: &OsStr) -> Result<&[u8], Box<Refusal>> {
    match text.to_str() {
        Some(text) => Ok(text.as_bytes()),
        None => Err(Refusal::new(
            "on this platform a string of the system is stored as UTF-8, and this one is not Unicode; convert it \
             with #[dump(with = module)]",
        )),
    }
}

/// The string of these bytes.
#[cfg(unix)]
fn of_bytes(bytes: &[u8], _: &Reader<'_>) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes.to_vec())
}

/// The string of these bytes.
#[cfg(not(unix))]
fn of_bytes(bytes: &[u8], r: &Reader<'_>) -> OsString {
    match str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => r.broken("a string of the system"),
    }
}

macro_rules! os_string {
    ($ty:ty, $name:literal) => {
        // SAFETY: the stored form is a reference to bytes, of which the string is made.
        unsafe impl Dumpable for $ty {
            type Id = Self;
            const RECORD: Record = REFERENCE.with_leaf();
            fn shape() -> &'static Shape {
                const { &Shape { notes: ENCODING, ..Shape::leaf($name, REFERENCE, &[]) } }
            }
            fn walk<V: Visitor>(_: &Self, _: &mut V) -> Result<(), V::Stop> {
                Ok(())
            }
            fn write(this: &Self, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
                owned::write(bytes(this.as_os_str())?, at, w)
            }
            unsafe fn read(at: At, r: &mut Reader<'_>) -> Self {
                // SAFETY: forwarded from the caller.
                let bytes = unsafe { stored_bytes(at, r) };
                of_bytes(bytes, r).into()
            }
            unsafe fn settle(_: *mut Self, _: At, _: &mut Reader<'_>) {}
            unsafe fn audit(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
                if cfg!(unix) {
                    // SAFETY: forwarded from the caller.
                    unsafe { owned::audit::<u8>(at, a) }
                } else {
                    // SAFETY: forwarded from the caller.
                    unsafe { String::audit(at, a) }
                }
            }
            fn order(this: &Self, key: &mut OrderKey<'_>) {
                key.bytes(this.as_os_str().as_encoded_bytes());
            }
            super::changed!(
                |this, f| super::fields::text(this, f, |text| {
                    let mut longer = text.as_os_str().to_owned();
                    longer.push("+");
                    *text = longer.into();
                }),
                |_| Some("+".into())
            );
            fn label(this: &Self) -> Option<String> {
                Some(format!("{this:?}"))
            }
        }
    };
}
os_string!(OsString, "OsString");
os_string!(PathBuf, "PathBuf");
