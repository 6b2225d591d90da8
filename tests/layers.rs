//! The layering, held: the core names no IO, clock, async, heap or `unsafe`; its modules name only
//! modules below them; files of one module do not name one another in a circle, and a type has its
//! methods in two files at most; no two public types share a name; limits stand in
//! `src/limits.rs`; only `src/shell/clock.rs` reads a clock; every dependency has its price in
//! docs/performance.md.
//!
//! The sources are read as tokens, without comments, strings and what only tests see. The checker
//! is itself under test, with snippets that break each rule.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The core's modules, a layer each line, from the bottom. Those of the lowest layer may name one
/// another.
const LAYERS: [&[&str]; 7] = [
    &["limits", "text", "time"],
    &["journal", "model"],
    &["config"],
    &["shown"],
    &["command", "http", "incidents", "ingest", "render"],
    &["engine"],
    &["console", "persist"],
];

/// What the core may not name: standard library, heap, clocks, async, `unsafe`, and the shell's
/// crates.
const FORBIDDEN: [&str; 17] = [
    "std",
    "alloc",
    "unsafe",
    "async",
    "await",
    "Future",
    "Poll",
    "Waker",
    "Instant",
    "SystemTime",
    "UNIX_EPOCH",
    "smol",
    "lexopt",
    "nix",
    "static_cell",
    "TcpListener",
    "File",
];

/// Files of one module that name one another in a circle. This list may only become shorter.
const CIRCLES: &[&[&str]] = &[];

/// Types with methods in more than two files, by module, and in how many. This list may only become
/// shorter.
const SCATTERED: &[(&str, &str, usize)] = &[
    ("config", "Config", 6),
    ("config", "Loader", 6),
    ("console", "Teller", 3),
    ("engine", "Engine", 9),
    ("incidents", "Incidents", 7),
    ("render", "Context", 3),
];

/// Columns of a line of comments.
const COMMENT: usize = 100;

/// What reads a clock.
const CLOCKS: [&str; 3] = ["Instant", "SystemTime", "UNIX_EPOCH"];

// ---- reading Rust -------------------------------------------------------------------------------

/// The tokens of a source: words, `::`, and single characters. Comments, strings and numbers are
/// left out.
fn tokens(source: &str) -> Vec<String> {
    let chars: Vec<char> = source.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let (mut out, mut i) = (Vec::new(), 0);
    while i < chars.len() {
        let c = at(i);
        if c == '/' && at(i + 1) == '/' {
            while i < chars.len() && at(i) != '\n' {
                i += 1;
            }
        } else if c == '/' && at(i + 1) == '*' {
            let mut depth = 0;
            loop {
                match (at(i), at(i + 1)) {
                    ('/', '*') => (depth, i) = (depth + 1, i + 2),
                    ('*', '/') => (depth, i) = (depth - 1, i + 2),
                    _ => i += 1,
                }
                if depth == 0 || i >= chars.len() {
                    break;
                }
            }
        } else if c == '"' {
            i = after_string(&chars, i);
        } else if c == '\'' {
            // A character, or a lifetime.
            if at(i + 1) == '\\' {
                i += 3;
                while i < chars.len() && at(i) != '\'' {
                    i += 1;
                }
                i += 1;
            } else if at(i + 2) == '\'' {
                i += 3;
            } else {
                i += 1;
            }
        } else if c.is_alphanumeric() || c == '_' {
            let start = i;
            while at(i).is_alphanumeric() || at(i) == '_' {
                i += 1;
            }
            let word: String = chars[start..i].iter().collect();
            let hashes = (0..9).take_while(|n| at(i + n) == '#').count();
            if matches!(word.as_str(), "r" | "br" | "cr") && at(i + hashes) == '"' {
                let end: String = std::iter::once('"').chain((0..hashes).map(|_| '#')).collect();
                let rest: String = chars[i + hashes + 1..].iter().collect();
                i += hashes + 1 + rest[..rest.find(&end).unwrap()].chars().count() + end.len();
            } else if matches!(word.as_str(), "b" | "c") && at(i) == '"' {
                i = after_string(&chars, i);
            } else if !word.starts_with(|c: char| c.is_ascii_digit()) {
                out.push(word);
            }
        } else if c == ':' && at(i + 1) == ':' {
            out.push("::".to_owned());
            i += 2;
        } else {
            if !c.is_whitespace() {
                out.push(c.to_string());
            }
            i += 1;
        }
    }
    out
}

