//! Results, rings, paths, locks, times, ranges and shared sequences come back as they were, wherever they
//! stand.

#![expect(clippy::reversed_empty_ranges, reason = "ranges that are empty come back too")]
#![expect(clippy::single_range_in_vec_init, reason = "a vector of one range is what is meant")]

#[macro_use]
#[path = "shapes/everywhere.rs"]
mod everywhere;
mod shapes;

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::ops::{Bound, Range, RangeFrom, RangeInclusive, RangeTo};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use everywhere::{Everywhere, Same, carried, comes_back_as};
use neodump_runtime::{Dumpable, ImageVec, Symbol};

/// A ring whose elements lie in two parts, if it has two.
fn ring<T>(values: impl IntoIterator<Item = T>) -> VecDeque<T> {
    let mut ring = VecDeque::from_iter(values);
    ring.shrink_to_fit();
    let first = ring.pop_front().expect("an element");
    ring.push_back(first);
    assert!(ring.len() == 1 || size_of::<T>() == 0 || !ring.as_slices().1.is_empty());
    ring
}

types! {
    results_come_back {
        Ok::<u8, u64>(7), Err::<u8, u64>(u64::MAX), Ok::<(), ()>(()), Err::<u64, ()>(()),
        Ok::<String, Vec<u8>>("fine".into()), Err::<String, Vec<u8>>(vec![1, 2]), Some(Ok::<u16, char>(1)),
        vec![Ok::<Box<u8>, String>(Box::new(1)), Err("no".into())], Ok::<Result<u8, char>, ()>(Err('x')),
        Err::<Symbol, HashMap<char, u8>>(HashMap::from([('a', 1)])),
        HashMap::from([(Ok::<u8, char>(1), 1_u8), (Err('a'), 2), (Ok(2), 3)]),
    }
    rings_come_back_front_first {
        VecDeque::<u64>::new(), VecDeque::from([1_u8, 2, 3]), ring([1_u16, 2, 3, 4, 5]),
        ring(["a".to_owned(), "b".to_owned(), "c".to_owned()]), ring([vec![1_u8], vec![], vec![2, 3]]),
        ring([ring([1_u8, 2]), ring([3])]), ring([(), (), ()]), ring([Some(1_u8), None]), Some(ring([1_u32])),
        ring([HashMap::from([(1_u8, ring(['a', 'b']))])]), HashMap::from([(ring([1_u8, 2]), 1_u8), (ring([1]), 2)]),
        ring([Symbol::from_id(1), Symbol::from_id(2)]), ring([Rc::new(1_u8), Rc::new(2)]),
    }
    clones_on_write_come_back {
        Cow::Borrowed("text"), Cow::<'static, str>::Owned("\u{e9}".into()), Cow::<'static, str>::Borrowed(""),
        Cow::<'static, [u16]>::Borrowed(&[1, 2]), Cow::<'static, [String]>::Owned(vec!["a".into(), "b".into()]),
        Cow::<'static, (u8, u64)>::Owned((1, 2)), Cow::<'static, Vec<u8>>::Owned(vec![1]),
        Cow::<'static, Path>::Borrowed(Path::new("/a/b")), Cow::<'static, OsStr>::Borrowed(OsStr::new("c")),
        vec![Cow::Borrowed("a"), Cow::Owned("b".to_owned())], Some(Cow::Borrowed("x")),
        HashMap::from([(Cow::Borrowed("a"), 1_u8), (Cow::Owned("b".to_owned()), 2)]),
        HashSet::from([Cow::<'static, [u8]>::Borrowed(&[1]), Cow::Owned(vec![])]),
    }
    strings_of_the_platform_come_back {
        PathBuf::new(), PathBuf::from("/usr/lib/emacs"), vec![PathBuf::from("a"), PathBuf::from("b")],
        OsString::new(), OsString::from("h\u{e9}llo"), HashMap::from([(PathBuf::from("x"), OsString::from("y"))]),
        Some(PathBuf::from("c")), Box::new(OsString::from("boxed")),
    }
    times_come_back {
        Duration::ZERO, Duration::MAX, Duration::from_nanos(1), Duration::from_millis(1500), Some(Duration::MAX),
        vec![Duration::ZERO, Duration::from_secs(1)], Cell::new(Duration::from_secs(3)),
        HashMap::from([(Duration::from_nanos(2), 'a'), (Duration::from_secs(1), 'b')]), [Duration::ZERO; 2],
    }
    ranges_come_back {
        0_u8..7, 7_u64..3, 'b'..'z', String::from("a")..String::from("b"), 1_i8.., vec![1_u8].., ..9_u128, ..'x',
        0_u8..=255, 'a'..='a', String::from("a")..=String::from("b"), 5_i32..=-5, (1_u8, 'a')..=(2, 'b'),
        Some(1_u16..2), vec![0_usize..=1, 3..=4], ImageVec::from(vec![1_u32..2, 3..4]),
        BTreeMap::from([(1_u8, vec![0_u8..1])]), HashMap::from([(0_u8..1, 'a'), (0..2, 'b')]),
        HashMap::from([(0_u8..=1, 'a'), (0..=2, 'b')]), HashSet::from([1_u8.., 2..]), HashSet::from([..1_u8, ..2]),
        vec![String::from("q")]..=vec![String::from("r"), String::from("s")],
        HashMap::from([(1_u8, 'a')])..HashMap::from([(2_u8, 'b')]),
    }
    bounds_come_back {
        Bound::Included(1_u8), Bound::Excluded(2_u64), Bound::<u8>::Unbounded, Bound::Included(String::from("a")),
        (Bound::Excluded('a'), Bound::<char>::Unbounded), Some(Bound::<String>::Unbounded),
        vec![Bound::Included(vec![1_u8]), Bound::Unbounded], HashSet::from([Bound::Included(1_u8), Bound::Unbounded]),
    }
    shared_sequences_come_back {
        Rc::<str>::from("text"), Arc::<str>::from(""), Rc::<[u8]>::from([1, 2]), Arc::<[u64]>::from([]),
        Rc::<[String]>::from(["a".to_owned(), String::new()]), Arc::<[()]>::from([(), ()]),
        Rc::<[Rc<str>]>::from([Rc::from("a"), Rc::from("b")]), Rc::new(RefCell::new(Rc::<str>::from("in one"))),
        Rc::<[Vec<Arc<str>>]>::from([vec![Arc::from("deep")], vec![]]),
        HashMap::from([(Rc::<str>::from("k"), Arc::<[u8]>::from([1])), (Rc::from("l"), Arc::from([2]))]),
        HashSet::from([Rc::<[u8]>::from([1]), Rc::from([2])]), vec![Arc::<str>::from("x"), Arc::from("x")],
        Rc::<[HashMap<u8, u8>]>::from([HashMap::from([(1, 2)])]),
    }
}

#[test]
fn what_was_borrowed_is_owned_after_a_load() {
    let _alone = shapes::alone();
    carried(Everywhere::new(|| Cow::Borrowed("text")), |found, _, _| {
        assert!(found.values().into_iter().all(|text| matches!(text, Cow::Owned(_))));
    });
    carried(Everywhere::new(|| Cow::<'static, [Rc<u8>]>::Owned(vec![Rc::new(1)])), |found, first, _| {
        assert!(found.values().into_iter().all(|values| matches!(values, Cow::Owned(_))));
        assert!(found.inline == first.inline);
    });
}

#[test]
fn ranges_are_in_place_where_their_bounds_are() {
    const {
        assert!(<Range<u32>>::RECORD.in_place && !<Range<String>>::RECORD.in_place);
        assert!(<RangeFrom<u8>>::RECORD.in_place && <RangeTo<char>>::RECORD.in_place);
        assert!(!<RangeInclusive<u8>>::RECORD.in_place);
    };
}

#[test]
fn owners_of_one_sequence_share_it_after_a_load() {
    let _alone = shapes::alone();
    let text: Rc<str> = "text".into();
    let values: Arc<[Cell<u8>]> = Arc::from([Cell::new(1), Cell::new(2)]);
    let empty: Rc<[u8]> = Rc::from([]);
    let other: Rc<[u8]> = Rc::from([]);
    let make = || (text.clone(), Some(text.clone()), vec![values.clone(), values.clone()]);
    carried((Everywhere::new(make), [empty.clone(), other, empty]), |(found, empties), _, _| {
        let all = found.values();
        let (text, _, values) = all[0];
        for (again, maybe, more) in &all {
            assert!(Rc::ptr_eq(text, again) && Rc::ptr_eq(text, maybe.as_ref().expect("text")));
            assert!(more.iter().all(|more| Arc::ptr_eq(more, &values[0])));
        }
        // Three owners in each of the six places, and nobody else.
        assert_eq!((Rc::strong_count(text), Arc::strong_count(&values[0])), (12, 12));
        assert!(Rc::ptr_eq(&empties[0], &empties[2]) && !Rc::ptr_eq(&empties[0], &empties[1]));
    });
}

#[test]
fn locks_come_back_unlocked_and_without_poison() {
    let _alone = shapes::alone();
    let content = |lock: &RwLock<Vec<String>>| lock.read().expect("no poison in an image").clone();
    comes_back_as(|| RwLock::new(vec![String::from("a")]), |a, b| content(a) == content(b));
    let poisoned = || {
        let lock = Arc::new(RwLock::new(vec![String::from("kept")]));
        let other = Arc::clone(&lock);
        let thread = std::thread::Builder::new().name("poisons a lock, as it should".to_owned());
        let panicked = thread.spawn(move || {
            let _guard = RwLock::write(&other);
            std::panic::resume_unwind(Box::new("poison"));
        });
        assert!(panicked.expect("a thread").join().is_err() && lock.is_poisoned());
        Arc::into_inner(lock).expect("the only owner")
    };
    carried(Everywhere::new(poisoned), |found, first, _| {
        assert!(first.values().into_iter().all(RwLock::is_poisoned));
        assert!(found.values().into_iter().all(|lock| content(lock) == ["kept"]));
    });
}

#[cfg(unix)]
#[test]
fn any_bytes_of_the_platform_come_back() {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let _alone = shapes::alone();
    let every: Vec<u8> = (0..=255).collect();
    comes_back_as(|| OsString::from_vec(every.clone()), |a, b| a == b && a.as_bytes() == every);
    comes_back_as(|| PathBuf::from(OsString::from_vec(vec![0xff, b'/', 0xfe])), |a, b| a == b);
}
