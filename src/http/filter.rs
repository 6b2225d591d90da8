//! The query of `GET /api/v2/alerts`, `/alerts/groups` and `/silences` (Alertmanager's API v2,
//! `getAlerts` and others): which alerts a client wants.
//!
//! `active`, `unprocessed` and `filter` are understood. Other switches and `receiver` change
//! nothing, since nothing is silenced or inhibited here and there is one receiver. Regular
//! expressions are refused: a filter that is taken and then not applied would show too much.

use heapless::Vec;

use super::target::percent_decode;
use crate::limits::{FILTER_BYTES, FILTERS};
use crate::model::Listed;

/// The switches of these paths that change nothing here.
const SWITCHES: [&str; 5] = ["silenced", "inhibited", "muted", "expired", "pending"];

/// One `name="value"`.
struct Term {
    text: [u8; FILTER_BYTES],
    name: usize,
    value: (usize, usize),
    not: bool,
}

/// Which alerts a client wants.
pub struct Filter {
    active: bool,
    unprocessed: bool,
    terms: Vec<Term, FILTERS>,
}

impl Filter {
    /// Reads a query.
    ///
    /// # Errors
    /// What is wrong with it, in words for its sender.
    pub fn parse(query: &str) -> Result<Self, &'static str> {
        let mut filter = Self { active: true, unprocessed: true, terms: Vec::new() };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            match key {
                "active" => filter.active = switch(value)?,
                "unprocessed" => filter.unprocessed = switch(value)?,
                _ if SWITCHES.contains(&key) => _ = switch(value)?,
                "filter" | "filter%5B%5D" | "filter[]" | "receiver_matchers" if value.is_empty() => {}
                // Its labels are none.
                "receiver_matchers" => return Err("the receiver has no labels here"),
                "filter" | "filter%5B%5D" | "filter[]" => {
                    let term = Term::parse(value)?;
                    filter.terms.push(term).map_err(|_| "too many filters")?;
                }
                _ => {}
            }
        }
        Ok(filter)
    }

    /// The names of the labels that it looks at.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().map(|term| term.parts().0)
    }

    /// Whether an alert is one of those.
    pub fn wants(&self, alert: &Listed<'_>) -> bool {
        let shown = if alert.active { self.active } else { self.unprocessed };
        shown
            && self.terms.iter().all(|term| {
                let (name, wanted) = term.parts();
                (alert.kept.get(false, name).unwrap_or("") == wanted) != term.not
            })
    }
}

fn switch(value: &str) -> Result<bool, &'static str> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("active, silenced and others like them are true or false"),
    }
}

/// amtool writes a space as Go's `url.Values` does, with a plus sign, and a plus sign as `%2B`.
fn plus_to_space<'b>(raw: &str, out: &'b mut [u8]) -> Option<&'b str> {
    let out = out.get_mut(..raw.len())?;
    for (to, from) in out.iter_mut().zip(raw.bytes()) {
        *to = if from == b'+' { b' ' } else { from };
    }
    core::str::from_utf8(out).ok()
}

impl Term {
    fn parse(raw: &str) -> Result<Self, &'static str> {
        const SYNTAX: &str = "a filter must read name=\"value\" or name!=\"value\"";
        let mut text = [0; FILTER_BYTES];
        let mut spaced = [0; FILTER_BYTES * 3];
        let decoded = plus_to_space(raw, &mut spaced)
            .and_then(|raw| percent_decode(raw, &mut text))
            .ok_or("a filter is too long or wrongly encoded")?;
        let operator = decoded.find(['=', '!']).ok_or(SYNTAX)?;
        let (before, after) = decoded.split_at_checked(operator).ok_or(SYNTAX)?;
        if after.starts_with("=~") || after.starts_with("!~") {
            return Err("regular expressions are not taken here: write name=\"value\" or name!=\"value\"");
        }
        let name = before.trim_end().trim_matches('"').len();
        if name == 0 {
            return Err(SYNTAX);
        }
        let not = after.starts_with('!');
        let value = after.strip_prefix('!').unwrap_or(after).strip_prefix('=').ok_or(SYNTAX)?;
        let start = decoded.len().saturating_sub(value.len());
        let bare = value.trim_start_matches(' ');
        let start = start.saturating_add(value.len().saturating_sub(bare.len()));
        let range = match bare.strip_prefix('"') {
            Some(quoted) => {
                let inner = quoted.strip_suffix('"').ok_or(SYNTAX)?;
                (start.saturating_add(1), start.saturating_add(1).saturating_add(inner.len()))
            }
            None => (start, decoded.len()),
        };
        Ok(Self { text, name, value: range, not })
    }

    fn parts(&self) -> (&str, &str) {
        let part = |from: usize, to: usize| {
            self.text.get(from..to).and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or("")
        };
        let quoted = usize::from(self.text.first() == Some(&b'"'));
        (part(quoted, quoted.saturating_add(self.name)), part(self.value.0, self.value.1))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::model::Kept;

    #[test]
    fn amtool_queries() {
        let mut kept = Kept::new();
        kept.push(false, "alertname", "AntennaDown");
        kept.push(false, "instance", "heron 1");
        let alert = Listed {
            kept: &kept,
            fingerprint: 1,
            starts_at: None,
            ends_at: None,
            updated_at: None,
            active: true,
        };
        for (query, wanted) in [
            ("", true),
            ("filter=&receiver_matchers=&receiver=aiglon", true),
            ("active=true&inhibited=true&silenced=true&unprocessed=true", true),
            ("active=false", false),
            ("unprocessed=false", true),
            ("filter=alertname%3D%22AntennaDown%22", true),
            ("filter=alertname=AntennaDown", true),
            ("filter=alertname%3D%22Other%22", false),
            ("filter=alertname%21%3D%22Other%22", true),
            ("filter=alertname%21%3D%22AntennaDown%22", false),
            ("filter=instance%3D%22heron%201%22", true),
            ("filter=instance%3D%22heron+1%22", true),
            ("filter=instance%3D%22heron%2B1%22", false),
            ("filter=instance%3D%22a!~b%22", false),
            ("filter=absent%3D%22%22", true),
            ("filter=alertname%3D%22AntennaDown%22&filter=instance%3D%22x%22", false),
        ] {
            assert_eq!(Filter::parse(query).unwrap().wants(&alert), wanted, "{query}");
        }
        for (bad, said) in [
            ("active=yes", "true or false"),
            ("muted=", "true or false"),
            ("receiver_matchers=owner%3D%22x%22", "no labels"),
            ("filter=alertname", "must read"),
            ("filter=a%3D~%22x.*%22", "regular expressions"),
            ("filter=a%21~%22x%22", "regular expressions"),
            ("filter=a%21~%22x%3D%22", "regular expressions"),
            ("filter=a%21", "must read"),
            ("filter=%3D%22x%22", "must read"),
            ("filter=%21%3D%22x%22", "must read"),
            ("filter=a%3D%22x", "must read"),
            ("filter=a%3D%2", "wrongly encoded"),
        ] {
            let complaint = Filter::parse(bad).err().unwrap_or_default();
            assert!(complaint.contains(said), "{bad}: {complaint}");
        }
    }
}
