//! Writing an image: as bytes, or into a file that is replaced as a whole or not at all.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, IoSlice, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::{Checksum, Identity, Layout, SEGMENT_ALIGN, encode_header};
use crate::bounds::{to_u64, to_usize};
use crate::error::{DumpError, Result};

/// What padding is made of: a segment's padding is shorter than its alignment.
static ZEROS: [u8; SEGMENT_ALIGN as usize] = [0; SEGMENT_ALIGN as usize];

/// The image as bytes. `bodies` has the bytes of each section of `layout`, in its order.
pub fn to_bytes(identity: &Identity, layout: &Layout, bodies: &[&[u8]]) -> Result<Vec<u8>> {
    let bodies = whole(bodies);
    let header = sealed_header(identity, layout, &bodies)?;
    Ok(join(&header, layout, &bodies))
}

/// The bytes of a section: one piece after the other.
type Body<'a> = Vec<&'a [u8]>;

fn whole<'a>(bodies: &[&'a [u8]]) -> Vec<Body<'a>> {
    bodies.iter().map(|body| vec![*body]).collect()
}

fn length(body: &Body<'_>) -> u64 {
    body.iter().map(|piece| to_u64(piece.len())).sum()
}

/// The bytes of an image whose header region is there already.
pub(crate) fn join(header: &[u8], layout: &Layout, bodies: &[Body<'_>]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(to_usize(layout.file_len()).unwrap_or(0));
    super::advise_huge(bytes.as_ptr(), bytes.capacity());
    for piece in pieces(header, layout, bodies) {
        bytes.extend_from_slice(piece);
    }
    bytes
}

/// Writes the image to `path` and returns its length. `bodies` has the bytes of each section of
/// `layout`, in its order.
///
/// The bytes go to a temporary file in the same folder, which takes the place of `path` only when they
/// have reached the disk: on any failure a file at `path` is what it was. The new file is a new inode,
/// so a process that has mapped the old one keeps it; a symbolic link at `path` is replaced.
pub fn write_atomic(
    path: impl AsRef<Path>,
    identity: &Identity,
    layout: &Layout,
    bodies: &[&[u8]],
) -> Result<u64> {
    let bodies = whole(bodies);
    let header = sealed_header(identity, layout, &bodies)?;
    replace_by(path.as_ref(), &header, layout, &bodies)
}

/// As [`write_atomic`], for an image whose header region is there already.
pub(crate) fn replace_by(path: &Path, header: &[u8], layout: &Layout, bodies: &[Body<'_>]) -> Result<u64> {
    let mut replacement = Replacement::beside(path)?;
    let length = replacement.write(header, layout, bodies)?;
    replacement.commit()?;
    Ok(length)
}

/// The header region of an image, with the checksums of `bodies`.
pub(crate) fn sealed_header(identity: &Identity, layout: &Layout, bodies: &[Body<'_>]) -> Result<Vec<u8>> {
    let sections = layout.sections();
    if bodies.len() != sections.len() {
        return Err(DumpError::Serialization {
            path: identity.name.clone(),
            problem: format!("{} bodies for {} sections", bodies.len(), sections.len()),
        });
    }
    let mut checksums = Vec::with_capacity(sections.len());
    for (placed, body) in sections.iter().zip(bodies) {
        if length(body) != placed.extent.length {
            return Err(DumpError::Serialization {
                path: placed.spec.name.clone(),
                problem: format!(
                    "the section has {} bytes, {} were laid out; report this as a bug of neodump",
                    length(body),
                    placed.extent.length
                ),
            });
        }
        let mut sum = Checksum::new();
        body.iter().for_each(|piece| sum.update(piece));
        sum.update(padding(placed.covered.length, body));
        checksums.push(sum.finish());
    }
    encode_header(identity, layout, &checksums)
}

/// The zeros that follow `body`, which with them covers `covered` bytes.
fn padding(covered: u64, body: &Body<'_>) -> &'static [u8] {
    let length = covered.saturating_sub(length(body));
    ZEROS.get(..to_usize(length).unwrap_or(0)).unwrap_or(&[])
}

/// All bytes of the file in order.
fn pieces<'a>(
    header: &'a [u8],
    layout: &'a Layout,
    bodies: &'a [Body<'a>],
) -> impl Iterator<Item = &'a [u8]> {
    let sections = layout.sections().iter().zip(bodies);
    let sections = sections
        .flat_map(|(placed, body)| body.iter().copied().chain([padding(placed.covered.length, body)]));
    std::iter::once(header).chain(sections)
}

/// Writes all `pieces` with as few system calls as the kernel takes: a call each for up to a thousand pieces.
fn write_all_pieces(file: &mut impl Write, pieces: Vec<&[u8]>) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> =
        pieces.into_iter().filter(|piece| !piece.is_empty()).map(IoSlice::new).collect();
    let mut left = slices.as_mut_slice();
    while !left.is_empty() {
        match file.write_vectored(left) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut left, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A file that is to take the place of another one: a temporary file in the same folder. Dropped before it is committed,
/// it is removed, and the other one is as it was.
pub(crate) struct Replacement {
    path: PathBuf,
    temporary: NamedTempFile,
    /// Open before anything is replaced: afterwards nothing fails any more.
    #[cfg(unix)]
    folder: File,
}

/// What the temporary files of a rebuild end in.
const REBUILT: &str = ".neodump-tmp";

impl Replacement {
    /// A new empty file beside `path`.
    pub(crate) fn beside(path: &Path) -> Result<Self> {
        Self::named(path, OsStr::new(".neodump-"), ".tmp")
    }

    /// A new empty file beside `path`, for a rebuild: what remains of those that were killed is told by its name, and
    /// removed if nobody else rebuilds this image now.
    pub(crate) fn rebuilt(path: &Path, is_alone: bool) -> Result<Self> {
        let mut prefix = OsString::from(".");
        prefix.push(path.file_name().unwrap_or_default());
        prefix.push(".");
        if is_alone {
            remove_rebuilt(folder_of(path), &prefix);
        }
        Self::named(path, &prefix, REBUILT)
    }

    fn named(path: &Path, prefix: &OsStr, suffix: &str) -> Result<Self> {
        let failed = |error| DumpError::io("create a temporary file beside", path.to_path_buf(), error);
        #[cfg(unix)]
        let folder = File::open(folder_of(path)).map_err(failed)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(prefix).suffix(suffix);
        // An image is as readable as any file that the process creates: the process's mask applies.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let temporary = builder.tempfile_in(folder_of(path)).map_err(failed)?;
        Ok(Self {
            path: path.to_path_buf(),
            temporary,
            #[cfg(unix)]
            folder,
        })
    }

    /// Writes an image whose header region is there already, until it has reached the disk. Returns its length.
    pub(crate) fn write(&mut self, header: &[u8], layout: &Layout, bodies: &[Body<'_>]) -> Result<u64> {
        self.fill(|file| {
            write_all_pieces(file, pieces(header, layout, bodies).collect()).map_err(|error| ("write", error))
        })?;
        Ok(layout.file_len())
    }

    /// Writes these bytes, until they have reached the disk, to a file of the same owner and permissions, but for those to
    /// run as its owner or group. They are its own before there is anything to read in it.
    #[cfg(feature = "stamp")]
    pub(crate) fn write_as(&mut self, bytes: &[u8], like: &std::fs::Metadata) -> Result<()> {
        self.fill(|file| {
            #[cfg_attr(not(unix), expect(unused_mut, reason = "nothing is masked there"))]
            let mut permissions = like.permissions();
            #[cfg(unix)]
            {
                use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
                let mine = file.metadata().map_err(|error| ("read the owner of", error))?;
                if (mine.uid(), mine.gid()) != (like.uid(), like.gid()) {
                    fchown(&*file, Some(like.uid()), Some(like.gid()))
                        .map_err(|error| ("keep the owner of", error))?;
                }
                permissions.set_mode(permissions.mode() & 0o777);
            }
            file.set_permissions(permissions).map_err(|error| ("set the permissions of", error))?;
            file.write_all(bytes).map_err(|error| ("write", error))
        })
    }

    fn fill(&mut self, fill: impl FnOnce(&mut File) -> Result<(), (&'static str, io::Error)>) -> Result<()> {
        fill(self.temporary.as_file_mut())
            .and_then(|()| self.temporary.as_file().sync_all().map_err(|error| ("sync", error)))
            .map_err(|(action, error)| DumpError::io(action, self.path.clone(), error))
    }

    /// The file with the bytes, which is that at the path after [`commit`](Self::commit).
    pub(crate) fn file(&self) -> &File {
        self.temporary.as_file()
    }

    /// Takes the place of the file at the path. On unix the folder is synced besides, so that the rename itself is
    /// durable; where that fails the new file is in its place all the same, which is no failure of who wrote it.
    pub(crate) fn commit(self) -> Result<()> {
        let Self { path, temporary, .. } = self;
        temporary
            .persist(&path)
            .map_err(|error| DumpError::io("rename a temporary file to", path.clone(), error.error))?;
        #[cfg(unix)]
        let _ = self.folder.sync_all();
        Ok(())
    }
}

/// Removes the temporary files of rebuilds whose names start with `prefix`. One that stays costs space, so no failure is
/// told.
fn remove_rebuilt(folder: &Path, prefix: &OsStr) {
    let is_litter = |name: &OsStr| {
        let rest = name.as_encoded_bytes().strip_prefix(prefix.as_encoded_bytes());
        // A point between would be one of another image, whose name is longer.
        rest.and_then(|rest| rest.strip_suffix(REBUILT.as_bytes())).is_some_and(|rest| !rest.contains(&b'.'))
    };
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if is_litter(&entry.file_name()) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// The folder that a file is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Replaces the file at `path` by what `fill` writes, or leaves it as it is.
    fn replace(
        path: &Path,
        fill: impl FnOnce(&mut File) -> Result<(), (&'static str, io::Error)>,
    ) -> Result<()> {
        let mut replacement = Replacement::beside(path)?;
        replacement.fill(fill)?;
        replacement.commit()
    }

    /// The names in `folder`, sorted.
    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).expect("a folder");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn an_existing_image_survives_a_write_that_fails_halfway() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("vm.ndump");
        std::fs::write(&path, "the image before").expect("written");
        let error = replace(&path, |file| {
            file.write_all(b"half of the new").map_err(|error| ("write", error))?;
            Err(("write", io::ErrorKind::StorageFull.into()))
        })
        .expect_err("the disk is full");
        assert!(error.to_string().starts_with(&format!("cannot write {}", path.display())), "{error}");
        assert_eq!(std::fs::read(&path).expect("read"), b"the image before");
        assert_eq!(names(folder.path()), ["vm.ndump"]);
    }

    #[test]
    fn a_writer_that_unwinds_leaves_the_old_image_and_no_litter() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("vm.ndump");
        std::fs::write(&path, "the image before").expect("written");
        let unwound =
            std::panic::catch_unwind(|| replace(&path, |_| std::panic::resume_unwind(Box::new(()))));
        assert!(unwound.is_err());
        assert_eq!(std::fs::read(&path).expect("read"), b"the image before");
        assert_eq!(names(folder.path()), ["vm.ndump"]);
    }

    #[test]
    fn a_target_that_cannot_be_replaced_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("folder");
        std::fs::create_dir(&path).expect("a folder");
        let error = replace(&path, |_| Ok(())).expect_err("a folder is in the way");
        assert_eq!(error.path(), Some(path.as_path()));
        assert_eq!(names(folder.path()), ["folder"]);
        let nowhere = folder.path().join("nowhere").join("vm.ndump");
        let error = replace(&nowhere, |_| Ok(())).expect_err("there is no such folder");
        assert_eq!(error.path(), Some(nowhere.as_path()));
    }

    #[test]
    fn an_image_is_replaced_by_a_new_file() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("vm.ndump");
        std::fs::write(&path, "the image before").expect("written");
        let old = File::open(&path).expect("open");
        replace(&path, |file| file.write_all(b"the image after").map_err(|error| ("write", error)))
            .expect("replaced");
        assert_eq!(std::fs::read(&path).expect("read"), b"the image after");
        assert_eq!(io::read_to_string(old).expect("read"), "the image before");
        assert_eq!(names(folder.path()), ["vm.ndump"]);
    }

    #[test]
    #[cfg(unix)]
    fn a_folder_that_cannot_be_synced_does_not_make_a_failure_of_what_is_in_its_place() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("vm.ndump");
        let mut replacement = Replacement::beside(&path).expect("a temporary file");
        replacement
            .fill(|file| file.write_all(b"the image").map_err(|error| ("write", error)))
            .expect("written");
        replacement.folder = File::open("/dev/null").expect("open");
        assert!(replacement.folder.sync_all().is_err());
        replacement.commit().expect("it is in its place");
        assert_eq!(std::fs::read(&path).expect("read"), b"the image");
    }

    #[test]
    #[cfg(unix)]
    fn a_folder_that_cannot_be_opened_is_an_error_before_anything_is_replaced() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mode = |mode| std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode));
        let path = folder.path().join("vm.ndump");
        std::fs::write(&path, "the image before").expect("written");
        mode(0o300).expect("it can be written, and not be read");
        // Whoever may do everything may open it too.
        let may_read = File::open(folder.path()).is_ok();
        let replaced = replace(&path, |file| file.write_all(b"after").map_err(|error| ("write", error)));
        mode(0o700).expect("opened");
        assert_eq!(replaced.is_ok(), may_read, "{replaced:?}");
        assert_eq!(std::fs::read(&path).expect("read") == b"the image before", !may_read);
        assert_eq!(names(folder.path()), ["vm.ndump"]);
    }

    #[test]
    fn what_killed_rebuilds_of_an_image_have_left_goes_with_the_next_one_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("vm");
        let others = [".vm.ndump.aBc123.neodump-tmp", ".vm.notes", "vm.neodump-tmp", ".neodump-aBc123.tmp"];
        for name in others.iter().chain(&[".vm.aBc123.neodump-tmp", ".vm.dEf456.neodump-tmp"]) {
            std::fs::write(folder.path().join(name), "half of it").expect("written");
        }
        let count = || names(folder.path()).len();
        drop(Replacement::rebuilt(&path, false).expect("a temporary file"));
        assert_eq!(count(), 6, "others may be about to write them");
        let replacement = Replacement::rebuilt(&path, true).expect("a temporary file");
        assert_eq!(count(), 5);
        drop(replacement);
        let mut left = others.to_vec();
        left.sort_unstable();
        assert_eq!(names(folder.path()), left);
    }

    #[test]
    fn what_is_read_back_is_what_was_written_whatever_has_its_name_now() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut replacement = Replacement::beside(&folder.path().join("vm.ndump")).expect("a temporary file");
        replacement
            .fill(|file| file.write_all(b"the image").map_err(|error| ("write", error)))
            .expect("written");
        let other = folder.path().join("other");
        std::fs::write(&other, "something else").expect("written");
        std::fs::rename(&other, replacement.temporary.path()).expect("renamed");
        let source = super::super::Source::File { file: replacement.file(), path: &replacement.path };
        assert_eq!(source.prefix(9).expect("read"), b"the image");
    }

    #[test]
    fn short_writes_are_continued() {
        /// Takes seven bytes at a time, and is interrupted in between.
        struct Slow(Vec<u8>, bool);
        impl Write for Slow {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.1 = !self.1;
                if self.1 {
                    return Err(io::ErrorKind::Interrupted.into());
                }
                let taken = bytes.len().min(7);
                self.0.extend_from_slice(&bytes[..taken]);
                Ok(taken)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut slow = Slow(Vec::new(), false);
        let pieces: Vec<&[u8]> = vec![b"", b"a long first piece", b"", b"and a second", b""];
        write_all_pieces(&mut slow, pieces).expect("written");
        assert_eq!(slow.0, b"a long first pieceand a second");
    }
}
