//! The Rust that the compiler writes, the style sheet's diet, and the floor of the clock.

use std::collections::BTreeMap;
use std::fmt::Write;

use base64ct::{Base64, Encoding};

use super::{Catalogue, Fragment, PLURALS, Piece, Refusal};

/// `state.no_data` as a variant: `StateNoData`.
pub(crate) fn variant(key: &str) -> String {
    let upper = |part: &str| part[..1].to_uppercase() + &part[1..];
    key.split(['.', '_']).filter(|part| !part.is_empty()).map(upper).collect()
}

/// `enum Lang`. `others`: the tags of the languages that are not built in.
pub(crate) fn emit_lang(catalogues: &[Catalogue], others: &[String]) -> String {
    let each = |line: &dyn Fn(&Catalogue) -> String| catalogues.iter().map(line).collect::<Vec<_>>();
    let variants: String = each(&|c| {
        let first = if c.tag == "en" { "    #[default]\n" } else { "" };
        format!("    /// {}.\n{first}    {},\n", c.name, variant(&c.tag))
    })
    .concat();
    let all = each(&|c| format!("Self::{}", variant(&c.tag))).join(", ");
    let tags = each(&|c| format!("{:?}", c.tag)).join(", ");
    let rtl: Vec<_> =
        catalogues.iter().filter(|c| c.rtl).map(|c| format!("Self::{}", variant(&c.tag))).collect();
    let rtl = match rtl.join(" | ") {
        none if none.is_empty() => "\"ltr\"".to_owned(),
        some => format!("if matches!(self, {some}) {{ \"rtl\" }} else {{ \"ltr\" }}"),
    };
    let counts = |rule: usize| catalogues.iter().filter(move |c| c.plural == rule);
    let forms = (0..PLURALS.len()).filter(|&rule| counts(rule).next().is_some()).map(|rule| {
        let languages: Vec<_> = counts(rule).map(|c| format!("Self::{}", variant(&c.tag))).collect();
        format!("{} => {{ {} }}", languages.join(" | "), PLURALS[rule].2)
    });
    let forms = forms.collect::<Vec<_>>().join("\n            ");
    let names = each(&|c| format!("Self::{} => {:?},", variant(&c.tag), c.name)).join(" ");
    let own = catalogues.iter().filter(|c| c.zero != '0');
    let own: Vec<_> = own.map(|c| format!("Self::{} => {:?},", variant(&c.tag), c.zero)).collect();
    let zeros = match own.join(" ") {
        none if none.is_empty() => "'0'".to_owned(),
        some => format!("match self {{ {some} _ => '0' }}"),
    };
    let others = others.join(" ");
    let tag_arms = each(&|c| format!("Self::{} => {:?},", variant(&c.tag), c.tag)).join(" ");
    format!(
        r#"/// A language that the page speaks: {tags}.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lang {{
{variants}}}

impl Lang {{
    /// How many there are.
    pub const COUNT: usize = {count};
    /// All of them; English, the default, first.
    pub const ALL: [Self; Self::COUNT] = [{all}];

    /// The tags of those that this build leaves out, parted by spaces.
    pub const LEFT_OUT: &str = {others:?};

    /// Its name in itself.
    pub const fn name(self) -> &'static str {{
        match self {{ {names} }}
    }}
    /// The digit 0 as it writes numbers: the others follow it.
    pub const fn zero(self) -> char {{
        {zeros}
    }}
    /// Its BCP 47 tag.
    pub const fn tag(self) -> &'static str {{
        match self {{ {tag_arms} }}
    }}
    /// Its position in [`Lang::ALL`].
    pub const fn index(self) -> usize {{
        self as usize
    }}
    /// The direction that it is written in, as HTML's `dir` has it: `ltr` or `rtl`.
    pub const fn dir(self) -> &'static str {{
        {rtl}
    }}
    /// Which form of a counted word `n` things take, for `n` up to 99.
    pub const fn form(self, n: usize) -> usize {{
        match self {{
            {forms}
        }}
    }}
    /// The language of a tag, its region ignored, case aside.
    pub fn from_tag(tag: &str) -> Option<Self> {{
        let primary = tag.split(['-', '_']).next().unwrap_or("");
        Self::ALL.into_iter().find(|lang| lang.tag().eq_ignore_ascii_case(primary))
    }}
}}
"#,
        count = catalogues.len()
    )
}

