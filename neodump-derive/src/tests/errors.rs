//! Every mistake is answered at once, and says what to write instead.

use super::messages;

/// The one error of `input` contains `expected`.
#[track_caller]
fn refuses(input: &str, expected: &str) {
    let messages = messages(input);
    assert_eq!(messages.len(), 1, "expected one error in {input}, found {messages:#?}");
    assert!(messages[0].contains(expected), "expected {expected:?} in {:?}", messages[0]);
}

/// There is no error.
#[track_caller]
fn accepts(input: &str) {
    assert_eq!(messages(input), Vec::<String>::new(), "in {input}");
}

#[test]
fn unknown_keys_are_refused_with_the_list_of_known_ones() {
    refuses("#[dump(objekt)] struct S;", "unknown key `objekt`: did you mean `object`?");
    refuses(
        "#[dump(rename = 3)] struct S;",
        "unknown key `rename`; a type takes `object`, `kind`, `unsafe(word)`",
    );
    refuses("struct S { #[dump(rename = 3)] f: u8 }", "unknown key `rename`; a field takes `skip`");
    refuses("struct S { #[dump(nativ)] f: fn() }", "unknown key `nativ`: did you mean `native`?");
    refuses("enum E { #[dump(nope)] A }", "unknown key `nope`; a variant takes no keys");
}

#[test]
fn misplaced_keys_are_sent_where_they_belong() {
    refuses("#[dump(skip = \"why\")] struct S;", "`skip` belongs on a field, not on the type");
    refuses("struct S { #[dump(section = \"s\")] f: u8 }", "`section` belongs on the type, not on a field");
    refuses("enum E { #[dump(object)] A }", "`object` belongs on the type, not on a variant");
}

#[test]
fn every_mistake_is_reported_at_once() {
    let input =
        "#[dump(objekt, section = 3)] struct S { #[dump(skip)] a: u8, #[dump(cache = 1)] b: u8, c: fn() }";
    let messages = messages(input);
    assert_eq!(messages.len(), 5, "{messages:#?}");
}

#[test]
fn duplicates_are_refused() {
    refuses("#[dump(id = \"a\", id = \"b\")] struct S;", "duplicate `id`: give it once");
    refuses("struct S { #[dump(cache)] #[dump(cache)] f: u8 }", "duplicate `cache`: give it once");
}

#[test]
fn values_have_the_form_that_the_key_takes() {
    refuses("#[dump]struct S;", "write #[dump(..)] with keys in parentheses");
    refuses("#[dump = 1]struct S;", "write #[dump(..)] with keys in parentheses");
    refuses("#[dump()]struct S;", "#[dump()] says nothing");
    refuses("#[dump(object = true)] #[repr(C)] struct S;", "`object` takes no value");
    refuses("#[dump(section, version = 1)] struct S;", "`section` needs a value: section = \"faces\"");
    refuses("#[dump(id = name)] struct S;", "`id` takes a string: id = ");
    refuses(
        "struct S { #[dump(with = \"module\")] f: u8 }",
        "`with` takes a path without quotes: with = my_module",
    );
    refuses(
        "struct S { #[dump(derived = |s| 1)] f: u8 }",
        "`derived` takes the path of a function, not a closure",
    );
    refuses("#[dump(unsafe)] struct S(u64);", "write unsafe(word)");
    refuses("#[dump(unsafe(object))] struct S(u64);", "write unsafe(word)");
    refuses("#[dump(word)] struct S(u64);", "write unsafe(word)");
    refuses("#[dump(bound = \"T Dumpable\")] struct S<T>(T);", "expected `:`");
    refuses("#[dump(object kind = 2)] #[repr(C)] struct S;", "`object` takes no value");
    refuses("#[dump(1)] struct S;", "expected a key");
}

