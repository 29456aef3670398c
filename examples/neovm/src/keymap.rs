//! Keymaps: lists `(keymap [CHAR-TABLE] (EVENT . BINDING)... . PARENT)`, where PARENT is another such list.
//!
//! A binding that is a keymap, or a symbol whose function is one, makes its event a prefix. An event is a character with
//! modifier bits, or a symbol. A character with the meta bit is two events: escape and the character without the bit.

use crate::error::LispResult;
use crate::machine::{Vm, symbol_of};
use crate::object::{Kind, Str};
use crate::symbols::sym;
use crate::value::Value;

const META: i64 = 1 << 27;
const ESCAPE: i64 = 27;
/// The modifiers above a character, as they are written.
const MODIFIERS: [(i64, &str); 6] =
    [(1 << 22, "A-"), (1 << 26, "C-"), (1 << 24, "H-"), (META, "M-"), (1 << 25, "S-"), (1 << 23, "s-")];
/// The bits of a character without modifiers.
const CHAR_BITS: i64 = (1 << 22) - 1;
/// Characters that are written by name.
const NAMED: [(i64, &str); 6] = [(9, "TAB"), (13, "RET"), (27, "ESC"), (32, "SPC"), (127, "DEL"), (0, "C-@")];

/// What stands behind an event of a keymap.
type Binding = (Value, Value);

fn is_char(event: Value) -> Option<u32> {
    event.as_fixnum().filter(|n| (0..=CHAR_BITS).contains(n)).map(|n| n as u32)
}

impl Vm {
    /// A new keymap; with a table for all characters, or without.
    pub(crate) fn make_keymap(&mut self, full: bool, prompt: Value) -> Value {
        let mut parts = vec![sym::keymap];
        if full {
            parts.push(self.heap.char_table(sym::keymap, Value::NIL, 0));
        }
        if prompt.is_true() {
            parts.push(prompt);
        }
        self.heap.list(&parts)
    }

    /// The keymap that a value is, or that the function of a symbol is; nil for none.
    pub(crate) fn as_keymap(&mut self, v: Value) -> LispResult {
        let map = self.indirect_function(v)?;
        let is_stub = self.heap.car(map) == sym::autoload;
        let map = if is_stub && self.heap.list_elements(map, 5).get(4) == Some(&sym::keymap) {
            self.autoload_do_load(map, v)?
        } else {
            map
        };
        Ok(if self.heap.car(map) == sym::keymap { map } else { Value::NIL })
    }

    /// The keymap that a value is, or that the function of a symbol is, if it has been loaded; nil for none.
    fn loaded_keymap(&mut self, v: Value) -> LispResult {
        let map = self.indirect_function(v)?;
        Ok(if self.heap.car(map) == sym::keymap { map } else { Value::NIL })
    }

    /// Whether a value is a keymap, or a symbol whose function is one. Nothing is loaded to find out.
    pub(crate) fn is_keymap(&mut self, v: Value) -> LispResult<bool> {
        self.loaded_keymap(v).map(Value::is_true)
    }

    /// The keymap that a value is, or an error.
    pub(crate) fn check_keymap(&mut self, v: Value) -> LispResult {
        match self.as_keymap(v)? {
            Value::NIL => Err(self.wrong_type(sym::keymapp, v)),
            map => Ok(map),
        }
    }

    /// The events of a string or a vector of keys.
    pub(crate) fn key_events(&mut self, keys: Value) -> LispResult<Vec<Value>> {
        let unibyte = self.heap.get::<Str>(keys).is_some_and(|str| str.multibyte == 0);
        if !keys.is_str() && self.heap.kind(keys) != Some(Kind::Vector) {
            return Err(self.wrong_type(sym::arrayp, keys));
        }
        let mut events = Vec::new();
        for event in self.sequence_values(keys)? {
            match event.as_fixnum() {
                Some(n) if unibyte && n >= 0x80 => {
                    events.extend([ESCAPE, n & 0x7F].map(|n| Value::int(n as usize)))
                }
                Some(n) if n & META != 0 => {
                    events.extend([ESCAPE, n & !META].map(|n| Value::int(n as usize)))
                }
                _ => events.push(event),
            }
        }
        Ok(events)
    }

    /// What an event is bound to in a keymap or its parents; a binding to nil hides that of a parent.
    pub(crate) fn keymap_get(&mut self, map: Value, event: Value) -> Value {
        let own = self.find_binding(map, event, false);
        own.map_or(Value::NIL, |binding| self.plain_binding(binding))
    }

