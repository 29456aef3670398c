//! A start replaces its own image and touches no other file, whatever somebody has put where it looks.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use neodump_runtime::{Dumpable, LoadOptions, Origin, Outcome, Place, Rebuild, dump};
use neodump_tests::starts::Starts;

fn boot(_: Rebuild<'_>) -> Result<Starts, String> {
    Ok(Starts { booted_by: 1, numbers: vec![1], cursed: false })
}

fn start(image: &Path) -> Outcome {
    let options = LoadOptions::new().patience(Duration::from_millis(50));
    options.load_or_rebuild(image, boot).expect("it boots").1
}

/// Starts where nothing may be replaced, and says why not.
fn kept(image: &Path) -> String {
    match start(image) {
        Outcome::Booted { cannot_write, .. } => cannot_write.to_string(),
        outcome => panic!("{outcome}"),
    }
}

/// Starts with a boot that fails, whereupon others are let go.
fn start_in_vain(image: &Path) {
    let cursed = |_: Rebuild<'_>| Ok::<_, String>(Starts { booted_by: 1, numbers: Vec::new(), cursed: true });
    let outcome = LoadOptions::new().load_or_rebuild(image, cursed).expect("it boots").1;
    assert!(matches!(outcome, Outcome::Booted { .. }), "{outcome}");
    let error = LoadOptions::new().load_or_rebuild(image, |_| Err::<Starts, _>("no"));
    assert_eq!(error.map(|(_, outcome)| outcome.to_string()), Err("no"));
}

fn names(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> =
        names.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    names
}

#[derive(Dumpable)]
#[dump(image = "another", version = 1)]
struct Another {
    answer: u32,
}

#[test]
fn a_lock_file_of_another_program_is_no_business_of_a_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let lock = folder.path().join("Cargo.lock");
    std::fs::write(&lock, [b'x'; 4096]).expect("written");
    start_in_vain(&folder.path().join("Cargo"));
    assert_eq!(std::fs::read(&lock).expect("a file"), [b'x'; 4096]);
}

#[test]
#[cfg(unix)]
fn a_link_where_the_lock_would_be_is_not_followed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (image, thesis) = (folder.path().join("vm.ndump"), folder.path().join("thesis"));
    std::fs::write(&thesis, [b'x'; 4096]).expect("written");
    for lock in [".vm.ndump.neodump-lock", "vm.ndump.lock"] {
        for (planted, exists) in [(&thesis, true), (&folder.path().join("elsewhere"), false)] {
            let lock = folder.path().join(lock);
            std::os::unix::fs::symlink(planted, &lock).expect("planted");
            start_in_vain(&image);
            assert!(
                matches!(start(&image), Outcome::Rebuilt { .. }),
                "files are replaced without a lock too"
            );
            std::fs::remove_file(&image).expect("removed");
            std::fs::remove_file(&lock).expect("it is still there");
            assert_eq!(planted.exists(), exists);
            assert_eq!(std::fs::read(&thesis).expect("a file"), [b'x'; 4096]);
        }
    }
}

#[test]
fn a_lock_file_is_neither_written_nor_removed_if_it_is_not_free() {
    let folder = tempfile::tempdir().expect("a folder");
    let (image, path) = (folder.path().join("vm.ndump"), folder.path().join(".vm.ndump.neodump-lock"));
    std::fs::write(&path, "somebody's note").expect("written");
    let lock = File::open(&path).expect("a file");
    lock.lock().expect("locked");
    assert!(kept(&image).contains("another process has held "));
    assert_eq!(std::fs::read(&path).expect("a file"), b"somebody's note");
}

