//! The tokenizer on arbitrary bytes: any chunking gives the same events, and it accepts what
//! serde_json accepts, but for depth.
#![no_main]

use aiglon::ingest::json::{JsonError, JsonEvent, Tokenizer};
use libfuzzer_sys::fuzz_target;

fn read(json: &[u8], size: usize) -> (Vec<String>, Result<u32, (JsonError, u32)>) {
    let mut tokenizer = Tokenizer::new();
    let mut events = Vec::new();
    let tell = |event: JsonEvent<'_>| format!("{event:?}");
    for mut chunk in json.chunks(size) {
        loop {
            match tokenizer.next(&mut chunk) {
                Ok(Some(event)) => events.push(tell(event)),
                Ok(None) => break,
                Err(fault) => return (events, Err((fault, tokenizer.offset()))),
            }
        }
    }
    match tokenizer.finish() {
        Ok(last) => events.extend(last.map(tell)),
        Err(fault) => return (events, Err((fault, tokenizer.offset()))),
    }
    (events, Ok(tokenizer.offset()))
}

fuzz_target!(|data: &[u8]| {
    // The first byte chooses how the rest is cut.
    let Some((&size, json)) = data.split_first() else { return };
    let whole = read(json, json.len().max(1));
    assert_eq!(whole, read(json, usize::from(size).max(1)));
    assert_eq!(whole, read(json, 1));
    if !matches!(whole.1, Err((JsonError::Depth, _))) {
        // `IgnoredAny` minds the grammar alone, as we do.
        let theirs = serde_json::from_slice::<serde::de::IgnoredAny>(json);
        assert_eq!(whole.1.is_ok(), theirs.is_ok(), "{:?} {theirs:?}", whole.1);
    }
});
