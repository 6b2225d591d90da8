//! JSON answers in the shape of Alertmanager's API v2 (`openapi.yaml`: `gettableAlert`,
//! `alertmanagerStatus`, `receiver`), for amtool and whoever else asks an Alertmanager.

use serde::Serialize;

use super::PageBuf;
use crate::model::{Kept, Listed};
use crate::text::hex;
use crate::text::json::{Json, JsonWriter};
use crate::time::{Wall, rfc3339};

/// The version of Alertmanager whose API this is.
pub const API: &str = "0.33.1";
/// Of the one receiver that there is.
const NAME: &str = "aiglon";
/// An answer of one shape fits.
const FIXED_BYTES: usize = 512;
/// Go's zero time: not known.
const UNKNOWN: &str = "0001-01-01T00:00:00Z";

/// The time at `key`.
fn time(json: &mut JsonWriter<'_>, key: &str, at: Option<Wall>) {
    match at {
        Some(at) => json.text(key, &rfc3339::utc(at)),
        None => json.text(key, UNKNOWN),
    }
}

/// The labels, or the annotations, that are kept of an alert.
fn pairs(json: &mut JsonWriter<'_>, key: &str, kept: &Kept, annotations: bool) {
    json.begin(key, "{");
    for pair in kept.pairs().filter(|pair| pair.annotation == annotations) {
        json.comma();
        json.string(pair.name);
        json.put(":");
        json.string(pair.value);
    }
    json.end("}");
}

/// The one receiver that there is, in an array.
fn receiver(json: &mut JsonWriter<'_>, key: &str) {
    json.begin(key, "[");
    json.begin("", "{");
    json.text("name", NAME);
    json.end("}");
    json.end("]");
}

/// What stands before the alerts of the one group that there is, and behind them.
pub const GROUP: [&str; 2] =
    ["{\"labels\":{},\"routeLabels\":{},\"receiver\":{\"name\":\"aiglon\"},\"alerts\":[", "]}"];

/// One alert in an array, perhaps its first. False if it does not fit; then nothing is written.
/// `KEPT_BYTES * 6 + 512` bytes always do.
pub fn alert(out: &mut PageBuf, is_first: bool, alert: &Listed<'_>) -> bool {
    let mut json = if is_first { JsonWriter::new(out) } else { JsonWriter::going_on(out) };
    json.begin("", "{");
    pairs(&mut json, "annotations", alert.kept, true);
    time(&mut json, "endsAt", alert.ends_at);
    json.key("fingerprint");
    json.put("\"");
    for byte in alert.fingerprint.to_be_bytes() {
        for half in [byte >> 4, byte & 15] {
            json.put(hex::digit(half.into()).encode_utf8(&mut [0; 4]));
        }
    }
    json.put("\"");
    receiver(&mut json, "receivers");
    time(&mut json, "startsAt", alert.starts_at);
    json.begin("status", "{");
    for key in ["inhibitedBy", "mutedBy", "silencedBy"] {
        json.begin(key, "[");
        json.end("]");
    }
    json.text("state", if alert.active { "active" } else { "unprocessed" });
    json.end("}");
    time(&mut json, "updatedAt", alert.updated_at);
    pairs(&mut json, "labels", alert.kept, false);
    json.end("}");
    json.fits()
}

