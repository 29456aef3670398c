//! One process rebuilds an image at a time.
//!
//! The lock is the kernel's, on an empty file beside the image, so it goes with the process that holds it, however that
//! ends. The file stays: removing it would let two processes hold locks of two files of one name.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::error::DumpError;

/// How long to wait before looking at the lock again: first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(20));

/// The right to rebuild an image.
pub(super) struct Lock {
    /// None where there is no lock to be had: files are replaced as a whole, so the worst is that two processes boot.
    file: Option<File>,
}

/// What came of waiting for a lock.
pub(super) enum Waited {
    /// It is held.
    Held(Lock),
    /// Somebody replaced the image meanwhile.
    Replaced,
    /// The image is left as it is: who had the lock could not write it, or holds it still.
    Left(DumpError),
}

impl Lock {
    /// Waits for the lock of `image`, until `is_replaced` says that there is a new one.
    pub(super) fn wait(image: &Path, patience: Duration, mut is_replaced: impl FnMut() -> bool) -> Waited {
        let path = lock_path(image);
        let Some(file) = open(&path) else { return Waited::Held(Self { file: None }) };
        let (started, failures) = (Instant::now(), failures(&file));
        let mut pause = PAUSES.0;
        loop {
            let locked = file.try_lock();
            if is_replaced() {
                return Waited::Replaced;
            }
            match locked {
                // It was not this image's day: all who have waited so far would fail in turn, one boot after the other.
                Ok(()) if failures != self::failures(&file) => {
                    return Waited::Left(left(image, "the process that held its lock could not"));
                }
                Ok(()) => return Waited::Held(Self { file: Some(file) }),
                Err(TryLockError::WouldBlock) => {}
                // A file system without locks.
                Err(TryLockError::Error(_)) => return Waited::Held(Self { file: None }),
            }
            if started.elapsed() >= patience {
                let problem = format!("another process has held {} for {patience:?}", path.display());
                return Waited::Left(left(image, &problem));
            }
            std::thread::sleep(pause.min(patience.saturating_sub(started.elapsed())));
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// Lets those go who wait: this process could not write the image, and they would not either.
    pub(super) fn give_up(self) {
        if let Some(file) = self.file {
            // The length counts the failures: it changes on a full disk too. Where it cannot be changed, the others try.
            let _ = file.set_len(failures(&file).wrapping_add(1) % FAILURES);
        }
    }
}

/// Failures are counted up to here: holes need no blocks, but a file of many bytes looks like something.
const FAILURES: u64 = 1 << 10;

fn failures(file: &File) -> u64 {
    file.metadata().map_or(0, |metadata| metadata.len())
}

fn left(image: &Path, problem: &str) -> DumpError {
    DumpError::io("rebuild", image.to_path_buf(), Error::new(ErrorKind::ResourceBusy, problem))
}

/// The lock file of an image: `vm.ndump.lock`.
pub(super) fn lock_path(image: &Path) -> PathBuf {
    let mut path = image.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}

fn open(path: &Path) -> Option<File> {
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).open(path);
    // The lock file of somebody else can be locked all the same.
    file.or_else(|_| File::open(path)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    const LONG: Duration = Duration::from_secs(600);

    fn held(image: &Path) -> Lock {
        match Lock::wait(image, Duration::ZERO, || false) {
            Waited::Held(lock) => lock,
            Waited::Replaced | Waited::Left(_) => panic!("nobody holds it"),
        }
    }

    /// Waits in another thread, and says when it does.
    fn waiting(image: &Path, patience: Duration) -> (mpsc::Receiver<()>, std::thread::JoinHandle<Waited>) {
        let ((looks, looked), image) = (mpsc::channel(), image.to_path_buf());
        let wait = move || {
            Lock::wait(&image, patience, || {
                // Whoever listens has gone when it knows enough.
                let _ = looks.send(());
                false
            })
        };
        (looked, std::thread::spawn(wait))
    }

    #[test]
    fn who_waits_gets_the_lock_when_its_holder_is_done() {
        let folder = tempfile::tempdir().expect("a folder");
        let image = folder.path().join("vm.ndump");
        let lock = held(&image);
        let (looked, waiting) = waiting(&image, LONG);
        looked.recv().expect("it waits");
        drop(lock);
        assert!(matches!(waiting.join().expect("it ends"), Waited::Held(Lock { file: Some(_) })));
    }

    #[test]
    fn who_waited_for_a_process_that_could_not_write_does_not_try_in_turn() {
        let folder = tempfile::tempdir().expect("a folder");
        let image = folder.path().join("vm.ndump");
        let lock = held(&image);
        let waiting: Vec<_> = (0..3).map(|_| waiting(&image, LONG)).collect();
        waiting.iter().for_each(|(looked, _)| looked.recv().expect("it waits"));
        lock.give_up();
        for (_, waiting) in waiting {
            let Waited::Left(error) = waiting.join().expect("it ends") else { panic!("it was told") };
            assert!(error.to_string().ends_with("the process that held its lock could not"), "{error}");
        }
        // Who comes later tries.
        held(&image);
    }

    #[test]
    fn patience_ends() {
        let folder = tempfile::tempdir().expect("a folder");
        let image = folder.path().join("vm.ndump");
        let _lock = held(&image);
        let (_, waiting) = waiting(&image, Duration::from_millis(5));
        let Waited::Left(error) = waiting.join().expect("it ends") else { panic!("the lock is held") };
        let expected = format!("another process has held {} for 5ms", lock_path(&image).display());
        assert!(error.to_string().ends_with(&expected), "{error}");
    }

    #[test]
    fn an_image_that_is_replaced_meanwhile_ends_the_wait() {
        let folder = tempfile::tempdir().expect("a folder");
        let image = folder.path().join("vm.ndump");
        let _lock = held(&image);
        assert!(matches!(Lock::wait(&image, LONG, || true), Waited::Replaced));
    }

    #[test]
    fn without_a_folder_for_the_lock_nobody_waits() {
        let image = Path::new("/dev/null/vm.ndump");
        assert!(matches!(Lock::wait(image, LONG, || false), Waited::Held(Lock { file: None })));
    }
}
