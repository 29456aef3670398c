//! Where the images of a machine are, by convention.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::dump::ImageRoot;
use crate::error::Result;
use crate::fingerprint::fingerprint;
use crate::image::{Checksum, Strict, folder_of};
use crate::schema::{TypeGraph, TypeRef};

/// The places where the image of a machine may be, in the order in which they are searched. The last one is where it is
/// rebuilt.
///
/// A path is a list of one place. [`ImagePlaces::of`] gives those of the conventions:
///
/// | place | when it is searched |
/// |---|---|
/// | the file that the user named ([`given`](Self::given)) | if there is one, alone |
/// | the file that the variable `<NAME>_IMAGE` names | if it is set, alone |
/// | `<executable>.ndump` beside the executable | it comes with the program, and is never rebuilt unless the user has no cache |
/// | `<name>/<name>-<version>-<schema hash>.ndump` in the user's cache | it is rebuilt when no place has a usable image |
///
/// The user's cache is `$XDG_CACHE_HOME` or `~/.cache`, `~/Library/Caches` on macOS, and `%LOCALAPPDATA%` on Windows.
/// Its files bear the version and the schema hash, so different builds of a program keep an image each.
///
/// ```no_run
/// # use neodump_runtime::{Dumpable, DumpError, ImagePlaces, LoadOptions};
/// # #[derive(Dumpable)] #[dump(image = "vm", version = 1)] struct Vm { answer: u32 }
/// # impl Vm { fn boot() -> Result<Vm, DumpError> { Ok(Vm { answer: 42 }) } }
/// # let prelude = "";
/// let named = std::env::args_os().nth(1);
/// let places = ImagePlaces::of::<Vm>().booted_from([prelude]).given(named);
/// let (vm, outcome) = LoadOptions::new().load_or_rebuild(places, |_| Vm::boot())?;
/// eprintln!("{outcome}");
/// # Ok::<(), DumpError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImagePlaces {
    places: Vec<Place>,
}

/// A place where an image may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// Why it is a place to look at.
    pub origin: Origin,
}

/// Why a file may be an image.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The program or its user named it.
    Given,
    /// The environment variable of this name named it.
    Variable(String),
    /// It lies beside the executable.
    BesideExecutable,
    /// It lies in the user's cache.
    Cache,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given => f.write_str("given"),
            Self::Variable(name) => write!(f, "named by {name}"),
            Self::BesideExecutable => f.write_str("beside the executable"),
            Self::Cache => f.write_str("in the user's cache"),
        }
    }
}

impl ImagePlaces {
    /// The conventional places of a machine's image, for this executable and this user.
    pub fn of<R: ImageRoot>() -> Self {
        Self::around::<R>(&Surroundings {
            executable: std::env::current_exe().ok(),
            cache: user_cache(),
            variable: &|name| std::env::var_os(name),
        })
    }

    fn around<R: ImageRoot>(around: &Surroundings<'_>) -> Self {
        let variable = variable_name(R::NAME);
        if let Some(path) = (around.variable)(&variable).filter(|path| !path.is_empty()) {
            return Self { places: vec![Place { path: path.into(), origin: Origin::Variable(variable) }] };
        }
        let beside = around.executable.as_deref().and_then(|executable| {
            let name = executable.file_name()?.to_str()?;
            let name = name.strip_suffix(std::env::consts::EXE_SUFFIX).unwrap_or(name);
            let path = executable.with_file_name(format!("{name}.ndump"));
            Some(Place { path, origin: Origin::BesideExecutable })
        });
        let cache = around.cache.as_deref().map(|cache| {
            let (name, version) = (file_name(R::NAME), R::VERSION);
            let schema = TypeGraph::of(TypeRef::of::<R>()).root_hash();
            let path = cache.join(&name).join(format!("{name}-{version}-{schema:016x}.ndump"));
            Place { path, origin: Origin::Cache }
        });
        Self { places: beside.into_iter().chain(cache).collect() }
    }