/// The place behind a string that opens at `i`.
fn after_string(chars: &[char], mut i: usize) -> usize {
    i += 1;
    while i < chars.len() && chars[i] != '"' {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    i + 1
}

fn is(tokens: &[String], at: usize, words: &[&str]) -> bool {
    words.iter().enumerate().all(|(n, word)| tokens.get(at + n).is_some_and(|token| token == word))
}

/// The place behind what the bracket at `at` encloses.
fn after_group(tokens: &[String], at: usize) -> usize {
    let mut depth = 0;
    for (i, token) in tokens.iter().enumerate().skip(at) {
        match token.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return i + 1;
        }
    }
    tokens.len()
}

/// The place behind the item that begins at `at`.
fn after_item(tokens: &[String], mut at: usize) -> usize {
    while is(tokens, at, &["#", "["]) {
        at = after_group(tokens, at + 1);
    }
    let visible = usize::from(is(tokens, at, &["pub"]));
    let first =
        if is(tokens, at + visible, &["("]) { after_group(tokens, at + visible) } else { at + visible };
    let ends_with_semicolon =
        ["use", "static", "type", "extern"].iter().any(|word| is(tokens, first, &[word]))
            || (is(tokens, first, &["const"]) && !is(tokens, first + 1, &["fn"]));
    let mut i = first;
    while i < tokens.len() {
        match tokens[i].as_str() {
            ";" => return i + 1,
            "{" if !ends_with_semicolon => return after_group(tokens, i),
            "(" | "[" | "{" => i = after_group(tokens, i),
            _ => i += 1,
        }
    }
    i
}

/// Takes out what only tests see. Also returns the modules that are such, and stand in files of
/// their own.
fn without_tests(tokens: &[String]) -> (Vec<String>, Vec<String>) {
    let (mut out, mut modules, mut i) = (Vec::new(), Vec::new(), 0);
    while i < tokens.len() {
        if is(tokens, i, &["#", "[", "cfg", "(", "test", ")", "]"]) {
            let end = after_item(tokens, i);
            let item = &tokens[i..end];
            if let Some(n) = item.iter().position(|token| token == "mod")
                && is(item, n + 2, &[";"])
            {
                modules.push(item[n + 1].clone());
            }
            i = end;
        } else {
            out.push(tokens[i].clone());
            i += 1;
        }
    }
    (out, modules)
}

/// The modules at the root of the crate that paths lead to, from a module so many levels deep.
fn roots(tokens: &[String], depth: usize) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for i in 0..tokens.len() {
        let starts = ["crate", "super"].contains(&tokens[i].as_str()) && is(tokens, i + 1, &["::"]);
        let within = i > 1 && tokens[i - 1] == "::" && tokens[i - 2] != "self";
        if starts && !within {
            follow(tokens, i, depth, &mut out);
        }
    }
    out
}

fn follow(tokens: &[String], mut at: usize, mut depth: usize, out: &mut BTreeSet<String>) -> usize {
    while let Some(token) = tokens.get(at) {
        match token.as_str() {
            "crate" => depth = 0,
            "super" => depth = depth.saturating_sub(1),
            "self" | "::" => {}
            "{" => {
                let end = after_group(tokens, at);
                at += 1;
                while at < end - 1 {
                    at = follow(tokens, at, depth, out);
                    while at < end - 1 && tokens[at] != "," {
                        at = if tokens[at] == "{" { after_group(tokens, at) } else { at + 1 };
                    }
                    at += 1;
                }
                return end;
            }
            name => {
                if depth == 0 && name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
                    out.insert(name.to_owned());
                }
                return at + 1;
            }
        }
        at += 1;
    }
    at
}

