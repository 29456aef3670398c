//! What a type says of its own values with `validate` holds of every value that a load gives back, wherever it is.

mod shapes;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::Mutex;

use neodump_runtime::{
    DumpError, Dumpable, ImageKey, ImageMap, ImageVec, Natives, dump_to_bytes, heap::ImageHasher, load_bytes,
};
use shapes::{Heap, How, Machine, WAYS, dumped, leak, loaded, release};

thread_local! {
    /// What was checked, in its order.
    static CHECKED: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

fn checked(what: &'static str) {
    CHECKED.with_borrow_mut(|checked| checked.push(what));
}

/// In place.
#[derive(Dumpable, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[dump(validate = Span::check)]
#[repr(C)]
struct Span {
    from: u32,
    to: u32,
}

impl Span {
    const GOOD: Self = Self { from: 1, to: 2 };
    const BAD: Self = Self { from: 2, to: 1 };

    fn check(&self) -> Result<(), String> {
        checked("span");
        if self.from <= self.to {
            Ok(())
        } else {
            Err(format!("it ends at {} before {}", self.to, self.from))
        }
    }
}

impl ImageKey for Span {
    const VERSION: u32 = 1;
    fn hash_key(&self, hasher: &mut ImageHasher<'_>) {
        hasher.number(u64::from(self.from));
    }
    fn same_key(&self, other: &Self) -> bool {
        self == other
    }
}

/// Stored exactly as its number.
#[derive(Dumpable, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[dump(transparent, validate = even)]
#[repr(transparent)]
struct Even(u32);

fn even(number: &Even) -> Result<(), String> {
    if number.0.is_multiple_of(2) { Ok(()) } else { Err(format!("{} is odd", number.0)) }
}

/// Hydrated, and as large as what it owns says.
#[derive(Dumpable, Clone)]
#[dump(validate = Text::check)]
struct Text {
    bytes: Vec<u8>,
    by_place: HashMap<u32, u8>,
    chars: usize,
}

impl Text {
    fn new(chars: usize) -> Self {
        Self { bytes: vec![b'x'; 3], by_place: HashMap::from([(1, b'x')]), chars }
    }

    fn check(&self) -> Result<(), String> {
        assert_eq!(self.by_place[&1], b'x', "maps are complete when it is checked");
        checked("text");
        if self.bytes.len() == self.chars { Ok(()) } else { Err(format!("{} characters", self.chars)) }
    }
}

#[derive(Dumpable, Clone)]
#[dump(validate = Entry::check)]
enum Entry {
    Empty,
    Both(u32, u32),
}

impl Entry {
    fn check(&self) -> Result<(), String> {
        match self {
            Self::Both(a, b) if a != b => Err("the two differ".to_owned()),
            _ => Ok(()),
        }
    }
}

/// A field of another type, which is checked in its stored form.
mod as_span {
    use super::Span;

    pub(super) type Stored = Span;

    pub(super) fn to_stored(pair: &(u32, u32)) -> Span {
        Span { from: pair.0, to: pair.1 }
    }

    pub(super) fn from_stored(span: Span) -> Result<(u32, u32), String> {
        assert!(span.from <= span.to, "it is converted when it has been checked");
        Ok((span.from, span.to))
    }
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Node {
    span: Cell<Span>,
    texts: Vec<Text>,
    #[dump(unsafe(pointer))]
    next: Cell<Option<NonNull<Node>>>,
}

/// A manager with a section, which can rely on what it owns.
#[derive(Dumpable)]
#[dump(section = "texts", version = 1, validate = Texts::check)]
struct Texts {
    plain: Vec<Text>,
    locked: Mutex<Vec<Text>>,
    total: usize,
}

impl Texts {
    fn check(&self) -> Result<(), String> {
        checked("texts");
        let locked = self.locked.lock().expect("not poisoned");
        let total: usize = self.plain.iter().chain(&*locked).map(|text| text.chars).sum();
        if total == self.total { Ok(()) } else { Err(format!("{total} characters, and not {}", self.total)) }
    }
}

#[derive(Dumpable)]
#[dump(image = "validate", version = 1)]
struct Vm {
    #[dump(heap)]
    heap: Heap,
    one: Span,
    list: Vec<Span>,
    in_image: ImageVec<Span>,
    boxed: Box<Span>,
    option: Option<Text>,
    array: [(u8, Span); 2],
    cell: RefCell<Vec<Span>>,
    #[dump(shared)]
    shared: [Rc<Text>; 2],
    values: BTreeMap<String, Span>,
    keys: HashMap<Span, u8>,
    indexed: ImageMap<Span, Span>,
    numbers: Vec<Even>,
    entries: Vec<Entry>,
    #[dump(with = as_span)]
    converted: (u32, u32),
    texts: Texts,
    #[dump(unsafe(pointer))]
    node: NonNull<Node>,
}

impl Machine for Vm {
    fn heap(&mut self) -> &mut Heap {
        &mut self.heap
    }
}

impl Vm {
    fn new() -> Self {
        let good = Span::GOOD;
        let node = Node { span: Cell::new(good), texts: vec![Text::new(3)], next: Cell::new(None) };
        let text = Rc::new(Text::new(3));
        Self {
            heap: Heap::default(),
            one: good,
            list: vec![good; 3],
            in_image: vec![good; 3].into(),
            boxed: Box::new(good),
            option: Some(Text::new(3)),
            array: [(0, good); 2],
            cell: RefCell::new(vec![good; 2]),
            shared: [text.clone(), text],
            values: BTreeMap::from([("a".to_owned(), good)]),
            keys: HashMap::from([(good, 1)]),
            indexed: [(good, good)].into_iter().collect(),
            numbers: vec![Even(2), Even(4)],
            entries: vec![Entry::Empty, Entry::Both(1, 1)],
            converted: (1, 2),
            texts: Texts { plain: vec![Text::new(3)], locked: Mutex::new(vec![Text::new(3)]), total: 6 },
            node: NonNull::new(leak(node)).expect("a box is not null"),
        }
    }

    fn node(&mut self) -> &mut Node {
        // SAFETY: the one object of a machine of this file, which nothing else looks at.
        unsafe { self.node.as_mut() }
    }
}

/// What a load says of a machine that was changed before the dump.
#[track_caller]
fn refusal(change: impl FnOnce(&mut Vm)) -> String {
    let mut vm = Vm::new();
    change(&mut vm);
    let bytes = dump_to_bytes(&mut vm).expect("a dump checks nothing");
    match load_bytes::<Vm>(&bytes) {
        Err(error @ DumpError::Deserialization { .. }) => error.to_string(),
        Err(error) => panic!("refused for another reason: {error}"),
        Ok(_) => panic!("loaded"),
    }
}

#[test]
fn a_machine_whose_values_are_valid_comes_back_by_every_way() {
    let _alone = shapes::alone();
    let bytes = dumped(&mut Vm::new(), &Natives::new());
    for how in WAYS {
        CHECKED.take();
        let (vm, _) = loaded::<Vm>(&bytes, how, &Natives::new());
        assert_eq!(
            (vm.one, vm.list.len(), vm.texts.total, vm.converted),
            (Span::GOOD, 3, 6, (1, 2)),
            "{how:?}"
        );
        let audited = matches!(how, How::Bytes | How::BytesElsewhere | How::FileCopied | How::FilePatched);
        // one, list, in_image, boxed, array, cell, values, keys, indexed (2), converted, and that of the object;
        // option, shared, plain, locked, and that of the object.
        let count =
            |what| CHECKED.with_borrow(|checked| checked.iter().filter(|found| **found == what).count());
        let expected = if audited { (18, 5, 1) } else { (0, 0, 0) };
        assert_eq!((count("span"), count("text"), count("texts")), expected, "{how:?}");
        release(vm);
    }
}

#[test]
fn what_a_value_owns_is_checked_before_it() {
    let _alone = shapes::alone();
    let bytes = dumped(&mut Vm::new(), &Natives::new());
    CHECKED.take();
    let (vm, _) = loaded::<Vm>(&bytes, How::Bytes, &Natives::new());
    let order = CHECKED.take();
    let owner = order.iter().position(|what| *what == "texts").expect("checked");
    assert!(order[..owner].iter().filter(|what| **what == "text").count() >= 2, "{order:?}");
    release(vm);
}

#[test]
fn an_invalid_value_is_refused_wherever_it_is_and_named_by_its_path() {
    let bad = Span::BAD;
    let says = "(validate of Span, section Root): it ends at 1 before 2";
    assert_eq!(refusal(|vm| vm.one = bad), format!("cannot load vm.one {says}"));
    assert_eq!(refusal(|vm| vm.list[2] = bad), format!("cannot load vm.list[2] {says}"));
    assert_eq!(refusal(|vm| vm.in_image[1] = bad), format!("cannot load vm.in_image[1] {says}"));
    assert_eq!(refusal(|vm| *vm.boxed = bad), format!("cannot load vm.boxed {says}"));
    assert_eq!(refusal(|vm| vm.array[1].1 = bad), format!("cannot load vm.array[1].1 {says}"));
    assert_eq!(refusal(|vm| vm.cell.get_mut()[1] = bad), format!("cannot load vm.cell[1] {says}"));
    let text = "(validate of Text, section Root): 7 characters";
    assert_eq!(refusal(|vm| vm.option = Some(Text::new(7))), format!("cannot load vm.option {text}"));
    let shared = refusal(|vm| vm.shared[1] = Rc::new(Text::new(7)));
    assert_eq!(shared, format!("cannot load vm.shared[1] {text}"));
}

#[test]
fn an_invalid_key_or_value_of_a_map_is_refused() {
    let bad = Span::BAD;
    let says = "(validate of Span, section Root): it ends at 1 before 2";
    let value = refusal(|vm| vm.values.extend([("b".to_owned(), bad)]));
    assert_eq!(value, format!("cannot load vm.values[\"b\"] {says}"));
    let key = refusal(|vm| vm.keys = HashMap::from([(bad, 1)]));
    assert_eq!(key, format!("cannot load vm.keys[0].key {says}"));
    assert!(refusal(|vm| vm.indexed = [(bad, Span::GOOD)].into_iter().collect()).ends_with(says));
    assert!(refusal(|vm| vm.indexed = [(Span::GOOD, bad)].into_iter().collect()).ends_with(says));
}

#[test]
fn an_invalid_newtype_or_enum_is_refused() {
    let odd = "cannot load vm.numbers[1] (validate of Even, section Root): 5 is odd";
    assert_eq!(refusal(|vm| vm.numbers[1] = Even(5)), odd);
    let entry = "cannot load vm.entries[1] (validate of Entry, section Root): the two differ";
    assert_eq!(refusal(|vm| vm.entries[1] = Entry::Both(1, 2)), entry);
}

#[test]
fn an_invalid_value_of_an_object_is_refused() {
    let span = refusal(|vm| vm.node().span.set(Span::BAD));
    assert_eq!(span, "cannot load Node.span (validate of Span, section HeapImage): it ends at 1 before 2");
    let text = refusal(|vm| vm.node().texts.push(Text::new(9)));
    assert_eq!(text, "cannot load Node.texts[1] (validate of Text, section HeapImage): 9 characters");
}

#[test]
fn a_section_checks_itself_when_its_parts_are_valid() {
    let parts = refusal(|vm| vm.texts.plain[0].chars = 4);
    assert_eq!(parts, "cannot load vm.texts.plain[0] (validate of Text, section texts): 4 characters");
    let locked = refusal(|vm| vm.texts.locked.get_mut().expect("not poisoned")[0].chars = 4);
    assert_eq!(locked, "cannot load vm.texts.locked[0] (validate of Text, section texts): 4 characters");
    let whole = refusal(|vm| vm.texts.total = 7);
    assert_eq!(whole, "cannot load vm.texts (validate of Texts, section texts): 6 characters, and not 7");
}

#[test]
fn a_stored_form_is_checked_before_it_is_converted() {
    let error = refusal(|vm| vm.converted = (5, 4));
    assert_eq!(error, "cannot load conversion: Span (validate of Span): it ends at 4 before 5");
}
