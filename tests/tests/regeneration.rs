//! A start loads what is usable, and makes what is not: once, for a reason that it tells, and never at the price of a file
//! that is not its own.

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use neodump_runtime::global::{Active, Captured};
use neodump_runtime::{
    DumpError, Dumpable, ImagePlaces, Interner, LoadOptions, LoadReport, Origin, Outcome, Rebuild, Symbol,
    dump,
};
use neodump_tests::fixture::Value;
use neodump_tests::starts::{Starts, boots};

/// The file whose lock gives the right to rebuild `vm.ndump`.
const LOCK: &str = ".vm.ndump.neodump-lock";

/// A folder with the image and the log of boots of one test.
struct Place {
    folder: tempfile::TempDir,
    image: PathBuf,
    log: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (image, log) = (folder.path().join("vm.ndump"), folder.path().join("log"));
        Self { folder, image, log }
    }

    fn start_at(&self, image: &Path) -> (Starts, Outcome) {
        let options = LoadOptions::new().patience(Duration::from_millis(50));
        options.load_or_rebuild(image, Starts::booting(&self.log)).expect("it boots")
    }

    fn start(&self) -> (Starts, Outcome) {
        self.start_at(&self.image)
    }

    fn boots(&self) -> usize {
        boots(&self.log)
    }

    fn lock(&self) -> File {
        let file = File::create(self.folder.path().join(LOCK)).expect("a lock file");
        file.lock().expect("locked");
        file
    }

    /// What is in the folder beside the image and its lock.
    fn litter(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.folder.path()).expect("a folder");
        let names = names.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
        names.filter(|name| !["vm.ndump", LOCK, "log"].contains(&name.as_str())).collect()
    }
}

fn booted(outcome: Outcome) -> (DumpError, DumpError) {
    let Outcome::Booted { why, cannot_write } = outcome else { panic!("{outcome}") };
    (why, cannot_write)
}

fn why_rebuilt(outcome: Outcome) -> DumpError {
    let Outcome::Rebuilt { why, .. } = outcome else { panic!("{outcome}") };
    why
}

#[test]
fn a_missing_image_is_made_and_the_next_start_loads_it() {
    let place = Place::new();
    let mut report = LoadReport::default();
    let options = LoadOptions::new().report(&mut report);
    let (first, outcome) = options.load_or_rebuild(&place.image, Starts::booting(&place.log)).expect("boots");
    assert_eq!(outcome.image(), Some(&*place.image));
    let Outcome::Rebuilt { dump, why, .. } = outcome else { panic!("{outcome}") };
    assert!(
        matches!(&why, DumpError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound),
        "{why}"
    );
    let length = std::fs::metadata(&place.image).expect("an image").len();
    assert_eq!((dump.image_bytes, report.bytes), (length, length), "it is loaded from the new image");
    let (second, outcome) = place.start();
    assert!(matches!(&outcome, Outcome::Loaded { path } if *path == place.image), "{outcome}");
    assert!(outcome.why().is_none());
    assert_eq!((first, place.boots()), (second, 1));
    assert_eq!(place.litter(), [""; 0]);
}

fn flip(path: &Path, at: impl Fn(usize) -> usize) {
    let mut bytes = std::fs::read(path).expect("an image");
    let at = at(bytes.len());
    bytes[at] ^= 0x10;
    std::fs::write(path, bytes).expect("written");
}

