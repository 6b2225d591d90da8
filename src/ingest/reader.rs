//! Alerts out of a body: Alertmanager's API (an array) and webhooks (an object that holds one).
//!
//! What is wrong with one alert costs that alert; what is wrong with the JSON ends the body, and
//! the alerts before it have been delivered. Members that nobody knows are skipped, whatever they
//! hold.

use super::alert::{Alert, PairKind};
use super::draft::{Asked, Drafted};
use super::event::{AlertError, AlertFlaw, Dialect, Event, Malformed, Summary, Why};
use super::json::{self, Text, Tokenizer};
use crate::time::rfc3339::{self, Stamp};

/// Reads one body after another. About 10 KB, all-zero when new.
#[derive(Debug)]
pub struct Reader {
    json: Tokenizer,
    frame: Frame,
    end: End,
}

/// Whether a body was given up.
#[derive(Debug)]
#[repr(u8)] // all-zero while it is not
enum End {
    Open,
    Failed(Malformed),
}

/// Where in a body we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)] // all-zero at the top
enum ParserState {
    /// Before everything.
    Top,
    /// In a webhook's object, before a key or its end.
    Payload,
    /// Before the value of its `alerts`.
    PayloadAlerts,
    /// Before the number of alerts that were left out.
    PayloadTruncated,
    /// Before the value of another member.
    PayloadOther,
    /// In the array of alerts.
    List,
    /// In an alert, before a key or its end.
    Alert,
    /// Before the value of such a member.
    Member(Member),
    /// In labels or annotations, before a key or the end.
    Pairs(PairKind),
    /// Before the value of such a pair.
    Value(PairKind),
    /// Before the value of collectd's severity, in labels or annotations.
    Severity(PairKind),
    /// In a member of a sample.
    Sample,
    /// After everything.
    Done,
}

impl ParserState {
    /// What a key in a webhook's object leads to.
    fn of_payload(name: &str) -> Self {
        match name {
            "alerts" => Self::PayloadAlerts,
            "truncatedAlerts" => Self::PayloadTruncated,
            _ => Self::PayloadOther,
        }
    }
}

/// The members of an alert that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    Labels,
    Annotations,
    StartsAt,
    EndsAt,
    Status,
    Other,
}

impl Member {
    fn of(name: Text) -> Self {
        match name.text {
            "labels" => Self::Labels,
            "annotations" => Self::Annotations,
            "startsAt" => Self::StartsAt,
            "endsAt" => Self::EndsAt,
            "status" => Self::Status,
            _ => Self::Other,
        }
    }
}

/// The first thing that is wrong with the alert being read.
#[derive(Clone, Copy, Debug)]
#[repr(u8)] // all-zero while nothing is
enum Sorted {
    Good,
    Bad(AlertFlaw),
}

/// What JSON events mean.
#[derive(Debug)]
struct Frame {
    alert: Alert,
    state: ParserState,
    dialect: Dialect,
    verdict: Sorted,
    /// How deep inside a value that is not wanted; at most [`crate::limits::JSON_DEPTH`].
    skipped: u8,
    /// An object had `alerts` or `metrics`.
    listed: bool,
    /// The element being read is the whole body.
    alone: bool,
    /// Alerts were left out.
    truncated: bool,
    summary: Summary,
}

impl Default for Reader {
    fn default() -> Self {
        Self::new()
    }
}

impl Reader {
    /// At the beginning of a body of [`Dialect::Alerts`].
    pub const fn new() -> Self {
        Self {
            json: Tokenizer::new(),
            frame: Frame {
                alert: Alert::new(),
                state: ParserState::Top,
                dialect: Dialect::Alerts,
                verdict: Sorted::Good,
                skipped: 0,
                listed: false,
                alone: false,
                truncated: false,
                summary: Summary { alerts: 0, oversize: 0, samples: 0, bad: 0 },
            },
            end: End::Open,
        }
    }

    /// Begins another body. Costs nothing: the buffers stay as they are.
    pub fn start(&mut self, dialect: Dialect) {
        self.json.restart();
        self.frame.state = ParserState::Top;
        self.frame.dialect = dialect;
        self.frame.skipped = 0;
        self.frame.listed = false;
        self.frame.alone = false;
        self.frame.truncated = false;
        self.frame.summary = Summary::default();
        self.end = End::Open;
    }

