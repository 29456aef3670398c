//! What a thread forgets when a machine starts on it: caches that belong to the heap of the machine before.
//!
//! The list of what to reset belongs to the thread, like the caches. It is made when the thread first asks, of all that the
//! machine itself needs: a thread cannot miss the hooks that another one registered.

use std::cell::RefCell;

/// A name, for whoever looks at the list, and the function that empties the cache.
pub type Reset = (&'static str, fn());

/// What every thread resets.
const CORE: &[Reset] = &[("regexps", crate::regexp::forget)];

thread_local! {
    static RESETS: RefCell<Vec<Reset>> = RefCell::new(CORE.to_vec());
}

/// Adds a function to this thread's list. A name that is there already is replaced.
pub fn register(name: &'static str, reset: fn()) {
    RESETS.with_borrow_mut(|resets| {
        resets.retain(|(other, _)| *other != name);
        resets.push((name, reset));
    });
}

/// The names on this thread's list, in the order in which they run.
pub fn names() -> Vec<&'static str> {
    RESETS.with_borrow(|resets| resets.iter().map(|(name, _)| *name).collect())
}

/// Runs this thread's list: a machine with a heap of its own starts here.
pub(crate) fn run() {
    // A copy: a reset may register another.
    let resets = RESETS.with_borrow(Vec::clone);
    resets.iter().for_each(|(_, reset)| reset());
}
