//! Loading: files, features, and definitions that are loaded when they are first needed.

use crate::error::LispResult;
use crate::library;
use crate::machine::{Vm, symbol_of};
use crate::managers::{Awaited, LispString, base_name};
use crate::symbols::sym;
use crate::value::Value;

/// How often a file or a feature may be in progress at once: more is a circle.
const NESTED: usize = 3;

impl Vm {
    /// Loads a text as a file of this name: evaluates its forms, then what `eval-after-load` registered for it. The value is
    /// that of the last form; the error is a message with file and line.
    ///
    /// # Errors
    ///
    /// What the reader or the program says.
    pub fn load_text(&mut self, name: &str, text: Vec<u8>) -> Result<Value, String> {
        let file = LispString::from(name);
        let string = file.to_value(&mut self.heap);
        let cell = self.obarray.cell_mut(symbol_of(sym::load_file_name));
        let outer = std::mem::replace(&mut cell.value, string);
        let base = self.stack.len();
        self.stack.push(outer);
        self.roots.loads_in_progress.push(file.clone());
        let result = self.eval_text(name, text);
        self.roots.loads_in_progress.pop();
        self.obarray.cell_mut(symbol_of(sym::load_file_name)).value = outer;
        self.stack.truncate(base);
        let value = result?;
        self.stack.push(value);
        let awaited = Awaited::File(LispString::text(base_name(file.bytes())));
        self.autoloads.note_loaded(file);
        let after = self.run(|vm| vm.run_after_load(&awaited)).map_err(|flow| self.describe(flow));
        self.stack.truncate(base);
        after.map(|()| value)
    }

    /// `load`: a file on disk, else a bundled one.
    pub(crate) fn load_file(&mut self, file: Value, missing_ok: bool) -> LispResult {
        let Some((name, text)) = self.find_source(file)? else {
            return if missing_ok { Ok(Value::NIL) } else { Err(self.signal(sym::file_missing, &[file])) };
        };
        let progress = self.roots.loads_in_progress.iter();
        if progress.filter(|other| other.bytes() == name.as_bytes()).count() > NESTED {
            return Err(self.error(format!("Recursive load: {name}")));
        }
        self.load_text(&name, text).map(|_| Value::T).map_err(|message| self.error(message))
    }

    /// The name and text of the file that a name means: as it is, with the extension, in the folders of `load-path`, or
    /// bundled.
    fn find_source(&mut self, file: Value) -> LispResult<Option<(String, Vec<u8>)>> {
        let name = self.bytes_of(file)?.to_vec();
        let path = self.file_name(file)?;
        let mut paths = vec![path];
        let load_path = self.global("load-path");
        for folder in self.heap.list_elements(load_path, usize::MAX) {
            let folder = self.file_name(folder)?;
            paths.push(folder.join(String::from_utf8_lossy(&name).as_ref()));
        }
        let mut found = paths.into_iter().flat_map(|path| {
            let with_extension = path.with_added_extension("el");
            [path, with_extension]
        });
        let on_disk = found.find(|path| path.is_file());
        let read = on_disk.and_then(|path| Some((path.display().to_string(), std::fs::read(&path).ok()?)));
        Ok(read.or_else(|| library::find(&name).map(|(name, text)| (name.to_owned(), text.to_vec()))))
    }

    /// Runs what waits for a file or a feature, in the order in which it was registered.
    pub(crate) fn run_after_load(&mut self, awaited: &Awaited) -> LispResult<()> {
        let actions = self.autoloads.after_load.get(awaited).cloned().unwrap_or_default();
        let base = self.stack.len();
        self.stack.extend_from_slice(&actions);
        let result = actions.iter().try_for_each(|&action| self.run_action(action));
        self.stack.truncate(base);
        result
    }

    /// Calls a function, or evaluates a form.
    pub(crate) fn run_action(&mut self, action: Value) -> LispResult<()> {
        if self.is_function(action) { self.funcall(action, &[]) } else { self.eval(action) }.map(drop)
    }

