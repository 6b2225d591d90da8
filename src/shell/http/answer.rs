//! From a request to what is to be done about it: everything that needs no waiting.

use aiglon::config::{Config, Listener, Scope, Visibility};
use aiglon::engine::Input;
use aiglon::engine::LEADING;
use aiglon::engine::lifetime::Sender;
use aiglon::http::conditional::{Etag, accepts_gzip, accepts_html, asked, negotiate};
use aiglon::http::filter::Filter;
use aiglon::http::head::{Coding, Framing, ListField, Method, Request};
use aiglon::http::route::{Endpoint, Route, meant, route, strip_prefix};
use aiglon::http::{Status, auth};
use aiglon::ingest::Dialect;
use aiglon::ingest::line::Precision;
use aiglon::limits::{CREDENTIALS_BYTES, QUERY_BYTES};
use aiglon::model::{Feed, Lang, Output, PageKind, SiteId, SourceId};
use aiglon::render;
use aiglon::text::Span;
use subtle::ConstantTimeEq;

use super::super::log::Safe;
use super::super::pages::{Asks, Copy, HeldPage, PageKey, PageVersion};
use super::super::port::Core;
use super::super::stream::{Peer, Ticket};
use super::super::tally::{add, add_many};
use super::batch::{Batch, BodyFormat};
use super::metrics;
use super::web::Web;

