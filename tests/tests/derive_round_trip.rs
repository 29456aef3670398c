//! Every field policy and every form of an enum, an object and a word comes back as it was.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::mem::offset_of;
use std::ptr::NonNull;
use std::rc::Rc;

use neodump_runtime::bounds::Field;
use neodump_runtime::image::{HEADER_FIELDS, ImageHeader, Placed, SECTION_FIELDS, checksum};
use neodump_runtime::{Dumpable, Dumper, LoadOptions, Natives, Placement};
use neodump_tests::heap::Heap;

/// Dumps and loads at the preferred base and elsewhere.
#[track_caller]
fn there_and_back<R: neodump_runtime::ImageRoot>(root: &mut R, natives: &Natives, check: impl Fn(&R)) {
    check(root);
    let (bytes, _) = Dumper::new().natives(natives).to_bytes(root).expect("the machine is dumped");
    let back: R = LoadOptions::new().natives(natives).load_bytes(&bytes).expect("the image is loaded");
    check(&back);
    let options = LoadOptions::new().natives(natives).placement(Placement::Elsewhere);
    let mut elsewhere: R = options.load_bytes(&bytes).expect("the image is loaded elsewhere");
    check(&elsewhere);
    let (again, _) = Dumper::new().natives(natives).to_bytes(&mut elsewhere).expect("the copy is dumped");
    assert_eq!(bytes, again, "the same state gives the same bytes");
}

#[derive(Default, PartialEq, Debug)]
struct Regex {
    pattern: Vec<char>,
}

mod codec {
    use super::Regex;

    pub(super) type Stored = String;

    pub(super) fn to_stored(regex: &Regex) -> String {
        regex.pattern.iter().collect()
    }

    pub(super) fn from_stored(text: String) -> Result<Regex, std::convert::Infallible> {
        Ok(Regex { pattern: text.chars().collect() })
    }
}

