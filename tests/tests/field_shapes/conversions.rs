//! What is dumped as something else, or set anew where it is loaded.

use super::*;

/// A variable with its dynamic bindings, the outermost first.
#[derive(Default)]
struct Bound {
    saved: Vec<u64>,
    value: u64,
}

mod outermost {
    use super::Bound;
    pub(super) type Stored = u64;
    pub(super) fn to_stored(bound: &Bound) -> Stored {
        bound.saved.first().copied().unwrap_or(bound.value)
    }
    pub(super) fn from_stored(value: Stored) -> Result<Bound, String> {
        Ok(Bound { saved: Vec::new(), value })
    }
}

#[test]
fn shape_27_a_bound_variable_is_dumped_with_its_outermost_value() {
    #[derive(Dumpable)]
    struct Variable(#[dump(with = outermost)] Bound);
    carried(Variable(Bound { saved: vec![1, 2], value: 3 }), |variable| {
        assert_eq!((variable.0.value, variable.0.saved.len()), (1, 0));
    });
}

/// Stands for a crate of big numbers.
mod big {
    #[derive(Default, Debug, PartialEq)]
    pub(crate) struct Integer {
        limbs: Vec<u64>,
        pub(crate) is_negative: bool,
    }
    impl Integer {
        pub(crate) fn new(limbs: Vec<u64>, is_negative: bool) -> Self {
            Self { limbs, is_negative }
        }
        pub(crate) fn limbs(&self) -> &Vec<u64> {
            &self.limbs
        }
    }
}

#[derive(Dumpable)]
#[dump(remote = big::Integer)]
struct IntegerDef {
    #[dump(getter = big::Integer::limbs)]
    limbs: Vec<u64>,
    is_negative: bool,
}

impl From<IntegerDef> for big::Integer {
    fn from(def: IntegerDef) -> Self {
        Self::new(def.limbs, def.is_negative)
    }
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C, align(8))]
struct Bignum {
    #[dump(remote = IntegerDef)]
    integer: big::Integer,
}

#[test]
fn shape_28_values_of_other_crates_are_stored_as_mirrors_and_keep_their_identity() {
    #[derive(Dumpable)]
    struct Two(#[dump(unsafe(pointer))] [NonNull<Bignum>; 2]);
    let integer = big::Integer::new(vec![1, 2], true);
    let bignum = NonNull::new(leak(Bignum { integer })).expect("a box is not null");
    carried(Two([bignum; 2]), |Two([one, two])| {
        assert_eq!(one, two);
        // SAFETY: a live object.
        assert_eq!(unsafe { &one.as_ref().integer }, &big::Integer::new(vec![1, 2], true));
    });
}

fn reopen(stored: u64) -> u64 {
    stored + 100
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Window {
    #[dump(handle = reopen)]
    id: u64,
}

#[test]
fn shape_29_handles_are_renumbered_and_their_objects_are_one() {
    #[derive(Dumpable)]
    struct Windows(#[dump(unsafe(pointer))] Vec<NonNull<Window>>);
    let window = NonNull::new(leak(Window { id: 4 })).expect("a box is not null");
    carried(Windows(vec![window; 2]), |Windows(windows)| {
        assert_eq!(windows[0], windows[1]);
        // SAFETY: a live object.
        assert_eq!(unsafe { windows[0].as_ref() }.id, 104);
    });
}

#[derive(Dumpable)]
#[dump(image = "process", version = 1, before_dump = Process::quiesce, after_load = Process::start)]
struct Process {
    directory: String,
    is_noninteractive: bool,
}

impl Process {
    fn quiesce(&mut self) {
        self.directory.clear();
    }

    fn start(&mut self) -> Result<(), std::io::Error> {
        self.directory = std::env::current_dir()?.display().to_string();
        Ok(())
    }
}

#[test]
fn shape_30_what_belongs_to_a_process_is_set_by_its_hooks() {
    let mut live = Process { directory: "/of/the/dump".to_owned(), is_noninteractive: true };
    loaded(&mut live, &Natives::new(), |back| {
        assert_eq!(back.directory, std::env::current_dir().expect("a directory").display().to_string());
        assert!(back.is_noninteractive);
    });
}

static GREETING: [u8; 5] = *b"hello";

#[test]
fn shape_31_bytes_of_the_executable_are_found_by_name() {
    #[derive(Dumpable)]
    struct Pure {
        #[dump(native)]
        bytes: &'static [u8; 5],
    }
    let natives = Natives::new().data("greeting", &GREETING);
    loaded(&mut around(Pure { bytes: &GREETING }), &natives, |back| assert_eq!(back.value.bytes, b"hello"));
}
