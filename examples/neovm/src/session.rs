//! What a machine knows of the process it runs in. Nothing of it is ever in an image.

use crate::aside::Aside;
use crate::machine::Vm;
use crate::regexp::Groups;
use crate::reset;
use crate::symbols::{NAMES_HASH, SymbolCell, sym};
use crate::value::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The variable whose functions are called after a collection.
pub(crate) const POST_GC_HOOK: &str = "post-gc-hook";

/// Variables that describe the process: nil in every image, and set anew when a machine starts from one.
pub const OF_THE_PROCESS: [&str; 6] = [
    "command-line-processed",
    "process-environment",
    "command-line-args",
    "command-line-args-left",
    "default-directory",
    "load-path",
];

/// The folders in which programs are looked for, apart from the current one.
const LOAD_PATH: &str = "NEOVM_LOAD_PATH";

/// The state of a machine that belongs to the process.
#[derive(Default)]
pub(crate) struct Session {
    /// The file that the machine was loaded from.
    pub(crate) file: Option<FileSession>,
    /// Whether the functions of `after-pdump-load-hook` are still to be called.
    pub(crate) hook_pending: bool,
    /// What a dump that is going on has put aside.
    pub(crate) aside: Option<Aside>,
    /// How often the machine was activated: see [`crate::active`].
    pub(crate) activations: u32,
    /// What ends the first of them.
    pub(crate) running: Option<neodump_runtime::global::Activation>,
    /// The Lisp threads that have not ended.
    pub(crate) threads: Vec<Value>,
    /// Where the last search found what, in characters.
    pub(crate) match_data: Groups,
    /// The terminal of this process, nil until somebody asks for it: an object of the live heap, in no image.
    pub(crate) terminal: Value,
    /// Whether `post-gc-hook` is running.
    pub(crate) in_gc_hook: bool,
}

/// How a machine came from a file.
#[derive(Clone, Debug, PartialEq)]
pub struct FileSession {
    /// The file, with links and relative parts resolved.
    pub path: PathBuf,
    /// What the load took, without what the machine did afterwards.
    pub time: Duration,
}

/// What the variables of the process are set to.
#[derive(Clone, Debug, Default)]
pub struct Process {
    /// The current folder.
    pub directory: PathBuf,
    /// `NAME=VALUE`, in the order of names.
    pub environment: Vec<String>,
    /// The command line, the program first.
    pub arguments: Vec<String>,
    /// Where programs are looked for.
    pub load_path: Vec<PathBuf>,
}

impl Process {
    /// This process. What is no UTF-8 is replaced.
    pub fn current() -> Process {
        let text = |os: &std::ffi::OsStr| os.to_string_lossy().into_owned();
        let mut environment: Vec<String> =
            std::env::vars_os().map(|(name, value)| format!("{}={}", text(&name), text(&value))).collect();
        environment.sort();
        let load_path = std::env::var_os(LOAD_PATH).unwrap_or_default();
        Process {
            directory: std::env::current_dir().unwrap_or_default(),
            environment,
            arguments: std::env::args_os().map(|arg| text(&arg)).collect(),
            load_path: std::env::split_paths(&load_path).filter(|p| !p.as_os_str().is_empty()).collect(),
        }
    }
}

/// Declares the variables of this module, in a new machine.
pub(crate) fn define_variables(vm: &mut Vm) {
    for name in OF_THE_PROCESS.iter().chain(&[POST_GC_HOOK]) {
        let symbol = vm.symbols.intern(name);
        let cell = vm.obarray.cell_mut(symbol);
        cell.value = Value::NIL;
        cell.flags |= SymbolCell::SPECIAL;
    }
}

impl Vm {
    /// After a load: looks whether the image fits the program. It runs no Lisp: what the program wants to do now is marked
    /// as pending, for [`Vm::maybe_run_after_load_hook`].
    pub(crate) fn wake(&mut self) -> Result<(), String> {
        if self.names != NAMES_HASH {
            return Err("the image knows other symbols by id than this program; dump it anew".to_owned());
        }
        reset::run();
        self.session.hook_pending = true;
        Ok(())
    }

    /// The last part of starting from a file: notes which, and sets the variables of the process.
    pub fn begin_session(&mut self, path: impl AsRef<Path>, time: Duration) {
        let path = path.as_ref();
        let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        self.session.file = Some(FileSession { path, time });
        self.enter_process(&Process::current());
    }

    /// Which file the machine was loaded from, unless it was booted or is a restored snapshot.
    pub fn file_session(&self) -> Option<&FileSession> {
        self.session.file.as_ref()
    }

    /// Sets the variables that describe the process.
    pub fn enter_process(&mut self, process: &Process) {
        let directory = format!("{}/", process.directory.display().to_string().trim_end_matches('/'));
        let directory = self.heap.string(directory);
        self.set_global("default-directory", directory);
        // A buffer without a folder of its own is in that of the process.
        self.buffers.enter_directory(directory);
        let load_path: Vec<String> = process.load_path.iter().map(|p| p.display().to_string()).collect();
        for (name, texts) in [
            ("process-environment", &process.environment),
            ("command-line-args", &process.arguments),
            ("load-path", &load_path),
        ] {
            let values: Vec<Value> = texts.iter().map(|text| self.heap.string(text.clone())).collect();
            let list = self.heap.list(&values);
            self.set_global(name, list);
        }
        self.set_global("command-line-processed", Value::T);
    }

    /// Sets the arguments that a program may take for itself.
    pub fn set_arguments_left(&mut self, arguments: &[&str]) {
        let arguments: Vec<Value> = arguments.iter().map(|text| self.heap.string(*text)).collect();
        let arguments = self.heap.list(&arguments);
        self.set_global("command-line-args-left", arguments);
    }

    /// Calls the functions of `after-pdump-load-hook`, once after a load from a file, when the machine is complete and its
    /// session has begun. Whether it was pending.
    ///
    /// # Errors
    ///
    /// What a function signals; it is not called again.
    pub fn maybe_run_after_load_hook(&mut self) -> Result<bool, String> {
        if !std::mem::take(&mut self.session.hook_pending) {
            return Ok(false);
        }
        self.run_hook(sym::load_hook).map(|()| true)
    }

    /// Calls the functions in a variable.
    pub(crate) fn run_hook(&mut self, hook: Value) -> Result<(), String> {
        let functions = hook.as_symbol().map_or(Value::NIL, |hook| self.find_value(hook));
        if functions == Value::UNBOUND {
            return Ok(());
        }
        // The list stays as it is now, whatever the functions do to the hook.
        let base = self.stack.len();
        self.stack.push(functions);
        let single =
            functions.is_symbol() && functions.is_true() || !functions.is_cons() && functions.is_true();
        let list = if single { vec![functions] } else { self.heap.list_elements(functions, usize::MAX) };
        let result =
            list.into_iter().try_for_each(|function| self.run(|vm| vm.funcall(function, &[])).map(drop));
        self.stack.truncate(base);
        result.map_err(|flow| format!("{}: {}", self.prin1(hook), self.describe(flow)))
    }

    /// Calls the functions of `post-gc-hook` after a collection. What they signal is told on the error output; a
    /// collection that they cause tells nobody.
    pub(crate) fn tell_of_collection(&mut self) {
        let hook = self.symbols.intern(POST_GC_HOOK);
        if self.find_value(hook).is_nil() || std::mem::replace(&mut self.session.in_gc_hook, true) {
            return;
        }
        if let Err(error) = self.run_hook(Value::symbol(hook)) {
            self.write(format!("{error}\n").as_bytes(), true);
        }
        self.session.in_gc_hook = false;
    }
}
