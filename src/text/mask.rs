//! Masking of addresses in text: the digits of MAC and IP addresses become `x`, in place.
//!
//! A MAC address tells who used a network, an IP address where a house is; alerts are full of both.
//! A mask keeps the length and the separators, so it needs no room and splits no character. In
//! doubt it masks: a hidden number is a nuisance, a shown address is a person.
//!
//! All functions take bytes, since safe Rust cannot write into a `str`; valid UTF-8 stays valid
//! (ASCII letters replace whole characters), and no bytes make them panic. A
//! `heapless::String` gets there and back by `into_bytes` and `from_utf8`. Text that is published
//! is masked with [`mask_mac`], then with [`mask_ip`], and only then cut to size: half an address
//! is not known for one. [`shorten`] leaves none behind in a text that must be cut, or came cut.

use super::clean::is_unseen;
use super::cut;

/// What separates the groups of an address: Linux writes `:`, Windows and RADIUS `-`; others `.`,
/// `_`, `/`, `|` or a space. A page shows a tab or the end of a line as a space, so they count as
/// spaces.
const SEPARATORS: &[u8] = b":-._/| ";
/// Letters of a word that are all digits, too: `cafe`, `face`. Longer ones are hashes as well.
const SHORT_WORD: usize = 4;
/// Characters that are looked at together where some of them are not ASCII: an address twice, and
/// what stands around it.
const UNITS: usize = 128;
/// How often a text is looked at, as long as there is an address in it.
const PASSES: usize = 4;
/// The shortest text with a MAC address in it: `0:1:2:3:4:5` as BSD's arp writes it, `::ff:fe00:1`.
const SHORTEST: usize = 11;
/// The longest address: IPv6 with an IPv4 tail.
const LONGEST: usize = 45;

/// Masks every MAC address, every EUI-64, and the second half of an IPv6 address that was made of a
/// MAC address.
///
/// Known forms: six or more pairs with one separator throughout, once or twice (hence DHCP client
/// ids, and the header that iptables logs; `%3A` is a separator too, for URLs); six numbers of one
/// or two digits with `:`; Cisco's `aaaa.bbbb.cccc`, also with `-` and `:`; HP's `aaaaaa-bbbbbb`;
/// twelve bare digits, and sixteen with `fffe` in the middle; the end of a UUID that is made of a
/// MAC (versions 1, 2 and 6; other UUIDs are left alone). Each may touch a word, be its letters
/// digits, too: `node001122334455`. Digits may be Arabic or of full width, and a dash or a colon
/// any.
///
/// Returns whether there was any.
pub fn mask_mac(text: &mut [u8]) -> bool {
    // What is not ASCII first: what is hidden then is no address any more. What touched an address
    // may be one by itself once that one is hidden.
    let mut pass = || fold(text, mask_ascii_mac) | mask_ascii_mac(text);
    (0..PASSES).take_while(|_| pass()).count() > 0
}

fn mask_ascii_mac(text: &mut [u8]) -> bool {
    let mut at = 0;
    let mut any = false;
    // All text of all alerts passes here, and hardly any of it is an address. So the last byte that
    // cannot be in one is looked for in the shortest stretch that could be one, and most bytes are
    // never looked at.
    while let Some(window) = text.get(at..past(at, SHORTEST)) {
        if let Some(foreign) = window.iter().rposition(|&byte| !is_address(byte)) {
            at = past(at, past(foreign, 1));
        } else {
            let end = past(at, run(text, at, is_address));
            any |= mask_mac_stretch(text, at, end);
            at = end;
        }
    }
    any
}

