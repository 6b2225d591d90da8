//! Takes away what sections may do: the tokens of a source, and a user. In the text of a file, be
//! the rest of it as broken as it may, and in a [`Config`] that is in force.
//!
//! The text is read by the parser that reads a configuration, so no way to write a token is
//! overlooked. A line that cannot be read, or an option of another name, grants nothing now. It may
//! be mended later, so what looks like a hash in it goes, too.

use core::ops::Range;

use super::credential::token_hash;
use super::schema::{TYPES, Type};
use super::uci::{Keyword, Statements, is_space};
use super::{Config, Token};
use crate::limits::CONFIG_VALUE_BYTES;
use crate::model::{SourceId, UserId};

/// The hash of a token, or of a key.
pub type Hash = [u8; 32];

/// Digits of a hash.
const DIGITS: usize = 64;

/// What a key in base64 begins with: four bytes of a length, the first of which are zero.
const KEY: &[u8] = b"AAAA";

/// What a file says of the section that is to lose its rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// A source begins, at the end of this range, which is empty: a new token may stand there.
    Source,
    /// These bytes are of a user, and go.
    User,
    /// These bytes are a token or a key, and go. What is malformed has no hash.
    Token(Option<Hash>),
}

/// The hash that `sha256:` and 64 digits say.
pub fn hash_of(text: &str) -> Option<Hash> {
    token_hash(text).ok()
}

/// The hash that 64 digits say.
fn digits(text: &[u8]) -> Option<Hash> {
    let mut hash = [0u8; 32];
    for (byte, pair) in hash.iter_mut().zip(text.chunks(2)) {
        for &digit in pair {
            let value = char::from(digit).to_digit(16)?;
            *byte = byte.wrapping_shl(4) | u8::try_from(value).unwrap_or(0);
        }
    }
    Some(hash)
}

/// Calls `each` with the hash of everything in a text that looks like the hash of a token, or like
/// a key.
fn secrets(text: &[u8], each: &mut dyn FnMut(Hash)) {
    text.windows(DIGITS).filter_map(digits).for_each(&mut *each);
    let ends = |byte: &u8| is_space(*byte) || matches!(byte, b'\'' | b'"' | b'\\' | b';' | b'#');
    for word in text.split(ends).filter(|word| word.starts_with(KEY) && word.len() >= DIGITS) {
        each(hmac_sha256::Hash::hash(word));
    }
}

/// Calls `each` for whatever a file grants to the sections of this name, in the order of the file,
/// and for whoever else has one of the tokens or keys that are `gone`. A token that is `kept` is
/// none. A file that is no text grants nothing.
pub fn rights(
    file: &[u8],
    name: &str,
    kept: Option<Hash>,
    gone: &[Hash],
    each: &mut dyn FnMut(Right, Range<usize>),
) {
    let Ok(mut statements) = Statements::new(file) else { return };
    let mut buffer = [0; CONFIG_VALUE_BYTES];
    let mut section = None;
    while let Some(statement) = statements.next() {
        let span = statements.span(file.len());
        if statement.as_ref().is_err_and(|error| !error.in_section) {
            // It is perhaps a `config`, and what follows it is another's.
            section = None;
        }
        if let Ok(statement) = statement
            && statement.keyword == Keyword::Config
        {
            let of_name = |kind: &Type| statement.value.is(name) && statement.name.is(kind.name());
            section = [Type::Source, Type::User].into_iter().find(of_name);
            if section == Some(Type::Source) {
                let end = line_end(file, span.end);
                each(Right::Source, end..end);
            }
        }
        let is_user = section == Some(Type::User);
        if is_user {
            each(Right::User, whole(file, span.clone()));
        }
        // Whether a text has what looks like a token or a key. What goes of that is told.
        let mut cut = |text: &[u8], range: Range<usize>| {
            let mut any = false;
            secrets(text, &mut |hash| {
                any = true;
                if (section.is_some() || gone.contains(&hash)) && Some(hash) != kept {
                    each(Right::Token(Some(hash)), range.clone());
                }
            });
            any
        };
        let all = whole(file, span);
        if let Ok(statement) = statement {
            let value = statement.value.read(&mut buffer).unwrap_or_default();
            if !cut(value.as_bytes(), all.clone())
                && section == Some(Type::Source)
                && statement.name.is("token")
            {
                each(Right::Token(None), all);
            }
            continue;
        }
        // What cannot be read may be many lines.
        let mut from = all.start;
        while from < all.end {
            let line = from..line_end(file, from);
            from = line.end;
            cut(file.get(line.clone()).unwrap_or_default(), line);
        }
    }
}