/// The paths that begin with `crate`, `super` or `self`, from the root of the crate, as a module
/// names them.
fn paths(tokens: &[String], module: &[String]) -> Vec<Vec<String>> {
    let mut out = Vec::new();
    for i in 0..tokens.len() {
        let starts = ["crate", "super", "self"].contains(&tokens[i].as_str()) && is(tokens, i + 1, &["::"]);
        if starts && (i == 0 || tokens[i - 1] != "::") {
            expand(tokens, i, module.to_vec(), &mut out);
        }
    }
    out
}

fn expand(tokens: &[String], mut at: usize, mut prefix: Vec<String>, out: &mut Vec<Vec<String>>) -> usize {
    while let Some(token) = tokens.get(at) {
        match token.as_str() {
            "crate" => prefix.clear(),
            "super" => _ = prefix.pop(),
            "self" => {}
            "{" => {
                let end = after_group(tokens, at);
                at += 1;
                while at < end - 1 {
                    at = expand(tokens, at, prefix.clone(), out);
                    while at < end - 1 && tokens[at] != "," {
                        at += 1;
                    }
                    at += 1;
                }
                return end;
            }
            name if name.starts_with(|c: char| c.is_alphabetic() || c == '_') => prefix.push(name.to_owned()),
            _ => return at,
        }
        at += 1;
        if !is(tokens, at, &["::"]) {
            out.push(prefix);
            return at;
        }
        at += 1;
    }
    at
}

/// The types that have methods of their own in a source: `impl TYPE`, but not `impl TRAIT for
/// TYPE`.
fn with_methods(tokens: &[String]) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for i in (0..tokens.len()).filter(|&i| tokens[i] == "impl") {
        // Anywhere else it stands for a type.
        if i > 0 && !["}", ";", "]", "{"].contains(&tokens[i - 1].as_str()) {
            continue;
        }
        let (mut depth, mut name) = (0u32, "");
        for token in &tokens[i + 1..] {
            match token.as_str() {
                "<" => depth += 1,
                ">" => depth = depth.saturating_sub(1),
                "{" | "where" => break,
                "for" if depth == 0 => name = "for",
                word if depth == 0 && name != "for" && word != "::" => name = word,
                _ => {}
            }
        }
        if name != "for" {
            out.insert(name.to_owned());
        }
    }
    out
}

/// The types that a source declares for other files: the visibility stands in front of the word.
fn public_types(tokens: &[String]) -> Vec<String> {
    let mut out = Vec::new();
    for i in (0..tokens.len()).filter(|&i| tokens[i] == "pub") {
        let at = if is(tokens, i + 1, &["("]) { after_group(tokens, i + 1) } else { i + 1 };
        let declares = ["struct", "enum", "trait", "type"].iter().any(|word| is(tokens, at, &[word]));
        out.extend(tokens.get(at + 1).filter(|_| declares).cloned());
    }
    out
}

/// The constants of a source that bound something: a span of time, or a name that says so. A
/// constant that is derived from others in capitals, `A_BYTES * 2` say, bounds nothing by itself.
fn own_limits(tokens: &[String]) -> Vec<String> {
    let mut out = Vec::new();
    for i in (0..tokens.len()).filter(|&i| tokens[i] == "const" && is(tokens, i + 2, &[":"])) {
        let name = &tokens[i + 1];
        let end = tokens[i..].iter().position(|token| token == ";").map_or(tokens.len(), |at| i + at);
        let (kind, value) = (&tokens[i + 3], &tokens[(i + 4).min(end)..end]);
        let is_span = ["Millis", "Duration"].contains(&kind.as_str());
        let is_named = ["_MAX", "_MIN", "_MOST", "_LEAST", "_TIME", "_TURN", "TRIES"]
            .iter()
            .any(|part| name.ends_with(part));
        let is_upper = |word: &String| word.starts_with(char::is_alphabetic) && word.to_uppercase() == *word;
        let is_derived = value.iter().any(|word| word.len() > 1 && is_upper(word));
        if (is_span || is_named) && !is_derived {
            out.push(name.clone());
        }
    }
    out
}