#[test]
fn an_image_that_cannot_be_used_is_made_anew_for_a_reason_that_is_told() {
    mod older {
        #[derive(neodump_runtime::Dumpable)]
        #[dump(image = "starts", version = 1)]
        pub(super) struct Starts {
            pub(super) booted_by: u16,
        }
    }
    mod newer {
        #[derive(neodump_runtime::Dumpable)]
        #[dump(image = "starts", version = 2)]
        pub(super) struct Starts {
            pub(super) booted_by: u32,
        }
    }
    type Spoil = fn(&Path);
    let cases: [(Spoil, &str); 9] = [
        (|path| std::fs::remove_file(path).expect("removed"), "cannot open "),
        (|path| std::fs::write(path, "").expect("written"), "not a neodump image"),
        (|path| std::fs::write(path, [0; 4096]).expect("written"), "not a neodump image"),
        (|path| flip(path, |_| 16), "unsupported container version"),
        (|path| flip(path, |_| 0x20), "malformed image: section header"),
        (|path| flip(path, |len| len / 3), "damaged image: section "),
        (
            |path| {
                let file = File::options().write(true).open(path).expect("an image");
                file.set_len(file.metadata().expect("a file").len() / 2).expect("cut");
            },
            "truncated",
        ),
        (
            |path| {
                dump(&mut older::Starts { booted_by: 1 }, path).expect("dumped");
            },
            "neodump_tests::starts::Starts is new",
        ),
        (
            |path| {
                dump(&mut newer::Starts { booted_by: 1 }, path).expect("dumped");
            },
            "image version: 2 in the image, 1 in this build",
        ),
    ];
    let place = Place::new();
    let expected = place.start().0.numbers;
    for (number, (spoil, reason)) in cases.into_iter().enumerate() {
        spoil(&place.image);
        let (machine, outcome) = place.start();
        assert_eq!((machine.numbers, place.boots()), (expected.clone(), number + 2), "{reason}");
        let why = why_rebuilt(outcome);
        assert!(why.to_string().contains(reason), "{why}");
        assert!(matches!(place.start().1, Outcome::Loaded { .. }), "{reason}");
        assert_eq!(place.litter(), [""; 0], "{reason}");
    }
}

#[test]
fn whoever_finds_a_usable_image_does_not_ask_for_the_lock() {
    let place = Place::new();
    let _ = place.start();
    let _lock = place.lock();
    assert!(matches!(place.start().1, Outcome::Loaded { .. }));
    // SAFETY: the file is this test's, and nobody changes it.
    let mapped = unsafe { LoadOptions::new().map_or_rebuild(&place.image, Starts::booting(&place.log)) };
    assert!(matches!(mapped.expect("loaded").1, Outcome::Loaded { .. }));
}

#[test]
fn who_is_out_of_patience_boots_and_leaves_the_image_to_the_other() {
    let place = Place::new();
    let _lock = place.lock();
    let (machine, outcome) = place.start();
    let (why, cannot_write) = booted(outcome);
    assert_eq!((machine.numbers.len(), place.boots()), (20_000, 1));
    assert!(
        why.is_stale() && cannot_write.to_string().contains("another process has held "),
        "{cannot_write}"
    );
    assert!(!place.image.exists());
}

#[test]
fn an_image_that_another_process_makes_meanwhile_is_loaded_without_a_boot() {
    let place = Place::new();
    let lock = place.lock();
    std::thread::scope(|scope| {
        let start = || {
            let booting = Starts::booting(&place.log);
            LoadOptions::new().load_or_rebuild(&place.image, booting).expect("loaded")
        };
        let waiting = [scope.spawn(start), scope.spawn(start)];
        std::thread::sleep(Duration::from_millis(30));
        let mut made = Starts { booted_by: 7, numbers: vec![1], cursed: false };
        dump(&mut made, &place.image).expect("dumped");
        for start in waiting {
            let (machine, outcome) = start.join().expect("it ends");
            // Under the lock of the other still: what is there is enough.
            assert!(matches!(outcome, Outcome::Awaited { .. } | Outcome::Loaded { .. }), "{outcome}");
            assert_eq!(machine, made);
        }
    });
    drop(lock);
    assert_eq!(place.boots(), 0);
}

#[test]
fn an_unusable_image_that_another_process_leaves_meanwhile_is_replaced_once_the_lock_is_free() {
    let place = Place::new();
    let lock = place.lock();
    std::thread::scope(|scope| {
        let start = scope.spawn(|| {
            let booting = Starts::booting(&place.log);
            LoadOptions::new().load_or_rebuild(&place.image, booting).expect("it boots").1
        });
        for text in ["\0", "\0\0", "\0\0\0", "\0\0", "\0"] {
            std::thread::sleep(Duration::from_millis(10));
            std::fs::write(&place.image, text).expect("written");
        }
        drop(lock);
        let why = why_rebuilt(start.join().expect("it ends"));
        assert!(!why.to_string().is_empty());
    });
    assert_eq!(place.boots(), 1);
    assert!(matches!(place.start().1, Outcome::Loaded { .. }));
}

#[test]
fn an_image_that_the_machine_itself_refuses_is_made_anew_once() {
    let place = Place::new();
    let mut cursed = Starts { booted_by: 1, numbers: Vec::new(), cursed: true };
    dump(&mut cursed, &place.image).expect("dumped");
    let why = why_rebuilt(place.start().1);
    assert!(!why.is_stale() && why.to_string().contains("cursed"), "{why}");
    assert_eq!(place.boots(), 1);
    assert!(matches!(place.start().1, Outcome::Loaded { .. }));
}

