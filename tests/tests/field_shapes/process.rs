//! What belongs to the program or the process: functions, tables, caches, registries.

use super::*;

#[repr(C)]
#[derive(Clone, Copy)]
struct Forwarder {
    slot: u32,
}
static FORWARD: Forwarder = Forwarder { slot: 12 };

#[inline(never)]
fn twice(number: u64) -> u64 {
    number * 2
}

#[test]
fn shape_22_functions_and_descriptors_are_found_by_name() {
    #[derive(Dumpable)]
    struct Subr {
        #[dump(native)]
        call: fn(u64) -> u64,
        #[dump(native)]
        none: Option<fn(u64) -> u64>,
        #[dump(native)]
        forward: &'static Forwarder,
    }
    let natives = Natives::new().function("twice", twice as fn(u64) -> u64).data("forward", &FORWARD);
    let mut vm = around(Subr { call: twice, none: None, forward: &FORWARD });
    loaded(&mut vm, &natives, |back| {
        let subr = &back.value;
        assert_eq!(((subr.call)(21), subr.none.is_none(), subr.forward.slot), (42, true, 12));
    });
}

static DEFAULTS: [u32; 4] = [8, 70, 0, 1];

#[test]
fn shape_23_a_slot_table_is_its_seeds_and_what_was_changed() {
    #[derive(Dumpable)]
    struct Slots {
        #[dump(overlay = DEFAULTS)]
        values: [u32; 4],
    }
    carried(Slots { values: [8, 80, 0, 1] }, |slots| assert_eq!(slots.values, [8, 80, 0, 1]));
}

#[derive(Dumpable)]
struct Index {
    names: Vec<String>,
    #[dump(derived = Index::count)]
    count: usize,
    #[dump(cache)]
    cached: Cell<u64>,
    #[dump(cache)]
    looked_up: RefCell<HashMap<String, usize>>,
}

impl Index {
    fn count(&self) -> usize {
        self.names.len()
    }
}

#[test]
fn shape_24_counters_are_computed_and_caches_empty() {
    let looked_up = RefCell::new(HashMap::from([("a".to_owned(), 0)]));
    let index = Index { names: vec!["a".to_owned()], count: 99, cached: Cell::new(5), looked_up };
    carried(index, |index| {
        assert_eq!((index.count, index.cached.get(), index.looked_up.borrow().len()), (1, 0, 0));
    });
}

#[test]
fn shape_25_what_is_left_out_says_why() {
    #[derive(Dumpable)]
    struct Interactive {
        specs: Vec<u32>,
        #[dump(skip = "calls end with the process")]
        call_stack: Vec<bool>,
        #[dump(skip = "windows belong to the process", default = 1)]
        window: u32,
    }
    carried(Interactive { specs: vec![1], call_stack: vec![true], window: 9 }, |back| {
        assert_eq!((&back.specs[..], back.call_stack.len(), back.window), (&[1][..], 0, 1));
    });
}

thread_local! {
    static CHARSETS: RefCell<Active<Vec<String>>> = const { RefCell::new(Active::new(Vec::new())) };
}
static FONTSETS: RwLock<Active<Vec<u32>>> = RwLock::new(Active::new(Vec::new()));

#[derive(Dumpable)]
#[dump(image = "registries", version = 1)]
struct Registries {
    #[dump(global = CHARSETS)]
    charsets: Captured<Vec<String>>,
    #[dump(global = FONTSETS)]
    fontsets: Captured<Vec<u32>>,
}

#[test]
fn shape_26_registries_in_statics_belong_to_a_machine() {
    let mut live =
        Registries { charsets: Captured::new(vec!["ascii".to_owned()]), fontsets: Captured::default() };
    activate(&mut live).expect("free");
    FONTSETS.write().expect("not poisoned").push(3);
    loaded(&mut live, &Natives::new(), |_| {
        CHARSETS.with_borrow_mut(|charsets| {
            assert_eq!(**charsets, ["ascii"]);
            charsets.push("unicode".to_owned());
        });
        assert_eq!(**FONTSETS.read().expect("not poisoned"), [3]);
    });
    activate(&mut live).expect("free");
    CHARSETS.with_borrow(|charsets| assert_eq!(**charsets, ["ascii"], "the clone changed its own"));
}
