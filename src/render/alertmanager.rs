//! JSON answers in the shape of Alertmanager's API v2 (`openapi.yaml`: `gettableAlert`,
//! `alertmanagerStatus`, `receiver`), for amtool and whoever else asks an Alertmanager.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::PageBuf;
use crate::model::{Kept, Listed};
use crate::time::{Wall, rfc3339};

/// Go's zero time: not known.
const UNKNOWN: &str = "0001-01-01T00:00:00Z";

#[derive(serde::Serialize)]
struct Receiver {
    name: &'static str,
}

const RECEIVERS: [Receiver; 1] = [Receiver { name: "aiglon" }];

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct AlertStatus {
    inhibited_by: [&'static str; 0],
    silenced_by: [&'static str; 0],
    state: &'static str,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct GettableAlert<'a> {
    annotations: Pairs<'a>,
    ends_at: &'a str,
    fingerprint: &'a str,
    receivers: &'static [Receiver],
    starts_at: &'a str,
    status: AlertStatus,
    updated_at: &'a str,
    labels: Pairs<'a>,
}

#[derive(serde::Serialize)]
struct Cluster {
    status: &'static str,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct VersionInfo {
    branch: &'static str,
    build_date: &'static str,
    build_user: &'static str,
    go_version: &'static str,
    revision: &'static str,
    version: &'static str,
}

#[derive(serde::Serialize)]
struct Original {
    original: &'static str,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct AlertmanagerStatus<'a> {
    cluster: Cluster,
    config: Original,
    uptime: &'a str,
    version_info: VersionInfo,
}

/// The labels, or the annotations, that are kept of an alert.
struct Pairs<'a> {
    kept: &'a Kept,
    annotations: bool,
}

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for pair in self.kept.pairs().filter(|pair| pair.annotation == self.annotations) {
            map.serialize_entry(pair.name, pair.value)?;
        }
        map.end()
    }
}

fn time(at: Option<Wall>) -> heapless::String<24> {
    match at {
        Some(at) => rfc3339::utc(at),
        None => heapless::String::try_from(UNKNOWN).unwrap_or_default(),
    }
}

/// One alert; returns its length, or 0 if it does not fit (4096 bytes always do).
pub fn alert(out: &mut [u8], alert: &Listed<'_>) -> usize {
    let mut fingerprint: heapless::String<16> = heapless::String::new();
    for byte in alert.fingerprint.to_be_bytes() {
        for half in [byte >> 4, byte & 15] {
            _ = fingerprint.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
        }
    }
    let shown = GettableAlert {
        annotations: Pairs { kept: alert.kept, annotations: true },
        ends_at: &time(alert.ends_at),
        fingerprint: &fingerprint,
        receivers: &RECEIVERS,
        starts_at: &time(alert.starts_at),
        status: AlertStatus {
            inhibited_by: [],
            silenced_by: [],
            state: if alert.active { "active" } else { "unprocessed" },
        },
        updated_at: &time(alert.updated_at),
        labels: Pairs { kept: alert.kept, annotations: false },
    };
    serde_json_core::to_slice(&shown, out).unwrap_or(0)
}

/// `GET /api/v2/status`. `started`: when the daemon did, if that is known. False if it does not
/// fit.
pub fn status(out: &mut PageBuf, started: Option<Wall>) -> bool {
    let shown = AlertmanagerStatus {
        cluster: Cluster { status: "disabled" },
        config: Original { original: "" },
        uptime: &time(started),
        version_info: VersionInfo {
            branch: "",
            build_date: "",
            build_user: "",
            go_version: "",
            revision: "",
            version: concat!("aiglon ", env!("CARGO_PKG_VERSION")),
        },
    };
    let mut json = [0; 512];
    fill(out, json_of(&shown, &mut json))
}

/// `GET /api/v2/receivers`. False if it does not fit.
pub fn receivers(out: &mut PageBuf) -> bool {
    let mut json = [0; 64];
    fill(out, json_of(&RECEIVERS, &mut json))
}

fn json_of<'b>(shown: &impl Serialize, buffer: &'b mut [u8]) -> &'b [u8] {
    let len = serde_json_core::to_slice(shown, buffer).unwrap_or(0);
    buffer.get(..len).unwrap_or_default()
}

fn fill(out: &mut PageBuf, json: &[u8]) -> bool {
    out.clear();
    !json.is_empty() && out.push(json)
}
