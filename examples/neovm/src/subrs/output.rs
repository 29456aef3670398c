//! Printing and reading.

use super::{MANY, SubrDesc, arg, format_values, subr};
use crate::error::{Flow, LispResult};
use crate::machine::{Vm, symbol_of};
use crate::object::Str;
use crate::printer::{self, Labels, Style};
use crate::reader::{Encoding, Source};
use crate::symbols::sym;
use crate::value::Value;
use std::time::{SystemTime, UNIX_EPOCH};

pub(super) static SUBRS: [SubrDesc; 13] = [
    subr("format", 1, MANY, format_values),
    subr("format-message", 1, MANY, format_values),
    subr("message", 1, MANY, |vm, a| {
        if a[0].is_nil() {
            return Ok(Value::NIL);
        }
        let text = format_values(vm, a)?;
        let mut bytes = vm.princ(text);
        bytes.push(b'\n');
        vm.write(&bytes, true);
        Ok(text)
    }),
    subr("prin1-to-string", 1, 3, |vm, a| {
        let base = if arg(a, 1).is_true() { Style::PRINC } else { Style::PRIN1 };
        let text = printer::to_bytes(&vm.heap, &vm.symbols, a[0], Style { internal: true, ..vm.style(base) });
        Ok(vm.heap.string(text))
    }),
    subr("prin1", 1, 3, |vm, a| {
        let text = vm.printed(a[0], Style::PRIN1);
        vm.write(&text, false);
        Ok(a[0])
    }),
    subr("princ", 1, 2, |vm, a| {
        let text = vm.printed(a[0], Style::PRINC);
        vm.write(&text, false);
        Ok(a[0])
    }),
    subr("print", 1, 2, |vm, a| {
        let mut text = vm.printed(a[0], Style::PRIN1);
        text.insert(0, b'\n');
        text.push(b'\n');
        vm.write(&text, false);
        Ok(a[0])
    }),
    subr("terpri", 0, 2, |vm, _| {
        vm.write(b"\n", false);
        Ok(Value::T)
    }),
    subr("read", 1, 1, |vm, a| Ok(read_from(vm, a[0], 0)?.0)),
    subr("read-from-string", 1, 3, |vm, a| {
        let start = if arg(a, 1).is_nil() { 0 } else { vm.index(a[1])? };
        let (value, end) = read_from(vm, a[0], start)?;
        Ok(vm.heap.cons(value, Value::int(end)))
    }),
    subr("read-positioning-symbols", 1, 1, |vm, a| Ok(read_with(vm, a[0], 0, true)?.0)),
    subr("float-time", 0, 1, |vm, _| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64());
        Ok(vm.heap.float(now))
    }),
    subr("write-char", 1, 2, |vm, a| {
        let c = vm.check_char(a[0])?;
        let mut text = Vec::new();
        crate::chars::push(&mut text, c);
        vm.write(&text, false);
        Ok(a[0])
    }),
];

/// Reads a form from a string; the form and the character behind it.
fn read_from(vm: &mut Vm, v: Value, start: usize) -> LispResult<(Value, usize)> {
    read_with(vm, v, start, false)
}

fn read_with(vm: &mut Vm, v: Value, start: usize, positions: bool) -> LispResult<(Value, usize)> {
    let Some(str) = vm.heap.get::<Str>(v) else { return Err(vm.wrong_type(sym::stringp, v)) };
    let encoding = if str.multibyte != 0 { Encoding::Internal } else { Encoding::Bytes };
    let multibyte = str.multibyte != 0;
    let mut source = Source::new("<string>", str.bytes.to_vec(), encoding);
    let from = if multibyte { crate::chars::offset(source.text(), start) } else { start };
    source.seek(from);
    source.positions = positions;
    match source.read(&mut vm.heap, &mut vm.symbols) {
        Ok(Some(form)) => {
            let end = source.position();
            let end = if multibyte { crate::chars::count(&source.text()[..end]) } else { end };
            Ok((form, end))
        }
        Ok(None) => Err(Flow::Signal(sym::end_of_file, Value::NIL)),
        Err(error) => {
            let message = vm.heap.string(error.to_string());
            let condition = if error.at_end { sym::end_of_file } else { sym::invalid_read_syntax };
            Err(vm.signal(condition, &[message]))
        }
    }
}

impl Vm {
    /// A style with the labels that `print-circle` asks for.
    fn style(&self, base: Style) -> Style {
        let all = self.find_value(symbol_of(sym::print_circle)).is_true();
        Style { labels: if all { Labels::Shared } else { Labels::Cycles }, ..base }
    }

    fn printed(&self, v: Value, style: Style) -> Vec<u8> {
        printer::to_bytes(&self.heap, &self.symbols, v, self.style(style))
    }
}
