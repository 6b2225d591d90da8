//! The bytes of the log's records, which are those of the journal's.
//!
//! # Records, version 1
//!
//! Numbers are little-endian. Sites, services, components and people are known by a hash of their
//! names in the configuration, so a record names nobody, and what the configuration no longer names
//! cannot be told.
//!
//! ```text
//! head:     | flags u8 | tag u8 | at i64 | who u32 | site u32 |
//! 4 step:   | head | number u32 | step u16 | what u8 | state u8 | phase u8 | component u32 |
//!           | arg u32 | since | words |
//! 5 window: | head | number u32 | service u32 | component u32 | starts i64 | ends i64 |
//!           | repeat u8 | words |
//! 6 ended:  | head | number u32 |
//! 7 banner: | head | state u8 | words |
//! 10 clock: | boot u64 | dated u8 | offset i64 |
//! 11 numbers: | site u32 | incident u32 | window u32 |
//! 12 undo:  | head | kind u8 | number u32 | step u16 |
//! 13 gone:  | site u32 | number u32 |
//! since:    | i64, with the flag 64 only |
//! words:    | length u8 | length x language | the rest: text |
//! ```
//!
//! `flags`: 1 taken back, 2 resolved by a person while alerts fire, 4 the text is the name of a
//! phrase or of several, a space between two, 8 the banner is taken away, 16 resolved by a person
//! while not all of it was known to be well, 32 can no longer be taken back, 64 what a step tells
//! of was so since `since`, in milliseconds since 1970, before it was written; of an update, when
//! the next news is promised. `tag`: 0 `at` is not
//! known; 1 milliseconds since the machine's boot, not dated yet; 2 milliseconds since 1970. `who`:
//! 0 nobody, it happened by itself. `what`: see [`What`]. `state`: 0 no data, 1 degraded, 2 outage,
//! 3 operational, 255 none. `phase`: 0 none, 1 investigating, 2 identified, 3 monitoring, 4
//! resolved. `arg`: the service's hash of an opening, the number of the incident merged into, the
//! step that is amended. `repeat`: 0 once, 1 weekly, 2 monthly. A banner's `state`: 0 none, 1
//! operational, 2 degraded, 3 outage, 4 maintenance.
//!
//! `clock` begins the records of one boot, known by a hash; `dated`: its time is known, boot +
//! `offset`. Records of an earlier boot that was never dated are of no known time. `numbers`: the
//! last that were given on a site, for what is kept no longer. `undo` takes back the last record
//! like that of the same person. `gone`: this incident was removed, or gave way, with every record
//! of it. 8 and 9 belong to the past of components.

use super::names::NameHashes;
pub use crate::journal::kinds::{BANNER, CLOCK, GONE, NUMBERS, STEP, UNDO, WINDOW, WINDOW_ENDED};
use crate::limits::{LANG_TAG_BYTES, RECORD_BYTES, TITLE_BYTES, WORDS_BYTES};
use crate::model::{Forced, Phase, Phrase, Phrases, Repeat, State, Words};
use crate::text::mask;
use crate::time::Wall;

/// Taken back.
pub const UNDONE: u8 = 1;
/// Resolved by a person while alerts fire.
pub const FIRING: u8 = 2;
/// The text is the name of a phrase, or of several.
pub const PHRASE: u8 = 4;
/// The banner is taken away.
pub const CLEARED: u8 = 8;
/// Resolved by a person while not all of it was known to be well: what is not well stays in the
/// incident.
pub const UNWELL: u8 = 16;
/// Can no longer be taken back: what it replaced may be gone.
pub const SETTLED: u8 = 32;

/// A step that was written later than what it tells of began or ended has that time besides; an
/// update, when the next news is promised.
pub const SINCE: u8 = 64;

const HEAD: usize = 18;
/// Where the site stands in a head; the number of an incident is behind it.
const SITE_AT: usize = HEAD - 4;

/// A record's payload in the making.
pub type IncidentPayload = heapless::Vec<u8, RECORD_BYTES, u16>;

/// A time as it was known when it was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// Not known, and it will not be.
    #[default]
    Unknown,
    /// Milliseconds since this boot of the machine.
    Boot(i64),
    /// Milliseconds since 1970.
    Wall(i64),
}

/// What begins every record of the log but `CLOCK` and `NUMBERS`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordHead {
    /// See the module.
    pub flags: u8,
    /// When.
    pub when: When,
    /// Whose doing; 0: nobody's.
    pub who: u32,
    /// The site's hash.
    pub site: u32,
}