/// Takes out what is not seen and stands between ASCII characters: an address that something
/// invisible splits would not be known for one, and would be whole again for who reads it. Scripts
/// that need such characters have them between letters of their own. Returns how many bytes are
/// left, at the front; valid UTF-8 stays valid.
pub fn squeeze(text: &mut [u8]) -> usize {
    let (mut from, mut to) = (0usize, 0usize);
    // Where the unseen began, if that was behind ASCII.
    let mut unseen = None;
    while let Some(&first) = text.get(from) {
        if unseen.is_none() {
            // Most bytes stay, and at their place.
            let plain = run(text, from, |byte| matches!(byte, b' '..=b'~'));
            let end = past(from, plain);
            to = moved(text, from, end, to);
            from = end;
            if plain > 0 {
                continue;
            }
        }
        let width = match first {
            0xf0.. => 4,
            0xe0.. => 3,
            0xc0.. => 2,
            _ => 1,
        };
        let end = past(from, width).min(text.len());
        let bytes = text.get(from..end).unwrap_or_default();
        // All up to U+02FF but the soft hyphen and what controls is seen.
        let is_seen = matches!(first, b' '..=b'~' | 0xc3..=0xcb);
        let c = if is_seen { None } else { core::str::from_utf8(bytes).ok() };
        let c = c.and_then(|text| text.chars().next());
        let behind = to.checked_sub(1).and_then(|last| text.get(last));
        match c {
            Some(c) if is_unseen(c) => {
                if unseen.is_none() && behind.is_some_and(u8::is_ascii_graphic) {
                    unseen = Some(to);
                }
            }
            _ => {
                if let Some(start) = unseen.take().filter(|_| first.is_ascii_graphic()) {
                    to = start;
                }
            }
        }
        to = moved(text, from, end, to);
        from = end;
    }
    to
}

/// Moves a stretch to an earlier place. Returns the place behind it.
fn moved(text: &mut [u8], from: usize, end: usize, to: usize) -> usize {
    if from != to {
        text.copy_within(from..end, to);
    }
    past(to, end.saturating_sub(from))
}

/// A byte that can stand in an address with a MAC in it.
fn is_address(byte: u8) -> bool {
    matches!(
        byte,
        b'0'..=b'9' | b'A'..=b'F' | b'a'..=b'f' | b':' | b'-' | b'.' | b'_' | b' ' | b'%' | b'/' | b'|'
            | b'\t'..=b'\r'
    )
}

/// Masks addresses of which some characters are not ASCII, or escaped colons. They are looked at as
/// if they were ASCII, and all bytes of a digit are hidden.
fn fold(text: &mut [u8], mask: fn(&mut [u8]) -> bool) -> bool {
    // Most texts have none of these.
    if strange(text).is_none() {
        return false;
    }
    let (mut at, mut any) = (0usize, false);
    // The second half of a full block, which is looked at once more before it is written.
    let mut half = (0usize, [0u8; UNITS / 2], [0usize; UNITS / 2]);
    while let Some(found) = text.get(at..).and_then(strange) {
        let found = past(at, found);
        let (unit, width) = unit(text, found);
        let plain = text.get(found).is_none_or(u8::is_ascii) && !is_colon_escape(text, found);
        if plain || unit == Unit::Other {
            at = past(found, width);
            continue;
        }
        // What of the same word, or of the same address, stands before it.
        let before = text.get(at..found).unwrap_or_default().iter().rev().take(UNITS / 2);
        let from = found.saturating_sub(before.take_while(|byte| is_word(**byte)).count());
        let (mut ascii, mut widths) = ([0u8; UNITS], [0usize; UNITS]);
        let (mut from, mut end, mut count) = (from, from, 0usize);
        while let (Some(byte), Some(place)) = (ascii.get_mut(count), widths.get_mut(count)) {
            let (next, width) = self::unit(text, end);
            match next {
                Unit::Like(like) if is_word(like) => (*byte, *place) = (like, width),
                // An escaped bracket, say: what is looked for stands behind it.
                _ if end < found => {
                    (from, count) = (past(end, width.max(1)), 0);
                    end = from;
                    continue;
                }
                _ => break,
            }
            end = past(end, width);
            // What is not seen belongs to what stands before it.
            while let (Unit::Unseen, width) = self::unit(text, end) {
                *place = past(*place, width);
                end = past(end, width);
            }
            count = past(count, 1);
        }
        write_hidden(text, half.0, &half.1, &half.2);
        half.1 = [0; UNITS / 2];
        let shown = ascii.get_mut(..count).unwrap_or_default();
        any |= mask(shown);
        if count < UNITS {
            write_hidden(text, from, shown, &widths);
            at = end.max(past(found, width));
            continue;
        }
        // An address that crosses the end of a full block begins in its second half.
        let (first, second) = shown.split_at_checked(UNITS / 2).unwrap_or_default();
        let (_, behind) = widths.split_at_checked(UNITS / 2).unwrap_or_default();
        at = write_hidden(text, from, first, &widths);
        half = (at, second.try_into().unwrap_or([0; UNITS / 2]), behind.try_into().unwrap_or([0; UNITS / 2]));
    }
    write_hidden(text, half.0, &half.1, &half.2);
    any
}

