//! A sample while it is read, in any format: tokens cut to what fits, and the members of a sample
//! in JSON.
//!
//! Telegraf (`data_format = "json"`, 1.40, `plugins/serializers/json`) writes its members in the
//! order of their names, so the fields come before the name that says who asks for them: until it
//! is known, whatever any rule of the source may ask for is kept. collectd (5.12,
//! `src/utils/format_json`) writes values and their names apart. In whatever order members come,
//! the sample is the same.
//!
//! | of the sample | Telegraf's JSON | collectd's JSON | `PUTVAL host/plugin-…/type-…` |
//! | --- | --- | --- | --- |
//! | measurement | `name` | `plugin` | plugin |
//! | fields | `fields` | `dsnames` with `values` | `value`, or what the module `putval` says |
//! | tags | `tags` | `host`, `plugin_instance`, `type`, `type_instance` | the same |
//! | time | `timestamp` | `time` | before the first colon |

use heapless::Vec;

use super::event::AlertFlaw;
use super::json::{JsonEvent, Text};
use super::sample::{HashKey, Interest, Sample};
use crate::limits::{LINE_TOKEN_BYTES, SAMPLE_FIELDS};
use crate::text::buffer::Bytes;
use crate::text::number::{self, Micro};
use crate::time::{Wall, rfc3339};

/// A piece of a line or of a sample, cut to what fits.
#[derive(Debug)]
pub(super) struct TokenBuf {
    pub(super) bytes: Bytes<LINE_TOKEN_BYTES>,
    pub(super) cut: bool,
}

impl TokenBuf {
    pub(super) const fn new() -> Self {
        Self { bytes: Bytes::new(), cut: false }
    }
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.cut = false;
    }
    pub(super) fn push(&mut self, more: &[u8]) {
        if !self.bytes.push(more) {
            self.cut = true;
            let room = self.bytes.room();
            self.bytes.push(more.get(..room).unwrap_or_default());
        }
    }
    fn set(&mut self, text: &str, cut: bool) {
        self.clear();
        self.push(text.as_bytes());
        self.cut |= cut;
    }
    /// The part of it that is UTF-8; a longer one is nobody's name.
    pub(super) fn name(&self) -> &str {
        if self.cut { "" } else { core::str::from_utf8(self.bytes.as_slice()).unwrap_or("") }
    }
    /// What fits of it, without half a character at the end.
    pub(super) fn value(&self) -> &[u8] {
        match core::str::from_utf8(self.bytes.as_slice()) {
            Err(error) if self.cut => self.bytes.as_slice().get(..error.valid_up_to()).unwrap_or_default(),
            _ => self.bytes.as_slice(),
        }
    }
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

/// Where samples of a body in JSON are made, and for whom.
pub struct Asked<'a> {
    pub(super) draft: &'a mut SampleDraft,
    pub(super) interest: &'a dyn Interest,
}

/// Where in a sample we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)] // all-zero: at a member that is not ours
enum At {
    Other,
    Name,
    /// Before the value of a member that is a tag, whose name has been noted.
    Tag,
    Tags,
    TagKey,
    TagValue,
    Fields,
    FieldKey,
    FieldValue,
    Time,
    Values,
    Value,
    Names,
    NameOf,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drafted {
    /// More of the same member must come.
    Inside,
    /// The same, and if the event was the beginning of something, that is not wanted.
    Skip,
    /// The member is over; what the event began is not wanted.
    Over,
}

/// The sample being read. All-zero when new. About 1.4 KB.
#[derive(Debug)]
pub(super) struct SampleDraft {
    pub(super) key: HashKey,
    pub(super) sample: Sample,
    /// The name of a tag or a field.
    pub(super) name: TokenBuf,
    values: Vec<Option<Micro>, SAMPLE_FIELDS, u8>,
    /// How many names of values have come.
    names: u8,
    at: At,
    /// It has its measurement.
    named: bool,
    /// It has its fields.
    measured: bool,
}

impl SampleDraft {
    pub(super) const fn new() -> Self {
        Self {
            key: HashKey([0; 2]),
            sample: Sample::new(),
            name: TokenBuf::new(),
            values: Vec::new(),
            names: 0,
            at: At::Other,
            named: false,
            measured: false,
        }
    }

