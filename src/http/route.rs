//! Which path is what, in one table: a further path is a further row.

use super::head::Method;
use crate::config::ListenerRoles;
#[cfg(feature = "feeds")]
use crate::model::{ComponentId, ServiceId};
use crate::model::{Feed, PageKind};
use crate::text::number::natural;
use crate::text::split_once;

/// What there is to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A page of the site that `Host` names.
    Page(PageKind),
    /// Alertmanager's `POST /api/v2/alerts`.
    PushAlerts,
    /// Alertmanager's `GET /api/v2/alerts`.
    ListAlerts,
    /// Alertmanager's `GET /api/v2/alerts/groups`.
    ListGroups,
    /// Alertmanager's `GET /api/v2/silences`.
    Silences,
    /// Alertmanager's and Grafana's webhook.
    Webhook,
    /// Alertmanager's `GET /api/v2/status`.
    Status,
    /// Alertmanager's `GET /api/v2/receivers`.
    Receivers,
    /// Whether the process lives.
    Healthy,
    /// Whether it serves.
    Ready,
    /// Line protocol, as InfluxDB 1 and 2 take it.
    Write,
    /// The same, as InfluxDB 3 takes it.
    WriteV3,
    /// What its clients ask it before.
    Query,
    /// Telegraf's `outputs.http`.
    Telegraf,
    /// collectd's `write_http`.
    Collectd,
    /// Our own counters.
    Metrics,
}