/// Hides the characters from a place on whose ASCII form a mask has hidden. Returns the place
/// behind them.
fn write_hidden(text: &mut [u8], from: usize, ascii: &[u8], widths: &[usize]) -> usize {
    let mut start = from;
    // A character has a width, and behind the last one there is none.
    for (byte, width) in ascii.iter().zip(widths).take_while(|(_, width)| **width > 0) {
        let stop = past(start, *width);
        let digit = text.get(start).is_some_and(|first| first.is_ascii_hexdigit() || !first.is_ascii());
        if *byte == b'x' && digit {
            text.get_mut(start..stop).unwrap_or_default().fill(b'x');
        }
        start = stop;
    }
    start
}

/// Where the first byte is that is not ASCII, or a per cent sign. All text of all alerts passes
/// here, so it is looked at in words of the machine.
fn strange(text: &[u8]) -> Option<usize> {
    const ONES: usize = usize::MAX / 255;
    const SIGNS: usize = ONES * b'%' as usize;
    const WORD: usize = size_of::<usize>();
    let is_plain = |word: &[u8; WORD]| {
        let word = usize::from_ne_bytes(*word);
        // A byte that is a per cent sign is 0 here, and what follows sets its top bit.
        let other = word ^ SIGNS;
        (word | other.wrapping_sub(ONES) & !other) & (ONES << 7) == 0
    };
    let (words, _) = text.as_chunks::<WORD>();
    let plain = words.iter().take_while(|word| is_plain(word)).count().saturating_mul(WORD);
    let rest = text.get(plain..).unwrap_or_default();
    Some(past(plain, rest.iter().position(|byte| !byte.is_ascii() || *byte == b'%')?))
}

/// What can stand in an address, or in a word that touches one.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || is_address(byte)
}

/// A character as a mask looks at it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// Like this ASCII character.
    Like(u8),
    /// Nothing is seen of it.
    Unseen,
    /// Anything else.
    Other,
}

/// The character that begins at a place, and how many bytes it has.
fn unit(text: &[u8], at: usize) -> (Unit, usize) {
    let Some(&first) = text.get(at) else { return (Unit::Other, 0) };
    if let Some(mark) = escaped(text, at) {
        return (Unit::Like(mark), 3);
    }
    if first.is_ascii() {
        return (Unit::Like(first), 1);
    }
    let width = match first {
        0xf0.. => 4,
        0xe0.. => 3,
        // Latin letters, up to U+02FF: most of what is not ASCII.
        0xc3..=0xcb => return (Unit::Other, 2),
        _ => 2,
    };
    let bytes = text.get(at..past(at, width)).unwrap_or_default();
    let Some(c) = core::str::from_utf8(bytes).ok().and_then(|text| text.chars().next()) else {
        return (Unit::Other, 1);
    };
    let code = u32::from(c);
    let digit = |zero: u32| u8::try_from(code.saturating_sub(zero)).unwrap_or(0).saturating_add(b'0');
    let like = match code {
        0x660..=0x669 => digit(0x660),
        0x6f0..=0x6f9 => digit(0x6f0),
        // Full width: all of ASCII, in its order.
        0xff01..=0xff5e => u8::try_from(code.saturating_sub(0xfee0)).unwrap_or(0),
        0x2010..=0x2015 | 0x2043 | 0x2212 | 0xfe58 | 0xfe63 => b'-',
        0x2236 | 0xa789 | 0xfe55 => b':',
        0x85 | 0xa0 | 0x2000..=0x200a | 0x2028 | 0x2029 | 0x202f | 0x3000 => b' ',
        _ if is_unseen(c) => return (Unit::Unseen, width),
        _ => return (Unit::Other, width),
    };
    (Unit::Like(like), width)
}

