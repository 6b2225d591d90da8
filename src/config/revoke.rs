//! Takes away what sections may do: the tokens of a source, and a user. In the text of a file, be
//! the rest of it as broken as it may, and in a [`Config`] that is in force.
//!
//! The text is read by the parser that reads a configuration, so no way to write a token is
//! overlooked. A line that cannot be read grants nothing now. It may be mended later, so what looks
//! like a hash in it goes, too.

use core::ops::Range;

use super::credential::token_hash;
use super::schema::Type;
use super::uci::{Keyword, QuotedWord, Statements, is_space};
use super::{Config, Token};
use crate::model::{SourceId, UserId};

/// The hash of a token.
pub type Hash = [u8; 32];

/// Bytes of a token's hash as a file has it: `sha256:` and 64 digits.
const HASH_BYTES: usize = 71;

/// What a file says of the section that is to lose its rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// A source begins, at the end of this range, which is empty: a new token may stand there.
    Source,
    /// These bytes are of a user, and go.
    User,
    /// These bytes are a token, and go. What is malformed has no hash.
    Token(Option<Hash>),
}

/// The hash that `sha256:` and 64 digits say.
pub fn hash_of(text: &str) -> Option<Hash> {
    token_hash(text).ok()
}

fn word_hash(word: QuotedWord<'_>) -> Option<Hash> {
    hash_of(word.read(&mut [0; HASH_BYTES])?)
}

/// Calls `each` for whatever a file grants to the sections of this name, in the order of the file,
/// and for whoever else has one of the tokens that are `gone`. A token that is `kept` is none. A
/// file that is no text grants nothing.
pub fn rights(
    file: &[u8],
    name: &str,
    kept: Option<Hash>,
    gone: &[Hash],
    each: &mut dyn FnMut(Right, Range<usize>),
) {
    let Ok(mut statements) = Statements::new(file) else { return };
    let mut section = None;
    while let Some(statement) = statements.next() {
        let span = statements.span(file.len());
        if statement.as_ref().is_err_and(|error| !error.in_section) {
            // It is perhaps a `config`, and what follows it is another's.
            section = None;
        }
        match statement {
            Ok(statement) if statement.keyword == Keyword::Config => {
                let of_name = |kind: &Type| statement.value.is(name) && statement.name.is(kind.name());
                section = [Type::Source, Type::User].into_iter().find(of_name);
                match section {
                    Some(Type::Source) => {
                        let end = line_end(file, span.end);
                        each(Right::Source, end..end);
                    }
                    Some(_) => each(Right::User, whole(file, span)),
                    None => {}
                }
            }
            _ if section == Some(Type::User) => each(Right::User, whole(file, span)),
            Ok(statement) if statement.name.is("token") => {
                let hash = word_hash(statement.value);
                let is_gone = hash.is_some_and(|hash| gone.contains(&hash));
                if (section.is_some() || is_gone) && (hash.is_none() || hash != kept) {
                    each(Right::Token(hash), whole(file, span));
                }
            }
            Ok(_) => {}
            // The line may be mended in any section.
            Err(_) => hashes(file, whole(file, span), &mut |hash, line| {
                if (section.is_some() || gone.contains(&hash)) && Some(hash) != kept {
                    each(Right::Token(Some(hash)), line);
                }
            }),
        }
    }
}

/// Whatever looks like the hash of a token in a range, with the line that it is in.
fn hashes(file: &[u8], range: Range<usize>, each: &mut dyn FnMut(Hash, Range<usize>)) {
    let mut from = range.start;
    while from < range.end {
        let to = line_end(file, from);
        let line = file.get(from..to).unwrap_or_default();
        let read = |part| hash_of(core::str::from_utf8(part).ok()?);
        for hash in line.windows(HASH_BYTES).filter_map(read) {
            each(hash, from..to);
        }
        from = to;
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

/// Takes the rights of a name away. Returns whether it was one, and the source if it was that. A
/// source keeps its place, and has a token that nobody knows.
pub fn revoke(config: &mut Config, name: &str, fresh: Hash, gone: &[Hash]) -> (bool, Option<SourceId>) {
    let at = config.sources.iter().position(|row| config.is(row.name, name));
    let source = at.and_then(|at| u16::try_from(at).ok()).map(SourceId);
    config.tokens.retain(|token| Some(token.source) != source && !gone.contains(&token.hash));
    if let Some(source) = source {
        // There is room: it had one.
        _ = config.tokens.push(Token { source, hash: fresh });
    }
    let at = config.users.iter().position(|row| config.is(row.name, name));
    let user = at.and_then(|at| u8::try_from(at).ok()).map(UserId);
    if let Some(UserId(gone)) = user {
        config.users.remove(usize::from(gone));
        config.user_keys.retain(|row| row.user != UserId(gone));
        for row in config.user_keys.iter_mut().filter(|row| row.user.0 > gone) {
            row.user.0 = row.user.0.saturating_sub(1);
        }
    }
    (source.is_some() || user.is_some(), source)
}
