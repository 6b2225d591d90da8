//! Matchers: which alerts concern a component. Reading them, and asking them.

use heapless::String;

use super::problem::ProblemKind;
use super::{Component, Config};
use crate::limits::PROBLEM_WORD_BYTES;
use crate::model::{ComponentId, ComponentSet, SiteId, SourceId};
use crate::text::{Span, glob, has, mask};

/// How a term compares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Op {
    /// `=`
    #[default]
    Equal,
    /// `!=`
    NotEqual,
    /// `~`, with a glob.
    Glob,
}

impl Op {
    /// As it is written.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Glob => "~",
        }
    }
}

/// One `name=value`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Term {
    /// The name of a label or annotation.
    pub name: Span,
    /// How it compares.
    pub op: Op,
    /// With what.
    pub value: Span,
}

/// One `list match`: all its terms must hold.
#[derive(Clone, Copy, Debug, Default)]
pub struct Match {
    /// The component that an alert which matches concerns.
    pub component: ComponentId,
    /// Its first term in [`Config::terms`](super::Config::terms).
    pub first: u16,
    /// How many terms.
    pub count: u8,
}

impl Config {
    /// The components of `site` that an alert from `source` concerns, as their matchers say. `get`
    /// answers with the value of a label or annotation; an absent one is like an empty one, as in
    /// Prometheus. Values compare byte by byte, and case matters.
    ///
    /// At most one look at each term of the configuration.
    pub fn matched<'a>(
        &self,
        site: SiteId,
        source: SourceId,
        get: &dyn Fn(&str) -> Option<&'a str>,
    ) -> ComponentSet {
        let mut found = ComponentSet::EMPTY;
        for one in &self.matches {
            let fed = self.component_fed_by(one.component, site, source);
            if fed && !found.contains(one.component) && self.holds(*one, get) {
                found.insert(one.component);
            }
        }
        found
    }

    /// The terms of a matcher in words: a name, an operator and a value each.
    pub fn words_of(&self, one: Match) -> impl Iterator<Item = (&str, &'static str, &str)> {
        self.terms_of(one).map(|term| (self.str(term.name), term.op.sign(), self.str(term.value)))
    }

    /// The terms of a matcher.
    pub(super) fn terms_of(&self, one: Match) -> impl Iterator<Item = &Term> {
        self.terms.iter().skip(usize::from(one.first)).take(usize::from(one.count))
    }

    /// Whether all terms of a matcher hold; one without any holds for nothing.
    pub fn holds<'a>(&self, one: Match, get: &dyn Fn(&str) -> Option<&'a str>) -> bool {
        one.count != 0
            && self.terms_of(one).all(|term| {
                let found = get(self.str(term.name)).unwrap_or("");
                let wanted = self.str(term.value);
                match term.op {
                    Op::Equal => found == wanted,
                    Op::NotEqual => found != wanted,
                    Op::Glob => glob::matches(wanted, found),
                }
            })
    }

    /// Whether the configuration wants an alert of `source` ignored. `get` is as for
    /// [`matched`](Self::matched). If the alert is not `whole`, what is absent may only be missing,
    /// so no term holds of it.
    pub fn ignores<'a>(&self, source: SourceId, whole: bool, get: &dyn Fn(&str) -> Option<&'a str>) -> bool {
        let mut own = self.ignores.iter().filter(|one| one.source == source);
        own.any(|one| {
            let known = |term: &Term| whole || get(self.str(term.name)).is_some();
            self.holds(one.terms, get) && self.terms_of(one.terms).all(known)
        })
    }

    fn component_fed_by(&self, component: ComponentId, site: SiteId, source: SourceId) -> bool {
        self.site_of(component) == Some(site)
            && self.components.get(component.index()).is_some_and(|part| part.feeders.contains(source))
    }

    /// The component of `site` that the labels `service` and `component` name, if `source` feeds
    /// it.
    pub fn named(
        &self,
        site: SiteId,
        source: SourceId,
        service: &str,
        component: &str,
    ) -> Option<ComponentId> {
        let (service, _) = self.services_of(site).find(|(_, row)| self.is(row.label, service))?;
        let is = |part: &Component| self.is(part.label, component) && part.feeders.contains(source);
        self.components_of(service).find(|(_, part)| is(part)).map(|(id, _)| id)
    }

    /// The site that the `Host` header of a request names, whatever its case, port and dot at the
    /// end; else the one site without hosts, if there is one.
    pub fn site_by_host(&self, host: &str) -> Option<SiteId> {
        let end = host.rfind(':').filter(|&colon| !has(host.get(colon..).unwrap_or(""), ']'));
        let name = end.and_then(|colon| host.get(..colon)).unwrap_or(host);
        let name = name.strip_suffix('.').unwrap_or(name);
        let known = self.hosts.iter().find(|known| self.str(known.name).eq_ignore_ascii_case(name));
        known.map(|known| known.site).or_else(|| self.site_of_all_names())
    }

    /// The site that answers to all names that no other site has.
    pub fn site_of_all_names(&self) -> Option<SiteId> {
        let ids = (0u8..).map(SiteId).zip(&self.sites);
        ids.map(|(id, _)| id).find(|&id| !self.hosts.iter().any(|known| known.site == id))
    }

    /// Whether a label or annotation of this name may be kept: a matcher or a `publish` of this
    /// site names it.
    pub fn keeps(&self, site: SiteId, name: &str) -> bool {
        let published = |row: &super::Published| {
            self.is(row.annotation, name) && self.site_of(row.component) == Some(site)
        };
        let matched = |one: &Match| {
            let terms = self.terms.iter().skip(usize::from(one.first)).take(usize::from(one.count));
            self.site_of(one.component) == Some(site)
                && terms.into_iter().any(|term| self.is(term.name, name))
        };
        self.published.iter().any(published) || self.matches.iter().any(matched)
    }
}