/// What a step is, by its code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum What {
    /// It began. `arg`: the service's hash. The text is its title.
    #[default]
    Opened = 1,
    /// A component joined.
    Joined = 2,
    /// One got worse.
    Worse = 3,
    /// One got better.
    Better = 4,
    /// One is not known any more.
    NoData = 5,
    /// A person's words.
    Update = 6,
    /// It ended.
    Resolved = 7,
    /// It began anew.
    Reopened = 8,
    /// It goes on in incident `arg`.
    Merged = 9,
    /// Somebody has seen it.
    Acknowledged = 10,
    /// The text is its title now.
    Retitled = 11,
    /// The words of step `arg` are these now.
    Amended = 12,
    /// One has been unwell since earlier than was told: an alert of it came that began before.
    Dated = 13,
    /// One is well, which is not announced before it has been so for a while: a restart tells it as
    /// before.
    Paused = 14,
    /// One is unwell again before that was announced, since then.
    Resumed = 15,
}

impl What {
    const ALL: [Self; 15] = [
        Self::Opened,
        Self::Joined,
        Self::Worse,
        Self::Better,
        Self::NoData,
        Self::Update,
        Self::Resolved,
        Self::Reopened,
        Self::Merged,
        Self::Acknowledged,
        Self::Retitled,
        Self::Amended,
        Self::Dated,
        Self::Paused,
        Self::Resumed,
    ];
}

/// A step.
#[derive(Clone, Copy, Debug, Default)]
pub struct StepRecord<'a> {
    /// The incident's number on its site.
    pub number: u32,
    /// The step's number in it.
    pub step: u16,
    /// What.
    pub what: What,
    /// The state that it tells of.
    pub state: Option<State>,
    /// How far people are.
    pub phase: Option<Phase>,
    /// The component's hash; 0: none.
    pub component: u32,
    /// See [`What`].
    pub arg: u32,
    /// Since when it is so, if that is known to be earlier than the step was written.
    pub since: Option<Wall>,
    /// When an update promises the next news.
    pub next: Option<Wall>,
    /// Words, or a title.
    pub words: Words<'a>,
}

/// A maintenance.
#[derive(Clone, Copy, Debug, Default)]
pub struct WindowRecord<'a> {
    /// Its number on its site.
    pub number: u32,
    /// The service's hash.
    pub service: u32,
    /// The component's hash; 0: all of the service.
    pub component: u32,
    /// The first beginning, in milliseconds since 1970.
    pub starts: i64,
    /// The first end.
    pub ends: i64,
    /// How it repeats.
    pub repeat: Repeat,
    /// What people say.
    pub words: Words<'a>,
}

/// What a clock record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockRecord {
    /// The boot's hash.
    pub boot: u64,
    /// What to add to milliseconds since that boot for milliseconds since 1970, if that is known.
    pub offset: Option<i64>,
}

// ---- out ----------------------------------------------------------------------------------------

/// Everything fits: see the assertion below. What a caller has not cut, is cut here.
fn put(out: &mut IncidentPayload, bytes: &[u8]) {
    _ = out.extend_from_slice(bytes);
}

fn put_head(out: &mut IncidentPayload, head: RecordHead, flags: u8) {
    let (tag, at) = match head.when {
        When::Unknown => (0, 0),
        When::Boot(at) => (1, at),
        When::Wall(at) => (2, at),
    };
    put(out, &[head.flags | flags, tag]);
    put(out, &at.to_le_bytes());
    put(out, &head.who.to_le_bytes());
    put(out, &head.site.to_le_bytes());
}

fn words_flag(words: Words<'_>) -> u8 {
    if matches!(words, Words::Phrase(_)) { PHRASE } else { 0 }
}

/// No MAC address that somebody typed is kept, be it in a title.
fn put_words(out: &mut IncidentPayload, words: Words<'_>) {
    let (lang, text) = match words {
        Words::None | Words::Phrase(_) => ("", ""),
        Words::Own { lang, text } => (lang, text),
    };
    let lang = crate::text::cut(lang, LANG_TAG_BYTES);
    put(out, &[u8::try_from(lang.len()).unwrap_or(0)]);
    put(out, lang.as_bytes());
    if let Words::Phrase(said) = words {
        said.join(Phrase::name, &mut |part| put(out, part.as_bytes()));
    }
    let start = out.len();
    put(out, crate::text::cut(text, WORDS_BYTES).as_bytes());
    let text = out.get_mut(start..).unwrap_or_default();
    let seen = mask::squeeze(text);
    mask::mask_mac(text.get_mut(..seen).unwrap_or_default());
    out.truncate(start.saturating_add(seen));
}