/// What is to be done about a request.
pub enum Plan<'a> {
    /// A few words.
    Words(Status, &'static str),
    /// The same as a JSON string: what Alertmanager's clients expect.
    Json(Status, &'static str),
    /// 404 of a site, as a page.
    Missing(MissingPage),
    /// There is no room to render an answer.
    Busy,
    /// It must be rendered, and it is not its turn yet.
    Later,
    /// A refusal in the form that InfluxDB's clients look for.
    Influx(Status, &'static str),
    /// 405 with these methods.
    Allow(&'static str),
    /// A known source pushed to a path that is none, or with a method that is not for it: what the
    /// path takes, and where to push.
    Astray(SourceId, &'static str, Option<&'static str>),
    /// 301 from a secret path or a prefix of the configuration to itself with a slash at its end.
    Redirect(Span),
    /// A page.
    Page { found: HeldPage<'a>, kind: PageKind, seen: Seen },
    /// An answer for programs, in the connection's own buffer.
    Short { feed: Feed, etag: Etag, not_modified: bool, lang: Lang, seen: Seen },
    /// The head of a page that is not held: nothing is rendered or packed for a length.
    Unheld { kind: PageKind, seen: Seen },
    /// `/metrics` or a small JSON answer, rendered.
    Text { found: HeldPage<'a>, content_type: &'static str },
    /// A body to be taken in.
    Ingest(Batch),
    /// The alerts of a site, in pieces, and whether as a group.
    List(SiteId, SourceId, bool),
    /// The silences of a site: none.
    NoSilences(SourceId),
    /// 204: a heartbeat was taken.
    Beaten(SourceId),
    /// What InfluxDB answers to a query that finds nothing.
    NoResults(SourceId),
    /// What it answers to a ping.
    Pong(SourceId),
    /// A reload closed the listener that this connection came by.
    Gone,
}

/// How a site is seen.
#[derive(Clone, Copy)]
pub struct Seen {
    /// By everybody.
    pub public: bool,
    /// With an icon of its own.
    pub icon: bool,
}

/// An address that leads to no page of a site.
#[derive(Clone, Copy)]
pub struct MissingPage {
    pub site: SiteId,
    pub lang: Lang,
    /// So many directories above it is the root of the site.
    pub up: usize,
    pub public: bool,
}

/// By which listener a request came, and what that says about its sender.
#[derive(Clone, Copy)]
pub struct Arrival<'a> {
    pub listener: &'a Listener,
    pub peer: Peer,
}

impl<'a> Web<'a> {
    /// Decides about a request, by its listener and its peer.
    pub fn plan(
        &self,
        request: &Request<'_>,
        ticket: Ticket,
        peer: Peer,
        short: &mut render::PageBuf,
    ) -> Plan<'a> {
        self.port.enter(|core| {
            let config = core.config;
            let listener = self.listeners.listener(ticket, config);
            listener.map_or(Plan::Gone, |listener| {
                self.decide(core, request, Arrival { listener: &listener, peer }, short)
            })
        })
    }

    fn decide(
        &self,
        core: &mut Core<'_>,
        request: &Request<'_>,
        arrival: Arrival<'_>,
        short: &mut render::PageBuf,
    ) -> Plan<'a> {
        let prefix = core.config.str(arrival.listener.path_prefix);
        let path = strip_prefix(request.path, prefix);
        let route = route(request.method, path, arrival.listener.serve);
        // Who shows no known token is told no more than that there is nothing.
        let refused = match route {
            Route::MethodNotAllowed(allow) => Some(allow),
            Route::Nothing => Some(""),
            Route::NotFound if matches!(request.method, Method::Post | Method::Other) => Some(""),
            _ => None,
        };
        if let Some(allow) = refused.filter(|_| arrival.listener.serve.ingest)
            && let Some(source) = known(core.config, request, arrival)
        {
            return astray(core, source, allow, meant(path));
        }
        match route {
            Route::To(Endpoint::Page(kind)) => match self.page(core, request, arrival, None, kind, short) {
                // Below a prefix without a slash, what is relative would lead outside of it.
                Plan::Page { .. } | Plan::Unheld { .. } if !prefix.is_empty() && request.path == prefix => {
                    Plan::Redirect(arrival.listener.path_prefix)
                }
                plan => plan,
            },
            Route::Secret(secret, kind) => self.page(core, request, arrival, Some(secret), kind, short),
            Route::SecretWithoutSlash(secret) => match secret_site(core.config, request.host, secret) {
                Some(id) => redirect(core.config, id),
                None => missing(core.config, request, arrival),
            },
            Route::NoPage => missing(core.config, request, arrival),
            Route::To(Endpoint::Healthy | Endpoint::Ready) => Plan::Words(Status::Ok, "OK\n"),
            Route::To(Endpoint::Metrics) => {
                self.text("text/plain; version=0.0.4; charset=utf-8", |out| metrics::write(self, core, out))
            }
            Route::To(Endpoint::Status) => self
                .text(JSON, |out| render::alertmanager::status(out, core.now.wall_of(aiglon::time::Mono(0)))),
            Route::To(Endpoint::Receivers) => self.text(JSON, render::alertmanager::receivers),
            Route::To(Endpoint::ListAlerts) => self.list(core.config, request, arrival, false),
            Route::To(Endpoint::ListGroups) => self.list(core.config, request, arrival, true),
            Route::To(Endpoint::Silences) => match self.source(core.config, request, arrival, Scope::Read) {
                Err(refusal) => refusal,
                Ok(source) => match Filter::parse(request.query) {
                    Err(words) => Plan::Json(Status::BadRequest, words),
                    Ok(_) => Plan::NoSilences(source),
                },
            },
            Route::To(Endpoint::PushAlerts) => self.push(
                core.config,
                request,
                arrival,
                Sender::Repeating,
                BodyFormat::Alerts(Dialect::Alerts),
            ),
            Route::To(Endpoint::Webhook) => self.push(
                core.config,
                request,
                arrival,
                Sender::Webhook,
                BodyFormat::Alerts(Dialect::Webhook),
            ),
            Route::To(Endpoint::Write | Endpoint::WriteV3) => {
                influx(self.push(core.config, request, arrival, Sender::Repeating, BodyFormat::Lines))
            }
            Route::To(Endpoint::Telegraf) => {
                self.push(core.config, request, arrival, Sender::Repeating, BodyFormat::Telegraf)
            }
            Route::To(Endpoint::Collectd) => {
                self.push(core.config, request, arrival, Sender::Once, BodyFormat::Collectd)
            }
            Route::To(Endpoint::Query) => match self.source(core.config, request, arrival, Scope::Push) {
                Err(refusal) => influx(refusal),
                Ok(source) => Plan::NoResults(source),
            },
            Route::Ping => match known(core.config, request, arrival) {
                Some(source) => Plan::Pong(source),
                None if arrival.listener.serve.page => missing(core.config, request, arrival),
                None => NOT_FOUND,
            },
            Route::Heartbeat(name) => self.beat(core, request, arrival, name),
            Route::MethodNotAllowed(allow) => Plan::Allow(allow),
            Route::Nothing => Plan::Words(Status::NotFound, SENDERS_PATHS),
            Route::NotImplemented => Plan::Words(Status::NotImplemented, "method not known\n"),
            Route::NotFound => NOT_FOUND,
        }
    }

    /// An answer that nobody asks for a second time.
    fn text(&self, content_type: &'static str, write: impl FnOnce(&mut render::PageBuf) -> bool) -> Plan<'a> {
        self.pages.scratch(false, write).map_or(Plan::Busy, |found| Plan::Text { found, content_type })
    }

    fn page(
        &self,
        core: &Core<'_>,
        request: &Request<'_>,
        arrival: Arrival<'_>,
        secret: Option<&str>,
        kind: PageKind,
        short: &mut render::PageBuf,
    ) -> Plan<'a> {
        let (engine, config, now) = (&*core.engine, core.config, core.now);
        let found = match secret {
            None => named_site(config, request, arrival),
            Some(secret) => secret_site(config, request.host, secret),
        };
        let Some(id) = found else { return missing(config, request, arrival) };
        let Some(site) = config.sites.get(id.index()) else { return NOT_FOUND };
        if !is_told(config, id, request, arrival) {
            // The same answer as for a site that does not exist.
            if self.port.warnings.may() {
                log::warn!(
                    "a visitor from beyond the local network, or through a proxy, asked for site '{}', which is \
                     local: answered 404 (say option visibility 'public' if it is meant to be)",
                    Safe(config.str(site.name))
                );
            }
            return NOT_FOUND;
        }
        let view = engine.view(config, now);
        if let PageKind::Incident(number) = kind
            && !render::has_incident(&view, id, number)
        {
            return missing(config, request, arrival);
        }
        let lang = language(request, site.lang);
        let public = site.visibility == Visibility::Public;
        let seen = Seen { public, icon: config.publishes(id, Output::OpenGraph) };
        #[cfg(feature = "feeds")]
        let Some(kind) = about(config, id, kind, request.path) else {
            return missing(config, request, arrival);
        };
        if let PageKind::Feed(feed) = kind {
            if !config.publishes(id, feed.output()) {
                return missing(config, request, arrival);
            }
            if feed.is_short() {
                if !self.pages.may_make_short(now.mono) {
                    return Plan::Later;
                }
                let Ok(left_out) = render::feed(short, config, id, lang, &view, feed) else {
                    return Plan::Busy;
                };
                add_many(&self.tally.left_out, left_out);
                let etag = Etag(render::hash(short.as_slice()));
                let not_modified = etag.is_named(request.list(ListField::IfNoneMatch));
                return Plan::Short { feed, etag, not_modified, lang, seen };
            }
        }
        let quarter = now.wall.map_or(0, |wall| wall.secs().div_euclid(900));
        let key = PageKey { site: id, kind, lang };
        let version = PageVersion { generation: engine.generation(id), urgent: engine.urgent(id), quarter };
        let asks = Asks {
            gzip: accepts_gzip(request.list(ListField::AcceptEncoding)),
            if_none_match: request.list(ListField::IfNoneMatch),
        };
        let copy = if request.method == Method::Head {
            match self.pages.held(key, version, asks) {
                Some(found) => Copy::Found(found),
                None => return Plan::Unheld { kind, seen },
            }
        } else {
            self.pages.get(key, version, now.mono, asks, |out| {
                add(&self.tally.pages_rendered);
                let PageKind::Feed(feed) = kind else {
                    return render::page(out, config, id, lang, &view, kind).is_ok();
                };
                let left_out = render::feed(out, config, id, lang, &view, feed);
                add_many(&self.tally.left_out, left_out.unwrap_or(0));
                left_out.is_ok()
            })
        };
        match copy {
            Copy::Found(found) => Plan::Page { found, kind, seen },
            Copy::Later => Plan::Later,
            Copy::Busy => Plan::Busy,
        }
    }

    /// Who sends it, if they may.
    fn source(
        &self,
        config: &Config,
        request: &Request<'_>,
        arrival: Arrival<'_>,
        scope: Scope,
    ) -> Result<SourceId, Plan<'static>> {
        // A token that crossed a network in the clear is not accepted, not even a right one: that
        // would teach people to go on sending it.
        if !is_private(arrival) {
            if self.port.warnings.may() {
                log::warn!(
                    "a push over plain HTTP from beyond this machine was refused: use WireGuard or a TLS proxy, \
                     or say option plaintext '1' on this listener"
                );
            }
            return Err(Plan::Json(
                Status::Forbidden,
                "plain HTTP from beyond this machine: use TLS or WireGuard, or set option plaintext '1' on this \
                 listener of aiglon",
            ));
        }
        let mut buffer = [0; CREDENTIALS_BYTES];
        let token = auth::token(request.authorization, &mut buffer);
        let Some(source) = token.and_then(|token| auth::find(&config.tokens, token)) else {
            let words = match token {
                None if has_credentials(request.query) => {
                    "credentials in an address are not taken, since proxies log them: send the token as \
                     Authorization: Bearer TOKEN, or as the password of Basic"
                }
                None => "send a token, as Authorization: Bearer TOKEN, or as the password of Basic",
                Some(token) if token.starts_with(b"sha256:") || is_hash(token) => {
                    "this is the hash of a token; send the token itself"
                }
                Some(_) => "not a token that is known",
            };
            add(&self.tally.unauthorised);
            if self.port.warnings.may() {
                log::warn!(
                    "a request to push or list alerts came without a token that is known: answered 401 ({} so far)",
                    self.tally.unauthorised.get()
                );
            }
            return Err(Plan::Json(Status::Unauthorized, words));
        };
        match config.sources.get(source.index()).map(|source| source.scope) {
            Some(found) if found == scope => Ok(source),
            Some(Scope::Read) => Err(Plan::Json(Status::Forbidden, "this token may read, not push")),
            _ => Err(Plan::Json(Status::Forbidden, "this token may push, not read")),
        }
    }

    /// A body of alerts or samples. Of the databases, buckets and organisations that InfluxDB's
    /// clients name, none is ours.
    fn push(
        &self,
        config: &Config,
        request: &Request<'_>,
        arrival: Arrival<'_>,
        sender: Sender,
        shape: BodyFormat,
    ) -> Plan<'a> {
        let source = match self.source(config, request, arrival, Scope::Push) {
            Err(refusal) => return refusal,
            Ok(source) => source,
        };
        let samples = !matches!(shape, BodyFormat::Alerts(_));
        let word = request.query.split('&').find_map(|pair| pair.strip_prefix("precision="));
        let unsaid = if request.path.ends_with(V3) { "auto" } else { "" };
        let Some(precision) = Precision::from_word(word.filter(|_| samples).unwrap_or(unsaid)) else {
            return Plan::Json(Status::BadRequest, "precision is one of ns, us, ms, s, m, h and auto");
        };
        let gzip = request.content_encoding == Coding::Gzip;
        if request.content_encoding == Coding::Other || gzip && !(samples && cfg!(feature = "gzip")) {
            return Plan::Json(Status::UnsupportedMediaType, "a body so compressed is not taken here");
        }
        if matches!(request.body, Framing::None) {
            return Plan::Json(Status::BadRequest, "a body is required");
        }
        Plan::Ingest(Batch { source, sender, shape, precision, gzip, epoch: self.tally.epoch.get() })
    }

    /// Takes a heartbeat. Its body is neither read for what it says nor kept: a script may post its
    /// whole log.
    fn beat(&self, core: &mut Core<'_>, request: &Request<'_>, arrival: Arrival<'_>, name: &str) -> Plan<'a> {
        let source = match self.source(core.config, request, arrival, Scope::Push) {
            Err(refusal) => return refusal,
            Ok(source) => source,
        };
        let Some(id) = core.config.heartbeat(source, name) else {
            // The same for one that another source owes: a token tells nothing of others.
            return Plan::Json(Status::NotFound, "the source of this token owes no heartbeat of that name");
        };
        let failed = match request.query {
            "" | "state=ok" => false,
            "state=fail" => true,
            _ => {
                return Plan::Json(
                    Status::BadRequest,
                    "a heartbeat takes ?state=ok or ?state=fail, or nothing",
                );
            }
        };
        core.step(Input::Beat { id, failed });
        // On flash before its sender is told so.
        core.commit();
        Plan::Beaten(source)
    }

    fn list(&self, config: &Config, request: &Request<'_>, arrival: Arrival<'_>, groups: bool) -> Plan<'a> {
        let source = match self.source(config, request, arrival, Scope::Read) {
            Err(refusal) => return refusal,
            Ok(source) => source,
        };
        let Some(site) = config.sources.get(source.index()).map(|source| source.site) else {
            return NOT_FOUND;
        };
        if request.query.len() > QUERY_BYTES {
            // Alertmanager's document knows no 414.
            return Plan::Json(Status::BadRequest, "query too long");
        }
        match Filter::parse(request.query) {
            Err(words) => Plan::Json(Status::BadRequest, words),
            // A filter that is taken and finds nothing to look at would show too little, or too
            // much.
            Ok(filter) if !filter.names().all(|name| may_filter_by(config, site, name)) => Plan::Json(
                Status::BadRequest,
                "a label of that name is not kept: alertname, service, component and what a matcher names are",
            ),
            Ok(_) => Plan::List(site, source, groups),
        }
    }
}

