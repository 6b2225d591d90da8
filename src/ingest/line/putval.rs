//! `PUTVAL`, a line of collectd's plain text protocol, as its `write_http` writes it with `Format
//! "Command"`:
//!
//! ```text
//! PUTVAL host/plugin-instance/type-instance interval=10.000 1795250751.903:0.03:0.13
//! ```
//!
//! (collectd 5.12, `src/write_http.c` and `src/utils/cmds/putval.c`.) The identifier may be in
//! quotes; options are not looked at; several lists of values may follow. Values have no names on
//! the wire, as collectd knows those by the type: one alone is `value`, those of `load`, `if_…` and
//! `disk_…` are called as in its `types.db`, others `0`, `1`, ….

use super::super::draft::TokenBuf;
use super::super::sample::Interest;
use super::{At, LineEvent, LineFlaw, Lines};
use crate::text::{has, number};

/// The names of values, by how many there are and the beginning of their type.
const NAMES: [(&str, &[&str]); 5] = [
    ("", &["value"]),
    ("load", &["shortterm", "midterm", "longterm"]),
    ("if_", &["rx", "tx"]),
    ("disk_", &["read", "write"]),
    ("", &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]),
];

/// How far a line is: its verb, what it is about, options or values, values.
const VALUES: u8 = 3;