/// The bytes of a step.
pub fn step(head: RecordHead, step: &StepRecord<'_>) -> IncidentPayload {
    let mut out = IncidentPayload::new();
    let time = step.since.or(step.next);
    let since = if time.is_some() { SINCE } else { 0 };
    put_head(&mut out, head, words_flag(step.words) | since);
    put(&mut out, &step.number.to_le_bytes());
    put(&mut out, &step.step.to_le_bytes());
    let phase = step.phase.map_or(0, |phase| (phase as u8).saturating_add(1));
    put(&mut out, &[step.what as u8, state_code(step.state), phase]);
    put(&mut out, &step.component.to_le_bytes());
    put(&mut out, &step.arg.to_le_bytes());
    if let Some(time) = time {
        put(&mut out, &time.0.to_le_bytes());
    }
    put_words(&mut out, step.words);
    out
}

/// The bytes of a maintenance.
pub fn window(head: RecordHead, window: &WindowRecord<'_>) -> IncidentPayload {
    let mut out = IncidentPayload::new();
    put_head(&mut out, head, words_flag(window.words));
    for number in [window.number, window.service, window.component] {
        put(&mut out, &number.to_le_bytes());
    }
    put(&mut out, &window.starts.to_le_bytes());
    put(&mut out, &window.ends.to_le_bytes());
    put(&mut out, &[window.repeat as u8]);
    put_words(&mut out, window.words);
    out
}

/// The bytes of its end.
pub fn window_ended(head: RecordHead, number: u32) -> IncidentPayload {
    let mut out = IncidentPayload::new();
    put_head(&mut out, head, 0);
    put(&mut out, &number.to_le_bytes());
    out
}

/// The bytes of a banner.
pub fn banner(head: RecordHead, state: Option<Forced>, words: Words<'_>) -> IncidentPayload {
    let mut out = IncidentPayload::new();
    put_head(&mut out, head, words_flag(words));
    put(&mut out, &[state.map_or(0, |state| (state as u8).saturating_add(1))]);
    put_words(&mut out, words);
    out
}

/// The bytes of a clock.
pub fn clock(record: ClockRecord) -> IncidentPayload {
    let mut out = IncidentPayload::new();
    put(&mut out, &record.boot.to_le_bytes());
    put(&mut out, &[u8::from(record.offset.is_some())]);
    put(&mut out, &record.offset.unwrap_or(0).to_le_bytes());
    out
}

/// The bytes of the last numbers.
pub fn numbers(site: u32, incident: u32, window: u32) -> IncidentPayload {
    let mut out = IncidentPayload::new();
    for number in [site, incident, window] {
        put(&mut out, &number.to_le_bytes());
    }
    out
}

/// The bytes of an undo.
pub fn undo(head: RecordHead, kind: u8, number: u32, step: u16) -> IncidentPayload {
    let mut out = IncidentPayload::new();
    put_head(&mut out, head, 0);
    put(&mut out, &[kind]);
    put(&mut out, &number.to_le_bytes());
    put(&mut out, &step.to_le_bytes());
    out
}

/// The bytes of an incident's removal.
pub fn gone(site: u32, number: u32) -> IncidentPayload {
    let mut out = IncidentPayload::new();
    put(&mut out, &site.to_le_bytes());
    put(&mut out, &number.to_le_bytes());
    out
}

const _: () = assert!(
    HEAD + 4 + 4 + 4 + 8 + 8 + 1 + 1 + LANG_TAG_BYTES + WORDS_BYTES <= RECORD_BYTES,
    "words must fit"
);
const _: () = assert!(TITLE_BYTES <= WORDS_BYTES, "a title is written as words are");

fn state_code(state: Option<State>) -> u8 {
    match state {
        None => 255,
        Some(State::NoData) => 0,
        Some(State::Degraded) => 1,
        Some(State::Outage) => 2,
        Some(State::Operational) => 3,
    }
}

// ---- back ---------------------------------------------------------------------------------------

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(*head)
}

fn take_u32(rest: &mut &[u8]) -> Option<u32> {
    take(rest).map(u32::from_le_bytes)
}

fn take_i64(rest: &mut &[u8]) -> Option<i64> {
    take(rest).map(i64::from_le_bytes)
}

