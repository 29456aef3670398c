//! What a machine holds: its key to the state in a static.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Before, Global, GlobalError};

/// A field of a machine whose state lives in a static while, and since, the machine is active.
///
/// A machine that was never active, or was [deactivated](super::deactivate), holds the state itself. Dropping
/// it takes the state out of the static.
pub struct Captured<T> {
    /// The number of the machine in its statics, of no other machine in the process.
    id: u64,
    /// The state, unless it is in the static.
    state: Option<T>,
    /// Where the state is when it is not here.
    home: Option<&'static dyn Home>,
}

/// A static, whatever its kind.
trait Home: Sync {
    /// Drops the state of a machine.
    fn forget(&'static self, id: u64);
}

impl<G: Global> Home for G {
    fn forget(&'static self, id: u64) {
        // Dropped when the static is free again: the state may look at it. A static that is locked, or that of a
        // thread which has ended, keeps the state.
        let state = self.with(|active| active.leave(id));
        drop(state);
    }
}

impl<T> Captured<T> {
    /// The state of a machine that is not active yet.
    pub fn new(state: T) -> Self {
        // Nobody is 0.
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self { id: NEXT.fetch_add(1, Ordering::Relaxed), state: Some(state), home: None }
    }

    /// The state, if the machine holds it itself: it was never active, or is deactivated.
    pub fn get(&self) -> Option<&T> {
        self.state.as_ref()
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.state.as_mut()
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }
}

impl<T: Default> Default for Captured<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for Captured<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Captured").field("state", &self.state).finish_non_exhaustive()
    }
}

impl<T> Drop for Captured<T> {
    fn drop(&mut self) {
        if let (None, Some(home)) = (&self.state, self.home) {
            home.forget(self.id);
        }
    }
}

/// The type of a field with `global`.
#[diagnostic::on_unimplemented(
    message = "a `global` field has the type `Captured<T>`, not `{Self}`",
    label = "cannot be brought into a static",
    note = "write `neodump_runtime::global::Captured<{Self}>`, and keep `Active<{Self}>` in the static"
)]
pub trait Capture {
    /// The state.
    type State;
}

impl<T> Capture for Captured<T> {
    type State = T;
}

/// A field with its static.
pub trait Attached {
    /// Brings the state into the static and makes it the active one; says what was before.
    ///
    /// # Errors
    ///
    /// The static is held by somebody, or the state is in that of another thread.
    fn activate(&mut self) -> Result<Before, GlobalError>;

    /// Takes the state out of the static.
    ///
    /// # Errors
    ///
    /// As [`activate`](Self::activate).
    fn deactivate(&mut self) -> Result<(), GlobalError>;

    /// Undoes an activation.
    ///
    /// # Errors
    ///
    /// The static is held by somebody.
    fn restore(&mut self, before: &Before) -> Result<(), GlobalError>;
}

/// A field, its static and its name.
pub(crate) struct Field<'a, G: Global> {
    pub(crate) captured: &'a mut Captured<G::State>,
    pub(crate) global: &'static G,
    pub(crate) name: &'static str,
}

const ELSEWHERE: &str =
    "the state of the machine is in the thread-local of another thread; deactivate the machine there first";

const ANOTHER: &str = "the activation is that of another machine; end it with the machine that it began with";

impl<G: Global> Attached for Field<'_, G> {
    fn activate(&mut self) -> Result<Before, GlobalError> {
        let Self { captured, global, name } = self;
        let held = captured.state.is_some();
        let before = global.with(|active| {
            if let Some(state) = captured.state.take() {
                active.enter(captured.id, state);
            }
            let before = active.owner();
            if active.switch(captured.id) { Ok(before) } else { Err(GlobalError::new(ELSEWHERE)) }
        });
        let active = before.flatten().map_err(|error| error.of(name))?;
        captured.home = Some(*global);
        Ok(Before { of: captured.id, active, held })
    }

    fn deactivate(&mut self) -> Result<(), GlobalError> {
        let Self { captured, global, name } = self;
        if captured.state.is_some() {
            return Ok(());
        }
        captured.state = global.with(|active| active.leave(captured.id)).map_err(|error| error.of(name))?;
        if captured.state.is_none() {
            return Err(GlobalError::new(ELSEWHERE).of(name));
        }
        captured.home = None;
        Ok(())
    }

    fn restore(&mut self, before: &Before) -> Result<(), GlobalError> {
        let Self { captured, global, name } = self;
        if before.of != captured.id {
            return Err(GlobalError::new(ANOTHER).of(name));
        }
        let restored = global.with(|active| {
            active.switch(before.active);
            if before.held {
                captured.state = active.leave(captured.id);
            }
        });
        restored.map_err(|error| error.of(name))
    }
}
