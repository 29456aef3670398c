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

/// The machine without its section.
mod merged {
    use neodump_runtime::Dumpable;

    #[derive(Dumpable)]
    #[dump(image = "locked", version = 2, id = "vm::Vm")]
    #[allow(dead_code)]
    pub(crate) struct Vm {
        heights: Vec<u16>,
    }
}

/// What the child runs; without its variables it has nothing to do.
#[test]
fn child() {
    let (Ok(stage), Some(folder)) = (std::env::var(STAGE), std::env::var_os(FOLDER)) else { return };
    match stage.as_str() {
        "first" => neodump_runtime::assert_format!(first::Vm, in &folder),
        "changed" => neodump_runtime::assert_format!(changed::Vm, in &folder),
        "bumped" => neodump_runtime::assert_format!(bumped::Vm, in &folder),
        "merged" => neodump_runtime::assert_format!(merged::Vm, in &folder),
        other => panic!("no stage {other}"),
    }
}

/// Every value that insta knows for `INSTA_UPDATE`.
const SETTINGS: [&str; 6] = ["always", "new", "unseen", "auto", "no", "force"];

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

    /// Accepts what waits for review, as `cargo insta accept` does. Returns how many there were.
    fn accept(&self) -> usize {
        let pending =
            self.files().into_iter().filter(|path| path.extension().is_some_and(|ext| ext == "new"));
        pending.map(|path| std::fs::rename(&path, path.with_extension("")).expect("accepted")).count()
    }

    /// The snapshots and what they hold, in order.
    fn read(&self) -> Vec<(String, String)> {
        let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
        let files = self.files().into_iter();
        let mut all: Vec<_> =
            files.map(|path| (name(&path), std::fs::read_to_string(&path).expect("a text"))).collect();
        all.sort();
        all
    }

    #[track_caller]
    fn snapshot(&self, name: &str) -> String {
        let found = self.read().into_iter().find(|(known, _)| known == name);
        found.unwrap_or_else(|| panic!("there is no {name}")).1
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
    let names: Vec<&str> = accepted.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Vm.faces.snap", "Vm.snap"]);
    assert!(accepted[0].1.contains("\nformat of section faces\nversion: 3\nhash: "), "{}", accepted[0].1);
    assert!(accepted[1].1.contains("\nformat of image locked\nversion: 1\nhash: "), "{}", accepted[1].1);

    for update in SETTINGS {
        let refused = lock.run("changed", update);
        let said = text(&refused);
        assert!(!refused.status.success(), "INSTA_UPDATE={update} let it through: {said}");
        let expected = "Vm.faces.snap: layout of section faces changed but version is still 3: bump it, then run \
                        `cargo insta review`\n  Faces v3: field \"stipple\" added at 16 (u32)\n";
        assert!(said.contains(expected), "INSTA_UPDATE={update}: {said}");
        assert_eq!(lock.read(), accepted, "INSTA_UPDATE={update} wrote");
        assert_eq!(lock.accept(), 0, "INSTA_UPDATE={update} left something to accept");
        assert!(!lock.run("changed", update).status.success());
    }
}

#[test]
fn a_bumped_version_goes_to_review_and_passes_once_it_is_accepted() {
    for update in SETTINGS {
        let lock = Lock::new();
        assert!(lock.run("first", "always").status.success());
        let (image, faces) = (lock.snapshot("Vm.snap"), lock.snapshot("Vm.faces.snap"));
        let reviewed = lock.run("bumped", update);
        let said = text(&reviewed);
        assert!(!said.contains("bump it"), "INSTA_UPDATE={update}: {said}");
        let pending = lock.accept();
        match update {
            "always" | "force" => assert_eq!(pending, 0, "{said}"),
            "no" => {
                assert!(!reviewed.status.success(), "{said}");
                assert_eq!((pending, lock.snapshot("Vm.faces.snap")), (0, faces));
                continue;
            }
            // Without a terminal `auto` is `new`; on the machines of a gate it is `no`. `unseen` writes new
            // snapshots only.
            _ if pending == 0 => {
                assert!(!reviewed.status.success(), "INSTA_UPDATE={update}: {said}");
                continue;
            }
            _ => assert!(!reviewed.status.success(), "INSTA_UPDATE={update}: {said}"),
        }
        assert_ne!(lock.snapshot("Vm.faces.snap"), faces);
        assert!(lock.snapshot("Vm.faces.snap").contains("\nversion: 4\n"));
        // What one section changes is in its own file.
        let body = |snapshot: &str| snapshot.split("\n---\n").nth(1).map(str::to_owned);
        assert_eq!(body(&lock.snapshot("Vm.snap")), body(&image));
        assert!(lock.run("bumped", "no").status.success());
        // From here on the old layout is refused as the new one was.
        assert!(text(&lock.run("changed", "always")).contains("went from 4 back to 3"));
    }
}

#[test]
fn all_snapshots_that_are_new_are_there_for_review_after_one_run() {
    let lock = Lock::new();
    let run = lock.run("first", "new");
    assert!(!run.status.success());
    let said = text(&run);
    assert!(said.contains("the format of image locked, section faces is to be reviewed"), "{said}");
    assert_eq!(lock.accept(), 2, "{said}");
    assert!(lock.run("first", "no").status.success());
}

#[test]
fn a_snapshot_of_a_section_that_is_gone_fails_until_it_is_removed() {
    for update in SETTINGS {
        let lock = Lock::new();
        assert!(lock.run("first", "always").status.success());
        let said = text(&lock.run("merged", update));
        let expected = "Vm.faces.snap: image locked has no such section any more: remove the file";
        assert!(said.contains(expected), "INSTA_UPDATE={update}: {said}");
        std::fs::remove_file(lock.folder.path().join("Vm.faces.snap")).expect("removed");
        assert!(lock.run("merged", "always").status.success());
    }
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