    /// Whether a feature was provided.
    pub(crate) fn is_provided(&self, feature: Value) -> bool {
        let mut rest = self.find_value(symbol_of(sym::features));
        while let Some(link) = self.heap.as_cons(rest) {
            if link.car.get() == feature {
                return true;
            }
            rest = link.cdr.get();
        }
        false
    }

    /// `provide`.
    pub(crate) fn provide(&mut self, feature: Value) -> LispResult<()> {
        let symbol = self.check_symbol(feature)?;
        if !self.is_provided(feature) {
            let features = self.heap.cons(feature, self.find_value(symbol_of(sym::features)));
            self.set(sym::features, features)?;
        }
        let awaited = Awaited::Feature(LispString::text(self.symbols.name(symbol)));
        self.run_after_load(&awaited)
    }

    /// `require`: loads the file that provides a feature, unless it was provided. Nil when there is no such file and that is
    /// fine.
    pub(crate) fn require(&mut self, feature: Value, file: Value, missing_ok: bool) -> LispResult {
        let symbol = self.check_symbol(feature)?;
        if self.is_provided(feature) {
            return Ok(feature);
        }
        if self.roots.require_stack.iter().filter(|&&other| other == symbol).count() >= NESTED {
            let message = format!("Recursive `require' for feature `{}'", self.prin1(feature));
            return Err(self.error(message));
        }
        let file = match file {
            Value::NIL => {
                let name = self.symbols.name(symbol).to_vec();
                self.heap.string(name)
            }
            file => file,
        };
        self.stack.push(file);
        self.roots.require_stack.push(symbol);
        let loaded = self.load_file(file, true);
        self.roots.require_stack.pop();
        if loaded?.is_nil() && missing_ok {
            return Ok(Value::NIL);
        }
        if !self.is_provided(feature) {
            let message = format!("Required feature {} was not provided", self.prin1(feature));
            return Err(self.error(message));
        }
        Ok(feature)
    }

    /// Whether the stub of a definition that is loaded later stands for a macro.
    pub(crate) fn is_autoloaded_macro(&self, stub: Value) -> bool {
        let kind = self.heap.list_elements(stub, 5).get(4).copied();
        kind.is_some_and(|kind| kind == sym::macro_ || kind == Value::T)
    }

    /// Loads the definition of a symbol whose function is a stub, and gives the definition; what is no stub is given back.
    pub(crate) fn autoload_do_load(&mut self, stub: Value, name: Value) -> LispResult {
        if self.heap.car(stub) != sym::autoload {
            return Ok(stub);
        }
        let file = self.heap.car(self.heap.cdr(stub));
        let base = self.stack.len();
        self.stack.extend([stub, name]);
        let loaded = self.load_file(file, false);
        self.stack.truncate(base);
        loaded?;
        let symbol = match name.as_symbol() {
            Some(symbol) if name.is_true() => symbol,
            _ => return Ok(Value::NIL),
        };
        let definition = self.indirect_function(name)?;
        if self.heap.car(definition) == sym::autoload || definition.is_nil() {
            let name = String::from_utf8_lossy(self.symbols.name(symbol)).into_owned();
            let file = self.prin1(file);
            return Err(self.error(format!("Autoloading file {file} failed to define function {name}")));
        }
        Ok(definition)
    }

    /// The function behind a name, loaded first if it is a macro that is not there yet.
    pub(crate) fn macro_of(&mut self, name: Value) -> LispResult {
        let function = self.indirect_function(name)?;
        if self.heap.car(function) == sym::autoload && self.is_autoloaded_macro(function) {
            return self.autoload_do_load(function, name);
        }
        Ok(function)
    }

    /// Gives a symbol a stub for its function, unless it has a function of its own.
    pub(crate) fn set_stub(&mut self, name: Value, stub: Value) -> LispResult<bool> {
        let symbol = self.check_symbol(name)?;
        let old = self.obarray.cell(symbol).function;
        if old.is_true() && self.heap.car(old) != sym::autoload {
            return Ok(false);
        }
        self.obarray.cell_mut(symbol).function = stub;
        Ok(true)
    }
}
