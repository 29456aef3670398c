//! The kinds of statics that hold the state of a machine.

use std::cell::{Ref, RefCell};
use std::fmt;
use std::ops::Deref;
use std::sync::{LazyLock, Mutex, MutexGuard, RwLock, RwLockReadGuard, TryLockError};
use std::thread::LocalKey;

use super::Active;

/// A static that holds the state of the active machine: a thread-local `RefCell`, a `Mutex` or `RwLock`, or one
/// of these in a `LazyLock`.
///
/// Implement it for a lock of another crate.
///
/// # Safety
///
/// What a guard of [`hold`](Self::hold) gives stays at its address when the guard is moved, and until the guard is
/// dropped it is neither dropped nor changed: a dump keeps pointers into it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no static that holds the state of a machine",
    label = "not a thread-local `RefCell<Active<T>>`, `Mutex<Active<T>>` or `RwLock<Active<T>>`",
    note = "wrap the content of the static in `neodump_runtime::global::Active`"
)]
pub unsafe trait Global: Sync + 'static {
    /// The state of one machine.
    type State: 'static;

    /// Keeps the content as it is while a dump reads it.
    type Guard: Deref<Target = Active<Self::State>>;

    /// Calls `change` with the content, or says that somebody holds it. Never waits.
    ///
    /// # Errors
    ///
    /// The static is locked or borrowed, or its thread ends.
    fn with<R>(&'static self, change: impl FnOnce(&mut Active<Self::State>) -> R) -> Result<R, GlobalError>;

    /// Reads the content under a guard. Never waits.
    ///
    /// # Safety
    ///
    /// The guard must be dropped, or forgotten, before the current thread ends: it may be that of a thread-local.
    ///
    /// # Errors
    ///
    /// As [`with`](Self::with).
    unsafe fn hold(&'static self) -> Result<Self::Guard, GlobalError>;
}

/// Why the state of a machine could not be brought into a static or out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GlobalError {
    pub(super) problem: &'static str,
    /// The field of the machine.
    pub(super) field: &'static str,
}

impl GlobalError {
    /// Says what is wrong with the static.
    pub fn new(problem: &'static str) -> Self {
        Self { problem, field: "" }
    }

    pub(super) fn of(self, field: &'static str) -> Self {
        Self { field, ..self }
    }

    /// The field of the machine whose static it is.
    pub fn field(&self) -> &'static str {
        self.field
    }

    /// What is wrong, and what to do about it.
    pub fn problem(&self) -> &'static str {
        self.problem
    }
}

impl fmt::Display for GlobalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(self.problem)
    }
}

impl std::error::Error for GlobalError {}

pub(super) const LOCKED: &str = "the static is locked; release it before a dump, a load or an activation";
const BORROWED: &str = "the thread-local is borrowed; end the borrow before a dump, a load or an activation";
const ENDED: &str = "the thread-local is gone, since its thread ends";

/// Keeps a thread-local as it is while a dump reads it.
#[derive(Debug)]
pub struct LocalGuard<T: 'static>(Ref<'static, Active<T>>);

impl<T> Deref for LocalGuard<T> {
    type Target = Active<T>;
    fn deref(&self) -> &Active<T> {
        &self.0
    }
}

// SAFETY: the content is in the cell of the thread-local, which the borrow keeps as it is.
unsafe impl<T: 'static> Global for LocalKey<RefCell<Active<T>>> {
    type State = T;
    type Guard = LocalGuard<T>;

    fn with<R>(&'static self, change: impl FnOnce(&mut Active<T>) -> R) -> Result<R, GlobalError> {
        self.try_with(|cell| {
            let mut content = cell.try_borrow_mut().map_err(|_| GlobalError::new(BORROWED))?;
            Ok(change(&mut content))
        })
        .unwrap_or(Err(GlobalError::new(ENDED)))
    }

    unsafe fn hold(&'static self) -> Result<LocalGuard<T>, GlobalError> {
        self.try_with(|cell| {
            // SAFETY: the caller promises that the guard is gone before the thread ends, and the cell lives
            // until then. The guard is not `Send`.
            let cell = unsafe { &*std::ptr::from_ref(cell) };
            cell.try_borrow().map(LocalGuard).map_err(|_| GlobalError::new(BORROWED))
        })
        .unwrap_or(Err(GlobalError::new(ENDED)))
    }
}

/// A lock whose holder panicked holds a state like any other.
macro_rules! lock {
    ($try_lock:expr) => {
        match $try_lock {
            Ok(guard) => Ok(guard),
            Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => Err(GlobalError::new(LOCKED)),
        }
    };
}

// SAFETY: the content is in the static, and the lock keeps it as it is.
unsafe impl<T: Send + 'static> Global for Mutex<Active<T>> {
    type State = T;
    type Guard = MutexGuard<'static, Active<T>>;

    fn with<R>(&'static self, change: impl FnOnce(&mut Active<T>) -> R) -> Result<R, GlobalError> {
        Ok(change(&mut *lock!(self.try_lock())?))
    }

    unsafe fn hold(&'static self) -> Result<Self::Guard, GlobalError> {
        lock!(self.try_lock())
    }
}

// SAFETY: as for a mutex.
unsafe impl<T: Send + Sync + 'static> Global for RwLock<Active<T>> {
    type State = T;
    type Guard = RwLockReadGuard<'static, Active<T>>;

    fn with<R>(&'static self, change: impl FnOnce(&mut Active<T>) -> R) -> Result<R, GlobalError> {
        Ok(change(&mut *lock!(self.try_write())?))
    }

    unsafe fn hold(&'static self) -> Result<Self::Guard, GlobalError> {
        lock!(self.try_read())
    }
}

// SAFETY: that of the content, which the lazy static never moves once it is there.
unsafe impl<G: Global + Send> Global for LazyLock<G> {
    type State = G::State;
    type Guard = G::Guard;

    fn with<R>(&'static self, change: impl FnOnce(&mut Active<G::State>) -> R) -> Result<R, GlobalError> {
        G::with(self, change)
    }

    unsafe fn hold(&'static self) -> Result<G::Guard, GlobalError> {
        // SAFETY: forwarded from the caller.
        unsafe { G::hold(self) }
    }
}
