//! One process rebuilds an image at a time.
//!
//! The lock is the kernel's, on an empty file beside the image, so it goes with the process that holds it, however that
//! ends. Nothing is ever written into that file. It stays, but where a rebuild fails to write: who holds the lock then
//! removes the file, and whoever locks a file that is gone knows that it need not try.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::target::Stamp;
use crate::error::DumpError;
use crate::image::open_regular;

/// How long to wait before looking at the lock again: first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(20));

/// How long a start waits for other processes, all in all.
pub(super) struct Patience {
    started: Instant,
    length: Duration,
}

impl Patience {
    /// Waits from now on.
    pub(super) fn new(length: Duration) -> Self {
        Self { started: Instant::now(), length }
    }

    fn left(&self) -> Duration {
        self.length.saturating_sub(self.started.elapsed())
    }
}

/// The right to rebuild an image.
pub(super) struct Lock {
    /// None where there is no lock to be had: files are replaced as a whole, so the worst is that two processes boot.
    held: Option<(File, PathBuf)>,
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
    /// Waits for the lock of `image`, until `is_replaced` says that there is a new one. That is not asked any more when
    /// the patience is over, so that a start ends.
    pub(super) fn wait(image: &Path, patience: &Patience, mut is_replaced: impl FnMut() -> bool) -> Waited {
        let path = lock_path(image);
        let Some(file) = open(&path) else { return Waited::Held(Self { held: None }) };
        let mut pause = PAUSES.0;
        loop {
            let locked = file.try_lock();
            let left = patience.left();
            if !left.is_zero() && is_replaced() {
                return Waited::Replaced;
            }
            match locked {
                // It was not this image's day: all who have waited so far would fail in turn, one boot after the other.
                Ok(()) if Stamp::of(&path) != Stamp::of_file(&file) => {
                    return Waited::Left(leave(image, "the process that held its lock could not"));
                }
                Ok(()) => return Waited::Held(Self { held: Some((file, path)) }),
                Err(TryLockError::WouldBlock) => {}
                // A file system without locks.
                Err(TryLockError::Error(_)) => return Waited::Held(Self { held: None }),
            }
            if left.is_zero() {
                let problem =
                    format!("another process has held {} for {:?}", path.display(), patience.length);
                return Waited::Left(leave(image, &problem));
            }
            std::thread::sleep(pause.min(left));
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// Whether nobody else holds a lock of this image: not so where there is none to be had.
    pub(super) fn is_exclusive(&self) -> bool {
        self.held.is_some()
    }

    /// Lets those go who wait: this process could not write the image, and they would not either.
    pub(super) fn give_up(self) {
        if let Some((file, path)) = self.held {
            // Where it cannot be removed, the others try.
            let _ = std::fs::remove_file(path);
            drop(file);
        }
    }
}

fn leave(image: &Path, problem: &str) -> DumpError {
    DumpError::io("rebuild", image.to_path_buf(), Error::new(ErrorKind::ResourceBusy, problem))
}

/// The lock file of an image: `.vm.ndump.neodump-lock`, which is a name of nobody else's.
pub(super) fn lock_path(image: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(image.file_name().unwrap_or_default());
    name.push(".neodump-lock");
    image.with_file_name(name)
}

fn open(path: &Path) -> Option<File> {
    let open = |options: &mut OpenOptions| open_regular(path, options, false);
    open(OpenOptions::new().read(true).write(true).create(true).truncate(false))
        // The lock file of somebody else can be locked all the same.
        .or_else(|_| open(OpenOptions::new().read(true)))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    const LONG: Duration = Duration::from_secs(600);

    fn held(image: &Path) -> Lock {
        match Lock::wait(image, &Patience::new(Duration::ZERO), || false) {
            Waited::Held(lock) => lock,
            Waited::Replaced | Waited::Left(_) => panic!("nobody holds it"),
        }
    }

    /// Waits in another thread, and says when it does.
    fn waiting(image: &Path, patience: Duration) -> (mpsc::Receiver<()>, std::thread::JoinHandle<Waited>) {
        let ((looks, looked), image) = (mpsc::channel(), image.to_path_buf());
        let wait = move || {
            Lock::wait(&image, &Patience::new(patience), || {
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
        assert!(matches!(waiting.join().expect("it ends"), Waited::Held(Lock { held: Some(_) })));
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
        assert!(matches!(Lock::wait(&image, &Patience::new(LONG), || true), Waited::Replaced));
    }

    #[test]
    fn without_a_folder_for_the_lock_nobody_waits() {
        let image = Path::new("/dev/null/vm.ndump");
        assert!(matches!(
            Lock::wait(image, &Patience::new(LONG), || false),
            Waited::Held(Lock { held: None })
        ));
    }

    #[test]
    fn patience_is_spent_once_however_often_the_image_is_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let image = folder.path().join("vm.ndump");
        let _lock = held(&image);
        let patience = Patience::new(Duration::from_millis(20));
        let mut replaced = 0_u64;
        while matches!(Lock::wait(&image, &patience, || true), Waited::Replaced) {
            replaced += 1;
        }
        assert!(replaced > 0);
        let length = patience.started.elapsed();
        assert!(matches!(Lock::wait(&image, &patience, || true), Waited::Left(_)), "it is over: {length:?}");
    }

    #[test]
    fn the_lock_file_stays_empty_and_goes_when_its_holder_could_not_write() {
        let folder = tempfile::tempdir().expect("a folder");
        let image = folder.path().join("vm.ndump");
        let lock = held(&image);
        let path = folder.path().join(".vm.ndump.neodump-lock");
        assert_eq!(path.metadata().expect("a lock file").len(), 0);
        lock.give_up();
        assert!(!path.exists());
    }
}