/// A term as it stands in the file.
pub(super) struct RawTerm<'a> {
    pub(super) name: &'a str,
    pub(super) op: Op,
    pub(super) value: &'a str,
    /// The term looks like something else than it is, but may be meant.
    pub(super) doubt: Option<MatcherFault<'a>>,
}

/// Why a matcher does not parse.
pub(super) struct MatcherFault<'a> {
    pub(super) kind: ProblemKind,
    /// Which character, counted from 1.
    pub(super) at: usize,
    /// What stands there.
    pub(super) word: &'a str,
    /// The name and the value of the term, where there is something to write instead.
    term: (&'a str, &'a str),
    /// What stands before and after that term.
    around: (&'a str, &'a str),
}

impl MatcherFault<'_> {
    /// What to write instead, in the option of this name. The kind may become one that knows
    /// nothing to write.
    pub(super) fn instead(&mut self, option: &str) -> String<PROBLEM_WORD_BYTES> {
        let mut text = String::new();
        let (name, value) = self.term;
        match self.kind {
            ProblemKind::MatchRegex if !translate(option, self.around, name, value, &mut text) => {
                self.kind = ProblemKind::MatchRegexHard;
            }
            ProblemKind::MatchStar if self.word == "=" && !fill(&mut text, &[name, "~", value]) => {
                text.clear();
            }
            _ => {}
        }
        text
    }
}

/// The terms of a matcher.
pub(super) struct MatcherTerms<'a> {
    text: &'a str,
    rest: &'a str,
}