#[test]
fn a_new_image_that_the_machine_refuses_is_not_left_and_the_boot_runs() {
    for before in [None, Some("\0\0\0\0")] {
        let place = Place::new();
        before.inspect(|text| std::fs::write(&place.image, text).expect("written"));
        let mut boots = 0;
        let mut report = LoadReport::default();
        let boot = |_: Rebuild<'_>| {
            boots += 1;
            Ok::<_, io::Error>(Starts { booted_by: 3, numbers: vec![4], cursed: true })
        };
        let options = LoadOptions::new().report(&mut report);
        let (machine, outcome) = options.load_or_rebuild(&place.image, boot).expect("it boots");
        let (why, cannot_write) = booted(outcome);
        assert!(why.is_stale() && cannot_write.to_string().contains("cursed"), "{why}\n{cannot_write}");
        assert_eq!((machine.booted_by, boots, report.bytes), (3, 1, 0));
        assert_eq!(std::fs::read_to_string(&place.image).ok().as_deref(), before);
        assert_eq!(place.litter(), [""; 0]);
    }
}

#[test]
fn where_no_file_can_be_made_the_machine_runs_from_its_boot() {
    let place = Place::new();
    std::fs::write(place.folder.path().join("file"), "in the way").expect("written");
    let nowhere = ["file/vm.ndump", "no/such/folder/vm.ndump"].map(|path| place.folder.path().join(path));
    let of_the_system = ["/proc/vm.ndump", "/dev/null/vm.ndump"].map(PathBuf::from);
    for (number, image) in nowhere.iter().chain(&of_the_system).enumerate() {
        let (machine, outcome) = place.start_at(image);
        let told = outcome.to_string();
        assert!(outcome.image().is_none() && outcome.why().is_some());
        let (_, cannot_write) = booted(outcome);
        assert_eq!(cannot_write.path(), Some(&**image), "{cannot_write}");
        assert!(told.contains("it leaves no image: cannot create a temporary file beside "), "{told}");
        assert_eq!((machine.numbers.len(), place.boots()), (20_000, number + 1));
    }
}

#[test]
#[cfg(unix)]
fn a_folder_that_may_not_be_written_is_left_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let closed = place.folder.path().join("closed");
    std::fs::create_dir(&closed).expect("a folder");
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o555)).expect("closed");
    // Whoever may do everything may write here too.
    let may_write = File::create(closed.join("probe")).is_ok();
    let (_, outcome) = place.start_at(&closed.join("vm.ndump"));
    assert_eq!(matches!(outcome, Outcome::Booted { .. }), !may_write, "{outcome}");
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o755)).expect("opened");
}

#[test]
fn a_machine_that_cannot_be_dumped_runs_from_its_boot() {
    #[derive(Dumpable)]
    #[dump(image = "odd", version = 1)]
    struct Odd {
        word: Value,
    }
    let place = Place::new();
    let boot = |_: Rebuild<'_>| Ok::<_, io::Error>(Odd { word: Value::from_bits(1) });
    let (machine, outcome) = LoadOptions::new().load_or_rebuild(&place.image, boot).expect("it boots");
    assert_eq!(machine.word, Value::from_bits(1));
    let (_, cannot_write) = booted(outcome);
    assert!(
        matches!(&cannot_write, DumpError::Serialization { path, .. } if path == "odd.word"),
        "{cannot_write}"
    );
    assert!(!place.image.exists() && place.litter().is_empty());
}

#[test]
fn a_boot_that_fails_is_the_error_and_the_lock_is_free_again() {
    let place = Place::new();
    std::fs::write(&place.image, "").expect("written");
    let boot = |rebuild: Rebuild<'_>| Err::<Starts, _>(format!("no library; {}", rebuild.why));
    let error = LoadOptions::new().load_or_rebuild(&place.image, boot).map(|(_, outcome)| outcome);
    assert!(error.expect_err("the boot fails").starts_with("no library; not a neodump image"));
    assert_eq!(std::fs::read(&place.image).expect("a file"), b"");
    let unwound = std::panic::catch_unwind(|| {
        let boot = |_: Rebuild<'_>| -> io::Result<Starts> { std::panic::resume_unwind(Box::new(())) };
        LoadOptions::new().load_or_rebuild(&place.image, boot).map(|(_, outcome)| outcome)
    });
    assert!(unwound.is_err());
    assert!(matches!(place.start().1, Outcome::Rebuilt { .. }));
}

