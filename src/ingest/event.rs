//! What is found in a body of alerts or samples, and what may be wrong with it.

use super::alert::Alert;
use super::json::JsonError;
use super::sample::Sample;

/// The shape of a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// `POST /api/v2/alerts` and `/api/v1/alerts`: an array of alerts.
    #[default]
    Alerts,
    /// Alertmanager's webhook payload, and Grafana's: an object with `alerts`. Its `version` is not
    /// looked at, since Grafana says "1". A bare array of alerts is taken too.
    Webhook,
    /// Telegraf's `outputs.http` with `data_format = "json"`: an object with `metrics`, or a
    /// sample. An array of samples is taken, too (`json_transformation` makes such).
    Telegraf,
    /// collectd's `write_http` with `Format "JSON"`: an array of samples or of notifications. The
    /// latter look like alerts, but for their severity: `OKAY` is an end; in 5.12 it is a label,
    /// and so not a part of what they are about, later an annotation.
    Collectd,
}

impl Dialect {
    pub(super) fn has_samples(self) -> bool {
        matches!(self, Self::Telegraf | Self::Collectd)
    }
}

/// What was found.
#[derive(Debug)]
pub enum Event<'a> {
    /// An alert, whole but for annotations that found no room.
    Alert(&'a Alert),
    /// An alert whose labels did not fit: what did. Its fingerprint is not its identity.
    Oversize(&'a Alert),
    /// A sample that somebody asked for.
    Sample(&'a Sample),
    /// Something in place of an alert or a sample that is not one.
    Bad(AlertError),
    /// The same, with the labels that could be read. The alert is not whole, and its fingerprint is
    /// not its identity.
    Partial(AlertError, &'a Alert),
}

/// Which alert or sample of a batch is not one, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlertError {
    /// Its place in the batch, from 0.
    pub index: u32,
    /// Why.
    pub flaw: AlertFlaw,
}

/// Why something is not an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertFlaw {
    /// It is not an object.
    NotAnObject,
    /// It has no labels, or none with a value.
    NoLabels,
    /// `labels` is not an object.
    Labels,
    /// A label has no name.
    LabelName,
    /// A label is not a string.
    LabelValue,
    /// `annotations` is not an object.
    Annotations,
    /// An annotation is not a string.
    AnnotationValue,
    /// `startsAt` is not a time.
    StartsAt,
    /// `endsAt` is not a time.
    EndsAt,
    /// A webhook's `status` is neither `firing` nor `resolved`.
    Status,
    /// A sample has no name, or two.
    Name,
    /// Its fields are absent or none, or its values and their names are not as many.
    Fields,
    /// A tag is not a string.
    Tags,
}

impl AlertFlaw {
    /// In words, for whoever sent it, as what follows "alert 3: ".
    pub const fn words(self) -> &'static str {
        match self {
            Self::NotAnObject => "must be an object",
            Self::NoLabels => "labels: required, at least one with a value",
            Self::Labels => "labels: must be an object",
            Self::LabelName => "labels: a name must not be empty",
            Self::LabelValue => "labels: values must be strings",
            Self::Annotations => "annotations: must be an object",
            Self::AnnotationValue => "annotations: values must be strings",
            Self::StartsAt => "startsAt: must be an RFC 3339 time",
            Self::EndsAt => "endsAt: must be an RFC 3339 time",
            Self::Status => "status: must be firing or resolved",
            Self::Name => "name (or plugin): required, must be a string",
            Self::Fields => "fields: required, must be an object (or values and dsnames, as long)",
            Self::Tags => "tags: must be strings",
        }
    }
}

/// Why a body cannot be read further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The byte, from 0; of what is missing, the end.
    pub at: u32,
    /// Why.
    pub why: Why,
}

/// Why a body cannot be read further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is not JSON that can be read.
    Json(JsonError),
    /// It is not an array.
    ExpectedArray,
    /// A webhook's body is neither an object nor an array.
    ExpectedPayload,
    /// A webhook's `alerts` is absent or not an array.
    ExpectedAlerts,
    /// Neither an object nor an array of samples.
    ExpectedSamples,
}

impl Why {
    /// In words, for whoever sent it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Json(fault) => fault.words(),
            Self::ExpectedArray => "expected an array of alerts; a webhook's object goes to /api/v1/webhook",
            Self::ExpectedPayload => "expected an object with alerts, or an array of alerts",
            Self::ExpectedAlerts => "alerts: required, must be an array",
            Self::ExpectedSamples => "expected an array of samples, or Telegraf's object",
        }
    }
}

/// What a whole body held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Delivered as [`Event::Alert`].
    pub alerts: u32,
    /// Delivered as [`Event::Oversize`].
    pub oversize: u32,
    /// Samples that were right, whether somebody asked for them or not.
    pub samples: u32,
    /// Delivered as [`Event::Bad`] or [`Event::Partial`].
    pub bad: u32,
}
