//! The format lock as a user meets it: through the macro, in a process of its own, under every setting of
//! insta. The rule itself is tested in the runtime.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The variables that tell the child what to lock, and where.
const STAGE: &str = "NEODUMP_TEST_FORMAT_STAGE";
const FOLDER: &str = "NEODUMP_TEST_FORMAT_FOLDER";

macro_rules! machine {
    ($module:ident, version $version:literal, { $($fields:tt)* }) => {
        mod $module {
            use neodump_runtime::Dumpable;

            #[derive(Dumpable)]
            #[dump(section = "faces", version = $version, id = "vm::Faces")]
            #[allow(dead_code)]
            pub(crate) struct Faces {
                heights: Vec<u16>,
                $($fields)*
            }

            #[derive(Dumpable)]
            #[dump(image = "locked", version = 1, id = "vm::Vm")]
            #[allow(dead_code)]
            pub(crate) struct Vm {
                faces: Faces,
            }
        }
    };
}

machine!(first, version 3, {});
machine!(changed, version 3, { stipple: u32, });
machine!(bumped, version 4, { stipple: u32, });

/// What the child runs; without its variables it has nothing to do.
#[test]
fn child() {
    let (Ok(stage), Some(folder)) = (std::env::var(STAGE), std::env::var_os(FOLDER)) else { return };
    match stage.as_str() {
        "first" => neodump_runtime::assert_format!(first::Vm, in &folder),
        "changed" => neodump_runtime::assert_format!(changed::Vm, in &folder),
        "bumped" => neodump_runtime::assert_format!(bumped::Vm, in &folder),
        other => panic!("no stage {other}"),
    }
}

/// A folder of snapshots, and runs of the lock on it.
struct Lock {
    folder: tempfile::TempDir,
}

impl Lock {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    fn run(&self, stage: &str, update: &str) -> Output {
        let tests = std::env::current_exe().expect("the test binary");
        let mut command = Command::new(tests);
        command.args(["child", "--exact", "--nocapture"]).env(STAGE, stage).env(FOLDER, self.folder.path());
        command.env("INSTA_UPDATE", update).env("INSTA_WORKSPACE_ROOT", self.folder.path());
        command.env_remove("INSTA_FORCE_PASS").env("INSTA_OUTPUT", "none");
        command.output().expect("the test binary runs")
    }

    fn snapshot(&self) -> PathBuf {
        self.folder.path().join("Vm.snap")
    }

    fn read(&self) -> String {
        std::fs::read_to_string(self.snapshot()).expect("an accepted snapshot")
    }

    fn files(&self) -> Vec<PathBuf> {
        fn below(folder: &Path, files: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() { below(&path, files) } else { files.push(path) }
            }
        }
        let mut files = Vec::new();
        below(self.folder.path(), &mut files);
        files
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

#[test]
fn a_layout_that_moved_alone_fails_and_writes_nothing_under_every_setting_of_insta() {
    let lock = Lock::new();
    let made = lock.run("first", "always");
    assert!(made.status.success(), "{}", text(&made));
    let accepted = lock.read();
    assert!(accepted.contains("\nformat of image locked\nversion: 1\nhash: "), "{accepted}");

    for update in ["always", "new", "unseen", "auto", "no", "force"] {
        let refused = lock.run("changed", update);
        let said = text(&refused);
        assert!(!refused.status.success(), "INSTA_UPDATE={update} let it through: {said}");
        let expected =
            "layout of section faces changed but version is still 3: bump it, then run `cargo insta review`";
        assert!(said.contains(expected), "INSTA_UPDATE={update}: {said}");
        assert!(
            said.contains("Faces v3: field \"stipple\" added at 16 (u32)"),
            "INSTA_UPDATE={update}: {said}"
        );
        assert_eq!(lock.read(), accepted, "INSTA_UPDATE={update} touched the snapshot");
        assert_eq!(lock.files(), [lock.snapshot()], "INSTA_UPDATE={update} wrote beside the snapshot");
    }
}

#[test]
fn a_bumped_version_goes_to_review_and_passes_once_it_is_accepted() {
    let lock = Lock::new();
    assert!(lock.run("first", "always").status.success());
    let before = lock.read();

    let unreviewed = lock.run("bumped", "no");
    assert!(!unreviewed.status.success());
    assert!(!text(&unreviewed).contains("bump it"), "{}", text(&unreviewed));
    assert_eq!(lock.read(), before);

    let reviewed = lock.run("bumped", "always");
    assert!(reviewed.status.success(), "{}", text(&reviewed));
    assert!(lock.read().contains("\nsection faces: version 4 hash "), "{}", lock.read());
    assert!(lock.run("bumped", "no").status.success());
}

#[test]
fn a_forced_pass_of_insta_does_not_unlock() {
    let lock = Lock::new();
    assert!(lock.run("first", "always").status.success());
    let tests = std::env::current_exe().expect("the test binary");
    let mut command = Command::new(tests);
    command.args(["child", "--exact"]).env(STAGE, "changed").env(FOLDER, lock.folder.path());
    command.env("INSTA_WORKSPACE_ROOT", lock.folder.path()).env("INSTA_FORCE_PASS", "1");
    assert!(!command.output().expect("the test binary runs").status.success());
}
