//! An association's configuration, and situations that it can be in.

use std::collections::BTreeMap;

use aiglon::config::{Component, Config, Service, Site, Texts, Visibility};
use aiglon::model::{
    BannerView, ComponentId, ComponentSet, ComponentView, Day, Finding, Forced, IncidentView, Lang,
    MaintenanceView, Phase, Phrases, Repeat, ServiceId, SiteId, State, Step, StepView, View, Words,
};
use aiglon::time::{At, Mono, Now, Wall};

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
    /// Whether whoever was never heard has had the time to come.
    pub(crate) missed: bool,
    pub(crate) components: BTreeMap<usize, ComponentView>,
    /// For components that are not in the list.
    pub(crate) every: Option<ComponentView>,
    pub(crate) texts: BTreeMap<usize, Vec<String>>,
    /// The newest first, each with its steps, the oldest first.
    pub(crate) incidents: Vec<(IncidentView<'static>, Vec<StepView<'static>>)>,
    pub(crate) maintenance: Vec<MaintenanceView<'static>>,
    pub(crate) past_maintenance: Vec<MaintenanceView<'static>>,
    pub(crate) banner: Option<BannerView<'static>>,
    /// How bad people say services are, by their place, and whether they mean all of it.
    pub(crate) said: BTreeMap<usize, (State, bool)>,
    pub(crate) days: u8,
    /// By component and how many days ago; for others all is known and well.
    pub(crate) past: BTreeMap<(usize, u8), Day>,
}

impl Default for Fake {
    fn default() -> Self {
        Self {
            wall: Some(NOW),
            as_of: Some(minutes_ago(1)),
            missed: false,
            components: BTreeMap::new(),
            every: None,
            texts: BTreeMap::new(),
            incidents: Vec::new(),
            maintenance: Vec::new(),
            past_maintenance: Vec::new(),
            banner: None,
            said: BTreeMap::new(),
            days: 0,
            past: BTreeMap::new(),
        }
    }
}

/// A day of which all is known, and on which nothing happened. Today has had 546 minutes at
/// [`NOW`].
pub(crate) fn whole(ago: u8) -> Day {
    Day { known: if ago == 0 { 546 } else { 1440 }, ..Day::default() }
}

/// Somebody's hash. No page tells it.
pub(crate) const WHO: u32 = 3_735_928_559;

pub(crate) fn wall_ago(minutes: i64) -> Wall {
    Wall(NOW.0 - minutes * 60_000)
}

pub(crate) fn own(lang: &'static str, text: &'static str) -> Words<'static> {
    Words::Own { lang, text }
}

pub(crate) fn said(phrase: &str) -> Words<'static> {
    Words::Phrase(Phrases::named(phrase).unwrap())
}

/// An incident that goes on, on the first service, with a component.
pub(crate) fn incident(number: u32, part: u16, level: State, minutes: i64) -> IncidentView<'static> {
    let mut components = ComponentSet::EMPTY;
    components.insert(ComponentId(part));
    IncidentView {
        number,
        service: ServiceId(0),
        title: "",
        open: true,
        worst: level,
        level,
        whole: None,
        phase: None,
        next: None,
        components,
        began: Some(wall_ago(minutes)),
        ended: None,
        firing: false,
        merged_into: None,
    }
}

/// The same, when it has ended.
pub(crate) fn over(number: u32, part: u16, worst: State, minutes: i64, lasted: i64) -> IncidentView<'static> {
    let level = State::Operational;
    IncidentView {
        open: false,
        level,
        ended: Some(wall_ago(minutes - lasted)),
        ..incident(number, part, worst, minutes)
    }
}

/// Something that happened by itself.
pub(crate) fn step(number: u16, step: Step, part: u16, state: State, minutes: i64) -> StepView<'static> {
    StepView {
        number,
        at: Some(wall_ago(minutes)),
        step,
        state,
        component: Some(ComponentId(part)),
        words: Words::None,
        amended: false,
        amended_by: 0,
        amended_at: None,
        who: 0,
        firing: false,
    }
}

