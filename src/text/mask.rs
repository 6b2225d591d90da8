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
/// `_`, `/`, `|` or a space.
const SEPARATORS: &[u8] = b":-._/| ";
/// Letters of a word that are all digits, too: `cafe`, `face`. Longer ones are hashes as well.
const SHORT_WORD: usize = 4;
/// Characters that are looked at together where some of them are not ASCII: an address twice, and
/// what stands around it.
const UNITS: usize = 128;
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
    // What is not ASCII first: what is hidden then is no address any more.
    fold(text, mask_ascii_mac) | mask_ascii_mac(text)
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
    if text.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.len();
    }
    let (mut from, mut to) = (0usize, 0usize);
    // Where the unseen began, if that was behind ASCII.
    let mut unseen = None;
    while let Some(&first) = text.get(from) {
        let width = match first {
            0xf0.. => 4,
            0xe0.. => 3,
            0xc0.. => 2,
            _ => 1,
        };
        let bytes = text.get(from..past(from, width)).unwrap_or_default();
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
        let end = past(from, width).min(text.len());
        text.copy_within(from..end, to);
        to = past(to, end.saturating_sub(from));
        from = end;
    }
    to
}

/// A byte that can stand in an address with a MAC in it.
fn is_address(byte: u8) -> bool {
    matches!(
        byte,
        b'0'..=b'9' | b'A'..=b'F' | b'a'..=b'f' | b':' | b'-' | b'.' | b'_' | b' ' | b'%' | b'/' | b'|'
    )
}

/// Masks addresses of which some characters are not ASCII, or escaped colons. They are looked at as
/// if they were ASCII, and all bytes of a digit are hidden.
fn fold(text: &mut [u8], mask: fn(&mut [u8]) -> bool) -> bool {
    let mut any = false;
    let mut at = 0;
    // Most texts have none of these.
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
        let ascii = ascii.get_mut(..count).unwrap_or_default();
        any |= mask(ascii);
        let mut start = from;
        for (byte, width) in ascii.iter().zip(&widths) {
            let stop = past(start, *width);
            let digit = text.get(start).is_some_and(|first| first.is_ascii_hexdigit() || !first.is_ascii());
            if *byte == b'x' && digit {
                text.get_mut(start..stop).unwrap_or_default().fill(b'x');
            }
            start = stop;
        }
        at = end.max(past(found, width));
    }
    any
}

