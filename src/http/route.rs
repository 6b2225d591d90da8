//! Which path is what, in one table: a further path is a further row.

use super::head::Method;
use crate::config::Roles;

/// What there is to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// The page of the site that `Host` names.
    Page,
    /// Alertmanager's `POST /api/v2/alerts`.
    PushAlerts,
    /// Alertmanager's `GET /api/v2/alerts`.
    ListAlerts,
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
    /// Our own counters.
    Metrics,
}

/// Where a request leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// There. `HEAD` leads where `GET` does.
    To(Endpoint),
    /// To the page of an unlisted site, if this segment is its secret; else it is not found. Asked with `GET`
    /// or `HEAD`.
    Secret(&'a str),
    /// The same without a slash at its end. If the segment is a secret, redirect to itself with the slash:
    /// `./SEGMENT/`, which is right under any prefix that a proxy puts before it.
    SecretWithoutSlash(&'a str),
    /// Nowhere: 404.
    NotFound,
    /// The path is known, the method is not for it: 405 with this `Allow`.
    MethodNotAllowed(&'static str),
    /// The method is unknown: 501 (RFC 9110, section 9.1).
    NotImplemented,
}

/// What a listener must serve for a row to exist there.
#[derive(Clone, Copy)]
enum Role {
    Page,
    Ingest,
    Metrics,
    /// On every listener.
    Any,
}

struct Row {
    path: &'static str,
    role: Role,
    get: Option<Endpoint>,
    post: Option<Endpoint>,
}

impl Row {
    const fn get(path: &'static str, role: Role, endpoint: Endpoint) -> Self {
        Self { path, role, get: Some(endpoint), post: None }
    }
    const fn post(path: &'static str, role: Role, endpoint: Endpoint) -> Self {
        Self { path, role, get: None, post: Some(endpoint) }
    }
    fn allow(&self) -> &'static str {
        match (self.get, self.post) {
            (_, None) => "GET, HEAD",
            (None, _) => "POST",
            _ => "GET, HEAD, POST",
        }
    }
}

const ROWS: [Row; 9] = [
    Row::get("/", Role::Page, Endpoint::Page),
    Row {
        path: "/api/v2/alerts",
        role: Role::Ingest,
        get: Some(Endpoint::ListAlerts),
        post: Some(Endpoint::PushAlerts),
    },
    Row::post("/api/v1/alerts", Role::Ingest, Endpoint::PushAlerts),
    Row::post("/api/v1/webhook", Role::Ingest, Endpoint::Webhook),
    Row::get("/api/v2/status", Role::Ingest, Endpoint::Status),
    Row::get("/api/v2/receivers", Role::Ingest, Endpoint::Receivers),
    Row::get("/-/healthy", Role::Any, Endpoint::Healthy),
    Row::get("/-/ready", Role::Any, Endpoint::Ready),
    Row::get("/metrics", Role::Metrics, Endpoint::Metrics),
];

/// Where a method and a path (percent-encoded, without query, the prefix stripped) lead on a listener with
/// these roles. Paths are compared byte by byte, so nothing that a proxy might read differently is a route.
pub fn route(method: Method, path: &str, roles: Roles) -> Route<'_> {
    if method == Method::Unknown {
        return Route::NotImplemented;
    }
    let Some(row) = ROWS.iter().find(|row| row.path == path) else {
        let wants_page = roles.page && matches!(method, Method::Get | Method::Head);
        return if wants_page { secret(path) } else { Route::NotFound };
    };
    let is_here = match row.role {
        Role::Page => roles.page,
        Role::Ingest => roles.ingest,
        Role::Metrics => roles.metrics,
        Role::Any => true,
    };
    if !is_here {
        return Route::NotFound;
    }
    let endpoint = match method {
        Method::Get | Method::Head => row.get,
        Method::Post => row.post,
        Method::Other | Method::Unknown => None,
    };
    endpoint.map_or(Route::MethodNotAllowed(row.allow()), Route::To)
}

/// A path of one segment may be a secret.
fn secret(path: &str) -> Route<'_> {
    let Some(inner) = path.strip_prefix('/') else { return Route::NotFound };
    match inner.split_once('/') {
        None if !inner.is_empty() => Route::SecretWithoutSlash(inner),
        Some((segment, "")) if !segment.is_empty() => Route::Secret(segment),
        _ => Route::NotFound,
    }
}

/// The path without the prefix under which a reverse proxy publishes us (`/status`, without a slash at its
/// end; may be empty). A proxy may have stripped it already, so a path that is not under it stays as it is;
/// the prefix alone is the root.
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

    const ALL: Roles = Roles { page: true, ingest: true, metrics: true };
    const NONE: Roles = Roles { page: false, ingest: false, metrics: false };

    #[test]
    fn everything_has_its_place() {
        use Method::{Get, Head, Other, Post, Unknown};
        use Route::{MethodNotAllowed, NotFound, NotImplemented, Secret, SecretWithoutSlash, To};
        let page = Roles { page: true, ..NONE };
        let ingest = Roles { ingest: true, ..NONE };
        let metrics = Roles { metrics: true, ..NONE };
        for (method, path, roles, expected) in [
            (Get, "/", ALL, To(Endpoint::Page)),
            (Head, "/", page, To(Endpoint::Page)),
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
            (Get, "/api/v1/alerts", ingest, MethodNotAllowed("POST")),
            (Post, "/api/v2/alerts", page, NotFound),
            (Get, "/api/v2/alerts", metrics, NotFound),
            (Post, "/api/v2/alerts/", ingest, NotFound),
            (Post, "/api//v2/alerts", ALL, NotFound),
            (Post, "/api/v2/%61lerts", ALL, NotFound),
            (Post, "/API/v2/alerts", ALL, NotFound),
            (Post, "/api/v1/webhook", ingest, To(Endpoint::Webhook)),
            (Get, "/api/v1/webhook", ingest, MethodNotAllowed("POST")),
            (Get, "/api/v2/status", ingest, To(Endpoint::Status)),
            (Get, "/api/v2/receivers", ingest, To(Endpoint::Receivers)),
            (Get, "/api/v2/status", page, NotFound),
            (Get, "/-/healthy", NONE, To(Endpoint::Healthy)),
            (Head, "/-/ready", NONE, To(Endpoint::Ready)),
            (Post, "/-/ready", NONE, MethodNotAllowed("GET, HEAD")),
            (Get, "/metrics", metrics, To(Endpoint::Metrics)),
            (Get, "/metrics", Roles { metrics: false, ..ALL }, NotFound),
            (Get, "/s3cret/", page, Secret("s3cret")),
            (Head, "/s3cret/", page, Secret("s3cret")),
            (Get, "/s3cret", page, SecretWithoutSlash("s3cret")),
            (Get, "/s3cret/", ingest, NotFound),
            (Get, "/s3cret", metrics, NotFound),
            (Post, "/s3cret/", ALL, NotFound),
            (Get, "/s3cret/x", ALL, NotFound),
            (Get, "/s3cret//", ALL, NotFound),
            (Get, "//", ALL, NotFound),
            (Get, "//s3cret/", ALL, NotFound),
            (Get, "/a/b/c", ALL, NotFound),
            (Get, "", ALL, NotFound),
        ] {
            assert_eq!(route(method, path, roles), expected, "{method:?} {path} {roles:?}");
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