#[test]
fn roles_and_their_companions_go_together() {
    refuses("#[dump(object, transparent)] #[repr(C)] struct S(u8);", "`transparent` contradicts `object`");
    refuses("#[dump(kind = 2)] struct S;", "`kind` goes with `object`");
    refuses("#[dump(version = 2)] struct S;", "`version` goes with `section` or `image`");
    refuses("#[dump(section = \"faces\")] struct S;", "`section` goes with `version`");
    refuses("#[dump(image = \"vm\")] struct S;", "`image` goes with `version`");
    refuses("#[dump(before_dump = f)] struct S;", "`before_dump` goes with `image`");
    refuses("#[dump(after_dump = f)] struct S;", "`after_dump` goes with `image`");
    refuses(
        "#[dump(unsafe(word), objects(A = 1), validate = f)] #[repr(transparent)] struct S(usize);",
        "a word is valid whatever its bits: put `validate` on the type that has it in a field",
    );
    refuses(
        "#[dump(tag = u8, validate = f)] #[repr(C)] union U { #[dump(tag = 0)] a: u8 }",
        "a union is checked by its tag: put `validate` on the type that has it in a field",
    );
    refuses("#[dump(symbol = 0)] struct S(u64);", "`symbol` goes with `unsafe(word)`");
    refuses(
        "#[dump(object, section = \"s\", version = 1)] #[repr(C)] struct S;",
        "a section belongs to a manager",
    );
}

#[test]
fn names_and_numbers_are_within_bounds() {
    refuses("#[dump(section = \"Faces\", version = 1)] struct S;", "starts with a lower-case letter");
    refuses("#[dump(section = \"\", version = 1)] struct S;", "1 to 31 bytes");
    refuses(&format!("#[dump(section = \"{}\", version = 1)] struct S;", "f".repeat(32)), "1 to 31 bytes");
    refuses("#[dump(image = \"\", version = 1)] struct S;", "1 to 63 bytes");
    refuses("#[dump(image = \"vm\", version = 4294967296)] struct S;", "fits in 32 bits");
    refuses("#[dump(object, kind = 256)] #[repr(C)] struct S;", "0 to 255");
    refuses("#[dump(id = \"\")] struct S;", "cannot be empty");
}

#[test]
fn shapes_that_have_no_stored_form_are_refused() {
    refuses("union U { #[dump(tag = 1)] a: u8 }", "a union does not say which of its fields is alive");
    refuses("enum E {}", "an enum without variants");
    refuses("#[repr(C, packed)] struct S { a: u8 }", "fields of a packed type cannot be borrowed");
    refuses("#[dump(object)] enum E { A }", "a heap object is a struct");
    refuses("#[dump(unsafe(word))] enum E { A }", "a word is valid for every bit pattern");
    refuses("#[dump(image = \"vm\", version = 1)] enum E { A }", "an image is a struct");
}

#[test]
fn objects_are_repr_c_and_their_tail_is_counted() {
    refuses("#[dump(object)] struct S { a: u8 }", "add #[repr(C)]");
    refuses(
        "#[dump(object)] #[repr(C)] struct S { n: u32, data: [u64; 0] }",
        "add #[dump(unsafe(tail = len))]",
    );
    refuses(
        "#[dump(object)] #[repr(C)] struct S { n: u32, #[dump(unsafe(tail = m))] d: [u64; 0] }",
        "there are: `n`",
    );
    refuses(
        "#[dump(object)] #[repr(C)] struct S { n: u32, #[dump(unsafe(tail = n))] d: [u64; 4] }",
        "has the type `[T; 0]`",
    );
    refuses(
        "#[dump(object)] #[repr(C)] struct S { n: u32, #[dump(unsafe(tail = n))] d: [u64; 0], e: u8 }",
        "the last field",
    );
    refuses(
        "struct S { n: u32, #[dump(unsafe(tail = n))] d: [u64; 0] }",
        "only a heap object has a trailing array",
    );
    refuses(
        "#[dump(object)] #[repr(C)] struct S { #[dump(bake = 0)] n: u32, #[dump(unsafe(tail = n))] d: [u64; 0] }",
        "is stored as it is",
    );
}