/// Where the first byte is that is not ASCII, or a per cent sign. All text of all alerts passes
/// here, so it is looked at in words of the machine.
fn strange(text: &[u8]) -> Option<usize> {
    const ONES: usize = usize::MAX / 255;
    const WORD: usize = size_of::<usize>();
    let is_plain = |word: &[u8; WORD]| {
        let word = usize::from_ne_bytes(*word);
        // A byte that is a per cent sign is 0 here, and what follows sets its top bit.
        let other = word ^ ONES.wrapping_mul(b'%' as usize);
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
        0xa0 | 0x2000..=0x200a | 0x202f | 0x3000 => b' ',
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
pub fn mask_ip(text: &mut [u8]) {
    mask_ascii_ip(text);
    // What is hidden by now is hidden in what else is looked at.
    fold(text, mask_ascii_ip);
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
    let byte = *text.get(at).filter(|byte| separators.contains(byte))?;
    let twice =
        text.get(past(at, 1)).is_some_and(|next| *next == byte || *next == b' ' && separators.contains(next));
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
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::string::String;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_byte_is_found_that_is_not_ascii_or_a_per_cent_sign() {
        for length in 0..40 {
            let plain = "a$&/~ 09:".bytes().cycle().take(length).collect::<std::vec::Vec<_>>();
            assert_eq!(strange(&plain), None);
            for at in 0..length {
                for byte in [b'%', 0x80, 0xff, 0xa5] {
                    let mut text = plain.clone();
                    text[at] = byte;
                    text[length - 1] = byte;
                    assert_eq!(strange(&text), Some(at), "{length} {at} {byte}");
                }
            }
        }
    }

    #[test]
    fn twelve_digits_are_an_address_whatever_they_touch() {
        for (text, expected) in [
            ("wlan0-deadbeef000bx", "wlan0-xxxxxxxxxxxxx"),
            ("deadbeef0001zz", "xxxxxxxxxxxxzz"),
            ("sta_zdeadbeef0001.", "sta_zxxxxxxxxxxxx."),
        ] {
            assert_eq!(masked(macs, text), expected);
        }
    }

    #[test]
    fn pairs_are_an_address_whatever_digits_they_touch() {
        for (text, expected) in [
            ("sta00:11:22:aa:bb:cc", "stxxx:xx:xx:xx:xx:xx"),
            ("macac00:11:22:aa:bb:cc", "mxxxxxx:xx:xx:xx:xx:xx"),
            ("radio0-abc00-11-22-aa-bb-cc", "radio0-xxxxx-xx-xx-xx-xx-xx"),
            ("00:11:22:aa:bb:ccdisconnected", "xx:xx:xx:xx:xx:xxxisconnected"),
            ("00:11:22:aa:bb:cc55dBm", "xx:xx:xx:xx:xx:xxxxxxm"),
            ("deface00:11:22:aa:bb:cc", "xxxxxxxx:xx:xx:xx:xx:xx"),
            ("00%3A11%3A22%3Aaa%3Abb%3Accdead", "xx%3Axx%3Axx%3Axx%3Axx%3Axxxxxx"),
            // Five are none.
            ("sta00:11:22:aa:bb", "sta00:11:22:aa:bb"),
            ("at 2026-11-21 12:00:00", "at 2026-11-21 12:00:00"),
            ("2026-11-21-12-00-00.tar 21_11_12_00_00_2026", "2026-11-21-12-00-00.tar 21_11_12_00_00_2026"),
        ] {
            assert_eq!(masked(macs, text), expected);
        }
    }

    #[test]
    fn what_is_not_seen_splits_no_address() {
        let squeezed = |text: &str| {
            let mut bytes = text.as_bytes().to_vec();
            let left = squeeze(&mut bytes);
            bytes.truncate(left);
            String::from_utf8(bytes).unwrap()
        };
        for (text, expected) in [
            ("de:ad:be:\u{202e}ef:00:01", "de:ad:be:ef:00:01"),
            ("dead\u{200b}\u{ad}beef\u{feff}0001", "deadbeef0001"),
            ("de:ad:be\u{7}:ef:00:01 10.1.\u{200e}2.3", "de:ad:be:ef:00:01 10.1.2.3"),
            // Where such characters are meant.
            ("می\u{200c}خواهم", "می\u{200c}خواهم"),
            ("👩\u{200d}🔧 a", "👩\u{200d}🔧 a"),
            ("a\u{202e}é\u{202e}b", "a\u{202e}é\u{202e}b"),
            ("two\nlines\tand \u{200b}x", "two\nlines\tand \u{200b}x"),
            ("end\u{200e}", "end\u{200e}"),
            ("", ""),
        ] {
            assert_eq!(squeezed(text), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn squeezing_leaves_valid_text_and_what_is_seen(text in "[a-f0-9:é\u{200b}\u{202e}\u{7}می\u{200c} 👩]{0,40}") {
            let mut bytes = text.as_bytes().to_vec();
            let left = squeeze(&mut bytes);
            let left = core::str::from_utf8(&bytes[..left]).unwrap();
            let seen = |text: &str| text.chars().filter(|&c| !is_unseen(c)).collect::<String>();
            prop_assert_eq!(seen(left), seen(&text));
        }

        #[test]
        fn squeezing_stands_any_bytes(mut bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            prop_assert!(squeeze(&mut bytes) <= bytes.len());
        }
    }

    /// Says truly whether there was any.
    fn macs(text: &mut [u8]) {
        let before = text.to_vec();
        assert_eq!(mask_mac(text), before != text);
    }

    fn masked(mask: fn(&mut [u8]), text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        mask(&mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    fn both(text: &mut [u8]) {
        mask_mac(text);
        mask_ip(text);
    }

    #[test]
    fn mac_addresses() {
        for (text, expected) in [
            ("00:11:22:aa:bb:cc", "xx:xx:xx:xx:xx:xx"),
            ("00-11-22-AA-BB-CC", "xx-xx-xx-xx-xx-xx"),
            ("00.11.22.aa.bb.cc", "xx.xx.xx.xx.xx.xx"),
            ("00_11_22_aa_bb_cc", "xx_xx_xx_xx_xx_xx"),
            ("00 11 22 aa bb cc", "xx xx xx xx xx xx"),
            ("0011.22aa.bbcc", "xxxx.xxxx.xxxx"),
            ("0011-22aa-bbcc", "xxxx-xxxx-xxxx"),
            ("0011:22aa:bbcc", "xxxx:xxxx:xxxx"),
            ("001122-aabbcc", "xxxxxx-xxxxxx"),
            ("001122aabbcc", "xxxxxxxxxxxx"),
            ("0x001122AABBCC", "0xxxxxxxxxxxxx"),
            ("dev_001122aabbcc_rssi", "dev_xxxxxxxxxxxx_rssi"),
            // EUI-64
            ("00:11:22:ff:fe:aa:bb:cc", "xx:xx:xx:xx:xx:xx:xx:xx"),
            ("0011.22ff.feaa.bbcc", "xxxx.xxxx.xxxx.xxxx"),
            ("dev-eui 001122fffeaabbcc", "dev-eui xxxxxxxxxxxxxxxx"),
            // IPv6 made of a MAC
            ("fe80::211:22ff:feaa:bbcc", "fe80::xxx:xxxx:xxxx:xxxx"),
            ("[2001:db8:1:2:0211:22FF:FEAA:BBCC]:443", "[2001:db8:1:2:xxxx:xxxx:xxxx:xxxx]:443"),
            ("fe80::ff:fe00:1%br-lan", "fe80::xx:xxxx:x%br-lan"),
            ("2001:db8:1:2:a11:5ff:fe01:2/64", "2001:db8:1:2:xxx:xxx:xxxx:x/64"),
            // dnsmasq
            (
                "DHCPACK(br-lan) 192.168.1.23 00:11:22:aa:bb:cc Fatimas-iPhone",
                "DHCPACK(br-lan) 192.168.1.23 xx:xx:xx:xx:xx:xx Fatimas-iPhone",
            ),
            (
                "1795252011 00:11:22:aa:bb:cc 192.168.1.23 phone 01:00:11:22:aa:bb:cc",
                "1795252011 xx:xx:xx:xx:xx:xx 192.168.1.23 phone xx:xx:xx:xx:xx:xx:xx",
            ),
            // hostapd
            (
                "wlan0: STA 00:11:22:aa:bb:cc IEEE 802.11: authenticated",
                "wlan0: STA xx:xx:xx:xx:xx:xx IEEE 802.11: authenticated",
            ),
            (
                "AP-STA-CONNECTED 00:11:22:aa:bb:cc auth_alg=sae",
                "AP-STA-CONNECTED xx:xx:xx:xx:xx:xx auth_alg=sae",
            ),
            // the kernel, iptables, arp on Linux and on BSD, RADIUS, a switch
            (
                "IN=br-lan MAC=00:11:22:aa:bb:cc:00:11:22:dd:ee:ff:08:00 SRC=10.0.0.1",
                "IN=br-lan MAC=xx:xx:xx:xx:xx:xx:xx:xx:xx:xx:xx:xx:xx:xx SRC=10.0.0.1",
            ),
            (
                "192.168.1.1  0x1  0x2  00:11:22:aa:bb:cc  *  br-lan",
                "192.168.1.1  0x1  0x2  xx:xx:xx:xx:xx:xx  *  br-lan",
            ),
            ("? (192.168.1.1) at 0:1b:63:84:45:e6 on en0", "? (192.168.1.1) at x:xx:xx:xx:xx:xx on en0"),
            (
                "Calling-Station-Id = \"00-11-22-AA-BB-CC:ssid\"",
                "Calling-Station-Id = \"xx-xx-xx-xx-xx-xx:ssid\"",
            ),
            (" 10    0011.22aa.bbcc    DYNAMIC     Gi0/1.", " 10    xxxx.xxxx.xxxx    DYNAMIC     Gi0/1."),
            // collectd and Prometheus
            (
                "Host antenna, plugin iwinfo (instance wlan0-00:11:22:aa:bb:cc)",
                "Host antenna, plugin iwinfo (instance wlan0-xx:xx:xx:xx:xx:xx)",
            ),
            (
                "wifi_station_signal_dbm{mac=\"00:11:22:aa:bb:cc\"} -71",
                "wifi_station_signal_dbm{mac=\"xx:xx:xx:xx:xx:xx\"} -71",
            ),
            (
                "http://grafana/d/x?var-mac=00%3A11%3a22%3Aaa%3Abb%3Acc&kiosk",
                "http://grafana/d/x?var-mac=xx%3Axx%3axx%3Axx%3Axx%3Axx&kiosk",
            ),
            // at the end of a word, and of a sentence
            ("mac:00:11:22:aa:bb:cc", "mac:xx:xx:xx:xx:xx:xx"),
            ("client00:11:22:aa:bb:cc:dd", "client00:xx:xx:xx:xx:xx:xx"),
            ("\\n00:11:22:aa:bb:cc\\n", "\\nxx:xx:xx:xx:xx:xx\\n"),
            ("It was 001122aabbcc.", "It was xxxxxxxxxxxx."),
            ("هاتف 00:11:22:aa:bb:cc é00:11:22:aa:bb:cc", "هاتف xx:xx:xx:xx:xx:xx éxx:xx:xx:xx:xx:xx"),
            ("100%20:11:22:aa:bb:cc", "100%xx:xx:xx:xx:xx:xx"),
            ("00:11:22:aa:bb:cc,00:11:22:aa:bb:dd", "xx:xx:xx:xx:xx:xx,xx:xx:xx:xx:xx:xx"),
            // in the names of hosts, behind and before letters that are digits, too
            ("node001122334455", "nodexxxxxxxxxxxx"),
            ("sta001122334455", "staxxxxxxxxxxxx"),
            ("phone001122aabbcc", "phonxxxxxxxxxxxxx"),
            ("device-001122334455a", "device-xxxxxxxxxxxxa"),
            ("face001122334455", "facexxxxxxxxxxxx"),
            ("phoneaabbccddeeff", "phonxxxxxxxxxxxxx"),
            ("face0011.2233.4455", "facexxxx.xxxx.xxxx"),
            ("sta0011.2233.4455cable", "staxxxx.xxxx.xxxxxxxle"),
            ("cafe0:1:2:3:4:5", "cafxx:x:x:x:x:x"),
            ("sta0:1:2:3:4:5", "stxx:x:x:x:x:x"),
            ("node001122-334455", "nodexxxxxx-xxxxxx"),
            ("a001122-334455", "axxxxxx-xxxxxx"),
            // other separators, and two of them
            ("00/11/22/aa/bb/cc", "xx/xx/xx/xx/xx/xx"),
            ("00|11|22|aa|bb|cc", "xx|xx|xx|xx|xx|xx"),
            ("00::11::22::aa::bb::cc", "xx::xx::xx::xx::xx::xx"),
            ("00--11--22--aa--bb--cc", "xx--xx--xx--xx--xx--xx"),
            ("00: 11: 22: aa: bb: cc", "xx: xx: xx: xx: xx: xx"),
            // what is not ASCII; a digit is hidden with all its bytes
            (
                "00\u{2010}11\u{2010}22\u{2010}aa\u{2010}bb\u{2010}cc",
                "xx\u{2010}xx\u{2010}xx\u{2010}xx\u{2010}xx\u{2010}xx",
            ),
            ("00：11：22：aa：bb：cc", "xx：xx：xx：xx：xx：xx"),
            ("٠٠:١١:٢٢:aa:bb:cc", "xxxx:xxxx:xxxx:xx:xx:xx"),
            ("۰۰:۱۱:۲۲:aa:bb:cc", "xxxx:xxxx:xxxx:xx:xx:xx"),
            ("００:１１:２２:ａａ:bb:cc", "xxxxxx:xxxxxx:xxxxxx:xxxxxx:xx:xx"),
            ("هاتف٠٠١١٢٢aabbcc", "هاتفxxxxxxxxxxxxxxxxxx"),
            // a UUID of version 1
            ("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "6ba7b810-9dad-11d1-80b4-xxxxxxxxxxxx"),
        ] {
            assert_eq!(masked(macs, text), expected, "{text}");
            assert_eq!(masked(macs, expected), expected, "twice: {text}");
        }
    }

    #[test]
    fn no_mac_addresses() {
        for text in [
            "",
            "decade",
            "facade of a decaf cafe",
            "12:34:56",
            "2026-11-21T09:06:51.964939396Z",
            "2026-11-21 09:06:51",
            "21.11.2026 09.06.51",
            "up 12:34:56:07",
            "1.2.3",
            "OpenWrt 24.10.0-rc5, r28190-5b0d5ee1f3",
            "10.0.0.1:9100",
            "192.168.100.200",
            "2001:db8:1:2:3:4:5:6",
            "2001:0db8:aaaa::/48",
            "2001:0db8:aaaa:bbbb:cccc:dddd:eeee:ffff",
            "fe80::1",
            "::ffff:10.0.0.1",
            "310f98352464972b",
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "deadbeefdeadbeef01",
            "550e8400-e29b-41d4-a716-446655440000",
            "1795252011964",
            // dates, versions, telephone numbers, names of rules
            "backup-2026-11-21_0906.tar",
            "21/11/2026 09:06:51 | 22/11/2026",
            "1/2/3 | 4/5/6",
            "منذ ٢١/١١/٢٠٢٦ ٠٩:٠٦",
            "２０２６年１１月２１日",
            "tel-04-72-00-11-22",
            "+33 4 72 00 11 22",
            "v1.20.3-rc5-dead",
            "feedbeef",
            "deface-rule-0001",
            "https://example.org/a/b/c/d/e/f",
            "Node 1 – 2 – 3",
            "0deadbeef0001",
            "00:11:22:aa:bb",
            "00:11:22:aa:bb-cc",
            "1:2:3:4:5:6:7",
            "http://vm:19190/graph?g0.expr=up%7Bjob%3D%22antenna%22%7D+%3D%3D+0&g0.tab=1",
            "Antenne Héron, côté nord: pas de réponse depuis 5 min",
        ] {
            assert_eq!(masked(macs, text), text);
        }
    }

    #[test]
    fn ip_addresses() {
        for (text, expected) in [
            ("10.0.0.1", "xx.x.x.x"),
            ("192.168.100.254:9100", "xxx.xxx.xxx.xxx:9100"),
            ("http://10.0.0.1:9100/metrics", "http://xx.x.x.x:9100/metrics"),
            ("10.0.0.0/24", "xx.x.x.x/24"),
            ("IP 10.0.0.1.5060 > 10.0.0.2.5060", "IP xx.x.x.x.5060 > xx.x.x.x.5060"),
            ("from 10.0.0.1.", "from xx.x.x.x."),
            ("1.0.0.10.in-addr.arpa", "x.x.x.xx.in-addr.arpa"),
            ("é10.0.0.1é", "éxx.x.x.xé"),
            ("10.0.0.xx", "xx.x.x.xx"),
            ("2026.10.0.0.1", "2026.xx.x.x.x"),
            ("2001:db8::1", "xxxx:xxx::x"),
            ("[2001:DB8::1]:9100", "[xxxx:xxx::x]:9100"),
            ("[::1]:80", "[::x]:80"),
            ("2001:db8::/32", "xxxx:xxx::/32"),
            ("fe80::1%br-lan", "xxxx::x%br-lan"),
            ("fe80::1%eth0:", "xxxx::x%eth0:"),
            ("2001:db8:1:2:3:4:5:6", "xxxx:xxx:x:x:x:x:x:x"),
            ("2001:0db8:0000:0000:0000:ff00:0042:8329", "xxxx:xxxx:xxxx:xxxx:xxxx:xxxx:xxxx:xxxx"),
            ("::ffff:10.0.0.1", "::xxxx:xx.x.x.x"),
            ("64:ff9b::10.0.0.1", "xx:xxxx::xx.x.x.x"),
            ("0:0:0:0:0:ffff:10.0.0.1", "x:x:x:x:x:xxxx:xx.x.x.x"),
            ("src:2001:db8::1: refused", "src:xxxx:xxx::x: refused"),
            ("instance=2001:db8::1, job=x", "instance=xxxx:xxx::x, job=x"),
            ("dad:1:2:3:4:5:6:7:8", "xxx:x:x:x:x:x:x:x:x"),
            ("1700000000:2001:db8::1", "1700000000:xxxx:xxx::x"),
            // in the names of hosts
            ("82-251-10-20.subs.proxad.net", "xx-xxx-xx-xx.subs.proxad.net"),
            ("ip-10-0-0-1", "ip-xx-x-x-x"),
            ("host-192-168-1-1-a", "host-xxx-xxx-x-x-a"),
            ("ip_172_16_0_9", "ip_xxx_xx_x_x"),
            ("1-2-3-4.dyn.example.net", "x-x-x-x.dyn.example.net"),
            ("082-251-010-020", "xxx-xxx-xxx-xxx"),
            // escaped, and not ASCII
            ("2001%3Adb8%3A%3A1", "xxxx%3Axxx%3A%3Ax"),
            ("q=%5B2001%3adb8%3a%3a1%5D", "q=%5Bxxxx%3axxx%3a%3ax%5D"),
            ("١٩٢.١٦٨.١.١", "xxxxxx.xxxxxx.xx.xx"),
            ("１０．０．０．１", "xxxxxx．xxx．xxx．xxx"),
            ("82‐251‐10‐20", "xx‐xxx‐xx‐xx"),
            // what mask_mac leaves
            ("fe80::xxx:xxxx:xxxx:xxxx", "xxxx::xxx:xxxx:xxxx:xxxx"),
            ("2001:db8:1:2:xxx:xxxx:xxxx:xxxx", "xxxx:xxx:x:x:xxx:xxxx:xxxx:xxxx"),
        ] {
            assert_eq!(masked(mask_ip, text), expected, "{text}");
            assert_eq!(masked(mask_ip, expected), expected, "twice: {text}");
        }
    }

    #[test]
    fn no_ip_addresses() {
        for text in [
            "",
            ":",
            "::",
            "12:34:56",
            "at 12:34: gone",
            "1.2.3",
            "OpenWrt 24.10.0",
            "21.11.2026",
            "1.20.3000.4",
            "std::vec::Vec",
            "Error::add",
            "face::std",
            "decade",
            "5.5 dBm, 3.25%",
            "2026-11-21T09:06:51.964939396Z",
            "...",
            "a:b:c:d:e:f",
            "C:\\dir",
            "https://status.example.org:8080/a:b",
            // dates, versions, telephone numbers, names of rules
            "2026-11-21-09",
            "21-11-26-09",
            "rule-1-2-3-4",
            "v24-10-0-5",
            "tel-04-72-00-11-22",
            "1-800-555-123-4",
            "2026-11-21T09:06:51%3A",
            "at 09%3A06%3A51",
            "٢١.١١.٢٠٢٦",
        ] {
            assert_eq!(masked(mask_ip, text), text);
        }
    }

    #[test]
    fn tails() {
        for (text, bytes, expected) in [
            ("station 00:11:22:aa:bb:cc went", 21, "station"),
            ("station 00 11 22 aa bb cc went", 21, "station"),
            ("station 001122aabbcc went", 17, "station"),
            ("from 10.0.0.1 it went", 12, "from"),
            ("from 2001:db8:1::5 it went", 15, "from"),
            ("it lasted a decade or so", 24, "it lasted a decade or"),
            ("it lasted a decade or so", 18, "it lasted"),
            ("is no timeout", 11, "is no"),
            ("no timeout", 8, "no timeo"),
            ("no timeout of a neighbour", 10, "no timeout"),
            ("no timeout of a neighbour", 14, "no timeout of"),
            ("no timeoutofaneighbour", 12, "no timeouto"),
            ("w http://192.0.2.7/graph", 18, "w http://"),
            ("http://192.0.2.7/graph", 13, "http://"),
            ("الهوائي معطل منذ الصباح", 21, "الهوائي"),
            ("الهوائي", 5, "ال"),
            ("هاتف00:11:22:aa:bb:cc", 20, "هاتف"),
            ("var-mac=00%3A11%3A22%3Aaa", 20, "var-mac="),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 30, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
            ("    ", 3, ""),
            ("", 0, ""),
        ] {
            assert_eq!(shorten(text, bytes), expected, "{text}");
        }
    }

    /// Wherever a text is cut, no piece of an address shows that is longer than one of its groups.
    #[test]
    fn a_cut_shows_no_half_address() {
        for address in [
            "00:11:22:aa:bb:cc",
            "00 11 22 aa bb cc",
            "001122aabbcc",
            "0011.22aa.bbcc",
            "10.20.30.40",
            "2001:db8:1:2:3:4:5:6",
        ] {
            let text = std::format!("{}: {address} went", "Station of a neighbour".repeat(3));
            for end in 0..text.len() {
                // Of one that came cut, the rest is not there to look at.
                for text in [&*text, &text[..end]] {
                    let shown = masked(both, shorten(text, end));
                    assert!(!shown.contains(['0', '1', '2', '3', '4']), "{shown}");
                }
            }
        }
    }

    fn soup() -> impl Strategy<Value = String> {
        proptest::collection::vec(
            prop_oneof![
                "[0-9a-fA-Fx]{1,5}",
                "[:._ -]",
                "::|%3A|ff:fe|0x|é|\u{202e}",
                "([0-9a-f]{2}[:-]){5}[0-9a-f]{2}",
                ".{0,3}",
            ],
            0..24,
        )
        .prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn any_text(text in soup()) {
            for mask in [macs, mask_ip, both] {
                let shown = masked(mask, &text);
                prop_assert_eq!(shown.len(), text.len());
                for (was, is) in text.bytes().zip(shown.bytes()) {
                    prop_assert!(was == is || is == b'x' && (was.is_ascii_hexdigit() || !was.is_ascii()));
                }
            }
        }

        #[test]
        fn any_cut(text in soup(), bytes in 0..60usize) {
            let kept = shorten(&text, bytes);
            prop_assert!(text.starts_with(kept) && kept.len() <= bytes);
        }

        #[test]
        fn any_bytes(mut bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let length = bytes.len();
            both(&mut bytes);
            prop_assert_eq!(bytes.len(), length);
        }

        #[test]
        fn any_mac_anywhere(mac: [u8; 6], before in "[^0-9a-zA-Z:]?", after in "[^0-9a-zA-Z:]?", form in 0..5usize) {
            let pairs: std::vec::Vec<String> = mac.iter().map(|byte| std::format!("{byte:02x}")).collect();
            let mac = match form {
                0 => pairs.join(":"),
                1 => pairs.join("-"),
                2 => pairs.concat(),
                3 => std::format!("{}.{}.{}", pairs[..2].concat(), pairs[2..4].concat(), pairs[4..].concat()),
                _ => pairs.join("%3A"),
            };
            let text = std::format!("le poste {before}{mac}{after} y est");
            let shown = masked(macs, &text);
            let hidden: String = mac.replace("%3A", "%%%").chars().map(|c| if c.is_ascii_hexdigit() { 'x' } else { c }).collect();
            prop_assert!(shown.contains(&hidden.replace("%%%", "%3A")), "{}", shown);
        }

        /// Whatever words and signs stand around it, not four digits of it are shown.
        #[test]
        fn any_mac_in_any_name(
            mac: [u8; 6],
            form in 0..8usize,
            before in 0..14usize,
            after in 0..10usize,
            digits in 0..4u8,
        ) {
            let words = [
                "", "node", "sta", "phone", "device", "face", "cafe", "a", "interface", "AP-", "é", "x_",
                "iface:", "هاتف",
            ];
            let ends = ["", ".lan", "z", "-a", "_rssi", "é", " is gone", "cable", "d", "st"];
            let pair = |separator: &str| mac.map(|byte| std::format!("{byte:02x}")).join(separator);
            let bare = pair("");
            let address = match form {
                0 => bare.clone(),
                1 => pair(":"),
                2 => pair("-"),
                3 => pair("/"),
                4 => pair("||"),
                5 => pair("\u{2011}"),
                6 => std::format!("{}.{}.{}", &bare[..4], &bare[4..8], &bare[8..]),
                _ => std::format!("{}-{}", &bare[..6], &bare[6..]),
            };
            let moved = |c: char, by: u32| char::from_u32(u32::from(c) + by).unwrap();
            let written = |c: char| match (digits, c) {
                (1, '0'..='9') => moved(c, 0x630),
                (2, '0'..='9' | 'a'..='f' | ':' | '-' | '.') => moved(c, 0xfee0),
                (3, 'a'..='f') => c.to_ascii_uppercase(),
                _ => c,
            };
            let address: String = address.chars().map(written).collect();
            let (before, after) = (words[before], ends[after]);
            let text = std::format!("{before}{address}{after}");
            let shown = masked(both, &text);
            let seen = &shown[before.len()..shown.len() - after.len()];
            let shows = seen.chars().filter(|c| c.is_alphanumeric() && *c != 'x').count();
            prop_assert!(shows < 4, "{} {}", text, shown);
        }

        #[test]
        fn any_ip_anywhere(v4: std::net::Ipv4Addr, v6: std::net::Ipv6Addr) {
            for address in [std::format!("{v4}"), std::format!("{v6}"), std::format!("[{v6}]:80"), std::format!("{v6}/64")] {
                let text = std::format!("le poste {address} y est");
                let shown = masked(both, &text);
                let shown = shown.trim_start_matches("le poste ").trim_end_matches(" y est").trim_end_matches("]:80").trim_end_matches("/64");
                prop_assert!(!shown.bytes().any(|byte| byte.is_ascii_hexdigit()), "{}", shown);
            }
        }
    }
}
