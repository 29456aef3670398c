//! Values with their tag, owner or chain elsewhere.

use super::*;

#[derive(Dumpable, Clone, Copy, PartialEq, Debug)]
#[repr(u8)]
enum Redirect {
    Plain,
    Alias,
}

#[derive(Dumpable)]
#[dump(tag = Redirect)]
#[repr(C)]
union Cell2 {
    #[dump(tag = Redirect::Plain)]
    value: Value,
    #[dump(tag = Redirect::Alias)]
    alias: u32,
}

#[test]
fn shape_17_the_field_of_a_union_that_a_tag_selects_is_dumped() {
    #[derive(Dumpable)]
    #[repr(C)]
    struct Row {
        redirect: Redirect,
        #[dump(unsafe(tag = redirect))]
        cell: Cell2,
    }
    let plain = Row { redirect: Redirect::Plain, cell: Cell2 { value: float(3.0) } };
    let alias = Row { redirect: Redirect::Alias, cell: Cell2 { alias: 8 } };
    carried(ImageVec::from(vec![plain, alias]), |rows| {
        // SAFETY: the tag says that it is alive.
        let value = unsafe { rows[0].cell.value };
        // SAFETY: as above.
        let alias = unsafe { rows[1].cell.alias };
        assert_eq!((number(value), alias), (3.0, 8));
    });
}

#[test]
fn shape_18_packed_flags_are_checked_by_their_object() {
    #[derive(Dumpable)]
    #[dump(object, validate = Flags::check)]
    #[repr(C)]
    struct Flags {
        flags: u64,
    }
    impl Flags {
        fn check(&self) -> Result<(), String> {
            if self.flags & !0x3f == 0 { Ok(()) } else { Err(format!("flags {:#x}", self.flags)) }
        }
    }
    #[derive(Dumpable)]
    struct Holder(#[dump(unsafe(pointer))] NonNull<Flags>);
    let holder = |flags| Holder(NonNull::new(leak(Flags { flags })).expect("a box is not null"));
    // SAFETY: a live object.
    carried(holder(0x21), |holder| assert_eq!(unsafe { holder.0.as_ref() }.flags, 0x21));
    let bytes = neodump_runtime::dump_to_bytes(&mut around(holder(0x40))).expect("dumps");
    let refused = LoadOptions::new().load_bytes::<Around<Holder>>(&bytes).map(drop).expect_err("refused");
    assert!(refused.to_string().contains("flags 0x40"), "{refused}");
}

#[test]
fn shape_19_what_owners_share_is_shared() {
    #[derive(Dumpable)]
    struct Buffer {
        #[dump(shared)]
        text: Rc<RefCell<String>>,
    }
    let text = Rc::new(RefCell::new("text".to_owned()));
    carried([Buffer { text: text.clone() }, Buffer { text }], |[base, indirect]| {
        base.text.borrow_mut().push('!');
        assert_eq!(*indirect.text.borrow(), "text!");
    });
}

/// A gap buffer: its text is stored, and no gap.
#[derive(Default)]
struct Gap {
    bytes: Vec<u8>,
    gap: std::ops::Range<usize>,
}

mod gap {
    use super::Gap;
    pub(super) type Stored = Vec<u8>;
    pub(super) fn to_stored(gap: &Gap) -> Stored {
        [&gap.bytes[..gap.gap.start], &gap.bytes[gap.gap.end..]].concat()
    }
    pub(super) fn from_stored(bytes: Stored) -> Result<Gap, String> {
        let end = bytes.len();
        Ok(Gap { bytes, gap: end..end })
    }
}

#[test]
fn shape_20_a_gap_buffer_is_its_text() {
    #[derive(Dumpable)]
    struct Text(#[dump(with = gap)] Gap);
    let live = Gap { bytes: b"he....llo".to_vec(), gap: 2..6 };
    carried(Text(live), |text| assert_eq!((&text.0.bytes[..], text.0.gap.clone()), (&b"hello"[..], 5..5)));
}

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Marker {
    place: u64,
    #[dump(bake = Cell::new(null_mut()))]
    next: Cell<*mut Marker>,
}

#[derive(Dumpable)]
struct Chain {
    #[dump(unsafe(pointer))]
    markers: Vec<NonNull<Marker>>,
    #[dump(relink = Chain::link)]
    first: *mut Marker,
}

impl Chain {
    fn link(&self) -> *mut Marker {
        self.markers.iter().rev().fold(null_mut(), |next, marker| {
            // SAFETY: a live object.
            unsafe { marker.as_ref() }.next.set(next);
            marker.as_ptr()
        })
    }
}

#[test]
fn shape_21_intrusive_chains_are_linked_again() {
    let markers: Vec<_> = (1..4)
        .map(|place| NonNull::new(leak(Marker { place, next: Cell::default() })).expect("a box is not null"))
        .collect();
    carried(Chain { first: markers[2].as_ptr(), markers }, |chain| {
        let (mut places, mut at) = (Vec::new(), chain.first);
        // SAFETY: live objects.
        while let Some(marker) = unsafe { at.as_ref() } {
            places.push(marker.place);
            at = marker.next.get();
        }
        assert_eq!(places, [1, 2, 3]);
    });
}
