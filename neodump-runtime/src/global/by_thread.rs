//! A registry of the process that has a state for each thread.

use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::thread::{self, ThreadId};

use super::{Active, Global, GlobalError};

/// What the machine that runs on one thread has.
type OfThread<T> = &'static RwLock<Active<T>>;

/// What the machines that run have, by thread. A machine changes what its own thread has; any thread reads what another one
/// has.
///
/// One lock for all machines would let only one of them run at a time: each runs with its own state where the others
/// would look. So each thread that ran a machine has a lock, a few dozen bytes that stay for the life of the process.
///
/// ```
/// use neodump_runtime::global::ByThread;
///
/// static FONTS: ByThread<Vec<String>> = ByThread::new();
///
/// FONTS.with_mine(|fonts| fonts.push("fixed".to_owned()));
/// assert_eq!(FONTS.with_mine(|fonts| fonts.len()), 1);
/// // No machine runs on this thread: what it has belongs to nobody.
/// assert_eq!(FONTS.with_active_on(std::thread::current().id(), |fonts| fonts.len()), None);
/// ```
pub struct ByThread<T: 'static> {
    threads: RwLock<Vec<(ThreadId, OfThread<T>)>>,
}

impl<T: Default> Default for ByThread<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Default> ByThread<T> {
    /// A registry in which no machine runs.
    pub const fn new() -> Self {
        Self { threads: RwLock::new(Vec::new()) }
    }

    fn of(&self, thread: ThreadId) -> Option<OfThread<T>> {
        let threads = self.threads.read().unwrap_or_else(PoisonError::into_inner);
        threads.iter().find(|(other, _)| *other == thread).map(|(_, lock)| *lock)
    }

    /// The lock of this thread.
    fn mine(&self) -> OfThread<T> {
        let this = thread::current().id();
        if let Some(lock) = self.of(this) {
            return lock;
        }
        let mut threads = self.threads.write().unwrap_or_else(PoisonError::into_inner);
        let lock: OfThread<T> = Box::leak(Box::default());
        threads.push((this, lock));
        lock
    }

    /// Reads what the machine that runs on a thread has.
    pub fn with_active_on<R>(&self, thread: ThreadId, read: impl FnOnce(&T) -> R) -> Option<R> {
        let active = self.of(thread)?.read().unwrap_or_else(PoisonError::into_inner);
        active.is_owned().then(|| read(&active))
    }

    /// Changes what the machine that runs on this thread has.
    pub fn with_mine<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        change(&mut self.mine().write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T: Default + Send + Sync> Global for ByThread<T> {
    type State = T;
    type Guard = RwLockReadGuard<'static, Active<T>>;

    /// Waits for readers on other threads, which are done soon; a machine's own thread never holds its lock here.
    fn with<R>(&'static self, change: impl FnOnce(&mut Active<T>) -> R) -> Result<R, GlobalError> {
        Ok(change(&mut self.mine().write().unwrap_or_else(PoisonError::into_inner)))
    }

    unsafe fn hold(&'static self) -> Result<Self::Guard, GlobalError> {
        Ok(self.mine().read().unwrap_or_else(PoisonError::into_inner))
    }
}