    fn find_binding(&self, map: Value, event: Value, own: bool) -> Option<Value> {
        let mut default = None;
        // Keymaps may be elements of others; those that wait are taken up when the one inside ends.
        let mut waiting = vec![self.heap.cdr(map)];
        while let Some(mut rest) = waiting.pop() {
            while let Some(link) = self.heap.as_cons(rest) {
                let element = link.car.get();
                rest = link.cdr.get();
                if element == sym::keymap {
                    if own {
                        return default;
                    }
                } else if let Some(pair) = self.heap.as_cons(element) {
                    match pair.car.get() {
                        sym::keymap => {
                            waiting.push(rest);
                            rest = pair.cdr.get();
                        }
                        bound if bound == event => return Some(pair.cdr.get()),
                        Value::T => default = default.or(Some(pair.cdr.get())),
                        _ => {}
                    }
                } else if let (Some(Kind::CharTable), Some(c)) = (self.heap.kind(element), is_char(event)) {
                    match self.heap.char_table_get(element, c) {
                        Value::NIL => {}
                        // A table cannot tell nil from no binding, so `t` stands for it.
                        Value::T => return Some(Value::NIL),
                        binding => return Some(binding),
                    }
                }
            }
        }
        default
    }

    /// The binding without what a menu shows of it.
    fn plain_binding(&self, binding: Value) -> Value {
        let parts = self.heap.list_elements(binding, 3);
        match parts.first() {
            Some(&sym::menu_item) => parts.get(2).copied().unwrap_or(Value::NIL),
            Some(text) if text.is_str() => self.heap.cdr(binding),
            _ => binding,
        }
    }

    /// Binds an event in a keymap itself, or takes its binding away.
    pub(crate) fn keymap_put(&mut self, map: Value, event: Value, binding: Value, remove: bool) {
        let mut last = map;
        let mut place = map;
        loop {
            let rest = self.heap.cdr(last);
            let element = self.heap.car(rest);
            if !rest.is_cons() || element == sym::keymap {
                break;
            }
            if self.heap.kind(element) == Some(Kind::CharTable) {
                if let Some(c) = is_char(event) {
                    let stored = if remove || binding.is_true() { binding } else { Value::T };
                    self.heap.char_table_set(element, c, c, if remove { Value::NIL } else { stored });
                    return;
                }
                place = rest;
            }
            if self.heap.car(element) == event && element.is_cons() {
                if remove {
                    let after = self.heap.cdr(rest);
                    self.heap.as_cons(last).inspect(|link| link.cdr.set(after));
                } else {
                    self.heap.as_cons(element).inspect(|pair| pair.cdr.set(binding));
                }
                return;
            }
            last = rest;
        }
        if !remove {
            let pair = self.heap.cons(event, binding);
            let after = self.heap.cons(pair, self.heap.cdr(place));
            self.heap.as_cons(place).inspect(|link| link.cdr.set(after));
        }
    }

    /// `define-key`: binds a sequence of events, making keymaps for its prefixes.
    pub(crate) fn define_key(&mut self, map: Value, keys: Value, binding: Value, remove: bool) -> LispResult {
        let mut map = self.check_keymap(map)?;
        let events = self.key_events(keys)?;
        for (at, &event) in events.iter().enumerate() {
            if at + 1 == events.len() {
                self.keymap_put(map, event, binding, remove);
                break;
            }
            let own = self.find_binding(map, event, true).map(|own| self.plain_binding(own));
            let inherited = self.keymap_get(map, event);
            let next = self.as_keymap(own.unwrap_or(Value::NIL))?;
            if next.is_true() {
                map = next;
                continue;
            }
            let parent = self.as_keymap(inherited)?;
            if parent.is_nil() && inherited.is_true() {
                let (keys, prefix) = (self.describe_keys(&events), self.describe_keys(&events[..=at]));
                return Err(self.error(format!("Key sequence {keys} starts with non-prefix key {prefix}")));
            }
            // A prefix that is inherited goes on being inherited below the new keymap.
            let fresh = self.heap.list_with_tail(&[sym::keymap], parent);
            self.keymap_put(map, event, fresh, false);
            map = fresh;
        }
        Ok(binding)
    }