#[test]
fn fields_are_stored_in_one_way_and_say_why_not() {
    refuses("struct S { #[dump(skip)] f: u8 }", "`skip` needs a value: skip = \"belongs to the process\"");
    refuses("struct S { #[dump(skip = \" \")] f: u8 }", "an empty reason is none");
    refuses("struct S { #[dump(skip = \"why\", cache)] f: u8 }", "`cache` contradicts `skip`");
    refuses("struct S { #[dump(default = 1)] f: u8 }", "`default` goes with `skip");
    refuses("struct S { #[dump(heap)] f: Heap }", "a field of the image");
    refuses(
        "#[dump(image = \"vm\", version = 1)] struct S { #[dump(heap)] f: Heap, #[dump(heap)] g: Heap }",
        "the second `heap` field",
    );
    refuses("enum E { A(#[dump(bake = 1)] u8) }", "`bake` is not for fields of an enum");
    refuses("enum E { A(#[dump(cache)] u8) }", "`cache` is not for fields of an enum");
    refuses("#[dump(transparent)] struct S(#[dump(cache)] u8);", "stored exactly as its field");
    refuses("#[dump(transparent)] struct S(u8, u8);", "one field beside `PhantomData`");
    refuses("#[dump(transparent)] struct S;", "one field that is stored");
}

#[test]
fn work_at_load_is_given_by_paths_and_tables() {
    refuses("struct S { #[dump(relink)] f: u8 }", "`relink` needs a value: relink = Self::first_marker");
    refuses("struct S { #[dump(relink = |s| 1)] f: u8 }", "not a closure");
    refuses("struct S { #[dump(relink = f, cache)] f: u8 }", "`cache` contradicts `relink`");
    refuses("enum E { A(#[dump(relink = f)] u8) }", "`relink` is not for fields of an enum");
    refuses("#[dump(relink = f)] struct S;", "`relink` belongs on a field, not on the type");
    refuses("struct S { #[dump(handle = 3)] f: u8 }", "`handle` takes a path without quotes");
    refuses("struct S { #[dump(handle = f)] f: *mut Window }", "a handle is an id");
    refuses("struct S { #[dump(handle = f)] f: Option<NonNull<Window>> }", "a handle is an id");
    refuses("struct S { #[dump(handle = f)] f: Rc<u32> }", "a handle is an id");
    refuses("struct S { #[dump(overlay)] f: [u8; 3] }", "`overlay` needs a value: overlay = SLOTS");
    refuses("enum E { A(#[dump(overlay = T)] [u8; 3]) }", "`overlay` is not for fields of an enum");
    refuses("#[dump(transparent)] struct S(#[dump(overlay = T)] [u8; 3]);", "stored exactly as its field");
    accepts("enum E { A(#[dump(handle = f)] u8) }");
    refuses("struct S { #[dump(overlay = T)] f: HashMap<u8, u8> }", "is written `[T; N]` or `Vec<T>`");
    refuses("struct S { #[dump(overlay = T)] f: Vec<fn()> }", "give it a field of its own");
    refuses(
        "#[dump(image = \"vm\", version = 1)] struct S { #[dump(global = G)] f: Vec<u8> }",
        "is written `Captured<Vec<u8>>`, and the static holds `Active<Vec<u8>>`",
    );
    refuses("struct S { #[dump(global)] f: Captured<u8> }", "`global` needs a value: global = CHARSETS");
    refuses("struct S { #[dump(global = G)] f: Captured<u8> }", "the field belongs to the image");
    refuses("enum E { A(#[dump(global = G)] Captured<u8>) }", "the field belongs to the image");
}

#[test]
fn unions_and_their_tags_are_told_apart() {
    let union = |field: &str| format!("#[dump(tag = Kind)] #[repr(C)] union U {{ {field} }}");
    accepts(&union("#[dump(tag = Kind::A | Kind::B)] a: u8, #[dump(tag = _)] b: u16"));
    refuses(&union("a: u8"), "say which tags select this field");
    refuses(&union("#[dump(tag = a.b())] a: u8"), "is the pattern of the tags that select it");
    refuses(&union("#[dump(cache)] a: u8"), "write tag = .. instead of `cache`");
    refuses(&union("#[dump(tag = 1)] a: &'static mut u8"), "`&mut` is unique");
    refuses("#[dump(tag = Kind)] union U { #[dump(tag = 1)] a: u8 }", "add #[repr(C)]");
    refuses("#[dump(tag = Kind)] struct S(u8);", "`tag` on a type is that of a union");
    refuses("#[dump(object, tag = Kind)] #[repr(C)] union U { #[dump(tag = 1)] a: u8 }", "remove `object`");
    accepts("struct S { kind: u8, #[dump(unsafe(tag = kind & 3))] value: U }");
    refuses("struct S { kind: u8, #[dump(tag = kind)] value: U }", "write unsafe(tag = expr)");
    refuses("struct S { kind: u8, #[dump(tag = self.kind & 3)] value: U }", "write unsafe(tag = expr)");
    refuses("struct S { kind: u8, #[dump(unsafe(tag = self.kind))] value: U }", "there are: `kind`");
    refuses(
        "struct S { kind: u8, #[dump(unsafe(tag))] value: U }",
        "`tag` needs a value: unsafe(tag = redirect)",
    );
    refuses(
        "struct S { kind: u8, #[dump(unsafe(tag = kind), cache)] value: U }",
        "`cache` contradicts `tag`",
    );
    refuses(
        "struct S { #[dump(cache)] kind: u8, #[dump(unsafe(tag = kind))] value: U }",
        "remove the #[dump(..)] of `kind`",
    );
    refuses("enum E { A { kind: u8, #[dump(unsafe(tag = kind))] value: U } }", "not for fields of an enum");
    refuses("struct S { #[dump(unsafe(word))] value: u64 }", "unsafe(tag = expr)");
}