/// Masks what begins in a stretch of such bytes, before and behind which there is none.
fn mask_mac_stretch(text: &mut [u8], start: usize, end: usize) -> bool {
    let mut at = start;
    let mut any = false;
    while let Some(byte) = text.get(at).filter(|_| at < end) {
        if !byte.is_ascii_hexdigit() {
            // The digits of %20 or %3A belong to no address, unless they begin one that stands
            // behind a per cent sign.
            let next = past(at, 1);
            let escape = is_escape(text, at) && mac(text, next, hex_run(text, next)).is_none();
            at = past(at, if escape { 3 } else { 1 });
            continue;
        }
        let digits = hex_run(text, at);
        let found = mac(text, at, digits).or_else(|| glued(text, at, digits));
        let found = found.or_else(|| touching(text, at, digits));
        let (from, to) = found.unwrap_or((at, at));
        any |= hide(text, from, to);
        at = to.max(past(at, digits));
    }
    any
}

/// Masks every IP address: four or more numbers of up to three digits with dots (so the port that
/// tcpdump writes after a dot, and long OIDs, too), four with dashes in a name, and whatever can be
/// IPv6, with what [`mask_mac`] left of it. What follows an address (`:port`, `/prefix`, `%zone`)
/// stays.
///
/// Returns whether there was any.
pub fn mask_ip(text: &mut [u8]) -> bool {
    // What is hidden by now is hidden in what else is looked at.
    mask_ascii_ip(text) | fold(text, mask_ascii_ip)
}

fn mask_ascii_ip(text: &mut [u8]) -> bool {
    let mut any = false;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        if !byte.is_ascii_digit() {
            at = past(at, 1);
            continue;
        }
        let quad = groups(text, at, 1, 3, is_decimal, b".");
        let end = if quad.count >= 4 { Some(quad.end) } else { dashed(text, at) };
        if let Some(end) = end {
            any |= hide(text, at, end);
            at = end;
        } else {
            at = past(at, run(text, at, |byte| byte.is_ascii_digit()));
        }
    }
    let mut at = 0;
    while at < text.len() {
        let end = past(at, run(text, at, |byte| byte == b':' || byte.is_ascii_alphanumeric()));
        let dotted = text.get(end) == Some(&b'.');
        if let Some(word) = text.get_mut(at..end) {
            any |= mask_ipv6(word, dotted);
        }
        at = past(end, 1);
    }
    any
}

/// Where an IPv4 address ends that providers write into the name of a host: `82-251-10-20.isp.net`,
/// `ip-10-0-0-1`. Dates, versions and telephone numbers look alike, so something must speak for it:
/// a number that they do not have, a domain behind it, or what stands before it.
fn dashed(text: &[u8], at: usize) -> Option<usize> {
    let quad = groups(text, at, 1, 3, is_decimal, b"-_");
    let before = text.get(..at).unwrap_or_default();
    let goes_on = |rest: &[u8]| matches!(rest, [b'-' | b'_', next, ..] if next.is_ascii_digit());
    let goes_back = matches!(before, [.., last, b'-' | b'_'] if last.is_ascii_digit());
    let after = text.get(quad.end..).unwrap_or_default();
    if quad.count != 4 || goes_on(after) || goes_back || before.last().is_some_and(|byte| *byte == b'.') {
        return None;
    }
    let all = text.get(at..quad.end)?;
    let numbers = || all.split(|byte| *byte == quad.separator).filter(|number| !number.is_empty());
    let value = |number: &[u8]| {
        number.iter().fold(0u32, |value, digit| {
            value.saturating_mul(10).saturating_add(u32::from(digit.saturating_sub(b'0')))
        })
    };
    let padded = numbers().all(|number| number.len() == 3);
    let sound =
        |number: &[u8]| value(number) < 256 && (padded || number.len() == 1 || number.first() != Some(&b'0'));
    let named =
        matches!(before, [.., b'i' | b'I', b'p' | b'P'] | [.., b'i' | b'I', b'p' | b'P', b'-' | b'_']);
    let domain = matches!(after, [b'.', next, ..] if next.is_ascii_alphabetic());
    let large = numbers().any(|number| value(number) >= 100);
    let private = all.starts_with(b"10");
    (numbers().all(sound) && (named || domain || large || private)).then_some(quad.end)
}

