//! What senders push, one bounded thing at a time.
//!
//! A body is a stream: it is cut into alerts as its bytes come, and a batch of any size costs the
//! memory of one alert. What an alert means is the engine's; framing and decoding of the body are
//! the module `http`'s.

mod alert;
mod draft;
mod event;
mod fingerprint;
pub mod json;
pub mod line;
mod mark;
mod reader;
pub mod sample;

pub use alert::{Alert, AlertStatus, PairKind};
pub use draft::Asked;
pub use event::{AlertError, AlertFlaw, Dialect, Event, Malformed, Summary, Why};
pub use mark::Mark;
pub use reader::Reader;