    /// `lookup-key`: the binding of a sequence of events, nil for none, or how many of them are a whole sequence already.
    pub(crate) fn lookup_key(&mut self, map: Value, events: &[Value]) -> LispResult {
        let mut map = self.check_keymap(map)?;
        for (at, &event) in events.iter().enumerate() {
            let binding = self.keymap_get(map, event);
            if at + 1 == events.len() {
                return Ok(binding);
            }
            map = self.as_keymap(binding)?;
            if map.is_nil() {
                return Ok(if binding.is_nil() { Value::NIL } else { Value::int(at + 1) });
            }
        }
        Ok(map)
    }

    /// The keymap of the current buffer, or nil.
    pub(crate) fn local_map(&self) -> Value {
        self.buffers.current().map_or(Value::NIL, |buffer| buffer.keymap)
    }

    /// The keymaps in force, the first to be asked first: those of minor modes that are on, the local one, the global one.
    pub(crate) fn active_keymaps(&mut self) -> LispResult<Vec<Value>> {
        let mut maps = Vec::new();
        let alist = self.find_value(symbol_of(sym::minor_mode_map_alist));
        for entry in self.heap.list_elements(alist, usize::MAX) {
            let (mode, map) = (self.heap.car(entry), self.heap.cdr(entry));
            let on = mode.as_symbol().map_or(Value::NIL, |mode| self.find_value(mode));
            if on.is_true() && on != Value::UNBOUND && self.is_keymap(map)? {
                maps.push(map);
            }
        }
        maps.extend([self.local_map(), self.roots.current_global_map].iter().filter(|map| map.is_true()));
        Ok(maps)
    }

    /// `key-binding`: what the keymaps in force bind a sequence to, other commands put in the place of commands.
    pub(crate) fn key_binding(&mut self, events: &[Value]) -> LispResult {
        let maps = self.active_keymaps()?;
        // A keymap that is loaded on the way may change which are in force.
        self.stack.extend_from_slice(&maps);
        let find = |vm: &mut Vm, events: &[Value]| -> LispResult {
            for &map in &maps {
                let binding = vm.lookup_key(map, events)?;
                if binding.is_true() && binding.as_fixnum().is_none() {
                    return Ok(binding);
                }
            }
            Ok(Value::NIL)
        };
        let binding = find(self, events)?;
        if binding.is_nil() || !binding.is_symbol() {
            return Ok(binding);
        }
        let other = find(self, &[sym::remap, binding])?;
        Ok(if other.is_nil() { binding } else { other })
    }

    /// The keymap that another inherits from, or nil.
    pub(crate) fn keymap_parent(&self, map: Value) -> Value {
        let mut rest = self.heap.cdr(map);
        while rest.is_cons() && self.heap.car(rest) != sym::keymap {
            rest = self.heap.cdr(rest);
        }
        rest
    }

    /// Lets a keymap inherit from another, or from none.
    pub(crate) fn set_keymap_parent(&mut self, map: Value, parent: Value) -> LispResult {
        let map = self.check_keymap(map)?;
        let parent = if parent.is_nil() { parent } else { self.check_keymap(parent)? };
        let mut at = parent;
        while at.is_true() {
            if at == map {
                return Err(self.error("Cyclic keymap inheritance"));
            }
            at = self.keymap_parent(at);
        }
        let mut last = map;
        loop {
            let rest = self.heap.cdr(last);
            if !rest.is_cons() || self.heap.car(rest) == sym::keymap {
                self.heap.as_cons(last).inspect(|link| link.cdr.set(parent));
                return Ok(parent);
            }
            last = rest;
        }
    }

    /// The events and bindings of a keymap itself; characters bound alike in a row are a pair of the first and the last.
    pub(crate) fn keymap_bindings(&mut self, map: Value) -> Vec<Binding> {
        let mut all = Vec::new();
        let mut rest = self.heap.cdr(map);
        while rest.is_cons() && self.heap.car(rest) != sym::keymap {
            let element = self.heap.car(rest);
            rest = self.heap.cdr(rest);
            if self.heap.kind(element) == Some(Kind::CharTable) {
                for (from, to, binding) in self.heap.char_table_ranges(element) {
                    let (from, to) = (Value::int(from as usize), Value::int(to as usize));
                    let event = if from == to { from } else { self.heap.cons(from, to) };
                    all.push((event, if binding == Value::T { Value::NIL } else { binding }));
                }
            } else if element.is_cons() {
                all.push((self.heap.car(element), self.heap.cdr(element)));
            }
        }
        all
    }