#[test]
fn weak_references_identities_and_mirrors_are_said_of_what_has_them() {
    accepts("struct S { #[dump(weak)] f: Option<NonNull<Cons>>, #[dump(weak, default = NIL)] g: Value }");
    refuses("struct S { #[dump(weak = 1)] f: *mut Cons }", "`weak` takes no value");
    refuses("struct S { #[dump(weak, cache)] f: *mut Cons }", "`cache` contradicts `weak`");
    refuses("struct S { #[dump(weak)] f: std::rc::Weak<u8> }", "says it by its type: write #[dump(shared)]");
    refuses("struct S { #[dump(weak)] f: Rc<u8> }", "write #[dump(shared)]");
    refuses("#[dump(unsafe(word))] struct Value(#[dump(weak)] u64);", "a word's bits are its value");
    accepts("struct S { #[dump(identity_key)] f: HashMap<Value, u8> }");
    refuses("struct S { #[dump(identity_key = 1)] f: HashMap<Value, u8> }", "`identity_key` takes no value");
    accepts("#[dump(remote = other::Type)] struct TypeDef { a: u8, #[dump(getter = other::Type::b)] b: u8 }");
    accepts("struct S { #[dump(remote = TypeDef)] f: other::Type }");
    refuses("#[dump(remote)] struct S;", "`remote` needs a value: remote = other::Type");
    refuses("struct S { #[dump(with = TypeDef)] f: other::Type }", "write remote = TypeDef");
    refuses("struct S { #[dump(getter = f)] f: u8 }", "it goes with #[dump(remote = other::Type)]");
    refuses(
        "#[dump(remote = other::Type, object)] #[repr(C)] struct S(u64);",
        "a mirror is a plain struct or enum",
    );
    refuses(
        "struct S { #[dump(getter = f, remote = D)] f: u8 }",
        "it goes with #[dump(remote = other::Type)]",
    );
}

#[test]
fn what_a_dump_follows_is_promised() {
    for ty in
        ["NonNull<Cons>", "*const Cons", "Option<Cell<*mut Cons>>", "Vec<AtomicPtr<Cons>>", "[*mut Cons; 3]"]
    {
        refuses(&format!("struct S {{ f: {ty} }}"), "with #[dump(unsafe(pointer))]");
        accepts(&format!("struct S {{ #[dump(unsafe(pointer))] f: {ty} }}"));
        accepts(&format!("struct S {{ #[dump(weak)] f: {ty} }}"));
        accepts(&format!("struct S {{ #[dump(skip = \"why\")] f: {ty} }}"));
    }
    accepts("struct S<'a, T> { f: &'a Cons, g: PhantomData<*mut T>, #[dump(native)] h: fn(*mut u8) }");
    refuses("enum E { A(NonNull<Cons>) }", "with #[dump(unsafe(pointer))]");
    refuses("struct S { #[dump(shared)] f: Rc<Cell<*mut Cons>> }", "with #[dump(unsafe(pointer))]");
    accepts("struct S { #[dump(shared, unsafe(pointer))] f: Rc<Cell<*mut Cons>> }");
    refuses("struct S { #[dump(cache, unsafe(pointer))] f: *mut Cons }", "remove unsafe(pointer)");
    refuses("struct S { #[dump(pointer)] f: *mut Cons }", "write unsafe(pointer)");
    refuses("struct S { #[dump(unsafe(pointer = 1))] f: *mut Cons }", "`pointer` takes no value");
    let tail = |tail: &str, of: &str| {
        format!("#[dump(object)] #[repr(C)] struct S {{ n: u32, #[dump({tail})] d: [{of}; 0] }}")
    };
    refuses(&tail("tail = n", "u64"), "write unsafe(tail = len)");
    accepts(&tail("unsafe(tail = n)", "u64"));
    refuses(&tail("unsafe(tail = n)", "*mut Cons"), "with #[dump(unsafe(pointer))]");
    accepts(&tail("unsafe(tail = n), unsafe(pointer)", "*mut Cons"));
}

