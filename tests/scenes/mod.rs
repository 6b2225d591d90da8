//! An association's configuration, and situations that it can be in.

use std::collections::BTreeMap;

use aiglon::config::{Component, Config, Service, Site, Texts, Visibility};
use aiglon::model::{
    ComponentId, ComponentView, Lang, Monitoring, Reason, ServiceId, SiteId, SiteView, State, View,
};
use aiglon::time::{Mono, Now, Wall};

/// 2026-11-21T09:06:06Z
pub(crate) const NOW: Wall = Wall(1_795_251_966_000);

pub(crate) fn minutes_ago(minutes: i64) -> Mono {
    Mono(-minutes * 60_000)
}

/// A view in which everything is said beforehand.
#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) wall: Option<Wall>,
    pub(crate) as_of: Option<Mono>,
    pub(crate) monitoring: Monitoring,
    /// What the view claims; the worst of its components, if it claims nothing.
    pub(crate) overall: Option<State>,
    pub(crate) components: BTreeMap<usize, ComponentView>,
    /// For components that are not in the list.
    pub(crate) every: Option<ComponentView>,
    pub(crate) texts: BTreeMap<usize, Vec<String>>,
}

impl Default for Fake {
    fn default() -> Self {
        Self {
            wall: Some(NOW),
            as_of: Some(minutes_ago(1)),
            monitoring: Monitoring::Up,
            overall: None,
            components: BTreeMap::new(),
            every: None,
            texts: BTreeMap::new(),
        }
    }
}

impl Fake {
    pub(crate) fn set(&mut self, part: usize, state: State, reason: Reason, minutes: i64) {
        self.components.insert(
            part,
            ComponentView { state, since: Some(minutes_ago(minutes)), reason, ..ComponentView::default() },
        );
    }

    /// The same, where every component's alerts say `text`.
    pub(crate) fn saying(mut self, text: &str) -> Self {
        self.texts = (0..16).map(|part| (part, vec![text.to_owned()])).collect();
        self
    }
}

impl View for Fake {
    fn now(&self) -> Now {
        Now { mono: Mono(0), wall: self.wall }
    }
    fn site(&self, _: SiteId) -> SiteView {
        let states = (0..16).map(|part| self.component(ComponentId(part)).state);
        let overall = self.overall.unwrap_or(states.max().unwrap_or_default());
        SiteView { overall, as_of: self.as_of, monitoring: self.monitoring }
    }
    fn component(&self, component: ComponentId) -> ComponentView {
        self.components.get(&component.index()).copied().or(self.every).unwrap_or_default()
    }
    fn published(&self, component: ComponentId, each: &mut dyn FnMut(&str)) {
        self.texts.get(&component.index()).into_iter().flatten().for_each(|text| each(text));
    }
}

pub(crate) fn well() -> Fake {
    let mut view = Fake::default();
    for part in 0..16 {
        view.set(part, State::Operational, Reason::Reported, 60 * 24 * 19 + 100);
    }
    view.set(3, State::Operational, Reason::Reported, 200);
    view
}

pub(crate) fn trouble() -> Fake {
    let mut view = well();
    view.set(1, State::Outage, Reason::Reported, 42);
    view.set(2, State::Outage, Reason::Reported, 60 * 26);
    view.set(5, State::Degraded, Reason::Reported, 12);
    view.set(9, State::NoData, Reason::Expired, 25);
    view.set(15, State::Outage, Reason::Reported, 60 * 24 * 400);
    view.texts
        .insert(1, vec!["Plus de courant sur le toit depuis ce matin, l’électricien est prévenu.".into()]);
    view
}

fn silent(monitoring: Monitoring, parts: std::ops::Range<usize>, reason: Reason) -> Fake {
    let mut view = Fake { as_of: Some(minutes_ago(48)), monitoring, ..well() };
    for part in parts {
        view.set(part, State::NoData, reason, 43);
    }
    view
}

/// (name, view): each is a golden file per language.
pub(crate) fn all() -> Vec<(&'static str, Fake)> {
    let start = ComponentView { reason: Reason::NeverHeard, ..ComponentView::default() };
    vec![
        ("well", well()),
        ("trouble", trouble()),
        ("down", silent(Monitoring::Down(Some(minutes_ago(43))), 0..16, Reason::Silent)),
        ("partly", silent(Monitoring::Partly(Some(minutes_ago(43))), 8..12, Reason::Silent)),
        ("resync", silent(Monitoring::Up, 0..16, Reason::Resync)),
        (
            "start",
            Fake {
                wall: None,
                as_of: None,
                monitoring: Monitoring::Down(None),
                every: Some(start),
                ..Fake::default()
            },
        ),
    ]
}