// ---- the rules ----------------------------------------------------------------------------------

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// What is wrong with a source of the core, at this path of modules (`["engine", "flow"]`; the
/// root: none).
fn faults(path: &[&str], source: &str) -> Vec<String> {
    let (tokens, _) = without_tests(&tokens(source));
    let mut faults = Vec::new();
    for word in FORBIDDEN {
        if tokens.iter().any(|token| token == word) {
            faults.push(format!("names {word}"));
        }
    }
    for (i, token) in tokens.iter().enumerate() {
        if is(&tokens, i, &["extern", "crate"]) {
            faults.push("links a crate".to_owned());
        }
        if is(&tokens, i, &["core", "::", "fmt"]) {
            faults.push("names core::fmt".to_owned());
        }
        if token == "log" && is(&tokens, i + 1, &["::"]) {
            faults.push("logs".to_owned());
        }
    }
    let Some((&own, rest)) = path.split_first() else { return faults };
    for root in roots(&tokens, rest.len() + 1) {
        match (layer(&root), layer(own)) {
            _ if root == own => {}
            (Some(0), Some(0)) => {}
            (Some(below), Some(above)) if below < above => {}
            _ => faults.push(format!("{own} names {root}, which is not below it")),
        }
    }
    faults
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below a directory, in order, but for what builds left (`tests/fuzz/target`).
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    let (dirs, files): (Vec<_>, Vec<_>) = entries.into_iter().partition(|path| path.is_dir());
    let files = files.into_iter().filter(|path| path.extension().is_some_and(|ext| ext == "rs"));
    let dirs = dirs.iter().filter(|path| !path.ends_with("target"));
    files.chain(dirs.flat_map(|dir| self::files(dir))).collect()
}

/// The sources of the core, without the shell.
fn core() -> Vec<(Vec<String>, String)> {
    sources().into_iter().filter(|(module, _)| module.first().is_none_or(|root| root != "shell")).collect()
}

/// All sources: the path of the module, and the text. Without files that only tests see.
fn sources() -> Vec<(Vec<String>, String)> {
    let src = root().join("src");
    let mut sources = Vec::new();
    for path in files(&src) {
        let within = path.strip_prefix(&src).unwrap();
        let mut module: Vec<String> =
            within.with_extension("").iter().map(|part| part.to_str().unwrap().to_owned()).collect();
        if module == ["main"] {
            continue;
        }
        if ["mod", "lib"].contains(&module.last().unwrap().as_str()) {
            module.pop();
        }
        sources.push((module, fs::read_to_string(&path).unwrap()));
    }
    // What the build writes is of the module that includes it.
    for (name, module) in
        [("floor.rs", "time"), ("lang.rs", "model"), ("words.rs", "render"), ("fragments.rs", "render")]
    {
        let text = fs::read_to_string(Path::new(env!("OUT_DIR")).join(name)).unwrap();
        sources.push((vec![module.to_owned(), name.replace(".rs", "")], text));
    }
    let mut only_tests: Vec<Vec<String>> = Vec::new();
    for (module, text) in &sources {
        for name in without_tests(&tokens(text)).1 {
            only_tests.push(module.iter().cloned().chain([name]).collect());
        }
    }
    sources.retain(|(module, _)| !only_tests.iter().any(|only| module.starts_with(only)));
    sources
}

#[test]
fn the_core_names_only_what_is_below() {
    let sources = core();
    assert!(sources.len() > 40, "the sources have moved: {}", sources.len());
    let mut all = Vec::new();
    for (module, text) in &sources {
        let path: Vec<&str> = module.iter().map(String::as_str).collect();
        all.extend(faults(&path, text).into_iter().map(|fault| format!("{}: {fault}", module.join("::"))));
    }
    assert!(all.is_empty(), "{all:#?}");
}