    /// The next bytes of the body, however many. Calls `each` for everything that is complete with
    /// them, in order. After an error the body is over and every further call returns it again;
    /// what was delivered before it stands.
    pub fn feed(&mut self, bytes: &[u8], each: &mut dyn FnMut(Event<'_>)) -> Result<(), Malformed> {
        self.feed_asked(bytes, None, each)
    }

    /// The same of a body that holds samples; without `asked` there are none in it.
    pub fn feed_asked(
        &mut self,
        mut bytes: &[u8],
        mut asked: Option<&mut Asked<'_>>,
        each: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), Malformed> {
        if let End::Failed(malformed) = self.end {
            return Err(malformed);
        }
        loop {
            let why = match self.json.next(&mut bytes) {
                Ok(Some(event)) => match self.frame.event(event, asked.as_deref_mut(), each) {
                    Ok(()) => continue,
                    Err(why) => why,
                },
                Ok(None) => return Ok(()),
                Err(fault) => Why::Json(fault),
            };
            return Err(self.fail(why));
        }
    }

    /// The body ends here. What it held.
    pub fn finish(&mut self) -> Result<Summary, Malformed> {
        if let End::Failed(malformed) = self.end {
            return Err(malformed);
        }
        let why = match self.json.finish() {
            Err(fault) => Why::Json(fault),
            // A number is the only value that ends with the body, and it is not what was expected.
            Ok(Some(_)) => self.frame.expected(),
            Ok(None) if self.frame.dialect == Dialect::Webhook && !self.frame.listed => Why::ExpectedAlerts,
            Ok(None) => return Ok(self.frame.summary),
        };
        Err(self.fail(why))
    }

    /// Whether a webhook's sender has left alerts out (Alertmanager's and Grafana's `max_alerts`):
    /// `truncatedAlerts` is not 0. As far as the body has been read.
    pub const fn was_truncated(&self) -> bool {
        self.frame.truncated
    }

    fn fail(&mut self, why: Why) -> Malformed {
        let malformed = Malformed { at: self.json.offset(), why };
        self.end = End::Failed(malformed);
        malformed
    }
}

impl Frame {
    /// What a body should have been.
    fn expected(&self) -> Why {
        match self.dialect {
            Dialect::Alerts => Why::ExpectedArray,
            Dialect::Webhook => Why::ExpectedPayload,
            Dialect::Telegraf | Dialect::Collectd => Why::ExpectedSamples,
        }
    }

    fn event(
        &mut self,
        event: json::JsonEvent<'_>,
        mut asked: Option<&mut Asked<'_>>,
        each: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), Why> {
        use json::JsonEvent::{ArrayEnd, ArrayStart, Key, Null, ObjectEnd, ObjectStart};

        if self.skipped > 0 {
            match event {
                ObjectStart | ArrayStart => self.skipped = self.skipped.saturating_add(1),
                ObjectEnd | ArrayEnd => self.skipped = self.skipped.saturating_sub(1),
                _ => {}
            }
            return Ok(());
        }
        self.state = match (self.state, event) {
            (ParserState::Top | ParserState::PayloadAlerts, ArrayStart) => {
                self.listed = true;
                ParserState::List
            }
            (ParserState::Top, ObjectStart) if self.dialect == Dialect::Webhook => ParserState::Payload,
            (ParserState::Top, ObjectStart) if self.dialect == Dialect::Telegraf => {
                self.alone = true;
                self.begin(asked);
                ParserState::Alert
            }
            (ParserState::Top, _) => return Err(self.expected()),

            (ParserState::Payload, Key(name)) => ParserState::of_payload(name.text),
            (state @ (ParserState::PayloadOther | ParserState::PayloadTruncated), value) => {
                self.truncated |= state == ParserState::PayloadTruncated && is_some(value);
                self.skip(value);
                ParserState::Payload
            }
            // Go writes an empty list as null if nobody made one.
            (ParserState::PayloadAlerts, Null) => {
                self.listed = true;
                self.after_list()
            }
            (ParserState::PayloadAlerts, _) if self.dialect == Dialect::Telegraf => {
                return Err(Why::ExpectedSamples);
            }
            (ParserState::PayloadAlerts, _) => return Err(Why::ExpectedAlerts),

            (ParserState::List, ObjectStart) => {
                self.begin(asked);
                ParserState::Alert
            }
            (ParserState::List, ArrayEnd) => self.after_list(),
            (ParserState::List, value) => {
                self.skip(value);
                self.alert.clear();
                self.verdict = Sorted::Bad(AlertFlaw::NotAnObject);
                self.deliver(asked, each);
                ParserState::List
            }
            (ParserState::Alert, Key(name)) if self.alone && name.text == "metrics" => {
                self.alone = false;
                ParserState::PayloadAlerts
            }
            (ParserState::Alert, Key(name)) => {
                let sample = asked.as_mut().is_some_and(|asked| asked.draft.member(name.text));
                match self.dialect {
                    _ if sample => ParserState::Sample,
                    Dialect::Telegraf => ParserState::Member(Member::Other),
                    _ => ParserState::Member(Member::of(name)),
                }
            }
            (ParserState::Alert, _) => {
                self.deliver(asked, each);
                if self.alone { ParserState::Done } else { ParserState::List }
            }
            (ParserState::Sample, value) => {
                let Some(asked) = asked else { return Ok(()) };
                let (step, flaw) = asked.draft.event(value, asked.interest);
                if let Some(flaw) = flaw {
                    self.flaw(flaw);
                }
                if step != Drafted::Inside {
                    self.skip(value);
                }
                if step == Drafted::Over { ParserState::Alert } else { ParserState::Sample }
            }
            (ParserState::Member(member), value) => self.member(member, value),
            (ParserState::Pairs(kind), Key(name)) => {
                if name.text.is_empty() && kind == PairKind::Label {
                    self.flaw(AlertFlaw::LabelName);
                }
                self.alert.name(name);
                let severity = self.dialect == Dialect::Collectd && name.text == "severity";
                if severity { ParserState::Severity(kind) } else { ParserState::Value(kind) }
            }
            (ParserState::Pairs(_), _) => ParserState::Alert,
            (ParserState::Severity(kind), value) => {
                if matches!(value, json::JsonEvent::Str(word) if word.text == "OKAY") {
                    self.alert.set_status("resolved");
                }
                // In 5.12 it is among the labels, but an alert that gets worse is no other one.
                self.value(PairKind::Annotation, value);
                ParserState::Pairs(kind)
            }
            (ParserState::Value(kind), value) => {
                self.value(kind, value);
                ParserState::Pairs(kind)
            }
            (ParserState::Payload | ParserState::Done, _) => ParserState::Done,
        };
        Ok(())
    }