/// Whether a token may come this way: one that crosses a network in the clear is not accepted.
fn is_private(arrival: Arrival<'_>) -> bool {
    arrival.peer == Peer::Loopback || arrival.listener.plaintext
}

/// The source whose token a request shows, if it may come this way. What else it shows is neither
/// counted nor logged.
#[inline(never)]
fn known(config: &Config, request: &Request<'_>, arrival: Arrival<'_>) -> Option<SourceId> {
    let mut buffer = [0; CREDENTIALS_BYTES];
    let token = auth::token(request.authorization, &mut buffer).filter(|_| is_private(arrival))?;
    auth::find(&config.tokens, token)
}

/// A known source has taken a wrong door: it is counted, logged once, and told the right one.
fn astray(
    core: &mut Core<'_>,
    source: SourceId,
    allow: &'static str,
    path: Option<&'static str>,
) -> Plan<'static> {
    if core.engine.went_astray(source) {
        let name = core.config.sources.get(source.index()).map_or("", |row| core.config.str(row.name));
        let words = if allow == "POST" { "its path takes POST" } else { "push to " };
        let path = if allow == "POST" { "" } else { path.unwrap_or(PUSH_PATHS) };
        log::warn!("source '{}' asks at a wrong path, or by a wrong method: {words}{path}", Safe(name));
    }
    Plan::Astray(source, allow, path)
}