    /// Begins a body.
    pub(super) fn start(&mut self, key: HashKey) {
        self.key = key;
        self.begin(0);
    }

    /// Begins a sample of which no more is known than that these ask for something.
    pub(super) fn begin(&mut self, who: u32) {
        self.sample.begin(who, 0);
        self.values.clear();
        (self.names, self.at, self.named, self.measured) = (0, At::Other, false, false);
    }

    /// What it measures.
    pub(super) fn measure(&mut self, name: &str, interest: &dyn Interest) {
        self.named = !name.is_empty();
        self.sample.narrow(interest.measurement(name));
        self.sample.add_to_series(self.key.hash([name.as_bytes(), b""]));
    }

    /// A tag, its name in `name`. An empty one counts as absent, since a line has none either.
    pub(super) fn tag(&mut self, value: &str, cut: bool, interest: &dyn Interest) {
        let who = self.sample.who();
        if who == 0 || value.is_empty() {
            return;
        }
        let value = value.as_bytes();
        self.sample.add_to_series(self.key.hash([self.name.bytes.as_slice(), value]));
        if interest.tag(who, self.name.name()) {
            let hash = self.key.hash([value, b""]);
            self.sample.keep_tag(self.name.name(), value, !cut, hash);
        }
    }

    /// A tag of this name.
    pub(super) fn tag_of(&mut self, name: &str, value: &str, cut: bool, interest: &dyn Interest) {
        self.name.set(name, false);
        self.tag(value, cut, interest);
    }

    /// A field: its number, or `None` for a text.
    pub(super) fn field(&mut self, name: &str, value: Option<Micro>, interest: &dyn Interest) {
        let who = self.sample.who();
        if who != 0 && interest.field(who, name) {
            self.sample.keep_field(name, value);
        }
    }

    /// A member of the object that holds it: whether it is one of a sample's.
    pub(super) fn member(&mut self, name: &str) -> bool {
        self.at = match name {
            "name" | "plugin" => At::Name,
            "tags" => At::Tags,
            "fields" => At::Fields,
            "timestamp" | "time" => At::Time,
            "values" => At::Values,
            "dsnames" => At::Names,
            "host" | "plugin_instance" | "type" | "type_instance" => {
                self.name.set(name, false);
                At::Tag
            }
            _ => return false,
        };
        true
    }