#[test]
fn every_policy_of_a_field_does_what_it_says() {
    #[derive(PartialEq, Debug)]
    struct Terminal {
        rows: u32,
    }

    #[derive(Default)]
    struct Glyphs(#[allow(dead_code)] Vec<std::time::Duration>);

    #[derive(Clone, Copy)]
    struct Descriptor {
        arity: u64,
    }

    static CAR: Descriptor = Descriptor { arity: 1 };

    fn twice(n: u32) -> u32 {
        n * 2
    }

    fn count(policies: &Policies) -> usize {
        policies.plain.len() * 100 + policies.regex.pattern.len()
    }

    fn double(policies: &Policies) -> usize {
        policies.count * 2
    }

    #[derive(Dumpable)]
    struct Policies {
        plain: Vec<u16>,
        #[dump(shared)]
        first: Rc<RefCell<Vec<u8>>>,
        #[dump(shared)]
        second: Option<Rc<RefCell<Vec<u8>>>>,
        #[dump(skip = "a number of the process")]
        pid: u32,
        #[dump(skip = "belongs to the process", default = Terminal { rows: 25 })]
        terminal: Terminal,
        #[dump(bake = 7)]
        mark: u8,
        #[dump(cache)]
        hash: Cell<u64>,
        #[dump(cache)]
        glyphs: Glyphs,
        #[dump(derived = count)]
        count: usize,
        #[dump(derived = double)]
        double: usize,
        #[dump(with = codec)]
        regex: Regex,
        #[dump(native)]
        function: fn(u32) -> u32,
        #[dump(native)]
        some: Option<fn(u32) -> u32>,
        #[dump(native)]
        none: Option<fn(u32) -> u32>,
        #[dump(native)]
        descriptor: &'static Descriptor,
    }

    #[derive(Dumpable)]
    #[dump(image = "policies", version = 1)]
    struct Vm {
        #[dump(heap)]
        heap: Heap,
        policies: Policies,
    }

    let shared = Rc::new(RefCell::new(vec![1, 2]));
    let mut vm = Vm {
        heap: Heap::default(),
        policies: Policies {
            plain: vec![3, 4],
            first: shared.clone(),
            second: Some(shared),
            pid: 0,
            terminal: Terminal { rows: 25 },
            mark: 7,
            hash: Cell::new(0),
            glyphs: Glyphs::default(),
            count: 203,
            double: 406,
            regex: Regex { pattern: vec!['a', '.', 'b'] },
            function: twice,
            some: Some(twice),
            none: None,
            descriptor: &CAR,
        },
    };
    let natives = Natives::new().function("twice", twice as fn(u32) -> u32).data("car", &CAR);
    let check = |vm: &Vm| {
        let all = &vm.policies;
        assert_eq!(all.plain, [3, 4]);
        assert!(all.second.as_ref().is_some_and(|second| Rc::ptr_eq(second, &all.first)));
        assert_eq!(*all.first.borrow(), [1, 2]);
        assert_eq!((all.pid, all.mark, all.hash.get(), all.count, all.double), (0, 7, 0, 203, 406));
        assert_eq!((&all.terminal, &all.regex.pattern[..]), (&Terminal { rows: 25 }, &['a', '.', 'b'][..]));
        assert!(all.glyphs.0.is_empty());
        assert_eq!(((all.function)(4), all.some.map(|f| f(5)), all.none.is_none()), (8, Some(10), true));
        assert_eq!(all.descriptor.arity, 1);
    };
    there_and_back(&mut vm, &natives, check);

    // What the process has made of it is not what comes back.
    vm.policies.pid = 4711;
    vm.policies.terminal.rows = 80;
    vm.policies.mark = 1;
    vm.policies.hash.set(99);
    vm.policies.count = 0;
    let (bytes, _) = Dumper::new().natives(&natives).to_bytes(&mut vm).expect("the machine is dumped");
    let back: Vm = LoadOptions::new().natives(&natives).load_bytes(&bytes).expect("the image is loaded");
    check(&back);
    assert!(vm.heap.image.is_none() && back.heap.image.is_some());
}

#[test]
fn every_form_of_an_enum_comes_back() {
    #[derive(Dumpable, Clone, PartialEq, Debug)]
    #[repr(u8)]
    enum Small {
        Nil = 3,
        Byte(u8),
        Wide { a: u8, b: u64 } = 200,
    }

    #[derive(Dumpable, Clone, PartialEq, Debug)]
    #[repr(C)]
    enum C<T> {
        Nil,
        Wide(u8, T),
    }

    #[derive(Dumpable, Clone, PartialEq, Debug)]
    #[repr(C, i16)]
    enum Both {
        Minus(u64) = -2,
        Plus(bool, char) = 300,
    }

    #[derive(Dumpable, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
    enum Unit {
        One = 5,
        Two,
    }

    /// An explicit repr whose payload is hydrated all the same.
    #[derive(Dumpable, Clone, PartialEq, Debug)]
    #[repr(u8)]
    enum Owning {
        Nil = 9,
        Text(String),
    }

    #[derive(Dumpable, Clone, PartialEq, Debug)]
    enum Plain {
        Nil,
        Text(String, u8),
        Deep { inner: Box<Plain>, all: Vec<Plain> },
        Skipped(#[dump(skip = "not needed", default = 6)] u32, u16),
    }

    #[derive(Dumpable)]
    #[dump(image = "enums", version = 1)]
    struct Vm {
        small: Vec<Small>,
        c: [C<u32>; 2],
        both: Vec<Both>,
        unit: BTreeMap<Unit, Option<Unit>>,
        owning: Vec<Owning>,
        plain: Vec<Plain>,
    }

    let small = [Small::Nil, Small::Byte(1), Small::Wide { a: 2, b: 3 }];
    let c = [C::Nil, C::Wide(1, 2)];
    let both = [Both::Minus(1), Both::Plus(true, 'x')];
    let owning = [Owning::Nil, Owning::Text("text".into())];
    let deep = Plain::Deep {
        inner: Box::new(Plain::Text("a".into(), 1)),
        all: vec![Plain::Nil, Plain::Skipped(6, 7)],
    };
    let plain = [Plain::Nil, deep.clone(), Plain::Deep { inner: Box::new(deep), all: vec![] }];
    let mut vm = Vm {
        small: small.to_vec(),
        c: c.clone(),
        both: both.to_vec(),
        unit: BTreeMap::from([(Unit::One, None), (Unit::Two, Some(Unit::One))]),
        owning: owning.to_vec(),
        plain: plain.to_vec(),
    };
    there_and_back(&mut vm, &Natives::new(), |vm| {
        assert_eq!(vm.small, small);
        assert_eq!(vm.c, c);
        assert_eq!(vm.both, both);
        assert_eq!(vm.unit, BTreeMap::from([(Unit::One, None), (Unit::Two, Some(Unit::One))]));
        assert_eq!(vm.owning, owning);
        assert_eq!(vm.plain, plain);
    });
}

/// Makes the checksums of a damaged image right again, as an attacker would.
fn reseal(image: &mut [u8], number: usize, section: &Placed) {
    let field = |fields: &[Field], name: &str| {
        *fields.iter().find(|field| field.name == name).unwrap_or_else(|| panic!("there is no field {name}"))
    };
    let table = field(HEADER_FIELDS, "section table offset");
    let table =
        u64::from_le_bytes(image[table.offset..table.end()].try_into().expect("eight bytes")) as usize;
    let row = SECTION_FIELDS.last().expect("a record has fields").end();
    let sum = checksum(section.covered.of(image).expect("the section is in the file"));
    field(SECTION_FIELDS, "checksum").put_number(&mut image[table + number * row..], sum);
    let region = ImageHeader::region_length(image, image.len() as u64).expect("the header is sound") as usize;
    let header = field(HEADER_FIELDS, "header checksum");
    header.put_number(image, 0);
    let sum = checksum(&image[..region]);
    header.put_number(image, sum);
}

#[test]
fn a_tag_that_names_no_variant_is_refused_with_those_that_there_are() {
    #[derive(Dumpable, PartialEq, Debug)]
    #[repr(u16)]
    enum InPlace {
        First = 0x4142,
        Second(u8) = 0x4344,
    }

    #[derive(Dumpable, PartialEq, Debug)]
    enum Hydrated {
        Nil,
        Text(String),
    }

    #[derive(Dumpable)]
    #[dump(image = "tags", version = 1)]
    struct Vm {
        in_place: [InPlace; 2],
        hydrated: Vec<Hydrated>,
    }

    let mut vm = Vm {
        in_place: [InPlace::First, InPlace::Second(9)],
        hydrated: vec![Hydrated::Nil, Hydrated::Text("text".into())],
    };
    let bytes = neodump_runtime::dump_to_bytes(&mut vm).expect("the machine is dumped");
    let sections =
        ImageHeader::parse(&bytes, bytes.len() as u64).expect("the header is sound").sections().to_vec();
    let mut refusals = BTreeSet::new();
    for (number, section) in sections.iter().enumerate() {
        let start = section.extent.offset as usize;
        for index in start..start + section.extent.length as usize {
            let mut damaged = bytes.clone();
            damaged[index] ^= 0x40;
            reseal(&mut damaged, number, section);
            match LoadOptions::new().load_bytes::<Vm>(&damaged) {
                Ok(vm) => assert_eq!((vm.in_place.len(), vm.hydrated.len()), (2, 2)),
                Err(error) => {
                    let text = error.to_string();
                    refusals.extend(
                        text.split("; ").find_map(|part| Some(part[part.find("the tag of")?..].to_owned())),
                    );
                }
            }
        }
    }
    let expected = "the tag of InPlace is 322, expected one of 16706 (First), 17220 (Second)";
    assert!(refusals.contains(expected), "{refusals:#?}");
    let expected = "the tag of Hydrated is 65, expected one of 0 (Nil), 1 (Text)";
    assert!(refusals.contains(expected), "{refusals:#?}");
}

#[derive(Dumpable, Clone, Copy, PartialEq, Eq, Debug)]
#[dump(
    unsafe(word),
    objects(Pair<'gc> = 1, Other = OTHER by Header::kind_of { Vector<'gc>, Table<'gc> }),
    symbol = 0,
    immediate(3, 4)
)]
#[repr(transparent)]
struct Value<'gc> {
    bits: u64,
    heap: PhantomData<Cell<&'gc ()>>,
}