fn take_byte(rest: &mut &[u8]) -> Option<u8> {
    take::<1>(rest).map(|[byte]| byte)
}

fn take_words<'a>(rest: &mut &'a [u8], flags: u8) -> Option<Words<'a>> {
    let length = usize::from(take_byte(rest)?);
    if length > LANG_TAG_BYTES {
        return None;
    }
    let (lang, text) = rest.split_at_checked(length)?;
    *rest = &[];
    let (lang, text) = (core::str::from_utf8(lang).ok()?, core::str::from_utf8(text).ok()?);
    if text.len() > WORDS_BYTES {
        return None;
    }
    Some(match (flags & PHRASE != 0, text) {
        // A phrase of a later version is told by its name.
        (true, names) => Phrases::named(names).map_or(Words::Own { lang: "en", text }, Words::Phrase),
        (false, "") => Words::None,
        (false, text) => Words::Own { lang, text },
    })
}

/// The head of a record that has one.
pub fn head(payload: &[u8]) -> Option<RecordHead> {
    take_head(&mut &*payload)
}

fn take_head(rest: &mut &[u8]) -> Option<RecordHead> {
    let [flags, tag] = take(rest)?;
    let at = take_i64(rest)?;
    let when = match tag {
        0 => When::Unknown,
        1 => When::Boot(at),
        2 => When::Wall(at),
        _ => return None,
    };
    Some(RecordHead { flags, when, who: take_u32(rest)?, site: take_u32(rest)? })
}

/// Changes when a record was, in place.
pub fn set_when(payload: &mut [u8], when: When) {
    let (new, at) = match when {
        When::Unknown => (0, 0),
        When::Boot(at) => (1, at),
        When::Wall(at) => (2, at),
    };
    if let Some([_, tag, bytes @ ..]) = payload.first_chunk_mut::<10>() {
        *tag = new;
        *bytes = at.to_le_bytes();
    }
}

/// Sets a flag of a record, in place.
pub fn set_flag(payload: &mut [u8], flag: u8) {
    if let Some(flags) = payload.first_mut() {
        *flags |= flag;
    }
}

/// Whether a step is of this incident, without reading the rest of it: a page with many incidents
/// looks at every record once for each of them.
pub fn is_step_of(payload: &[u8], site: u32, number: u32) -> bool {
    let its = payload.get(SITE_AT..).and_then(<[u8]>::first_chunk::<8>);
    its.is_some_and(|&[a, b, c, d, rest @ ..]| {
        u32::from_le_bytes([a, b, c, d]) == site && u32::from_le_bytes(rest) == number
    })
}

/// The incident that a step of this site gives its title, unless that was taken back.
pub fn titled(payload: &[u8], site: u32) -> Option<u32> {
    let stands = payload.first()? & UNDONE == 0;
    let number = u32::from_le_bytes(*payload.get(HEAD..)?.first_chunk()?);
    let what = *payload.get(STEP_WHAT)?;
    let gives = what == What::Opened as u8 || what == What::Retitled as u8;
    (stands && gives && is_step_of(payload, site, number)).then_some(number)
}

/// A step, back.
pub fn read_step(payload: &[u8]) -> Option<(RecordHead, StepRecord<'_>)> {
    let mut rest = payload;
    let head = take_head(&mut rest)?;
    let number = take_u32(&mut rest)?;
    let step = u16::from_le_bytes(take(&mut rest)?);
    let [what, state, phase] = take(&mut rest)?;
    let what = *What::ALL.iter().find(|known| **known as u8 == what)?;
    let state = match state {
        255 => None,
        0 => Some(State::NoData),
        1 => Some(State::Degraded),
        2 => Some(State::Outage),
        3 => Some(State::Operational),
        _ => return None,
    };
    let phase = match phase.checked_sub(1) {
        None => None,
        Some(at) => Some(Phase::ALL.get(usize::from(at))?.0),
    };
    let (component, arg) = (take_u32(&mut rest)?, take_u32(&mut rest)?);
    let time = if head.flags & SINCE == 0 { None } else { Some(Wall(take_i64(&mut rest)?)) };
    let (since, next) = if what == What::Update { (None, time) } else { (time, None) };
    let words = take_words(&mut rest, head.flags)?;
    Some((head, StepRecord { number, step, what, state, phase, component, arg, since, next, words }))
}

