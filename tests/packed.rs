//! Pages as they are compressed, beside `gzip -9`, and as zlib and gzip unpack them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::{fs, thread};

use aiglon::http::deflate::Work;
use aiglon::http::gzip::pack;

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0; bytes.len()];
    let length = pack(bytes, &mut out, &mut Box::new(Work::new())).unwrap();
    out.truncate(length);
    out
}

/// What a command makes of its standard input.
fn piped(command: &mut Command, input: &[u8]) -> Vec<u8> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_vec());
    let writer = thread::spawn(move || stdin.write_all(&input).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{command:?}");
    output.stdout
}

fn golden() -> Vec<(String, Vec<u8>)> {
    let files = fs::read_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")).unwrap();
    let files = files.map(|file| file.unwrap().path());
    let pages = files.filter(|path| path.extension().is_some_and(|kind| kind == "html"));
    let mut pages: Vec<_> = pages
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap()))
        .collect();
    pages.sort();
    assert!(pages.len() >= 16);
    pages
}

#[test]
fn every_golden_page_is_within_an_eighth_of_what_gzip_makes_of_it() {
    for (name, page) in golden() {
        let ours = packed(&page);
        let best = piped(Command::new("gzip").arg("-9n"), &page);
        println!("{name}: {} plain, {} ours, {} gzip -9", page.len(), ours.len(), best.len());
        assert!(ours.len() * 100 <= best.len() * 112, "{name}: {} and {}", ours.len(), best.len());
        assert!(piped(Command::new("gzip").arg("-dc"), &ours) == page, "{name}");
    }
}

#[test]
fn zlib_unpacks_every_golden_page() {
    let script = "import sys, zlib; d = zlib.decompressobj(31); \
        sys.stdout.buffer.write(d.decompress(sys.stdin.buffer.read()) + d.flush()); sys.exit(not d.eof)";
    for (name, page) in golden() {
        assert!(piped(Command::new("python3").args(["-c", script]), &packed(&page)) == page, "{name}");
    }
}
