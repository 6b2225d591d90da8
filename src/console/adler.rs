//! What users of prometheus-adlermanager type: `list_sites`, `get_site_config` and
//! `set_site_config`, with their YAML.
//!
//! Its `message` stands at the top of the page in place of the usual sentence where `force_state`
//! is true: here, that is the banner. Besides true and false, `force_state` may be one of our
//! states. A message that is not shown is not kept.

use super::access::Trouble;
use super::answer::{AnswerWriter, Cell};
use super::read::Teller;
use crate::command::Command;
use crate::limits::WORDS_BYTES;
use crate::model::{Forced, SiteId, Words};
use crate::render::phrase;
use crate::shown::{self, ShownState};
use crate::text::buffer::Bytes;

/// What `set_site_config` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Force {
    /// Nothing is shown.
    No,
    /// The message is.
    Yes,
    /// The message is, and this state.
    State(Forced),
}

/// Room for a message.
pub(super) type Message = Bytes<{ WORDS_BYTES * 2 }>;

impl<'a> Teller<'a, '_> {
    pub(super) fn list_sites(&self, out: &mut AnswerWriter<'_>) {
        out.open("", "{");
        for site in self.access.sites() {
            let name = self.access.site_name(site);
            // As Python wrote it: 0 ok, 2 warning, 3 error. It calls it an error when the
            // monitoring is down.
            let (class, value) = match shown::headline(self.access.config, self.view, site) {
                ShownState::Well | ShownState::Work => ("success", 0u64),
                ShownState::Degraded => ("warning", 2),
                ShownState::NoData | ShownState::Outage => ("danger", 3),
            };
            out.open(name, "{");
            out.say(&[name, ":", "\n", "  config:", "\n"]);
            out.open("config", "{");
            self.site_config(site, "    ", out);
            out.close("}");
            out.say(&["  status:", "\n"]);
            out.open("status", "{");
            out.yaml("    ", "message", Cell::Text(class));
            out.yaml("    ", "value", Cell::Count(value));
            out.close("}");
            out.yaml("  ", "title", Cell::Text(self.title(site)));
            out.close("}");
        }
        out.close("}");
    }

    pub(super) fn get_site_config(
        &self,
        command: &Command<'a>,
        out: &mut AnswerWriter<'_>,
    ) -> Result<(), Trouble<'a>> {
        let site = self.access.site(command.site)?;
        out.open("", "{");
        self.site_config(site, "", out);
        out.close("}");
        Ok(())
    }

    fn site_config(&self, site: SiteId, indent: &str, out: &mut AnswerWriter<'_>) {
        let banner = self.view.banner(site);
        let force = match banner.and_then(|banner| banner.state) {
            Some(state) => Cell::Text(state.word()),
            None => Cell::Flag(banner.is_some()),
        };
        let lang = self.access.config.sites.get(site.index()).map(|site| site.lang).unwrap_or_default();
        let mut phrases = Message::new();
        let message = match banner.map(|banner| banner.words) {
            Some(Words::Own { text, .. }) => text,
            // As they would come back.
            Some(Words::Phrase(said)) => {
                said.join(|one| phrase(lang, one), &mut |part| _ = phrases.push(part.as_bytes()));
                core::str::from_utf8(phrases.as_slice()).unwrap_or("")
            }
            Some(Words::None) | None => "",
        };
        out.yaml(indent, "force_state", force);
        out.yaml(indent, "message", Cell::Text(message));
    }
}

/// Reads a mapping of `message` and `force_state`: as blocks, or as `{…}`. `None` if it is none, or
/// holds anything else.
pub(super) fn read(text: &str, message: &mut Message) -> Option<Force> {
    let mut force = Force::No;
    let mut rest = text.trim();
    // It asks for a last line of dashes where somebody types; YAML may begin with one.
    rest = rest.strip_suffix("---").unwrap_or(rest);
    rest = rest.strip_prefix("---").unwrap_or(rest).trim();
    let flow = rest.starts_with('{');
    // Nothing at all is what a broken pipe brings: it takes no banner away.
    if rest.is_empty() {
        return None;
    }
    if flow {
        rest = rest.strip_prefix('{')?.strip_suffix('}')?;
    }
    while !rest.trim_start().is_empty() {
        let (line, below) = rest.split_once('\n').unwrap_or((rest, ""));
        if !flow && is_blank(line) {
            rest = below;
            continue;
        }
        let (key, value) = rest.split_once(':')?;
        let mut found = Message::new();
        rest = scalar(value, flow, &mut found)?;
        match key.trim().trim_matches(['"', '\'']) {
            "message" => {
                message.clear();
                message.push(found.as_slice()).then_some(())?;
            }
            "force_state" => force = forced(core::str::from_utf8(found.as_slice()).ok()?)?,
            _ => return None,
        }
        if flow {
            let after = rest.trim_start();
            rest = if after.is_empty() { after } else { after.strip_prefix(',')? };
        }
    }
    Some(force)
}