/// What to keep of a text of which at most `bytes` bytes may be shown, before a mark that there was
/// more. The end is the end of a word if there is a space in the second half, else of a character.
/// What may begin an address there is left out, so no letter has to be masked. Empty if nothing is
/// left.
pub fn shorten(text: &str, bytes: usize) -> &str {
    let end = cut(text, bytes).len();
    let (head, more) = text.as_bytes().split_at_checked(end).unwrap_or_default();
    let word = last_word(head);
    let mut kept = head;
    if !more.first().is_some_and(u8::is_ascii_whitespace) {
        if word > end / 2 {
            kept = head.get(..word).unwrap_or(head);
        } else {
            let run = head.iter().rev().take_while(|byte| is_address(**byte)).count();
            // What only separates is no beginning.
            let tail = head.get(end.saturating_sub(run)..).unwrap_or_default();
            let run = run.saturating_sub(tail.iter().take_while(|byte| !is_hex(**byte)).count());
            // No address has so many digits on end.
            let digits = head.iter().rev().take_while(|byte| is_hex(**byte)).count();
            let run = if digits > 16 { 0 } else { run.min(LONGEST) };
            kept = head.get(..end.saturating_sub(run)).unwrap_or(head);
        }
    }
    // The groups of an address may have spaces between them.
    loop {
        kept = kept.trim_ascii_end();
        let (before, group) = kept.split_at_checked(last_word(kept)).unwrap_or_default();
        let far = past(before.len(), LONGEST) < end || hex_run(group, 0) > 16;
        if far || group.is_empty() || !group.iter().all(|byte| is_address(*byte)) {
            return text.get(..kept.len()).unwrap_or("");
        }
        kept = before;
    }
}

/// Where the last word of a text begins.
fn last_word(text: &[u8]) -> usize {
    text.iter().rposition(u8::is_ascii_whitespace).map_or(0, |space| past(space, 1))
}

/// Where to hide digits if those at `at`, `digits` of them, begin a MAC address or stand in one.
fn mac(text: &[u8], at: usize, digits: usize) -> Option<(usize, usize)> {
    let groups = |least, most| groups(text, at, least, most, is_hex, SEPARATORS);
    let before = at.checked_sub(1).and_then(|before| text.get(before)).copied().unwrap_or(0);
    let after = |end: usize| text.get(end).copied().unwrap_or(0);
    match digits {
        1 | 2 => {
            let pairs = groups(2, 2);
            if pairs.count >= 6 {
                // "mac:aa:bb:…": the first pair may be the end of a word.
                let skip = pairs.count > 6 && before.is_ascii_alphanumeric();
                return Some((if skip { past(at, 2) } else { at }, pairs.end));
            }
            // Most numbers are followed by something else.
            if before != b':' && after(past(at, digits)) == b':' {
                let octets = loose(text, at, 1, 2);
                if octets.count == 6 && octets.separator == b':' && after(octets.end) != b':' {
                    return Some((at, octets.end));
                }
            }
        }
        4 => {
            if let Some(end) = quads(text, at) {
                return Some((at, end));
            }
        }
        6 => {
            let alone = !before.is_ascii_alphanumeric();
            return halves(text, at).filter(|_| alone).map(|end| (at, end));
        }
        8 => return uuid(text, at),
        12 | 16 => {
            let end = past(at, digits);
            let eui = text
                .get(past(at, 6)..past(at, 10))
                .is_some_and(|middle| middle.eq_ignore_ascii_case(b"fffe"));
            return (digits == 12 || eui).then_some((at, end));
        }
        3 => {}
        _ => return None,
    }
    if before == b':' { eui64_ipv6(text, at, digits) } else { None }
}

