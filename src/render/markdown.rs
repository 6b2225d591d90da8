//! People's own words: Markdown-lite. Paragraphs, line breaks, `- lists`, `*emphasis*` or
//! `_emphasis_`, `**strong**`, `[text](https://…)` and bare links; never HTML. Marks that have no
//! counterpart on their line are text.
//!
//! It does not recurse. A line is gone through once; each mark looks ahead to the end of its line,
//! so words of [`WORDS_BYTES`](crate::limits::WORDS_BYTES) cost at most the square of that in
//! single steps.

use super::fragment::{Hyperlink, Out, is_web};
use crate::text::{has, is_letter, split_once};

/// What a line belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    None,
    Paragraph,
    List,
}

/// Writes `text`.
pub(super) fn write(out: &mut Out<'_>, text: &str) {
    let (mut open, mut begun) = (Block::None, false);
    for line in text.lines() {
        let line = line.trim();
        let item = ["- ", "* ", "• "].iter().find_map(|mark| line.strip_prefix(mark));
        let (block, line) = match item {
            Some(item) => (Block::List, item.trim_start()),
            None if line.is_empty() => (Block::None, line),
            None => (Block::Paragraph, line),
        };
        if block != open {
            out.markup(match open {
                Block::None => "",
                Block::Paragraph => "</p>",
                Block::List => "</ul>",
            });
        }
        out.markup(match block {
            Block::None => "",
            Block::Paragraph if open == block => "<br>",
            Block::Paragraph => "<p>",
            Block::List if open == block => "<li>",
            Block::List => "<ul><li>",
        });
        if block != Block::None {
            out.plain(if begun { "\n" } else { "" });
            out.plain(if block == Block::List { "- " } else { "" });
            begun = true;
        }
        inline(out, line);
        if block == Block::List {
            out.markup("</li>");
        }
        open = block;
    }
    out.markup(match open {
        Block::None => "",
        Block::Paragraph => "</p>",
        Block::List => "</ul>",
    });
}

/// A stretch between two marks that is open.
#[derive(Clone, Copy)]
struct Span {
    strong: bool,
    /// Where its closing mark begins.
    end: usize,
}

/// One line. Strong may stand in emphasis and the other way round, so two spans are open at most;
/// each ends within the one around it, since it looks for its end no farther.
fn inline(out: &mut Out<'_>, line: &str) {
    let mut spans: [Option<Span>; 2] = [None; 2];
    let mut at = 0;
    // Where the text begins that is not written yet.
    let mut pending = 0;
    while at < line.len() {
        let innermost = spans[1].or(spans[0]);
        let limit = innermost.map_or(line.len(), |span| span.end);
        let (here, rest) = (slice(line, 0, at), slice(line, at, limit));
        if let Some(span) = innermost.filter(|span| span.end == at) {
            out.text(slice(line, pending, at));
            out.markup(if span.strong { "</strong>" } else { "</em>" });
            let deepest = usize::from(spans[1].is_some());
            if let Some(place) = spans.get_mut(deepest) {
                *place = None;
            }
            at = at.saturating_add(if span.strong { 2 } else { 1 });
            pending = at;
        } else if let Some((text, url, len)) = link(here, rest) {
            out.text(slice(line, pending, at));
            Hyperlink { url, text }.write(out);
            if url != text {
                out.aside(url);
            }
            at = at.saturating_add(len);
            pending = at;
        } else if let Some((mark, end)) = span(here, rest, slice(line, limit, line.len())) {
            let strong = mark.len() == 2;
            let slot = spans.iter_mut().find(|slot| slot.is_none());
            let doubled = innermost.is_some_and(|span| span.strong == strong);
            if let Some(slot) = slot.filter(|_| !doubled) {
                out.text(slice(line, pending, at));
                out.markup(if strong { "<strong>" } else { "<em>" });
                *slot = Some(Span { strong, end: at.saturating_add(end) });
                at = at.saturating_add(mark.len());
                pending = at;
            } else {
                at = at.saturating_add(mark.len());
            }
        } else {
            at = at.saturating_add(rest.chars().next().map_or(1, char::len_utf8));
        }
    }
    out.text(slice(line, pending, line.len()));
}