/// The first line that perhaps begins a section of this name, if something is granted there. The
/// line cannot be understood; or the name differs in case alone, and no section has it.
pub fn unclear(file: &[u8], name: &str) -> Option<u32> {
    let mut statements = Statements::new(file).ok()?;
    // Which line it is, and whether it is read, and of another name.
    let mut perhaps: Option<(u32, bool)> = None;
    let (mut broken, mut alike, mut is_there) = (None, None, false);
    while let Some(statement) = statements.next() {
        let text = file.get(statements.span(file.len())).unwrap_or_default();
        let is_misspelt = || text.split(|byte| !is_of_name(*byte)).any(|word| is_near(word, name.as_bytes()));
        match statement {
            Ok(statement) if statement.keyword == Keyword::Config => {
                let kind = TYPES.iter().find(|row| statement.name.is(row.name)).map(|row| row.kind);
                perhaps = match kind {
                    None => is_misspelt().then_some((statement.line, false)),
                    Some(Type::Source | Type::User) => {
                        is_there |= statement.value.is(name);
                        let folded = statement.value.bytes().map(|byte| byte.to_ascii_lowercase());
                        let is_alike = folded.eq(name.bytes().map(|byte| byte.to_ascii_lowercase()));
                        (is_alike && !statement.value.is(name)).then_some((statement.line, true))
                    }
                    Some(_) => None,
                };
            }
            Err(error) if !error.in_section && is_misspelt() => perhaps = Some((error.line, false)),
            other => {
                let mut grants = other
                    .is_ok_and(|option| ["token", "key", "site"].iter().any(|name| option.name.is(name)));
                secrets(text, &mut |_| grants = true);
                match perhaps {
                    Some((line, true)) if grants => alike = alike.or(Some(line)),
                    Some((line, false)) if grants => broken = broken.or(Some(line)),
                    _ => {}
                }
            }
        }
    }
    broken.or(alike.filter(|_| !is_there))
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// Whether a word is this name but for case and one letter that is wrong, missing, too much, or
/// has changed places with the next one.
fn is_near(word: &[u8], name: &[u8]) -> bool {
    let same = |(one, other): &(&u8, &u8)| one.eq_ignore_ascii_case(other);
    let front = word.iter().zip(name).take_while(same).count();
    let (word, name) = (word.get(front..).unwrap_or_default(), name.get(front..).unwrap_or_default());
    let back = word.iter().rev().zip(name.iter().rev()).take_while(same).count();
    let word = word.get(..word.len().saturating_sub(back)).unwrap_or_default();
    let name = name.get(..name.len().saturating_sub(back)).unwrap_or_default();
    match (word, name) {
        ([] | [_], [] | [_]) => true,
        ([a, b], [c, d]) => a.eq_ignore_ascii_case(d) && b.eq_ignore_ascii_case(c),
        _ => false,
    }
}

/// Where the line ends that holds this byte, its line feed included.
fn line_end(file: &[u8], at: usize) -> usize {
    let rest = file.get(at..).unwrap_or_default();
    rest.iter()
        .position(|&byte| byte == b'\n')
        .map_or(file.len(), |length| at.saturating_add(length).saturating_add(1))
}

/// A statement, with all of its line but for a comment.
fn whole(file: &[u8], span: Range<usize>) -> Range<usize> {
    let before = file.get(..span.start).unwrap_or_default();
    let indent = before.iter().rev().take_while(|byte| **byte != b'\n' && is_space(**byte)).count();
    match file.get(span.end) {
        Some(b'#') => span,
        _ => span.start.saturating_sub(indent)..line_end(file, span.end),
    }
}

/// The source of a name, and the user.
fn named(config: &Config, name: &str) -> (Option<SourceId>, Option<UserId>) {
    let source = config.sources.iter().position(|row| config.is(row.name, name));
    let user = config.users.iter().position(|row| config.is(row.name, name));
    let source = source.and_then(|at| u16::try_from(at).ok()).map(SourceId);
    (source, user.and_then(|at| u8::try_from(at).ok()).map(UserId))
}

/// Calls `each` with the hashes of the tokens and keys that a name has.
pub fn held(config: &Config, name: &str, each: &mut dyn FnMut(Hash)) {
    let (source, user) = named(config, name);
    for token in config.tokens.iter().filter(|token| Some(token.source) == source) {
        each(token.hash);
    }
    for row in config.user_keys.iter().filter(|row| Some(row.user) == user) {
        secrets(config.str(row.key).as_bytes(), each);
    }
}

/// Takes the rights of a name away, and from everybody the tokens and keys that are gone. Returns
/// whether it was a name, and the source if it was that. A source keeps its place, and has a token
/// that nobody knows.
pub fn revoke(config: &mut Config, name: &str, fresh: Hash, gone: &[Hash]) -> (bool, Option<SourceId>) {
    let (source, user) = named(config, name);
    config.tokens.retain(|token| Some(token.source) != source && !gone.contains(&token.hash));
    if let Some(source) = source {
        // There is room: it had one.
        _ = config.tokens.push(Token { source, hash: fresh });
    }
    let mut at = 0;
    while let Some(row) = config.user_keys.get(at) {
        let mut goes = Some(row.user) == user;
        secrets(config.str(row.key).as_bytes(), &mut |hash| goes |= gone.contains(&hash));
        if goes {
            config.user_keys.remove(at);
        } else {
            at = at.saturating_add(1);
        }
    }
    if let Some(UserId(gone)) = user {
        config.users.remove(usize::from(gone));
        for row in config.user_keys.iter_mut().filter(|row| row.user.0 > gone) {
            row.user.0 = row.user.0.saturating_sub(1);
        }
    }
    (source.is_some() || user.is_some(), source)
}