impl<'a> MatcherTerms<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, rest: text }
    }

    fn fault(&self, kind: ProblemKind, from: &'a str, word: &'a str) -> MatcherFault<'a> {
        let before = self.text.len().saturating_sub(from.len());
        let at = self.text.get(..before).unwrap_or("").chars().count().saturating_add(1);
        MatcherFault { kind, at, word, term: ("", ""), around: ("", "") }
    }

    fn term(&mut self) -> Result<RawTerm<'a>, MatcherFault<'a>> {
        let from = self.rest;
        let word = first_word(from);
        let (name, rest) =
            from.split_at_checked(from.find(|c| !is_name(c)).unwrap_or(from.len())).unwrap_or((from, ""));
        if name.is_empty() {
            return Err(self.fault(ProblemKind::MatchName, from, word));
        }
        let (op, value) = match operator(rest) {
            Ok(found) => found,
            Err(kind) => {
                let mut fault = self.fault(kind, from, word);
                if kind == ProblemKind::MatchRegex {
                    match self.value(rest.get(2..).unwrap_or("")) {
                        Ok((regex, _)) => {
                            let before = self.text.len().saturating_sub(from.len());
                            fault.term = (name, regex);
                            fault.around = (self.text.get(..before).unwrap_or(""), self.rest);
                        }
                        Err(_) => fault.kind = ProblemKind::MatchRegexHard,
                    }
                }
                return Err(fault);
            }
        };
        let (value, quoted) = self.value(value)?;
        if holds_mac(value) {
            // Never shown again, not even in the log of a mistake.
            return Err(self.fault(ProblemKind::MatchMac, from, ""));
        }
        let mut doubt = None;
        if op != Op::Glob && !quoted && has(value, '*') {
            let mut fault =
                self.fault(ProblemKind::MatchStar, from, if op == Op::Equal { "=" } else { "!=" });
            fault.term = (name, value);
            return Err(fault);
        }
        if op == Op::Glob && looks_like_regex(value) {
            doubt = Some(self.fault(ProblemKind::GlobRegex, from, value));
        }
        Ok(RawTerm { name, op, value, doubt })
    }

    /// Reads a value off `from` and goes behind it. Whether it was quoted comes with it.
    fn value(&mut self, from: &'a str) -> Result<(&'a str, bool), MatcherFault<'a>> {
        let Some(quote) = from.chars().next().filter(|&c| c == '\'' || c == '"') else {
            let value = first_word(from);
            if value.is_empty() {
                let end = self.text.len().saturating_sub(from.len());
                let start = self.text.len().saturating_sub(self.rest.len());
                return Err(self.fault(
                    ProblemKind::MatchNoValue,
                    from,
                    self.text.get(start..end).unwrap_or(""),
                ));
            }
            if let Some(at) = value.find(['\'', '"', ',', '=', '{', '}']) {
                let odd = from.get(at..).unwrap_or("");
                return Err(self.fault(ProblemKind::MatchValue, odd, odd.get(..1).unwrap_or("")));
            }
            self.rest = from.get(value.len()..).unwrap_or("");
            return Ok((value, false));
        };
        let inside = from.get(1..).unwrap_or("");
        let Some((value, after)) = inside.split_once(quote) else {
            return Err(self.fault(ProblemKind::MatchQuote, from, ""));
        };
        if !after.is_empty() && !after.starts_with(char::is_whitespace) {
            return Err(self.fault(ProblemKind::MatchValue, after, first_word(after)));
        }
        self.rest = after;
        Ok((value, true))
    }
}

/// Whether a value names a MAC address: that never matches, and what never matches is green.
pub(super) fn holds_mac(value: &str) -> bool {
    let mut masked = [0; 256];
    let Some(masked) = masked.get_mut(..value.len()) else { return false };
    masked.copy_from_slice(value.as_bytes());
    mask::mask_mac(masked);
    masked != value.as_bytes()
}

impl<'a> Iterator for MatcherTerms<'a> {
    type Item = Result<RawTerm<'a>, MatcherFault<'a>>;

    /// After an error there is nothing more.
    fn next(&mut self) -> Option<Self::Item> {
        self.rest = self.rest.trim_start();
        if self.rest.is_empty() {
            return None;
        }
        let term = self.term();
        if term.is_err() {
            self.rest = "";
        }
        Some(term)
    }
}

/// Whether a name of a label or annotation may hold this: more than Prometheus's classic names,
/// since it takes any UTF-8 since 3.0; nothing that a matcher gives a meaning to.
pub(super) fn is_name(c: char) -> bool {
    !c.is_ascii() && !c.is_whitespace() || c.is_ascii_alphanumeric() || has("_:.-/", c)
}

fn first_word(text: &str) -> &str {
    text.split(char::is_whitespace).next().unwrap_or("")
}