/// Which file names which, within each module; a module and what lies below it are one thing here,
/// since the parts of a house stand in it.
fn files_named(sources: &[(Vec<String>, String)]) -> BTreeMap<String, BTreeSet<String>> {
    let known: BTreeSet<&[String]> = sources.iter().map(|(module, _)| module.as_slice()).collect();
    let mut named = BTreeMap::<String, BTreeSet<String>>::new();
    for (module, text) in sources {
        let (tokens, _) = without_tests(&tokens(text));
        let own = named.entry(module.join("::")).or_default();
        for path in paths(&tokens, module) {
            let file = (1..=path.len()).rev().map(|length| &path[..length]).find(|path| known.contains(path));
            let Some(file) = file else { continue };
            if file[0] == module[0] && !module.starts_with(file) && !file.starts_with(module) {
                own.insert(file.join("::"));
            }
        }
    }
    named
}

/// Files that can all be reached from one another, in order.
fn circles(named: &BTreeMap<String, BTreeSet<String>>) -> Vec<Vec<String>> {
    let reached = |from: &String| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
        while let Some(file) = next.pop() {
            next.extend(named.get(file).into_iter().flatten().filter(|file| seen.insert((*file).clone())));
        }
        seen
    };
    let all: BTreeMap<_, _> = named.keys().map(|file| (file, reached(file))).collect();
    let circle = |file: &String| -> Vec<String> {
        all[file]
            .iter()
            .filter(|other| all.get(other).is_some_and(|back| back.contains(file)))
            .cloned()
            .collect()
    };
    let found: BTreeSet<_> = named.keys().map(circle).filter(|circle| circle.len() > 1).collect();
    found.into_iter().collect()
}

#[test]
fn no_files_of_a_module_name_one_another_in_a_circle() {
    assert_eq!(circles(&files_named(&sources())), CIRCLES);
}

#[test]
fn a_type_has_its_methods_in_two_files_at_most() {
    let mut files = BTreeMap::<(String, String), usize>::new();
    for (module, text) in sources().iter().filter(|(module, _)| !module.is_empty()) {
        for name in with_methods(&without_tests(&tokens(text)).0) {
            *files.entry((module[0].clone(), name)).or_default() += 1;
        }
    }
    let found = files.iter().filter(|(_, count)| **count > 2);
    let found: Vec<_> =
        found.map(|((module, name), count)| (module.as_str(), name.as_str(), *count)).collect();
    assert_eq!(found, SCATTERED);
}

/// One name has one meaning, so that a reader need not look where it comes from.
#[test]
fn no_two_public_types_share_a_name() {
    let mut places = BTreeMap::<String, Vec<String>>::new();
    for (module, text) in sources() {
        // A fragment is called after the thing that it shows.
        if module == ["render", "fragments"] {
            continue;
        }
        for name in public_types(&without_tests(&tokens(&text)).0) {
            places.entry(name).or_default().push(module.join("::"));
        }
    }
    assert!(places.len() > 200, "the sources have moved: {}", places.len());
    places.retain(|_, modules| modules.len() > 1);
    assert!(places.is_empty(), "{places:#?}");
}

#[test]
fn limits_stand_in_one_file() {
    let mut found = Vec::new();
    for (module, text) in sources() {
        if module != ["limits"] && module != ["time"] {
            let names = own_limits(&without_tests(&tokens(&text)).0);
            found.extend(names.into_iter().map(|name| format!("{}: {name}", module.join("::"))));
        }
    }
    assert!(found.is_empty(), "these belong to src/limits.rs: {found:#?}");
}

