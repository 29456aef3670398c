//! The format lock: a layout that changes without its version fails a test.
//!
//! [`assert_format!`](crate::assert_format) renders the schema of a type into an insta snapshot of the user's
//! crate. Before insta may write, the accepted snapshot is read: where a hash has moved and the version
//! beside it has not, the test fails, whatever `INSTA_UPDATE` says.

mod check;
mod parts;
#[cfg(test)]
mod tests;

pub use check::check;
pub use parts::{Format, FormatFallback, FormatProbe, Part};

/// Locks the format of an image type, a section type or any other dumpable type in a snapshot.
///
/// The snapshot is `formats/<Type>.snap` in the folder of the crate's manifest, or in the folder that
/// `in` names. The crate needs `insta` among its dev-dependencies; the macro calls `::insta`.
///
/// ```ignore
/// #[test]
/// fn the_format_changes_with_its_version_only() {
///     neodump_runtime::assert_format!(Vm);
/// }
/// ```
///
/// What belongs to a version: to a section, its type and all that is reachable from it up to words and
/// heap objects; to the image, everything else. A type that is neither has no version: its snapshot is an
/// ordinary one.
///
/// # Panics
///
/// If a layout has changed and its version has not: bump the version, then run `cargo insta review`.
/// Otherwise as `insta::assert_snapshot!`.
#[macro_export]
macro_rules! assert_format {
    ($ty:ty) => {
        $crate::assert_format!($ty, in ::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/formats"))
    };
    ($ty:ty, in $folder:expr) => {{
        #[allow(unused_imports)]
        use $crate::format_lock::FormatFallback as _;
        let format = $crate::format_lock::FormatProbe::<$ty>::format();
        let folder = ::std::path::PathBuf::from($folder);
        if let ::core::result::Result::Err(problem) = format.check_in(&folder) {
            ::core::panic!("{problem}");
        }
        ::insta::with_settings!(
            { snapshot_path => folder, prepend_module_to_snapshot => false, omit_expression => true },
            { ::insta::assert_snapshot!(format.file_stem(), format.text()) }
        );
    }};
}