/// A refusal in the form that InfluxDB's clients look for.
fn influx(plan: Plan<'_>) -> Plan<'_> {
    if let Plan::Json(status, words) = plan { Plan::Influx(status, words) } else { plan }
}

/// Whether a query has credentials, as InfluxDB's clients write them there.
fn has_credentials(query: &str) -> bool {
    query.split('&').any(|pair| ["u=", "p=", "token="].iter().any(|name| pair.starts_with(name)))
}

/// Whether it looks like the hash of a token, as it stands in the configuration.
fn is_hash(token: &[u8]) -> bool {
    token.len() == 64 && token.iter().all(u8::is_ascii_hexdigit)
}

/// From a secret path without a slash at its end to itself with one.
fn redirect(config: &Config, id: SiteId) -> Plan<'static> {
    config.sites.get(id.index()).map_or(NOT_FOUND, |site| Plan::Redirect(site.secret_path))
}

/// What is answered at an address that leads to no page: 404 of the site whose page this visitor
/// gets at the root, or below the secret that they know. Who gets no site's page there gets a few
/// words, and learns nothing.
///
/// Programs get these words as well: senders, who show a token, and who does not ask for
/// `text/html`. So a person at a terminal reads a line and no markup, and the icon that a browser
/// looks for costs 14 bytes.
fn missing(config: &Config, request: &Request<'_>, arrival: Arrival<'_>) -> Plan<'static> {
    if !request.authorization.is_empty() || !accepts_html(request.list(ListField::Accept)) {
        return NOT_FOUND;
    }
    let path = strip_prefix(request.path, config.str(arrival.listener.path_prefix));
    let inner = path.strip_prefix('/').unwrap_or(path);
    let (segment, rest) = inner.split_once('/').unwrap_or(("", inner));
    let (found, below) = match secret_site(config, request.host, segment) {
        Some(id) => (Some(id), rest),
        None => (named_site(config, request, arrival), inner),
    };
    let Some(site) = found.filter(|&id| is_told(config, id, request, arrival)) else { return NOT_FOUND };
    let Some(row) = config.sites.get(site.index()) else { return NOT_FOUND };
    let lang = language(request, row.lang);
    let up = below.bytes().filter(|&byte| byte == b'/').count();
    Plan::Missing(MissingPage { site, lang, up, public: row.visibility == Visibility::Public })
}

