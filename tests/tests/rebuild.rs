//! What another build of the executable means for an image: nothing, where no layout and no native changed;
//! everything, in strict mode.
//!
//! The machine is the package `neodump-rebuild`, built here with one feature after the other.

#![cfg(all(unix, not(miri)))]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, OnceLock};

use neodump_runtime::fingerprint::{Fingerprint, stamp};

/// The builds, each with its feature.
const BUILDS: [&str; 4] = ["first", "unrelated", "widened", "retyped"];

/// The folder of the builds: `BUILDS` as file names.
fn builds() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    FOLDER
        .get_or_init(|| {
            let folder = tempfile::tempdir().expect("a temporary folder");
            BUILDS.iter().for_each(|build| make(build, &folder.path().join(build)));
            folder
        })
        .path()
}

/// Builds the machine into the target folder that this test was built into, so that nothing is compiled twice.
fn make(build: &str, to: &Path) {
    let test = std::env::current_exe().expect("the test binary");
    let target = test.ancestors().nth(3).expect("target/profile/deps/test");
    let mut command = Command::new(env!("CARGO"));
    command.args([
        "build",
        "--quiet",
        "--offline",
        "--locked",
        "--package",
        "neodump-rebuild",
        "--target-dir",
    ]);
    command.arg(target).current_dir(env!("CARGO_MANIFEST_DIR"));
    // What the outer cargo says of this package is not for the inner one.
    command.env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("CARGO_TARGET_DIR");
    if build != "first" {
        command.args(["--features", build]);
    }
    let output = command.output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::copy(target.join("debug/neodump-rebuild"), to).expect("the executable is there");
}

/// A copy of a build, to be stamped or damaged.
fn copy(build: &str, folder: &Path, name: &str) -> PathBuf {
    let to = folder.join(name);
    std::fs::copy(builds().join(build), &to).expect("copied");
    to
}

/// Runs a build. A file that was just written is busy for as long as another thread's child has it open, so the
/// tests start one child at a time.
fn run(executable: &Path, args: &[&str]) -> Output {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    for _ in 0..100 {
        match Command::new(executable).args(args).output() {
            Ok(output) => return output,
            Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            Err(error) => panic!("{}: {error}", executable.display()),
        }
    }
    panic!("{} stays busy", executable.display())
}

#[track_caller]
fn says(executable: &Path, args: &[&str]) -> String {
    let output = run(executable, args);
    let refused = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{refused}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[track_caller]
fn refuses(executable: &Path, args: &[&str]) -> String {
    let output = run(executable, args);
    assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn image(&self) -> String {
        self.path().join("vm.ndump").to_str().expect("a path of UTF-8").to_owned()
    }
}

#[test]
fn a_rebuild_that_changes_no_layout_and_no_native_loads_the_old_image() {
    let folder = Folder::new();
    let image = folder.image();
    let (first, unrelated) = (builds().join("first"), builds().join("unrelated"));
    assert_ne!(std::fs::read(&first).unwrap(), std::fs::read(&unrelated).unwrap(), "the builds are equal");
    says(&first, &["dump", &image]);
    assert_eq!(says(&first, &["load", &image]), "bold 700 hello 42");
    assert_eq!(says(&unrelated, &["load", &image]), "bold 700 good day 2-4");
}

#[test]
fn a_rebuild_that_changes_a_layout_or_a_native_refuses_the_old_image_with_what_changed() {
    let folder = Folder::new();
    let image = folder.image();
    says(&builds().join("first"), &["dump", &image]);
    let message = refuses(&builds().join("widened"), &["load", &image]);
    assert!(message.starts_with("stale image: schema of section faces: version 3 "), "{message}");
    assert!(message.contains("\n  Face.weight u16 -> u32 (widened)\n"), "{message}");
    assert!(message.ends_with("\ndump it again with this build"), "{message}");
    let message = refuses(&builds().join("retyped"), &["load", &image]);
    assert!(message.contains("fn(u64) -> alloc::string::String"), "{message}");
}

#[test]
fn a_stamp_is_a_hash_of_the_executable_and_stamping_again_changes_nothing() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    let executable = copy("first", folder.path(), "vm");
    std::fs::set_permissions(&executable, PermissionsExt::from_mode(0o751)).expect("permissions");
    let plain = std::fs::read(&executable).expect("read");
    let once = stamp(&executable).expect("stamped");
    assert!(once.written && once.slots >= 1, "{once:?}");
    let stamped = std::fs::read(&executable).expect("read");
    assert_ne!(plain, stamped);
    assert_eq!(plain.len(), stamped.len());
    let mode = executable.metadata().expect("metadata").permissions().mode();
    assert_eq!(mode & 0o7777, 0o751);

    let twice = stamp(&executable).expect("stamped");
    assert!(!twice.written);
    assert_eq!(twice.fingerprint, once.fingerprint);
    assert_eq!(std::fs::read(&executable).expect("read"), stamped);
    // The stamp is no part of what it hashes.
    let again = copy("first", folder.path(), "again");
    assert_eq!(stamp(&again).expect("stamped").fingerprint, once.fingerprint);

    let mut changed = stamped.clone();
    *changed.last_mut().expect("bytes") ^= 1;
    std::fs::write(&executable, &changed).expect("written");
    assert_ne!(stamp(&executable).expect("stamped").fingerprint, once.fingerprint);
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 2, "litter is left");
}