/// Where a request leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// There. `HEAD` leads where `GET` does.
    To(Endpoint),
    /// To a page of an unlisted site, if this segment is its secret; else it is not found. Asked
    /// with `GET` or `HEAD`.
    Secret(&'a str, PageKind),
    /// The same without a slash at its end. If the segment is a secret, redirect to itself with the
    /// slash: `./SEGMENT/`, which is right under any prefix that a proxy puts before it.
    SecretWithoutSlash(&'a str),
    /// To the heartbeat of that name.
    Heartbeat(&'a str),
    /// To what InfluxDB's clients ask before they write. It is there for a known token alone.
    Ping,
    /// Nowhere: 404.
    NotFound,
    /// Nowhere: 404. The path was asked for where pages are, and is none of a program.
    NoPage,
    /// Nowhere: 404, with the paths that senders push to, since it was one.
    Nothing,
    /// The path is known, the method is not for it: 405 with this `Allow`.
    MethodNotAllowed(&'static str),
    /// The method is unknown: 501 (RFC 9110, section 9.1).
    NotImplemented,
}

/// What a listener must serve for a row to exist there.
#[derive(Clone, Copy)]
enum ListenerRole {
    Page,
    Ingest,
    Metrics,
    /// On every listener.
    Any,
}

struct Row {
    /// A number follows one that ends in `/{}`; within another one, `{}` is the name of a section.
    path: &'static str,
    role: ListenerRole,
    get: Option<Endpoint>,
    post: Option<Endpoint>,
}

impl Row {
    const fn get(path: &'static str, role: ListenerRole, endpoint: Endpoint) -> Self {
        Self { path, role, get: Some(endpoint), post: None }
    }
    const fn feed(path: &'static str, feed: Feed) -> Self {
        Self::get(path, ListenerRole::Page, Endpoint::Page(PageKind::Feed(feed)))
    }
    const fn post(path: &'static str, role: ListenerRole, endpoint: Endpoint) -> Self {
        Self { path, role, get: None, post: Some(endpoint) }
    }
    fn allow(&self) -> &'static str {
        match (self.get, self.post) {
            (_, None) => "GET, HEAD",
            (None, _) => "POST",
            _ => "GET, HEAD, POST",
        }
    }

    /// The number in a path that is this row's; 0 if the row has none.
    fn number_in(&self, path: &str) -> Option<u32> {
        match split_once(self.path, "{}") {
            None => (self.path == path).then_some(0),
            Some((before, "")) => path.strip_prefix(before).and_then(number),
            Some((before, after)) => {
                let name = path.strip_prefix(before)?.strip_suffix(after)?;
                (!name.is_empty() && name.bytes().all(is_of_name)).then_some(0)
            }
        }
    }
}

/// Whether the name of a section may have this byte.
const fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The name of a section in a path that leads to an answer about it: what stands between its last
/// slash and its last dot.
pub fn name_in(path: &str) -> &str {
    let last = path.rsplit('/').next().unwrap_or("");
    last.split('.').next().unwrap_or("")
}

/// A number as we write it: one address for each thing, so neither `+3` nor `03`.
fn number(digits: &str) -> Option<u32> {
    natural(digits).filter(|_| !digits.starts_with('0'))
}

/// First segments of paths that programs ask for: those of Alertmanager's clients, and of probes.
const PROGRAMS: [&str; 2] = ["api", "-"];

/// What the name of a heartbeat follows.
const HEARTBEAT: &str = "/api/v1/heartbeat/";

/// What InfluxDB's clients ask, to see whether it is there.
const PING: &str = "/ping";

const ROWS: &[Row] = &[
    Row::get("/", ListenerRole::Page, Endpoint::Page(PageKind::Now)),
    Row::get("/history", ListenerRole::Page, Endpoint::Page(PageKind::History)),
    Row::get("/incidents/{}", ListenerRole::Page, Endpoint::Page(PageKind::Incident(0))),
    Row::feed("/status.txt", Feed::Text),
    Row::feed("/api/v2/status.json", Feed::Status),
    #[cfg(feature = "feeds")]
    Row::feed("/api/v2/summary.json", Feed::Summary),
    #[cfg(feature = "feeds")]
    Row::feed("/api/v2/components.json", Feed::Components),
    #[cfg(feature = "feeds")]
    Row::feed("/api/v2/incidents.json", Feed::Incidents),
    #[cfg(feature = "feeds")]
    Row::feed("/api/v2/incidents/unresolved.json", Feed::Unresolved),
    #[cfg(feature = "feeds")]
    Row::feed("/api/v2/scheduled-maintenances.json", Feed::Maintenances),
    #[cfg(feature = "feeds")]
    Row::feed("/api/v2/scheduled-maintenances/upcoming.json", Feed::Upcoming),
    #[cfg(feature = "feeds")]
    Row::feed("/api/v2/scheduled-maintenances/active.json", Feed::Active),
    #[cfg(feature = "feeds")]
    Row::feed("/badge/{}.svg", Feed::BadgeImage(ServiceId(0))),
    #[cfg(feature = "feeds")]
    Row::feed("/badge/{}.json", Feed::Badge(ServiceId(0))),
    #[cfg(feature = "feeds")]
    Row::feed("/icon.svg", Feed::Icon),
    #[cfg(feature = "feeds")]
    Row::feed("/feed.atom", Feed::Atom),
    #[cfg(feature = "feeds")]
    Row::feed("/feed/{}.atom", Feed::AtomOf(ServiceId(0))),
    #[cfg(feature = "feeds")]
    Row::feed("/feed/component/{}.atom", Feed::AtomOfPart(ComponentId(0))),
    #[cfg(feature = "feeds")]
    Row::feed("/maintenance.ics", Feed::Calendar),
    Row {
        path: "/api/v2/alerts",
        role: ListenerRole::Ingest,
        get: Some(Endpoint::ListAlerts),
        post: Some(Endpoint::PushAlerts),
    },
    Row::get("/api/v2/alerts/groups", ListenerRole::Ingest, Endpoint::ListGroups),
    Row::get("/api/v2/silences", ListenerRole::Ingest, Endpoint::Silences),
    Row::post("/api/v1/alerts", ListenerRole::Ingest, Endpoint::PushAlerts),
    Row::post("/api/v1/webhook", ListenerRole::Ingest, Endpoint::Webhook),
    Row::post("/api/v1/telegraf", ListenerRole::Ingest, Endpoint::Telegraf),
    Row::post("/api/v1/collectd", ListenerRole::Ingest, Endpoint::Collectd),
    Row::post("/write", ListenerRole::Ingest, Endpoint::Write),
    Row::post("/api/v2/write", ListenerRole::Ingest, Endpoint::Write),
    Row::post("/api/v3/write_lp", ListenerRole::Ingest, Endpoint::WriteV3),
    Row {
        path: "/query",
        role: ListenerRole::Ingest,
        get: Some(Endpoint::Query),
        post: Some(Endpoint::Query),
    },
    Row::get("/api/v2/status", ListenerRole::Ingest, Endpoint::Status),
    Row::get("/api/v2/receivers", ListenerRole::Ingest, Endpoint::Receivers),
    Row::get("/-/healthy", ListenerRole::Any, Endpoint::Healthy),
    Row::get("/-/ready", ListenerRole::Any, Endpoint::Ready),
    Row::get("/metrics", ListenerRole::Metrics, Endpoint::Metrics),
];

/// Where a method and a path (percent-encoded, without query, the prefix stripped) lead on a
/// listener with these roles. Paths are compared byte by byte, so nothing that a proxy might read
/// differently is a route.
pub fn route(method: Method, path: &str, roles: ListenerRoles) -> Route<'_> {
    if method == Method::Unknown {
        return Route::NotImplemented;
    }
    if let Some(name) = path.strip_prefix(HEARTBEAT) {
        return match method {
            _ if !roles.ingest => Route::NotFound,
            Method::Post if name.is_empty() => Route::Nothing,
            // No name has a slash.
            Method::Post => Route::Heartbeat(name.strip_suffix('/').unwrap_or(name)),
            _ => Route::MethodNotAllowed("POST"),
        };
    }
    let Some((row, number)) = row(path) else {
        return match method {
            Method::Get | Method::Head if roles.ingest && path == PING => Route::Ping,
            Method::Get | Method::Head if roles.page => secret(path),
            Method::Post | Method::Other if roles.ingest => Route::Nothing,
            _ => Route::NotFound,
        };
    };
    let is_here = match row.role {
        ListenerRole::Page => roles.page,
        ListenerRole::Ingest => roles.ingest,
        ListenerRole::Metrics => roles.metrics,
        ListenerRole::Any => true,
    };
    if !is_here {
        return Route::NotFound;
    }
    let endpoint = match method {
        Method::Get | Method::Head => row.get,
        Method::Post => row.post,
        Method::Other | Method::Unknown => None,
    };
    let Some(endpoint) = endpoint else { return Route::MethodNotAllowed(row.allow()) };
    match endpoint {
        Endpoint::Page(kind) => Route::To(Endpoint::Page(numbered(kind, number))),
        endpoint => Route::To(endpoint),
    }
}

/// The row of a path, and the number in it.
fn row(path: &str) -> Option<(&'static Row, u32)> {
    ROWS.iter().find_map(|row| row.number_in(path).map(|number| (row, number)))
}

fn numbered(kind: PageKind, number: u32) -> PageKind {
    if matches!(kind, PageKind::Incident(_)) { PageKind::Incident(number) } else { kind }
}

/// The first segment of a path may be a secret; what follows it is a page of that site.
fn secret(path: &str) -> Route<'_> {
    let Some(inner) = path.strip_prefix('/') else { return Route::NotFound };
    let end = inner.find('/').unwrap_or(inner.len());
    let (segment, rest) = inner.split_at_checked(end).unwrap_or((inner, ""));
    match row(rest) {
        _ if segment.is_empty() => Route::NoPage,
        None if rest.is_empty() => Route::SecretWithoutSlash(segment),
        None if PROGRAMS.contains(&segment) => Route::NotFound,
        Some((Row { get: Some(Endpoint::Page(kind)), .. }, number)) => {
            Route::Secret(segment, numbered(*kind, number))
        }
        _ => Route::NoPage,
    }
}