const OTHER: u64 = 2;

impl<'gc> Value<'gc> {
    const fn immediate(n: u64) -> Self {
        Self { bits: n << 3 | 3, heap: PhantomData }
    }

    fn object<T>(object: NonNull<T>, tag: u64) -> Self {
        Self { bits: object.as_ptr().expose_provenance() as u64 | tag, heap: PhantomData }
    }

    fn get<T>(self) -> &'gc T {
        // SAFETY: the tests make words of live objects, which are never freed.
        unsafe { &*std::ptr::with_exposed_provenance((self.bits & !7) as usize) }
    }
}

#[derive(Dumpable, Clone, Copy)]
#[repr(C)]
struct Header {
    kind: u8,
    #[dump(bake = 1)]
    mark: u8,
}

impl Header {
    unsafe fn kind_of(object: *const u8) -> u8 {
        // SAFETY: every object with this tag begins with a header.
        unsafe { object.read() }
    }
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Pair<'gc> {
    car: Value<'gc>,
    next: Option<&'gc Pair<'gc>>,
}

#[derive(Dumpable)]
#[dump(object, kind = 1, validate = Vector::check)]
#[repr(C)]
struct Vector<'gc> {
    header: Header,
    len: u32,
    sum: u64,
    #[dump(unsafe(tail = len))]
    data: [Value<'gc>; 0],
}