#[test]
fn every_slot_of_a_file_is_stamped_with_one_fingerprint() {
    let folder = Folder::new();
    let one = std::fs::read(builds().join("first")).expect("read");
    let both = folder.path().join("both");
    std::fs::write(&both, [&one[..], &one].concat()).expect("written");
    let single = stamp(copy("first", folder.path(), "one")).expect("stamped");
    let double = stamp(&both).expect("stamped");
    assert_eq!(double.slots, 2 * single.slots);
    assert_ne!(double.fingerprint, single.fingerprint);
    let count =
        |bytes: &[u8], of: &Fingerprint| bytes.windows(32).filter(|window| *window == of.bytes()).count();
    assert_eq!(count(&std::fs::read(&both).expect("read"), &double.fingerprint), double.slots);
}

#[cfg(unix)]
#[test]
fn a_stamped_file_runs_as_nobody_else() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let executable = copy("first", folder.path(), "setuid");
    let mode = |path: &Path| std::fs::metadata(path).expect("a file").permissions().mode() & 0o7777;
    std::fs::set_permissions(&executable, PermissionsExt::from_mode(0o6750)).expect("set");
    assert_eq!(mode(&executable), 0o6750);
    stamp(&executable).expect("stamped");
    assert_eq!(mode(&executable), 0o750);
}

#[test]
fn what_has_no_slot_is_refused_and_left_alone() {
    let folder = Folder::new();
    let path = folder.path().join("script");
    std::fs::write(&path, "#!/bin/sh\n").expect("written");
    let error = stamp(&path).expect_err("there is no slot").to_string();
    assert!(error.contains("has no slot for one: it is not linked with neodump-runtime"), "{error}");
    assert_eq!(std::fs::read(&path).expect("read"), b"#!/bin/sh\n");
    let error = stamp(folder.path().join("nothing")).expect_err("there is no file").to_string();
    assert!(error.starts_with("cannot find "), "{error}");
}

#[test]
fn an_unstamped_executable_is_an_error_in_strict_mode_at_the_dump_and_at_the_load() {
    let folder = Folder::new();
    let image = folder.image();
    let executable = builds().join("first");
    says(&executable, &["dump", &image]);
    for command in ["dump", "load"] {
        let message = refuses(&executable, &[command, &image, "stamped"]);
        assert!(message.starts_with("no fingerprint for strict mode: "), "{message}");
        assert!(message.ends_with("is not stamped; run `neodump stamp EXE` after linking"), "{message}");
    }
    // The refused dump left the image as it was.
    assert_eq!(says(&executable, &["load", &image]), "bold 700 hello 42");
}

#[test]
fn a_strict_image_is_loaded_by_the_executable_that_dumped_it_and_by_no_other() {
    let folder = Folder::new();
    let image = folder.image();
    let first = copy("first", folder.path(), "first");
    let unrelated = copy("unrelated", folder.path(), "unrelated");
    let unstamped = copy("unrelated", folder.path(), "unstamped");
    stamp(&first).expect("stamped");
    stamp(&unrelated).expect("stamped");
    says(&first, &["dump", &image, "stamped"]);
    assert_eq!(says(&first, &["load", &image, "stamped"]), "bold 700 hello 42");
    assert_eq!(says(&first, &["load", &image]), "bold 700 hello 42");
    let other = refuses(&unrelated, &["load", &image, "stamped"]);
    assert!(other.starts_with("stale image: executable: stamped fingerprint "), "{other}");
    assert!(
        other.contains("\n  name, version and layouts are equal: only the executable is another one\n"),
        "{other}"
    );
    assert!(other.ends_with("\ndump it again with this build"), "{other}");
    // An image that was dumped strictly stays strict.
    let other = refuses(&unrelated, &["load", &image]);
    assert!(other.contains("only the executable that dumped it may load it"), "{other}");
    let other = refuses(&unstamped, &["load", &image]);
    assert!(other.contains(" in the image, no stamped fingerprint in this build\n"), "{other}");
    // An image that was not is none for a strict load.
    says(&first, &["dump", &image]);
    let other = refuses(&first, &["load", &image, "stamped"]);
    assert!(other.contains("it was dumped without `Dumper::strict`, and this load is strict"), "{other}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_build_id_ties_an_image_to_one_build_without_a_stamp() {
    let folder = Folder::new();
    let image = folder.image();
    let (first, unrelated) = (builds().join("first"), builds().join("unrelated"));
    says(&first, &["dump", &image, "build-id"]);
    assert_eq!(says(&first, &["load", &image, "build-id"]), "bold 700 hello 42");
    // The same build under another name is the same build.
    let copied = copy("first", folder.path(), "copied");
    assert_eq!(says(&copied, &["load", &image, "build-id"]), "bold 700 hello 42");
    let other = refuses(&unrelated, &["load", &image, "build-id"]);
    assert!(other.starts_with("stale image: executable: build id "), "{other}");
    // One kind of fingerprint is not taken for the other.
    let stamped = copy("first", folder.path(), "stamped");
    stamp(&stamped).expect("stamped");
    let other = refuses(&stamped, &["load", &image, "stamped"]);
    assert!(other.contains("build id ") && other.contains(" in the image, stamped fingerprint "), "{other}");
}
