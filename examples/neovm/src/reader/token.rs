//! Text to tokens.

use super::{Encoding, Run, Source, Token};
use crate::chars;
use crate::error::ReadError;
use crate::heap::Heap;
use crate::number;
use crate::rt::Interner;
use crate::symbols::sym;
use crate::value::Value;

const NO_BREAK_SPACE: u32 = 0xA0;

impl Source {
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.pos).copied()
    }

    fn peek_second(&self) -> Option<u8> {
        self.text.get(self.pos + 1).copied()
    }

    pub(super) fn next_char(&mut self) -> Option<u32> {
        let (c, len) = self.decode(self.pos);
        self.pos += len;
        (len > 0).then_some(c)
    }

    pub(super) fn skip_blanks(&mut self) {
        while let Some(b) = self.peek() {
            match b {
                0..=0x20 => self.pos += 1,
                b';' => self.skip_line(),
                0x80.. if self.decode(self.pos).0 == NO_BREAK_SPACE => self.pos += self.decode(self.pos).1,
                _ => break,
            }
        }
    }

    fn skip_line(&mut self) {
        let rest = &self.text[self.pos..];
        self.pos += rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
    }

    pub(super) fn token(&mut self, heap: &mut Heap, symbols: &mut Interner) -> Result<Token, ReadError> {
        loop {
            self.skip_blanks();
            let at = self.pos;
            let Some(first) = self.peek() else { return Ok(Token::End) };
            self.pos += 1;
            return Ok(match first {
                b'(' => Token::Open(None),
                b'[' => Token::Open(Some(Run::Vector)),
                b')' | b']' => Token::Close(first),
                b'\'' => Token::Quote(sym::quote),
                b'`' => Token::Quote(sym::backquote),
                b',' if self.peek() == Some(b'@') => {
                    self.pos += 1;
                    Token::Quote(sym::comma_at)
                }
                b',' => Token::Quote(sym::comma),
                b'"' => Token::Value(self.string(at, heap)?),
                b'?' => Token::Value(self.character(at)?),
                b'#' => match self.hash(at, heap, symbols)? {
                    Some(token) => token,
                    None => continue,
                },
                b'.' if self.peek().is_none_or(|b| b <= b' ' || b"\"';([#?`,".contains(&b)) => Token::Dot,
                _ => {
                    self.pos = at;
                    Token::Value(self.symbol_or_number(heap, symbols)?)
                }
            });
        }
    }

    /// What follows a `#`; `None` when it was only skipped over.
    fn hash(
        &mut self,
        at: usize,
        heap: &mut Heap,
        symbols: &mut Interner,
    ) -> Result<Option<Token>, ReadError> {
        let first = self.peek();
        self.pos += usize::from(first.is_some());
        Ok(Some(match first {
            Some(b'\'') => Token::Quote(sym::function),
            Some(b'[') => Token::Open(Some(Run::ByteCode)),
            Some(b'(') => Token::Open(Some(Run::Text)),
            Some(b's') if self.peek() == Some(b'(') => {
                self.pos += 1;
                Token::Open(Some(Run::Record))
            }
            Some(b'^') if self.peek() == Some(b'[') => {
                self.pos += 1;
                Token::Open(Some(Run::CharTable))
            }
            Some(b'^') if self.peek() == Some(b'^') && self.peek_second() == Some(b'[') => {
                self.pos += 2;
                Token::Open(Some(Run::SubCharTable))
            }
            Some(b'&') => Token::Value(self.bool_vector(at, heap)?),
            Some(b'#') => Token::Value(sym::empty),
            Some(b'$') => Token::Value(heap.string(self.name.as_bytes())),
            Some(b'!') => {
                self.skip_line();
                return Ok(None);
            }
            Some(b'@') => {
                self.skip_counted(at)?;
                return Ok(None);
            }
            Some(b':') => {
                let name = self.symbol_name()?.0;
                Token::Value(Value::symbol(symbols.uninterned(name)))
            }
            Some(b'_') => {
                let name = self.symbol_name()?.0;
                Token::Value(Value::symbol(symbols.intern(name)))
            }
            Some(b'x' | b'X') => Token::Value(self.radix(at, 16, heap)?),
            Some(b'o' | b'O') => Token::Value(self.radix(at, 8, heap)?),
            Some(b'b' | b'B') => Token::Value(self.radix(at, 2, heap)?),
            Some(b'0'..=b'9') => {
                self.pos -= 1;
                let number = self.count(at)?;
                let next = self.peek();
                self.pos += usize::from(next.is_some());
                match next {
                    Some(b'=') => Token::Label(number),
                    Some(b'#') => Token::Reference(number),
                    Some(b'r' | b'R') if (2..=36).contains(&number) => {
                        Token::Value(self.radix(at, number as u32, heap)?)
                    }
                    _ => {
                        return Err(
                            self.error(at, format!("after #{number} comes '=', '#' or, for a radix, 'r'"))
                        );
                    }
                }
            }
            _ => return Err(self.error(at, "unknown syntax after '#'".into())),
        }))
    }

    /// A decimal count inside a `#` syntax.
    fn count(&mut self, at: usize) -> Result<u64, ReadError> {
        let start = self.pos;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.pos += 1;
        }
        let digits = std::str::from_utf8(&self.text[start..self.pos]).unwrap_or_default();
        digits.parse().map_err(|_| self.error(at, "expected a number that fits in 64 bits".into()))
    }

    fn skip_counted(&mut self, at: usize) -> Result<(), ReadError> {
        let digits = self.pos;
        let count = self.count(at)?;
        let to_end = self.text[digits..self.pos] == *b"00";
        let left = (self.text.len() - self.pos) as u64;
        self.pos += if to_end { left } else { count.min(left) } as usize;
        Ok(())
    }

    fn radix(&mut self, at: usize, radix: u32, heap: &mut Heap) -> Result<Value, ReadError> {
        let start = self.pos;
        while self.peek().is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'_' | b'.'))
        {
            self.pos += 1;
        }
        match number::parse_integer(&self.text[start..self.pos], radix) {
            Some(number) => Ok(number.to_value(heap)),
            None => Err(self.error(at, format!("expected an integer of radix {radix}"))),
        }
    }

    fn bool_vector(&mut self, at: usize, heap: &mut Heap) -> Result<Value, ReadError> {
        let len = self.count(at)?;
        if self.peek() != Some(b'"') {
            return Err(self.error(at, "a bool vector is #&, a length and a string".into()));
        }
        self.pos += 1;
        let (text, _) = self.string_bytes(at)?;
        let bytes: Option<Vec<u8>> =
            chars::all(&text).into_iter().map(|c| chars::as_raw_byte(c).or(u8::try_from(c).ok())).collect();
        match bytes {
            Some(bytes) if bytes.len() as u64 == len.div_ceil(8) => Ok(heap.bool_vector(len as usize, bytes)),
            _ => Err(self.error(at, format!("a bool vector of {len} has {} bytes", len.div_ceil(8)))),
        }
    }

    /// The rest of a string.
    fn string(&mut self, at: usize, heap: &mut Heap) -> Result<Value, ReadError> {
        let (text, unibyte) = self.string_bytes(at)?;
        if unibyte {
            let bytes: Vec<u8> = chars::all(&text).into_iter().map(|c| (c & 0xFF) as u8).collect();
            return Ok(heap.unibyte(bytes));
        }
        Ok(heap.string(text))
    }

    /// The rest of a string in internal encoding, and whether it has bytes and no other characters past ASCII.
    fn string_bytes(&mut self, at: usize) -> Result<(Vec<u8>, bool), ReadError> {
        let mut out = Vec::new();
        let (mut bytes, mut wide) = (false, false);
        loop {
            let rest = &self.text[self.pos..];
            let plain = rest.iter().position(|b| matches!(b, b'"' | b'\\' | 0x80..)).unwrap_or(rest.len());
            out.extend_from_slice(&rest[..plain]);
            self.pos += plain;
            let escape_at = self.pos;
            let c = match self.next_char() {
                None => {
                    return Err(self.end_error(at, "the text ends inside the string that starts here".into()));
                }
                Some(0x22) => break,
                Some(0x5C) => match self.string_escape(escape_at)? {
                    None => continue,
                    Some(c) => c,
                },
                Some(c) => c,
            };
            bytes |= chars::as_raw_byte(c).is_some();
            wide |= c >= 0x80 && chars::as_raw_byte(c).is_none();
            chars::push(&mut out, c);
        }
        Ok((out, bytes && !wide))
    }

    /// A symbol's name in internal encoding, and whether any of it was escaped.
    fn symbol_name(&mut self) -> Result<(Vec<u8>, bool), ReadError> {
        let mut name = Vec::new();
        let mut escaped = false;
        let at = self.pos;
        while let Some(b) = self.peek() {
            let mut c = match b {
                0..=0x20 | b'"' | b'\'' | b';' | b'(' | b')' | b'[' | b']' | b'#' | b'`' | b',' => break,
                b'\\' => u32::from(b),
                0x21..=0x7F => {
                    name.push(b);
                    self.pos += 1;
                    continue;
                }
                _ => self.decode(self.pos).0,
            };
            if c == NO_BREAK_SPACE {
                break;
            }
            self.next_char();
            if b == b'\\' {
                escaped = true;
                c = self
                    .next_char()
                    .ok_or_else(|| self.end_error(at, "the text ends inside a symbol".into()))?;
            }
            chars::push(&mut name, c);
        }
        Ok((name, escaped))
    }

    fn symbol_or_number(&mut self, heap: &mut Heap, symbols: &mut Interner) -> Result<Value, ReadError> {
        let start = self.pos;
        let (name, escaped) = self.symbol_name()?;
        let numeric = name.first().is_some_and(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.'));
        if !escaped
            && numeric
            && let Some(number) = number::parse(&name)
        {
            return Ok(number.to_value(heap));
        }
        let symbol = Value::symbol(symbols.intern(name));
        if self.positions && symbol.is_true() {
            let before = &self.text[..start];
            let chars = if self.encoding == Encoding::Bytes { start } else { chars::count(before) };
            return Ok(heap.symbol_with_pos(symbol, Value::int(chars)));
        }
        Ok(symbol)
    }
}
