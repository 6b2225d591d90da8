//! The tokenizer against a table in the manner of `JSONTestSuite` (Nicolas Seriot, "Parsing JSON is
//! a Minefield"): what a reader of RFC 8259 must accept (`y`), must refuse (`n`), and what the RFC
//! leaves to it (`i`: what we do, and why).
#![allow(clippy::too_many_lines)]

use aiglon::ingest::json::{JsonError, Tokenizer};

fn accepts(json: &[u8]) -> bool {
    let read = |size: usize| -> Result<(), JsonError> {
        let mut tokenizer = Tokenizer::new();
        for mut chunk in json.chunks(size) {
            while tokenizer.next(&mut chunk)?.is_some() {}
        }
        tokenizer.finish().map(|_| ())
    };
    let whole = read(json.len().max(1));
    assert_eq!(whole, read(1), "byte by byte");
    whole.is_ok()
}

fn check(expected: bool, cases: &[(&str, &[u8])]) {
    let wrong: Vec<&str> =
        cases.iter().filter(|(_, json)| accepts(json) != expected).map(|&(name, _)| name).collect();
    assert!(wrong.is_empty(), "should {}: {wrong:#?}", if expected { "be accepted" } else { "be refused" });
}

#[test]
fn must_be_accepted() {
    check(
        true,
        &[
            ("array, empty", b"[]"),
            ("array, empty string", b"[\"\"]"),
            ("array, heterogeneous", b"[null, 1, \"1\", {}]"),
            ("array, of arrays", b"[[] ]"),
            ("array, several null", b"[1,null,null,null,2]"),
            ("array, white space before the end", b"[1\n]"),
            ("array, leading space", b" [1]"),
            ("array, trailing space", b"[2] "),
            ("object, empty", b"{}"),
            ("object, empty key", b"{\"\":0}"),
            ("object, basic", b"{\"asd\":\"sdf\"}"),
            ("object, duplicate key", b"{\"a\":\"b\",\"a\":\"c\"}"),
            ("object, duplicate key and value", b"{\"a\":\"b\",\"a\":\"b\"}"),
            ("object, escaped null in a key", b"{\"foo\\u0000bar\":42}"),
            ("object, long numbers", b"{\"min\":-1.0e+28,\"max\":1.0e+28}"),
            ("object, with newlines", b"{\n\"a\": \"b\"\n}"),
            ("object, unicode key", "{\"ключ\":\"значение\"}".as_bytes()),
            ("number", b"[123e65]"),
            ("number, 0e+1", b"[0e+1]"),
            ("number, 0e1", b"[0e1]"),
            ("number, after a space", b"[ 4]"),
            (
                "number, close to zero",
                b"[-0.000000000000000000000000000000000000000000000000000000000000000000000000000001]",
            ),
            ("number, integer with exponent", b"[20e1]"),
            ("number, -0", b"[-0]"),
            ("number, -1", b"[-1]"),
            ("number, negative zero with fraction", b"[-0.0]"),
            ("number, 1E22", b"[1E22]"),
            ("number, 1E-2", b"[1E-2]"),
            ("number, 1E+2", b"[1E+2]"),
            ("number, simple", b"[123.456789]"),
            ("number, alone", b"42"),
            ("number, alone, negative fraction", b"-0.1"),
            ("number, alone, before a newline", b"1\n"),
            ("string, one byte escapes", b"[\"\\u0060\\u012a\\u12AB\"]"),
            ("string, surrogate pair", b"[\"\\uD801\\udc37\"]"),
            ("string, two surrogate pairs", b"[\"\\ud83d\\ude39\\ud83d\\udc8d\"]"),
            ("string, escaped control", b"[\"\\u0012\"]"),
            ("string, escaped noncharacter", b"[\"\\uFFFF\"]"),
            ("string, all short escapes", b"[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]"),
            ("string, backslash and u", b"[\"\\\\u0000\"]"),
            ("string, double quote escaped", b"[\"\\\"\"]"),
            ("string, comment-like", b"[\"a/*b*/c/*d//e\"]"),
            ("string, DEL", b"[\"a\x7fa\"]"),
            ("string, last characters of UTF-8", "[\"\u{10ffff}\u{ffff}\u{1ffff}\"]".as_bytes()),
            ("string, line separators", "[\"\u{2028}\u{2029}\"]".as_bytes()),
            ("string, BOM inside", "[\"\u{feff}\"]".as_bytes()),
            ("string, two, three and four bytes", "[\"é€𝄞\"]".as_bytes()),
            ("string, upper case hex", b"[\"\\uABCD\\uEf01\"]"),
            ("string, space alone", b"\" \""),
            ("string, alone and empty", b"\"\""),
            ("structure, false alone", b"false"),
            ("structure, true alone", b"true"),
            ("structure, null alone", b"null"),
            ("structure, trailing newline", b"[\"a\"]\n"),
            ("structure, all white space", b" \t\r\n[\t\r\n ]\n\r\t "),
            ("structure, 16 deep", b"[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]"),
        ],
    );
}