    fn begin(&mut self, asked: Option<&mut Asked<'_>>) {
        self.alert.clear();
        self.verdict = Sorted::Good;
        if let Some(asked) = asked {
            asked.draft.begin(asked.interest.anything());
        }
    }

    /// The array of alerts has ended: it is the whole body, or a member of it.
    fn after_list(&self) -> ParserState {
        // After a bare array the tokenizer lets nothing come, so it does not matter that no object
        // was entered.
        if matches!(self.dialect, Dialect::Webhook | Dialect::Telegraf) {
            ParserState::Payload
        } else {
            ParserState::Done
        }
    }

    fn member(&mut self, member: Member, value: json::JsonEvent<'_>) -> ParserState {
        use json::JsonEvent::{Null, ObjectStart, Str};

        match (member, value) {
            (Member::Labels, ObjectStart) => return ParserState::Pairs(PairKind::Label),
            (Member::Annotations, ObjectStart) => return ParserState::Pairs(PairKind::Annotation),
            (Member::Labels | Member::Annotations, Null) => {}
            (Member::Labels, _) => self.flaw(AlertFlaw::Labels),
            (Member::Annotations, _) => self.flaw(AlertFlaw::Annotations),
            (Member::StartsAt, value) => {
                let stamp = stamp(value);
                if stamp.is_none() {
                    self.flaw(AlertFlaw::StartsAt);
                }
                // A beginning that nobody can read is one: without any it would be over at its end.
                self.alert.set_starts(stamp.unwrap_or(Stamp::At(crate::time::Wall(0))));
            }
            (Member::EndsAt, value) => match stamp(value) {
                Some(stamp) => self.alert.set_ends(stamp),
                None => self.flaw(AlertFlaw::EndsAt),
            },
            // In Alertmanager's API `status` is an object of what it thinks, and is not for us.
            (Member::Status, Str(word))
                if self.dialect == Dialect::Webhook && self.alert.set_status(word.text) => {}
            (Member::Status, value) if self.dialect == Dialect::Webhook && value != Null => {
                self.flaw(AlertFlaw::Status);
            }
            (Member::Status | Member::Other, _) => {}
        }
        self.skip(value);
        ParserState::Alert
    }

    fn value(&mut self, kind: PairKind, value: json::JsonEvent<'_>) {
        match value {
            json::JsonEvent::Str(text) => self.alert.put(kind, text),
            // For Go, null leaves a string empty.
            json::JsonEvent::Null => self.alert.put(kind, Text { text: "", cut: false }),
            _ => {
                self.flaw(if kind == PairKind::Label {
                    AlertFlaw::LabelValue
                } else {
                    AlertFlaw::AnnotationValue
                });
                self.skip(value);
            }
        }
    }

    /// A value that is not wanted: if it is an array or an object, all that is in it is not wanted
    /// either.
    fn skip(&mut self, value: json::JsonEvent<'_>) {
        if matches!(value, json::JsonEvent::ObjectStart | json::JsonEvent::ArrayStart) {
            self.skipped = 1;
        }
    }

    fn flaw(&mut self, flaw: AlertFlaw) {
        if matches!(self.verdict, Sorted::Good) {
            self.verdict = Sorted::Bad(flaw);
        }
    }

    fn deliver(&mut self, asked: Option<&mut Asked<'_>>, each: &mut dyn FnMut(Event<'_>)) {
        let Summary { alerts, oversize, samples, bad } = &mut self.summary;
        let index = alerts.saturating_add(*oversize).saturating_add(*samples).saturating_add(*bad);
        if let Some(asked) = asked.filter(|_| self.dialect.has_samples() && !self.alert.has_label()) {
            if matches!(self.verdict, Sorted::Good)
                && let Err(flaw) = asked.draft.end()
            {
                self.verdict = Sorted::Bad(flaw);
            }
            if let Sorted::Bad(flaw) = self.verdict {
                *bad = bad.saturating_add(1);
                return each(Event::Bad(AlertError { index, flaw }));
            }
            *samples = samples.saturating_add(1);
            if asked.draft.sample.who() != 0 {
                each(Event::Sample(&asked.draft.sample));
            }
            return;
        }
        if matches!(self.verdict, Sorted::Good) && !self.alert.has_label() {
            self.verdict = Sorted::Bad(AlertFlaw::NoLabels);
        }
        let (count, event) = match self.verdict {
            Sorted::Bad(flaw) if self.alert.has_label() => {
                self.alert.spoil();
                (bad, Event::Partial(AlertError { index, flaw }, &self.alert))
            }
            Sorted::Bad(flaw) => (bad, Event::Bad(AlertError { index, flaw })),
            Sorted::Good if self.alert.complete() => (alerts, Event::Alert(&self.alert)),
            Sorted::Good => (oversize, Event::Oversize(&self.alert)),
        };
        *count = count.saturating_add(1);
        each(event);
    }
}

/// Whether a count of alerts says that there are any.
fn is_some(value: json::JsonEvent<'_>) -> bool {
    match value {
        json::JsonEvent::Null => false,
        json::JsonEvent::Number(number) => number.text != "0",
        _ => true,
    }
}

