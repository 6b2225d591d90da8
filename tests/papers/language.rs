//! Plain English: sentences have fewer than 30 words, and lines of prose fewer than 120 columns.

use crate::{papers, read};

/// A sentence has fewer words.
const WORDS: usize = 30;
/// A line of prose has fewer columns.
const COLUMNS: usize = 120;

/// What is not a fenced block: (number of the line, line).
fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut fenced = false;
    let mut out = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            out.push((number, line));
        }
    }
    out
}

/// Paragraphs, items of lists, headings and cells of tables, each with the number of its first
/// line.
fn paragraphs(text: &str) -> Vec<(usize, String)> {
    let mut out: Vec<(usize, String)> = Vec::new();
    let (mut open, mut last) = (false, 0);
    for (number, line) in prose(text) {
        let line = line.trim();
        let item = line.strip_prefix("- ").or_else(|| {
            let (digits, rest) = line.split_once(". ")?;
            digits.bytes().all(|b| b.is_ascii_digit()).then_some(rest)
        });
        if number != last + 1 {
            open = false;
        }
        last = number;
        if line.is_empty() || line.starts_with("<!--") {
            open = false;
        } else if line.starts_with('|') {
            open = false;
            out.extend(line.replace("\\|", " ").split('|').map(|cell| (number, cell.to_owned())));
        } else if line.starts_with('#') {
            open = false;
            out.push((number, line.trim_start_matches('#').to_owned()));
        } else if open && item.is_none() {
            let (_, text) = out.last_mut().unwrap();
            *text += " ";
            *text += line;
        } else {
            open = true;
            out.push((number, item.unwrap_or(line).to_owned()));
        }
    }
    out
}

/// Code between backticks is one word, and a link is its text.
fn spoken(text: &str) -> String {
    let mut out = String::new();
    for (at, part) in text.split('`').enumerate() {
        out += if at % 2 == 0 { part } else { "code" };
    }
    let mut plain = String::new();
    let mut rest = out.as_str();
    while let Some((before, after)) = rest.split_once("](") {
        plain += before;
        rest = after.split_once(')').map_or("", |(_, after)| after);
    }
    plain + rest
}

/// The sentences of a paragraph: they end in `.`, `?` or `!` before a blank.
fn sentences(text: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    for word in spoken(text).split_whitespace() {
        let last = out.last_mut().unwrap();
        *last += word;
        *last += " ";
        let end = word.trim_end_matches(['"', '\'', ')', '*', '_', '”', '»', ']']);
        if end.ends_with(['.', '?', '!', '؟']) {
            out.push(String::new());
        }
    }
    out
}

fn words(sentence: &str) -> usize {
    sentence.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count()
}

#[test]
fn sentences_and_lines_are_short() {
    let mut wrong = Vec::new();
    for paper in papers() {
        let text = read(&paper);
        let long = paragraphs(&text)
            .into_iter()
            .flat_map(|(line, text)| sentences(&text).into_iter().map(move |sentence| (line, sentence)))
            .filter(|(_, sentence)| words(sentence) >= WORDS)
            .map(|(line, sentence)| format!("{paper}:{line}: {} words: {sentence}", words(&sentence)));
        let wide = prose(&text)
            .into_iter()
            .filter(|(_, line)| !line.starts_with('|') && line.chars().count() >= COLUMNS)
            .map(|(number, _)| format!("{paper}:{number}: a line of {COLUMNS} columns or more"));
        wrong.extend(long.chain(wide));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_sentence_is_counted_as_it_is_read() {
    let text = "# A heading\n\nOne two\nthree. Four `a b c` five! \"Six?\" [seven](x.md#y) e.g\n\n- an item\n  goes on\n- next\n\n```sh\nnot. this\n```\n| a | b c |\n";
    let all: Vec<_> = paragraphs(text)
        .iter()
        .flat_map(|(_, text)| sentences(text))
        .map(|sentence| words(&sentence))
        .filter(|count| *count > 0)
        .collect();
    assert_eq!(all, [2, 3, 3, 1, 2, 4, 1, 1, 2]);
}