#[test]
fn must_be_refused() {
    check(
        false,
        &[
            ("nothing", b""),
            ("only space", b" "),
            ("array, 1 true", b"[1 true]"),
            ("array, invalid UTF-8 outside a string", b"[a\xe5]"),
            ("array, colon", b"[\"\": 1]"),
            ("array, comma after the end", b"[\"\"],"),
            ("array, comma and number", b"[,1]"),
            ("array, double comma", b"[1,,2]"),
            ("array, double extra comma", b"[\"x\",,]"),
            ("array, extra end", b"[\"x\"]]"),
            ("array, extra comma", b"[\"\",]"),
            ("array, incomplete", b"[\"x\""),
            ("array, inner array without comma", b"[3[4]]"),
            ("array, just comma", b"[,]"),
            ("array, just minus", b"[-]"),
            ("array, missing value", b"[   , \"\"]"),
            ("array, newlines unclosed", b"[\"a\",\n4\n,1,"),
            ("array, spaces vertical tab", b"[\"\x0ba\"\\f]"),
            ("array, star", b"[*]"),
            ("array, unclosed", b"[1"),
            ("array, unclosed with object", b"[{}"),
            ("array, closed as object", b"[}"),
            ("object, bad value", b"[\"x\", truth]"),
            ("object, bracket key", b"{[: \"x\"}"),
            ("object, comma instead of colon", b"{\"x\", null}"),
            ("object, double colon", b"{\"x\"::\"b\"}"),
            ("object, emoji", "{🇨🇭}".as_bytes()),
            ("object, garbage at the end", b"{\"a\":\"a\" 123}"),
            ("object, key with single quotes", b"{key: 'value'}"),
            ("object, missing colon", b"{\"a\" b}"),
            ("object, missing key", b"{:\"b\"}"),
            ("object, missing value", b"{\"a\":"),
            ("object, no colon", b"{\"a\""),
            ("object, non-string key", b"{1:1}"),
            ("object, null key", b"{null:null,null:null}"),
            ("object, single quote", b"{'a':0}"),
            ("object, several trailing commas", b"{\"id\":0,,,,,}"),
            ("object, trailing comma", b"{\"id\":0,}"),
            ("object, trailing comment", b"{\"a\":\"b\"}/**/"),
            ("object, trailing line comment", b"{\"a\":\"b\"}//"),
            ("object, two commas in a row", b"{\"a\":\"b\",,\"c\":\"d\"}"),
            ("object, unquoted key", b"{a: \"b\"}"),
            ("object, unterminated value", b"{\"a\":\"a"),
            ("object, closed as array", b"{\"a\":1]"),
            ("object, key alone", b"{ \"foo\" : \"bar\", \"a\" }"),
            ("object, trailing hash", b"{\"a\":\"b\"}#{}"),
            ("number, ++", b"[++1234]"),
            ("number, +1", b"[+1]"),
            ("number, +Inf", b"[+Inf]"),
            ("number, -01", b"[-01]"),
            ("number, -1.0.", b"[-1.0.]"),
            ("number, -2.", b"[-2.]"),
            ("number, -NaN", b"[-NaN]"),
            ("number, .-1", b"[.-1]"),
            ("number, .2e-3", b"[.2e-3]"),
            ("number, 0.1.2", b"[0.1.2]"),
            ("number, 0.3e", b"[0.3e]"),
            ("number, 0.3e+", b"[0.3e+]"),
            ("number, 0.e1", b"[0.e1]"),
            ("number, 0E", b"[0E]"),
            ("number, 0E+", b"[0E+]"),
            ("number, 1 000", b"[1 000.0]"),
            ("number, 1eE2", b"[1eE2]"),
            ("number, 2.e3", b"[2.e3]"),
            ("number, 9.e+", b"[9.e+]"),
            ("number, 0x1", b"[0x1]"),
            ("number, 1+2", b"[1+2]"),
            ("number, full-width digit", "[１]".as_bytes()),
            ("number, Infinity", b"[Infinity]"),
            ("number, NaN", b"[NaN]"),
            ("number, minus space", b"[- 1]"),
            ("number, 012", b"[012]"),
            ("number, 00", b"00"),
            ("number, with letter", b"[1.2a-3]"),
            ("number, 1_000", b"[1_000]"),
            ("number, minus alone", b"-"),
            ("string, accent unquoted", "[é]".as_bytes()),
            ("string, backslash 00", b"[\"\\\x00\"]"),
            ("string, escape x", b"[\"\\x00\"]"),
            ("string, escaped emoji", "[\"\\🌀\"]".as_bytes()),
            ("string, escaped backslash bad", b"[\"\\\\\\\"]"),
            ("string, escaped tab character", b"[\"\\\t\"]"),
            ("string, incomplete escape", b"[\"\\\"]"),
            ("string, incomplete unicode escape", b"[\"\\u00A\"]"),
            ("string, incomplete surrogate", b"[\"\\uD834\\uDd\"]"),
            ("string, surrogate then bad escape", b"[\"\\uD800\\uD800\\x\"]"),
            ("string, bad unicode escape", b"[\"\\uqqqq\"]"),
            ("string, upper case U escape", b"[\"\\U0041\"]"),
            ("string, escape a", b"[\"\\a\"]"),
            ("string, escaped single quote", b"[\"\\'\"]"),
            ("string, single quotes", b"['single quote']"),
            ("string, no quotes", b"abc"),
            ("string, start escape unclosed", b"[\"\\"),
            ("string, unescaped newline", b"[\"new\nline\"]"),
            ("string, unescaped tab", b"[\"\t\"]"),
            ("string, unescaped null", b"[\"a\x00a\"]"),
            ("string, unescaped 1f", b"[\"\x1f\"]"),
            ("string, with trailing garbage", b"\"\"x"),
            ("string, lone quote", b"\""),
            ("word, True", b"[True]"),
            ("word, nul", b"[nul]"),
            ("word, nulll", b"[nulll]"),
            ("word, truefalse", b"[truefalse]"),
            ("structure, angle bracket", b"<.>"),
            ("structure, BOM alone", b"\xef\xbb\xbf"),
            ("structure, BOM first", b"\xef\xbb\xbf{}"),
            ("structure, UTF-16", b"[\x00\"\x00\xe9\x00\"\x00]\x00"),
            ("structure, comment", b"[1/*a*/]"),
            ("structure, closing bracket", b"]"),
            ("structure, comma", b","),
            ("structure, form feed", b"[\x0c]"),
            ("structure, vertical tab", b"[\x0b]"),
            ("structure, no-break space", "[\u{a0}]".as_bytes()),
            ("structure, word joiner", "[\u{2060}]".as_bytes()),
            ("structure, null byte after", b"[]\x00"),
            ("structure, two values", b"[] []"),
            ("structure, two numbers", b"1 2"),
            ("structure, end of array in object", b"{\"a\":[1}"),
        ],
    );
}