/// Pairs of which the first or the last touches further digits: letters from a to f are such, and
/// begin or end a word. Where to hide, if it is at least six; but for dates, as in the names of
/// files.
fn glued(text: &[u8], at: usize, digits: usize) -> Option<(usize, usize)> {
    let pairs = groups(text, past(at, digits.saturating_sub(2)), 2, 2, is_hex, SEPARATORS);
    let (mut count, mut end) = (pairs.count, pairs.end);
    let is_colon = matches!(pairs.separator, b':' | b'%');
    let is_year = |from: usize, digits: usize| {
        !is_colon && digits == 4 && run(text, from, |byte| byte.is_ascii_digit()) >= digits
    };
    if count == 5
        && let Some((separator, width)) = separator(text, end, SEPARATORS)
        && separator == pairs.separator
    {
        let last = past(end, width);
        let more = hex_run(text, last);
        if more > 2 && !is_year(last, more) {
            (count, end) = (6, past(last, more));
        }
    }
    (count >= 6 && !is_year(at, digits)).then_some((at, end))
}

/// Where Cisco's form of a MAC address ends that begins at a place.
fn quads(text: &[u8], at: usize) -> Option<usize> {
    let quads = loose(text, at, 4, 4);
    let before = at.checked_sub(1).and_then(|before| text.get(before));
    let fits = match quads.separator {
        b'.' | b'-' => quads.count >= 3,
        // Not a part of an IPv6 address.
        b':' => quads.count == 3 && before != Some(&b':') && text.get(quads.end) != Some(&b':'),
        _ => false,
    };
    fits.then_some(quads.end)
}

/// The same of HP's.
fn halves(text: &[u8], at: usize) -> Option<usize> {
    let halves = loose(text, at, 6, 6);
    let more = text.get(halves.end).is_some_and(u8::is_ascii_digit);
    (halves.count >= 2 && matches!(halves.separator, b'-' | b':') && !more).then_some(halves.end)
}

/// A MAC address that touches words whose letters are digits, too: `node001122334455`,
/// `face0011.2233.4455`, `cafe0:1:2:3:4:5`. The run of digits at a place begins with the end of
/// one, or ends with the beginning of one.
fn touching(text: &[u8], at: usize, digits: usize) -> Option<(usize, usize)> {
    let end = past(at, digits);
    let all = text.get(at..end)?;
    let first = all.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let last = all.iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let letter = |place: Option<usize>| {
        place
            .and_then(|place| text.get(place))
            .is_some_and(|byte| byte.is_ascii_alphabetic() && !is_hex(*byte))
    };
    let (in_word, word_follows) = (letter(at.checked_sub(1)), letter(Some(end)));
    let number = |place: usize| all.get(place).is_some_and(u8::is_ascii_digit);
    // A word ends after so many digits: it is short, or there are letters before it, or a number
    // begins.
    let ends =
        |count: usize| count == 0 || count <= first && (count <= SHORT_WORD || in_word || number(count));
    let begins = |count: usize| {
        let number = || digits.checked_sub(past(count, 1)).is_some_and(number);
        count == 0 || count <= last && (count <= SHORT_WORD || word_follows || number())
    };
    if let Some(extra) = digits.checked_sub(12).filter(|extra| (1..=12).contains(extra)) {
        // Which letters are the word's may be open: then all that could be digits are hidden.
        let fits = |before: &usize| ends(*before) && begins(extra.saturating_sub(*before));
        let fewest = (0..=extra).find(fits)?;
        let most = (0..=extra).rev().find(fits)?;
        // A word of so many digits is an address as well.
        if extra == 12 {
            return Some((at, end));
        }
        return Some((past(at, fewest), end.saturating_sub(extra.saturating_sub(most))));
    }
    if let Some(word) = digits.checked_sub(4).filter(|word| *word > 0 && ends(*word))
        && let Some(end) = quads(text, past(at, word))
    {
        return Some((past(at, word), end));
    }
    let tail = |width: usize| digits.checked_sub(width).filter(|word| ends(*word) && (*word > 0 || in_word));
    if let Some(word) = tail(6)
        && let Some(end) = halves(text, past(at, word))
    {
        return Some((past(at, word), end));
    }
    // Of six numbers, the first may have one digit or two.
    let word = digits.checked_sub(1).filter(|word| *word > 1 && first >= word.saturating_sub(1))?;
    let octets = loose(text, past(at, word), 1, 2);
    let fits = octets.count == 6 && octets.separator == b':' && text.get(octets.end) != Some(&b':');
    let before = at.checked_sub(1).and_then(|before| text.get(before));
    (fits && before != Some(&b':')).then_some((past(at, word.saturating_sub(1)), octets.end))
}

