//! A machine at one moment: restored any number of times, on any thread, without an audit and without `unsafe`.

use std::collections::HashMap;

use neodump_runtime::{
    DumpError, Dumpable, Dumper, LoadOptions, LoadReport, Natives, Placement, Snapshot, load_bytes,
};
use neodump_tests::fixture::{Value, Vm, natives};

fn snapshot(vm: &mut Vm) -> Snapshot<Vm> {
    Snapshot::of(vm, Dumper::new().natives(&natives())).expect("dumped")
}

fn restored(snapshot: &Snapshot<Vm>, placement: Placement) -> Vm {
    let names = natives();
    snapshot.restore(LoadOptions::new().natives(&names).placement(placement)).expect("restored")
}

#[test]
fn machines_of_one_snapshot_do_not_see_each_other_wherever_they_lie() {
    let mut vm = Vm::full();
    let snapshot = snapshot(&mut vm);
    let text = vm.describe();
    vm.list.push(Value::int(5));
    let mut machines: Vec<_> = [Placement::Preferred, Placement::Elsewhere, Placement::Patched]
        .map(|placement| restored(&snapshot, placement))
        .into();
    for machine in &mut machines {
        assert_eq!(machine.describe(), text);
        machine.list.clear();
    }
    assert_eq!(restored(&snapshot.clone(), Placement::Preferred).describe(), text);
    assert_ne!(vm.describe(), text);
}

#[test]
fn a_snapshot_goes_to_other_threads() {
    let mut vm = Vm::full();
    let (snapshot, text) = (snapshot(&mut vm), vm.describe());
    let restore = |there: Snapshot<Vm>| move || restored(&there, Placement::Preferred).describe();
    let threads: Vec<_> = (0..3).map(|_| std::thread::spawn(restore(snapshot.clone()))).collect();
    drop((vm, snapshot));
    for thread in threads {
        assert_eq!(thread.join().expect("restored"), text);
    }
}

#[test]
fn the_bytes_are_those_of_a_file_and_a_restore_does_not_audit_them() {
    let mut vm = Vm::full();
    let (snapshot, names) = (snapshot(&mut vm), natives());
    let (bytes, _) = Dumper::new().natives(&names).to_bytes(&mut vm).expect("dumped");
    assert!(snapshot.bytes() == bytes);
    let time = |snapshot: bool| {
        let mut report = LoadReport::default();
        let options = LoadOptions::new().natives(&names).report(&mut report);
        match snapshot {
            true => self::snapshot(&mut Vm::full()).restore(options),
            false => options.load_bytes::<Vm>(&bytes),
        }
        .expect("loaded");
        report
    };
    let (own, audited) = (time(true), time(false));
    assert_eq!(own.objects, audited.objects);
    assert!(own.audit < audited.audit, "{:?} and {:?}", own.audit, audited.audit);
}

/// A machine whose stack belongs to the process, and whose depth does not: what must hold between them is `validate`'s.
#[derive(Dumpable)]
#[dump(image = "deep", version = 1, validate = Deep::check)]
struct Deep {
    depths: HashMap<u32, Depth>,
    #[dump(skip = "belongs to the process", default = vec![0; 4])]
    stack: Vec<u8>,
}

#[derive(Dumpable)]
#[dump(validate = Depth::check)]
struct Depth {
    depth: u32,
    limit: u32,
}

impl Deep {
    fn check(&self) -> Result<(), String> {
        let deepest = self.depths.values().map(|depth| depth.depth as usize).max().unwrap_or(0);
        if deepest <= self.stack.len() { Ok(()) } else { Err(format!("{deepest} of {}", self.stack.len())) }
    }
}

impl Depth {
    fn check(&self) -> Result<(), &'static str> {
        if self.depth <= self.limit { Ok(()) } else { Err("too deep") }
    }
}

#[test]
fn what_a_dump_leaves_out_is_checked_by_validate_as_after_any_audited_load() {
    let deep = |depth, limit| Deep { depths: [(1, Depth { depth, limit })].into(), stack: vec![0; 100] };
    let restored = |mut machine| {
        let snapshot = Snapshot::of(&mut machine, Dumper::new()).expect("dumped");
        let audited = load_bytes::<Deep>(snapshot.bytes()).map(drop).map_err(|error| error.to_string());
        let restored = snapshot.restore(LoadOptions::new()).map(drop).map_err(|error| error.to_string());
        assert_eq!(restored, audited);
        restored
    };
    assert_eq!(restored(deep(3, 9)), Ok(()));
    assert!(restored(deep(40, 90)).expect_err("the stack is new").contains("40 of 4"));
    assert!(restored(deep(3, 2)).expect_err("refused").contains("(validate of Depth"));
}

#[test]
fn natives_that_are_missing_are_named() {
    let snapshot = snapshot(&mut Vm::full());
    let error = snapshot.restore(LoadOptions::new().natives(&Natives::new())).map(drop).expect_err("missing");
    assert!(matches!(&error, DumpError::FingerprintMismatch { what, .. } if what == "natives"), "{error}");
}