fn slice(text: &str, from: usize, to: usize) -> &str {
    text.get(from..to).unwrap_or("")
}

/// A link at the start of `rest`: what to show, where it leads, and its bytes. `before` is what
/// precedes it.
fn link<'a>(before: &str, rest: &'a str) -> Option<(&'a str, &'a str, usize)> {
    if let Some(inner) = rest.strip_prefix('[') {
        let (text, after) = inner.split_once(']')?;
        let (url, _) = after.strip_prefix('(')?.split_once(')')?;
        let plain = !text.is_empty() && !has(text, '[');
        let leads = is_web(url) && !url.contains(char::is_whitespace);
        let len = text.len().saturating_add(url.len()).saturating_add("[]()".len());
        return (plain && leads).then_some((text, url, len));
    }
    if !is_web(rest) || before.ends_with(is_letter) {
        return None;
    }
    let url = rest.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '*')).next()?;
    // What ends a sentence does not belong to it; nor does a bracket that was opened before it.
    let mut url = url.trim_end_matches(|c| has(".,;:!?'’”»،؛؟_", c));
    if !has(url, '(') {
        url = url.trim_end_matches(|c: char| c == ')' || has(".,;:!?", c));
    }
    let (_, host) = split_once(url, "://")?;
    (!host.is_empty()).then_some((url, url, url.len()))
}

/// A mark at the start of `rest` that has a counterpart there: the mark, and where the counterpart
/// begins. `before` is what precedes it, `after` what follows `rest`.
fn span<'a>(before: &str, rest: &'a str, after: &str) -> Option<(&'a str, usize)> {
    let mark = ["**", "*", "_"].into_iter().find(|mark| rest.starts_with(mark))?;
    let opens = |inner: &str| inner.starts_with(|c: char| !c.is_whitespace());
    let inner = slice(rest, mark.len(), rest.len());
    // `2*3*4` and `snake_case_names` are text.
    if before.ends_with(is_letter) || !opens(inner) {
        return None;
    }
    let mut from = 0;
    let find = |from| inner.as_bytes().get(from..)?.windows(mark.len()).position(|at| at == mark.as_bytes());
    while let Some(found) = find(from) {
        let end = from.saturating_add(found);
        // A run of stars is one mark or another, not the end of a shorter one.
        let run =
            slice(inner, end, inner.len()).bytes().take_while(|&byte| Some(byte) == mark.bytes().next());
        let run = run.count();
        let next = end.saturating_add(run);
        let follows = slice(inner, next, inner.len()).chars().next().or_else(|| after.chars().next());
        let closes =
            slice(inner, 0, end).ends_with(|c: char| !c.is_whitespace()) && !follows.is_some_and(is_letter);
        // Of three stars, the inner span takes what it needs first.
        let fits = run == mark.len() || (run == 3 && mark != "_");
        if closes && fits {
            let skip = if run == 3 { run.saturating_sub(mark.len()) } else { 0 };
            return Some((slice(rest, 0, mark.len()), mark.len().saturating_add(end).saturating_add(skip)));
        }
        from = next;
    }
    None
}

/// Whether a text in a language is written from right to left, by its BCP 47 tag: by its script if
/// it names one, else by its language.
pub(super) fn is_rtl(tag: &str) -> bool {
    const LANGUAGES: [&str; 11] = ["ar", "fa", "he", "ur", "ps", "yi", "dv", "ckb", "ug", "sd", "iw"];
    const SCRIPTS: [&str; 4] = ["Arab", "Hebr", "Thaa", "Syrc"];
    let known = |list: &[&str], part: &str| list.iter().any(|one| one.eq_ignore_ascii_case(part));
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or("");
    match parts.find(|part| part.len() == 4 && part.bytes().all(|byte| byte.is_ascii_alphabetic())) {
        Some(script) => known(&SCRIPTS, script),
        None => known(&LANGUAGES, language),
    }
}