/// Groups of which the last may touch a word whose letters are digits, too. These are hidden with
/// it, since they may be its own.
fn loose(text: &[u8], at: usize, least: usize, most: usize) -> Groups {
    let mut found = groups(text, at, least, most, is_hex, SEPARATORS);
    if let Some((separator, width)) = separator(text, found.end, SEPARATORS)
        && separator == found.separator
    {
        let from = past(found.end, width);
        let digits = hex_run(text, from);
        let word = text.get(past(from, most)..past(from, digits)).unwrap_or_default();
        if digits > most && word.iter().all(u8::is_ascii_alphabetic) {
            (found.count, found.end) = (past(found.count, 1), past(from, digits));
        }
    }
    found
}

/// RFC 4291, appendix A: a MAC address in the second half of an IPv6 address has `ff:fe` in its
/// middle. `at` is where the group that ends with `ff` begins.
fn eui64_ipv6(text: &[u8], at: usize, digits: usize) -> Option<(usize, usize)> {
    let middle = past(at, digits).checked_sub(2)?;
    let is_middle = text.get(middle..past(middle, 5))?.eq_ignore_ascii_case(b"ff:fe");
    let third = past(middle, 3);
    let end = past(third, 4);
    if !is_middle || hex_run(text, third) != 4 || text.get(end) != Some(&b':') {
        return None;
    }
    let colon = at.checked_sub(1)?;
    let first = text.get(..colon)?.iter().rev().take(4).take_while(|byte| is_hex(**byte)).count();
    let last = past(end, 1);
    Some((colon.checked_sub(first)?, past(last, hex_run(text, last).min(4))))
}

/// RFC 9562: the last group of a UUID of version 1, 2 or 6 is a MAC address; of another, it looks
/// like one. Where to hide and where to go on, if `at` is where a UUID begins.
fn uuid(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let all = text.get(at..past(at, 36))?;
    let shape = all.iter().enumerate().all(|(place, &byte)| match place {
        8 | 13 | 18 | 23 => byte == b'-',
        // Masked already, it is still a UUID.
        24.. => is_hex(byte) || byte == b'x',
        _ => is_hex(byte),
    });
    let end = past(at, 36);
    let from_mac = matches!(all.get(14), Some(b'1' | b'2' | b'6'));
    (shape && hex_run(text, end) == 0).then_some((if from_mac { past(at, 24) } else { end }, end))
}

/// A word of letters, digits and colons: masks the groups in it that make an IPv6 address.
/// `dotted`: a dot follows.
fn mask_ipv6(word: &mut [u8], dotted: bool) -> bool {
    let mut any = false;
    let mut from = 0;
    while from < word.len() {
        // Groups in a row that may belong to an address; `Error::add` has a `::` that does not lie
        // between such.
        let (mut at, mut numbers, mut compressed, mut last_empty) = (from, 0u32, false, false);
        while at <= word.len() {
            let group = run(word, at, |byte| byte != b':');
            if group > 4 || run(word, at, |byte| is_hex(byte) || byte == b'x') != group {
                break;
            }
            compressed |= last_empty && at > past(from, 1);
            last_empty = group == 0;
            numbers = numbers.saturating_add(u32::from(group > 0));
            at = past(at, group.saturating_add(1));
        }
        if compressed || numbers >= 8 || numbers == 7 && dotted && at > word.len() {
            any |= hide(word, from, at.min(word.len()));
        }
        from = past(at, run(word, at, |byte| byte != b':').saturating_add(1));
    }
    any
}