    /// One place.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { places: vec![Place { path: path.into(), origin: Origin::Given }] }
    }

    /// The place that the user names on the command line, alone, if there is one; else these places.
    #[must_use]
    pub fn given(self, path: Option<impl Into<PathBuf>>) -> Self {
        path.map_or(self, Self::at)
    }

    /// Gives images names of their own for what the machine is booted from: the texts of its library, the options of the
    /// user. The schema does not know them, so an image that was booted from others would be as good as any.
    ///
    /// The names get a hash of the texts, their lengths included. A file that the program, its user or a variable names
    /// keeps its name.
    #[must_use]
    pub fn booted_from<T: AsRef<[u8]>>(mut self, texts: impl IntoIterator<Item = T>) -> Self {
        let mut sum = Checksum::new();
        for text in texts {
            sum.update(&(text.as_ref().len() as u64).to_le_bytes());
            sum.update(text.as_ref());
        }
        let hash = sum.finish();
        for place in &mut self.places {
            if matches!(place.origin, Origin::BesideExecutable | Origin::Cache) {
                let stem = place.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                place.path.set_file_name(format!("{stem}-{hash:016x}.ndump"));
            }
        }
        self
    }

    /// Gives images names of their own for this build of the executable, as [`booted_from`](Self::booted_from) does for
    /// texts. [`LoadOptions::strict`](crate::LoadOptions::strict) needs them: two builds that differ in nothing else, such
    /// as debug and release, would replace each other's image at every start.
    ///
    /// ```no_run
    /// # use neodump_runtime::{Dumpable, DumpError, ImagePlaces, LoadOptions, fingerprint::Strict};
    /// # #[derive(Dumpable)] #[dump(image = "vm", version = 1)] struct Vm { answer: u32 }
    /// let places = ImagePlaces::of::<Vm>().strict(Strict::BuildId)?;
    /// let boot = |_: neodump_runtime::Rebuild<'_>| Ok::<_, DumpError>(Vm { answer: 42 });
    /// let (vm, outcome) = LoadOptions::new().strict(Strict::BuildId).load_or_rebuild(places, boot)?;
    /// # Ok::<(), DumpError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`DumpError::NoFingerprint`](crate::DumpError::NoFingerprint) if this executable has no such fingerprint.
    pub fn strict(self, kind: Strict) -> Result<Self> {
        Ok(self.booted_from([fingerprint(kind)?.hex()]))
    }

    /// Where the image is rebuilt: the last place. None where there is no place at all, which is so for a process
    /// without an executable of its own and a home.
    pub fn target(&self) -> Option<&Place> {
        self.places.last()
    }

    /// The places in the order in which they are searched.
    pub fn iter(&self) -> std::slice::Iter<'_, Place> {
        self.places.iter()
    }
}

impl<'a> IntoIterator for &'a ImagePlaces {
    type Item = &'a Place;
    type IntoIter = std::slice::Iter<'a, Place>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Places of the program's own, in the order in which they are searched.
impl FromIterator<Place> for ImagePlaces {
    fn from_iter<I: IntoIterator<Item = Place>>(places: I) -> Self {
        Self { places: places.into_iter().collect() }
    }
}

impl<P: AsRef<Path>> From<P> for ImagePlaces {
    fn from(path: P) -> Self {
        Self::at(path.as_ref())
    }
}

impl Place {
    /// Makes the folder of an image in the user's cache, for the user alone. A folder that cannot be made is missed when
    /// the image is written; one that somebody named is theirs to make.
    pub(super) fn make_folder(&self) {
        if self.origin == Origin::Cache {
            let mut builder = std::fs::DirBuilder::new();
            builder.recursive(true);
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            let _ = builder.create(folder_of(&self.path));
        }
    }
}

/// What the places follow from, apart from the machine.
struct Surroundings<'a> {
    executable: Option<PathBuf>,
    cache: Option<PathBuf>,
    variable: &'a dyn Fn(&str) -> Option<OsString>,
}