/// The operator at the front of `text`, and what comes after it.
fn operator(text: &str) -> Result<(Op, &str), ProblemKind> {
    const OPERATORS: [(&str, Result<Op, ProblemKind>); 6] = [
        ("=~", Err(ProblemKind::MatchRegex)),
        ("!~", Err(ProblemKind::MatchNotRegex)),
        ("==", Err(ProblemKind::MatchTwice)),
        ("!=", Ok(Op::NotEqual)),
        ("=", Ok(Op::Equal)),
        ("~", Ok(Op::Glob)),
    ];
    for (sign, op) in &OPERATORS {
        if let Some(rest) = text.strip_prefix(sign) {
            return (*op).map(|op| (op, rest));
        }
    }
    Err(ProblemKind::MatchOperator)
}

/// Signs that a glob does not know and label values hardly hold. `.*` is not one: `10.0.0.*` is a
/// good glob.
fn looks_like_regex(value: &str) -> bool {
    value.contains(['|', '\\', '(', '^', '$']) || value.as_bytes().windows(2).any(|pair| pair == b".+")
}

fn fill(to: &mut String<PROBLEM_WORD_BYTES>, parts: &[&str]) -> bool {
    parts.iter().all(|part| to.push_str(part).is_ok())
}

/// Writes the `list` lines that say what `name=~regex` says. False if the expression is not a
/// simple one, or too long.
fn translate(
    option: &str,
    (before, after): (&str, &str),
    name: &str,
    regex: &str,
    to: &mut String<PROBLEM_WORD_BYTES>,
) -> bool {
    // The other terms would end the quotes.
    if has(before, '\'') || has(after, '\'') {
        return false;
    }
    let regex = regex.strip_prefix('^').unwrap_or(regex);
    let regex = regex.strip_suffix('$').unwrap_or(regex);
    let inner = regex.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(regex);
    let inner = inner.strip_prefix("?:").unwrap_or(inner);
    for (number, part) in inner.split('|').enumerate() {
        let mut glob: String<PROBLEM_WORD_BYTES> = String::new();
        let Some(wild) = glob_of(part, &mut glob) else { return false };
        let quote = if part.contains(char::is_whitespace) || part.is_empty() { "\"" } else { "" };
        let and = if number == 0 { "" } else { " and " };
        let sign = if wild { "~" } else { "=" };
        if !fill(to, &[and, "list ", option, " '", before, name, sign, quote, &glob, quote, after, "'"]) {
            return false;
        }
    }
    true
}