#[test]
fn the_core_is_no_std_and_its_doc_tells_the_layers() {
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let (tokens, _) = without_tests(&tokens(&text));
    assert!((0..tokens.len()).any(|i| is(&tokens, i, &["#", "!", "[", "no_std", "]"])));
    let declared: BTreeSet<_> = (0..tokens.len())
        .filter(|&i| is(&tokens, i, &["pub", "mod"]))
        .map(|i| tokens[i + 2].as_str())
        .collect();
    assert_eq!(declared, LAYERS.iter().flat_map(|layer| layer.iter().copied()).collect());

    let doc: String = text.lines().filter_map(|line| line.strip_prefix("//! ")).collect::<Vec<_>>().join(" ");
    let told = doc.split("from the bottom: ").nth(1).unwrap().split('.').next().unwrap();
    let told: Vec<Vec<&str>> =
        told.split(';').map(|layer| layer.split('`').skip(1).step_by(2).collect()).collect();
    assert_eq!(told, LAYERS);
}

#[test]
fn unsafe_code_is_forbidden() {
    let cargo = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let lints = cargo.split("[lints.rust]").nth(1).unwrap().split('[').next().unwrap();
    assert!(lints.lines().any(|line| line.trim() == "unsafe_code = \"forbid\""), "{lints}");
    for path in files(&root().join("src")) {
        let tokens = tokens(&fs::read_to_string(&path).unwrap());
        assert!(!tokens.iter().any(|token| token == "unsafe"), "{}", path.display());
    }
}

#[test]
fn one_file_reads_the_clocks() {
    let readers: Vec<_> = files(&root().join("src"))
        .into_iter()
        .filter(|path| {
            let (tokens, _) = without_tests(&tokens(&fs::read_to_string(path).unwrap()));
            tokens.iter().any(|token| CLOCKS.contains(&token.as_str()))
        })
        .collect();
    assert_eq!(readers, [root().join("src/shell/clock.rs")]);
}

#[test]
fn every_dependency_has_its_price() {
    let cargo = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let table = cargo.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    let names: Vec<_> = table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| Some(line.split_once('=')?.0.trim()))
        .collect();
    assert!(names.len() > 5, "{names:?}");
    let prices = fs::read_to_string(root().join("docs/performance.md")).unwrap();
    let prices = prices.split("What each dependency costs").nth(1).unwrap();
    for name in names {
        assert!(prices.lines().any(|line| line.starts_with(&format!("| `{name}` |"))), "{name}");
    }
}

// ---- the checker, checked -----------------------------------------------------------------------

#[test]
fn the_checker_sees_each_violation() {
    for (path, source, expected) in [
        // What is allowed.
        (&["engine", "flow"][..], "use super::alerts::Held; use crate::config::Config;", ""),
        (&["time", "tz"], "use crate::limits::ABBREVIATION_BYTES;", ""),
        (&["http", "auth"], "use crate::config::Token; use crate::http::Status; use super::head::Head;", ""),
        (
            &["config", "load"],
            "pub(super) fn f() {} pub(crate) struct S; pub(in crate::config) struct T;",
            "",
        ),
        (
            &["model"],
            "//! see [`crate::engine`]\n/* std::net /* and */ async */ const S: &str = \"std::net\";",
            "",
        ),
        (&["model"], "const S: &str = r#\"a \" std::net\"#; const C: char = '\"'; fn f<'a>() {}", ""),
        (&["model"], "#[cfg(test)]\nmod tests { use std::vec::Vec; }\n#[cfg(test)] extern crate std;", ""),
        (&["model"], "#[cfg(test)] use std::{a, b}; #[cfg(test)] const ALL: [u8; 1] = [{ std::f() }];", ""),
        (&[], "pub mod engine; use crate::engine::Engine;", ""),
        // What is not.
        (&["model"], "use std::net::TcpStream;", "names std"),
        (&["model"], "fn f() { ::std::process::exit(1) }", "names std"),
        (&["model"], "use alloc::vec::Vec;", "names alloc"),
        (&["model"], "extern crate std as s;", "names std; links a crate"),
        (&[], "extern crate alloc;", "names alloc; links a crate"),
        (&["engine"], "async fn f() {}", "names async"),
        (&["engine"], "use core::future::Future;", "names Future"),
        (&["engine"], "fn f() { Instant::now(); }", "names Instant"),
        (&["text"], "unsafe fn f() {}", "names unsafe"),
        (&["text"], "use core::fmt::Write;", "names core::fmt"),
        (&["http"], "log::info!(\"\");", "logs"),
        (&["model"], "#[cfg(not(test))]\nuse std::vec::Vec;", "names std"),
        (&["model"], "#[cfg(test)]\nmod tests { }\nuse std::vec::Vec;", "names std"),
        (&["model"], "#[cfg(test)]\nuse a::{b, c};\nuse std::vec::Vec;", "names std"),
        (&["model"], "use crate::config::Config;", "model names config, which is not below it"),
        (&["model", "ids"], "fn f(x: crate::engine::E) {}", "model names engine, which is not below it"),
        (
            &["config", "load"],
            "use crate::{limits::X, http::{a, b}};",
            "config names http, which is not below it",
        ),
        (&["ingest", "json"], "use super::super::http::Status;", "ingest names http, which is not below it"),
        (&["limits"], "use super::model::State;", "limits names model, which is not below it"),
        (&["render"], "use super::{config, engine::{Engine}};", "render names engine, which is not below it"),
        (
            &["http", "a"],
            "use super::{super::{model, engine}, b};",
            "http names engine, which is not below it",
        ),
        (&["http", "a"], "use self::super::super::ingest::X;", "http names ingest, which is not below it"),
        (&["http"], "use crate::surprise::X;", "http names surprise, which is not below it"),
    ] {
        assert_eq!(faults(path, source).join("; "), expected, "{path:?}: {source}");
    }
}