#[test]
fn a_boot_that_fails_for_a_reason_of_its_own_does_not_keep_others_from_theirs() {
    let place = Place::new();
    std::thread::scope(|scope| {
        let mut other = None;
        let boot = |_: Rebuild<'_>| {
            let start = || LoadOptions::new().load_or_rebuild(&place.image, Starts::booting(&place.log));
            other = Some(scope.spawn(start));
            // It waits for the lock meanwhile.
            std::thread::sleep(Duration::from_millis(100));
            Err::<Starts, _>("no library here")
        };
        let failed = LoadOptions::new().load_or_rebuild(&place.image, boot);
        assert_eq!(failed.map(|(_, outcome)| outcome.to_string()), Err("no library here"));
        let other = other.expect("it was started").join().expect("it ends").expect("it boots").1;
        assert!(matches!(other, Outcome::Rebuilt { .. }), "{other}");
    });
    assert_eq!(place.boots(), 1);
}

#[test]
fn where_a_variable_says_nothing_is_mapped_without_an_audit() {
    let place = Place::new();
    let mut cursed = Starts { booted_by: 1, numbers: Vec::new(), cursed: true };
    let mut start = |origin: Origin| {
        dump(&mut cursed, &place.image).expect("dumped");
        let places = ImagePlaces::from_iter([neodump_runtime::Place { path: place.image.clone(), origin }]);
        // SAFETY: the file is this test's, and nobody changes it.
        let mapped = unsafe { LoadOptions::new().map_or_rebuild(places, Starts::booting(&place.log)) };
        mapped.expect("it starts").1
    };
    // What only an audit finds is not found where the caller has promised it.
    assert!(matches!(start(Origin::Given), Outcome::Loaded { .. }));
    let why = why_rebuilt(start(Origin::Variable("STARTS_IMAGE".into())));
    assert!(why.to_string().contains("cursed"), "{why}");
}

#[test]
fn what_the_user_names_is_the_only_place() {
    let (place, home) = (Place::new(), tempfile::tempdir().expect("a folder"));
    let name = |places: &ImagePlaces| places.iter().map(|place| place.path.clone()).collect::<Vec<_>>();
    // The variables of a process are those of all its tests, so the conventions are asked once, as they are.
    let conventional = ImagePlaces::of::<Starts>();
    assert!(conventional.iter().any(|place| place.origin == Origin::BesideExecutable), "{conventional:?}");
    assert_eq!(name(&conventional.clone().given(None::<&Path>)), name(&conventional));
    assert_eq!(name(&conventional.given(Some(home.path()))), [home.path()]);
    let one = ImagePlaces::at(&place.image);
    let error = LoadOptions::new().load_from::<Starts>(&one).expect_err("nothing is there");
    assert!(error.is_stale() && error.path() == Some(&*place.image), "{error}");
    let _ = place.start();
    let (machine, found) = LoadOptions::new().load_from::<Starts>(&one).expect("an image");
    assert_eq!((machine.numbers.len(), found.path, found.origin), (20_000, place.image, Origin::Given));
}

#[test]
fn an_image_that_is_missing_everywhere_is_refused_with_all_places_and_made_at_the_last() {
    let place = Place::new();
    let paths = ["first.ndump", "second.ndump", "vm.ndump"].map(|name| place.folder.path().join(name));
    let origins = [Origin::Variable("VM_IMAGE".into()), Origin::BesideExecutable, Origin::Cache];
    let listed =
        paths.iter().zip(origins).map(|(path, origin)| neodump_runtime::Place { path: path.clone(), origin });
    let places: ImagePlaces = listed.collect();
    std::fs::write(&paths[1], "spoilt").expect("written");
    let start = |places: &ImagePlaces| {
        LoadOptions::new().load_or_rebuild(places.clone(), Starts::booting(&place.log)).expect("boots").1
    };
    let outcome = start(&places);
    assert_eq!(outcome.image(), Some(&*paths[2]));
    let why = why_rebuilt(outcome);
    let DumpError::Unusable { searched } = &why else { panic!("{why}") };
    assert_eq!(
        searched.iter().map(|searched| &searched.path).collect::<Vec<_>>(),
        paths.iter().collect::<Vec<_>>()
    );
    let message = why.to_string();
    let [first, second, last] = paths.each_ref().map(|path| path.display());
    assert!(message.starts_with("no usable image in 3 places:\n"), "{message}");
    assert!(message.contains(&format!("\n  {first} (named by VM_IMAGE): cannot open ")), "{message}");
    assert!(
        message.contains(&format!("\n  {second} (beside the executable): not a neodump image")),
        "{message}"
    );
    assert!(message.contains(&format!("\n  {last} (in the user's cache): cannot open ")), "{message}");
    // The places before it stay as they are; the image is found at the last, or wherever one comes first.
    assert_eq!(std::fs::read(&paths[1]).expect("a file"), b"spoilt");
    assert_eq!(start(&places).image(), Some(&*paths[2]));
    std::fs::copy(&paths[2], &paths[0]).expect("copied");
    assert_eq!(start(&places).image(), Some(&*paths[0]));
    assert_eq!(place.boots(), 1);
}

