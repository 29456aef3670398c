//! Leaves of fields with an attribute, and of plain ones: what the derive generates calls to.

use std::any::type_name;
use std::fmt::Display;
use std::marker::PhantomData;

use super::{Fields, Outcome};
use crate::global::Captured;
use crate::native::NativeType;
use crate::record::{Dumpable, Step};

/// How the leaves of a value are shown.
type Show<F> = unsafe fn(*mut F, &mut Fields<'_>);

/// Finds out at compile time whether a field behind `with` has leaves of its own: its type is dumpable too.
///
/// The inherent constant wins over that of [`FieldsOfFallback`] where its bounds hold.
pub struct FieldsOf<F>(PhantomData<F>);

impl<F: Dumpable> FieldsOf<F> {
    /// The function that shows them.
    pub const OWN: Option<Show<F>> = Some(F::fields);
}

/// A field behind `with` of a type that is not dumpable.
pub trait FieldsOfFallback {
    /// The type of the field.
    type Field;

    /// There is no function that shows its leaves.
    const OWN: Option<Show<Self::Field>> = None;
}

impl<F> FieldsOfFallback for FieldsOf<F> {
    type Field = F;
}

impl Fields<'_> {
    /// The leaves of a field that is stored as its type says.
    ///
    /// # Safety
    ///
    /// `field` must be a live value that nobody else looks at.
    pub unsafe fn field<F: Dumpable>(&mut self, name: &'static str, field: *mut F) {
        // SAFETY: forwarded from the caller.
        self.step(Step::Field(name), |f| unsafe { f.value(field) });
    }

    /// The leaves of a field of a variant.
    ///
    /// # Safety
    ///
    /// As [`field`](Self::field).
    pub unsafe fn variant_field<F: Dumpable>(
        &mut self,
        variant: &'static str,
        name: &'static str,
        field: *mut F,
    ) {
        // SAFETY: forwarded from the caller.
        self.step(Step::Variant(variant), |f| unsafe { f.field(name, field) });
    }

    /// The first elements of a trailing array.
    ///
    /// # Safety
    ///
    /// `first` must point at `len` live values that nobody else looks at.
    pub unsafe fn tail<F: Dumpable>(&mut self, name: &'static str, first: *mut F, len: usize) {
        // SAFETY: forwarded from the caller.
        self.step(Step::Field(name), |f| unsafe { super::elements(first, len, f) });
    }

    /// The leaves of a field that is stored where it differs from a table, if its type has leaves.
    ///
    /// # Safety
    ///
    /// As [`field`](Self::field).
    pub unsafe fn overlay_field<F>(&mut self, name: &'static str, field: *mut F, own: Option<Show<F>>) {
        self.step(Step::Field(name), |f| match own {
            // SAFETY: forwarded from the caller.
            Some(show) => unsafe { show(field, f) },
            None => f.fixed("neodump cannot change a type that is stored over a table only"),
        });
    }

    /// The leaves of state that is in a static while the machine is active.
    ///
    /// # Safety
    ///
    /// As [`field`](Self::field).
    pub unsafe fn global_field<S: Dumpable>(&mut self, name: &'static str, field: *mut Captured<S>) {
        // SAFETY: the caller promises a live value that nobody else looks at.
        let state = unsafe { &mut *field }.get_mut();
        self.step(Step::Field(name), |f| match state {
            // SAFETY: as above.
            Some(state) => unsafe { f.value(state) },
            None => f.fixed("the machine is active, and its state in a static"),
        });
    }

    /// A field that is stored and cannot be changed.
    pub fn fixed_field(&mut self, name: &'static str, why: &'static str) {
        self.step(Step::Field(name), |f| f.fixed(why));
    }

    /// The leaves of a field behind `with`: its own if its type has them, else those of what it is stored as.
    ///
    /// # Safety
    ///
    /// As [`field`](Self::field).
    pub unsafe fn with_field<S: Dumpable, F, E: Display>(
        &mut self,
        name: &'static str,
        field: *mut F,
        to_stored: fn(&F) -> S,
        from_stored: fn(S) -> Result<F, E>,
        own: Option<Show<F>>,
    ) {
        self.step(Step::Field(name), |f| {
            if let Some(show) = own {
                // SAFETY: forwarded from the caller.
                return unsafe { show(field, f) };
            }
            // SAFETY: the caller promises a live value that nobody else looks at.
            let value = unsafe { &mut *field };
            let mut stored = to_stored(value);
            // SAFETY: a local.
            unsafe { f.value(&raw mut stored) };
            if !f.is_changing() || !f.is_done() {
                return;
            }
            match from_stored(stored) {
                Ok(changed) => *value = changed,
                Err(error) => f.end(Outcome::Fixed(format!("from_stored refuses it: {error}"))),
            }
        });
    }

    /// The leaf of a native function: it becomes another one of the same type.
    ///
    /// # Safety
    ///
    /// As [`field`](Self::field); `F` is a function pointer.
    pub unsafe fn native_field<F: Copy + 'static>(&mut self, name: &'static str, field: *mut F) {
        let change = |function: &mut F, f: &mut Fields<'_>| match f.other_function(Some(*function)) {
            Some(other) => {
                *function = other;
                Ok(())
            }
            None => Err(no_other::<F>()),
        };
        let natives = self.natives;
        let tell = |function: &F| name_of(natives, function);
        // SAFETY: forwarded from the caller.
        self.step(Step::Field(name), |f| unsafe { f.leaf(field, tell, change) });
    }

    /// The same of one that may be absent.
    ///
    /// # Safety
    ///
    /// As [`native_field`](Self::native_field).
    pub unsafe fn native_option_field<F: Copy + 'static>(
        &mut self,
        name: &'static str,
        field: *mut Option<F>,
    ) {
        let natives = self.natives;
        let tell =
            |function: &Option<F>| function.as_ref().map_or("None".to_owned(), |f| name_of(natives, f));
        let change = |function: &mut Option<F>, f: &mut Fields<'_>| {
            let other = f.other_function(*function);
            if function.is_none() && other.is_none() {
                return Err(no_other::<F>());
            }
            *function = other;
            Ok(())
        };
        // SAFETY: forwarded from the caller.
        self.step(Step::Field(name), |f| unsafe { f.leaf(field, tell, change) });
    }

    /// The leaf of a reference to a native static that may be absent: it becomes absent.
    ///
    /// # Safety
    ///
    /// As [`field`](Self::field).
    pub unsafe fn native_option_static_field<T>(
        &mut self,
        name: &'static str,
        field: *mut Option<&'static T>,
    ) {
        let tell = |data: &Option<&'static T>| if data.is_some() { "Some" } else { "None" }.to_owned();
        let change = |data: &mut Option<&'static T>, _: &mut Fields<'_>| {
            data.take().map(drop).ok_or_else(|| "it is None, and a static is known by its address".to_owned())
        };
        // SAFETY: forwarded from the caller.
        self.step(Step::Field(name), |f| unsafe { f.leaf(field, tell, change) });
    }

    /// A registered function of the type that is another one.
    fn other_function<F: Copy + 'static>(&self, function: Option<F>) -> Option<F> {
        const { assert!(size_of::<F>() == size_of::<usize>(), "a native function is a function pointer") };
        let now = function.as_ref().map(address_of);
        let mut names =
            self.natives.names().filter(|name| self.natives.type_of(name) == Some(NativeType::of::<F>()));
        let address = names.find_map(|name| self.natives.address_of(name).filter(|at| Some(*at) != now))?;
        // SAFETY: a function pointer of this type was registered with this address.
        Some(unsafe { std::mem::transmute_copy::<usize, F>(&address) })
    }
}

fn address_of<F: Copy + 'static>(function: &F) -> usize {
    // SAFETY: a function pointer is an address; its size is checked where the other one is looked for.
    unsafe { std::mem::transmute_copy::<F, usize>(function) }
}

fn name_of<F: Copy + 'static>(natives: &crate::native::Natives, function: &F) -> String {
    let name = natives.name_at(address_of(function), NativeType::of::<F>());
    name.unwrap_or("a function that is not registered").to_owned()
}

fn no_other<F>() -> String {
    format!("no other function of type {} is registered", type_name::<F>())
}
