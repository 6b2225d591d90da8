//! Fragments: HTML with named slots, read by a small strict parser that knows where a value is
//! safe.
//!
//! A fragment starts by declaring what it takes, `{{slots name state >texts}}`, and is a balanced
//! piece of HTML. In it, `{{name}}` is a value, escaped by where it stands; `{{>texts}}` is markup,
//! written by other fragments; `{{t.key}}` is a word of the catalogues; `{{lang}}` is the tag of
//! the page's language; `{{style}}` is the style sheet. A line break between tags, with its
//! indentation, is dropped; other white space shrinks to one space.

use super::{Catalogue, Refusal, Sheets, is_name};

/// What a fragment is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// As it is.
    Html(String),
    /// The word of this key.
    Word(String),
    /// The tag of the page's language.
    Lang,
    /// A value in text.
    Text(String),
    /// A value in a quoted attribute.
    Attribute(String),
    /// A value that is the whole of an attribute without quotes.
    Token(String),
    /// A value that is the whole of an attribute which takes a URL.
    Url(String),
    /// Markup.
    Block(String),
}

/// One compiled fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fragment {
    /// Its file's name, without `.html`.
    pub(crate) name: String,
    /// The slots that take text, in the order of their declaration.
    pub(crate) slots: Vec<String>,
    /// The slots that take markup, in the order of their declaration.
    pub(crate) blocks: Vec<String>,
    /// What to write.
    pub(crate) pieces: Vec<Piece>,
}

/// Elements that a fragment may use, and the attributes of each beside [`GLOBAL`].
const ELEMENTS: [(&str, &[&str]); 30] = [
    ("html", &[]),
    ("head", &[]),
    ("link", &["rel", "type", "href"]),
    ("meta", &["charset", "name", "property", "content"]),
    ("title", &[]),
    ("body", &[]),
    ("header", &[]),
    ("main", &[]),
    ("footer", &[]),
    ("nav", &[]),
    ("section", &[]),
    ("details", &["open"]),
    ("summary", &[]),
    ("div", &[]),
    ("h1", &[]),
    ("h2", &[]),
    ("h3", &[]),
    ("p", &[]),
    ("ul", &[]),
    ("li", &[]),
    ("blockquote", &[]),
    ("a", &["href", "rel"]),
    ("b", &[]),
    ("i", &[]),
    ("bdi", &[]),
    ("span", &[]),
    ("strong", &[]),
    ("time", &["datetime"]),
    ("svg", &["viewBox", "preserveAspectRatio"]),
    ("path", &["d"]),
];
const GLOBAL: [&str; 8] =
    ["id", "class", "lang", "dir", "role", "aria-hidden", "aria-label", "aria-labelledby"];
/// Elements without an end tag.
const VOID: [&str; 2] = ["link", "meta"];
/// Elements whose end is implied by the next one or by the end of what they are in (HTML,
/// 13.1.2.4): a list holds nothing else.
const IMPLIED: [&str; 1] = ["li"];
/// Elements of SVG that have no content: they are closed where they open.
const EMPTY: [&str; 1] = ["path"];
/// Attributes that take a URL.
const URLS: [&str; 2] = ["href", "src"];
/// Attributes whose value is a plain word if it is one slot: what we call things and kinds of
/// things. They need no quotes, and a page has hundreds.
const TOKENS: [&str; 2] = ["class", "id"];
/// What stands for the value of the slot `base` where a URL is looked at.
const BASE: &str = "./";

/// Compiles all fragments, (path, text) each.
pub(crate) fn fragments(
    files: &[(String, String)],
    catalogues: &[Catalogue],
    sheets: &Sheets,
) -> Result<Vec<Fragment>, Vec<Refusal>> {
    let mut refusals = Vec::new();
    let mut all = Vec::new();
    for (path, text) in files {
        match compile(path, text, catalogues, sheets) {
            Ok(fragment) => all.push(fragment),
            Err(refusal) => refusals.push(refusal),
        }
    }
    if refusals.is_empty() { Ok(all) } else { Err(refusals) }
}

fn compile(path: &str, text: &str, catalogues: &[Catalogue], sheets: &Sheets) -> Result<Fragment, Refusal> {
    let name = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".html");
    let style = sheets.of(name);
    let fragment = Fragment { name: name.into(), slots: vec![], blocks: vec![], pieces: vec![] };
    let mut parser = Parser { rest: text, line: 1, fragment, open: vec![], used: vec![], catalogues, style };
    let outcome = parser.run();
    let Parser { line, fragment, .. } = parser;
    outcome.map_err(|what| Refusal::new(path, line, what)).map(|()| fragment)
}

