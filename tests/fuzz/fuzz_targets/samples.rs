//! What Telegraf's and collectd's paths take, of arbitrary bytes: JSON of either dialect, and
//! commands. Any chunking says the same, what is counted is what was told, and no MAC address is
//! left in what is kept.
#![no_main]

use std::cell::RefCell;

use aiglon::ingest::line::{self, Lines, Precision};
use aiglon::ingest::sample::{HashKey, Interest, Sample};
use aiglon::ingest::{Dialect, Event, Malformed, Reader, Summary};
use aiglon::text::mask;
use libfuzzer_sys::fuzz_target;

/// Asks for everything, and notes by which names.
#[derive(Default)]
struct All(RefCell<Vec<String>>);

impl Interest for All {
    fn anything(&self) -> u32 {
        u32::MAX
    }
    fn measurement(&self, _: &str) -> u32 {
        1
    }
    fn tag(&self, _: u32, name: &str) -> bool {
        self.0.borrow_mut().push(name.to_owned());
        true
    }
    fn field(&self, _: u32, name: &str) -> bool {
        self.0.borrow_mut().push(name.to_owned());
        true
    }
}

fn masked(text: &str) {
    let mut masked = text.as_bytes().to_vec();
    mask::mask_mac(&mut masked);
    assert_eq!(masked, text.as_bytes());
}

fn tell(sample: &Sample, all: &All) -> String {
    let mut one = format!("{:x} {:?} {}", sample.series(), sample.time(), sample.was_cut());
    for name in std::mem::take(&mut *all.0.borrow_mut()) {
        if let Some(value) = sample.tag(&name) {
            masked(value);
            one += value;
        }
        one += &format!("{:?}", sample.field(&name));
    }
    one
}

type Told = (Vec<String>, Result<Summary, Malformed>);

fn json(dialect: Dialect, body: &[u8], size: usize) -> Told {
    let (all, mut reader, mut lines, mut out) = (All::default(), Reader::new(), Lines::new(), Vec::new());
    reader.start(dialect);
    lines.start(Precision::Secs, HashKey([1, 2]));
    for piece in body.chunks(size) {
        let fed = reader.feed_asked(piece, Some(&mut lines.asked(&all)), &mut |event| {
            out.push(match event {
                Event::Sample(sample) => tell(sample, &all),
                Event::Bad(error) | Event::Partial(error, _) => {
                    all.0.borrow_mut().clear();
                    format!("{error:?}")
                }
                Event::Alert(alert) | Event::Oversize(alert) => {
                    assert_eq!(dialect, Dialect::Collectd);
                    for (_, name, value) in alert.pairs() {
                        masked(name);
                        masked(value);
                    }
                    format!("{:x} {:?}", alert.fingerprint(), alert.status())
                }
            });
        });
        if let Err(malformed) = fed {
            return (out, Err(malformed));
        }
    }
    (out, reader.finish())
}

fn commands(body: &[u8], size: usize) -> (Vec<String>, line::Counted) {
    let (all, mut lines, mut out) = (All::default(), Lines::new(), Vec::new());
    lines.start_commands(HashKey([1, 2]));
    let mut each = |event: line::LineEvent<'_>| {
        out.push(match event {
            line::LineEvent::Bad(line, flaw) => {
                all.0.borrow_mut().clear();
                format!("{line} {flaw:?}")
            }
            line::LineEvent::Sample(sample) => tell(sample, &all),
        });
    };
    for piece in body.chunks(size) {
        lines.feed(piece, &all, &mut each);
    }
    let counted = lines.finish(&all, &mut each);
    (out, counted)
}

fuzz_target!(|data: &[u8]| {
    for dialect in [Dialect::Telegraf, Dialect::Collectd] {
        let whole = json(dialect, data, data.len().max(1));
        if let Ok(summary) = whole.1 {
            let Summary { alerts, oversize, samples, bad } = summary;
            assert_eq!(whole.0.len(), (alerts + oversize + samples + bad) as usize);
        }
        for size in [1, 7] {
            assert_eq!(json(dialect, data, size), whole);
        }
    }
    let whole = commands(data, data.len().max(1));
    for size in [1, 7] {
        assert_eq!(commands(data, size), whole);
    }
});
