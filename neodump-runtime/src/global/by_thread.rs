//! A registry of the process that has a state for each thread.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, TryLockError};
use std::thread::{self, ThreadId};

use super::kinds::LOCKED;
use super::{Active, Global, GlobalError};

/// How often a thread gives way to readers of its state.
const PATIENCE: usize = 1000;

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

    /// Changes what the machine that runs on this thread has. `change` must not come back here: it would wait for
    /// itself.
    pub fn with_mine<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        change(&mut self.mine().write().unwrap_or_else(PoisonError::into_inner))
    }
}

// SAFETY: the content is in a lock that is never freed, and the lock keeps it as it is.
unsafe impl<T: Default + Send + Sync> Global for ByThread<T> {
    type State = T;
    type Guard = RwLockReadGuard<'static, Active<T>>;

    fn with<R>(&'static self, change: impl FnOnce(&mut Active<T>) -> R) -> Result<R, GlobalError> {
        let lock = self.mine();
        // Readers on other threads are done soon; this thread itself is not, if it is in `with_mine`.
        for _ in 0..PATIENCE {
            match lock.try_write() {
                Ok(mut active) => return Ok(change(&mut active)),
                Err(TryLockError::Poisoned(poisoned)) => return Ok(change(&mut poisoned.into_inner())),
                Err(TryLockError::WouldBlock) => thread::yield_now(),
            }
        }
        Err(GlobalError::new(LOCKED))
    }

    unsafe fn hold(&'static self) -> Result<Self::Guard, GlobalError> {
        match self.mine().try_read() {
            Ok(active) => Ok(active),
            Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => Err(GlobalError::new(LOCKED)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_is_changing_its_state_is_not_waited_for() {
        static WORDS: ByThread<Vec<u32>> = ByThread::new();
        let refused = WORDS.with_mine(|words| {
            words.push(1);
            // SAFETY: no guard comes out, or it is dropped here.
            let held = unsafe { WORDS.hold() };
            (WORDS.with(|_| ()).is_err(), held.is_err())
        });
        assert_eq!(refused, (true, true));
        assert_eq!(WORDS.with(|active| active.len()), Ok(1));
    }
}
