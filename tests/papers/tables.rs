//! The tables of docs/limits.md and docs/configuration.md, made of `src/limits.rs`, of
//! `src/config/schema.rs`, and of what `config.example` says of each option.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use aiglon::limits;

use crate::{hold, read};

/// Puts text between two marks of a paper.
fn between(paper: &str, mark: &str, text: &str) {
    let whole = read(paper);
    let (begin, end) = (format!("<!-- {mark} -->\n"), format!("<!-- /{mark} -->"));
    let (before, rest) = whole.split_once(&begin).unwrap_or_else(|| panic!("{paper} has no {begin}"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("{paper} has no {end}"));
    hold(paper, &[before, &begin, "\n", text, "\n", &end, after].concat());
}

// ---- limits ---------------------------------------------------------------------------------

/// A constant of `src/limits.rs`.
struct Limit {
    part: String,
    name: String,
    millis: bool,
    value: u64,
    says: String,
}

/// What the numbers and names of an expression come to.
fn value(expression: &str, known: &BTreeMap<String, String>) -> u64 {
    let expression = expression.trim();
    if expression.contains("cfg!") {
        // It differs from build to build.
        return limits::JOURNAL_BYTES.into();
    }
    if let Some((unit, inner)) = expression.strip_prefix("Millis").and_then(|rest| rest.split_once('(')) {
        let each = match unit {
            "::from_mins" => 60_000,
            "::from_secs" => 1000,
            _ => 1,
        };
        return value(inner.trim_end_matches(')'), known) * each;
    }
    if let Some((left, right)) = expression.rsplit_once(" - ") {
        return value(left, known) - value(right, known);
    }
    if let Some((left, right)) = expression.rsplit_once(" / ") {
        return value(left, known) / value(right, known);
    }
    if let Some((left, right)) = expression.rsplit_once(" * ") {
        return value(left, known) * value(right, known);
    }
    match known.get(expression.trim_end_matches(" as usize")) {
        Some(other) => value(other, known),
        None => expression.replace('_', "").parse().unwrap_or_else(|_| panic!("what is {expression}?")),
    }
}

/// A doc comment as Markdown that leads nowhere: links to other items become code.
fn plain(doc: &str) -> String {
    let mut out = String::new();
    let mut rest = doc;
    while let Some((before, after)) = rest.split_once("[`") {
        let (name, after) = after.split_once("`]").unwrap();
        out += before;
        write!(out, "`{name}`").unwrap();
        rest = match after.strip_prefix('(') {
            Some(path) => path.split_once(')').unwrap().1,
            None => after,
        };
    }
    out + rest
}

fn all_limits() -> Vec<Limit> {
    let (mut known, mut out) = (BTreeMap::new(), Vec::new());
    let (mut part, mut says) = (String::new(), String::new());
    let text = read("src/limits.rs");
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(heading) = line.strip_prefix("// ---- ") {
            heading.trim_end_matches(['-', ' ']).clone_into(&mut part);
        } else if let Some(doc) = line.strip_prefix("/// ") {
            says += doc;
            says += " ";
        } else if let Some(item) = line.strip_prefix("pub const ") {
            let mut item = item.to_owned();
            while !item.ends_with(';') {
                item += lines.next().unwrap().trim();
            }
            let (name, rest) = item.split_once(": ").unwrap();
            let (kind, expression) = rest.trim_end_matches(';').split_once(" = ").unwrap();
            let millis = kind == "Millis";
            known.insert(name.to_owned(), expression.to_owned());
            let says = plain(std::mem::take(&mut says).trim());
            out.push(Limit { part: part.clone(), name: name.to_owned(), millis, value: 0, says });
        }
    }
    for limit in &mut out {
        limit.value = value(&known[&limit.name], &known);
    }
    out
}

/// 65,536; or 5 min, where it is a span of time.
fn shown(limit: &Limit) -> String {
    if limit.name == "JOURNAL_BYTES" {
        // It differs from build to build.
        return "65,536 or 262,144".to_owned();
    }
    if limit.millis {
        for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000), ("ms", 1)] {
            if limit.value >= size && limit.value.is_multiple_of(size) {
                return format!("{} {unit}", limit.value / size);
            }
        }
    }
    let digits = limit.value.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[test]
fn limits_are_those_of_the_code() {
    let all = all_limits();
    assert!(all.len() > 100, "{}", all.len());
    let mut table = String::new();
    let mut part = "";
    for limit in &all {
        if limit.part != part {
            part = &limit.part;
            let mut letters = part.chars();
            let first: String = letters.next().unwrap().to_uppercase().collect();
            let heading = first + letters.as_str();
            let gap = if table.is_empty() { "" } else { "\n" };
            write!(table, "{gap}## {heading}\n\n| constant | value | what it is |\n| --- | ---: | --- |\n")
                .unwrap();
        }
        writeln!(table, "| `{}` | {} | {} |", limit.name, shown(limit), limit.says.replace('|', "\\|"))
            .unwrap();
    }
    between("docs/limits.md", "limits", &table);
}

/// The test reads the numbers as the compiler does.
#[test]
fn numbers_are_read_as_the_compiler_reads_them() {
    let all = all_limits();
    for (name, value) in [
        ("SITES", limits::SITES as u64),
        ("COMPONENTS", limits::COMPONENTS as u64),
        ("DURATION_SECS", limits::DURATION_SECS.into()),
        ("BODY_BYTES", limits::BODY_BYTES),
        ("DETAIL_BYTES", limits::DETAIL_BYTES as u64),
        ("JOURNAL_BYTES_FULL", limits::JOURNAL_BYTES_FULL.into()),
        ("CLOCK_BELIEVED", limits::CLOCK_BELIEVED.0.into()),
        ("SSH_REJECT_TIME", limits::SSH_REJECT_TIME.0.into()),
        ("GUNZIP_TIME", limits::GUNZIP_TIME.0.into()),
    ] {
        let found = all.iter().find(|limit| limit.name == name).unwrap();
        assert_eq!(found.value, value, "{name}");
    }
}

