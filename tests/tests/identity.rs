//! What comes back is what was dumped: the same graph, the same sharing, the same types.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::{Rc, Weak};

use neodump_runtime::{Dumpable, LoadOptions, LoadReport, Placement, dump_to_bytes, load_bytes};
use neodump_tests::fixture::{Value, Vm, natives};

const EVERYWHERE: [Placement; 4] =
    [Placement::Preferred, Placement::Elsewhere, Placement::Copied, Placement::Patched];

fn load_at(bytes: &[u8], placement: Placement) -> (Vm, LoadReport) {
    let (natives, mut report) = (natives(), LoadReport::default());
    let options = LoadOptions::new().natives(&natives).placement(placement).report(&mut report);
    let vm = options.load_bytes(bytes).expect("loaded");
    (vm, report)
}

#[test]
fn a_machine_comes_back_as_it_was_wherever_it_is_loaded() {
    let mut vm = Vm::full();
    let (bytes, text) = (vm.dump().expect("dumped"), vm.describe());
    println!("{} bytes, {} lines", bytes.len(), text.lines().count());
    for placement in EVERYWHERE {
        let (loaded, report) = load_at(&bytes, placement);
        assert_eq!(loaded.describe(), text, "{placement:?}");
        println!("{report}");
    }
}

#[test]
fn fields_that_are_not_stored_have_the_values_that_their_attributes_say() {
    let vm = Vm::load(&Vm::full().dump().expect("dumped")).expect("loaded");
    assert_eq!((vm.dumps, vm.loads), (0, 1), "skipped, and counted by after_load");
    assert_eq!((vm.owned.line_count, vm.owned.handle, vm.owned.cache.len()), (3, 41, 0));
    assert_eq!(vm.scalars.baked, 0x5a5a_5a5a);
    for value in vm.reachable(1000) {
        if let Some(text) = value.as_str() {
            assert_eq!((text.hash.get(), text.header.mark.get()), (0, 1), "cached and baked");
        }
        if let Some(table) = value.as_table() {
            assert_eq!(table.hits.get(), 77, "skipped with a default");
        }
    }
}

#[test]
fn a_machine_that_holds_nothing_comes_back() {
    let mut vm = Vm::empty();
    let bytes = vm.dump().expect("dumped");
    for placement in EVERYWHERE {
        let (mut loaded, report) = load_at(&bytes, placement);
        assert_eq!(loaded.describe(), vm.describe());
        assert_eq!(report.object_count(), 0);
        let image = loaded.image().expect("an image");
        assert!(image.arenas().is_empty() && !image.contains(std::ptr::null()));
        assert!(!image.is_object(std::ptr::from_ref(&loaded).cast()));
        image.written_objects(|_, _| panic!("there are no objects"));
        loaded.mutate(10);
        loaded.collect();
        assert_eq!(
            loaded
                .dump()
                .map(|bytes| Vm::load(&bytes).map(|vm| vm.describe() == loaded.describe()).ok())
                .ok()
                .flatten(),
            Some(true)
        );
    }
}

#[test]
fn a_machine_without_fields_without_heap_and_without_symbols_comes_back() {
    #[derive(Dumpable)]
    #[dump(image = "nothing", version = 1)]
    struct Nothing {}

    #[derive(Dumpable)]
    #[dump(section = "bare", version = 1)]
    struct Bare {}

    #[derive(Dumpable)]
    #[dump(section = "maps", version = 1)]
    struct Maps {
        hashed: HashMap<u32, String>,
        ordered: BTreeMap<String, Vec<u8>>,
        unit: Vec<()>,
    }

    #[derive(Dumpable)]
    #[dump(image = "sections of nothing", version = 1)]
    struct Empty {
        bare: Bare,
        maps: Maps,
    }

    let bytes = dump_to_bytes(&mut Nothing {}).expect("dumped");
    let Nothing {} = load_bytes(&bytes).expect("loaded");
    let maps = Maps { hashed: HashMap::new(), ordered: BTreeMap::new(), unit: vec![(); 3] };
    let bytes = dump_to_bytes(&mut Empty { bare: Bare {}, maps }).expect("dumped");
    for placement in EVERYWHERE {
        let Empty { bare: Bare {}, maps } =
            LoadOptions::new().placement(placement).load_bytes(&bytes).expect("loaded");
        assert!(maps.hashed.is_empty() && maps.ordered.is_empty());
        assert_eq!(maps.unit.len(), 3);
    }
}