#[test]
fn the_checker_sees_each_circle() {
    let circles = |sources: &[(&str, &str)]| {
        let owned = |(module, text): &(&str, &str)| {
            (module.split("::").map(str::to_owned).collect::<Vec<_>>(), (*text).to_owned())
        };
        let found = circles(&files_named(&sources.iter().map(owned).collect::<Vec<_>>()));
        found.iter().map(|circle| circle.join(" ")).collect::<Vec<_>>().join("; ")
    };
    for (sources, expected) in [
        (&[("a", "mod x;"), ("a::x", "use super::y::Y;"), ("a::y", "use super::X;")][..], ""),
        (&[("a::x", "use super::y::Y;"), ("a::y", "use super::x::X;")], "a::x a::y"),
        (&[("a::x", "use super::{z, y::{self, Y}};"), ("a::y", "fn f() { crate::a::x::g() }")], "a::x a::y"),
        (
            &[("a::x", "use super::y::Y;"), ("a::y", "use super::z;"), ("a::z", "use crate::a::{x::X};")],
            "a::x a::y a::z",
        ),
        // A house and its rooms; another house; what only tests see.
        (&[("a::x", "use self::y::Y;"), ("a::x::y", "use super::X; use crate::a::x::Z;")], ""),
        (&[("a::x::y", "use super::super::z::Z;"), ("a::z", "use super::x::y::Y;")], "a::x::y a::z"),
        (&[("a::x", "use crate::b::y;"), ("b::y", "use crate::a::x;")], ""),
        (&[("a::x", "use super::y;"), ("a::y", "#[cfg(test)] mod tests { use super::super::x; }")], ""),
    ] {
        assert_eq!(circles(sources), expected, "{sources:?}");
    }
}

#[test]
fn the_checker_sees_who_has_methods() {
    let source = "impl A { fn f() -> impl Iterator<Item = u8> {} } #[cfg(x)] impl<'a, T: Fn(u8)> B<'a, T> {} \
                  impl D for C {} impl<T> E<T> for C where T: F {} impl super::G { fn g(x: impl H) {} }";
    assert_eq!(with_methods(&tokens(source)), ["A", "B", "G"].map(str::to_owned).into());
}

#[test]
fn the_checker_sees_public_types() {
    let source = "pub struct A; pub(super) enum B {} pub(in super::x) trait C {} pub type D = A; struct E; \
                  pub const F: u8 = 0; pub fn g() -> Option<A> {}";
    assert_eq!(public_types(&tokens(source)), ["A", "B", "C", "D"]);
}

