//! Every field of a machine survives a dump and a load, and one that does not is found, with its path.

use std::panic::{AssertUnwindSafe, catch_unwind};

use neodump_runtime::testing::{Completeness, Report, every_field_survives};
use neodump_runtime::{Dumpable, Natives};
use neodump_tests::fixture::{Value, Vm, natives};

fn has(list: &[(String, String)], path: &str, why: &str) -> bool {
    list.iter().any(|(found, reason)| found == path && reason.contains(why))
}

#[test]
fn every_field_of_a_machine_of_all_types_survives() {
    let natives = natives();
    let test = Completeness::of(Vm::full)
        .natives(&natives)
        .except("vm.owned.timeout", "stored in whole milliseconds")
        // SAFETY: nothing refers to a machine that is at its end.
        .ended_by(|vm| unsafe { vm.release() });
    // SAFETY: the machine reaches its objects by words and pointers, and loads files from anywhere.
    let report = unsafe { test.objects() }.run();
    for path in [
        "vm.symbols",
        "vm.registers.map",
        "vm.registers.map['a']::Text.0",
        "vm.registers.map['a']::Many",
        "vm.registers.map['a'].key",
        "vm.registers.words[\"\"].key",
        "vm.registers.by_object",
        "vm.scalars.unsigned.0",
        "vm.scalars.atomics.2",
        "vm.scalars.shape::Circle",
        "vm.scalars.shape::Tagged.weight",
        "vm.scalars.tagged::None",
        "vm.owned.tree.others",
        "vm.owned.mutex[0]",
        "vm.owned.never::Some",
        "vm.owned.image_names[0]",
        "vm.owned.hook",
        "vm.owned.no_hook",
        "vm.library.failure::Ok",
        "vm.library.bounds[2]::Excluded",
        "vm.library.letters.end",
        "vm.library.text",
        "vm.library.descriptor",
        "vm.root",
        "vm.list",
        " \u{2192} cons.car",
        " \u{2192} str.bytes[0]",
        " \u{2192} vector.data[0]",
        " \u{2192} table.first::None",
        " \u{2192} record.rows[0][0]",
        " \u{2192} subr.function",
        " \u{2192} subr.twin",
    ] {
        assert!(report.has_changed(path), "{path}\n{report}");
    }
    assert!(has(&report.excepted, "vm.owned.timeout", "whole milliseconds"), "{report}");
    assert!(has(&report.not_changed, " \u{2192} vector.len", "counts the trailing array"), "{report}");
    assert!(
        has(&report.not_changed, " \u{2192} record.header.kind", "of which type the object is"),
        "{report}"
    );
    assert!(has(&report.not_changed, " \u{2192} record.slots", "4 slots with 3 names"), "{report}");
    assert_eq!(report.not_changed.len(), 13, "{report}");
    assert_eq!((report.fields, report.untested.len()), (159, 10), "{report}");
    for (path, policy) in [
        ("vm.heap", "heap"),
        ("vm.owned.cache", "cache"),
        ("vm.owned.line_count", "derived"),
        ("vm.dumps", "skip"),
    ] {
        assert!(has(&report.left_out, path, policy), "{path}\n{report}");
    }
    assert!(has(&report.left_out, " \u{2192} str.header.mark", "bake"), "{report}");
}

#[test]
fn what_is_empty_gets_something() {
    let natives = natives();
    let report =
        Completeness::of(Vm::empty).natives(&natives).except("vm.owned.timeout", "in milliseconds").run();
    for path in ["vm.list", "vm.registers.map", "vm.owned.grid", "vm.owned.title::Some", "vm.library.rows"] {
        assert!(report.has_changed(path), "{path}\n{report}");
    }
}

#[test]
fn a_word_of_the_machines_making_is_used_where_it_has_no_other() {
    #[derive(Dumpable)]
    #[dump(image = "one-word", version = 1)]
    struct Machine {
        only: Value,
    }
    let boot = || Machine { only: Value::int(1) };
    let report = every_field_survives(boot);
    assert!(has(&report.not_changed, "machine.only", "give it one with Completeness::word"), "{report}");
    let report = Completeness::of(boot).word(|_| Value::int(7)).run();
    assert!(report.has_changed("machine.only"), "{report}");
}

