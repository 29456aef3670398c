//! How fields with an attribute are stored: what `native`, `with`, `derived`, `cache` and `bake`
//! generate calls to.

use std::marker::PhantomData;

use super::{At, Dumpable, Fault, Place, Record};
use crate::dump::Writer;
use crate::load::Auditor;

/// Finds out at compile time whether a `cache` field can be baked: its type is dumpable, has a
/// default and is in place. Else it is re-created at load.
///
/// The inherent functions below win over those of [`ProbeFallback`] where their bounds hold.
pub struct Probe<F>(PhantomData<F>);

impl<F: Dumpable + Default> Probe<F> {
    const BAKED: bool = F::RECORD.in_place && !F::RECORD.owns;

    /// The record of the field.
    pub const RECORD: Record = if Self::BAKED { F::RECORD } else { Record::SKIPPED };

    /// Writes the empty value.
    pub fn write_empty(at: Place, w: &mut Writer<'_>) -> Result<(), Box<super::Refusal>> {
        if Self::BAKED { Dumpable::write(&F::default(), at, w) } else { Ok(()) }
    }

    /// Checks that the stored value is the empty one.
    ///
    /// # Safety
    ///
    /// `at` must be valid for the record.
    pub unsafe fn audit_empty(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
        // SAFETY: forwarded from the caller.
        if Self::BAKED { unsafe { a.baked(at, &F::default()) } } else { Ok(()) }
    }
}

/// What a `cache` field is that cannot be baked.
pub trait ProbeFallback {
    /// The record: none.
    const RECORD: Record = Record::SKIPPED;

    /// Writes nothing.
    fn write_empty(_: Place, _: &mut Writer<'_>) -> Result<(), Box<super::Refusal>> {
        Ok(())
    }

    /// Checks nothing.
    ///
    /// # Safety
    ///
    /// None.
    unsafe fn audit_empty(_: At, _: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
        Ok(())
    }
}

impl<F> ProbeFallback for Probe<F> {}

/// Fields recomputed at load: `#[dump(derived = path)]`.
pub mod derived {
    use crate::load::{Reader, Second};

    /// Queues `field = compute(owner)` for when all that is stored has been loaded.
    ///
    /// # Safety
    ///
    /// Both must be the final addresses of live values, `field` a field of `owner`.
    pub unsafe fn settle<O, F>(owner: *mut O, field: *mut F, compute: fn(&O) -> F, r: &mut Reader<'_>) {
        r.after_fill(Second::Run {
            from: owner.cast(),
            to: field.cast(),
            function: compute as *const (),
            run: run::<O, F>,
            discard: None,
        });
    }

    unsafe fn run<O, F>(owner: *mut u8, field: *mut u8, compute: *const ()) -> Result<(), String> {
        // SAFETY: `settle` made it of a function of this type.
        let compute = unsafe { std::mem::transmute::<*const (), fn(&O) -> F>(compute) };
        // SAFETY: `settle` was promised a live owner, which nothing else looks at during a load.
        let value = compute(unsafe { &*owner.cast::<O>() });
        // SAFETY: as above.
        unsafe { *field.cast::<F>() = value };
        Ok(())
    }
}

/// Fields stored as another type: `#[dump(with = module)]`.
pub mod with {
    use super::super::{At, Dumpable, Fault, Job, Place, Record, Refusal, Visitor};
    use crate::dump::Writer;
    use crate::load::{Auditor, Reader, Second, run_checks};

    /// The record of the stored type; never in place, as the field is another type.
    pub const fn record<S: Dumpable>() -> Record {
        Record { in_place: false, niche: false, copy: false, ..S::RECORD.moved() }
    }

    unsafe fn walk_kept<S: Dumpable, V: Visitor>(
        stored: *const u8,
        _: usize,
        v: &mut V,
    ) -> Result<(), V::Stop> {
        // SAFETY: the visitor keeps the value until its jobs have run.
        Dumpable::walk(unsafe { &*stored.cast::<S>() }, v)
    }

    /// Walks the value that `to_stored` makes, which is kept until what it owns has been walked.
    pub fn walk<S: Dumpable, V: Visitor>(to_stored: impl FnOnce() -> S, v: &mut V) -> Result<(), V::Stop> {
        if const { V::VALIDATES || S::LEAF } {
            return Ok(());
        }
        let stored = v.keep(Box::new(to_stored()));
        v.defer(Job { values: stored.cast(), count: 1, walk: walk_kept::<S, V> })
    }

    /// Writes the stored value, which is kept until the end of the dump.
    pub fn write<S: Dumpable>(stored: S, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
        let stored = w.keep(Box::new(stored));
        // SAFETY: the writer keeps the value.
        Dumpable::write(unsafe { &*stored }, at, w)
    }