/// Whether a language tag looks like one (RFC 5646, 2.1): letters and digits, at most eight at a
/// time, a language of two or three letters first.
pub(super) fn is_tag(tag: &str) -> bool {
    let language = tag.split('-').next().unwrap_or("");
    matches!(language.len(), 2 | 3)
        && language.bytes().all(|byte| byte.is_ascii_alphabetic())
        && tag.split('-').all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, clippy::indexing_slicing)]
    use super::*;
    use crate::model::Lang;
    use crate::text::buffer::Bytes;
    use crate::text::clean;
    use proptest::prelude::*;
    use std::string::{String, ToString};
    use std::vec::Vec;

    fn written(text: &str) -> String {
        let mut buf = Bytes::<32_768>::new();
        let mut out = Out::new(&mut buf, Lang::En);
        write(&mut out, text);
        out.finish().unwrap();
        String::from_utf8(buf.as_slice().into()).unwrap()
    }

    fn anchor(url: &str, text: &str) -> String {
        std::format!("<a href=\"{url}\" rel=\"noopener nofollow noreferrer\">{text}</a>")
    }

    #[test]
    fn marks_become_markup_and_nothing_else_does() {
        let check = |text: &str, expected: &str| assert_eq!(written(text), expected, "{text:?}");
        check("", "");
        check("\n \n", "");
        check("One line.", "<p>One line.</p>");
        check("One\ntwo\r\n\n\nthree", "<p>One<br>two</p><p>three</p>");
        check("a\n- b\n* c\n\n- d\ne", "<p>a</p><ul><li>b</li><li>c</li></ul><ul><li>d</li></ul><p>e</p>");
        check("- ", "<p>-</p>");
        check("-5 dB", "<p>-5 dB</p>");
        check("*a* _b_ **c**", "<p><em>a</em> <em>b</em> <strong>c</strong></p>");
        check(
            "**a *b* c** *d **e** f*",
            "<p><strong>a <em>b</em> c</strong> <em>d <strong>e</strong> f</em></p>",
        );
        check("***a***", "<p><strong><em>a</em></strong></p>");
        check("*a\nb*", "<p>*a<br>b*</p>");
        check("2*3*4 and 2 * 3 * 4", "<p>2*3*4 and 2 * 3 * 4</p>");
        check("snake_case_name and _so_on", "<p>snake_case_name and _so_on</p>");
        check("* * *", "<ul><li>* *</li></ul>");
        check("**", "<p>**</p>");
        check("****", "<p>****</p>");
        check("**a* b", "<p>*<em>a</em> b</p>");
        check("*a **b* c**", "<p><em>a **b</em> c**</p>");
        check("<b onclick=x>&amp;</b>", "<p>&lt;b onclick=x&gt;&amp;amp;&lt;/b&gt;</p>");
        check("\u{1b}[31m\u{202e}x", "<p>\u{fffd}[31mx</p>");
        check("*هوائي* جديد", "<p><em>هوائي</em> جديد</p>");
    }

    #[test]
    fn links_lead_to_the_web_and_tell_nobody() {
        let check = |text: &str, expected: &str| assert_eq!(written(text), std::format!("<p>{expected}</p>"));
        let to = |text: &str| anchor("https://a.example/x_y", text);
        check("[here](https://a.example/x_y).", &std::format!("{}.", to("here")));
        check("see https://a.example/x_y.", &std::format!("see {}.", to("https://a.example/x_y")));
        check("(https://a.example/x_y)", &std::format!("({})", to("https://a.example/x_y")));
        check("*https://a.example/x_y*", &std::format!("<em>{}</em>", to("https://a.example/x_y")));
        check("**[a *b*](https://a.example/x_y)**", &std::format!("<strong>{}</strong>", to("a *b*")));
        check("[a](javascript:alert(1))", "[a](javascript:alert(1))");
        check("[a](//evil.example)", "[a](//evil.example)");
        check("[a](https://a b)", &std::format!("[a]({} b)", anchor("https://a", "https://a")));
        check("[](https://)", "[](https://)");
        check("xhttps://a", "xhttps://a");
        check("http://", "http://");
        check("[\"<](https://a/\"<')", &anchor("https://a/%22%3C&#39;", "\"&lt;"));
    }

    #[test]
    fn a_direction_follows_the_script_before_the_language() {
        for (tag, rtl) in [
            ("ar", true),
            ("AR-ma", true),
            ("fa", true),
            ("ckb", true),
            ("en", false),
            ("ku", false),
            ("ku-Arab", true),
            ("az-Latn", false),
            ("ar-Latn", false),
            ("pa-arab-PK", true),
            ("", false),
            ("yi-Hebr", true),
        ] {
            assert_eq!(is_rtl(tag), rtl, "{tag}");
        }
        for (tag, valid) in [
            ("fr", true),
            ("zh-Hant-TW", true),
            ("ckb", true),
            ("", false),
            ("f", false),
            ("fr_FR", false),
            ("français", false),
            ("fr-", false),
            ("fr-\"", false),
            ("toolong", false),
            ("12", false),
        ] {
            assert_eq!(is_tag(tag), valid, "{tag}");
        }
    }

    /// The text that is left when the tags are gone; the tags are counted off against one another.
    fn text_of(html: &str) -> String {
        const TAGS: [&str; 6] = ["p", "ul", "li", "em", "strong", "a"];
        let mut open: Vec<String> = Vec::new();
        let mut text = String::new();
        let mut pieces = html.split('<');
        text.push_str(pieces.next().unwrap());
        for piece in pieces {
            let (tag, after) = piece.split_once('>').unwrap();
            if let Some(name) = tag.strip_prefix('/') {
                assert_eq!(open.pop().as_deref(), Some(name), "{html}");
            } else if tag == "br" {
                assert_eq!(open, ["p"], "{html}");
            } else {
                let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
                assert!(TAGS.contains(&name), "{html}");
                assert_eq!(name == "a", !attributes.is_empty(), "{html}");
                if name == "a" {
                    let url = attributes.strip_prefix("href=\"http").unwrap();
                    let (_, rel) = url.split_once('"').unwrap();
                    assert_eq!(rel, " rel=\"noopener nofollow noreferrer\"");
                }
                assert!(!open.iter().any(|outer| outer == name), "{html}");
                open.push(name.to_string());
            }
            assert!(!after.contains('>'));
            text.push_str(after);
        }
        assert!(open.is_empty(), "{html}");
        text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    }

    fn soup() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[*_]{1,4}",
            "[a-zé ]{1,4}",
            "\n{1,2}(- )?",
            "\\[[a*]{0,3}\\]\\(https://[a-z*_)]{0,4}\\)?",
            "https?://[a-z_*().]{0,5}",
            "[\\[\\]()<>&\"']",
            "\\PC{0,3}",
            "[\u{202e}\u{1b}\u{5d0}\r\t]",
        ];
        proptest::collection::vec(piece, 0..40).prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn tags_nest_and_text_is_the_input_without_marks(text in soup()) {
            let html = written(&text);
            let shown = text_of(&html);
            // Each character that is missing was a mark, or the address of a link with words of its
            // own.
            let input: Vec<char> = text.lines().flat_map(|line| clean::shown(line.trim()).collect::<Vec<_>>()).collect();
            let mut rest = input.iter();
            for c in shown.chars() {
                prop_assert!(rest.any(|&was| was == c), "{html} shows {c:?}");
            }
            if !text.contains("](") {
                // Space of any kind around an item is not shown.
                let mark = |c: &char| c.is_whitespace() || "*_-•".contains(*c);
                let bare = |text: &str| -> String { text.chars().filter(|c| !mark(c)).collect() };
                prop_assert_eq!(bare(&shown), bare(&input.iter().collect::<String>()));
            }
        }
    }
}
