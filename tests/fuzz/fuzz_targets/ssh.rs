//! What is said on a channel of SSH, above its library: any bytes from a client, with a terminal or
//! without, and any answers of the daemon. Whatever they are, each request is whole and in the name
//! of the user who has logged in, it comes to an end, and how the bytes were cut changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shell::console::wire::{self, Code, ConsoleRequest, FrameKind};
use shell::ssh::dialogue::{Dialogue, DialogueNext};

/// The program's own files: it is no library.
#[allow(dead_code)]
#[path = "../../../src/shell"]
mod shell {
    pub mod console {
        pub mod archive;
        pub mod editor;
        pub mod width;
        pub mod wire;
        pub mod wrap;
    }
    pub mod ssh {
        pub mod dialogue;
    }
}

/// All that it asks and shows, when what a client sends comes in pieces of this size.
fn say(
    terminal: Option<usize>,
    command: Option<&[u8]>,
    codes: &[u8],
    sent: &[u8],
    size: usize,
) -> Vec<Vec<u8>> {
    let (mut shown, mut all) = (Vec::new(), Vec::new());
    let mut show = |_, bytes: &[u8]| shown.extend_from_slice(bytes);
    let mut dialogue = Dialogue::new("heron1", terminal, command, &mut show);
    let (mut pieces, mut codes) = (sent.chunks(size), codes.iter().cycle());
    // A busy daemon is asked 20 times more; a line may want words, a yes or an archive, each once.
    for _ in 0..100 * (sent.len() + 2) {
        match dialogue.next(&mut show) {
            DialogueNext::Input => match pieces.next() {
                Some(piece) => dialogue.input(piece),
                None => dialogue.end(),
            },
            DialogueNext::Ask(request, archive) => {
                assert_eq!(wire::expect(request), Ok(Some(request.len())));
                let read = ConsoleRequest::read(request).unwrap();
                assert_eq!(read.user, "heron1");
                all.push([request, archive].concat());
                let code = codes.next().copied().unwrap_or(0);
                if code & 0x40 != 0 {
                    dialogue.frame(FrameKind::Out, b"incident\nincidents\n", &mut show);
                }
                if code & 0x80 != 0 {
                    dialogue.frame(FrameKind::Words, "d\u{e9}j\u{e0}\n".as_bytes(), &mut show);
                }
                dialogue.answered(Code::from_byte(code & 15), &mut show);
            }
            DialogueNext::Wait => {}
            DialogueNext::Done(status) => {
                assert!(status <= 5);
                all.push(vec![status]);
                // A terminal is drawn anew by pieces; what is asked is the same.
                if terminal.is_none() {
                    all.push(shown);
                }
                return all;
            }
        }
    }
    panic!("it does not end");
}

fuzz_target!(|data: &[u8]| {
    let Some(([flags, columns, command, codes], rest)) = data.split_first_chunk::<4>() else { return };
    let terminal = (flags & 1 != 0).then_some(usize::from(*columns));
    let (command, rest) = rest.split_at(usize::from(*command).min(rest.len()));
    let (codes, sent) = rest.split_at(usize::from(codes & 7).min(rest.len()));
    let command = (flags & 2 != 0).then_some(command);
    let whole = say(terminal, command, codes, sent, sent.len().max(1));
    for size in [1, 7] {
        assert_eq!(say(terminal, command, codes, sent, size), whole);
    }
});
