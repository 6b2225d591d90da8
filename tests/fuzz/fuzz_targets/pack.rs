//! Any bytes as a page: packed into any room, they are whole again when unpacked.
#![no_main]

use std::cell::RefCell;

use aiglon::http::deflate::Work;
use aiglon::http::gunzip::Gunzip;
use aiglon::http::gzip::pack;
use aiglon::limits::GUNZIP_WINDOW_BYTES;
use libfuzzer_sys::fuzz_target;

thread_local! {
    // What is left of one page must not matter to the next.
    static WORK: RefCell<Box<Work>> = RefCell::new(Box::new(Work::new()));
}

fn unpack(packed: &[u8]) -> Vec<u8> {
    let mut window = Box::new([0; GUNZIP_WINDOW_BYTES]);
    let mut gunzip = Gunzip::new(&mut window);
    gunzip.start();
    let (mut out, mut rest) = (Vec::new(), packed);
    loop {
        let step = gunzip.decode(rest).expect("what is packed is sound");
        out.extend_from_slice(step.output);
        let (consumed, idle) = (step.consumed, step.output.is_empty());
        rest = &rest[consumed..];
        if rest.is_empty() && idle {
            break;
        }
    }
    assert!(gunzip.is_whole());
    out
}

fuzz_target!(|data: &[u8]| {
    let Some((&[times, room], bytes)) = data.split_first_chunk() else { return };
    // Repeated, it reaches the bounds of distances and blocks.
    let page = bytes.repeat(1 + usize::from(times));
    let page = &page[..page.len().min(131_072)];
    let mut out = vec![0; page.len() * (1 + usize::from(room)) / 256];
    WORK.with_borrow_mut(|work| {
        let length = pack(page, &mut out, work);
        if let Some(length) = length {
            assert!(length < page.len());
            assert!(unpack(&out[..length]) == page);
        }
        let mut fresh = vec![0; out.len()];
        assert_eq!(pack(page, &mut fresh, &mut Box::new(Work::new())), length);
        assert!(length.is_none_or(|length| out[..length] == fresh[..length]));
    });
});