/// Something that a person did.
pub(crate) fn update(number: u16, done: Step, words: Words<'static>, minutes: i64) -> StepView<'static> {
    StepView { words, component: None, who: WHO, ..step(number, done, 0, State::Operational, minutes) }
}

pub(crate) fn window(number: u32, part: Option<u16>, starts: i64, lasts: i64) -> MaintenanceView<'static> {
    MaintenanceView {
        number,
        service: ServiceId(0),
        component: part.map(ComponentId),
        starts: Wall(NOW.0 + starts * 60_000),
        ends: Wall(NOW.0 + (starts + lasts) * 60_000),
        active: starts <= 0,
        repeat: Repeat::Once,
        words: Words::None,
        who: WHO,
    }
}

impl Fake {
    pub(crate) fn set(&mut self, part: usize, finding: Finding, minutes: i64) {
        self.components.insert(
            part,
            ComponentView {
                finding,
                since: Some(At::Mono(minutes_ago(minutes))),
                trouble: matches!(finding, Finding::Degraded | Finding::Outage | Finding::Lapsed),
                ..ComponentView::default()
            },
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
        Now::new(Mono(0), self.wall)
    }
    fn as_of(&self, _: SiteId) -> Option<Mono> {
        self.as_of
    }
    fn silent_since(&self, id: ComponentId) -> Option<Option<Mono>> {
        let seen = self.component(id);
        match seen.finding {
            Finding::Silent => Some(seen.since.and_then(|at| at.mono(self.now()))),
            Finding::NeverHeard if self.missed => Some(None),
            _ => None,
        }
    }
    fn component(&self, component: ComponentId) -> ComponentView {
        self.components.get(&component.index()).copied().or(self.every).unwrap_or_default()
    }
    fn published(&self, component: ComponentId, _: Lang, each: &mut dyn FnMut(&str)) {
        self.texts.get(&component.index()).into_iter().flatten().for_each(|text| each(text));
    }
    fn incidents(&self, _: SiteId, each: &mut dyn FnMut(&IncidentView<'_>)) {
        self.incidents.iter().for_each(|(incident, _)| each(incident));
    }
    fn steps(&self, _: SiteId, number: u32, each: &mut dyn FnMut(&StepView<'_>)) {
        let found = self.incidents.iter().find(|(incident, _)| incident.number == number);
        found.into_iter().flat_map(|(_, steps)| steps).for_each(each);
    }
    #[cfg(feature = "feeds")]
    fn newest_of_site(&self, _: SiteId, most: usize, each: &mut dyn FnMut(&IncidentView<'_>, &StepView<'_>)) {
        let mut all: Vec<_> = self
            .incidents
            .iter()
            .flat_map(|(incident, steps)| steps.iter().map(move |step| (incident, step)))
            .filter(|(_, step)| step.step.is_public())
            .collect();
        all.sort_by_key(|(_, step)| std::cmp::Reverse(step.at));
        all.into_iter().take(most).for_each(|(incident, step)| each(incident, step));
    }
    #[cfg(feature = "feeds")]
    fn occurrences(&self, _: SiteId, number: u32, from: Wall, most: usize, each: &mut dyn FnMut(Wall, Wall)) {
        // They are weekly here.
        let window = self.maintenance.iter().find(|window| window.number == number).unwrap();
        let weeks = (1..=most).map(|week| i64::try_from(week).unwrap() * 7 * 86_400_000);
        weeks.filter(|ahead| window.ends.0 + ahead > from.0).for_each(|ahead| {
            each(Wall(window.starts.0 + ahead), Wall(window.ends.0 + ahead));
        });
    }
    fn maintenance(&self, _: SiteId, each: &mut dyn FnMut(&MaintenanceView<'_>)) {
        self.maintenance.iter().for_each(each);
    }
    fn said(&self, service: ServiceId) -> (State, bool) {
        self.said.get(&service.index()).copied().unwrap_or((State::Operational, false))
    }
    fn past_maintenance(&self, _: SiteId, each: &mut dyn FnMut(&MaintenanceView<'_>)) {
        self.past_maintenance.iter().for_each(each);
    }
    fn banner(&self, _: SiteId) -> Option<BannerView<'_>> {
        self.banner
    }
    fn fared(&self, component: ComponentId, days: &mut [Day]) {
        for (day, ago) in days.iter_mut().zip(0..) {
            *day = self.past.get(&(component.index(), ago)).copied().unwrap_or(whole(ago));
        }
    }
    fn days(&self, _: SiteId) -> u8 {
        self.days
    }
}

pub(crate) fn well() -> Fake {
    let mut view = Fake::default();
    for part in 0..16 {
        view.set(part, Finding::Well, 60 * 24 * 19 + 100);
    }
    view.set(3, Finding::Well, 200);
    view
}

pub(crate) fn trouble() -> Fake {
    let mut view = well();
    view.set(1, Finding::Outage, 42);
    view.set(2, Finding::Outage, 60 * 26);
    view.set(5, Finding::Degraded, 12);
    view.set(9, Finding::Lapsed, 25);
    view.set(15, Finding::Outage, 60 * 24 * 400);
    view.texts
        .insert(1, vec!["Plus de courant sur le toit depuis ce matin, l’électricien est prévenu.".into()]);
    view
}

/// Ninety days with at least ten bad ones on each component, scattered, the same at every run.
pub(crate) fn with_past(mut view: Fake) -> Fake {
    view.days = 90;
    for part in 0..16_usize {
        for bad in 0..12_usize {
            let ago = u8::try_from((part * 29 + bad * bad * 5 + bad * 13) % 89 + 1).unwrap();
            let minutes = u16::try_from(3 + (part * 31 + bad * 47) % 180).unwrap();
            let day = match bad % 3 {
                0 => Day { down: minutes, ..whole(ago) },
                _ => Day { degraded: minutes, ..whole(ago) },
            };
            view.past.insert((part, ago), day);
        }
        // Once the monitoring was away, and now and then somebody worked on something.
        view.past.insert((part, 47), Day { known: 200, ..whole(47) });
        if part % 4 == 0 {
            view.past.insert((part, 20), Day { maintenance: 120, ..whole(20) });
        }
    }
    view
}

/// Two incidents that go on, one of them with three updates, and one that is over.
pub(crate) fn incidents() -> Fake {
    let mut view = with_past(trouble());
    let (outage, degraded) = (State::Outage, State::Degraded);
    let update_of = |number, phase, words, minutes| update(number, Step::Update(phase), words, minutes);
    let mut heron = incident(7, 1, outage, 42);
    heron.next = Some(wall_ago(-35));
    heron.components.insert(ComponentId(2));
    // A part of another service that depends on it.
    heron.components.insert(ComponentId(15));
    heron.phase = Some(Phase::Identified);
    let steps = vec![
        step(1, Step::Opened, 1, degraded, 42),
        step(2, Step::Worse, 1, outage, 40),
        update_of(3, Phase::Investigating, said("going-there"), 35),
        step(4, Step::Joined, 2, outage, 30),
        update_of(5, Phase::Identified, said("power-cut"), 21),
        StepView { number: 6, step: Step::Acknowledged, ..update(6, Step::Acknowledged, Words::None, 20) },
        update_of(
            7,
            Phase::Identified,
            own("fr", "L’électricien passe **avant midi**. En attendant, prenez le réseau *Cigogne*."),
            5,
        ),
    ];
    let other = IncidentView { title: "Slow evenings", ..incident(8, 5, degraded, 12) };
    let mut past = over(6, 3, outage, 60 * 20, 95);
    past.phase = Some(Phase::Resolved);
    view.incidents = vec![
        (other, vec![step(1, Step::Opened, 5, degraded, 12)]),
        (heron, steps),
        (
            past,
            vec![step(1, Step::Opened, 3, outage, 60 * 20), step(2, Step::Resolved, 3, outage, 60 * 20 - 95)],
        ),
        (IncidentView { service: ServiceId(2), ..over(5, 12, degraded, 60 * 24 * 4, 60 * 26) }, vec![]),
    ];
    view
}

/// Work on one component now, more to come, and words at the top.
pub(crate) fn maintenance() -> Fake {
    let mut view = with_past(well());
    view.components.get_mut(&8).unwrap().finding = Finding::Outage;
    view.components.get_mut(&8).unwrap().maintenance = true;
    let mail = MaintenanceView {
        service: ServiceId(1),
        words: said("update-running"),
        ..window(4, Some(8), -20, 60)
    };
    let vpn = MaintenanceView {
        service: ServiceId(2),
        repeat: Repeat::Weekly,
        words: own("", "Le VPN *redémarre*, deux minutes environ."),
        ..window(5, None, 60 * 37, 30)
    };
    view.maintenance = vec![mail, vpn, window(6, Some(1), 60 * 24 * 6, 60 * 30)];
    let words = own(
        "en",
        "Next Saturday we meet at the *Stork*.\n\n- bring your router\n- and your questions\n\nhttps://example.org/meeting",
    );
    view.banner = Some(BannerView { state: None, words, at: Some(wall_ago(600)), who: WHO });
    view
}

/// What people say against what the monitoring says.
pub(crate) fn forced() -> Fake {
    let mut view = trouble();
    view.days = 14;
    for part in 0..16 {
        view.past.extend((7..14).map(|ago| ((part, ago), Day::default())));
    }
    let words = own("ar", "نعمل على ذلك. **شكرًا** لصبركم.");
    view.banner =
        Some(BannerView { state: Some(Forced::Maintenance), words, at: Some(wall_ago(90)), who: WHO });
    view.components.get_mut(&1).unwrap().affected_by = Some(ComponentId(7));
    let firing = IncidentView { open: false, firing: true, ..incident(3, 2, State::Outage, 300) };
    let late = Some(wall_ago(20));
    let held = IncidentView { level: State::Operational, next: late, ..incident(2, 4, State::Degraded, 400) };
    let update_of = |number, words, minutes| update(number, Step::Update(Phase::Monitoring), words, minutes);
    view.incidents = vec![
        (
            firing,
            vec![
                step(1, Step::Opened, 2, State::Outage, 300),
                StepView { firing: true, ..update(2, Step::Resolved, said("fixed"), 100) },
            ],
        ),
        (
            held,
            vec![
                step(1, Step::Opened, 4, State::Degraded, 400),
                step(2, Step::NoData, 4, State::NoData, 390),
                step(3, Step::Better, 4, State::Operational, 350),
                StepView { amended: true, ..update_of(4, own("de", "Neues Kabel, wir schauen zu."), 340) },
            ],
        ),
    ];
    view
}

pub(crate) fn silent(parts: std::ops::Range<usize>, finding: Finding) -> Fake {
    let mut view = Fake { as_of: Some(minutes_ago(48)), ..well() };
    for part in parts {
        view.set(part, finding, 43);
    }
    view
}

/// (name, view).
pub(crate) fn all() -> Vec<(&'static str, Fake)> {
    let start = ComponentView { finding: Finding::NeverHeard, ..ComponentView::default() };
    vec![
        ("well", well()),
        ("trouble", trouble()),
        ("down", silent(0..16, Finding::Silent)),
        ("partly", silent(8..12, Finding::Silent)),
        ("resync", silent(0..16, Finding::Settling)),
        ("incidents", incidents()),
        ("maintenance", maintenance()),
        ("forced", forced()),
        ("start", Fake { wall: None, as_of: None, missed: true, every: Some(start), ..Fake::default() }),
    ]
}

/// French without a language, English and Arabic of their own.
fn texts(config: &mut Config, fr: &str, en: &str, ar: &str) -> Texts {
    let mut texts = Texts::new(config.intern(fr).unwrap());
    for (lang, text) in [(Lang::En, en), (Lang::Ar, ar)] {
        let text = config.intern(text).unwrap();
        assert!(config.translate(&mut texts, lang, text));
    }
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

/// [`association`], where somebody hears of what its page does not show.
pub(crate) fn with_contact() -> Box<Config> {
    let mut config = association();
    let contact = texts(&mut config, "Écrire à l’équipe", "Write to the team", "اكتبوا إلى الفريق");
    let contact_url = config.intern("mailto:status@example.org").unwrap();
    (config.sites[0].contact, config.sites[0].contact_url) = (contact, contact_url);
    config
}

/// [`association`], where every text is `text`.
pub(crate) fn hostile(text: &str) -> Box<Config> {
    let mut config = association();
    let span = config.intern(text).unwrap();
    let url = config.intern(&format!("https://example.org/{text}")).unwrap();
    let texts = Texts::new(span);
    for site in &mut config.sites {
        (site.title, site.intro) = (texts, texts);
        (site.contact, site.contact_url) = (texts, url);
    }
    for service in &mut config.services {
        (service.title, service.description, service.url) = (texts, texts, url);
    }
    for part in &mut config.components {
        (part.title, part.description) = (texts, texts);
    }
    config
}

/// Twelve services of five parts: the length of page that an association has in the end. Two parts
/// have names that nobody has translated.
pub(crate) fn many() -> Box<Config> {
    let mut config = association();
    config.services.clear();
    config.components.clear();
    let names = [
        ("Accès à Internet", "Internet access", "الوصول إلى الإنترنت"),
        ("Wi-Fi, maison Héron", "Wi-Fi, house Heron", "واي فاي، بيت مالك الحزين"),
        ("Wi-Fi, maison Cigogne", "Wi-Fi, house Stork", "واي فاي، بيت اللقلق"),
        ("Courriel", "Mail", "البريد"),
        ("Fichiers", "Files", "الملفات"),
        ("Téléphone", "Telephone", "الهاتف"),
        ("VPN", "VPN", "VPN"),
        ("Site web", "Web site", "موقع الويب"),
        ("Agenda", "Calendar", "التقويم"),
        ("Visioconférence", "Video calls", "مكالمات الفيديو"),
        ("Sauvegardes", "Backups", "النسخ الاحتياطية"),
        ("دروس العربية", "", ""),
    ];
    for (number, (fr, en, ar)) in (0..).zip(names) {
        let title = texts(&mut config, fr, en, ar);
        config.services.push(Service { title, ..Service::default() }).ok().unwrap();
        for part in 1..=5 {
            let title = texts(
                &mut config,
                &format!("Élément {part}"),
                &format!("Part {part}"),
                &if part == 5 { String::new() } else { format!("الجزء {part}") },
            );
            let part = Component { title, service: ServiceId(number), ..Component::default() };
            config.components.push(part).ok().unwrap();
        }
    }
    config
}

/// [`many`], all well.
pub(crate) fn many_well() -> Fake {
    let mut view = Fake { days: 90, ..Fake::default() };
    for part in 0..60 {
        view.set(part, Finding::Well, 60 * 24 * 19 + 100);
    }
    view
}

/// [`many`] with one service down and one in planned work.
pub(crate) fn many_down() -> Fake {
    let mut view = many_well();
    for part in 25..30 {
        view.set(part, Finding::Outage, 42);
    }
    view.components.get_mut(&17).unwrap().maintenance = true;
    view
}
