//! What a client may send: heads in any pieces, framing in any pieces, targets, filters, lists of
//! languages and of tags. The pieces change nothing, and nothing is read beyond its end.
#![no_main]

use aiglon::http::body::{BodyDecoder, BodyError};
use aiglon::http::conditional::{Etag, accepts_gzip, negotiate};
use aiglon::http::filter::Filter;
use aiglon::http::head::{Framing, HeadError, HeadScanner, List, ListField, Progress, Request};
use aiglon::http::target;
use aiglon::limits::HEAD_BYTES;
use aiglon::model::Lang;
use libfuzzer_sys::fuzz_target;

fn scan(bytes: &[u8], size: usize) -> Result<Progress, HeadError> {
    let mut scanner = HeadScanner::new();
    let mut length = 0;
    loop {
        length = (length + size).min(bytes.len());
        match scanner.scan(&bytes[..length]) {
            Ok(Progress::Partial) if length < bytes.len() => {}
            found => return found,
        }
    }
}

/// What is left of the payload, and how much belongs to the body.
fn unframe(framing: Framing, bytes: &[u8], size: usize) -> (Vec<u8>, usize, Option<BodyError>) {
    let (mut payload, mut taken) = (Vec::new(), 0);
    let Ok(mut body) = BodyDecoder::of(framing, 10_000) else {
        return (payload, 0, Some(BodyError::TooLarge));
    };
    for mut piece in bytes.chunks(size) {
        while !piece.is_empty() && !body.is_done() {
            match body.decode(piece) {
                Ok(step) => {
                    assert!(step.consumed > 0, "it always goes on");
                    payload.extend_from_slice(step.payload);
                    piece = &piece[step.consumed..];
                    taken += step.consumed;
                }
                Err(error) => return (payload, taken, Some(error)),
            }
        }
    }
    assert!(payload.len() <= 10_000);
    (payload, taken, None)
}

fuzz_target!(|data: &[u8]| {
    let Some((&size, bytes)) = data.split_first() else { return };
    let size = usize::from(size).max(1);
    let whole = scan(bytes, bytes.len().max(1));
    assert_eq!(whole, scan(bytes, size));
    assert_eq!(whole, scan(bytes, 1));
    if let Ok(Progress::Complete(length)) = whole {
        assert!(length <= HEAD_BYTES);
        if let Ok(request) = Request::parse(&bytes[..length]) {
            assert!(request.path.starts_with('/'));
            let rest = &bytes[length..];
            let unframed = unframe(request.body, rest, rest.len().max(1));
            for size in [1, size] {
                let again = unframe(request.body, rest, size);
                // How much is dealt with before a mistake depends on the pieces; nothing else does.
                assert_eq!((&again.0, again.2), (&unframed.0, unframed.2));
            }
            let mut decoded = [0; HEAD_BYTES];
            _ = target::percent_decode(request.path, &mut decoded);
            if let Ok(filter) = Filter::parse(request.query) {
                assert!(filter.names().all(|name| !name.is_empty()));
            }
            _ = accepts_gzip(request.list(ListField::AcceptEncoding));
            _ = negotiate(request.list(ListField::AcceptLanguage), Lang::Fr);
            _ = Etag(7).is_named(request.list(ListField::IfNoneMatch));
        }
    }
    let chunked = unframe(Framing::Chunked, bytes, bytes.len().max(1));
    for size in [1, size] {
        let again = unframe(Framing::Chunked, bytes, size);
        assert_eq!((&again.0, again.2), (&chunked.0, chunked.2));
    }
    _ = target::host(bytes);
    _ = negotiate(List::of(bytes), Lang::En);
    assert!(Etag(7).is_named(List::of(Etag(7).text().as_bytes())));
    _ = Etag(7).is_named(List::of(bytes));
    if let Ok(text) = std::str::from_utf8(bytes) {
        _ = Filter::parse(text);
        if let Some(target) = target::split(text) {
            assert!(target.path.starts_with('/'));
        }
    }
});