/// A truth value of YAML 1.1, or one of our states.
fn forced(word: &str) -> Option<Force> {
    let word = word.trim();
    let is = |words: [&str; 4]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
    match word {
        "" => Some(Force::No),
        _ if is(["true", "yes", "on", "y"]) => Some(Force::Yes),
        _ if is(["false", "no", "off", "n"]) => Some(Force::No),
        _ => Forced::from_word(word).map(Force::State),
    }
}

/// A scalar: quoted, block or plain. Returns what follows it.
fn scalar<'a>(text: &'a str, flow: bool, out: &mut Message) -> Option<&'a str> {
    let text = text.trim_start_matches([' ', '\t']);
    match text.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let inner = text.get(1..)?;
            let end = closing(inner, quote)?;
            folded(inner.get(..end)?, Some(quote), out)?;
            let rest = inner.get(end.saturating_add(1)..)?;
            if flow {
                return Some(rest);
            }
            // Nothing but a comment may follow on the line.
            let (line, rest) = rest.split_once('\n').unwrap_or((rest, ""));
            is_blank(line).then_some(rest)
        }
        Some(style @ ('|' | '>')) if !flow => {
            let (head, rest) = text.split_once('\n')?;
            head.get(1..)?.trim().bytes().all(|byte| b"+-0123456789".contains(&byte)).then_some(())?;
            let (block, rest) = block(rest);
            if style == '>' {
                folded(block, None, out)?;
            } else {
                let width = |line: &str| line.len().saturating_sub(line.trim_start_matches(' ').len());
                let indent = block.lines().find(|line| !line.trim().is_empty()).map_or(0, width);
                for (at, line) in block.trim_end().lines().enumerate() {
                    (at == 0 || out.push(b"\n")).then_some(())?;
                    out.push(line.get(indent.min(width(line))..)?.as_bytes()).then_some(())?;
                }
            }
            Some(rest)
        }
        _ if flow => {
            let end = text.find(',').unwrap_or(text.len());
            let plain = text.get(..end)?;
            // The rest of the line would be a comment, the closing brace as well.
            comment(plain).is_none().then_some(())?;
            folded(plain, None, out)?;
            text.get(end..)
        }
        _ => {
            let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
            let (more, rest) = block(rest);
            // What was split are neighbours in the same text.
            let whole =
                text.get(..first.len().saturating_add(1).saturating_add(more.len()).min(text.len()))?;
            let (plain, behind) = whole.split_at_checked(comment(whole).unwrap_or(whole.len()))?;
            // Behind a comment, a plain scalar does not go on (YAML 1.2, 6.6 and 7.3.3).
            behind.lines().skip(1).all(is_blank).then_some(())?;
            folded(plain, None, out)?;
            Some(rest)
        }
    }
}

/// Where a comment begins in a plain scalar: at a number sign behind white space.
fn comment(text: &str) -> Option<usize> {
    let mut before = ' ';
    text.char_indices()
        .find(|&(_, c)| core::mem::replace(&mut before, c).is_whitespace() && c == '#')
        .map(|(at, _)| at)
}

