//! `handle`: ids of what belongs to the process are those of this process after every load.

mod shapes;

use std::cell::Cell;
use std::collections::HashMap;
use std::ptr::NonNull;

use neodump_runtime::{DumpError, Dumpable, LoadOptions, Natives};
use shapes::{alone, around, carried, dumped, leak, release};

thread_local! {
    /// The windows that this process has opened: their number is the id of the last.
    static OPENED: Cell<u64> = const { Cell::new(100) };
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Dumpable)]
struct WindowId(#[dump(handle = reopen)] u64);

/// Opens a window in the place of one of the dumping process.
fn reopen(stored: u64) -> Result<u64, String> {
    if stored == 13 {
        return Err("window 13 cannot be opened again".to_owned());
    }
    OPENED.set(OPENED.get() + 1);
    Ok(OPENED.get())
}

/// An object that stands for a window.
#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Window {
    header: u64,
    #[dump(handle = reopen)]
    id: u64,
}

/// A frame counts on from the id that it had.
#[derive(Clone, Copy, PartialEq, Debug, Dumpable)]
struct FrameId(u32, u8);

fn later(FrameId(frame, screen): FrameId) -> FrameId {
    FrameId(frame + 1000, screen)
}

fn present(timer: Option<u32>) -> Option<u32> {
    timer.map(|timer| timer | 1 << 31)
}

#[derive(Dumpable)]
enum Place {
    Nowhere,
    Frame(#[dump(handle = later)] FrameId),
}

#[derive(Dumpable)]
struct Screen {
    #[dump(unsafe(pointer))]
    window: NonNull<Window>,
    #[dump(unsafe(pointer))]
    same: NonNull<Window>,
    titles: HashMap<WindowId, String>,
    order: Vec<WindowId>,
    places: Vec<Place>,
    #[dump(handle = present)]
    timer: Option<u32>,
    #[dump(handle = present)]
    no_timer: Option<u32>,
}

fn screen() -> Screen {
    let window = NonNull::new(leak(Window { header: 9, id: 4 })).expect("a box is not null");
    Screen {
        window,
        same: window,
        titles: HashMap::from([(WindowId(4), "four".to_owned()), (WindowId(7), "seven".to_owned())]),
        order: vec![WindowId(7), WindowId(4), WindowId(7)],
        places: vec![Place::Nowhere, Place::Frame(FrameId(2, 3))],
        timer: Some(5),
        no_timer: None,
    }
}

#[test]
fn an_id_is_renumbered_once_wherever_it_is_held() {
    let _alone = alone();
    let bytes = dumped(&mut around(screen()), &Natives::new());
    for how in shapes::WAYS {
        let opened = OPENED.get();
        let (back, report) = shapes::loaded::<shapes::Around<Screen>>(&bytes, how, &Natives::new());
        assert_eq!(OPENED.get(), opened + 2, "two windows, each opened once");
        let screen = &back.value;
        assert_eq!(screen.window, screen.same, "an object that stands for a handle is one object");
        // SAFETY: a live object.
        let window = unsafe { screen.window.as_ref() };
        assert_eq!(window.header, 9);
        assert!(window.id > opened);
        assert_eq!(screen.titles[&WindowId(window.id)], "four");
        let [first, second, third] = screen.order[..] else { panic!("three windows") };
        assert_eq!((first, second), (third, WindowId(window.id)));
        assert_eq!(screen.titles[&first], "seven");
        assert!(matches!(screen.places[..], [Place::Nowhere, Place::Frame(FrameId(1002, 3))]));
        assert_eq!((screen.timer, screen.no_timer), (Some(5 | 1 << 31), None));
        assert_eq!(report.fixups, 1 + 2 + 3 + 1 + 2, "{report}");
        release(back);
    }
}

#[test]
fn the_image_holds_the_ids_of_the_dump() {
    fn same(id: u64) -> u64 {
        id
    }
    #[derive(Dumpable)]
    struct Kept(#[dump(handle = same)] u64);
    carried(vec![Kept(1), Kept(u64::MAX)], |kept, report| {
        assert_eq!((kept[0].0, kept[1].0), (1, u64::MAX));
        assert_eq!(report.fixups, 2);
    });
}

#[test]
fn a_handle_that_cannot_be_made_again_refuses_the_load() {
    let _alone = alone();
    let bytes = dumped(&mut around(vec![WindowId(13)]), &Natives::new());
    match LoadOptions::new().load_bytes::<shapes::Around<Vec<WindowId>>>(&bytes).map(release) {
        Err(DumpError::Deserialization { problem, .. }) => {
            assert_eq!(problem, "window 13 cannot be opened again");
        }
        other => panic!("{other:?}"),
    }
}
