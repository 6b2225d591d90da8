//! Line protocol of arbitrary bytes, also as it comes out of arbitrary gzip: any chunking says the
//! same, and no MAC address is left in what is kept.
#![no_main]

use std::cell::RefCell;

use aiglon::http::gunzip::Gunzip;
use aiglon::ingest::line::{Counted, LineEvent, Lines, Precision};
use aiglon::ingest::sample::{HashKey, Interest};
use aiglon::limits::GUNZIP_WINDOW_BYTES;
use aiglon::text::mask;
use libfuzzer_sys::fuzz_target;

/// Asks for everything, and notes by which names.
#[derive(Default)]
struct All(RefCell<Vec<String>>);

impl Interest for All {
    fn anything(&self) -> u32 {
        1
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

fn read(body: &[u8], size: usize) -> (Vec<String>, Counted) {
    let (all, mut lines, mut out) = (All::default(), Lines::new(), Vec::new());
    lines.start(Precision::Millis, HashKey([1, 2]));
    let mut each = |event: LineEvent<'_>| {
        let names = std::mem::take(&mut *all.0.borrow_mut());
        out.push(match event {
            LineEvent::Bad(line, flaw) => format!("{line} {flaw:?}"),
            LineEvent::Sample(sample) => {
                let mut one = format!("{:x} {:?}", sample.series(), sample.time());
                for name in names {
                    if let Some(value) = sample.tag(&name) {
                        let mut masked = value.as_bytes().to_vec();
                        mask::mask_mac(&mut masked);
                        assert_eq!(masked, value.as_bytes());
                        one += value;
                    }
                    one += &format!("{:?}", sample.field(&name));
                }
                one
            }
        });
    };
    for piece in body.chunks(size) {
        lines.feed(piece, &all, &mut each);
    }
    let counted = lines.finish(&all, &mut each);
    (out, counted)
}

fuzz_target!(|data: &[u8]| {
    let whole = read(data, data.len().max(1));
    assert_eq!(whole.0.len(), (whole.1.good + whole.1.bad) as usize);
    for size in [1, 7] {
        assert_eq!(read(data, size), whole);
    }
    let mut window = Box::new([0; GUNZIP_WINDOW_BYTES]);
    let mut gunzip = Gunzip::new(&mut window);
    gunzip.start();
    let mut rest = data;
    while let Ok(step) = gunzip.decode(rest) {
        rest = &rest[step.consumed..];
        if rest.is_empty() && step.output.is_empty() {
            break;
        }
    }
});