impl Vector<'_> {
    fn check(&self) -> Result<(), String> {
        if self.sum == u64::from(self.len) { Ok(()) } else { Err(format!("sum is {}", self.sum)) }
    }
}

#[derive(Dumpable)]
#[dump(object, kind = 2)]
#[repr(C)]
struct Table<'gc> {
    header: Header,
    count: u64,
    names: Vec<String>,
    values: BTreeMap<u32, Value<'gc>>,
    #[dump(skip = "of the process", default = 5)]
    skipped: u32,
    #[dump(derived = Table::first)]
    first: Option<Value<'gc>>,
}

impl<'gc> Table<'gc> {
    fn first(table: &Table<'gc>) -> Option<Value<'gc>> {
        table.values.values().next().copied()
    }
}

fn leak<T>(object: T) -> NonNull<T> {
    NonNull::from(Box::leak(Box::new(object)))
}

/// A vector with its elements behind it.
fn vector<'gc>(values: &[Value<'gc>], sum: u64) -> Value<'gc> {
    let words = vec![0u64; 2 + values.len()].into_boxed_slice();
    let vector = NonNull::from(Box::leak(words)).cast::<Vector<'gc>>();
    let header = Header { kind: 1, mark: 0 };
    // SAFETY: the allocation holds the vector and its elements.
    unsafe { vector.write(Vector { header, len: values.len() as u32, sum, data: [] }) };
    for (index, value) in values.iter().enumerate() {
        let element = vector.as_ptr().wrapping_byte_add(offset_of!(Vector<'gc>, data)).cast::<Value<'gc>>();
        // SAFETY: as above.
        unsafe { element.wrapping_add(index).write(*value) };
    }
    Value::object(vector, OTHER)
}

#[derive(Dumpable)]
#[dump(image = "objects", version = 2, before_dump = Self::quiesce, after_load = resume, validate = check)]
struct Machine<'gc> {
    #[dump(heap)]
    heap: Heap,
    root: Value<'gc>,
    manager: Manager<'gc>,
    #[dump(skip = "counts what hooks did")]
    resumed: u32,
}

