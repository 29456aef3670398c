//! Generated code meets no name of the user's, whatever the user calls things and wherever the runtime is.
#![no_implicit_prelude]
#![deny(
    warnings,
    elided_lifetimes_in_paths,
    single_use_lifetimes,
    trivial_casts,
    unreachable_pub,
    unused_qualifications
)]

use ::neodump_runtime::Dumpable;

/// The runtime under another name.
mod renamed {
    pub(crate) mod deep {
        pub(crate) use ::neodump_runtime as other;
    }
}

#[test]
fn a_type_derives_without_the_prelude() {
    #[derive(Dumpable)]
    struct Inner {
        _count: u32,
        _text: ::std::string::String,
    }

    ::std::assert_eq!(<Inner as Dumpable>::shape().name, ::std::concat!(::std::module_path!(), "::Inner"));
}

#[test]
fn the_runtime_may_be_anywhere() {
    mod without {
        // `Dumpable` is in no scope here.
        #[derive(::neodump_runtime::Dumpable)]
        #[dump(crate = crate::renamed::deep::other)]
        pub(super) struct Renamed {
            pub(super) _field: u8,
        }
    }
    const { ::std::assert!(<without::Renamed as Dumpable>::RECORD.in_place) };
}

#[test]
fn fields_may_be_named_like_locals_of_generated_code() {
    #[derive(Dumpable)]
    struct Locals {
        this: u8,
        at: u8,
        slot: u8,
        side: u8,
        place: u8,
        w: u8,
        r: u8,
        a: u8,
        v: u8,
        key: u8,
        error: u8,
        found: u8,
        index: u8,
        len: u8,
        __this: u8,
        __at: u8,
        __w: u8,
        __r: u8,
        __a: u8,
        __v: u8,
        __field0: ::std::string::String,
        __field1: u8,
        neodump_runtime: u8,
    }

    #[derive(Dumpable)]
    enum Named {
        Some { at: u8, w: ::std::string::String, __field0: u16 },
        Err(::std::vec::Vec<u8>),
        None,
    }

    let locals = <Locals as Dumpable>::shape();
    let ::neodump_runtime::schema::ShapeKind::Struct(fields) = locals.kind else {
        ::std::panic!("a struct has fields");
    };
    ::std::assert_eq!(fields.len(), 23);
    ::std::assert_eq!(fields[20].name, "__field0");
    const { ::std::assert!(!<Named as Dumpable>::RECORD.in_place) };
    let _: fn(Locals) -> [u8; 22] = |all| {
        let Locals {
            this,
            at,
            slot,
            side,
            place,
            w,
            r,
            a,
            v,
            key,
            error,
            found,
            index,
            len,
            __this,
            __at,
            ..
        } = all;
        let Locals { __w, __r, __a, __v, __field1, neodump_runtime, .. } = all;
        [
            this,
            at,
            slot,
            side,
            place,
            w,
            r,
            a,
            v,
            key,
            error,
            found,
            index,
            len,
            __this,
            __at,
            __w,
            __r,
            __a,
            __v,
            __field1,
            neodump_runtime,
        ]
    };
    let _ = |named| match named {
        Named::Some { at, w, __field0 } => w.len() + at as usize + __field0 as usize,
        Named::Err(bytes) => bytes.len(),
        Named::None => 0,
    };
    let _ = [
        Named::Some { at: 0, w: ::std::string::String::new(), __field0: 1 },
        Named::Err(::std::vec![]),
        Named::None,
    ];
}

#[test]
fn raw_identifiers_lose_their_prefix_in_the_schema() {
    #[derive(Dumpable)]
    #[allow(non_camel_case_types)]
    struct r#struct {
        r#type: r#enum,
        r#fn: u8,
    }

    #[derive(Dumpable)]
    #[allow(non_camel_case_types, dead_code)]
    enum r#enum {
        r#match,
        r#move { r#in: u8 },
    }

    let shape = <r#struct as Dumpable>::shape();
    ::std::assert!(shape.name.ends_with("::struct"));
    let ::neodump_runtime::schema::ShapeKind::Struct(fields) = shape.kind else {
        ::std::panic!("a struct has fields");
    };
    ::std::assert_eq!([fields[0].name, fields[1].name], ["type", "fn"]);
    let ::neodump_runtime::schema::ShapeKind::Enum { variants, .. } = <r#enum as Dumpable>::shape().kind
    else {
        ::std::panic!("an enum has variants");
    };
    ::std::assert_eq!([variants[0].name, variants[1].name], ["match", "move"]);
    ::std::assert_eq!(variants[1].fields[0].name, "in");
    let _ = |all: r#struct| (all.r#type, all.r#fn);
}