#[derive(Serialize)]
struct Cluster {
    status: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VersionInfo {
    branch: &'static str,
    build_date: &'static str,
    build_user: &'static str,
    go_version: &'static str,
    revision: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Original {
    original: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AlertmanagerStatus<'a> {
    cluster: Cluster,
    config: Original,
    uptime: &'a str,
    version_info: VersionInfo,
}

/// `GET /api/v2/status`. `started`: when the daemon did, if that is known. False if it does not
/// fit.
pub fn status(out: &mut PageBuf, started: Option<Wall>) -> bool {
    let started = started.map(rfc3339::utc);
    let version_info = VersionInfo {
        branch: "",
        build_date: "",
        build_user: "",
        go_version: "",
        revision: "",
        version: concat!("aiglon ", env!("CARGO_PKG_VERSION")),
    };
    let shown = AlertmanagerStatus {
        cluster: Cluster { status: "disabled" },
        config: Original { original: "" },
        uptime: started.as_deref().unwrap_or(UNKNOWN),
        version_info,
    };
    fill(out, &shown)
}

/// `GET /api/v2/receivers`. False if it does not fit.
pub fn receivers(out: &mut PageBuf) -> bool {
    out.clear();
    let mut json = JsonWriter::new(out);
    receiver(&mut json, "");
    json.fits()
}

/// Writes an answer of one shape, which has no words of a stranger.
fn fill(out: &mut PageBuf, shown: &impl Serialize) -> bool {
    let mut json = [0; FIXED_BYTES];
    let length = serde_json_core::to_slice(shown, &mut json).unwrap_or(0);
    out.clear();
    length > 0 && out.push(json.get(..length).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::{Value, json};

    use super::*;
    use crate::limits::KEPT_BYTES;
    use crate::text::buffer::Bytes;

    fn value(out: &PageBuf) -> Value {
        serde_json::from_slice(out.as_slice()).unwrap()
    }

    #[test]
    fn an_alert_is_gettable() {
        let mut kept = Kept::new();
        for (annotation, name, value) in [
            (false, "alertname", "Down \"N\""),
            (true, "summary", "l'été\u{202e}"),
            (false, "", "x"),
            (false, "a", ""),
        ] {
            assert!(kept.push(annotation, name, value));
        }
        let (ends_at, updated_at) = (Some(Wall(1_700_000_000_000)), Some(Wall(1_600_000_000_500)));
        let listed =
            Listed { kept: &kept, fingerprint: 0xab, starts_at: None, ends_at, updated_at, active: true };
        let mut out = Bytes::<2048>::new();
        assert!(out.push(b"[") && alert(&mut out, true, &listed));
        assert!(alert(&mut out, false, &Listed { active: false, ..listed }) && out.push(b"]"));
        let whole = json!({
            "annotations": { "summary": "l'été\u{202e}" },
            "endsAt": "2023-11-14T22:13:20Z",
            "fingerprint": "00000000000000ab",
            "receivers": [{ "name": "aiglon" }],
            "startsAt": "0001-01-01T00:00:00Z",
            "status": { "inhibitedBy": [], "mutedBy": [], "silencedBy": [], "state": "active" },
            "updatedAt": "2020-09-13T12:26:40.500Z",
            "labels": { "alertname": "Down \"N\"", "": "x", "a": "" },
        });
        let mut unknown = whole.clone();
        *unknown.pointer_mut("/status/state").unwrap() = json!("unprocessed");
        assert_eq!(value(&out), json!([whole, unknown]));
    }

    #[test]
    fn the_worst_alert_fits_where_it_must() {
        let mut kept = Kept::new();
        while kept.push(false, "\u{1}", &"\u{1}".repeat(20)) {}
        let listed = Listed {
            kept: &kept,
            fingerprint: 0,
            starts_at: None,
            ends_at: None,
            updated_at: None,
            active: true,
        };
        let mut out = Bytes::<{ KEPT_BYTES * 6 + 512 }>::new();
        assert!(alert(&mut out, false, &listed));
        assert!(kept.packed().len() > KEPT_BYTES - 30 && out.len() > KEPT_BYTES * 5, "{}", out.len());
        let mut small = Bytes::<512>::new();
        assert!(!alert(&mut small, false, &listed) && small.is_empty());
    }

    #[test]
    fn what_asks_an_alertmanager_for_itself_is_told() {
        let mut out = Bytes::<512>::new();
        assert!(out.push(b"old") && status(&mut out, None));
        let told = value(&out);
        assert_eq!(told.pointer("/cluster/status"), Some(&json!("disabled")));
        assert_eq!(told.pointer("/config/original"), Some(&json!("")));
        assert_eq!(told.pointer("/uptime"), Some(&json!(UNKNOWN)));
        assert_eq!(told.pointer("/versionInfo").and_then(Value::as_object).unwrap().len(), 6);
        assert!(receivers(&mut out));
        assert_eq!(value(&out), json!([{ "name": "aiglon" }]));
    }
}