#[test]
fn field_types_that_are_plainly_wrong_say_what_to_use() {
    refuses("struct S { f: Rc<u8> }", "say so with #[dump(shared)]");
    refuses("struct S { f: RefCell<std::rc::Weak<u8>> }", "say so with #[dump(shared)]");
    refuses("struct S { f: Vec<std::sync::Arc<u8>> }", "say so with #[dump(shared)]");
    refuses("struct S { #[dump(shared)] f: Box<u8> }", "names none");
    refuses("struct S { f: fn(u8) }", "add #[dump(native)]");
    refuses("struct S { f: Option<fn(u8)> }", "add #[dump(native)]");
    refuses("struct S { f: Vec<fn(u8)> }", "give it a field of its own");
    refuses("struct S { f: Box<dyn Fn()> }", "a trait object does not say which type it is");
    refuses("struct S<'a> { f: &'a mut u8 }", "`&mut` is unique");
    refuses("struct S<'a> { f: &'a str }", "use `ImageStr` or `String`");
    refuses("struct S<'a> { f: &'a [u8] }", "use `ImageVec<T>` or `Vec<T>`");
    refuses("struct S<'a> { #[dump(native)] f: &'a u8 }", "write `&'static T`");
    refuses("struct S { #[dump(native)] f: [u8; 3] }", "`native` is for fn pointers");
    refuses("struct S { #[dump(native)] f: Option<&'static mut u8> }", "a native static is shared");
    accepts(
        "struct S<'a> { f: &'a Cons, #[dump(shared)] g: Rc<RefCell<u8>>, #[dump(skip = \"why\")] h: Rc<fn()> }",
    );
}

#[test]
fn schemes_of_words_are_complete_and_unambiguous() {
    let word = |keys: &str| format!("#[dump(unsafe(word), {keys})] #[repr(transparent)] struct Value(u64);");
    refuses(&word("objects(Cons = 1, Str)"), "give every type its tag: Str = 0b011");
    refuses(&word("objects(Cons = 1, Str = 1)"), "this tag is given twice, first as `1`");
    refuses(&word("objects(Cons = 8)"), "does not fit in 3 bits");
    refuses(&word("objects(Cons = 1, Cons = 2)"), "`Cons` is listed twice");
    refuses(&word("objects(Cons, Cons)"), "`Cons` is listed twice");
    refuses(&word("objects()"), "`objects` lists nothing");
    refuses(&word("objects(Other = 1 by kind {})"), "no type is behind the tag of Other");
    refuses(&word("objects(Other = 1 by kind)"), "list the types in braces");
    refuses(&word("objects = 1"), "`objects` takes a list in parentheses");
    refuses(&word("symbol = 0, bits = 17"), "at most 16 bits");
    refuses(&word("symbol = 0, shift = 8"), "`shift` is at most `bits`");
    refuses(&word("bits = 3"), "a scheme of tags lists them");
    refuses("#[dump(unsafe(word), symbol = 0)] struct Value(u64);", "add #[repr(transparent)]");
    refuses(
        "#[dump(unsafe(word), symbol = 0)] #[repr(transparent)] struct Value(f64);",
        "over `usize` or `u64`",
    );
    refuses("#[dump(unsafe(word), symbol = 0)] #[repr(transparent)] struct Value;", "one integer field");
    refuses("#[dump(unsafe(word))] struct Value(#[dump(cache)] u64);", "a word's bits are its value");
    accepts("#[dump(unsafe(word))] struct Value(u64);");
    accepts(&word("objects(Cons = TAG, Other = OTHER by kind { A, B }), symbol = 0"));
}