struct Parser<'a> {
    rest: &'a str,
    line: usize,
    fragment: Fragment,
    open: Vec<(&'a str, usize)>,
    used: Vec<&'a str>,
    catalogues: &'a [Catalogue],
    style: &'a str,
}

type Outcome<T> = Result<T, String>;

/// Whether the value of an attribute is a slot and nothing else.
fn is_one_slot(value: &str) -> bool {
    let inner = value.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
    inner.is_some_and(is_name)
}

impl<'a> Parser<'a> {
    fn run(&mut self) -> Outcome<()> {
        if !is_name(&self.fragment.name) {
            return Err("a fragment's name is small letters, digits and _".into());
        }
        self.declaration()?;
        while !self.rest.is_empty() {
            if self.rest.starts_with("{{") {
                self.slot(None)?;
            } else if self.rest.starts_with("<!") {
                self.comment_or_doctype()?;
            } else if self.rest.starts_with("</") {
                self.end_tag()?;
            } else if self.rest.starts_with('<') {
                self.start_tag()?;
            } else {
                self.text()?;
            }
        }
        if let Some((name, line)) = self.open.pop() {
            return Err(format!("<{name}> of line {line} is never closed"));
        }
        let declared = self.fragment.slots.iter().chain(&self.fragment.blocks);
        match declared.into_iter().find(|name| !self.used.contains(&name.as_str())) {
            Some(name) => Err(format!("the slot `{name}` is declared and never used")),
            None => Ok(()),
        }
    }

    /// Takes `len` bytes, counting their lines.
    fn take(&mut self, len: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(len);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    fn skip_space(&mut self) {
        self.take(self.rest.len() - self.rest.trim_start().len());
    }

    /// `{{slots a b >c}}`, first in the file.
    fn declaration(&mut self) -> Outcome<()> {
        self.skip_space();
        let inner = self.rest.strip_prefix("{{slots").and_then(|rest| rest.split_once("}}"));
        let (inner, _) = inner.ok_or("a fragment starts by declaring its slots: {{slots name >block}}")?;
        for word in inner.split_whitespace() {
            let name = word.strip_prefix('>').unwrap_or(word);
            let known = self.fragment.slots.iter().chain(&self.fragment.blocks).any(|known| known == name);
            if !is_name(name) || ["lang", "style", "slots"].contains(&name) || known {
                return Err(format!("`{word}` is not a slot's name, or is declared twice"));
            }
            let list = if name == word { &mut self.fragment.slots } else { &mut self.fragment.blocks };
            list.push(name.into());
        }
        self.take("{{slots}}".len() + inner.len());
        self.skip_space();
        Ok(())
    }

    fn html(&mut self, html: &str) {
        if let Some(Piece::Html(last)) = self.fragment.pieces.last_mut() {
            last.push_str(html);
        } else if !html.is_empty() {
            self.fragment.pieces.push(Piece::Html(html.into()));
        }
    }

    fn inside(&self, name: &str) -> bool {
        self.open.last().is_some_and(|&(open, _)| open == name)
    }

    /// A slot in text, or in the value of `attribute` (whose value so far is `before`).
    fn slot(&mut self, attribute: Option<(&str, &str)>) -> Outcome<()> {
        let (inner, _) = self.rest[2..].split_once("}}").ok_or("{{ without }}")?;
        let piece = if inner == "style" {
            if attribute.is_some() || !self.inside("head") {
                return Err("{{style}} stands in <head>".into());
            }
            Piece::Html(format!("<style>{}</style>", self.style))
        } else if let Some(key) = inner.strip_prefix("t.") {
            self.word(key, attribute)?
        } else if inner == "lang" {
            // A tag is letters, and can stand anywhere.
            Piece::Lang
        } else if let Some(name) = inner.strip_prefix('>') {
            if attribute.is_some() || self.inside("title") {
                return Err(format!("{{{{{inner}}}}} is markup, and markup cannot stand here"));
            }
            self.declared(name, true)?;
            Piece::Block(name.into())
        } else {
            self.declared(inner, false)?;
            match attribute {
                None => Piece::Text(inner.into()),
                // The way back to the root of a site (`../`), and what follows it: relative,
                // whatever they hold.
                Some((_, before)) if inner == "base" && before.is_empty() || before.starts_with(BASE) => {
                    Piece::Attribute(inner.into())
                }
                Some((name, before)) if URLS.contains(&name) && !before.starts_with(['#', '?']) => {
                    let whole = before.is_empty() && self.rest[inner.len() + 4..].starts_with('"');
                    if !whole {
                        return Err(format!(
                            "a value in {name}= is the whole of it, or follows a #, a ? or {{{{base}}}}"
                        ));
                    }
                    Piece::Url(inner.into())
                }
                Some(_) => Piece::Attribute(inner.into()),
            }
        };
        self.take(inner.len() + 4);
        match piece {
            Piece::Html(html) => self.html(&html),
            other => self.fragment.pieces.push(other),
        }
        Ok(())
    }

    fn declared(&mut self, name: &'a str, block: bool) -> Outcome<()> {
        let list = if block { &self.fragment.blocks } else { &self.fragment.slots };
        if !list.iter().any(|known| known == name) {
            return Err(format!("`{name}` is not a slot that {{{{slots …}}}} declares"));
        }
        self.used.push(name);
        Ok(())
    }

    fn word(&self, key: &str, attribute: Option<(&str, &str)>) -> Outcome<Piece> {
        if attribute.is_some_and(|(name, _)| URLS.contains(&name)) {
            return Err("a word of the catalogue is not a URL".into());
        }
        let (text, _) = self
            .catalogues
            .first()
            .and_then(|english| english.words.get(key))
            .ok_or_else(|| format!("`{key}` is not a key of the catalogues"))?;
        if text.contains('{') {
            return Err(format!("`{key}` has places to fill: the renderer must write it"));
        }
        Ok(Piece::Word(key.into()))
    }

    fn comment_or_doctype(&mut self) -> Outcome<()> {
        if let Some(rest) = self.rest.strip_prefix("<!--") {
            let (inner, _) = rest.split_once("-->").ok_or("a comment that does not end")?;
            if inner.contains("{{") {
                return Err("a slot cannot stand in a comment".into());
            }
            self.take(inner.len() + "<!---->".len());
            return Ok(());
        }
        let doctype = "<!doctype html>";
        if !self.rest.starts_with(doctype) || !self.fragment.pieces.is_empty() {
            return Err("<! starts a comment, or <!doctype html> at the start of a fragment".into());
        }
        self.take(doctype.len());
        self.skip_space();
        self.html(doctype);
        Ok(())
    }

    fn tag_name(&mut self) -> &'a str {
        let len = self.rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(self.rest.len());
        self.take(len)
    }

