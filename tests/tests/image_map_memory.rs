//! What a map of the image gets from the process it gives back when the image is released. Alone in its process, so that
//! all memory that is held is its own.

use neodump_runtime::{
    Dumpable, ImageMap, ImageSet, ImageStr, ImageVec, LoadOptions, Placement, dump_to_bytes,
};
use neodump_tests::heap::Heap;
use neodump_tests::limit::{Watched, held};

#[global_allocator]
static ALLOCATOR: Watched = Watched;

#[derive(Dumpable, Clone, Copy)]
#[dump(unsafe(word), objects(Table = 1), immediate(0))]
#[repr(transparent)]
struct Word(usize);

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Table {
    texts: ImageMap<ImageStr, ImageStr>,
    nested: ImageMap<u8, ImageMap<u8, ImageVec<u8>>>,
    set: ImageSet<ImageVec<u8>>,
}

#[derive(Dumpable)]
#[dump(image = "memory of maps", version = 1)]
struct Vm {
    #[dump(heap)]
    heap: Heap,
    table: Word,
    own: ImageMap<ImageStr, ImageStr>,
}

fn bytes() -> Vec<u8> {
    let texts =
        || (0..50).map(|number| (format!("key {number}").into(), format!("text {number}").into())).collect();
    let inner = || (0..3).map(|number| (number, vec![number; 4].into())).collect();
    let table = Box::new(Table {
        texts: texts(),
        nested: (0..5).map(|number| (number, inner())).collect(),
        set: (0..9).map(|number| vec![number; 3].into()).collect(),
    });
    let word = Word((&raw const *table).expose_provenance() | 1);
    let mut vm = Vm { heap: Heap::default(), table: word, own: texts() };
    dump_to_bytes(&mut vm).expect("dumped")
}

/// Makes maps hold memory in every way there is.
fn change(vm: &mut Vm) {
    // SAFETY: the word points at a live table, which nobody else looks at.
    let table: &mut Table = unsafe { &mut *std::ptr::with_exposed_provenance_mut(vm.table.0 - 1) };
    for texts in [&mut table.texts, &mut vm.own] {
        texts.get_mut("key 1").expect("a text").push_str(" that has grown");
        texts.insert("key 2".into(), "another".into());
        texts.insert("another".into(), "text".into());
        texts.get_mut("key 3").expect("a text").push_str(" that has grown, and goes");
        assert!(texts.remove("key 3").is_some());
        texts.get_mut("key 4").expect("a text").push_str(" that has grown, and is let go");
        texts.retain(|key, _| key.as_str() != "key 4");
    }
    for (_, inner) in &mut table.nested {
        inner.get_mut(&1).expect("numbers").push(9);
        inner.insert(77, vec![1].into());
        inner.remove(&2);
    }
    table.nested.remove(&3);
    table.set.insert(vec![1, 2, 3, 4].into());
    table.set.remove(&[0, 0, 0][..]);
}

#[test]
fn what_maps_get_is_given_back_when_the_image_is_released() {
    let bytes = bytes();
    // The first round fills what the process keeps for itself.
    for round in 0..4 {
        let before = held();
        let placement = [Placement::Preferred, Placement::Elsewhere][round % 2];
        let mut vm: Vm = LoadOptions::new().placement(placement).load_bytes(&bytes).expect("loaded");
        let loaded = held();
        change(&mut vm);
        assert!(held() > loaded + 500, "the maps hold memory");
        let image = vm.heap.image.take().expect("an image");
        drop(vm);
        // SAFETY: nothing refers to the image any more.
        unsafe { image.release() };
        if round > 0 {
            assert_eq!(held(), before, "round {round}");
        }
    }
}