/// The folder of caches of the user who runs this process.
fn user_cache() -> Option<PathBuf> {
    // Relative ones are to be ignored, says the XDG specification; they would depend on where the user happens to be.
    let folder = |name| std::env::var_os(name).map(PathBuf::from).filter(|path: &PathBuf| path.is_absolute());
    let home = || std::env::home_dir().filter(|home| home.is_absolute());
    if cfg!(windows) {
        folder("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        home().map(|home| home.join("Library").join("Caches"))
    } else {
        folder("XDG_CACHE_HOME").or_else(|| home().map(|home| home.join(".cache")))
    }
}

/// The variable that names the image of a machine: `NEOVM_IMAGE`.
fn variable_name(image: &str) -> String {
    let name = image.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
    name.chain("_IMAGE".chars()).collect()
}

/// An image's name as that of a file, on any system.
fn file_name(image: &str) -> String {
    let is_plain = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_' | '+');
    image.chars().map(|c| if is_plain(&c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dumpable;

    #[derive(Dumpable)]
    #[dump(image = "my vm/2", version = 7)]
    struct Vm {
        answer: u32,
    }

    fn places(variable: Option<&str>, cache: Option<&str>) -> ImagePlaces {
        ImagePlaces::around::<Vm>(&Surroundings {
            executable: Some(format!("/opt/bin/vm-1.2{}", std::env::consts::EXE_SUFFIX).into()),
            cache: cache.map(Into::into),
            variable: &|name| variable.filter(|_| name == "MY_VM_2_IMAGE").map(Into::into),
        })
    }

    fn paths(places: &ImagePlaces) -> Vec<String> {
        places.iter().map(|place| format!("{} {}", place.path.display(), place.origin)).collect()
    }

    #[test]
    fn an_image_is_searched_beside_the_executable_and_in_the_cache_and_rebuilt_there() {
        let hash = TypeGraph::of(TypeRef::of::<Vm>()).root_hash();
        let places = places(None, Some("/home/me/.cache"));
        assert_eq!(
            paths(&places),
            [
                "/opt/bin/vm-1.2.ndump beside the executable".to_owned(),
                format!("/home/me/.cache/my_vm_2/my_vm_2-7-{hash:016x}.ndump in the user's cache"),
            ]
        );
        assert_eq!(places.target().map(|place| &place.origin), Some(&Origin::Cache));
    }

    #[test]
    fn without_a_cache_the_image_is_rebuilt_beside_the_executable() {
        let places = places(Some(""), None);
        assert_eq!(paths(&places), ["/opt/bin/vm-1.2.ndump beside the executable"]);
        assert_eq!(places.target().map(|place| &place.origin), Some(&Origin::BesideExecutable));
    }

    #[test]
    fn what_a_user_names_is_the_only_place_and_the_command_line_comes_first() {
        let places = places(Some("/tmp/mine"), Some("/home/me/.cache")).booted_from(["prelude"]);
        assert_eq!(paths(&places), ["/tmp/mine named by MY_VM_2_IMAGE"]);
        assert_eq!(paths(&places.clone().given(None::<PathBuf>)), paths(&places));
        assert_eq!(paths(&places.given(Some("x.ndump"))), ["x.ndump given"]);
    }

    #[test]
    fn what_a_machine_is_booted_from_is_in_the_names_of_its_images() {
        let names = |texts: &[&str]| paths(&places(None, Some("/cache")).booted_from(texts));
        let one = names(&["(a)", "(b)"]);
        assert_eq!(one, names(&["(a)", "(b)"]));
        for other in [&["(b)", "(a)"][..], &["(a)(b)"], &["(a)(b)", ""], &["(a)"], &[]] {
            let other = names(other);
            assert!(other[0] != one[0] && other[1] != one[1]);
        }
        let (plain, hashed) = (paths(&places(None, Some("/cache"))), &one);
        assert!(hashed[0].starts_with("/opt/bin/vm-1.2-"), "{hashed:?}");
        let stem = plain[1].split(".ndump").next().unwrap_or_default();
        assert!(hashed[1].starts_with(&format!("{stem}-")), "{hashed:?}");
    }

    #[test]
    fn builds_with_fingerprints_of_their_own_have_images_of_their_own() {
        let places = places(Some(""), Some("/cache"));
        let error = places.clone().strict(Strict::Stamped).expect_err("tests are not stamped");
        assert!(matches!(error, crate::DumpError::NoFingerprint { .. }), "{error}");
        // Whether there is a build id is the linker's affair.
        let Ok(build) = fingerprint(Strict::BuildId) else { return };
        let strict = places.clone().strict(Strict::BuildId).expect("there is a build id");
        assert_eq!(paths(&strict), paths(&places.clone().booted_from([build.hex()])));
        assert_ne!(paths(&strict), paths(&places));
    }
}
