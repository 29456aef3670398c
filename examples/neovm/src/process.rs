//! The process that a machine runs in, as programs see it: its folder, its environment, its command line.

use crate::error::LispResult;
use crate::machine::Vm;
use crate::value::Value;
use std::path::PathBuf;

/// Variables that describe the process.
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

impl Vm {
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

    /// The path that a string names, relative to `default-directory`.
    pub(crate) fn file_name(&mut self, name: Value) -> LispResult<PathBuf> {
        let name = String::from_utf8_lossy(self.bytes_of(name)?).into_owned();
        let directory = self.global("default-directory");
        let directory =
            self.heap.as_bytes(directory).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        Ok(PathBuf::from(directory.unwrap_or_default()).join(name))
    }
}