/// `enum Word` and its tables.
pub(crate) fn emit_words(catalogues: &[Catalogue]) -> String {
    let mut out = String::from("/// A word or sentence of the catalogues in `www/lang`.\n");
    out += "#[derive(Clone, Copy, Debug, PartialEq, Eq)]\npub enum Word {\n";
    for (key, (text, _)) in &catalogues[0].words {
        _ = writeln!(out, "    /// `{key}`: {text}\n    {},", variant(key));
    }
    out += "}\n";
    // One text for each language, and where each word ends: two bytes a word, where a table of
    // references takes up to forty.
    let (count, langs) = (catalogues[0].words.len(), catalogues.len());
    _ = writeln!(
        out,
        "/// All words of a language, one after the other.\npub(super) static TEXTS: [&str; {langs}] = ["
    );
    for catalogue in catalogues {
        let text: String = catalogue.words.values().map(|(text, _)| text.as_str()).collect();
        _ = writeln!(out, "    // {}\n    {text:?},", catalogue.tag);
    }
    _ = writeln!(
        out,
        "];\n/// Where each of them ends.\npub(super) static ENDS: [[u16; {count}]; {langs}] = ["
    );
    for catalogue in catalogues {
        let mut end = 0;
        let ends: Vec<_> = catalogue
            .words
            .values()
            .map(|(text, _)| {
                end += text.len();
                end.to_string()
            })
            .collect();
        _ = writeln!(out, "    [{}],", ends.join(", "));
    }
    let phrases: Vec<_> = catalogues[0].words.keys().filter_map(|key| key.strip_prefix("phrase.")).collect();
    let names = phrases.join(" ").replace('_', "-");
    _ = writeln!(
        out,
        "];\n/// The names of the phrases, in the order of their words.\npub(super) static PHRASES: &str = {names:?};"
    );
    let first = phrases
        .first()
        .map(|name| catalogues[0].words.keys().position(|key| *key == format!("phrase.{name}")));
    _ = writeln!(out, "/// The place of the first of them among the words.");
    _ = writeln!(out, "pub(super) const FIRST_PHRASE: usize = {};", first.flatten().unwrap_or_default());
    out
}

/// One struct per fragment, whose fields are its slots, so that the renderer fills each or does not
/// compile; and the policy of each style.
pub(crate) fn emit_fragments(fragments: &[Fragment], sheets: &Sheets) -> String {
    let mut out = String::new();
    for fragment in fragments {
        emit_fragment(&mut out, fragment);
    }
    for (name, sheet) in &sheets.0 {
        let name = if name == COMMON { "CSP".to_owned() } else { format!("CSP_{}", name.to_uppercase()) };
        out += "/// The `Content-Security-Policy` of a page: nothing, but the one style that it carries.\n";
        _ = writeln!(out, "pub const {name}: &str = {:?};", csp(sheet));
    }
    out += "/// That of a page with an icon of its own.\n";
    let with_icon = csp(sheets.of("page")).replace("img-src 'none'", "img-src 'self'");
    _ = writeln!(out, "#[cfg(feature = \"feeds\")]\npub const CSP_ICON: &str = {with_icon:?};");
    out
}

fn emit_fragment(out: &mut String, fragment: &Fragment) {
    let Fragment { name, slots, blocks, pieces } = fragment;
    let position =
        |list: &[String], name: &str| list.iter().position(|known| known == name).unwrap_or_default();
    let (ty, table) = (variant(name), name.to_uppercase());
    _ = writeln!(out, "static {table}: [Piece; {}] = [", pieces.len());
    for piece in pieces {
        let piece = match piece {
            Piece::Html(html) => format!("Html({html:?})"),
            Piece::Word(key) => format!("Word(Word::{})", variant(key)),
            Piece::Lang => "Lang".to_owned(),
            Piece::Text(slot) => format!("Text({})", position(slots, slot)),
            Piece::Attribute(slot) => format!("Attribute({})", position(slots, slot)),
            Piece::Token(slot) => format!("Token({})", position(slots, slot)),
            Piece::Url(slot) => format!("Url({})", position(slots, slot)),
            Piece::Block(slot) => format!("Block({})", position(blocks, slot)),
        };
        _ = writeln!(out, "    Piece::{piece},");
    }
    out.push_str("];\n");
    let life = if slots.is_empty() && blocks.is_empty() { "" } else { "<'a>" };
    _ = writeln!(out, "/// `www/{name}.html`\npub struct {ty}{life} {{");
    for slot in slots {
        _ = writeln!(out, "    /// Text.\n    pub {slot}: &'a str,");
    }
    for block in blocks {
        _ = writeln!(out, "    /// Markup.\n    pub {block}: &'a mut dyn FnMut(&mut Out<'_>),");
    }
    let anonymous = if life.is_empty() { "" } else { "<'_>" };
    let list =
        |names: &[String]| names.iter().map(|name| format!("self.{name}")).collect::<Vec<_>>().join(", ");
    _ = writeln!(
        out,
        "}}\nimpl {ty}{anonymous} {{\n    /// Writes it.\n    pub fn write(self, out: &mut Out<'_>) {{\n        \
         out.fragment(&{table}, &[{}], &mut [{}]);\n    }}\n}}\n",
        list(slots),
        list(blocks)
    );
}

/// The sheet of every fragment that has none of its own name.
const COMMON: &str = "style";

/// The style sheets by their names, minified. A fragment has the sheet of its own name, if there is
/// one: a page that is made in a small buffer has a small sheet.
pub(crate) struct Sheets(BTreeMap<String, String>);

