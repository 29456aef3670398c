//! What the reader takes, and how it says no.

use neovm::heap::Heap;
use neovm::printer::{self, Style};
use neovm::reader::{Encoding, Source};
use neovm::symbols;

/// Reads every form of a text and prints each.
fn read_as(text: &[u8], encoding: Encoding) -> Result<Vec<String>, String> {
    let (mut heap, mut symbols) = (Heap::new(), symbols::interner());
    let mut source = Source::new("t.el", text.to_vec(), encoding);
    let mut out = Vec::new();
    while let Some(form) = source.read(&mut heap, &mut symbols).map_err(|e| e.to_string())? {
        let printed = printer::to_bytes(&heap, &symbols, form, Style::PRIN1);
        out.push(String::from_utf8(printed).expect("printed text is UTF-8"));
    }
    Ok(out)
}

fn read(text: &str) -> Result<Vec<String>, String> {
    read_as(text.as_bytes(), Encoding::File)
}

#[test]
fn each_syntax_reads_as_what_it_means() {
    for (text, wanted) in [
        ("()", "nil"),
        ("(a . b)", "(a . b)"),
        ("(a . (b . (c)))", "(a b c)"),
        ("(a .5)", "(a 0.5)"),
        ("(. b)", "b"),
        ("[a (b) [c]]", "[a (b) [c]]"),
        ("'a", "'a"),
        ("#'car", "#'car"),
        ("`(a ,b ,@c)", "`(a ,b ,@c)"),
        (", @a", ", @a"),
        ("(quote a b)", "(quote a b)"),
        ("?a", "97"),
        ("?\\n", "10"),
        ("?\\C-a", "1"),
        ("?\\^I", "9"),
        ("?\\^?", "127"),
        ("?\\C-%", "67108901"),
        ("?\\M-a", "134217825"),
        ("?\\M-\\C-x", "134217752"),
        ("?\\C-\\M-x", "134217752"),
        ("?\\S-a", "33554529"),
        ("?\\H-a", "16777313"),
        ("?\\s-a", "8388705"),
        ("?\\A-a", "4194401"),
        ("?\\s", "32"),
        ("? ", "32"),
        ("(?\\s)", "(32)"),
        ("?\\x41", "65"),
        ("?\\101", "65"),
        ("?\\377", "255"),
        ("?\\u00e9", "233"),
        ("?\\U0001F600", "128512"),
        ("?\\N{U+1F600}", "128512"),
        ("?\\N{zero width joiner}", "8205"),
        ("?\\N{CJK UNIFIED IDEOGRAPH-4E00}", "19968"),
        ("(?\\( ?\\))", "(40 41)"),
        ("?é", "233"),
        ("\"a\\n\\t\\x41\\ b\\101\"", "\"a\n\tAbA\""),
        ("\"a\\\nb\"", "\"ab\""),
        ("\"\\C-a\\^b\\M-a\"", "\"\u{1}\u{2}\\341\""),
        ("\"\\u00e9\\e\\d\\s\"", "\"é\u{1b}\u{7f} \""),
        ("\"\\xff\"", "\"\\377\""),
        ("\"\\xff é\"", "\"\\377 é\""),
        ("#b101 #o17 #xFF #24r1k", "5"),
        ("#x-10", "-16"),
        ("-0.0", "-0.0"),
        ("1e3", "1000.0"),
        ("1.0e+INF", "1.0e+INF"),
        ("-0.0e+NaN", "-0.0e+NaN"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("2305843009213693951", "2305843009213693951"),
        ("2305843009213693952", "2305843009213693952"),
        ("\\,", "\\,"),
        ("a\\ b", "a\\ b"),
        ("\\123", "\\123"),
        ("-", "-"),
        ("1+", "1+"),
        ("a?b", "a?b"),
        ("##", "##"),
        ("#:foo", "#:foo"),
        ("#_foo", "foo"),
        ("foo;comment\n", "foo"),
        ("#!/usr/bin/emacs --script\nx", "x"),
        ("#@5abcdex", "x"),
        ("(x . #$)", "(x . \"t.el\")"),
        ("#s(point 1 2)", "#s(point 1 2)"),
        (
            "#s(hash-table test equal data (\"a\" 1 b 2))",
            "#s(hash-table size 2 test equal data (\"a\" 1 b 2))",
        ),
        ("#s(hash-table)", "#s(hash-table size 0 data ())"),
        ("#[(x) \"\\10\\207\" [x] 1]", "#[(x) \"\u{8}\\207\" [x] 1]"),
        ("#&10\"\\377\\377\"", "#&10\"\\377\u{3}\""),
        ("#^[nil nil a]", "#^[nil nil a]"),
        ("#^^[1 0 a]", "#^^[1 0 a]"),
        ("#(\"abc\" 0 1 (face bold))", "#(\"abc\" 0 1 (face bold))"),
        ("#1=(a . #1#)", "#1=(a . #1#)"),
        ("(#1=(a) #1# #1#)", "((a) (a) (a))"),
        ("#1=[x #1# #2=(y #2# #1#)]", "#1=[x #1# #2=(y #2# #1#)]"),
        ("#1=#s(hash-table data (a #1#))", "#1=#s(hash-table size 1 data (a #1#))"),
        ("\u{feff}x", "x"),
        ("a\u{a0}b", "a"),
    ] {
        match read(text) {
            Ok(forms) => assert_eq!(forms.first().map(String::as_str), Some(wanted), "{text}"),
            Err(error) => panic!("{text}: {error}"),
        }
    }
}

#[test]
fn bytes_that_are_no_utf8_are_kept_as_raw_bytes() {
    assert_eq!(read_as(b"\"\xff\xe9\"", Encoding::File).unwrap(), ["\"\\377\\351\""]);
    assert_eq!(read_as("\"é\"".as_bytes(), Encoding::Bytes).unwrap(), ["\"\\303\\251\""]);
}

#[test]
fn an_error_names_file_line_and_column_of_what_is_wrong() {
    for (text, place) in [
        ("\n (a b", "t.el:2:2:"),
        ("(a\n  \"bc", "t.el:2:3:"),
        ("é )", "t.el:1:3:"),
        ("(a]", "t.el:1:3:"),
        ("(a . )", "t.el:1:6:"),
        ("(a . b c)", "t.el:1:8:"),
        ("[a . b]", "t.el:1:4:"),
        ("(' )", "t.el:1:4:"),
        ("?ab", "t.el:1:1:"),
        ("\"\\M-é\"", "t.el:1:2:"),
        ("#&9\"a\"", "t.el:1:1:"),
        ("#7#", "t.el:1:1:"),
        ("#1=#1#", "t.el:1:1:"),
        ("#99r1", "t.el:1:1:"),
        ("#xzz", "t.el:1:1:"),
        ("#<buffer x>", "t.el:1:1:"),
        ("#s()", "t.el:1:1:"),
        ("#s(hash-table test wild)", "t.el:1:1:"),
        ("?\\N{U+110000}", "t.el:1:1:"),
        ("\\", "t.el:1:1:"),
        ("'", "t.el:1:1:"),
    ] {
        let error = read(text).expect_err(text);
        assert!(error.starts_with(place), "{text}: {error}");
    }
}

#[test]
fn an_unknown_character_name_is_noted_not_refused() {
    let (mut heap, mut symbols) = (Heap::new(), symbols::interner());
    let mut source = Source::file("t.el", b"?\\N{NO SUCH NAME}".to_vec());
    let c = source.read(&mut heap, &mut symbols).unwrap().unwrap();
    assert_eq!(c.as_fixnum(), Some(0xFFFD));
    assert_eq!(source.notes, ["t.el:1:1: unknown character name NO SUCH NAME, read as U+FFFD"]);
}
