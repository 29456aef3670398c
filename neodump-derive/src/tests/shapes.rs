//! One snapshot a shape.

use proc_macro2::{TokenStream, TokenTree};

use super::{expansion, messages};

/// Whether the expansion has a `..`, as a pattern that ignores fields would.
fn has_rest(input: &str) -> bool {
    fn search(tokens: TokenStream) -> bool {
        let mut dots = 0;
        tokens.into_iter().any(|tree| {
            match &tree {
                TokenTree::Punct(punct) if punct.as_char() == '.' => dots += 1,
                _ => dots = 0,
            }
            dots == 2 || matches!(tree, TokenTree::Group(group) if search(group.stream()))
        })
    }
    search(crate::expand::expand(input.parse().expect("the input is Rust")))
}

macro_rules! shapes {
    ($($(#[$meta:meta])* $name:ident: { $($input:tt)* })*) => {$(
        $(#[$meta])*
        #[test]
        fn $name() {
            assert_eq!(messages(stringify!($($input)*)), [""; 0]);
            assert!(!has_rest(stringify!($($input)*)), "a pattern with `..` can miss a field");
            insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
                insta::assert_snapshot!(stringify!($name), expansion(stringify!($($input)*)));
            });
        }
    )*};
}

shapes! {
    plain_struct: {
        struct Face { weight: u16, name: String }
    }
    tuple_struct: {
        struct Pair(u32, Vec<u8>);
    }
    unit_struct: {
        struct Nothing;
    }
    generic_struct: {
        struct Table<K, V: Clone = u8, M = (), const N: usize = 4> where K: Ord {
            entries: Vec<(K, V)>,
            marker: PhantomData<M>,
            small: [u8; N],
        }
    }
    projected_struct: {
        struct Iter<I: Iterator> { rest: Vec<I::Item> }
    }
    bound_struct: {
        #[dump(bound = "T: Object, U: Clone")]
        struct Gc<T, U> { #[dump(unsafe(pointer))] pointer: NonNull<T>, other: U }
    }
    invariant_lifetime: {
        #[repr(transparent)]
        struct Gc<'gc, T: Object> { #[dump(unsafe(pointer))] pointer: NonNull<T>, brand: PhantomData<Cell<&'gc ()>> }
    }
    unit_enum: {
        enum Weight { Thin, Bold = 7, Black }
    }
    unit_enum_u8: {
        #[repr(u8)]
        enum Color { White, Gray = 4, Black }
    }
    data_enum_u8: {
        #[repr(u8)]
        enum Value { Nil = 0, Int(i32), Cons { car: u64, cdr: u8 } }
    }
    data_enum_c: {
        #[repr(C)]
        enum Value { Nil, Int(i64) }
    }
    data_enum_c_u8: {
        #[repr(C, u8)]
        enum Value<'gc> { Nil, Int(i32), Object(&'gc Cons<'gc>) }
    }
    data_enum: {
        enum Register {
            Empty,
            Text(String),
            Frame { config: Vec<u32>, #[dump(skip = "belongs to the process", default = Self::UNSEEN)] seen: u64 },
            Native(#[dump(native)] fn(u32) -> u32, #[dump(with = codec)] Regex, #[dump(shared)] Rc<str>),
        }
    }
    word: {
        #[dump(
            unsafe(word),
            objects(Cons = 0b011, Str = 0b100, VecLike = TAG_VECLIKE by Header::kind { Vector, Subr }),
            symbol = 0b000,
            immediate(0b010, 0b110)
        )]
        #[repr(transparent)]
        struct Value(usize);
    }
    word_shifted: {
        #[dump(unsafe(word), objects(Cons<'gc> = 1), immediate(0), bits = 8, shift = 8)]
        #[repr(transparent)]
        struct Value<'gc> { raw: u64, brand: PhantomData<&'gc ()> }
    }
    word_by_hand: {
        #[dump(unsafe(word), objects(Cons, Str))]
        #[repr(transparent)]
        struct Value(NonZeroU64);
    }
    object: {
        #[dump(object)]
        #[repr(C)]
        struct Cons { car: Value, cdr: Value }
    }
    object_hydrated: {
        #[dump(object, kind = 2, validate = Self::check)]
        #[repr(C)]
        struct HashTable {
            header: Header,
            map: HashMap<Value, Value>,
            #[dump(bake = Color::Black)] mark: Color,
            #[dump(cache)] hash: Cell<u64>,
            #[dump(derived = Self::count)] count: usize,
        }
    }
    object_tail: {
        #[dump(object, kind = 1)]
        #[repr(C)]
        struct Vector { header: Header, len: u32, #[dump(unsafe(tail = len))] data: [Value; 0] }
    }
    validated: {
        #[dump(validate = Span::check)]
        #[repr(C)]
        struct Span { from: u32, to: u32 }
    }
    validated_transparent: {
        #[dump(transparent, validate = even)]
        #[repr(transparent)]
        struct Even(u32);
    }
    section: {
        #[dump(section = "faces", version = 3)]
        struct FaceTable { faces: HashMap<Symbol, Face>, #[dump(cache)] realized: FaceCache }
    }
    image: {
        #[dump(image = "neovm", version = 47, before_dump = Vm::quiesce, after_dump = put_back, after_load = resume, validate = check)]
        struct Vm {
            #[dump(heap)] heap: Heap,
            faces: FaceTable,
            #[dump(native)] breakpoint: fn(&mut Vm),
            #[dump(skip = "belongs to the process")] terminal: Terminal,
        }
    }
    transparent: {
        #[dump(transparent, id = "neovm::Name")]
        struct Name<T> { text: String, marker: PhantomData<T> }
    }
    policies: {
        struct Policies {
            plain: u8,
            #[dump(shared)] shared: Rc<RefCell<Text>>,
            #[dump(skip = "a number of the process")] pid: u32,
            #[dump(skip = "a number of the process", default = u32::MAX)] parent: u32,
            #[dump(bake = 0)] count: u32,
            #[dump(cache)] cache: Vec<u8>,
            #[dump(derived = count_faces)] faces: usize,
            #[dump(with = regex_codec)] regex: Regex,
            #[dump(native)] function: extern "C" fn(u32),
            #[dump(native)] alias: Subr,
            #[dump(native)] optional: Option<fn()>,
            #[dump(native)] descriptor: &'static Descriptor,
            #[dump(native)] maybe: Option<&'static Descriptor>,
        }
    }
    work_at_load: {
        #[dump(object)]
        #[repr(C)]
        struct Marker {
            #[dump(relink = Marker::chain)] next: Cell<*mut Marker>,
            #[dump(handle = windows::reopen)] window: u64,
            #[dump(overlay = WIDTHS)] widths: [u32; 5],
        }
    }
    globals: {
        #[dump(image = "neovm", version = 47)]
        struct Vm {
            #[dump(global = CHARSETS)] charsets: Captured<Charsets>,
            #[dump(global = fonts::FONTSETS)] fontsets: Captured<Fontsets>,
        }
    }
    union_of_a_tag: {
        #[dump(tag = Redirect)]
        #[repr(C)]
        union Cell<T> {
            #[dump(tag = Redirect::Plain)] plain: T,
            #[dump(tag = Redirect::Alias | Redirect::Local)] alias: u32,
        }
    }
    union_in_an_object: {
        #[dump(object)]
        #[repr(C)]
        struct Row { value: Cell<Value>, flags: u8, #[dump(unsafe(tag = redirect_of(*flags)))] other: Cell<Value> }
    }
    weak_and_identity: {
        #[dump(object)]
        #[repr(C)]
        struct Node {
            #[dump(weak)] next: Cell<*mut Node>,
            #[dump(weak, default = Value::NIL)] value: Value,
            #[dump(identity_key)] table: HashMap<Value, u32>,
        }
    }
    remote_struct: {
        #[dump(remote = other::Point)]
        struct PointDef { x: f64, #[dump(remote = UnitDef)] unit: other::Unit }
    }
    remote_getters: {
        #[dump(remote = Duration)]
        struct DurationDef { #[dump(getter = Duration::as_secs)] secs: u64, nanos: u32 }
    }
    remote_enum: {
        #[dump(remote = other::Style)]
        enum StyleDef { Upright, Slanted { degrees: i8 }, Both(u8, u16) }
    }
    crate_path: {
        #[dump(crate = crate::rt)]
        struct r#Type { r#type: u8 }
    }
}

#[test]
fn errors_leave_impls_that_keep_others_from_following() {
    let input = "#[dump(object)] #[repr(C)] struct Cons<'gc, T> { #[dump(skip)] car: &'gc T }";
    assert_eq!(messages(input).len(), 1);
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("errors", expansion(input));
    });
}