/// The path to push to that was probably meant by one that is none: with other slashes or letters,
/// with something before it, or without its beginning.
pub fn meant(path: &str) -> Option<&'static str> {
    // Prometheus' remote write, which nothing here reads.
    if path.ends_with("/api/v1/write") {
        return None;
    }
    if segments(path).any(|segment| segment.eq_ignore_ascii_case("heartbeat")) {
        return Some("/api/v1/heartbeat/NAME");
    }
    let pushes = ROWS.iter().filter(|row| row.post.is_some_and(|endpoint| endpoint != Endpoint::Query));
    let ends = |long, short| ends_with(segments(long), segments(short));
    let longest = pushes.clone().filter(|row| ends(path, row.path)).max_by_key(|row| row.path.len());
    let begun = || pushes.clone().find(|row| segments(path).next().is_some() && ends(row.path, path));
    longest.or_else(begun).map(|row| row.path)
}

fn segments(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

/// Whether the last segments of `long` are all of `short`, case aside.
fn ends_with<'a>(
    mut long: impl DoubleEndedIterator<Item = &'a str>,
    mut short: impl DoubleEndedIterator<Item = &'a str>,
) -> bool {
    while let Some(wanted) = short.next_back() {
        if !long.next_back().is_some_and(|found| found.eq_ignore_ascii_case(wanted)) {
            return false;
        }
    }
    true
}