/// Whether a line holds nothing, or nothing but a comment.
fn is_blank(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

/// Where a quoted scalar ends.
fn closing(inner: &str, quote: char) -> Option<usize> {
    let mut skip = false;
    for (at, c) in inner.char_indices() {
        if skip {
            skip = false;
        } else if quote == '"' && c == '\\' {
            skip = true;
        } else if c == quote {
            // In single quotes, two of them are one.
            if quote == '"' || !inner.get(at.saturating_add(1)..)?.starts_with('\'') {
                return Some(at);
            }
            skip = true;
        }
    }
    None
}

/// The lines that are indented or empty, and what follows.
fn block(text: &str) -> (&str, &str) {
    let mut len = 0usize;
    for line in text.split_inclusive('\n') {
        if !line.trim().is_empty() && !line.starts_with([' ', '\t']) {
            break;
        }
        len = len.saturating_add(line.len());
    }
    text.split_at_checked(len).unwrap_or((text, ""))
}

/// Puts lines together (YAML 1.2, 6.5): one line end is a space, each empty line a line end.
fn folded(text: &str, quote: Option<char>, out: &mut Message) -> Option<()> {
    let text = if quote.is_none() { text.trim() } else { text };
    let count = text.split('\n').count();
    let (mut empty, mut joined) = (0usize, true);
    for (at, line) in text.split('\n').enumerate() {
        let line = if at > 0 { line.trim_start() } else { line };
        let last = at.saturating_add(1) == count;
        // In double quotes, a backslash at the end of a line joins it to the next without a space.
        let glued = quote == Some('"') && !last && line.ends_with('\\') && !line.ends_with("\\\\");
        let line = match glued {
            true => line.strip_suffix('\\')?,
            false if last => line,
            false => line.trim_end(),
        };
        if line.is_empty() && !last && at > 0 {
            empty = empty.saturating_add(1);
            continue;
        }
        if empty > 0 {
            for _ in 0..empty {
                out.push(b"\n").then_some(())?;
            }
        } else if !joined {
            out.push(b" ").then_some(())?;
        }
        (empty, joined) = (0, glued);
        unescaped(line, quote, out)?;
    }
    Some(())
}

/// One line of a scalar, its escapes taken back.
fn unescaped(line: &str, quote: Option<char>, out: &mut Message) -> Option<()> {
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        let c = match (quote, c) {
            (Some('\''), '\'') => {
                chars.next();
                c
            }
            (Some('"'), '\\') => match chars.next()? {
                'n' => '\n',
                't' => '\t',
                '_' => '\u{a0}',
                c @ ('"' | '\\' | '/' | ' ') => c,
                c @ ('x' | 'u' | 'U') => {
                    let digits = match c {
                        'x' => 2,
                        'u' => 4,
                        _ => 8,
                    };
                    let mut code = 0u32;
                    for _ in 0..digits {
                        code = code.wrapping_shl(4) | chars.next()?.to_digit(16)?;
                    }
                    char::from_u32(code)?
                }
                _ => return None,
            },
            _ => c,
        };
        out.push(c.encode_utf8(&mut [0; 4]).as_bytes()).then_some(())?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::string::{String, ToString};

    fn of(text: &str) -> Option<(Force, String)> {
        let mut message = Message::new();
        let force = read(text, &mut message)?;
        Some((force, core::str::from_utf8(message.as_slice()).ok()?.to_string()))
    }

    #[test]
    fn what_people_have_in_their_files() {
        use Force::{No, State, Yes};
        for (text, force, message) in [
            // As yaml.safe_dump writes it.
            (
                "force_state: true\nmessage: 'Hello world!\n\n\n  This is an example'\n",
                Yes,
                "Hello world!\n\nThis is an example",
            ),
            ("force_state: false\nmessage: ''\n", No, ""),
            (
                "force_state: true\nmessage: A long message that goes on and on and on until it is folded by\n  the library at eighty columns\n",
                Yes,
                "A long message that goes on and on and on until it is folded by the library at eighty columns",
            ),
            (
                "force_state: true\nmessage: \"It''s \\u00e9 \\x41 \\\"q\\\"\\\n  \\ glued\\\n  on\\nnext\"\n",
                Yes,
                "It''s é A \"q\" gluedon\nnext",
            ),
            ("force_state: true\nmessage: 'It''s down: wait'\n", Yes, "It's down: wait"),
            // As people write it.
            (
                "message: |\n  Hello\n\n    indented\n  world\nforce_state: True",
                Yes,
                "Hello\n\n  indented\nworld",
            ),
            ("message: >-\n  Hello\n  world\n\n  again\nforce_state: yes\n", Yes, "Hello world\nagain"),
            ("---\nmessage: Hello\nforce_state: outage\n---\n", State(Forced::Outage), "Hello"),
            ("message: Hello", No, "Hello"),
            ("message: pump broken # call Ali 0499\nforce_state: true # for now\n", Yes, "pump broken"),
            (
                "message: pump\n  broken\t# call Ali\n  # 0499\n\n# of the pump\nforce_state: true",
                Yes,
                "pump broken",
            ),
            ("message: # nothing\nforce_state: no", No, ""),
            ("message: room#5, issue '#6'\nforce_state: no", No, "room#5, issue '#6'"),
            ("message: 'a # b' # c", No, "a # b"),
            ("message: |\n  a # b\n", No, "a # b"),
            (
                "{\"force_state\": True, \"message\": \"Hello, world!\\n\\nThis\"}",
                Yes,
                "Hello, world!\n\nThis",
            ),
            ("{message: Hello, force_state: true}", Yes, "Hello"),
            ("{}", No, ""),
        ] {
            assert_eq!(of(text), Some((force, message.to_string())), "{text}");
        }
        for text in [
            "",
            "\n---\n",
            "hello",
            "messages: Hello",
            "force_state: perhaps",
            "message: \"open",
            "message: 'a' b",
            "message: \"\\q\"",
            "{message: 'a' 'b'}",
            "{message: a",
            "{message: a # b, force_state: true}",
            "message: a # b\n  c",
            "- message: a",
            &std::format!("message: {}", "x".repeat(WORDS_BYTES * 3)),
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text(text in "\\PC{0,60}|(message|force_state)?[:'\"|>{}\\\\ \nax,-]{0,40}") {
            of(&text);
        }
    }
}