    /// A copy of a keymap, with copies of the keymaps that it leads to, each once; parents and what symbols name are
    /// shared.
    pub(crate) fn copy_keymap(&mut self, map: Value) -> LispResult {
        let map = self.check_keymap(map)?;
        let mut copies: Vec<Binding> = Vec::new();
        let top = self.shallow_copy(map);
        copies.push((map, top));
        let mut at = 0;
        while let Some(&(_, copy)) = copies.get(at) {
            at += 1;
            for (event, binding) in self.keymap_bindings(copy) {
                if self.heap.car(binding) != sym::keymap {
                    continue;
                }
                let known = copies.iter().find(|(old, _)| *old == binding).map(|&(_, new)| new);
                let new = known.unwrap_or_else(|| {
                    let new = self.shallow_copy(binding);
                    copies.push((binding, new));
                    new
                });
                let events = match self.heap.as_cons(event).map(|pair| (pair.car.get(), pair.cdr.get())) {
                    Some((from, to)) => from.as_fixnum().unwrap_or(0)..=to.as_fixnum().unwrap_or(0),
                    None => {
                        self.keymap_put(copy, event, new, false);
                        continue;
                    }
                };
                events.for_each(|c| self.keymap_put(copy, Value::int(c as usize), new, false));
            }
        }
        Ok(top)
    }

    fn shallow_copy(&mut self, map: Value) -> Value {
        let mut parts = Vec::new();
        let mut rest = map;
        while rest.is_cons() && (parts.is_empty() || self.heap.car(rest) != sym::keymap) {
            let element = self.heap.car(rest);
            parts.push(match self.heap.as_cons(element).map(|pair| (pair.car.get(), pair.cdr.get())) {
                Some((event, binding)) => self.heap.cons(event, binding),
                None if self.heap.kind(element) == Some(Kind::CharTable) => {
                    self.heap.copy_char_table(element)
                }
                None => element,
            });
            rest = self.heap.cdr(rest);
        }
        self.heap.list_with_tail(&parts, rest)
    }

    /// Every keymap that a keymap leads to, each once, with the shortest sequence that leads there.
    pub(crate) fn accessible_keymaps(&mut self, map: Value) -> LispResult<Vec<(Vec<Value>, Value)>> {
        let mut all = vec![(Vec::new(), self.check_keymap(map)?)];
        let mut at = 0;
        while let Some((prefix, map)) = all.get(at).cloned() {
            at += 1;
            let mut level = map;
            while level.is_true() {
                for (event, binding) in self.keymap_bindings(level) {
                    let binding = self.plain_binding(binding);
                    let next = self.loaded_keymap(binding)?;
                    if next.is_true() && !event.is_cons() && !all.iter().any(|(_, known)| *known == next) {
                        let mut keys = prefix.clone();
                        keys.push(event);
                        all.push((keys, next));
                    }
                }
                level = self.keymap_parent(level);
            }
        }
        Ok(all)
    }

    /// The sequences that are bound to a command in a keymap.
    pub(crate) fn where_is(&mut self, command: Value, map: Value) -> LispResult<Vec<Vec<Value>>> {
        let mut found = Vec::new();
        for (prefix, map) in self.accessible_keymaps(map)? {
            let mut level = map;
            while level.is_true() {
                for (event, binding) in self.keymap_bindings(level) {
                    let event = if event.is_cons() { self.heap.car(event) } else { event };
                    // A parent's binding counts when no child hides it.
                    if self.plain_binding(binding) == command && self.keymap_get(map, event) == command {
                        let mut keys = prefix.clone();
                        keys.push(event);
                        found.push(keys);
                    }
                }
                level = self.keymap_parent(level);
            }
        }
        Ok(found)
    }

    /// A sequence of events as people write it.
    pub(crate) fn describe_keys(&self, events: &[Value]) -> String {
        let all: Vec<String> = events.iter().map(|&event| self.describe_key(event)).collect();
        all.join(" ")
    }

    fn describe_key(&self, event: Value) -> String {
        let Some(n) = event.as_fixnum() else {
            let name = event.as_symbol().map_or(String::new(), |symbol| {
                String::from_utf8_lossy(self.symbols.name(symbol)).into_owned()
            });
            return format!("<{name}>");
        };
        let modifiers: String =
            MODIFIERS.iter().filter(|(bit, _)| n & bit != 0).map(|(_, text)| *text).collect();
        let c = n & CHAR_BITS;
        let text = match NAMED.iter().find(|(named, _)| *named == c) {
            Some((_, name)) => (*name).to_owned(),
            None if c < 32 => format!("C-{}", char::from(c as u8 + 96)),
            None => char::from_u32(c as u32).unwrap_or(char::REPLACEMENT_CHARACTER).to_string(),
        };
        modifiers + &text
    }
}