#[test]
fn parameters_may_have_any_name() {
    #[derive(Dumpable)]
    struct Generic<'w, 'r: 'w, V, T, A: ?::std::marker::Sized, const F: usize, const ID: bool, const C: char>
    where
        T: ::std::clone::Clone,
        A: 'static,
    {
        first: V,
        second: ::std::vec::Vec<T>,
        third: [u8; F],
        lent: ::std::marker::PhantomData<(&'w u8, &'r u8)>,
        #[dump(skip = "belongs to the process")]
        skipped: ::std::option::Option<::std::boxed::Box<A>>,
    }

    type Concrete<'w> = Generic<'w, 'w, u8, ::std::string::String, str, 3, true, 'x'>;
    let shape = <Concrete<'static> as Dumpable>::shape();
    ::std::assert_eq!(shape.params.len(), 2);
    ::std::assert_eq!(shape.consts, [("usize", 3), ("bool", 1), ("char", 'x' as u32 as i128)]);
    let _: fn(Concrete<'_>) -> usize = |all| {
        let Generic { first, second, third, lent: _, skipped } = all;
        first as usize + second.len() + third.len() + skipped.is_some() as usize
    };
}

#[test]
fn a_parameter_that_is_not_stored_needs_no_impl() {
    struct NotDumpable;

    #[derive(Dumpable)]
    struct Marked<T>(u32, ::std::marker::PhantomData<T>);

    fn dumpable<T: Dumpable>() {}
    dumpable::<Marked<NotDumpable>>();
    let _ = |marked: Marked<NotDumpable>| marked.0;
    let _ = NotDumpable;
}

#[test]
fn types_that_differ_in_a_marker_or_a_constant_differ_in_identity() {
    use ::neodump_runtime::schema::TypeRef;
    struct One;
    struct Two;

    #[derive(Dumpable)]
    struct Marked<T, const N: usize>(u32, ::std::marker::PhantomData<T>);

    ::std::assert!(TypeRef::of::<Marked<One, 1>>().id() != TypeRef::of::<Marked<Two, 1>>().id());
    ::std::assert!(TypeRef::of::<Marked<One, 1>>().id() != TypeRef::of::<Marked<One, 2>>().id());
    let _ = (One, Two, |marked: Marked<One, 1>| marked.0);
}

#[test]
fn types_and_traits_of_the_user_may_have_the_names_of_the_runtimes() {
    #[allow(dead_code)]
    mod clash {
        pub(super) struct Record;
        pub(super) struct Option;
        pub(super) struct Result;
        pub(super) struct Layout;
        pub(super) struct Box;
        pub(super) struct Shape;
        pub(super) struct Step;
        pub(super) trait Visitor {
            fn walk(&self) {}
            fn write(&self) {}
        }
        pub(super) mod core {}
        pub(super) mod std {}
    }
    #[allow(unused_imports)]
    use clash::{Box, Layout, Option, Record, Result, Shape, Step, Visitor, core, std};

    #[derive(::neodump_runtime::Dumpable)]
    struct Clash {
        _field: u8,
        _text: ::std::string::String,
    }

    impl Visitor for Clash {}

    #[allow(dead_code)]
    impl Clash {
        const RECORD: u8 = 0;
        const SECTION: u8 = 0;
        fn shape() {}
        fn walk(&self) {}
        fn write(&self) {}
        fn read() {}
        fn settle() {}
        fn audit() {}
        fn order(&self) {}
    }

    const { ::std::assert!(!<Clash as ::neodump_runtime::Dumpable>::RECORD.in_place) };
}

#[test]
fn types_of_macros_keep_their_hygiene() {
    macro_rules! twice {
        ($name:ident, $ty:ty, $value:expr) => {
            #[derive(Dumpable)]
            struct $name {
                plain: $ty,
                #[dump(skip = "belongs to the process", default = $value)]
                skipped: $ty,
                #[dump(bake = $value)]
                baked: $ty,
            }
            let _ = |all: $name| (all.plain, all.skipped, all.baked);
        };
    }
    twice!(First, u32, 1 + 1);
    twice!(Second, u64, u64::MAX);
    const { ::std::assert!(!<First as Dumpable>::RECORD.in_place && !<Second as Dumpable>::RECORD.in_place) };
}