/// Groups of digits in a row, with one separator throughout.
struct Groups {
    count: usize,
    /// Where the last one ends.
    end: usize,
    /// 0 if there is none. `%` stands for `%3A`.
    separator: u8,
}

/// As many groups as there are at `at`, of `least` to `most` digits.
fn groups(
    text: &[u8],
    at: usize,
    least: usize,
    most: usize,
    digit: fn(u8) -> bool,
    separators: &[u8],
) -> Groups {
    let mut found = Groups { count: 0, end: at, separator: 0 };
    let mut from = at;
    loop {
        let digits = run(text, from, digit);
        if digits < least || digits > most {
            return found;
        }
        found.count = found.count.saturating_add(1);
        found.end = past(from, digits);
        let Some((separator, width)) = separator(text, found.end, separators) else { return found };
        if found.count > 1 && separator != found.separator {
            return found;
        }
        found.separator = separator;
        from = past(found.end, width);
    }
}

/// The separator at a place, and how many bytes it has: it may stand there twice, or before a
/// space. `%` stands for `%3A`.
fn separator(text: &[u8], at: usize, separators: &[u8]) -> Option<(u8, usize)> {
    if is_colon_escape(text, at) {
        return separators.contains(&b':').then_some((b'%', 3));
    }
    let separator = |at: usize| {
        let byte = text.get(at).map(|&byte| if matches!(byte, b'\t'..=b'\r') { b' ' } else { byte });
        byte.filter(|byte| separators.contains(byte))
    };
    let byte = separator(at)?;
    let twice = separator(past(at, 1)).is_some_and(|next| next == byte || next == b' ');
    Some((byte, if twice { 2 } else { 1 }))
}

/// The punctuation that is escaped at a place, for a URL.
fn escaped(text: &[u8], at: usize) -> Option<u8> {
    let Some([b'%', high, low]) = text.get(at..past(at, 3)) else { return None };
    let digit = |digit: &u8| char::from(*digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let byte = digit(high)?.wrapping_shl(4) | digit(low)?;
    (byte == b' ' || byte.is_ascii_punctuation()).then_some(byte)
}

fn is_colon_escape(text: &[u8], at: usize) -> bool {
    text.get(at..past(at, 3)).is_some_and(|escape| escape.eq_ignore_ascii_case(b"%3a"))
}

/// A percent sign that escapes punctuation (`%20` to `%3F`) begins here, right before a digit.
fn is_escape(text: &[u8], at: usize) -> bool {
    matches!(text.get(at..past(at, 4)), Some(&[b'%', b'2' | b'3', low, next]) if is_hex(low) && is_hex(next))
}

/// How many bytes from `at` on are such.
fn run(text: &[u8], at: usize, such: fn(u8) -> bool) -> usize {
    text.get(at..).unwrap_or_default().iter().take_while(|byte| such(**byte)).count()
}

/// As [`run`] of hexadecimal digits, without a call for each.
fn hex_run(text: &[u8], at: usize) -> usize {
    text.get(at..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_hexdigit()).count()
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
}

/// A decimal digit, or what a mask leaves of one.
fn is_decimal(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b'x'
}

/// Hides the hexadecimal digits of a range. The digits of an escaped colon stay.
///
/// Returns whether there were any.
fn hide(text: &mut [u8], start: usize, end: usize) -> bool {
    let mut at = start;
    let mut any = false;
    while at < end {
        if is_colon_escape(text, at) {
            at = past(at, 3);
            continue;
        }
        if let Some(byte) = text.get_mut(at).filter(|byte| byte.is_ascii_hexdigit()) {
            *byte = b'x';
            any = true;
        }
        at = past(at, 1);
    }
    any
}

/// A place `by` bytes further.
fn past(at: usize, by: usize) -> usize {
    at.saturating_add(by)
}

#[cfg(test)]
mod tests;
