//! Maps and sets in every order, and enums.

use super::*;

#[test]
fn shape_12_maps_are_found_again_by_every_kind_of_key() {
    let key = float(1.0);
    #[derive(Dumpable)]
    struct Maps {
        keys: Vec<Value>,
        by_number: HashMap<i64, String>,
        by_letter: HashMap<char, u8>,
        #[dump(identity_key)]
        by_value: HashMap<Value, u32>,
    }
    let by_number = HashMap::from([(-1, "a".to_owned()), (i64::MAX, "b".to_owned())]);
    let by_value = HashMap::from([(key, 1), (fixnum(2), 2)]);
    let maps = Maps { keys: vec![key], by_number, by_letter: HashMap::from([('x', 1)]), by_value };
    carried(maps, |maps| {
        assert_eq!((&*maps.by_number[&i64::MAX], maps.by_letter[&'x']), ("b", 1));
        assert_eq!((maps.by_value[&maps.keys[0]], maps.by_value[&fixnum(2)]), (1, 2));
    });
}

#[test]
fn shape_13_ordered_collections_are_in_order_at_every_address() {
    let values: Vec<_> = (0..9).map(|index| float(index.into())).collect();
    let set: BTreeSet<_> = values.iter().copied().collect();
    carried((BTreeMap::from([(5usize, 'b'), (1, 'a')]), values, set), |(map, values, set)| {
        assert_eq!(map.values().collect::<String>(), "ab");
        assert!(
            values.iter().all(|value| set.contains(value)),
            "sorted anew by the addresses of this process"
        );
        assert!(set.iter().is_sorted());
    });
}

#[test]
fn shape_14_maps_in_the_order_of_insertion_keep_it() {
    let mut map = ImageMap::new();
    for (key, value) in [(fixnum(9), 1u64), (fixnum(3), 2), (fixnum(5), 3)] {
        map.insert(key, value);
    }
    carried(map, |map| {
        let entries: Vec<_> = map.iter().map(|(key, value)| (*key, *value)).collect();
        assert_eq!(entries, [(fixnum(9), 1), (fixnum(3), 2), (fixnum(5), 3)]);
        assert_eq!(map.get(&fixnum(3)), Some(&2));
    });
}

#[test]
fn shape_15_unit_enums_are_in_place() {
    #[derive(Dumpable, Clone, Copy, PartialEq, Debug)]
    #[repr(u8)]
    enum Eol {
        Unix = 1,
        Dos = 4,
    }
    const { assert!(Eol::RECORD.in_place) };
    equal([Eol::Dos, Eol::Unix]);
}

#[test]
fn shape_16_enums_with_payloads_and_boxes_of_themselves_nest() {
    #[derive(Dumpable, Clone, PartialEq, Debug)]
    enum Custom {
        Boolean,
        Choice { options: Vec<(String, Custom)> },
        Pair(Box<Custom>, Box<Custom>),
        Number(f64),
    }
    let pair = Custom::Pair(Box::new(Custom::Boolean), Box::new(Custom::Number(1.5)));
    equal(Custom::Choice { options: vec![("x".to_owned(), pair)] });
}