#[test]
fn a_process_with_no_place_for_an_image_boots() {
    let place = Place::new();
    let places: ImagePlaces = std::iter::empty().collect();
    let outcome = LoadOptions::new().load_or_rebuild(places, Starts::booting(&place.log)).expect("boots").1;
    let (why, cannot_write) = booted(outcome);
    assert!(
        why.to_string().starts_with("no image: ") && cannot_write.to_string().ends_with("name one"),
        "{why}"
    );
}

/// A machine that does not hold its own interner.
#[derive(Dumpable)]
#[dump(image = "symbolic", version = 1)]
struct Symbolic {
    names: Vec<Symbol>,
}

#[test]
fn a_machine_without_an_interner_of_its_own_boots_with_that_of_the_options() {
    let place = Place::new();
    for (expected, boots) in [("rebuilt", 1), ("loaded", 0)] {
        let mut interner = Interner::with_names(&["there", "before"]);
        let mut booted = 0;
        let boot = |rebuild: Rebuild<'_>| {
            booted += 1;
            let interner = rebuild.interner.ok_or("no interner")?;
            Ok::<_, &str>(Symbolic { names: ["car", "cdr"].map(|name| interner.intern(name)).to_vec() })
        };
        let options = LoadOptions::new().interner(&mut interner);
        let (machine, outcome) = options.load_or_rebuild(&place.image, boot).expect("it boots");
        assert!(outcome.to_string().starts_with(expected), "{outcome}");
        assert_eq!(booted, boots);
        let names: Vec<_> = machine.names.iter().map(|&symbol| interner.name(symbol)).collect();
        assert_eq!(names, [b"car", b"cdr"]);
    }
}

thread_local! {
    static NAMES: RefCell<Active<Vec<u32>>> = const { RefCell::new(Active::new(Vec::new())) };
}

/// A machine with state in a static.
#[derive(Dumpable)]
#[dump(image = "with globals", version = 1, validate = Global::check)]
struct Global {
    #[dump(global = NAMES)]
    names: Captured<Vec<u32>>,
    cursed: bool,
}

impl Global {
    fn check(&self) -> Result<(), String> {
        if self.cursed { Err("cursed".to_owned()) } else { Ok(()) }
    }
}

#[test]
fn the_machine_that_comes_back_is_the_active_one() {
    for cursed in [false, true] {
        let place = Place::new();
        let boot = |_: Rebuild<'_>| {
            let mut machine = Global { names: Captured::new(vec![1, 2]), cursed };
            neodump_runtime::global::activate(&mut machine).map(|()| machine)
        };
        let (machine, outcome) = LoadOptions::new().load_or_rebuild(&place.image, boot).expect("it boots");
        assert_eq!(matches!(outcome, Outcome::Booted { .. }), cursed, "{outcome}");
        assert_eq!(NAMES.with_borrow(|names| (**names).clone()), [1, 2]);
        drop(machine);
        assert!(NAMES.with_borrow(|names| names.is_empty()), "nobody is active");
    }
    // A file that is locked by the one that reads the static is not replaced by an image that nobody can run.
    let place = Place::new();
    let boot = |_: Rebuild<'_>| Ok::<_, io::Error>(Global { names: Captured::new(vec![3]), cursed: false });
    let outcome =
        NAMES.with_borrow(|_| LoadOptions::new().load_or_rebuild(&place.image, boot)).expect("boots").1;
    let (_, cannot_write) = booted(outcome);
    assert!(cannot_write.to_string().contains("names (global)"), "{cannot_write}");
    assert!(!place.image.exists());
}