    /// The next event of the member, and what was wrong with it.
    pub(super) fn event(
        &mut self,
        event: JsonEvent<'_>,
        interest: &dyn Interest,
    ) -> (Drafted, Option<AlertFlaw>) {
        use JsonEvent::{ArrayEnd, ArrayStart, Key, Null, ObjectStart, Str};

        let inside = match (self.at, event) {
            (At::Name, Str(text)) if !self.named && fits(text) => {
                self.measure(text.text, interest);
                return (Drafted::Over, None);
            }
            (At::Tag, Str(text)) => {
                self.tag(text.text, text.cut, interest);
                return (Drafted::Over, None);
            }
            (At::Tags, ObjectStart) => At::TagKey,
            (At::Fields, ObjectStart) => {
                self.measured = true;
                At::FieldKey
            }
            (At::TagKey, Key(name)) => {
                self.name.set(name.text, name.cut);
                At::TagValue
            }
            (At::TagValue, Str(text)) => {
                self.tag(text.text, text.cut, interest);
                At::TagKey
            }
            (At::FieldKey, Key(name)) => {
                self.name.set(name.text, name.cut);
                At::FieldValue
            }
            (At::FieldValue, value) => {
                self.at = At::FieldKey;
                if value != Null {
                    let who = self.sample.who();
                    if who != 0 && interest.field(who, self.name.name()) {
                        self.sample.keep_field(self.name.name(), number(value));
                    }
                }
                return (Drafted::Skip, None);
            }
            (At::Values, ArrayStart) => At::Value,
            (At::Names, ArrayStart) => At::NameOf,
            (At::NameOf, Str(text)) => {
                self.measured = true;
                self.field(if text.cut { "" } else { text.text }, Some(self.names.into()), interest);
                self.names = self.names.saturating_add(1);
                At::NameOf
            }
            (At::Other | At::TagKey | At::FieldKey, _)
            | (At::Value | At::NameOf, ArrayEnd)
            | (At::Tags | At::Tag, Null) => return (Drafted::Over, None),
            (At::Value, value) => {
                if self.values.push(number(value)).is_err() {
                    self.sample.lose();
                }
                return (Drafted::Skip, None);
            }
            (At::Time, value) => {
                if let Some(secs) = seconds(value) {
                    self.sample.set_time(secs);
                }
                return (Drafted::Over, None);
            }
            (At::TagValue, _) => {
                self.at = At::TagKey;
                return (Drafted::Skip, Some(AlertFlaw::Tags));
            }
            (At::NameOf, _) => return (Drafted::Skip, Some(AlertFlaw::Fields)),
            (At::Tag | At::Tags, _) => return (Drafted::Over, Some(AlertFlaw::Tags)),
            (At::Fields | At::Values | At::Names, _) => return (Drafted::Over, Some(AlertFlaw::Fields)),
            (At::Name, _) => return (Drafted::Over, Some(AlertFlaw::Name)),
        };
        self.at = inside;
        (Drafted::Inside, None)
    }

