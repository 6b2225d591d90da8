//! The rules of a Prometheus or vmalert: in the JSON of `GET /api/v1/rules`, and in rule files.
//!
//! Both have an array `rules` somewhere, of objects with a name, `labels` and `annotations`. In
//! JSON the name of an alert is `name` and `type` says "alerting"; in a file it is `alert`.

use std::io::{self, Read};
use std::path::Path;

use aiglon::ingest::json::{JsonEvent, Tokenizer};
use aiglon::limits::RULES_BYTES;
use saphyr_parser::{Event, Parser};

use super::Rule;

/// The rules that a path leads to; `-` is standard input. JSON begins with a brace.
///
/// # Errors
/// What is wrong, in words.
pub fn read(path: &Path) -> Result<Vec<Rule>, String> {
    let text = load(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut found = Found::default();
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
    let done = if first == Some(&b'{') { json(&text, &mut found) } else { yaml(&text, &mut found) };
    done.map_err(|words| format!("{}: {words}", path.display()))?;
    Ok(found.rules)
}

fn load(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let most = RULES_BYTES + 1;
    if path.as_os_str() == "-" {
        io::stdin().lock().take(most).read_to_end(&mut text)?;
    } else {
        std::fs::File::open(path)?.take(most).read_to_end(&mut text)?;
    }
    if text.len() as u64 > RULES_BYTES {
        return Err(io::Error::other(format!("larger than {RULES_BYTES} bytes")));
    }
    Ok(text)
}

/// What has been found, and where in the text we are.
#[derive(Default)]
struct Found {
    rules: Vec<Rule>,
    /// The keys of what is open, from the outermost. What stands in an array has none.
    open: Vec<String>,
    key: String,
    /// The rule that is open, and how deep.
    rule: Option<(Rule, usize)>,
    is_alert: bool,
}

impl Found {
    fn open(&mut self) {
        let key = std::mem::take(&mut self.key);
        // Alerts of a rule are no rules.
        if self.rule.is_none() && key.is_empty() && self.open.last().is_some_and(|parent| parent == "rules") {
            self.rule = Some((Rule::default(), self.open.len() + 1));
            self.is_alert = false;
        }
        self.open.push(key);
    }

    fn close(&mut self) {
        if let Some((rule, _)) = self.rule.take_if(|(_, depth)| *depth == self.open.len())
            && self.is_alert
        {
            self.rules.push(rule);
        }
        self.open.pop();
        self.key.clear();
    }

    /// A text at a key, or one whose end is lost.
    fn text(&mut self, text: &str, cut: bool) {
        let key = std::mem::take(&mut self.key);
        let Some((rule, depth)) = &mut self.rule else { return };
        if self.open.len() == *depth {
            match (key.as_str(), text) {
                ("alert", _) | ("type", "alerting") => self.is_alert = true,
                _ => {}
            }
            if key == "alert" || key == "name" {
                text.clone_into(&mut rule.name);
            }
        } else if self.open.len() == *depth + 1 {
            let known = (!cut && !text.contains("{{")).then(|| text.to_owned());
            match self.open.last().map(String::as_str) {
                // Labels come first, in whatever order they stand.
                Some("labels") => rule.pairs.insert(0, (key, known)),
                Some("annotations") => rule.pairs.push((key, known)),
                _ => {}
            }
        }
    }
}

fn json(text: &[u8], found: &mut Found) -> Result<(), String> {
    let mut tokens = Tokenizer::new();
    let mut rest = text;
    let told = |error: aiglon::ingest::json::JsonError| error.words().to_owned();
    while let Some(event) = tokens.next(&mut rest).map_err(told)? {
        match event {
            JsonEvent::ObjectStart | JsonEvent::ArrayStart => found.open(),
            JsonEvent::ObjectEnd | JsonEvent::ArrayEnd => found.close(),
            JsonEvent::Key(key) => key.text.clone_into(&mut found.key),
            JsonEvent::Str(value) | JsonEvent::Number(value) => found.text(value.text, value.cut),
            JsonEvent::Bool(_) | JsonEvent::Null => found.key.clear(),
        }
    }
    tokens.finish().map(|_| ()).map_err(told)
}

fn yaml(text: &[u8], found: &mut Found) -> Result<(), String> {
    let text = std::str::from_utf8(text).map_err(|_| "not UTF-8".to_owned())?;
    // Whether each thing that is open is a mapping, and whether its next scalar is a key.
    let mut open: Vec<(bool, bool)> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, _) = event.map_err(|error| error.to_string())?;
        let is_key = open.last().is_some_and(|&(mapping, key)| mapping && key);
        // Behind a value comes a key, and behind a key its value.
        let turn = |open: &mut Vec<(bool, bool)>| {
            if let Some((true, key)) = open.last_mut() {
                *key = !*key;
            }
        };
        match event {
            Event::Scalar(value, ..) => {
                turn(&mut open);
                if is_key {
                    value.as_ref().clone_into(&mut found.key);
                } else {
                    found.text(&value, false);
                }
            }
            Event::Alias(_) => {
                turn(&mut open);
                found.key.clear();
                if let Some((rule, _)) = &mut found.rule {
                    rule.has_more = true;
                }
            }
            Event::MappingStart(..) | Event::SequenceStart(..) => {
                turn(&mut open);
                open.push((matches!(event, Event::MappingStart(..)), true));
                found.open();
            }
            Event::MappingEnd | Event::SequenceEnd => {
                open.pop();
                found.close();
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(text: &[u8]) -> Vec<Rule> {
        let mut found = Found::default();
        _ = yaml(text, &mut found);
        _ = json(text, &mut found);
        found.rules
    }

    proptest::proptest! {
        #[test]
        fn anything_is_read_or_refused(text: Vec<u8>, lines in "([ -]{0,3}(rules|alert|labels|&a|\\*a|\\[|\\{|x|\"|'|[|]|>)?:? ?\n?){0,30}") {
            read_all(&text);
            read_all(lines.as_bytes());
        }
    }

    #[test]
    fn what_is_nested_deeply_takes_no_stack() {
        for open in ["[", "{a: ", "- ", "{\"a\":["] {
            assert!(read_all(open.repeat(50_000).as_bytes()).is_empty());
        }
    }

    #[test]
    fn alerts_of_a_rule_are_no_rules() {
        let nested = br#"{"rules":[{"name":"a","type":"alerting","alerts":[{"rules":[{"name":"b","type":"alerting"}]}]}]}"#;
        assert_eq!(read_all(nested).iter().map(|rule| rule.name.as_str()).collect::<Vec<_>>(), ["a", "a"]);
    }
}