/// A time that a sender wrote. Absent, null and empty are unset: Alertmanager takes all of them.
fn stamp(value: json::JsonEvent<'_>) -> Option<Stamp> {
    match value {
        json::JsonEvent::Null => Some(Stamp::Unset),
        json::JsonEvent::Str(text) if text.text.is_empty() => Some(Stamp::Unset),
        json::JsonEvent::Str(text) if !text.cut => rfc3339::parse(text.text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::needless_raw_string_hashes, clippy::needless_pass_by_value)]

    use std::string::{String, ToString};
    use std::vec::Vec;
    use std::{format, vec};

    use proptest::prelude::*;

    use super::super::json::JsonError;
    use super::*;
    use crate::ingest::AlertStatus;
    use crate::limits::{ALERT_BYTES, ALERT_PAIRS, JSON_DEPTH, TOKEN_BYTES};
    use crate::time::Wall;
    use Dialect::{Alerts, Webhook};

    const PROMETHEUS: &str = include_str!("../../tests/fixtures/prometheus-3.5-firing.http");
    const FIRING: &str = include_str!("../../tests/fixtures/alertmanager-0.33-webhook-firing.http");
    const RESOLVED: &str = include_str!("../../tests/fixtures/alertmanager-0.33-webhook-resolved.http");

    fn body(request: &str) -> &str {
        request.split_once("\r\n\r\n").or_else(|| request.split_once("\n\n")).unwrap().1
    }

    /// What an event says, owned: pairs sorted, `l:` and `a:` before their names.
    fn told(event: Event<'_>) -> String {
        let (word, alert) = match event {
            Event::Bad(AlertError { index, flaw }) | Event::Partial(AlertError { index, flaw }, _) => {
                return format!("bad {index} {flaw:?}");
            }
            Event::Alert(alert) => ("alert", alert),
            Event::Oversize(alert) => ("oversize", alert),
            Event::Sample(_) => unreachable!("nobody asked"),
        };
        let mut pairs: Vec<String> = alert
            .pairs()
            .map(|(kind, name, value)| {
                format!("{}:{name}={value}", if kind == PairKind::Label { 'l' } else { 'a' })
            })
            .collect();
        pairs.sort();
        let times = (alert.starts_at().map(|at| at.0), alert.ends_at().map(|at| at.0));
        format!("{word} | {:?} {times:?} {:x} | {}", alert.status(), alert.fingerprint(), pairs.join(" "))
    }

    type Told = (Vec<String>, Result<Summary, Malformed>);

    fn read_chunks<'a>(
        reader: &mut Reader,
        dialect: Dialect,
        chunks: impl IntoIterator<Item = &'a [u8]>,
    ) -> Told {
        let mut events = Vec::new();
        reader.start(dialect);
        for chunk in chunks {
            if let Err(malformed) = reader.feed(chunk, &mut |event| events.push(told(event))) {
                assert_eq!(reader.feed(b"[]", &mut |_| unreachable!()), Err(malformed));
                assert_eq!(reader.finish(), Err(malformed));
                return (events, Err(malformed));
            }
        }
        (events, reader.finish())
    }

    fn read(dialect: Dialect, json: &str) -> Told {
        read_chunks(&mut Reader::new(), dialect, [json.as_bytes()])
    }

    /// The events of a body that is whole, without their times and fingerprints.
    fn events(dialect: Dialect, json: &str) -> Vec<String> {
        let (events, end) = read(dialect, json);
        end.unwrap();
        let short = |event: &String| match *event.split(" | ").collect::<Vec<_>>() {
            [word, _, pairs] => format!("{word} {pairs}"),
            _ => event.clone(),
        };
        events.iter().map(short).collect()
    }

    #[test]
    fn prometheus() {
        let (events, end) = read(Alerts, body(PROMETHEUS));
        assert_eq!(end, Ok(Summary { alerts: 2, oversize: 0, samples: 0, bad: 0 }));
        let alert = |port, fingerprint| {
            format!(
                "alert | None (Some(1795246881663), Some(1795247121663)) {fingerprint} | \
                 a:description=Pas de réponse \"depuis\" 5 min\nligne 2 — 0 \
                 a:summary=Antenna 127.0.0.1:{port} is <down> & out \
                 l:adlermanager=status.example.org l:alertname=AntennaDown l:component=roof-north \
                 l:instance=127.0.0.1:{port} l:job=antenna l:service=wifi l:severity=critical"
            )
        };
        assert_eq!(events, [alert(19999, "a3c7abfa841bf186"), alert(19998, "df437f39439f8b09")]);
    }

    #[test]
    fn alertmanager_firing_then_resolved() {
        let labels = "l:adlermanager=status.example.org l:alertname=AntennaDown l:component=roof-north l:service=wifi \
                      l:severity=critical";
        let (events, end) = read(Webhook, body(FIRING));
        assert_eq!(end, Ok(Summary { alerts: 1, oversize: 0, samples: 0, bad: 0 }));
        assert_eq!(
            events,
            [format!(
                "alert | Some(Firing) (Some(1795246911964), None) 310f98352464972b | a:summary=Antenna <down> {labels}"
            )]
        );
        let (events, end) = read(Webhook, body(RESOLVED));
        assert_eq!(end, Ok(Summary { alerts: 1, oversize: 0, samples: 0, bad: 0 }));
        assert_eq!(
            events,
            [format!(
                "alert | Some(Resolved) (Some(1795246911964), Some(1795246915000)) 310f98352464972b | {labels}"
            )]
        );
    }

    #[test]
    fn what_an_alert_answers() {
        let mut seen = 0;
        let mut reader = Reader::new();
        let json = r#"[{"labels":{"alertname":"A","both":"label","gone":""},"annotations":{"both":"note","summary":"S","none":""},
            "startsAt":"2026-11-21T10:06:00+01:00","endsAt":"0001-01-01T00:00:00Z","status":{"state":"active"}}]"#;
        let fed = reader.feed(json.as_bytes(), &mut |event| {
            let Event::Alert(alert) = event else { panic!("{event:?}") };
            assert_eq!(alert.label("alertname"), Some("A"));
            assert_eq!(alert.label("summary"), None);
            assert_eq!(alert.label("gone"), None);
            assert_eq!(alert.annotation("summary"), Some("S"));
            assert_eq!(alert.annotation("alertname"), None);
            assert_eq!(alert.annotation("none"), None);
            assert_eq!(alert.annotation("both"), Some("note"));
            assert_eq!(alert.get("both"), Some("label"));
            assert_eq!(alert.get("summary"), Some("S"));
            assert_eq!(alert.get(""), None);
            assert_eq!(alert.starts_at(), Some(Wall(1_795_251_960_000)));
            assert_eq!(alert.ends_at(), None);
            assert_eq!(alert.status(), None);
            assert_eq!(alert.pairs().count(), 4);
            seen += 1;
        });
        assert_eq!((fed, seen), (Ok(()), 1));
    }

    #[test]
    fn a_label_makes_an_alert() {
        for (json, expected) in [
            (r#"[]"#, &[][..]),
            (r#"[{"labels":{"a":"b"}}]"#, &["alert l:a=b"]),
            (r#"[{"annotations":null,"startsAt":null,"endsAt":null,"labels":{"a":"b"}}]"#, &["alert l:a=b"]),
            (r#"[{"startsAt":"","endsAt":"","labels":{"a":"b"}}]"#, &["alert l:a=b"]),
            (r#"[{}]"#, &["bad 0 NoLabels"]),
            (r#"[{"labels":{}}]"#, &["bad 0 NoLabels"]),
            (r#"[{"labels":null}]"#, &["bad 0 NoLabels"]),
            (r#"[{"labels":{"a":""}}]"#, &["bad 0 NoLabels"]),
            (r#"[{"labels":{"a":null}}]"#, &["bad 0 NoLabels"]),
            (r#"[{"labels":{"a":"b","a":""}}]"#, &["bad 0 NoLabels"]),
            (r#"[{"annotations":{"a":"b"}}]"#, &["bad 0 NoLabels"]),
            (r#"[{"labels":["a"]}]"#, &["bad 0 Labels"]),
            (r#"[{"labels":"a"}]"#, &["bad 0 Labels"]),
            (r#"[{"labels":{"":"b"}}]"#, &["bad 0 LabelName"]),
            (r#"[{"labels":{"a":1}}]"#, &["bad 0 LabelValue"]),
            (r#"[{"labels":{"a":true}}]"#, &["bad 0 LabelValue"]),
            (r#"[{"labels":{"a":{"labels":{"b":"c"}},"d":"e"}}]"#, &["bad 0 LabelValue"]),
            (r#"[{"labels":{"a":[[{}]],"d":"e"}}]"#, &["bad 0 LabelValue"]),
            (r#"[{"labels":{"a":"b"},"annotations":1}]"#, &["bad 0 Annotations"]),
            (r#"[{"labels":{"a":"b"},"annotations":[{}]}]"#, &["bad 0 Annotations"]),
            (r#"[{"labels":{"a":"b"},"annotations":{"c":[1]}}]"#, &["bad 0 AnnotationValue"]),
            (r#"[{"labels":{"a":"b"},"startsAt":"yesterday"}]"#, &["bad 0 StartsAt"]),
            (r#"[{"labels":{"a":"b"},"startsAt":1795251960}]"#, &["bad 0 StartsAt"]),
            (r#"[{"labels":{"a":"b"},"endsAt":"2026-02-29T00:00:00Z"}]"#, &["bad 0 EndsAt"]),
            (r#"[{"labels":{"a":"b"},"endsAt":{}}]"#, &["bad 0 EndsAt"]),
            // The first flaw is told.
            (r#"[{"startsAt":1,"labels":{"a":1},"endsAt":1}]"#, &["bad 0 StartsAt"]),
            // What is wrong with one costs the others nothing.
            (
                r#"[{"labels":{"a":"b"}},{},1,null,"x",[{"labels":{"n":"o"}}],{"labels":{"c":1}},{"labels":{"d":"e"}}]"#,
                &[
                    "alert l:a=b",
                    "bad 1 NoLabels",
                    "bad 2 NotAnObject",
                    "bad 3 NotAnObject",
                    "bad 4 NotAnObject",
                    "bad 5 NotAnObject",
                    "bad 6 LabelValue",
                    "alert l:d=e",
                ],
            ),
            // Unknown members, whatever they hold.
            (
                r#"[{"x":{"labels":{"c":"d"}},"y":[[],{"z":[1,"2",null]}],"labels":{"a":"b"},"generatorURL":"http://x/"}]"#,
                &["alert l:a=b"],
            ),
            // The last of equal names counts, and a second object adds to the first, as in Go.
            (r#"[{"labels":{"a":"b","a":"c"}}]"#, &["alert l:a=c"]),
            (r#"[{"labels":{"a":"long","c":"d","a":"x"},"labels":{"e":"f"}}]"#, &["alert l:a=x l:c=d l:e=f"]),
            (r#"[{"annotations":{"a":"b","a":"c"},"labels":{"a":"d"}}]"#, &["alert a:a=c l:a=d"]),
            // Nothing of one alert is left in the next.
            (
                r#"[{"labels":{"a":"b"},"annotations":{"c":"d"},"startsAt":"x"},{"labels":{"e":"f"}}]"#,
                &["bad 0 StartsAt", "alert l:e=f"],
            ),
        ] {
            assert_eq!(events(Alerts, json), expected, "{json}");
            let payload = format!(r#"{{"alerts":{json}}}"#);
            assert_eq!(events(Webhook, &payload), expected, "{payload}");
        }
    }

    #[test]
    fn status_is_a_webhooks() {
        for (status, expected) in [
            (r#""firing""#, "alert l:a=b"),
            (r#""resolved""#, "alert l:a=b"),
            ("null", "alert l:a=b"),
            (r#""suppressed""#, "bad 0 Status"),
            ("1", "bad 0 Status"),
            (r#"{"state":"active"}"#, "bad 0 Status"),
        ] {
            let json = format!(r#"[{{"status":{status},"labels":{{"a":"b"}}}}]"#);
            assert_eq!(events(Webhook, &json), [expected], "{json}");
            assert_eq!(events(Alerts, &json), ["alert l:a=b"], "{json}");
        }
    }

    #[test]
    fn whole_bodies() {
        let expected = |at, why| Err(Malformed { at, why });
        for (dialect, json, end) in [
            (Alerts, "", expected(0, Why::Json(JsonError::Empty))),
            (Webhook, " ", expected(1, Why::Json(JsonError::Empty))),
            (Alerts, "{}", expected(1, Why::ExpectedArray)),
            (Alerts, r#"{"alerts":[]}"#, expected(1, Why::ExpectedArray)),
            (Alerts, "null", expected(4, Why::ExpectedArray)),
            (Alerts, "1", expected(1, Why::ExpectedArray)),
            (Webhook, "1", expected(1, Why::ExpectedPayload)),
            (Webhook, "\"alerts\"", expected(8, Why::ExpectedPayload)),
            (Webhook, "{}", expected(2, Why::ExpectedAlerts)),
            (Webhook, r#"{"status":"firing","x":{"alerts":[{}]}}"#, expected(39, Why::ExpectedAlerts)),
            (Webhook, r#"{"alerts":{}}"#, expected(11, Why::ExpectedAlerts)),
            (Webhook, r#"{"alerts":[]}"#, Ok(Summary::default())),
            (Webhook, r#"{"alerts":null}"#, Ok(Summary::default())),
            (Webhook, "[]", Ok(Summary::default())),
            (Alerts, " [ ] ", Ok(Summary::default())),
            (Alerts, "[] x", expected(3, Why::Json(JsonError::Trailing))),
            (Alerts, "[", expected(1, Why::Json(JsonError::Unfinished))),
            (Alerts, "[{}", expected(3, Why::Json(JsonError::Unfinished))),
        ] {
            assert_eq!(read(dialect, json).1, end, "{dialect:?} {json}");
        }
    }

    #[test]
    fn what_came_before_bad_json_is_delivered() {
        let (events, end) = read(Alerts, r#"[{"labels":{"a":"b"}},{"labels":{"c":"d"},}]"#);
        assert_eq!(events.len(), 1);
        assert_eq!(end, Err(Malformed { at: 42, why: Why::Json(JsonError::Unexpected) }));
        let deep = format!(r#"[{{"labels":{{"a":"b"}}}},{}"#, "[".repeat(JSON_DEPTH));
        let (events, end) = read(Alerts, &deep);
        assert_eq!(events.len(), 2);
        assert_eq!(end.unwrap_err().why, Why::Json(JsonError::Depth));
    }

    /// The fields that Grafana adds, `version` "1", `values` and all.
    #[test]
    fn grafana() {
        let json = r#"{"receiver":"aiglon","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"A","grafana_folder":"F"},
            "annotations":{},"startsAt":"2026-11-21T09:06:00+01:00","endsAt":"0001-01-01T00:00:00Z","generatorURL":"","fingerprint":"c6eadffa33fcdf37",
            "silenceURL":"","dashboardURL":"","panelURL":"","values":{"B":44.23,"C":null},"valueString":"[ var='B' ]"}],
            "groupLabels":{},"commonLabels":{},"commonAnnotations":{},"externalURL":"","version":"1","groupKey":"","truncatedAlerts":0,
            "orgId":1,"title":"[FIRING:1]","state":"alerting","message":"**Firing**"}"#;
        assert_eq!(events(Webhook, json), ["alert l:alertname=A l:grafana_folder=F"]);
    }

    #[test]
    fn long_annotations_are_cut_and_long_labels_are_oversize() {
        let long = "y".repeat(TOKEN_BYTES);
        let cut = &long[1..];
        // The mark is as long as three letters.
        let marked = |text: &str| format!("{}…", &text[3..]);
        for (json, expected) in [
            (format!(r#"[{{"labels":{{"a":"{long}"}}}}]"#), format!("alert l:a={long}")),
            (
                format!(r#"[{{"labels":{{"a":"{long}z","b":"c"}}}}]"#),
                format!("oversize l:a={} l:b=c", marked(&long)),
            ),
            (format!(r#"[{{"labels":{{"{long}z":"a","b":"c"}}}}]"#), "oversize l:b=c".to_string()),
            (format!(r#"[{{"labels":{{"{long}z":"a"}}}}]"#), "oversize ".to_string()),
            (
                format!(r#"[{{"annotations":{{"n":"{cut}é!"}},"labels":{{"b":"c"}}}}]"#),
                format!("alert a:n={} l:b=c", marked(cut)),
            ),
            (
                format!(r#"[{{"annotations":{{"{long}z":"a"}},"labels":{{"b":"c"}}}}]"#),
                "alert l:b=c".to_string(),
            ),
        ] {
            assert_eq!(events(Alerts, &json), [expected], "{json}");
        }
    }

    fn members(count: usize, name: &str, value: &str) -> String {
        let members: Vec<String> = (0..count).map(|index| format!(r#""{name}{index}":"{value}""#)).collect();
        members.join(",")
    }

    #[test]
    fn annotations_leave_room_for_labels() {
        let labels = members(ALERT_PAIRS / 2, "l", &"v".repeat(100));
        let many = members(1000, "n", "v");
        let big = members(9, "n", &"v".repeat(1000));
        for annotations in [many.as_str(), big.as_str()] {
            let before = format!(r#"[{{"annotations":{{{annotations}}},"labels":{{{labels}}}}}]"#);
            let after = format!(r#"[{{"labels":{{{labels}}},"annotations":{{{annotations}}}}}]"#);
            for json in [before, after] {
                let events = events(Alerts, &json);
                assert!(events[0].starts_with("alert "), "{events:?}");
                assert_eq!(events[0].matches("l:l").count(), ALERT_PAIRS / 2);
                let kept = events[0].matches("a:n").count();
                assert!(kept > 2 && kept <= ALERT_PAIRS / 2, "{kept}");
            }
        }
        // A later value of an annotation that is there may still come when their number is full.
        let json = format!(r#"[{{"annotations":{{{many},"n0":"last"}},"labels":{{"a":"b"}}}}]"#);
        assert!(events(Alerts, &json)[0].contains("a:n0=last"));
    }

    #[test]
    fn labels_have_a_bound() {
        let alert = |labels: &str| format!(r#"[{{"labels":{{{labels}}}}}]"#);
        for (labels, word) in [
            (members(ALERT_PAIRS, "l", "v"), "alert"),
            (members(ALERT_PAIRS + 1, "l", "v"), "oversize"),
            (members(100_000, "l", "v"), "oversize"),
            (members(ALERT_BYTES / 1002, "l", &"v".repeat(1000)), "alert"),
            (members(ALERT_BYTES / 1002 + 1, "l", &"v".repeat(1000)), "oversize"),
        ] {
            let events = events(Alerts, &alert(&labels));
            assert_eq!(events[0].split(' ').next(), Some(word));
            assert!(events[0].contains("l:l0=v"));
        }
        // One that does not fit costs the next nothing.
        let two = format!(r#"[{{"labels":{{{}}}}},{{"labels":{{"a":"b"}}}}]"#, members(100, "l", "v"));
        assert_eq!(events(Alerts, &two)[1], "alert l:a=b");
    }

    /// Two alerts that differ in a MAC address alone show the same text and stay two.
    #[test]
    fn macs_are_masked_and_tell_apart() {
        let json = r#"[{"labels":{"sta":"00:11:22:aa:bb:cc"},"annotations":{"s":"STA 001122aabbcc left","001122aabbcc":"x"}},
            {"labels":{"sta":"00:11:22:aa:bb:cd"},"annotations":{"s":"STA 001122aabbcd left","001122aabbcd":"x"}}]"#;
        let (told, _) = read(Alerts, json);
        assert_ne!(told[0], told[1]);
        let events = events(Alerts, json);
        assert_eq!(events[0], "alert a:s=STA xxxxxxxxxxxx left a:xxxxxxxxxxxx=x l:sta=xx:xx:xx:xx:xx:xx");
        assert_eq!(events[1], events[0]);
    }

    #[test]
    fn a_cut_leaves_no_half_of_a_mac() {
        let before = "y".repeat(TOKEN_BYTES - 15);
        let json =
            format!(r#"[{{"labels":{{"a":"b"}},"annotations":{{"n":"{before} 00:11:22:aa:bb:cc"}}}}]"#);
        assert_eq!(events(Alerts, &json), [format!("alert a:n={before}… l:a=b")]);
        // What is not seen does not hide one, and does not cost the mark.
        let unseen = "y\u{200b}".repeat(TOKEN_BYTES / 4 - 5);
        let json = format!(
            r#"[{{"labels":{{"a":"b"}},"annotations":{{"n":"{unseen}00:11:\u200b22:aa:bb:cc:dd"}}}}]"#
        );
        let seen = "y".repeat(TOKEN_BYTES / 4 - 5);
        assert_eq!(events(Alerts, &json), [format!("alert a:n={seen}… l:a=b")]);
    }

    #[test]
    fn of_what_is_wrong_the_labels_are_told_that_could_be_read() {
        let json = r#"[
            {"labels":{"a":"b"}},
            5,
            {"labels":{"a":"b","n":5,"sta":"00:11:22:aa:bb:cc","c":"d"},"status":"resolved"},
            {"startsAt":"yesterday","labels":{"a":"b"}},
            {"labels":{"a":"b"},"annotations":"x"},
            {"labels":{"":"x","a":"b"}},
            {"labels":{"a":5}},
            {"labels":"x"},
            {"annotations":{"s":"t"},"endsAt":5}
        ]"#;
        let expected = [
            "whole: a=b",
            "1 NotAnObject",
            "2 LabelValue: a=b sta=xx:xx:xx:xx:xx:xx c=d",
            "3 StartsAt: a=b",
            "4 Annotations: a=b",
            "5 LabelName: =x a=b",
            "6 LabelValue",
            "7 Labels",
            "8 EndsAt",
        ];
        let mut reader = Reader::new();
        for size in [1, 7, json.len()] {
            let mut found = Vec::new();
            reader.start(Webhook);
            for chunk in json.as_bytes().chunks(size) {
                let mut each = |event: Event<'_>| {
                    let (mut one, alert) = match event {
                        Event::Alert(alert) => (String::from("whole"), Some(alert)),
                        Event::Partial(error, alert) => {
                            (format!("{} {:?}", error.index, error.flaw), Some(alert))
                        }
                        Event::Bad(error) => (format!("{} {:?}", error.index, error.flaw), None),
                        _ => unreachable!(),
                    };
                    if let Some(alert) = alert {
                        assert_eq!(alert.is_whole(), one == "whole");
                        one += ":";
                        for (_, name, value) in alert.pairs() {
                            one.extend([" ", name, "=", value]);
                        }
                    }
                    found.push(one);
                };
                reader.feed(chunk, &mut each).unwrap();
            }
            assert_eq!(found, expected);
            assert_eq!(reader.finish(), Ok(Summary { alerts: 1, oversize: 0, samples: 0, bad: 8 }));
        }
    }

    #[test]
    fn any_split_of_the_fixtures() {
        let mut reader = Reader::new();
        for (dialect, request) in [(Alerts, PROMETHEUS), (Webhook, FIRING), (Webhook, RESOLVED)] {
            let json = body(request).as_bytes();
            let whole = read_chunks(&mut reader, dialect, [json]);
            assert!(whole.1.is_ok());
            for at in 0..=json.len() {
                let (first, second) = json.split_at(at);
                assert_eq!(read_chunks(&mut reader, dialect, [first, second]), whole, "{at}");
                // A body that ends early is never taken for a whole one.
                let (events, end) = read_chunks(&mut reader, dialect, [first]);
                assert!(end.is_err() || second.iter().all(u8::is_ascii_whitespace), "{at}");
                assert!(whole.0.starts_with(&events));
            }
            for size in 1..20 {
                assert_eq!(read_chunks(&mut reader, dialect, json.chunks(size)), whole, "{size}");
            }
        }
    }

    /// Memory does not grow with the batch: it is one `Reader` whatever comes, and all of it comes
    /// through.
    #[test]
    fn a_hundred_thousand_alerts() {
        let mut reader = Reader::new();
        let mut fingerprints = std::collections::HashSet::new();
        let mut each = |event: Event<'_>| {
            let Event::Alert(alert) = event else { panic!("{event:?}") };
            assert_eq!(alert.annotation("summary"), Some("It is down"));
            fingerprints.insert(alert.fingerprint());
        };
        reader.feed(b"[", &mut each).unwrap();
        for index in 0..100_000 {
            let comma = if index > 0 { "," } else { "" };
            let alert = format!(
                r#"{comma}{{"annotations":{{"summary":"It is down"}},"labels":{{"alertname":"Down","instance":"10.0.0.1:{index}"}}}}"#
            );
            reader.feed(alert.as_bytes(), &mut each).unwrap();
        }
        reader.feed(b"]", &mut each).unwrap();
        assert_eq!(reader.finish(), Ok(Summary { alerts: 100_000, oversize: 0, samples: 0, bad: 0 }));
        assert_eq!(fingerprints.len(), 100_000);
        assert!(size_of::<Reader>() <= 10_240, "{}", size_of::<Reader>());
    }

    proptest! {
        #[test]
        fn any_change_gives_the_same_in_any_chunks(
            webhook: bool,
            changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..4),
            cuts in proptest::collection::vec(1..40usize, 1..50),
        ) {
            let (dialect, request) = if webhook { (Webhook, FIRING) } else { (Alerts, PROMETHEUS) };
            let mut json = body(request).as_bytes().to_vec();
            for (index, byte) in changes {
                let index = index.index(json.len());
                json[index] = byte;
            }
            let mut rest = json.as_slice();
            let chunks = cuts.iter().cycle().map_while(|&cut| {
                let (chunk, after) = rest.split_at(cut.min(rest.len()));
                rest = after;
                (!chunk.is_empty()).then_some(chunk)
            });
            let mut reader = Reader::new();
            let in_chunks = read_chunks(&mut reader, dialect, chunks);
            prop_assert_eq!(in_chunks, read_chunks(&mut reader, dialect, vec![json.as_slice()]));
        }
    }

    #[test]
    fn status_words() {
        let mut seen = Vec::new();
        let json = r#"[{"status":"resolved","labels":{"a":"b"}},{"status":"firing","labels":{"a":"b"}},{"labels":{"a":"b"}}]"#;
        let mut reader = Reader::new();
        reader.start(Webhook);
        let fed = reader.feed(json.as_bytes(), &mut |event| {
            if let Event::Alert(alert) = event {
                seen.push(alert.status());
            }
        });
        assert_eq!((fed, seen), (Ok(()), vec![Some(AlertStatus::Resolved), Some(AlertStatus::Firing), None]));
    }
}