#[test]
fn recursive_types_compile() {
    #[derive(Dumpable)]
    struct Node {
        _next: ::std::option::Option<::std::boxed::Box<Node>>,
        _children: ::std::vec::Vec<Self>,
        _named: ::std::collections::BTreeMap<::std::string::String, Tree<u8>>,
    }

    #[derive(Dumpable)]
    #[allow(dead_code)]
    enum Tree<T> {
        Leaf(T),
        Fork(::std::boxed::Box<Tree<T>>, ::std::boxed::Box<Self>),
    }

    const { ::std::assert!(<Node as Dumpable>::RECORD.owns && <Tree<Node> as Dumpable>::RECORD.owns) };
}

#[test]
fn deprecated_and_private_items_are_not_warned_about() {
    mod inner {
        #[deprecated]
        #[derive(::neodump_runtime::Dumpable)]
        #[allow(dead_code)]
        pub(super) struct Old {
            #[deprecated]
            pub(super) field: u8,
            private: Private,
        }

        #[derive(::neodump_runtime::Dumpable)]
        struct Private(#[allow(dead_code)] u8);
    }
    #[allow(deprecated)]
    let record = <inner::Old as Dumpable>::RECORD;
    ::std::assert_eq!(record.size, 2);
}

mod work_at_load_names_everything {
    use ::neodump_runtime::Dumpable;
    use ::neodump_runtime::global::{Active, Captured};

    static TABLE: [u8; 3] = [1, 2, 3];
    static STATE: ::std::sync::Mutex<Active<u8>> = ::std::sync::Mutex::new(Active::new(0));

    fn same(id: u8) -> u8 {
        id
    }

    #[derive(::std::default::Default)]
    pub(super) struct Foreign {
        pub(super) at: u8,
    }

    #[derive(Dumpable)]
    #[dump(remote = Foreign)]
    struct Mirror {
        at: u8,
    }

    #[derive(Dumpable)]
    #[dump(tag = u8)]
    #[repr(C)]
    union Overlapping {
        #[dump(tag = 0)]
        at: u8,
        #[dump(tag = _)]
        index: u16,
    }

    #[derive(Dumpable)]
    #[dump(image = "names", version = 1)]
    pub(super) struct All {
        #[dump(relink = All::count)]
        pub(super) found: usize,
        #[dump(handle = same)]
        at: u8,
        #[dump(overlay = TABLE)]
        index: [u8; 3],
        #[dump(global = STATE)]
        pub(super) place: Captured<u8>,
        key: u8,
        #[dump(unsafe(tag = *key))]
        value: Overlapping,
        #[dump(identity_key)]
        w: ::std::collections::HashMap<::neodump_runtime::Symbol, u8>,
        #[dump(remote = Mirror)]
        r: Foreign,
        #[dump(weak, default = ::neodump_runtime::Symbol::from_id(0))]
        v: ::neodump_runtime::Symbol,
        symbols: ::neodump_runtime::Interner,
    }

    impl All {
        fn count(&self) -> usize {
            self.index.len()
        }

        pub(super) fn new() -> Self {
            let mut symbols = ::neodump_runtime::Interner::new();
            let v = symbols.intern(b"v");
            Self {
                found: 0,
                at: 1,
                index: [1, 0, 3],
                place: Captured::new(4),
                key: 0,
                value: Overlapping { at: 5 },
                w: ::std::default::Default::default(),
                r: Foreign { at: 6 },
                v,
                symbols,
            }
        }

        pub(super) fn is_loaded(&self) -> bool {
            // SAFETY: the key says so.
            let at = unsafe { self.value.at };
            self.found == 3 && self.index == [1, 0, 3] && at == 5 && self.r.at == 6 && self.at == 1
        }
    }
}

#[test]
fn work_at_load_needs_no_prelude_and_meets_no_names() {
    use work_at_load_names_everything::All;
    let bytes = ::neodump_runtime::dump_to_bytes(&mut All::new()).expect("dumps");
    let back = ::neodump_runtime::load_bytes::<All>(&bytes).expect("loads");
    ::std::assert!(back.is_loaded() && back.place.get().is_none());
}
