//! The server side of HTTP/1.1 (RFC 9110, RFC 9112), without IO: bytes in, values out.
//!
//! A connection goes round this wheel. [`head::HeadScanner`] finds the end of a request head,
//! [`head::Request::parse`] says what it asks, [`route::route`] whose business that is, [`auth`]
//! who sends it; [`body::BodyDecoder`] takes the framing off the body, and [`response::Response`]
//! writes the head of the answer. What is ambiguous is refused and never guessed, since two parsers
//! that guess differently are how requests are smuggled past a proxy. Sockets, buffers and timeouts
//! are the caller's.

pub mod auth;
pub mod body;
pub mod conditional;
pub mod deflate;
pub mod filter;
#[cfg(feature = "gzip")]
pub mod gunzip;
pub mod gzip;
pub mod head;
mod huffman;
pub mod response;
pub mod route;
mod status;
pub mod target;

pub use status::Status;
