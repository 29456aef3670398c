//! `relink`: a chain or back pointer that no image holds is right after every load.

mod shapes;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ptr::{NonNull, null_mut};
use std::rc::Rc;

use neodump_runtime::{DumpError, Dumpable, LoadOptions, Natives};
use shapes::{Heap, Machine, WAYS, alone, around, carried, dumped, leak, loaded, release};

/// A marker of a text: in the chain of its text, which does not keep it alive.
#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Marker {
    place: u64,
    /// Set by the text that has the chain.
    #[dump(bake = Cell::new(null_mut()))]
    next: Cell<*mut Marker>,
    /// To itself: of an object, computed when all objects are there.
    #[dump(relink = Marker::me)]
    me: Cell<*const Marker>,
}

impl Marker {
    fn me(&self) -> Cell<*const Marker> {
        Cell::new(self)
    }
}

/// A text that several buffers share, with the first of its chain of markers.
#[derive(Dumpable)]
struct Text {
    #[dump(unsafe(pointer))]
    owned: Vec<NonNull<Marker>>,
    #[dump(relink = Text::chain)]
    first: *mut Marker,
    /// Filled in the second pass, which is before.
    names: HashMap<String, u32>,
}

impl Text {
    /// Chains the markers, and gives the first.
    fn chain(&self) -> Result<*mut Marker, String> {
        if self.names.contains_key("broken") {
            return Err("the names are broken".to_owned());
        }
        let mut first = null_mut();
        for marker in self.owned.iter().rev() {
            // SAFETY: a live object, written through cells only.
            unsafe { marker.as_ref() }.next.set(first);
            first = marker.as_ptr();
        }
        Ok(first)
    }

    fn places(&self) -> Vec<u64> {
        let mut places = Vec::new();
        let mut at = self.first;
        // SAFETY: the chain is of live objects.
        while let Some(marker) = unsafe { at.as_ref() } {
            places.push(marker.place);
            assert!(std::ptr::eq(marker.me.get(), marker), "a marker knows itself");
            at = marker.next.get();
        }
        places
    }
}

fn marker(place: u64) -> NonNull<Marker> {
    let next = Cell::new(null_mut());
    let marker = leak(Marker { place, next, me: Cell::new(std::ptr::null()) });
    // SAFETY: made just now.
    unsafe { (*marker).me.set(marker) };
    NonNull::new(marker).expect("a box is not null")
}

fn text(places: &[u64], name: &str) -> Text {
    let owned = places.iter().map(|place| marker(*place)).collect();
    let mut text = Text { owned, first: null_mut(), names: HashMap::from([(name.to_owned(), 1)]) };
    text.first = text.chain().unwrap_or(null_mut());
    text
}

#[test]
fn chains_are_right_wherever_the_image_is_and_counted_as_load_work() {
    let shared = Rc::new(RefCell::new(text(&[3, 1, 2], "shared")));
    carried(
        (vec![Box::new(text(&[], "a")), Box::new(text(&[7, 8], "b"))], Share(shared)),
        |(texts, shared), report| {
            assert_eq!(texts[0].places(), []);
            assert_eq!(texts[1].places(), [7, 8]);
            assert_eq!(shared.0.borrow().places(), [3, 1, 2]);
            assert_eq!(report.relinked, 3 + 5, "three texts, five markers");
            assert!(report.to_string().contains("8 fields relinked"), "{report}");
        },
    );
}

#[derive(Dumpable)]
struct Share(#[dump(shared)] Rc<RefCell<Text>>);

#[derive(Dumpable)]
#[dump(image = "chains", version = 1)]
struct Vm {
    #[dump(heap)]
    heap: Heap,
    /// Of the image, and so the last, though it is the first in the source.
    #[dump(relink = Vm::all)]
    all: Vec<u64>,
    texts: Vec<Text>,
    #[dump(derived = Vm::before)]
    before: usize,
}

impl Vm {
    fn all(&self) -> Vec<u64> {
        assert_eq!(self.before, 0, "nothing was chained in the second pass");
        self.texts.iter().flat_map(Text::places).collect()
    }

    fn before(&self) -> usize {
        self.texts.iter().filter(|text| !text.first.is_null()).count()
    }
}

impl Machine for Vm {
    fn heap(&mut self) -> &mut Heap {
        &mut self.heap
    }
}

#[test]
fn fields_of_the_image_come_after_all_others() {
    let _alone = alone();
    let texts = vec![text(&[1, 2], "a"), text(&[3], "b")];
    let mut vm = Vm { heap: Heap::default(), all: Vec::new(), texts, before: 0 };
    let bytes = dumped(&mut vm, &Natives::new());
    for how in WAYS {
        let (back, _) = loaded::<Vm>(&bytes, how, &Natives::new());
        assert_eq!(back.all, [1, 2, 3], "{how:?}");
        release(back);
    }
}

#[test]
fn nothing_of_the_field_is_stored_and_its_targets_are_not_traced() {
    let _alone = alone();
    let mut lonely = text(&[5], "lonely");
    let with = dumped(&mut around(text(&[5], "lonely")), &Natives::new());
    // Reached by the chain alone.
    let extra = marker(6);
    // SAFETY: a live object.
    unsafe { lonely.owned[0].as_ref() }.next.set(extra.as_ptr());
    lonely.first = extra.as_ptr();
    assert!(dumped(&mut around(lonely), &Natives::new()) == with, "the chain is not in the image");
}

#[test]
fn a_function_that_fails_refuses_the_load_and_names_the_field() {
    let _alone = alone();
    let bytes = dumped(&mut around(vec![text(&[1], "broken")]), &Natives::new());
    match LoadOptions::new().load_bytes::<shapes::Around<Vec<Text>>>(&bytes).map(release) {
        Err(DumpError::Deserialization { path, problem }) => {
            assert_eq!((&*path, &*problem), ("Text.first (relink)", "the names are broken"));
        }
        other => panic!("{other:?}"),
    }
}