/// A type that is converted for an image, by modules that forget a part of it.
#[derive(Debug, Clone, Default, PartialEq)]
struct Timeout {
    seconds: u32,
    nanos: u32,
}

/// Forgets at load.
mod forgets_at_load {
    use super::Timeout;

    pub(super) type Stored = (u32, u32);

    pub(super) fn to_stored(timeout: &Timeout) -> Stored {
        (timeout.seconds, timeout.nanos)
    }

    pub(super) fn from_stored(stored: Stored) -> Result<Timeout, String> {
        Ok(Timeout { seconds: stored.0, nanos: 0 })
    }
}

/// Forgets at the dump what no stored form shows: the type itself has to.
mod forgets_at_dump {
    use super::Limits;

    pub(super) type Stored = u32;

    pub(super) fn to_stored(limits: &Limits) -> Stored {
        limits.depth
    }

    pub(super) fn from_stored(depth: Stored) -> Result<Limits, String> {
        Ok(Limits { depth, steps: 100 })
    }
}

/// A type that is converted though it is dumpable itself, so that its own fields are known.
#[derive(Dumpable, Debug, Clone, Default, PartialEq)]
struct Limits {
    depth: u32,
    steps: u64,
}

#[derive(Dumpable)]
#[dump(section = "manager", version = 1)]
struct Manager {
    names: Vec<String>,
    #[dump(with = forgets_at_load)]
    timeout: Timeout,
    #[dump(with = forgets_at_dump)]
    limits: Limits,
}

#[derive(Dumpable)]
#[dump(image = "forgetful", version = 1, after_load = Forgetful::wake)]
struct Forgetful {
    manager: Manager,
    counter: u32,
    pair: (u8, bool),
}

impl Forgetful {
    fn boot() -> Self {
        let manager = Manager {
            names: vec!["a".into()],
            timeout: Timeout { seconds: 1, nanos: 2 },
            limits: Limits { depth: 3, steps: 4 },
        };
        Self { manager, counter: 0, pair: (1, true) }
    }

    /// Resets more than it should.
    fn wake(&mut self) {
        self.counter = 0;
    }
}

fn forgetful() -> Report {
    Completeness::of(Forgetful::boot).try_run().expect("tested")
}

#[test]
fn a_part_that_a_with_module_forgets_at_load_is_found_with_its_path() {
    let report = forgetful();
    assert!(has(&report.lost, "forgetful.manager.timeout.1", "changed from"), "{report}");
    assert!(report.has_changed("forgetful.manager.timeout.0"), "{report}");
}

#[test]
fn a_part_that_a_with_module_forgets_at_the_dump_is_found_with_its_path() {
    let report = forgetful();
    assert!(
        has(&report.lost, "forgetful.manager.limits.steps", "changed from 100 to 101, the dump is as before"),
        "{report}"
    );
    assert!(report.has_changed("forgetful.manager.limits.depth"), "{report}");
}

#[test]
fn a_field_that_a_hook_resets_is_found_with_its_path() {
    let report = forgetful();
    assert!(
        has(&report.lost, "forgetful.counter", "changed from 0 to 1, it is 0 after the load"),
        "{report}"
    );
    assert_eq!(report.lost.len(), 3, "{report}");
}

#[test]
fn a_loss_fails_the_test_that_looks_for_it_with_its_path() {
    let panicked = catch_unwind(AssertUnwindSafe(|| every_field_survives(Forgetful::boot)));
    let message = panicked.expect_err("changes got lost");
    let message = message.downcast_ref::<String>().expect("text");
    assert!(message.starts_with("3 changes got lost"), "{message}");
    assert!(message.contains("\n  forgetful.manager.timeout.1: changed from"), "{message}");
    let report = Completeness::of(Forgetful::boot)
        .except("forgetful.manager.timeout", "whole seconds will do")
        .except("forgetful.manager.limits.steps", "the same in every machine")
        .except("forgetful.counter", "counts from the start")
        .run();
    assert_eq!(report.excepted.len(), 4, "{report}");
}