    fn end_tag(&mut self) -> Outcome<()> {
        self.take(2);
        let name = self.tag_name();
        if !self.rest.starts_with('>') {
            return Err(format!("</{name} is not followed by >"));
        }
        match self.open.pop() {
            Some((open, _)) if open == name => {}
            Some((open, line)) => return Err(format!("</{name}> where <{open}> of line {line} is open")),
            None => return Err(format!("</{name}> closes nothing")),
        }
        self.take(1);
        if !IMPLIED.contains(&name) {
            self.html(&format!("</{name}>"));
        }
        Ok(())
    }

    fn start_tag(&mut self) -> Outcome<()> {
        let line = self.line;
        self.take(1);
        if self.rest.starts_with("{{") {
            return Err("a slot cannot be the name of a tag".into());
        }
        let name = self.tag_name();
        let known = ELEMENTS.iter().find(|(element, _)| *element == name);
        let (_, own) = known.ok_or_else(|| format!("<{name}> is not an element that fragments use"))?;
        if self.inside("title") {
            return Err(format!("<{name}> cannot stand in <title>"));
        }
        self.html(&format!("<{name}"));
        let mut seen: Vec<&str> = vec![];
        loop {
            let spaced = self.rest.starts_with(char::is_whitespace);
            self.skip_space();
            if self.rest.starts_with('>') {
                break;
            }
            let attribute = self.attribute(name, own, spaced)?;
            if seen.contains(&attribute) {
                return Err(format!("<{name}> has {attribute}= twice"));
            }
            seen.push(attribute);
        }
        self.take(1);
        if EMPTY.contains(&name) {
            self.html("/>");
            return Ok(());
        }
        self.html(">");
        if !VOID.contains(&name) {
            self.open.push((name, line));
        }
        Ok(())
    }