    /// Reads the stored value and queues its conversion into `field`.
    ///
    /// # Safety
    ///
    /// `field` must be the final address of a live value, `at` an audited record of `S`.
    pub unsafe fn settle<S: Dumpable, F, E: std::fmt::Display>(
        field: *mut F,
        at: At,
        convert: fn(S) -> Result<F, E>,
        r: &mut Reader<'_>,
    ) {
        // SAFETY: forwarded from the caller.
        let stored = Box::into_raw(Box::new(unsafe { S::read(at, r) }));
        // Second-pass work runs last in, first out: what the stored value queues goes before this.
        r.after_fill(Second::Run {
            from: stored.cast(),
            to: field.cast(),
            function: convert as *const (),
            run: if r.checks(std::any::TypeId::of::<S::Id>()) {
                run_checked::<S, F, E>
            } else {
                run::<S, F, E>
            },
            discard: Some(discard::<S>),
        });
        // SAFETY: the box is the final address of the value until it is converted.
        unsafe { S::settle(stored, at, r) };
    }

    unsafe fn discard<S>(stored: *mut u8) {
        // SAFETY: `settle` made it of a box, and it is dropped instead of converted.
        drop(unsafe { Box::from_raw(stored.cast::<S>()) });
    }

    /// Converts a stored value when it has been checked.
    unsafe fn run_checked<S: Dumpable, F, E: std::fmt::Display>(
        stored: *mut u8,
        field: *mut u8,
        convert: *const (),
    ) -> Result<(), String> {
        // SAFETY: `settle` made it of a box, and it is not converted yet.
        let value = unsafe { &*stored.cast::<S>() };
        // SAFETY: the value is complete, and nothing changes it while it is checked.
        if let Err(failed) = unsafe { run_checks(|checks| Dumpable::walk(value, checks)) } {
            // SAFETY: as above; the work is not dropped, as it has run.
            unsafe { discard::<S>(stored) };
            let name = S::shape().name;
            return Err(failed.text(name.rsplit("::").next().unwrap_or(name)));
        }
        // SAFETY: forwarded from the caller.
        unsafe { run::<S, F, E>(stored, field, convert) }
    }

    unsafe fn run<S, F, E: std::fmt::Display>(
        stored: *mut u8,
        field: *mut u8,
        convert: *const (),
    ) -> Result<(), String> {
        // SAFETY: `settle` made it of a function of this type.
        let convert = unsafe { std::mem::transmute::<*const (), fn(S) -> Result<F, E>>(convert) };
        // SAFETY: `settle` made it of a box, and it is converted once.
        let stored = unsafe { Box::from_raw(stored.cast::<S>()) };
        let value = convert(*stored).map_err(|error| error.to_string())?;
        // SAFETY: `settle` was promised a live field, which nothing else looks at during a load.
        unsafe { *field.cast::<F>() = value };
        Ok(())
    }

    /// Audits the stored value.
    ///
    /// # Safety
    ///
    /// `at` must be valid for the record.
    pub unsafe fn audit<S: Dumpable>(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
        // SAFETY: forwarded from the caller.
        unsafe { S::audit(at, a) }
    }
}

/// Host functions and statics: `#[dump(native)]`.
pub mod native {
    use std::mem::transmute_copy;

    use super::super::{At, Fault, Place, Record, Refusal, Visitor};
    use crate::dump::Writer;
    use crate::load::{Auditor, Reader};
    use crate::native::NativeType;
    use crate::schema::{Shape, TypeRef};

    /// The record of a function: the number of its import, 0 for none.
    pub const FUNCTION: Record = Record::hydrated(4, 4);

    /// The type of the field of a function, which may be absent.
    pub const fn function_type() -> TypeRef {
        enum Function {}
        TypeRef::of_native::<Function>(|| const { &Shape::leaf("NativeFunction", FUNCTION, &[]) })
    }

    /// The type of the field of a reference to a static, which may be absent.
    pub const fn static_type() -> TypeRef {
        enum Static {}
        TypeRef::of_native::<Static>(|| const { &Shape::leaf("NativeStatic", OPTIONAL_STATIC, &[]) })
    }

    /// The record of a reference to a static: a pointer to the image's copy of it.
    pub const STATIC: Record = Record::in_place::<usize>().with_rw().with_niche();

    /// The record of a reference to a static that may be absent: zeros are a value of it.
    pub const OPTIONAL_STATIC: Record = Record { niche: false, ..STATIC };

    const fn assert_pointer<F>() {
        assert!(
            size_of::<F>() == size_of::<usize>(),
            "a native field must be a function pointer or a reference"
        );
    }

    fn address<F: Copy>(function: &F) -> usize {
        const { assert_pointer::<F>() };
        // SAFETY: the sizes are equal, and a function pointer is an address.
        unsafe { transmute_copy::<F, usize>(function) }
    }

