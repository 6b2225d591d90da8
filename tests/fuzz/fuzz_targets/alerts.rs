//! Bodies of arbitrary bytes: any chunking gives the same alerts, every alert keeps its bounds, and
//! no MAC address is left in it.
#![no_main]

use aiglon::ingest::{Dialect, Event, Malformed, PairKind, Reader, Summary};
use aiglon::limits::{ALERT_BYTES, ALERT_PAIRS};
use aiglon::text::mask;
use libfuzzer_sys::fuzz_target;

fn tell(event: Event<'_>) -> String {
    let alert = match event {
        Event::Bad(error) => return format!("{error:?}"),
        Event::Alert(alert) => {
            assert!(alert.pairs().any(|(kind, ..)| kind == PairKind::Label));
            alert
        }
        Event::Oversize(alert) | Event::Partial(_, alert) => alert,
        Event::Sample(_) => unreachable!("nobody asked"),
    };
    let pairs: Vec<_> = alert.pairs().collect();
    assert!(pairs.len() <= ALERT_PAIRS);
    assert!(pairs.iter().map(|(_, name, value)| name.len() + value.len()).sum::<usize>() <= ALERT_BYTES);
    for &(kind, name, value) in &pairs {
        assert!(!value.is_empty());
        let mut masked = value.as_bytes().to_vec();
        mask::mask_mac(&mut masked);
        assert_eq!(masked, value.as_bytes());
        // A masked name may be that of another; the first is then found.
        let found = if kind == PairKind::Label { alert.label(name) } else { alert.annotation(name) };
        assert!(found.is_some());
    }
    let times = (alert.starts_at(), alert.ends_at(), alert.status());
    format!("{pairs:?} {times:?} {:x}", alert.fingerprint())
}

fn read(
    reader: &mut Reader,
    dialect: Dialect,
    body: &[u8],
    size: usize,
) -> (Vec<String>, Result<Summary, Malformed>) {
    let mut events = Vec::new();
    reader.start(dialect);
    for chunk in body.chunks(size) {
        if let Err(malformed) = reader.feed(chunk, &mut |event| events.push(tell(event))) {
            return (events, Err(malformed));
        }
    }
    let end = reader.finish();
    if let Ok(Summary { alerts, oversize, samples: _, bad }) = end {
        assert_eq!(events.len(), (alerts + oversize + bad) as usize);
    }
    (events, end)
}

fuzz_target!(|data: &[u8]| {
    let Some((&size, body)) = data.split_first() else { return };
    let mut reader = Box::new(Reader::new());
    for dialect in [Dialect::Alerts, Dialect::Webhook] {
        let whole = read(&mut reader, dialect, body, body.len().max(1));
        assert_eq!(whole, read(&mut reader, dialect, body, usize::from(size).max(1)));
        assert_eq!(whole, read(&mut reader, dialect, body, 1));
    }
});