#[test]
fn a_machine_that_differs_after_a_load_without_a_change_is_refused() {
    #[derive(Dumpable)]
    #[dump(image = "restless", version = 1, after_load = Restless::wake)]
    struct Restless {
        starts: u32,
    }
    impl Restless {
        fn wake(&mut self) {
            self.starts += 1;
        }
    }
    let problem = Completeness::of(|| Restless { starts: 0 }).try_run().expect_err("nothing can be said");
    assert!(problem.contains("a load changes what the next dump has"), "{problem}");
    let problem = Completeness::of(Vm::full).natives(&Natives::new()).try_run().expect_err("no natives");
    assert!(problem.starts_with("the machine cannot be dumped: "), "{problem}");
}

#[test]
fn a_field_that_the_machine_has_no_value_of_is_listed_by_its_type() {
    #[derive(Dumpable)]
    #[dump(image = "partial", version = 1)]
    struct Partial {
        spans: Vec<Span>,
        shapes: Vec<Shape>,
        tree: Option<Box<Tree>>,
    }
    #[derive(Dumpable)]
    struct Span {
        from: u32,
        to: u32,
    }
    #[derive(Dumpable)]
    enum Shape {
        Dot,
        Circle { radius: u32 },
        Box(u8, u8),
    }
    #[derive(Dumpable)]
    struct Tree {
        weight: u32,
        left: Option<Box<Tree>>,
    }
    let names = |report: &Report| {
        let short = |(field, _): &(String, String)| field.rsplit("completeness::").next().map(str::to_owned);
        report.untested.iter().filter_map(short).collect::<Vec<_>>()
    };
    let boot = || Partial { spans: Vec::new(), shapes: vec![Shape::Dot], tree: None };
    let report = every_field_survives(boot);
    let nothing_of =
        ["Partial.tree", "Span.from", "Span.to", "Shape::Circle.radius", "Shape::Box.0", "Shape::Box.1"];
    assert_eq!(names(&report), [&nothing_of[..], &["Tree.weight", "Tree.left"]].concat());
    let because = |(field, why): &(String, String)| match field.ends_with("Partial.tree") {
        true => why.ends_with("it is None, and no value can be made"),
        false => why == "the machine has no value of it",
    };
    assert!(report.untested.iter().all(because), "{report}");
    assert_eq!(report.fields, 10);
    // Elements behind the first count where they show what the first does not, and a type inside of its like.
    let boot = || Partial {
        spans: vec![Span { from: 1, to: 2 }],
        shapes: vec![Shape::Dot, Shape::Circle { radius: 1 }, Shape::Circle { radius: 2 }, Shape::Box(1, 2)],
        tree: Some(Box::new(Tree { weight: 1, left: Some(Box::new(Tree { weight: 2, left: None })) })),
    };
    let report = every_field_survives(boot);
    assert_eq!(names(&report), [""; 0], "{report}");
    for path in ["shapes[1]::Circle.radius", "shapes[3]::Box.1", "tree.left.weight"] {
        assert!(report.has_changed(&format!("partial.{path}")), "{path}\n{report}");
    }
    assert!(!report.has_changed("partial.shapes[2]::Circle.radius"), "{report}");
    let problem = Completeness::of(boot).except("partial.spans[7]", "not there").try_run().unwrap_err();
    assert!(problem.starts_with("there is no partial.spans[7]"), "{problem}");
}

#[test]
fn a_field_of_a_type_is_left_alone_in_all_of_its_values() {
    #[derive(Dumpable)]
    #[dump(image = "twice", version = 1)]
    struct Twice {
        one: Counted,
        others: Vec<Counted>,
    }
    #[derive(Dumpable)]
    struct Counted {
        count: u32,
        text: String,
    }
    let counted = || Counted { count: 1, text: "a".into() };
    let report = Completeness::of(|| Twice { one: counted(), others: vec![counted()] })
        .except(concat!(module_path!(), "::Counted.count"), "counts what it likes")
        .run();
    let excepted: Vec<&str> = report.excepted.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(excepted, ["twice.one.count", "twice.others[0].count"]);
    assert_eq!(report.changed, ["twice.one.text", "twice.others", "twice.others[0].text"]);
    assert_eq!((report.fields, report.untested.len()), (4, 0), "{report}");
}
