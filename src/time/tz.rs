//! POSIX TZ strings.

/// A time zone, as a POSIX TZ string says it. All-zero is UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tz;