    /// The object that holds it has ended. Whether it is a sample.
    pub(super) fn end(&mut self) -> Result<(), AlertFlaw> {
        if self.names > 0 || !self.values.is_empty() {
            if usize::from(self.names) < self.values.len() {
                return Err(AlertFlaw::Fields);
            }
            self.sample.resolve(&self.values);
        }
        match (self.named, self.measured) {
            (true, true) => Ok(()),
            (true, false) => Err(AlertFlaw::Fields),
            (false, _) => Err(AlertFlaw::Name),
        }
    }
}

fn fits(text: Text<'_>) -> bool {
    !text.cut && !text.text.is_empty()
}

/// What a value is worth.
fn number(value: JsonEvent<'_>) -> Option<Micro> {
    match value {
        JsonEvent::Number(text) if !text.cut => number::decimal(text.text.as_bytes()),
        JsonEvent::Bool(yes) => Some(number::whole(yes.into())),
        _ => None,
    }
}

/// A time in seconds since 1970. Telegraf's unit is a power of ten that its configuration says
/// (`json_timestamp_units`, seconds by default), and told by its size: in seconds, a hundred
/// milliards are the year 5138.
fn seconds(value: JsonEvent<'_>) -> Option<i64> {
    match value {
        JsonEvent::Number(text) if !text.cut => {
            let whole = text.text.split(['.', 'e', 'E']).next().unwrap_or("");
            let mut secs = number::integer(whole.as_bytes())?;
            while secs.unsigned_abs() > 100_000_000_000 {
                secs /= 1000;
            }
            Some(secs)
        }
        JsonEvent::Str(text) if !text.cut => rfc3339::parse(text.text)?.wall().map(Wall::secs),
        _ => None,
    }
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
    use std::format;
    use std::string::String;
    use std::vec;
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::ingest::{Dialect, Event, Reader, Summary};

    /// Asks for everything but the measurement `nobody`.
    pub struct All;

    impl Interest for All {
        fn anything(&self) -> u32 {
            3
        }
        fn measurement(&self, name: &str) -> u32 {
            u32::from(name != "nobody")
        }
        fn tag(&self, _: u32, _: &str) -> bool {
            true
        }
        fn field(&self, _: u32, _: &str) -> bool {
            true
        }
    }

    /// What a sample says: `tag=value … field=number … @time`.
    pub fn told(sample: &Sample) -> String {
        let mut tags: Vec<_> = sample.tags().map(|(name, value)| format!("{name}={value}")).collect();
        tags.sort();
        let fields = sample.fields().map(|(name, value)| match value {
            Some(value) => format!("{name}={value}"),
            None => format!("{name}=text"),
        });
        let time = sample.time().map(|time| format!("@{time}"));
        tags.into_iter().chain(fields).chain(time).collect::<Vec<_>>().join(" ")
    }

    fn read_by(dialect: Dialect, body: &str, size: usize) -> (Vec<String>, Result<Summary, String>) {
        let (mut reader, mut draft, mut out) = (Reader::new(), SampleDraft::new(), Vec::new());
        reader.start(dialect);
        draft.start(HashKey([1, 2]));
        let mut end = Ok(());
        for piece in body.as_bytes().chunks(size) {
            let mut asked = Asked { draft: &mut draft, interest: &All };
            end = reader.feed_asked(piece, Some(&mut asked), &mut |event| {
                out.push(match event {
                    Event::Sample(sample) => told(sample),
                    Event::Bad(error) | Event::Partial(error, _) => {
                        format!("! {} {:?}", error.index, error.flaw)
                    }
                    Event::Alert(alert) | Event::Oversize(alert) => {
                        let mut pairs: Vec<_> =
                            alert.pairs().map(|(_, name, value)| format!("{name}={value}")).collect();
                        pairs.sort();
                        format!("alert {:?} {:x} {}", alert.status(), alert.fingerprint(), pairs.join(" "))
                    }
                });
            });
            if end.is_err() {
                break;
            }
        }
        let words = |error: crate::ingest::Malformed| format!("{} {}", error.at, error.why.words());
        (out, end.and_then(|()| reader.finish()).map_err(words))
    }

    fn check(dialect: Dialect, body: &str, expected: &[&str]) -> Summary {
        let (out, end) = read_by(dialect, body, usize::MAX / 2);
        assert_eq!(out, expected, "{body}");
        for size in [1, 2, 3, 7] {
            assert_eq!(read_by(dialect, body, size), (out.clone(), end.clone()), "{body} by {size}");
        }
        end.unwrap()
    }

    #[test]
    fn telegraf() {
        use Dialect::Telegraf;
        let one = "host=h loss=50000000 text=text up=1000000 @1795262400";
        for body in [
            r#"{"fields":{"loss":50,"text":"x","up":true},"name":"ping","tags":{"host":"h"},"timestamp":1795262400}"#,
            r#"{"timestamp":1795262400000000000,"tags":{"host":"h","empty":""},"name":"ping","fields":{"loss":5e1,"text":{"a":[1,{}]},"up":true,"no":null}}"#,
            r#"{"tags":{"host":"h"},"x":{"name":1},"timestamp":"2026-11-21T12:00:00Z","name":"ping","fields":{"loss":50.0,"text":[],"up":true}}"#,
        ] {
            assert_eq!(check(Telegraf, body, &[one]).samples, 1);
            let batch = format!("{{\"metrics\":[{body},{body}]}}\n");
            assert_eq!(check(Telegraf, &batch, &[one, one]).samples, 2);
            check(Telegraf, &format!("[{body}]"), &[one]);
        }
        for body in [r#"{"metrics":[]}"#, r#"{"metrics":null}"#, "[]"] {
            assert_eq!(check(Telegraf, body, &[]), Summary::default());
        }
        // Nobody asks for it.
        let summary = check(Telegraf, r#"{"fields":{"f":1},"name":"nobody","tags":{}}"#, &[]);
        assert_eq!((summary.samples, summary.bad), (1, 0));
        for (body, flaw) in [
            ("{}", "! 0 Name"),
            (r#"{"fields":{"f":1}}"#, "! 0 Name"),
            (r#"{"name":"","fields":{"f":1}}"#, "! 0 Name"),
            (r#"{"name":7,"fields":{"f":1}}"#, "! 0 Name"),
            (r#"{"name":"a","name":"b","fields":{"f":1}}"#, "! 0 Name"),
            (r#"{"name":"a"}"#, "! 0 Fields"),
            (r#"{"name":"a","fields":[{}]}"#, "! 0 Fields"),
            (r#"{"name":"a","fields":{"f":1},"tags":{"t":{"x":1},"u":"v"}}"#, "! 0 Tags"),
            (r#"{"name":"a","fields":{"f":1},"tags":[1]}"#, "! 0 Tags"),
            (r#"{"labels":{"alertname":"a"}}"#, "! 0 Name"),
        ] {
            check(Telegraf, body, &[flaw]);
            let batch = format!(r#"{{"metrics":[{body},{{"name":"m","fields":{{"f":1}}}}]}}"#);
            check(Telegraf, &batch, &[flaw, "f=1000000"]);
        }
        for (body, words) in [
            ("7", "1 expected an array of samples, or Telegraf's object"),
            (r#"{"metrics":7}"#, "12 expected an array of samples, or Telegraf's object"),
            (r#"{"metrics":[],"metrics":["#, "25 JSON ends in the middle"),
        ] {
            assert_eq!(read_by(Telegraf, body, 99).1, Err(String::from(words)));
        }
    }

    #[test]
    fn collectd() {
        use Dialect::Collectd;
        let values =
            include_str!("../../tests/fixtures/collectd-5.12-values.http").split_once("\r\n\r\n").unwrap().1;
        let (out, end) = read_by(Collectd, values, 99);
        let (bad, samples) = end.map(|summary| (summary.bad, summary.samples)).unwrap();
        assert_eq!((bad, samples as usize), (0, out.len()));
        assert_eq!(
            out[0],
            "host=antenna-north type=load shortterm=30761 midterm=132812 longterm=715820 @1795250751"
        );
        let memory = out.iter().find(|one| one.contains("slab_recl")).unwrap();
        assert_eq!(
            memory,
            "host=antenna-north type=memory type_instance=slab_recl value=1014775808000000 @1795250751"
        );
        for (body, expected) in [
            // In any order; what is not known is null.
            (
                r#"[{"dsnames":["rx","tx"],"type":"if_octets","host":"h","plugin":"interface","meta":{"a":{"b":1}},"values":[null,2.5],"plugin_instance":"wlan0","type_instance":""}]"#,
                "host=h plugin_instance=wlan0 type=if_octets tx=2500000",
            ),
            (r#"[{"values":[1,2],"dsnames":["a"],"plugin":"p"}]"#, "! 0 Fields"),
            (r#"[{"values":[1],"dsnames":["a","b"],"plugin":"p"}]"#, "a=1000000"),
            (r#"[{"values":[1],"dsnames":[2],"plugin":"p"}]"#, "! 0 Fields"),
            (r#"[{"values":[1],"plugin":"p"}]"#, "! 0 Fields"),
            (r#"[{"values":[1],"dsnames":["a"]}]"#, "! 0 Name"),
            (r#"[{"values":[1],"dsnames":["a"],"plugin":"p","host":1}]"#, "! 0 Tags"),
            ("[7]", "! 0 NotAnObject"),
            ("[{}]", "! 0 Name"),
        ] {
            check(Collectd, body, &[expected]);
        }
    }

    #[test]
    fn what_finds_no_room_is_told() {
        let values = vec!["1"; SAMPLE_FIELDS + 1].join(",");
        let names: Vec<_> = (0..=SAMPLE_FIELDS).map(|n| format!("\"v{n}\"")).collect();
        let body = format!("[{{\"plugin\":\"p\",\"values\":[{values}],\"dsnames\":[{}]}}]", names.join(","));
        let (mut reader, mut draft, mut cut) = (Reader::new(), SampleDraft::new(), None);
        reader.start(Dialect::Collectd);
        let mut asked = Asked { draft: &mut draft, interest: &All };
        let fed = reader.feed_asked(body.as_bytes(), Some(&mut asked), &mut |event| {
            let Event::Sample(sample) = event else { panic!() };
            cut = Some((sample.was_cut(), sample.field("v0"), sample.field("v15")));
        });
        assert_eq!((fed, cut), (Ok(()), Some((true, Some(Some(1_000_000)), Some(Some(1_000_000))))));
    }

    #[test]
    fn notifications_of_collectd_are_one_alert_however_bad() {
        let capture = include_str!("../../tests/fixtures/collectd-5.12-notification.http")
            .split_once("\r\n\r\n")
            .unwrap()
            .1;
        let told = |body: &str| {
            let (out, end) = read_by(Dialect::Collectd, body, 99);
            assert_eq!(end.unwrap().alerts, 1, "{out:?}");
            out[0].clone()
        };
        let failing = told(capture);
        assert!(failing.starts_with("alert None ") && failing.contains("severity=FAILURE"), "{failing}");
        let over = told(&capture.replace("FAILURE", "OKAY"));
        assert!(over.starts_with("alert Some(Resolved) "), "{over}");
        // Newer ones have it among the annotations.
        let newer = capture
            .replace(r#""severity":"FAILURE","#, "")
            .replace(r#""annotations":{"#, r#""annotations":{"severity":"WARNING","#);
        let newer = told(&newer);
        let fingerprint = |told: &str| told.split(' ').nth(2).map(String::from);
        assert_eq!(fingerprint(&failing), fingerprint(&newer));
        assert_eq!(fingerprint(&failing), fingerprint(&told(&capture.replace("FAILURE", "WARNING"))));
        assert_eq!(
            fingerprint(&over).map(|print| print.len()),
            fingerprint(&failing).map(|print| print.len())
        );
        assert!(told(&capture.replace("antenna-north", "egret")).contains("instance=egret"));
        assert_ne!(fingerprint(&failing), fingerprint(&told(&capture.replace("antenna-north", "egret"))));
    }

    #[test]
    fn addresses_are_masked_and_series_are_those_of_lines() {
        let mut seen = Vec::new();
        for (host, mac) in [("h", "02:00:00:aa:bb:01"), ("h", "02-00-00-AA-BB-02")] {
            let body = format!(r#"{{"fields":{{"s":1}},"name":"w","tags":{{"if":"{host}","mac":"{mac}"}}}}"#);
            let (mut reader, mut draft) = (Reader::new(), SampleDraft::new());
            reader.start(Dialect::Telegraf);
            draft.start(HashKey([1, 2]));
            let mut asked = Asked { draft: &mut draft, interest: &All };
            reader
                .feed_asked(body.as_bytes(), Some(&mut asked), &mut |event| {
                    let Event::Sample(sample) = event else { panic!() };
                    assert!(!sample.tag("mac").unwrap().contains(['0', '1', '2', 'a', 'A']));
                    seen.push(sample.series());
                })
                .unwrap();
            let mut lines = crate::ingest::line::Lines::new();
            lines.start(crate::ingest::line::Precision::Secs, HashKey([1, 2]));
            lines.feed(format!("w,mac={mac},if={host} s=1\n").as_bytes(), &All, &mut |event| {
                let crate::ingest::line::LineEvent::Sample(sample) = event else { panic!() };
                assert_eq!(Some(&sample.series()), seen.last());
            });
        }
        assert_ne!(seen[0], seen[1]);
    }

    proptest! {
        #[test]
        fn any_pieces_say_the_same(
            body in r#"(\[|\{"metrics":\[)(\{("name":"m",|"fields":\{"f":[0-9]\},|"tags":\{"t":"[a-z]"\},|"values":\[1\],|"dsnames":\["v"\],|"labels":\{"a":"b"\},|"time":[0-9]{1,19},){0,6}"x":1\},?){0,4}"#,
            size in 1usize..20,
            collectd: bool,
        ) {
            let dialect = if collectd { Dialect::Collectd } else { Dialect::Telegraf };
            prop_assert_eq!(read_by(dialect, &body, size), read_by(dialect, &body, usize::MAX / 2));
        }
    }
}