/// French without a language, English and Arabic of their own.
fn texts(config: &mut Config, fr: &str, en: &str, ar: &str) -> Texts {
    let mut texts = Texts { default: config.intern(fr).unwrap(), ..Texts::default() };
    texts.by_lang[Lang::En.index()] = config.intern(en).unwrap();
    texts.by_lang[Lang::Ar.index()] = config.intern(ar).unwrap();
    texts
}

fn new() -> Box<Config> {
    Box::new(Config::new())
}

pub(crate) fn empty() -> Box<Config> {
    let mut config = new();
    let title = texts(&mut config, "Antennes solidaires", "", "");
    config.sites.push(Site { title, ..Site::default() }).ok().unwrap();
    config
}

/// Names in French, English and Arabic, a link, and the names of the parts.
type Described = (&'static str, &'static str, &'static str, &'static str, &'static [[&'static str; 3]]);

/// Four services, sixteen components.
pub(crate) fn association() -> Box<Config> {
    let mut config = new();
    let title = texts(&mut config, "Antennes solidaires", "Solidarity antennas", "هوائيات التضامن");
    let intro = texts(
        &mut config,
        "Le réseau des maisons et les services des membres.",
        "The network of the houses, and what members use.",
        "شبكة البيوت وخدمات الأعضاء.",
    );
    config.sites.push(Site { title, intro, visibility: Visibility::Public, ..Site::default() }).ok().unwrap();
    let services: [Described; 4] = [
        (
            "Wi-Fi",
            "Wi-Fi",
            "واي فاي",
            "",
            &[
                ["Héron, côté nord", "Heron, north side", "مالك الحزين، الجهة الشمالية"],
                ["Héron, côté sud", "Heron, south side", "مالك الحزين، الجهة الجنوبية"],
                ["Cigogne", "Stork", "اللقلق"],
                ["Martinet", "Swift", "السمامة"],
                [
                    "Grèbe huppé, grande salle",
                    "Great crested grebe, main hall",
                    "الغطاس المتوج، القاعة الكبرى",
                ],
                ["Mésange", "Tit", "القرقف"],
                ["Pic vert", "Green woodpecker", "نقار الخشب الأخضر"],
                ["Liaison vers Internet", "Link to the Internet", "الوصل إلى الإنترنت"],
            ],
        ),
        (
            "Courriel et fichiers",
            "Mail and files",
            "البريد والملفات",
            "https://example.org/files?lang=fr&from=status",
            &[
                ["Courriel", "Mail", "البريد"],
                ["Fichiers partagés", "Shared files", "الملفات المشتركة"],
                ["Agenda", "Calendar", "التقويم"],
                ["Sauvegardes", "Backups", "النسخ الاحتياطية"],
            ],
        ),
        (
            "VPN",
            "VPN",
            "VPN",
            "",
            &[["Amsterdam", "Amsterdam", "أمستردام"], ["Bruxelles", "Brussels", "بروكسل"]],
        ),
        (
            "Téléphone",
            "Telephone",
            "الهاتف",
            "",
            &[
                ["Appels entrants", "Incoming calls", "المكالمات الواردة"],
                ["Appels sortants", "Outgoing calls", "المكالمات الصادرة"],
            ],
        ),
    ];
    for (number, (fr, en, ar, url, parts)) in (0..).zip(services) {
        let title = texts(&mut config, fr, en, ar);
        let url = config.intern(url).unwrap();
        config.services.push(Service { title, url, ..Service::default() }).ok().unwrap();
        for [fr, en, ar] in parts {
            let title = texts(&mut config, fr, en, ar);
            let part = Component { title, service: ServiceId(number), ..Component::default() };
            config.components.push(part).ok().unwrap();
        }
    }
    config
}

/// The same, where every text is `text`.
pub(crate) fn hostile(text: &str) -> Box<Config> {
    let mut config = association();
    let span = config.intern(text).unwrap();
    let url = config.intern(&format!("https://example.org/{text}")).unwrap();
    let texts = Texts { default: span, ..Texts::default() };
    for site in &mut config.sites {
        (site.title, site.intro) = (texts, texts);
    }
    for service in &mut config.services {
        (service.title, service.description, service.url) = (texts, texts, url);
    }
    for part in &mut config.components {
        (part.title, part.description) = (texts, texts);
    }
    config
}
