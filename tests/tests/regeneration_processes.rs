//! Processes that start together rebuild an image once, and nobody waits for who is gone.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use neodump_tests::starts::boots;

const STARTER: &str = env!("CARGO_BIN_EXE_starter");

/// A process that is about to start a machine.
struct Starting {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Starting {
    fn new(command: &mut Command) -> Self {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the starter starts");
        let said = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, said }
    }

    fn go(&mut self) {
        drop(self.child.stdin.take());
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).expect("text");
        line.trim_end().to_owned()
    }

    /// What came of it.
    fn outcome(mut self) -> String {
        let mut said = String::new();
        self.go();
        self.said.read_to_string(&mut said).expect("text");
        assert!(self.child.wait().expect("it ends").success(), "{said}");
        said.lines().last().unwrap_or_default().to_owned()
    }
}

/// A folder with the image and the log of boots of one test.
struct Place {
    _folder: tempfile::TempDir,
    image: PathBuf,
    log: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (image, log) = (folder.path().join("vm.ndump"), folder.path().join("log"));
        Self { _folder: folder, image, log }
    }

    fn arguments<'a>(&'a self, how: &'a str, pause: &'a str) -> [&'a Path; 4] {
        [how.as_ref(), &self.image, &self.log, pause.as_ref()]
    }

    fn start(&self, how: &str, pause: &str) -> Starting {
        Starting::new(Command::new(STARTER).args(self.arguments(how, pause)))
    }

    /// A process that can write no file of more than a few KiB, as on a disk that is full.
    #[cfg(unix)]
    fn start_on_a_full_disk(&self, pause: &str) -> Starting {
        let script = r#"trap '' XFSZ; ulimit -f 8; exec "$0" "$@""#;
        let arguments = self.arguments("load", pause);
        Starting::new(Command::new("sh").args(["-c", script, STARTER]).args(arguments))
    }

    fn litter(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.image.parent().expect("a folder")).expect("a folder");
        let names = names.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
        let ours = ["vm.ndump", ".vm.ndump.neodump-lock", "log"];
        names.filter(|name| !ours.contains(&name.as_str())).collect()
    }
}

#[test]
fn of_ten_processes_that_start_together_one_boots_and_all_run_from_its_image() {
    for how in ["load", "map"] {
        let place = Place::new();
        let mut starting: Vec<_> = (0..10).map(|_| place.start(how, "300")).collect();
        starting.iter_mut().for_each(Starting::go);
        let outcomes: Vec<_> = starting.into_iter().map(Starting::outcome).collect();
        assert_eq!(boots(&place.log), 1, "{outcomes:#?}");
        let count = |name: &str| outcomes.iter().filter(|outcome| outcome.starts_with(name)).count();
        assert_eq!(count("Rebuilt 20000 "), 1, "{outcomes:#?}");
        assert_eq!(count("Awaited 20000 ") + count("Loaded 20000 "), 9, "{outcomes:#?}");
        assert_eq!(place.litter(), [""; 0]);
        assert!(place.start(how, "0").outcome().starts_with("Loaded 20000 "));
    }
}

#[test]
fn of_ten_processes_that_find_a_damaged_image_one_boots() {
    let place = Place::new();
    place.start("load", "0").outcome();
    let mut bytes = std::fs::read(&place.image).expect("an image");
    let middle = bytes.len() / 2;
    bytes.truncate(middle);
    std::fs::write(&place.image, &bytes).expect("written");
    let mut starting: Vec<_> = (0..10).map(|_| place.start("load", "300")).collect();
    starting.iter_mut().for_each(Starting::go);
    let outcomes: Vec<_> = starting.into_iter().map(Starting::outcome).collect();
    assert_eq!(boots(&place.log), 2, "{outcomes:#?}");
    let told = outcomes.iter().filter(|outcome| outcome.contains("truncated")).count();
    assert!(told >= 1, "who rebuilt says why: {outcomes:#?}");
}

#[test]
fn a_process_that_is_killed_while_it_rebuilds_blocks_nobody() {
    let place = Place::new();
    let mut first = place.start("load", "600000");
    first.go();
    assert_eq!(first.line(), "booting");
    let mut second = place.start("load", "0");
    second.go();
    // The second one waits, or has not come to it: either way it goes on when the first is gone.
    std::thread::sleep(std::time::Duration::from_millis(100));
    assert_eq!(boots(&place.log), 0);
    first.child.kill().expect("killed");
    first.child.wait().expect("gone");
    assert!(second.outcome().starts_with("Rebuilt 20000 "));
    assert_eq!(boots(&place.log), 1);
    assert!(place.start("load", "0").outcome().starts_with("Loaded 20000 "));
}