/// A maintenance, back.
pub fn read_window(payload: &[u8]) -> Option<(RecordHead, WindowRecord<'_>)> {
    let mut rest = payload;
    let head = take_head(&mut rest)?;
    let (number, service, component) = (take_u32(&mut rest)?, take_u32(&mut rest)?, take_u32(&mut rest)?);
    let (starts, ends) = (take_i64(&mut rest)?, take_i64(&mut rest)?);
    let repeat = match take_byte(&mut rest)? {
        0 => Repeat::Once,
        1 => Repeat::Weekly,
        2 => Repeat::Monthly,
        _ => return None,
    };
    let words = take_words(&mut rest, head.flags)?;
    Some((head, WindowRecord { number, service, component, starts, ends, repeat, words }))
}

/// The end of a maintenance, back: its number.
pub fn read_window_ended(payload: &[u8]) -> Option<(RecordHead, u32)> {
    let mut rest = payload;
    Some((take_head(&mut rest)?, take_u32(&mut rest)?)).filter(|_| rest.is_empty())
}

/// A banner, back.
pub fn read_banner(payload: &[u8]) -> Option<(RecordHead, Option<Forced>, Words<'_>)> {
    let mut rest = payload;
    let head = take_head(&mut rest)?;
    let state = match take_byte(&mut rest)?.checked_sub(1) {
        None => None,
        Some(at) => Some(Forced::ALL.get(usize::from(at))?.0),
    };
    Some((head, state, take_words(&mut rest, head.flags)?))
}

/// A clock, back.
pub fn read_clock(payload: &[u8]) -> Option<ClockRecord> {
    let mut rest = payload;
    let boot = u64::from_le_bytes(take(&mut rest)?);
    let dated = take_byte(&mut rest)?;
    let offset = take_i64(&mut rest)?;
    let offset = match dated {
        0 => None,
        1 => Some(offset),
        _ => return None,
    };
    Some(ClockRecord { boot, offset }).filter(|_| rest.is_empty())
}

/// The last numbers, back: site, incident, maintenance.
pub fn read_numbers(payload: &[u8]) -> Option<(u32, u32, u32)> {
    let mut rest = payload;
    Some((take_u32(&mut rest)?, take_u32(&mut rest)?, take_u32(&mut rest)?)).filter(|_| rest.is_empty())
}

/// An undo, back: what kind of record it takes back, its number and step.
pub fn read_undo(payload: &[u8]) -> Option<(RecordHead, u8, u32, u16)> {
    let mut rest = payload;
    let head = take_head(&mut rest)?;
    let kind = take_byte(&mut rest)?;
    let number = take_u32(&mut rest)?;
    Some((head, kind, number, u16::from_le_bytes(take(&mut rest)?))).filter(|_| rest.is_empty())
}

/// An incident's removal, back: site, number.
pub fn read_gone(payload: &[u8]) -> Option<(u32, u32)> {
    let mut rest = payload;
    Some((take_u32(&mut rest)?, take_u32(&mut rest)?)).filter(|_| rest.is_empty())
}

// ---- looking ------------------------------------------------------------------------------------

/// Where a step says what it is.
const STEP_WHAT: usize = HEAD + 4 + 2;

/// And where it has the hash of its component.
const STEP_COMPONENT: usize = STEP_WHAT + 3;

/// Overwrites the words of a step with blanks, in place. False if they are a phrase, or there is
/// nothing to overwrite.
pub fn blank(payload: &mut [u8]) -> bool {
    let Some((head, StepRecord { words: Words::Own { text, .. }, .. })) = read_step(payload) else {
        return false;
    };
    if head.flags & PHRASE != 0 {
        return false;
    }
    // A text is the last of a record, whatever stands in front.
    let from = payload.len().saturating_sub(text.len());
    let text = payload.get_mut(from..).unwrap_or_default();
    let any = text.iter().any(|&byte| byte != b' ');
    text.fill(b' ');
    any
}

/// Whether it is a record of that kind.
pub fn is_whole(kind: u8, payload: &[u8]) -> bool {
    match kind {
        STEP => read_step(payload).is_some(),
        WINDOW => read_window(payload).is_some(),
        WINDOW_ENDED => read_window_ended(payload).is_some(),
        BANNER => read_banner(payload).is_some(),
        CLOCK => read_clock(payload).is_some(),
        NUMBERS => read_numbers(payload).is_some(),
        UNDO => read_undo(payload).is_some(),
        GONE => read_gone(payload).is_some(),
        _ => false,
    }
}

/// The component that a record tells of; 0: none.
pub fn component_of(kind: u8, payload: &[u8]) -> u32 {
    match kind {
        STEP => read_step(payload).map_or(0, |(_, step)| step.component),
        WINDOW => read_window(payload).map_or(0, |(_, window)| window.component),
        _ => 0,
    }
}

