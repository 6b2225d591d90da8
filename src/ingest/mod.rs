//! What senders push, one bounded thing at a time.

pub mod json;