#[test]
fn what_a_process_that_is_killed_while_it_dumps_has_left_goes_with_the_next_rebuild() {
    let place = Place::new();
    for _ in 0..3 {
        let mut dying = place.start("die", "0");
        dying.go();
        assert!(!dying.child.wait().expect("gone").success());
        assert_eq!(place.litter().len(), 1, "{:?}", place.litter());
    }
    assert!(place.start("load", "0").outcome().starts_with("Rebuilt 20000 "));
    assert_eq!(place.litter(), [""; 0]);
}

#[test]
fn a_process_that_finds_a_usable_image_does_not_wait_for_one_that_rebuilds_another() {
    let place = Place::new();
    let mut slow = place.start("load", "600000");
    slow.go();
    assert_eq!(slow.line(), "booting");
    // The image comes from elsewhere: a package, or a copy.
    let other = Place::new();
    other.start("load", "0").outcome();
    std::fs::copy(&other.image, &place.image).expect("copied");
    for how in ["load", "map"] {
        assert!(place.start(how, "0").outcome().starts_with("Loaded 20000 "));
    }
    slow.child.kill().expect("killed");
    slow.child.wait().expect("gone");
}

#[test]
#[cfg(unix)]
fn on_a_full_disk_the_machine_runs_from_its_boot_and_leaves_nothing() {
    let place = Place::new();
    let outcome = place.start_on_a_full_disk("0").outcome();
    assert!(outcome.starts_with("Booted 20000 booted: cannot open "), "{outcome}");
    assert!(outcome.contains(": cannot write "), "{outcome}");
    assert_eq!(place.litter(), [""; 0]);
    assert!(!place.image.exists());
    // There is room again.
    assert!(place.start("load", "0").outcome().starts_with("Rebuilt 20000 "));
}

#[test]
#[cfg(all(unix, not(target_os = "macos")))]
fn an_image_is_found_beside_the_executable_in_the_cache_and_where_a_variable_says() {
    let place = Place::new();
    let folder = place.image.parent().expect("a folder");
    let (installed, cache) = (folder.join("bin"), folder.join("cache"));
    std::fs::create_dir(&installed).expect("a folder");
    let program = installed.join("vm-2.0");
    std::fs::copy(STARTER, &program).expect("installed");
    let start = |variables: &[(&str, &Path)]| {
        let mut command = Command::new(&program);
        command.args([Path::new("load"), Path::new("-"), &place.log, Path::new("0")]);
        command.env_remove("STARTS_IMAGE").env("XDG_CACHE_HOME", &cache).envs(variables.iter().copied());
        Starting::new(&mut command).outcome()
    };
    let first = start(&[]);
    let made = std::fs::read_dir(cache.join("starts")).expect("a folder of the machine's own");
    let mut made: Vec<_> = made.map(|entry| entry.expect("an entry").path()).collect();
    made.sort();
    let [lock, image] = made.as_slice() else { panic!("{made:?}") };
    assert!(lock.extension().is_some_and(|name| name == "neodump-lock"), "{made:?}");
    let (beside, cached) = (installed.join("vm-2.0-"), image.display().to_string());
    assert!(cached.starts_with(&format!("{}/starts/starts-1-", cache.display())), "{cached}");
    for part in [
        format!("rebuilt {cached}: "),
        "in 2 places".to_owned(),
        beside.display().to_string(),
        cached.clone(),
    ] {
        assert!(first.contains(&part), "{first}");
    }
    assert_eq!(start(&[]), format!("Loaded 20000 loaded {cached}"));
    // An image that comes with the program is found first. Its name has the same hash.
    let hash =
        image.file_stem().expect("a name").to_string_lossy().rsplit('-').next().expect("a hash").to_owned();
    let installed_image = installed.join(format!("vm-2.0-{hash}.ndump"));
    std::fs::copy(image, &installed_image).expect("installed");
    assert_eq!(start(&[]), format!("Loaded 20000 loaded {}", installed_image.display()));
    // What the user names is the only place.
    let named = folder.join("named.ndump");
    assert!(start(&[("STARTS_IMAGE", &named)]).starts_with("Rebuilt "));
    assert_eq!(start(&[("STARTS_IMAGE", &named)]), format!("Loaded 20000 loaded {}", named.display()));
    // A relative cache is no cache, and without a home there is none.
    std::fs::remove_file(&installed_image).expect("removed");
    let outcome = start(&[("XDG_CACHE_HOME", Path::new("relative")), ("HOME", Path::new("relative"))]);
    assert!(outcome.starts_with(&format!("Rebuilt 20000 rebuilt {}", beside.display())), "{outcome}");
    assert_eq!(boots(&place.log), 3);
}