#[test]
fn the_checker_sees_limits() {
    let source = "const A: Millis = Millis(5); pub const B: Duration = Duration::from_secs(1); \
                  const C_MAX: usize = 7; const TRIES: u8 = 3; const D: Millis = Millis(C_MAX.0 + 1000); \
                  const E: [u8; 4] = *b\"abcd\"; const fn f(a: Millis) {} const G: usize = 8;";
    assert_eq!(own_limits(&tokens(source)), ["A", "B", "C_MAX", "TRIES"]);
}

#[test]
fn modules_of_tests_are_known() {
    let source = "#[cfg(test)]\npub(crate) mod testing;\n#[cfg(test)]\nmod tests;\nmod real;\n#[cfg(test)] mod inner {}";
    assert_eq!(without_tests(&tokens(source)).1, ["testing", "tests"]);
}

/// The bytes of the sections of an ELF file (System V ABI, chapter 4) whose names pass.
fn section_bytes(elf: &[u8], wanted: impl Fn(&str) -> bool) -> u64 {
    let wide = elf[4] == 2;
    let number = |at: usize, bytes: usize| {
        let bytes = elf[at..at + bytes].iter();
        let fold = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        if elf[5] == 1 { bytes.rev().fold(0, fold) } else { bytes.fold(0, fold) }
    };
    let word = if wide { 8 } else { 4 };
    let at = |wide_at: usize, narrow_at: usize| if wide { wide_at } else { narrow_at };
    let sections = usize::try_from(number(at(40, 32), word)).unwrap();
    let (size, count, names) = (number(at(58, 46), 2), number(at(60, 48), 2), number(at(62, 50), 2));
    let header = |index: u64| sections + usize::try_from(index * size).unwrap();
    let offset = |header: usize| usize::try_from(number(header + at(24, 16), word)).unwrap();
    let names = offset(header(names));
    let name = |header: usize| {
        let start = names + usize::try_from(number(header, 4)).unwrap();
        let len = elf[start..].iter().position(|&byte| byte == 0).unwrap();
        std::str::from_utf8(&elf[start..start + len]).unwrap()
    };
    let found = (0..count).map(header).filter(|&header| wanted(name(header)));
    found.map(|header| number(header + at(32, 20), word)).sum()
}

#[test]
fn the_stores_are_zero_when_new_and_cost_no_bytes_of_the_file() {
    let elf = fs::read(env!("CARGO_BIN_EXE_aiglon")).unwrap();
    let data = section_bytes(&elf, |name| name == ".data");
    let zero = section_bytes(&elf, |name| name == ".bss");
    assert!(
        data < 32_768,
        "a store has become {data} bytes of .data: which of its first values is not zero?"
    );
    assert!(zero > 1_000_000, "the stores are somewhere else: .bss has {zero} bytes");
}

#[test]
fn comments_are_narrow() {
    let mut wrong = Vec::new();
    for folder in ["src", "tests", "www"] {
        for path in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)) {
            let text = fs::read_to_string(&path).unwrap();
            let wide = |line: &str| line.trim_start().starts_with("//") && line.chars().count() > COMMENT;
            let lines = (1..).zip(text.lines()).filter(|(_, line)| wide(line));
            wrong.extend(lines.map(|(number, _)| format!("{}:{number}", path.display())));
        }
    }
    assert!(wrong.is_empty(), "comments of more than {COMMENT} columns: {wrong:#?}");
}

/// What tells something to visitors asks `shown` which services and components there are: it leaves
/// out what `option page '0'` hides.
#[test]
fn what_is_told_to_visitors_goes_through_the_fold() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seen = 0;
    for file in fs::read_dir(root.join("src/render")).unwrap() {
        let path = file.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        for name in ["services_of(", "components_of(", "config.parts_at(", "config.services.iter"] {
            let found = text.lines().find(|line| line.contains(name));
            assert_eq!(found, None, "{}", path.display());
        }
        seen += text.matches("shown::services(").count() + text.matches("shown::parts").count();
    }
    assert!(seen > 10, "{seen}");
}