/// Writes the glob of a regular expression that has no more than `.`, `.*`, `.+` and escaped signs;
/// says whether it needs `~`. A single `.` stays one, since most who write it mean a dot.
fn glob_of(regex: &str, to: &mut String<PROBLEM_WORD_BYTES>) -> Option<bool> {
    let mut wild = false;
    let mut chars = regex.chars();
    while let Some(c) = chars.next() {
        let ahead = chars.as_str();
        let piece = match c {
            '.' if ahead.starts_with('*') => "*",
            '.' if ahead.starts_with('+') => "?*",
            '.' => ".",
            '\\' => {
                let escaped = chars.next().filter(|c| c.is_ascii_punctuation() && !has("*?", *c))?;
                to.push(escaped).ok()?;
                continue;
            }
            '(' | ')' | '[' | ']' | '{' | '}' | '*' | '+' | '?' | '^' | '$' | '|' => return None,
            _ => {
                to.push(c).ok()?;
                continue;
            }
        };
        to.push_str(piece).ok()?;
        if piece != "." {
            wild = true;
            chars.next();
        }
    }
    Some(wild)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::format_push_string)]

    use proptest::prelude::*;
    use std::boxed::Box;
    use std::format;
    use std::string::String;
    use std::vec::Vec;

    use super::*;
    use crate::config::testing::{BASE, describe, good, load};

    fn with(matches: &[&str]) -> String {
        let mut file =
            format!("{BASE}config service w\n\toption site s\nconfig component c\n\toption service w\n");
        for one in matches {
            file += &format!("\tlist match '{}'\n", one.replace('\'', "'\\''"));
        }
        file
    }

    fn get<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<&'a str> + 'a {
        |name| pairs.iter().find(|(known, _)| *known == name).map(|&(_, value)| value)
    }

    fn hit(config: &Config, pairs: &[(&str, &str)]) -> bool {
        config.matched(SiteId(0), SourceId(0), &get(pairs)).contains(ComponentId(0))
    }

    #[test]
    fn what_matches() {
        let down = [
            ("alertname", "AntennaDown"),
            ("instance", "10.0.0.1:9100"),
            ("job", "home servers"),
            ("empty", ""),
        ];
        for (matcher, expected) in [
            ("alertname=AntennaDown", true),
            ("alertname=antennadown", false),
            ("alertname=Antenna", false),
            ("alertname=AntennaDown instance~10.0.0.1:*", true),
            ("alertname=AntennaDown   instance~10.0.0.2:*", false),
            (" alertname~*Down ", true),
            ("alertname!=AntennaDown", false),
            ("alertname!=Other", true),
            ("job=\"home servers\"", true),
            ("job='home servers' alertname=AntennaDown", true),
            ("job=\"home\"", false),
            ("job~'home *'", true),
            // As in Prometheus, a label that is not there is an empty one.
            ("absent=''", true),
            ("absent!=''", false),
            ("absent!=x", true),
            ("absent~*", true),
            ("absent~?*", false),
            ("empty=\"\"", true),
            ("alertname=\"*\"", false),
            ("instance=10.0.0.1:9100", true),
        ] {
            assert_eq!(hit(&good(&with(&[matcher])), &down), expected, "{matcher}");
        }
        // Several lines are alternatives.
        assert!(hit(&good(&with(&["alertname=X", "job~home*"])), &down));
        assert!(!hit(&good(&with(&["alertname=X", "job~office*"])), &down));
        assert!(!hit(&good(&with(&[])), &down));
    }

    #[test]
    fn what_a_source_ignores() {
        let ignore = |lines: &str| {
            format!(
                "{BASE}config source 'p'\n{lines}config source 'q'\n\toption site s\n\tlist token 'sha256:{}'\n",
                "9".repeat(64)
            )
        };
        let config = good(&ignore("\tlist ignore 'alertname~Data* a!=b'\n\tlist ignore 'c=d'\n"));
        for (source, whole, pairs, expected) in [
            (0, true, &[("alertname", "DatasourceError")][..], true),
            (0, true, &[("alertname", "DatasourceError"), ("a", "b")], false),
            (0, true, &[("alertname", "AntennaDown")], false),
            (0, true, &[("c", "d")], true),
            (0, true, &[], false),
            // What is not there may be missing.
            (0, false, &[("alertname", "DatasourceError")], false),
            (0, false, &[("alertname", "DatasourceError"), ("a", "")], true),
            (0, false, &[("c", "d")], true),
            (1, true, &[("c", "d")], false),
        ] {
            assert_eq!(config.ignores(SourceId(source), whole, &get(pairs)), expected, "{source} {pairs:?}");
        }
        let (_, told) =
            load(ignore("\tlist ignore 'alertname=~\"Data.*|X\"'\n\tlist ignore ' '\n").as_bytes());
        assert!(
            told[0].contains("write list ignore 'alertname~Data*' and list ignore 'alertname=X'"),
            "{told:?}"
        );
        assert!(told[1].contains("this matcher is empty"), "{told:?}");
    }

    #[test]
    fn what_does_not_parse() {
        for (matcher, expected) in [
            ("alertname", "character 1 of this matcher: 'alertname' has no operator"),
            ("a=b mac=02:00:5e:10:00:ff", "character 5 of this matcher: MAC addresses are masked"),
            ("mac~*-00-5e-10-00-ff-01", "character 1 of this matcher: MAC addresses are masked"),
            ("alertname = X", "character 1 of this matcher: 'alertname' has no operator"),
            ("a=b alertname >X", "character 5 of this matcher: 'alertname' has no operator"),
            ("é=b =c", "character 5 of this matcher: a name is expected at '=c'"),
            ("{alertname=\"X\"}", "character 1 of this matcher: a name is expected at '{alertname=\"X\"}'"),
            ("a=\"b\",c=\"d\"", "character 6 of this matcher: the value cannot hold ',c=\"d\"' as it stands"),
            ("a=b,c=d", "character 4 of this matcher: the value cannot hold ','"),
            ("a=b=c", "character 4 of this matcher: the value cannot hold '='"),
            ("a=it's", "character 5 of this matcher: the value cannot hold '''"),
            (
                "a=",
                "character 3 of this matcher: the value is missing; for an absent or empty label write a=''",
            ),
            ("a= b=c", "character 3 of this matcher: the value is missing"),
            ("a!=", "write a!=''"),
            ("a==b", "character 1 of this matcher: write one '=' only"),
            ("a='b", "character 3 of this matcher: the quote that opens here is never closed"),
            (
                "a=b*",
                "'=' compares exactly, '*' included; put quotes around the value if that is meant, and for a glob write a~b*",
            ),
            ("a!=b*", "'!=' compares exactly, '*' included; put quotes around the value if that is meant"),
            ("a!~b.*", "'!~' is not supported; write name!=value"),
            (" ", "this matcher is empty"),
        ] {
            let (config, problems) = load(with(&[matcher]).as_bytes());
            assert!(config.is_none(), "{matcher}");
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert!(
                problems[0].starts_with("13: ") && problems[0].contains(expected),
                "{matcher}: {}",
                problems[0]
            );
        }
    }

    #[test]
    fn regular_expressions_are_translated() {
        for (matcher, expected) in [
            ("a=~\".*\"", "write list match 'a~*'"),
            ("a=~\"foo.*\"", "write list match 'a~foo*'"),
            ("a=~foo.+", "write list match 'a~foo?*'"),
            ("a=~\"^foo$\"", "write list match 'a=foo'"),
            ("a=~\"foo|bar\"", "write list match 'a=foo' and list match 'a=bar'"),
            ("a=~\"(foo|bar.*)\"", "write list match 'a=foo' and list match 'a~bar*'"),
            ("a=~\"10\\.0\\.0\\.1:.*\"", "write list match 'a~10.0.0.1:*'"),
            ("a=~\"10.0.0.1:.*\"", "write list match 'a~10.0.0.1:*'"),
            ("a=~\"home servers.*\"", "write list match 'a~\"home servers*\"'"),
            ("a=~foo.* b=c", "write list match 'a~foo* b=c'"),
            ("a=~foo|bar b=\"c d\"", "write list match 'a=foo b=\"c d\"' and list match 'a=bar b=\"c d\"'"),
            ("a=~\"foo[12]\"", "several 'list match' for alternatives"),
            ("a=~\"fo+\"", "several 'list match' for alternatives"),
            ("a=~\"foo(a|b)\"", "several 'list match' for alternatives"),
            ("a=~\"\\\\d\"", "write list match 'a=\\d'"),
            ("a=~\"\\d\"", "several 'list match' for alternatives"),
            ("a=~", "several 'list match' for alternatives"),
        ] {
            let (config, problems) = load(with(&[matcher]).as_bytes());
            assert!(config.is_none() && problems.len() == 1, "{problems:?}");
            assert!(
                problems[0].contains("character 1 of this matcher: regular expressions are not supported")
            );
            assert!(problems[0].contains(expected), "{matcher}: {}", problems[0]);
        }
    }

    #[test]
    fn a_translation_keeps_the_terms_around_it() {
        let (_, problems) = load(with(&["b=c a=~foo.* d=e"]).as_bytes());
        assert!(problems[0].contains("character 5") && problems[0].contains("list match 'b=c a~foo* d=e'"));
    }

    #[test]
    fn a_glob_that_looks_like_an_expression_is_a_warning() {
        for (matcher, doubtful) in [
            ("a~foo|bar", true),
            ("a~^foo", true),
            ("a~foo.+", true),
            ("a~foo\\.bar", true),
            ("a~10.0.0.*", false),
        ] {
            let (config, problems) = load(with(&[matcher]).as_bytes());
            assert!(config.is_some());
            assert_eq!(problems.len(), usize::from(doubtful), "{matcher}: {problems:?}");
        }
    }

    fn house() -> Box<Config> {
        let token = |n| format!("\tlist token sha256:{}\n", format!("{n:02}").repeat(32));
        good(&format!(
            "config listen\n\toption address [::]:80\n\tlist serve page\n\
             config site a\nconfig site b\n\tlist host Status.Example.org\n\tlist host [fd00::1]\n\
             config source p\n\toption site a\n{}config source q\n\toption site a\n{}\
             config source r\n\toption site b\n{}\
             config service wifi\n\toption site a\n\toption label wi-fi\n\
             config component c1\n\toption service wifi\n\toption label one\n\tlist source p\n\tlist match x=1\n\tlist publish summary\n\
             config component c2\n\toption service wifi\n\tlist source p\n\tlist source q\n\tlist match x=1\n\
             config service other\n\toption site b\n\toption label wi-fi\n\
             config component c3\n\toption service other\n\tlist match 'x=1 y!=2'\n\toption label one\n",
            token(1),
            token(2),
            token(3)
        ))
    }

    #[test]
    fn sites_and_sources_stay_apart() {
        let config = house();
        let matched = |site, source| {
            let found = config.matched(SiteId(site), SourceId(source), &get(&[("x", "1")]));
            found.iter().map(|id| id.0).collect::<Vec<_>>()
        };
        assert_eq!(matched(0, 0), [0, 1]);
        assert_eq!(matched(0, 1), [1]);
        assert_eq!(matched(0, 2), [0; 0]);
        assert_eq!(matched(1, 2), [2]);
        assert_eq!(matched(1, 0), [0; 0]);
        assert_eq!(matched(7, 0), [0; 0]);

        let named = |site, source, service, component| {
            config.named(SiteId(site), SourceId(source), service, component)
        };
        assert_eq!(named(0, 0, "wi-fi", "one"), Some(ComponentId(0)));
        assert_eq!(named(0, 0, "wi-fi", "c2"), Some(ComponentId(1)));
        assert_eq!(named(0, 1, "wi-fi", "c2"), Some(ComponentId(1)));
        assert_eq!(named(0, 1, "wi-fi", "one"), None, "q does not feed it");
        assert_eq!(named(1, 2, "wi-fi", "one"), Some(ComponentId(2)));
        assert_eq!(named(0, 0, "wifi", "one"), None, "the label, not the name");
        assert_eq!(named(0, 0, "wi-fi", "c1"), None);
        assert_eq!(named(0, 0, "", ""), None);

        for (name, a, b) in [
            ("x", true, true),
            ("y", false, true),
            ("summary", true, false),
            ("z", false, false),
            ("", false, false),
        ] {
            assert_eq!((config.keeps(SiteId(0), name), config.keeps(SiteId(1), name)), (a, b), "{name}");
        }
    }

    #[test]
    fn hosts_lead_to_sites() {
        let config = house();
        for (host, site) in [
            ("status.example.org", 1),
            ("STATUS.example.ORG", 1),
            ("status.example.org:8080", 1),
            ("status.example.org.", 1),
            ("status.example.org.:80", 1),
            ("[fd00::1]", 1),
            ("[FD00::1]:8080", 1),
            ("example.org", 0),
            ("", 0),
            ("10.0.0.1:80", 0),
            ("[::1]:80", 0),
            (":", 0),
        ] {
            assert_eq!(config.site_by_host(host), Some(SiteId(site)), "{host}");
        }
        let strict = good(&format!("{BASE}config site s\n\tlist host a\n"));
        assert_eq!(strict.site_by_host("a:1"), Some(SiteId(0)));
        assert_eq!(strict.site_by_host("b"), None);
        assert_eq!(Config::new().site_by_host("a"), None);
    }

    proptest! {
        #[test]
        fn any_matcher_ends(matcher in "[a-c=~!\"' *|.,{}é]{0,30}") {
            let mut config = Box::new(Config::new());
            let mut problems = crate::config::Problems::new();
            if config.load(with(&[&matcher]).as_bytes(), &mut problems).is_ok() {
                hit(&config, &[("a", "b"), ("b", "")]);
            }
            problems.iter().for_each(|problem| drop(describe(problem)));
        }

        #[test]
        fn an_exact_value_matches_itself(value in "[^'\\x00-\\x1f\\x7f-\\x9f]{0,40}", other in "[a-z]{1,5}") {
            let config = good(&with(&[&format!("a='{value}'")]));
            prop_assert!(hit(&config, &[("a", &value)]));
            let longer = value.clone() + &other;
            prop_assert!(!hit(&config, &[("a", &longer)]));
            let config = good(&with(&[&format!("a!='{value}'")]));
            prop_assert!(!hit(&config, &[("a", &value)]));
        }
    }
}
