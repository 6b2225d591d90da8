//! A body of alerts or samples: how it comes, and how it ends.

use aiglon::engine::lifetime::Sender;
#[cfg(feature = "gzip")]
use aiglon::http::Status;
use aiglon::http::body::BodyError;
use aiglon::ingest::Dialect;
use aiglon::ingest::line::Precision;
use aiglon::model::SourceId;

/// What was wrong with a batch, in words for its sender: as many as fit.
pub type Complaint = heapless::String<400>;

/// What a body holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFormat {
    /// Alerts.
    Alerts(Dialect),
    /// Line protocol, as InfluxDB takes it.
    Lines,
    /// What Telegraf's `outputs.http` sends: JSON or line protocol.
    Telegraf,
    /// What collectd's `write_http` sends: JSON or commands.
    Collectd,
}

/// How a body comes.
#[derive(Clone, Copy)]
pub struct Batch {
    pub source: SourceId,
    pub sender: Sender,
    pub shape: BodyFormat,
    pub precision: Precision,
    pub gzip: bool,
    /// The epoch of its configuration. In another one its source, its site and the rules have other
    /// places.
    pub epoch: u64,
}

/// How a body ended.
pub enum Outcome {
    /// All of it was read; so much of it was not right.
    Whole(u32),
    /// What is in it cannot be read further; the complaint says why.
    Malformed,
    /// Neither can what it is packed in.
    #[cfg(feature = "gzip")]
    Packed(Status, &'static str),
    /// Its framing was wrong.
    Framing(BodyError),
    /// The configuration was changed before it ended; whose token it came with may not even be a
    /// source any more.
    Reloaded,
    /// The client went away, or took too long.
    Cut,
}