    fn attribute(&mut self, element: &str, own: &[&str], spaced: bool) -> Outcome<&'a str> {
        if self.rest.starts_with("{{") {
            return Err(format!("a slot in <{element}> must stand in a quoted value"));
        }
        let len =
            self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(self.rest.len());
        let name = self.take(len);
        if name.is_empty() || !spaced {
            return Err(format!("<{element} is not closed, or its attributes are not parted by a space"));
        }
        if name.starts_with("on") || name == "style" {
            return Err(format!("{name}= is refused: the page has neither scripts nor inline styles"));
        }
        if !own.contains(&name) && !GLOBAL.contains(&name) {
            return Err(format!("<{element}> does not take {name}="));
        }
        if self.rest.starts_with("={{") {
            return Err(format!("the slot in {name}= must stand in quotes"));
        }
        if !self.rest.starts_with("=\"") {
            return Err(format!("{name} takes a value in double quotes"));
        }
        self.take(2);
        // HTML needs no quotes around a plain word (13.1.2.3, unquoted attribute values).
        let plain = |c: char| c.is_ascii_alphanumeric() || "-./".contains(c);
        match self.rest.split_once('"') {
            Some((value, _))
                if !value.is_empty() && value.chars().all(plain) && !EMPTY.contains(&element) =>
            {
                self.html(&format!(" {name}="));
                self.value(name)?;
            }
            Some((value, _)) if TOKENS.contains(&name) && is_one_slot(value) => {
                self.html(&format!(" {name}="));
                self.value(name)?;
                if let Some(Piece::Attribute(slot)) = self.fragment.pieces.pop() {
                    self.fragment.pieces.push(Piece::Token(slot));
                }
                if EMPTY.contains(&element) && self.rest.starts_with('>') {
                    return Err(format!("{name}= of <{element}> must not be its last attribute"));
                }
            }
            _ => {
                self.html(&format!(" {name}=\""));
                self.value(name)?;
                self.html("\"");
            }
        }
        Ok(name)
    }

    fn value(&mut self, name: &str) -> Outcome<()> {
        let mut before = String::new();
        loop {
            if self.rest.starts_with("{{") {
                let base = before.is_empty() && self.rest.starts_with("{{base}}");
                self.slot(Some((name, &before)))?;
                before.push_str(if base { BASE } else { "*" });
                continue;
            }
            let len = self.rest.find(['"', '{', '<', '>', '\n']).unwrap_or(self.rest.len());
            let text = self.take(len.max(usize::from(len == 0 && self.rest.starts_with('{'))));
            before.push_str(text);
            self.html(text);
            match self.rest.bytes().next() {
                Some(b'"') => break,
                Some(b'{') => {}
                _ => return Err(format!("the value of {name}= is not closed on its line, or holds < or >")),
            }
        }
        self.take(1);
        if URLS.contains(&name)
            && (before.contains(':') || before.starts_with("//") || before.starts_with('\\'))
        {
            return Err(format!("{name}=\"{before}\" leads out of the page's own site"));
        }
        Ok(())
    }

    fn text(&mut self) -> Outcome<()> {
        let brace = self.rest.find("{{").unwrap_or(self.rest.len());
        let len = self.rest.find('<').unwrap_or(self.rest.len()).min(brace);
        let before_block = self.fragment.pieces.last().is_none_or(|piece| match piece {
            Piece::Html(html) => html.ends_with('>'),
            Piece::Block(_) => true,
            _ => false,
        });
        let text = self.take(len);
        if text.contains('>') {
            return Err("a > in text: write &gt;".into());
        }
        for (at, _) in text.match_indices('&') {
            let entity = text[at + 1..].split_once(';').is_some_and(|(name, _)| {
                !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'#')
            });
            if !entity {
                return Err("an & in text: write &amp;".into());
            }
        }
        let next_is_tag = self.rest.is_empty() || self.rest.starts_with('<') || self.rest.starts_with("{{>");
        let next_is_tag = next_is_tag || self.rest.starts_with("{{style");
        if text.trim().is_empty() && text.contains('\n') && before_block && next_is_tag {
            return Ok(());
        }
        let mut text = text;
        if before_block && text.trim_start_matches([' ', '\t']).starts_with('\n') {
            text = text.trim_start();
        }
        if next_is_tag && text.trim_end_matches([' ', '\t']).ends_with('\n') {
            text = text.trim_end();
        }
        let mut collapsed = String::new();
        for c in text.chars() {
            if !c.is_whitespace() {
                collapsed.push(c);
            } else if !collapsed.ends_with(' ') {
                collapsed.push(' ');
            }
        }
        self.html(&collapsed);
        Ok(())
    }
}