#[derive(Dumpable)]
#[dump(section = "manager", version = 1)]
struct Manager<'gc> {
    #[dump(unsafe(pointer))]
    pair: Option<NonNull<Pair<'gc>>>,
    table: Value<'gc>,
    quiet: bool,
}

impl Machine<'_> {
    fn quiesce(&mut self) {
        self.manager.quiet = true;
    }
}

fn resume(machine: &mut Machine<'_>) -> Result<(), std::fmt::Error> {
    machine.resumed += 1;
    Ok(())
}

fn check(machine: &Machine<'_>) -> Result<(), &'static str> {
    if machine.manager.quiet { Ok(()) } else { Err("the machine is not quiet") }
}

fn machine<'gc>(sum: u64) -> Machine<'gc> {
    let pair = leak(Pair { car: Value::immediate(4), next: None });
    // SAFETY: never freed.
    let first = leak(Pair { car: Value::object(pair, 1), next: Some(unsafe { pair.as_ref() }) });
    let vector = vector(&[Value::object(first, 1), Value::immediate(8)], sum);
    let values = BTreeMap::from([(1, vector), (2, Value::object(pair, 1))]);
    let table = leak(Table {
        header: Header { kind: 2, mark: 0 },
        count: 2,
        names: vec!["a".into(), "bc".into()],
        values,
        skipped: 5,
        first: Some(vector),
    });
    let manager = Manager { pair: Some(pair), table: Value::object(table, OTHER), quiet: false };
    Machine { heap: Heap::default(), root: vector, manager, resumed: 0 }
}

#[test]
fn objects_with_tails_kinds_lifetimes_and_hydrated_fields_come_back() {
    let mut live = machine(2);
    there_and_back(&mut live, &Natives::new(), |machine| {
        let vector = machine.root.get::<Vector<'_>>();
        assert_eq!((vector.header.kind, vector.len, vector.sum), (1, 2, 2));
        let element = |index| {
            let data = (machine.root.bits & !7) as usize + offset_of!(Vector<'_>, data);
            let element = std::ptr::with_exposed_provenance::<Value<'_>>(data).wrapping_add(index);
            // SAFETY: the vector has two elements.
            unsafe { element.read() }
        };
        assert_eq!(element(1), Value::immediate(8));
        let first = element(0).get::<Pair<'_>>();
        let second = first.next.expect("there is a second pair");
        assert!(std::ptr::eq(second, first.car.get::<Pair<'_>>()));
        assert_eq!(machine.manager.pair, Some(NonNull::from(second)));
        assert_eq!((second.car, second.next.is_none()), (Value::immediate(4), true));
        let table = machine.manager.table.get::<Table<'_>>();
        assert_eq!((table.header.kind, table.count, table.skipped), (2, 2, 5));
        assert_eq!(table.names, ["a", "bc"]);
        assert_eq!(table.values[&1], machine.root);
        assert_eq!(table.first, Some(machine.root));
    });
    assert!(live.manager.quiet, "the hook ran before the dump");
    assert_eq!(live.resumed, 0);
}

#[test]
fn baked_marks_hooks_and_validation_are_those_of_the_image() {
    let mut live = machine(2);
    let bytes = neodump_runtime::dump_to_bytes(&mut live).expect("the machine is dumped");
    let back: Machine<'_> = neodump_runtime::load_bytes(&bytes).expect("the image is loaded");
    assert_eq!(back.resumed, 1);
    assert_eq!(back.root.get::<Vector<'_>>().header.mark, 1);
    assert_eq!(live.root.get::<Vector<'_>>().header.mark, 0);
    assert!(back.heap.image.is_some());
}

#[test]
fn an_object_that_its_validation_refuses_is_not_loaded() {
    let bytes = neodump_runtime::dump_to_bytes(&mut machine(3)).expect("the machine is dumped");
    let error = neodump_runtime::load_bytes::<Machine<'_>>(&bytes).err().expect("the image is refused");
    assert!(error.to_string().contains("sum is 3"), "{error}");
}