/// What a path leads to, with the service or component that it names; `None` if the site has none
/// of that name.
#[cfg(feature = "feeds")]
fn about(config: &Config, site: SiteId, kind: PageKind, path: &str) -> Option<PageKind> {
    let PageKind::Feed(feed) = kind else { return Some(kind) };
    if matches!(feed, Feed::AtomOfPart(_)) {
        let name = aiglon::http::route::name_in(path);
        let is_it = |id: &aiglon::model::ComponentId| {
            config.components.get(id.index()).is_some_and(|part| config.is(part.name, name))
        };
        let id = aiglon::shown::parts_at(config, site).find(is_it)?;
        return Some(PageKind::Feed(Feed::AtomOfPart(id)));
    }
    if feed.about(aiglon::model::ServiceId(0)).is_none() {
        return Some(kind);
    }
    let name = aiglon::http::route::name_in(path);
    let (id, _) = aiglon::shown::services(config, site).find(|(_, service)| config.is(service.name, name))?;
    feed.about(id).map(PageKind::Feed)
}

/// The language of an answer: what the address asks for, else what the browser prefers.
fn language(request: &Request<'_>, site: Lang) -> Lang {
    asked(request.query).unwrap_or_else(|| negotiate(request.list(ListField::AcceptLanguage), site))
}