impl Lines {
    /// A byte of a command that is not plain.
    pub(super) fn command(&mut self, byte: u8, interest: &dyn Interest, each: &mut dyn FnMut(LineEvent<'_>)) {
        let ended = byte == b'\n';
        match byte {
            b'\\' if self.quoted => {
                self.escaped = true;
                return;
            }
            b'"' => {
                self.quoted = !self.quoted;
                return;
            }
            _ if self.quoted && !ended || byte == b'\\' => return self.token.push(&[byte]),
            _ => {}
        }
        let mut end = if self.quoted { Err(LineFlaw::Quotes) } else { self.word(interest, each) };
        self.token.clear();
        if ended && end.is_ok() && self.words < VALUES {
            end = Err(LineFlaw::Fields);
        }
        match end {
            Err(flaw) => {
                self.bad(flaw, each);
                self.at = if ended { At::Start } else { At::Skip };
            }
            Ok(()) if ended => {
                self.counted.good = self.counted.good.saturating_add(1);
                self.at = At::Start;
            }
            Ok(()) => {}
        }
    }

    /// A word has ended.
    fn word(&mut self, interest: &dyn Interest, each: &mut dyn FnMut(LineEvent<'_>)) -> Result<(), LineFlaw> {
        let word = core::mem::replace(&mut self.token, TokenBuf::new());
        let text = word.name();
        match self.words {
            _ if word.is_empty() => {}
            0 if text.eq_ignore_ascii_case("PUTVAL") => self.words = 1,
            0 => return Err(LineFlaw::Command),
            1 => {
                self.identify(text, interest).ok_or(LineFlaw::Identifier)?;
                self.words = 2;
            }
            _ if has(text, '=') => {}
            _ => {
                self.list(text, interest)?;
                self.words = VALUES;
                if self.draft.sample.who() != 0 {
                    each(LineEvent::Sample(&self.draft.sample));
                }
            }
        }
        Ok(())
    }

    fn identify(&mut self, text: &str, interest: &dyn Interest) -> Option<()> {
        let mut parts = text.splitn(3, '/');
        let (host, plugin, kind) = (parts.next()?, parts.next()?, parts.next()?);
        let [(plugin, plugin_instance), (kind, type_instance)] =
            [plugin, kind].map(|part| part.split_once('-').unwrap_or((part, "")));
        if host.is_empty() || plugin.is_empty() || kind.is_empty() {
            return None;
        }
        self.draft.begin(interest.anything());
        self.draft.measure(plugin, interest);
        for (name, value) in [
            ("host", host),
            ("plugin_instance", plugin_instance),
            ("type", kind),
            ("type_instance", type_instance),
        ] {
            self.draft.tag_of(name, value, false, interest);
        }
        let rows = NAMES.iter().zip(0u8..).skip(1);
        self.names = rows.filter(|(row, _)| kind.starts_with(row.0)).map(|(_, at)| at).next().unwrap_or(0);
        Some(())
    }

    /// `time:value:value`, where `N` is now and `U` not known.
    fn list(&mut self, text: &str, interest: &dyn Interest) -> Result<(), LineFlaw> {
        let (time, values) = text.split_once(':').ok_or(LineFlaw::FieldValue)?;
        self.draft.sample.restart();
        if time != "N" {
            let secs = time.split_once('.').map_or(time, |(secs, _)| secs);
            self.draft.sample.set_time(number::integer(secs.as_bytes()).ok_or(LineFlaw::Time)?);
        }
        let count = values.split(':').count();
        let fits = |row: &&(&str, &[&str])| row.1.len() == count;
        let known = NAMES.get(usize::from(self.names)).filter(fits);
        let row = known.or(NAMES.first().filter(fits)).or(NAMES.last());
        for (name, value) in row.map_or(&[][..], |row| row.1).iter().zip(values.split(':')) {
            // What a gauge does not know, the C library prints: `nan`, `-nan` on x86, `inf`.
            if value == "U" || number::is_none(value.as_bytes()) {
                continue;
            }
            let value = number::decimal(value.as_bytes()).ok_or(LineFlaw::Number)?;
            self.draft.field(name, Some(value), interest);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
    use std::format;
    use std::string::String;
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::ingest::draft::tests::{All, told};
    use crate::ingest::sample::HashKey;

    fn read(body: &[u8], size: usize) -> Vec<String> {
        let (all, mut lines, mut out) = (All, Lines::new(), Vec::new());
        lines.start_commands(HashKey([1, 2]));
        let mut each = |event: LineEvent<'_>| {
            out.push(match event {
                LineEvent::Bad(line, flaw) => format!("! {line} {}", flaw.words()),
                LineEvent::Sample(sample) => told(sample),
            });
        };
        for piece in body.chunks(size) {
            lines.feed(piece, &all, &mut each);
        }
        let counted = lines.finish(&all, &mut each);
        assert_eq!(counted.bad as usize, out.iter().filter(|one| one.starts_with('!')).count());
        out
    }

    #[test]
    fn what_write_http_writes_and_what_it_does_not() {
        for (body, expected) in [
            ("", &[][..]),
            (
                "PUTVAL heron/load/load interval=10.000 1795250751.903:0.03:0.13:0.71\r\n",
                &["host=heron type=load shortterm=30000 midterm=130000 longterm=710000 @1795250751"],
            ),
            (
                "PUTVAL heron/interface-wlan0/if_octets interval=10.000 1795250751.903:5:6\r\nPUTVAL heron/ping/ping-192.0.2.1 interval=2.000 1795250751.9:nan\r\n",
                &[
                    "host=heron plugin_instance=wlan0 type=if_octets rx=5000000 tx=6000000 @1795250751",
                    "host=heron type=ping type_instance=192.0.2.1 @1795250751",
                ],
            ),
            (
                "putval \"he ron/exec-a \\\"b\\\"/gauge-x/y-z\" N:1 N:U 3:2",
                &[
                    "host=he ron plugin_instance=a \"b\" type=gauge type_instance=x/y-z value=1000000",
                    "host=he ron plugin_instance=a \"b\" type=gauge type_instance=x/y-z",
                    "host=he ron plugin_instance=a \"b\" type=gauge type_instance=x/y-z value=2000000 @3",
                ],
            ),
            (
                "PUTVAL h/ping/ping 1:-nan\nPUTVAL h/load/load 1:inf:-INF:2\nPUTVAL h/p/t 1:+nan 2:NaN 3:infinity",
                &[
                    "host=h type=ping @1",
                    "host=h type=load longterm=2000000 @1",
                    "host=h type=t @1",
                    "host=h type=t @2",
                    "host=h type=t @3",
                ],
            ),
            ("PUTVAL h/p/t 1:nano", &["! 1 invalid number"]),
            ("PUTVAL h/p/t 1:1:2:3:4", &["host=h type=t 0=1000000 1=2000000 2=3000000 3=4000000 @1"]),
            (
                "\n# x\nPUTNOTIF x\nPUTVAL h/p/t 1:1",
                &["! 3 expected PUTVAL", "host=h type=t value=1000000 @1"],
            ),
            ("PUTVAL h/p 1:1", &["! 1 expected host/plugin-instance/type-instance"]),
            ("PUTVAL h//t 1:1", &["! 1 expected host/plugin-instance/type-instance"]),
            ("PUTVAL h/p/t\nPUTVAL h/p/t interval=1", &["! 1 missing fields", "! 2 missing fields"]),
            ("PUTVAL h/p/t 1", &["! 1 missing field value"]),
            ("PUTVAL h/p/t x:1", &["! 1 bad timestamp"]),
            ("PUTVAL h/p/t 1:x", &["! 1 invalid number"]),
            (
                "PUTVAL \"h/p/t 1:1\nPUTVAL h/p/t 1:1",
                &["! 1 unbalanced quotes", "host=h type=t value=1000000 @1"],
            ),
        ] {
            for size in [usize::MAX / 2, 1, 2, 7] {
                assert_eq!(read(body.as_bytes(), size), expected, "{body} by {size}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces(body in "(PUTVAL h/p-[a-z]/if_x N:1:2\r?\n|[ -~\n]{0,20}){0,4}", size in 1usize..9) {
            prop_assert_eq!(read(body.as_bytes(), size), read(body.as_bytes(), usize::MAX / 2));
        }
    }
}
