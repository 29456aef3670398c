//! The format lock: a layout that changes without its version fails a test.
//!
//! [`assert_format!`](crate::assert_format) renders the schema of a type into insta snapshots of the user's
//! crate, one for each version. Before insta may write, the accepted snapshots are read: where a layout has changed and
//! the version beside it has not, the test fails, whatever `INSTA_UPDATE` says.

mod check;
#[cfg(feature = "inspect")]
mod golden;
mod parts;
#[cfg(test)]
mod tests;

pub use check::check;
#[cfg(feature = "inspect")]
pub use golden::golden;
pub use parts::{Format, FormatFallback, FormatProbe, Part};

/// Locks the format of an image type, a section type or any other dumpable type in snapshots.
///
/// The snapshots are in the folder `formats` beside the crate's manifest, or in the folder that `in` names:
/// `Vm.snap` for the image and `Vm.faces.snap` for each section of it, so that two changes of two sections are two
/// changes of two files. The crate needs `insta` among its dev-dependencies; the macro calls `::insta`.
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
/// If a layout has changed and its version has not: bump the version, then run `cargo insta review`. If a snapshot is
/// left of a section that is gone, or was edited. Otherwise as `insta::assert_snapshot!`, when all snapshots that are
/// new or differ are there for review.
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
        // One that differs must not hide the next.
        let mut differ = ::std::vec::Vec::new();
        for part in format.parts() {
            let folder = folder.clone();
            let asserted = ::std::panic::catch_unwind(|| {
                ::insta::with_settings!(
                    { snapshot_path => folder, prepend_module_to_snapshot => false, omit_expression => true },
                    { ::insta::assert_snapshot!(part.file_stem(), part.text()) }
                );
            });
            if asserted.is_err() {
                differ.push(part.name.as_str());
            }
        }
        if !differ.is_empty() {
            ::core::panic!("the format of {} is to be reviewed: run `cargo insta review`", differ.join(", "));
        }
    }};
}