// ---- languages ------------------------------------------------------------------------------

/// What a catalogue says of itself.
fn of_catalogue(text: &str, key: &str) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
    line.unwrap_or_else(|| panic!("no {key}")).to_owned()
}

#[test]
fn languages_are_those_of_the_catalogues() {
    let compiler = read("www/compiler/catalogue.rs");
    let small = compiler.split_once("const SMALL: [&str; 4] = [").unwrap().1.split_once("];").unwrap().0;
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("www/lang");
    let mut tags: Vec<String> = std::fs::read_dir(dir)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .map(|name| name.strip_suffix(".txt").unwrap().to_owned())
        .collect();
    tags.sort();
    assert!(tags.len() >= 9, "{tags:?}");
    let mut table =
        "| tag | language | in the small build | in the full build | read by a native speaker |\n\
         | --- | --- | --- | --- | --- |\n"
            .to_owned();
    for tag in tags {
        let text = read(&format!("www/lang/{tag}.txt"));
        let is_small = if small.contains(&format!("{tag:?}")) { "yes" } else { "no" };
        let (name, is_read) = (of_catalogue(&text, "lang.name"), of_catalogue(&text, "lang.read"));
        writeln!(table, "| `{tag}` | {name} | {is_small} | yes | {is_read} |").unwrap();
    }
    between("docs/configuration.md", "languages", &table);
}

// ---- options --------------------------------------------------------------------------------

/// An option that a section may have.
pub(crate) struct OptionRow {
    pub(crate) section: String,
    pub(crate) name: String,
    /// It may stand several times.
    pub(crate) many: bool,
    /// It may be given per language.
    pub(crate) text: bool,
    pub(crate) required: bool,
    /// A value, as `config.example` has it; of a long one, the beginning.
    pub(crate) value: String,
    /// What `config.example` says of it.
    pub(crate) says: String,
}

/// What `config.example` says of each option: by section and name, its first value and comment.
fn example() -> BTreeMap<(String, String), (String, String)> {
    let mut out: BTreeMap<(String, String), (String, String)> = BTreeMap::new();
    let mut section = String::new();
    for line in read("config.example").lines() {
        let line = line.strip_prefix("#\t").unwrap_or(line).trim_start();
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some("config"), Some(kind)) => kind.clone_into(&mut section),
            (Some("option" | "list"), Some(name)) => {
                let rest = line.split_once(name).unwrap().1.trim();
                let (value, says) = rest.split_once(" # ").unwrap_or((rest, ""));
                let entry = out.entry((section.clone(), name.to_owned())).or_default();
                if entry.0.is_empty() || (entry.1.is_empty() && !says.is_empty()) {
                    *entry = (short(value.trim()), says.trim().to_owned());
                }
            }
            _ => {}
        }
    }
    out
}

/// A hash, a key or a paragraph is cut.
fn short(value: &str) -> String {
    if value.chars().count() <= 44 {
        return value.to_owned();
    }
    let begin: String = value.chars().take(24).collect();
    // The quote at its end is that of its beginning.
    format!("{begin}…{}", &value[..1])
}

/// The table `OPTIONS` of `src/config/schema.rs`, as the program has it.
pub(crate) fn options() -> Vec<OptionRow> {
    let schema = read("src/config/schema.rs");
    let table = schema.split_once("OPTIONS: [OptionRow;").unwrap().1.split_once("\n];").unwrap().0;
    let table = table.split_whitespace().collect::<Vec<_>>().join(" ").replace("( ", "(");
    let example = example();
    let mut out = Vec::new();
    for (at, call) in table.split("(Type::").enumerate().skip(1) {
        let before = table.split("(Type::").nth(at - 1).unwrap();
        let cells: Vec<_> = call.split(',').map(str::trim).collect();
        let section = if cells[0] == "Main" { "aiglon".to_owned() } else { cells[0].to_lowercase() };
        let name = cells[1].trim_matches('"').to_owned();
        let (value, says) = example.get(&(section.clone(), name.clone())).cloned().unwrap_or_default();
        out.push(OptionRow {
            section,
            name,
            many: cells[2] == "Shape::Many",
            text: cells[2] == "Shape::Text",
            required: before.ends_with("must"),
            value,
            says,
        });
    }
    out
}

#[test]
fn options_are_those_of_the_code() {
    let all = options();
    let schema = read("src/config/schema.rs");
    let told = schema.split_once("OPTIONS: [OptionRow; ").unwrap().1.split_once(']').unwrap().0;
    assert_eq!(all.len().to_string(), told);
    let (mut table, mut section) = (String::new(), "");
    for row in &all {
        assert!(!row.value.is_empty(), "config.example has no {} of {}", row.name, row.section);
        assert!(!row.says.is_empty(), "config.example does not say what {} of {} is", row.name, row.section);
        if row.section != section {
            section = &row.section;
            let gap = if table.is_empty() { "" } else { "\n" };
            write!(
                table,
                "{gap}### config {section}\n\n| option | kind | example | what it is |\n| --- | --- | --- | --- |\n"
            )
            .unwrap();
        }
        let mut kind = if row.many { "list" } else { "option" }.to_owned();
        if row.text {
            kind += ", per language";
        }
        if row.required {
            kind += ", required";
        }
        let says = row.says.replace('|', "\\|");
        writeln!(table, "| `{}` | {kind} | `{}` | {says} |", row.name, row.value.replace('|', "\\|"))
            .unwrap();
    }
    between("docs/configuration.md", "options", &table);
}