#[test]
fn a_path_that_names_no_file_is_refused_and_nothing_is_made() {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, problem) in [
        (Path::new(""), "cannot replace : it is the name of no file"),
        (Path::new(".."), "cannot replace ..: "),
        (Path::new("/"), "cannot replace /: "),
        (&folder.path().join("nowhere").join(".."), "it is the name of no file"),
    ] {
        let before = names(Path::new("."));
        let message = kept(path);
        assert!(message.contains(problem), "{message}");
        assert_eq!(names(Path::new(".")), before);
    }
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
#[cfg(unix)]
fn a_fifo_where_a_file_should_be_blocks_no_start() {
    for (name, is_replaced) in
        [("vm.ndump", false), (".vm.ndump.neodump-lock", true), ("vm.ndump.lock", true)]
    {
        let folder = tempfile::tempdir().expect("a folder");
        let (image, fifo) = (folder.path().join("vm.ndump"), folder.path().join(name));
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().expect("run").success());
        let (ended, end) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let refused = LoadOptions::new().load::<Starts>(fifo).map(|_| ()).expect_err("no image");
            // Whoever listens has gone when it took too long.
            let _ = ended.send((start(&image), refused.to_string()));
        });
        let (outcome, refused) = end.recv_timeout(Duration::from_secs(20)).expect("it ends");
        assert_eq!(matches!(outcome, Outcome::Rebuilt { .. }), is_replaced, "{outcome}");
        assert!(refused.ends_with("it is no regular file"), "{refused}");
    }
}

#[test]
fn what_is_no_image_of_the_machine_is_not_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name);
    let write = |name: &str, bytes: &[u8]| std::fs::write(file(name), bytes).expect("written");
    dump(&mut Another { answer: 42 }, file("another.ndump")).expect("dumped");
    let mut another = std::fs::read(file("another.ndump")).expect("an image");
    write("truncated.ndump", &another[..200]);
    write("name cut off.ndump", &another[..60]);
    another[16] += 1;
    write("of another container version.ndump", &another);
    write("notes.txt", b"not to be lost");
    write("notes.ndump", b"not to be lost");
    write("disk.img", &[0; 4096]);
    std::fs::create_dir(file("folder.ndump")).expect("a folder");
    write("secret.ndump", b"");
    let mut paths: Vec<_> = names(folder.path()).iter().map(|name| file(name)).collect();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let none = std::fs::Permissions::from_mode(0o000);
        std::fs::set_permissions(file("secret.ndump"), none).expect("closed");
        // Whoever may do everything may read it, and then it is an empty file.
        paths.retain(|path| *path != file("secret.ndump") || File::open(path).is_err());
        paths.push("/dev/null".into());
    }
    let before = names(folder.path());
    for path in paths {
        let text = std::fs::read(&path).ok();
        let message = kept(&path);
        assert!(message.starts_with(&format!("cannot replace {}: ", path.display())), "{message}");
        assert_eq!(std::fs::read(&path).ok(), text, "{}", path.display());
    }
    assert_eq!(names(folder.path()), before, "nor is anything left beside it");
    assert!(!Path::new("/dev/null").is_file());
}

#[test]
fn in_the_cache_everything_is_replaced_but_the_image_of_another_machine() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("vm.ndump");
    let start = || {
        let place = Place { path: path.clone(), origin: Origin::Cache };
        let places: neodump_runtime::ImagePlaces = std::iter::once(place).collect();
        LoadOptions::new().load_or_rebuild(places, boot).expect("it boots").1
    };
    dump(&mut Another { answer: 42 }, &path).expect("dumped");
    let another = std::fs::read(&path).expect("an image");
    assert!(start().to_string().contains("cannot replace "));
    for bytes in [b"damaged", &another[..7], &another[..60], &another[..another.len() - 1]] {
        std::fs::write(&path, bytes).expect("written");
        let outcome = start();
        assert!(matches!(outcome, Outcome::Rebuilt { .. }), "{outcome}");
    }
}

#[test]
fn an_image_that_came_while_the_machine_booted_is_not_replaced() {
    for before in [None, Some("")] {
        let folder = tempfile::tempdir().expect("a folder");
        let image = folder.path().join("vm.ndump");
        before.inspect(|text| std::fs::write(&image, text).expect("written"));
        let mut newer = Starts { booted_by: 2, numbers: vec![2], cursed: false };
        let slow = |rebuild: Rebuild<'_>| {
            dump(&mut newer, &image).expect("dumped");
            boot(rebuild)
        };
        let (machine, outcome) = LoadOptions::new().load_or_rebuild(&image, slow).expect("it boots");
        assert_eq!(machine.booted_by, 1);
        let Outcome::Booted { cannot_write, .. } = outcome else { panic!("{outcome}") };
        assert!(cannot_write.to_string().contains("another file has taken its place"), "{cannot_write}");
        assert_eq!(LoadOptions::new().load::<Starts>(&image).expect("an image"), newer);
    }
}
