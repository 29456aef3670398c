//! A native is taken for what it is, not for what its type is called.

use neodump_runtime::{DumpError, Dumpable, Dumper, LoadOptions, Natives, Snapshot};

type First = for<'a, 'b> fn(&'a str, &'b str) -> &'a str;
type Second = for<'a, 'b> fn(&'a str, &'b str) -> &'b str;

#[inline(never)]
fn first<'a>(a: &'a str, _: &str) -> &'a str {
    a
}

#[inline(never)]
fn second<'b>(_: &str, b: &'b str) -> &'b str {
    b
}

#[derive(Dumpable)]
#[dump(image = "native_types", version = 1)]
struct Vm {
    #[dump(native)]
    pick: First,
}

/// The lists of a build and of another one, whose function differs in what it borrows from: their names are equal.
fn lists() -> (Natives, Natives) {
    assert_eq!(std::any::type_name::<First>(), std::any::type_name::<Second>());
    (Natives::new().function("pick", first as First), Natives::new().function("pick", second as Second))
}

#[test]
fn a_function_that_differs_in_lifetimes_alone_is_refused_by_every_way_to_load() {
    let (natives, others) = lists();
    let (bytes, _) = Dumper::new().natives(&natives).to_bytes(&mut Vm { pick: first }).expect("dumped");
    let back: Vm = LoadOptions::new().natives(&natives).load_bytes(&bytes).expect("loaded");
    assert_eq!((back.pick)("a", "b"), "a");
    let audited = LoadOptions::new().natives(&others).load_bytes::<Vm>(&bytes).err().expect("refused");
    assert!(matches!(audited, DumpError::ImageFormat { .. }), "{audited}");
    assert!(audited.to_string().contains("is no function of type"), "{audited}");
    for options in [LoadOptions::new(), LoadOptions::new().trusted()] {
        // SAFETY: neodump wrote the bytes for this type.
        let restored = unsafe { options.natives(&others).restore::<Vm>(&bytes) };
        let error = restored.err().expect("refused").to_string();
        assert!(error.contains("but of another type of that name"), "{error}");
    }
    let snapshot = Snapshot::of(&mut Vm { pick: first }, Dumper::new().natives(&natives)).expect("dumped");
    let error = snapshot.restore(LoadOptions::new().natives(&others)).err().expect("refused").to_string();
    assert!(error.contains("native \"pick\" is of another type"), "{error}");
}

#[test]
fn a_field_is_not_dumped_as_a_native_that_differs_in_lifetimes() {
    // One address, registered as what the field is not.
    // SAFETY: function pointers of one signature but for lifetimes; it is not called.
    let disguised = unsafe { std::mem::transmute::<First, Second>(first) };
    let natives = Natives::new().function("pick", disguised);
    let error = Dumper::new().natives(&natives).to_bytes(&mut Vm { pick: first }).expect_err("refused");
    assert!(error.to_string().contains("is not registered"), "{error}");
}

#[test]
fn a_static_of_a_type_with_the_same_name_is_refused() {
    let (others, name) = {
        #[derive(Clone, Copy)]
        struct Limit(#[expect(dead_code, reason = "it is there to be of another type")] u64);
        static LIMIT: Limit = Limit(1);
        (Natives::new().data("limit", &LIMIT), std::any::type_name::<Limit>())
    };
    {
        #[derive(Clone, Copy)]
        struct Limit(u64);
        static LIMIT: Limit = Limit(7);
        #[derive(Dumpable)]
        #[dump(image = "native_types.data", version = 1)]
        struct Limited {
            #[dump(native)]
            limit: &'static Limit,
        }
        assert_eq!(std::any::type_name::<Limit>(), name);
        let natives = Natives::new().data("limit", &LIMIT);
        let mut vm = Limited { limit: &LIMIT };
        let (bytes, _) = Dumper::new().natives(&natives).to_bytes(&mut vm).expect("dumped");
        let back: Limited = LoadOptions::new().natives(&natives).load_bytes(&bytes).expect("loaded");
        assert_eq!(back.limit.0, 7);
        let error = LoadOptions::new().natives(&others).load_bytes::<Limited>(&bytes).err().expect("refused");
        assert!(error.to_string().contains("is no import of a static of type"), "{error}");
        let snapshot = Snapshot::of(&mut vm, Dumper::new().natives(&natives)).expect("dumped");
        assert!(snapshot.restore(LoadOptions::new().natives(&others)).is_err());
    }
}