impl Sheets {
    /// Those of some files, (path, text) each.
    pub(crate) fn new(files: &[(String, String)]) -> Self {
        let name = |path: &str| path.rsplit('/').next().unwrap_or(path).trim_end_matches(".css").to_owned();
        Self(files.iter().map(|(path, text)| (name(path), minify(text))).collect())
    }

    /// The sheet of a fragment.
    pub(crate) fn of(&self, fragment: &str) -> &str {
        self.0.get(fragment).or_else(|| self.0.get(COMMON)).map_or("", String::as_str)
    }
}

/// The policy for pages that carry `style` and nothing else (CSP level 3: a hash of the element's
/// text).
pub(crate) fn csp(style: &str) -> String {
    let mut text = [0; 44]; // 32 bytes in base64
    let hash = Base64::encode(&hmac_sha256::Hash::hash(style.as_bytes()), &mut text).unwrap_or_default();
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'; img-src 'none'"
    )
}

/// A style sheet without comments and the white space that means nothing. It knows no strings: the
/// style sheet has none that hold white space.
pub(crate) fn minify(css: &str) -> String {
    let mut bare = String::new();
    let mut rest = css;
    while let Some((before, after)) = rest.split_once("/*") {
        bare.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    bare.push_str(rest);
    let words = bare.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut out = String::new();
    for c in words.chars() {
        if "{};,>+".contains(c) {
            out.truncate(out.trim_end().len());
        }
        if c == '}' {
            out.truncate(out.trim_end_matches(';').len());
        }
        if c == ' ' && out.ends_with(['{', '}', ';', ',', ':', '>', '+']) {
            continue;
        }
        out.push(c);
    }
    shorten(&literals(&out.replace("#ffffff", "#fff")))
}

/// Writes the literal value of the first `:root` before each declaration with a custom property:
/// old browsers know no properties, and drop what they do not know.
fn literals(css: &str) -> String {
    let root = css.strip_prefix(":root{").and_then(|rest| rest.split_once('}')).map_or("", |(root, _)| root);
    let mut out = String::new();
    for piece in css.split_inclusive(['{', ';', '}']) {
        let (declaration, end) = piece.split_at(piece.trim_end_matches(['{', ';', '}']).len());
        let mut plain = declaration.to_owned();
        for (name, value) in root.split(';').filter_map(|pair| pair.split_once(':')) {
            plain = plain.replace(&format!("var({name})"), value);
        }
        if plain != declaration && !declaration.starts_with("--") {
            out += &plain;
            out.push(';');
        }
        out += declaration;
        out += end;
    }
    out
}

/// Gives custom properties names of one letter; those that have one keep it.
fn shorten(css: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut properties: Vec<&str> = Vec::new();
    for part in css.split("--").skip(1) {
        let property = &part[..part.find(|c| !is_name(c)).unwrap_or(part.len())];
        if !properties.contains(&property) {
            properties.push(property);
        }
    }
    let mut free = ('a'..='z')
        .chain('A'..='Z')
        .map(String::from)
        .filter(|letter| !properties.contains(&letter.as_str()));
    let short: Vec<_> = properties
        .iter()
        .map(|&property| {
            if property.len() == 1 { property.to_owned() } else { free.next().unwrap_or(property.to_owned()) }
        })
        .collect();
    let mut parts = css.split("--");
    let mut out = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let end = part.find(|c| !is_name(c)).unwrap_or(part.len());
        let place = properties.iter().position(|&property| property == &part[..end]).unwrap_or_default();
        out += "--";
        out += &short[place];
        out += &part[end..];
    }
    out
}

/// Midnight UTC of the newest `## version - YYYY-MM-DD` of a changelog, in Unix seconds.
pub(crate) fn floor(file: &str, changelog: &str) -> Result<i64, Refusal> {
    let mut newest = None;
    for (line, number) in changelog.lines().zip(1..) {
        let Some(heading) = line.strip_prefix("## ").filter(|heading| !heading.starts_with("[Unreleased]"))
        else {
            continue;
        };
        let date = heading.rsplit_once(" - ").and_then(|(_, date)| seconds(date.trim()));
        let what = "a release's heading is `## 1.2.3 - 2026-11-21`";
        newest = newest.max(Some(date.ok_or_else(|| Refusal::new(file, number, what))?));
    }
    newest.ok_or_else(|| Refusal::new(file, 0, "there is no release in it"))
}

/// Midnight UTC of `YYYY-MM-DD`, in Unix seconds (the days-from-civil algorithm of Howard Hinnant).
fn seconds(date: &str) -> Option<i64> {
    let mut parts = date.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || !(2000..=9999).contains(&year) {
        return None;
    }
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some((era * 146_097 + day_of_era - 719_468) * 86_400)
}

/// `BUILD_FLOOR`.
pub(crate) fn emit_floor(seconds: i64) -> String {
    format!(
        "/// Midnight UTC of the newest release in CHANGELOG.md, in Unix seconds: no clock that says less is believed.\n\
         pub const BUILD_FLOOR: i64 = {} * 86_400;\n",
        seconds / 86_400
    )
}