    /// Walks a function.
    pub fn walk<F: Copy + 'static, V: Visitor>(function: &F, v: &mut V) -> Result<(), V::Stop> {
        v.native(address(function), NativeType::of::<F>())
    }

    /// Walks a function that may be absent.
    pub fn walk_option<F: Copy + 'static, V: Visitor>(
        function: &Option<F>,
        v: &mut V,
    ) -> Result<(), V::Stop> {
        function.as_ref().map_or(Ok(()), |function| walk(function, v))
    }

    /// Walks a reference to a static.
    pub fn walk_static<T: 'static, V: Visitor>(value: &&'static T, v: &mut V) -> Result<(), V::Stop> {
        v.native(std::ptr::from_ref(*value).addr(), NativeType::of::<T>())
    }

    /// Walks a reference to a static that may be absent.
    pub fn walk_option_static<T: 'static, V: Visitor>(
        value: &Option<&'static T>,
        v: &mut V,
    ) -> Result<(), V::Stop> {
        value.as_ref().map_or(Ok(()), |value| walk_static(value, v))
    }

    /// Writes the number of a function's import.
    pub fn write<F: Copy + 'static>(function: &F, at: Place, w: &mut Writer<'_>) -> Result<(), Box<Refusal>> {
        let number = w.import(address(function), NativeType::of::<F>())?;
        w.put(at, &number.to_le_bytes());
        Ok(())
    }

    /// Writes the number of the import of a function that may be absent.
    pub fn write_option<F: Copy + 'static>(
        function: &Option<F>,
        at: Place,
        w: &mut Writer<'_>,
    ) -> Result<(), Box<Refusal>> {
        function.as_ref().map_or(Ok(()), |function| write(function, at, w))
    }

    /// Writes a pointer to the image's copy of a static.
    pub fn write_static<T: 'static>(
        value: &&'static T,
        at: Place,
        w: &mut Writer<'_>,
    ) -> Result<(), Box<Refusal>> {
        w.import_pointer(at, std::ptr::from_ref(*value).addr(), NativeType::of::<T>())
    }

    /// Writes a pointer to the image's copy of a static that may be absent; zeros if it is.
    pub fn write_option_static<T: 'static>(
        value: &Option<&'static T>,
        at: Place,
        w: &mut Writer<'_>,
    ) -> Result<(), Box<Refusal>> {
        value.as_ref().map_or(Ok(()), |value| write_static(value, at, w))
    }

    /// The function behind an import.
    ///
    /// # Safety
    ///
    /// `at` must be an audited record of a function of this type.
    pub unsafe fn read<F: Copy + 'static>(at: At, r: &mut Reader<'_>) -> F {
        const { assert_pointer::<F>() };
        // SAFETY: the caller promises an audited record.
        let address = r.native(unsafe { at.get::<u32>() }, NativeType::of::<F>());
        // SAFETY: the reader refuses the load if the import is no function of this type, before anybody calls it; the bits
        // are those of a function pointer in any case.
        unsafe { transmute_copy::<usize, F>(&address) }
    }

    /// The function behind an import that may be absent.
    ///
    /// # Safety
    ///
    /// As [`read`].
    pub unsafe fn read_option<F: Copy + 'static>(at: At, r: &mut Reader<'_>) -> Option<F> {
        // SAFETY: the caller promises an audited record.
        if unsafe { at.get::<u32>() } == 0 {
            return None;
        }
        // SAFETY: forwarded from the caller.
        Some(unsafe { read(at, r) })
    }

    /// Audits the number of an import.
    ///
    /// # Safety
    ///
    /// `at` must be valid for the record.
    pub unsafe fn audit<F: 'static>(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
        // SAFETY: the caller promises four readable bytes.
        a.import(unsafe { at.get::<u32>() }, NativeType::of::<F>())
    }

    /// Audits the number of an import that may be absent.
    ///
    /// # Safety
    ///
    /// `at` must be valid for the record.
    pub unsafe fn audit_option<F: 'static>(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
        // SAFETY: the caller promises four readable bytes.
        if unsafe { at.get::<u32>() } == 0 {
            return Ok(());
        }
        // SAFETY: forwarded from the caller.
        unsafe { audit::<F>(at, a) }
    }

    /// Audits a pointer to the image's copy of a static.
    ///
    /// # Safety
    ///
    /// `at` must be valid for the record.
    pub unsafe fn audit_static<T: 'static>(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
        // SAFETY: the caller promises eight readable bytes.
        a.import_pointer(unsafe { at.get::<u64>() }, NativeType::of::<T>())
    }

    /// Audits a pointer to the image's copy of a static that may be absent.
    ///
    /// # Safety
    ///
    /// `at` must be valid for the record.
    pub unsafe fn audit_option_static<T: 'static>(at: At, a: &mut Auditor<'_>) -> Result<(), Box<Fault>> {
        // SAFETY: the caller promises eight readable bytes.
        if unsafe { at.get::<u64>() } == 0 {
            return Ok(());
        }
        // SAFETY: forwarded from the caller.
        unsafe { audit_static::<T>(at, a) }
    }
}