/// Whether alerts keep a label of this name.
fn may_filter_by(config: &Config, site: SiteId, name: &str) -> bool {
    name == "alertname" || LEADING.contains(&name) || config.keeps(site, name)
}

const JSON: &str = "application/json";

/// The path whose timestamps have any unit.
const V3: &str = "/api/v3/write_lp";

const NOT_FOUND: Plan<'static> = Plan::Words(Status::NotFound, NOT_FOUND_WORDS);
/// What a client is told of an address that leads nowhere.
pub const NOT_FOUND_WORDS: &str = "404 Not Found\n";

macro_rules! push_paths {
    () => {
        "/api/v2/alerts, /api/v1/webhook, /write, /api/v1/telegraf, /api/v1/collectd or /api/v1/heartbeat/NAME"
    };
}

/// Where senders push to.
pub const PUSH_PATHS: &str = push_paths!();

/// What somebody is told who pushes to where nothing is.
const SENDERS_PATHS: &str = concat!("404 Not Found: push to ", push_paths!(), "\n");

fn visibility(config: &Config, id: SiteId) -> Visibility {
    config.sites.get(id.index()).map(|site| site.visibility).unwrap_or_default()
}

/// Whether this visitor may be told of a site.
fn is_told(config: &Config, id: SiteId, request: &Request<'_>, arrival: Arrival<'_>) -> bool {
    let stranger = arrival.peer == Peer::World || request.forwarded;
    visibility(config, id) != Visibility::Local || !stranger
}

/// The site that `Host` leads to. The name of a site that is not for this visitor leads where any
/// other name does: to the site that answers to all names, if there is one.
fn named_site(config: &Config, request: &Request<'_>, arrival: Arrival<'_>) -> Option<SiteId> {
    let listed = |id: &SiteId| visibility(config, *id) != Visibility::Unlisted;
    let is_told = |id: &SiteId| is_told(config, *id, request, arrival);
    let named = config.site_by_host(request.host).filter(listed);
    let other = || config.site_of_all_names().filter(|id| listed(id) && is_told(id));
    named.filter(is_told).or_else(other).or(named)
}

/// The unlisted site that this host and secret lead to. Every secret is compared, in constant time.
fn secret_site(config: &Config, host: &str, secret: &str) -> Option<SiteId> {
    let mut found = None;
    for (site, id) in
        config.sites.iter().zip(0u8..).filter(|(site, _)| site.visibility == Visibility::Unlisted)
    {
        let same = bool::from(config.str(site.secret_path).as_bytes().ct_eq(secret.as_bytes()));
        if same && config.site_by_host(host) == Some(SiteId(id)) {
            found = Some(SiteId(id));
        }
    }
    found
}