#[test]
fn an_object_may_point_at_itself_in_every_way() {
    let mut vm = Vm::empty();
    let cons = vm.cons(Value::NIL, Value::NIL);
    let cell = cons.as_cons().expect("a cons");
    cell.car.set(cons);
    cell.cdr.set(cons);
    let vector = vm.heap.vector(&[Value::NIL; 2]);
    vector.as_vector().expect("a vector").elements().iter().for_each(|element| element.set(vector));
    let record = vm.record(&[("me", Value::NIL)], &[]);
    record.as_record().expect("a record").slots[0].set(record);
    let table = vm.table(&[(cons, vector)], &[], Some(cons));
    vm.root = vm.heap.vector(&[cons, vector, record, table]);
    vm.list = vec![vm.root, cons];
    let bytes = vm.dump().expect("dumped");
    for placement in EVERYWHERE {
        let (loaded, _) = load_at(&bytes, placement);
        assert_eq!(loaded.describe(), vm.describe());
        let cons = loaded.list[1];
        assert_eq!(cons.as_cons().map(|cell| (cell.car.get(), cell.cdr.get())), Some((cons, cons)));
    }
}

#[test]
fn a_table_that_holds_itself_as_value_comes_back() {
    let mut vm = Vm::empty();
    let table = vm.table(&[], &[], None);
    let address = table.address().expect("an object").cast::<neodump_tests::fixture::Table>();
    // SAFETY: the machine is not running, and nobody looks at the table.
    let map = unsafe { &mut (*address).map };
    map.insert(Value::int(1), table);
    map.insert(table, Value::int(2));
    vm.root = table;
    let loaded = Vm::load(&vm.dump().expect("dumped")).expect("loaded");
    let map = &loaded.root.as_table().expect("a table").map;
    assert_eq!((map[&Value::int(1)], map[&loaded.root]), (loaded.root, Value::int(2)));
}

#[test]
fn shared_values_of_two_managers_are_one_value_again() {
    let mut vm = Vm::full();
    let loaded = Vm::load(&vm.dump().expect("dumped")).expect("loaded");
    assert!(Rc::ptr_eq(&loaded.registers.stack, &loaded.owned.stack));
    assert_eq!(Rc::strong_count(&loaded.owned.stack), 2);
    let before = loaded.owned.stack.borrow().len();
    loaded.registers.stack.borrow_mut().push(Value::int(1));
    assert_eq!(loaded.owned.stack.borrow().len(), before + 1);
    let one = &loaded.owned.one;
    assert!(loaded.owned.two.as_ref().is_some_and(|two| std::sync::Arc::ptr_eq(one, two)));
}

#[derive(Dumpable)]
struct Node {
    name: String,
    #[dump(shared)]
    next: RefCell<Option<Rc<Node>>>,
}

#[derive(Dumpable)]
#[dump(image = "ring", version = 1)]
struct Ring {
    #[dump(shared)]
    first: Option<Rc<Node>>,
    #[dump(shared)]
    twice: (Rc<()>, Rc<()>, Rc<()>),
}

#[test]
fn a_ring_of_shared_values_is_a_ring_again_and_is_counted_right() {
    let node = |name: &str| Rc::new(Node { name: name.into(), next: RefCell::default() });
    let (a, b) = (node("a"), node("b"));
    *a.next.borrow_mut() = Some(b.clone());
    *b.next.borrow_mut() = Some(a.clone());
    let unit = Rc::new(());
    let bytes = dump_to_bytes(&mut Ring { first: Some(a.clone()), twice: (unit.clone(), unit, Rc::new(())) });
    let ring: Ring = load_bytes(&bytes.expect("dumped")).expect("loaded");
    let first = ring.first.expect("a ring");
    let second = first.next.borrow().clone().expect("a second");
    assert_eq!((first.name.as_str(), second.name.as_str()), ("a", "b"));
    assert!(second.next.borrow().as_ref().is_some_and(|next| Rc::ptr_eq(next, &first)));
    assert_eq!((Rc::strong_count(&first), Rc::strong_count(&second)), (2, 2));
    let weak: Weak<Node> = Rc::downgrade(&first);
    second.next.borrow_mut().take();
    drop((first, second));
    assert!(weak.upgrade().is_none(), "the counts are right, so the ring can be freed");
    let (one, same, other) = ring.twice;
    assert!(Rc::ptr_eq(&one, &same) && !Rc::ptr_eq(&one, &other));
    a.next.borrow_mut().take();
}