#[test]
fn left_to_us() {
    // Grammar alone is minded: what a number is worth is its reader's business.
    check(
        true,
        &[
            (
                "number, huge exponent",
                b"[0.4e00669999999999999999999999999999999999999999999999999999999999999999999999]",
            ),
            ("number, huge negative exponent", b"[123e-10000000]"),
            ("number, very big integer", b"[100000000000000000000000000000000000000000000000]"),
            // As Go's encoding/json, which reads them as U+FFFD.
            ("string, lone first surrogate", b"[\"\\uDADA\"]"),
            ("string, lone second surrogate", b"[\"\\uDFAA\"]"),
            ("string, surrogates the wrong way round", b"[\"\\uDd1e\\uD834\"]"),
            ("string, surrogate and newline", b"[\"\\uD800\\n\"]"),
            ("string, surrogate and letter", b"[\"\\ud800abc\"]"),
            ("string, surrogate and a pair", b"[\"\\uD800\\uD800\\uDC00\"]"),
            ("string, not UTF-8", b"[\"\xff\"]"),
            ("string, latin 1", b"[\"\xe9\"]"),
            ("string, UTF-8 surrogate", b"[\"\xed\xa0\x80\"]"),
            ("string, overlong", b"[\"\xc0\xaf\"]"),
            ("string, overlong of six bytes", b"[\"\xfc\x83\xbf\xbf\xbf\xbf\"]"),
            ("string, truncated UTF-8", b"[\"\xe0\xff\"]"),
            ("string, beyond U+10FFFF", b"[\"\xf4\xbf\xbf\xbf\"]"),
            ("string, stray continuation", b"[\"\x81\"]"),
            ("object, not UTF-8 in a key", b"{\"\xb9\":1}"),
        ],
    );
    // A bound, `limits::JSON_DEPTH`.
    check(
        false,
        &[
            ("structure, 17 deep", b"[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]"),
            ("structure, 10000 opening arrays", &[b'['; 10_000]),
        ],
    );
}