/// Stands for a component that is named no longer. It is the hash of no name, but for one in 2^32.
const GONE_COMPONENT: u32 = u32::MAX;

/// Takes what is no longer named out of a record. False if nothing is left of it.
pub fn strip(names: &NameHashes, kind: u8, payload: &mut [u8]) -> bool {
    let Some(head) = head(payload).filter(|_| kind != CLOCK) else { return true };
    if names.site(head.site).is_none() {
        return false;
    }
    match kind {
        STEP => {
            let Some((_, step)) = read_step(payload) else { return false };
            if step.what == What::Opened && names.service(step.arg).is_none() {
                return false;
            }
            if step.component == 0 || names.component(step.component).is_some() {
                return true;
            }
            // What began, or was begun anew, with a component that is gone, began all the same.
            // So it is with what ended: else it would end anew, now.
            let stays = matches!(step.what, What::Opened | What::Reopened | What::Resolved);
            // Without a component, what a person opened would be of all of its service.
            let none = if step.what == What::Opened { GONE_COMPONENT } else { 0 };
            if let Some(component) = payload.get_mut(STEP_COMPONENT..).and_then(<[u8]>::first_chunk_mut::<4>)
            {
                *component = none.to_le_bytes();
            }
            stays
        }
        WINDOW => read_window(payload).is_some_and(|(_, window)| {
            names.service(window.service).is_some()
                && (window.component == 0 || names.component(window.component).is_some())
        }),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn several_phrases_are_kept_by_their_names() {
        let kept = |names: &str| {
            let words = Words::Phrase(Phrases::named(names).unwrap());
            let told = StepRecord { number: 3, step: 4, words, ..StepRecord::default() };
            let record = step(RecordHead::default(), &told);
            assert!(record.ends_with(names.as_bytes()));
            assert_eq!(read_step(&record).map(|(_, step)| step.words), Some(words));
        };
        kept("power-cut");
        kept("power-cut going-there no-date restart-yours");
        assert_eq!(Phrases::named("power-cut nonsense"), None);
        assert_eq!(Phrases::named("weather weather weather weather weather"), None);
        // As a later version may write it.
        let mut later = IncidentPayload::new();
        put_words(&mut later, Words::Own { lang: "", text: "power-cut by-night" });
        let read = take_words(&mut later.as_slice(), PHRASE);
        assert_eq!(read, Some(Words::Own { lang: "en", text: "power-cut by-night" }));
    }

    #[test]
    fn no_mac_address_of_a_person_s_words_is_kept() {
        for (text, kept) in [
            ("The box 00:11:22:33:44:55 is off.", "The box xx:xx:xx:xx:xx:xx is off."),
            ("00:11:22\u{200b}:33:44:55", "xx:xx:xx:xx:xx:xx"),
            ("Since 18:30, l'été.", "Since 18:30, l'été."),
        ] {
            let words = Words::Own { lang: "fr", text };
            let told = StepRecord { number: 3, step: 4, words, ..StepRecord::default() };
            let record = step(RecordHead::default(), &told);
            let words = read_step(&record).map(|(_, step)| step.words);
            assert_eq!(words, Some(Words::Own { lang: "fr", text: kept }));
        }
    }

    #[test]
    fn blanking_words_leaves_the_rest_of_a_step_as_it_was() {
        let head = RecordHead { when: When::Wall(7), who: 1, site: 2, flags: 0 };
        let words = Words::Own { lang: "fr", text: "Rue des Lilas 5" };
        for since in [None, Some(Wall(0)), Some(Wall(1)), Some(Wall(0x0102_0304_0506_0708))] {
            let told = StepRecord { number: 3, step: 4, component: 5, since, words, ..StepRecord::default() };
            let mut record = step(head, &told);
            assert!(blank(&mut record), "{since:?}");
            let blanked = Words::Own { lang: "fr", text: "               " };
            assert_eq!(
                read_step(&record).map(|(_, step)| (step.number, step.step, step.component, step.since)),
                Some((3, 4, 5, since))
            );
            assert_eq!(read_step(&record).map(|(_, step)| step.words), Some(blanked));
            assert!(!blank(&mut record), "there is nothing left");
            let mut wordless = step(head, &StepRecord { words: Words::None, ..told });
            let before = wordless.clone();
            assert!(!blank(&mut wordless) && wordless == before, "{since:?}");
        }
    }
}