/// The path without the prefix under which a reverse proxy publishes us (`/status`, without a slash
/// at its end; may be empty). A proxy may have stripped it already, so a path that is not under it
/// stays as it is; the prefix alone is the root.
pub fn strip_prefix<'a>(path: &'a str, prefix: &str) -> &'a str {
    match path.strip_prefix(prefix) {
        Some("") => "/",
        Some(rest) if rest.starts_with('/') => rest,
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: ListenerRoles = ListenerRoles { page: true, ingest: true, metrics: true };
    const NONE: ListenerRoles = ListenerRoles { page: false, ingest: false, metrics: false };

    #[test]
    fn everything_has_its_place() {
        use Method::{Get, Head, Other, Post, Unknown};
        use Route::{
            MethodNotAllowed, NoPage, NotFound, NotImplemented, Nothing, Secret, SecretWithoutSlash, To,
        };
        let page = ListenerRoles { page: true, ..NONE };
        let ingest = ListenerRoles { ingest: true, ..NONE };
        let metrics = ListenerRoles { metrics: true, ..NONE };
        for (method, path, roles, expected) in [
            (Get, "/", ALL, To(Endpoint::Page(PageKind::Now))),
            (Head, "/", page, To(Endpoint::Page(PageKind::Now))),
            (Get, "/", ingest, NotFound),
            (Post, "/", page, MethodNotAllowed("GET, HEAD")),
            (Post, "/", metrics, NotFound),
            (Other, "/", page, MethodNotAllowed("GET, HEAD")),
            (Unknown, "/", page, NotImplemented),
            (Unknown, "/nowhere", page, NotImplemented),
            (Post, "/api/v2/alerts", ingest, To(Endpoint::PushAlerts)),
            (Post, "/api/v1/alerts", ingest, To(Endpoint::PushAlerts)),
            (Get, "/api/v2/alerts", ingest, To(Endpoint::ListAlerts)),
            (Head, "/api/v2/alerts", ingest, To(Endpoint::ListAlerts)),
            (Other, "/api/v2/alerts", ingest, MethodNotAllowed("GET, HEAD, POST")),
            (Get, "/api/v2/alerts/groups", ingest, To(Endpoint::ListGroups)),
            (Post, "/api/v2/alerts", page, NotFound),
            (Get, "/api/v2/alerts", metrics, NotFound),
            (Post, "/api/v2/alerts/", ingest, Nothing),
            (Post, "/api//v2/alerts", ALL, Nothing),
            (Post, "/api/v2/%61lerts", ALL, Nothing),
            (Post, "/API/v2/alerts", ALL, Nothing),
            (Post, "/api/v1/webhook", ingest, To(Endpoint::Webhook)),
            (Get, "/api/v1/webhook", ingest, MethodNotAllowed("POST")),
            (Get, "/api/v2/status", ingest, To(Endpoint::Status)),
            (Get, "/api/v2/receivers", ingest, To(Endpoint::Receivers)),
            (Get, "/api/v2/silences", ingest, To(Endpoint::Silences)),
            (Get, "/api/v2/status", page, NotFound),
            (Get, "/-/healthy", NONE, To(Endpoint::Healthy)),
            (Head, "/-/ready", NONE, To(Endpoint::Ready)),
            (Post, "/-/ready", NONE, MethodNotAllowed("GET, HEAD")),
            (Post, "/api/v1/heartbeat/backup", ingest, Route::Heartbeat("backup")),
            (Post, "/api/v1/heartbeat/", ingest, Nothing),
            (Post, "/api/v1/heartbeat/backup/", ingest, Route::Heartbeat("backup")),
            (Other, "/api/v1/heartbeat/backup", ingest, MethodNotAllowed("POST")),
            (Other, "/api/v1/nowhere", ingest, Nothing),
            (Get, "/api/v1/heartbeat/backup", ingest, MethodNotAllowed("POST")),
            (Post, "/api/v1/heartbeat/backup", page, NotFound),
            (Post, "/api/v1/heartbeat", ingest, Nothing),
            (Post, "/write", ingest, To(Endpoint::Write)),
            (Post, "/api/v2/write", ingest, To(Endpoint::Write)),
            (Get, "/write", ingest, MethodNotAllowed("POST")),
            (Post, "/query", ingest, To(Endpoint::Query)),
            (Post, "/api/v1/telegraf", ingest, To(Endpoint::Telegraf)),
            (Post, "/api/v1/collectd", ingest, To(Endpoint::Collectd)),
            (Get, "/api/v1/collectd", ingest, MethodNotAllowed("POST")),
            (Post, "/api/v1/telegraf", page, NotFound),
            (Post, "/write", page, NotFound),
            (Get, "/metrics", metrics, To(Endpoint::Metrics)),
            (Get, "/metrics", ListenerRoles { metrics: false, ..ALL }, NotFound),
            (Get, "/s3cret/", page, Secret("s3cret", PageKind::Now)),
            (Head, "/s3cret/", page, Secret("s3cret", PageKind::Now)),
            (Get, "/s3cret", page, SecretWithoutSlash("s3cret")),
            (Get, "/s3cret/", ingest, NotFound),
            (Get, "/s3cret", metrics, NotFound),
            (Post, "/s3cret/", ALL, Nothing),
            (Get, "/history", page, To(Endpoint::Page(PageKind::History))),
            (Head, "/incidents/3", page, To(Endpoint::Page(PageKind::Incident(3)))),
            (Get, "/incidents/4294967295", page, To(Endpoint::Page(PageKind::Incident(u32::MAX)))),
            (Get, "/incidents/4294967296", page, NoPage),
            (Get, "/incidents/03", page, NoPage),
            (Get, "/incidents/0", page, NoPage),
            (Get, "/incidents/+3", page, NoPage),
            (Get, "/incidents/3/", page, NoPage),
            (Get, "/incidents/", page, Secret("incidents", PageKind::Now)),
            (Post, "/incidents/3", page, MethodNotAllowed("GET, HEAD")),
            (Get, "/incidents/3", ingest, NotFound),
            (Get, "/history/", page, Secret("history", PageKind::Now)),
            (Get, "/s3cret/history", page, Secret("s3cret", PageKind::History)),
            (Get, "/status.txt", page, To(Endpoint::Page(PageKind::Feed(Feed::Text)))),
            (Get, "/status.txt", ingest, NotFound),
            (Head, "/api/v2/status.json", page, To(Endpoint::Page(PageKind::Feed(Feed::Status)))),
            (Post, "/api/v2/status.json", ALL, MethodNotAllowed("GET, HEAD")),
            (Get, "/s3cret/api/v2/status.json", page, Secret("s3cret", PageKind::Feed(Feed::Status))),
            (Get, "/s3cret/incidents/12", page, Secret("s3cret", PageKind::Incident(12))),
            (Get, "/s3cret/incidents/x", page, NoPage),
            (Get, "/s3cret/incidents/", page, NoPage),
            (Get, "/s3cret/metrics", ALL, NoPage),
            (Get, "/s3cret/api/v2/status", ALL, NoPage),
            (Post, "/s3cret/history", ALL, Nothing),
            (Get, "//history", ALL, NoPage),
            (Get, "/s3cret/x", ALL, NoPage),
            (Get, "/s3cret//", ALL, NoPage),
            (Get, "//", ALL, NoPage),
            (Get, "//s3cret/", ALL, NoPage),
            (Get, "/a/b/c", ALL, NoPage),
            (Get, "", ALL, NotFound),
            (Get, "/api/v2/silence/1", ALL, NotFound),
            (Get, "/-/reload", ALL, NotFound),
            (Head, "/apis/v2", page, NoPage),
            (Get, "/a/b/c", ingest, NotFound),
        ] {
            assert_eq!(route(method, path, roles), expected, "{method:?} {path} {roles:?}");
        }
    }

    #[test]
    fn what_clients_of_influxdb_ask_has_its_place() {
        use Method::{Get, Head, Other, Post};
        use Route::{MethodNotAllowed, NotFound, Nothing, SecretWithoutSlash, To};
        let [page, ingest] = [ListenerRoles { page: true, ..NONE }, ListenerRoles { ingest: true, ..NONE }];
        for (method, path, roles, expected) in [
            (Head, "/ping", ingest, Route::Ping),
            (Get, "/ping", ALL, Route::Ping),
            (Get, "/ping", page, SecretWithoutSlash("ping")),
            (Post, "/ping", ingest, Nothing),
            (Get, "/ping", ListenerRoles { metrics: true, ..NONE }, NotFound),
            (Post, "/api/v3/write_lp", ingest, To(Endpoint::WriteV3)),
            (Get, "/api/v3/write_lp", ingest, MethodNotAllowed("POST")),
            (Get, "/query", ingest, To(Endpoint::Query)),
            (Other, "/query", ingest, MethodNotAllowed("GET, HEAD, POST")),
        ] {
            assert_eq!(route(method, path, roles), expected, "{method:?} {path} {roles:?}");
        }
    }

    #[test]
    fn a_path_that_is_none_is_near_to_what_was_meant() {
        for (path, expected) in [
            ("//api/v2/alerts", Some("/api/v2/alerts")),
            ("/api/v2/alerts/", Some("/api/v2/alerts")),
            ("/api/v2/alerts/api/v2/alerts", Some("/api/v2/alerts")),
            ("/alertmanager/api/v1/alerts", Some("/api/v1/alerts")),
            ("/API/v2/Alerts", Some("/api/v2/alerts")),
            ("/alerts", Some("/api/v2/alerts")),
            ("/webhook", Some("/api/v1/webhook")),
            ("/v1/webhook/", Some("/api/v1/webhook")),
            ("/api/v2/webhook", None),
            ("/write/write", Some("/write")),
            ("/influx/api/v2/write", Some("/api/v2/write")),
            ("/api/v3/write_lp/", Some("/api/v3/write_lp")),
            ("/telegraf", Some("/api/v1/telegraf")),
            ("/collectd", Some("/api/v1/collectd")),
            ("/api/v1/heartbeat", Some("/api/v1/heartbeat/NAME")),
            ("/heartbeat/backup", Some("/api/v1/heartbeat/NAME")),
            ("/api/v1/write", None),
            ("/query/", None),
            ("/", None),
            ("", None),
            ("/xwrite", None),
        ] {
            assert_eq!(meant(path), expected, "{path}");
        }
    }

    #[test]
    fn prefixes() {
        for (path, prefix, expected) in [
            ("/", "", "/"),
            ("/metrics", "", "/metrics"),
            ("/status/", "/status", "/"),
            ("/status", "/status", "/"),
            ("/status/metrics", "/status", "/metrics"),
            ("/metrics", "/status", "/metrics"),
            ("/", "/status", "/"),
            ("/statusfoo", "/status", "/statusfoo"),
            ("/a/b/x", "/a/b", "/x"),
            ("/a", "/a/b", "/a"),
            ("/x/status/", "/status", "/x/status/"),
        ] {
            assert_eq!(strip_prefix(path, prefix), expected, "{path} under {prefix}");
        }
    }
}
