//! Options: what is wrong with their values, and what is kept of them.

use super::*;
use std::vec;

#[test]
fn sizes_days_and_sockets() {
    let main = |option: &str| good(&format!("{BASE}config aiglon m\n\toption {option}")).main;
    for (size, bytes) in [("16384", 16_384), ("64k", 65_536), ("256K", 262_144), ("020k", 20_480)] {
        assert_eq!(main(&format!("journal_size {size}")).journal_size, bytes, "{size}");
    }
    for size in ["16383", "257k", "262145", "-64k", "+64k", "64kb", "64 k", "k", "4194305k", "64M", "0"] {
        let expected = format!(
            "2: '{size}' is no size for 'journal_size'; write bytes, as 65536 or 64k, from 16k to 256k"
        );
        check(&format!("config aiglon m\n\toption journal_size '{size}'"), &[&expected]);
    }
    assert_eq!(main("console off").console, Console::Off);
    let config =
        good(&format!("{BASE}config aiglon m\n\toption console /run/a.sock\n\toption console_group net-dev"));
    assert!(matches!(config.main.console, Console::At(path) if config.str(path) == "/run/a.sock"));
    assert_eq!(config.str(config.main.console_group), "net-dev");
    for days in ["1", "14", "90"] {
        let config = good(&format!("{BASE}config site s\n\toption retain_days {days}"));
        assert_eq!(config.sites[0].retain_days.to_string(), days);
    }
    let long = "x".repeat(200);
    for (more, expected) in [
        (
            "config aiglon m\n\toption console On",
            "2: the path of a unix socket is absolute, without spaces and patterns (* ? [), and of at most 107 bytes; 'On' is not",
        ),
        (&*format!("config aiglon m\n\toption console /{long}"), "of at most 107 bytes"),
        (
            "config aiglon m\n\toption console_group 'a b'",
            "2: 'a b' is no name of a group for 'console_group'",
        ),
        (
            "config site s\n\toption retain_days 0",
            "2: '0' is no number of days for 'retain_days'; write one from 1 to 90",
        ),
        ("config site s\n\toption retain_days 91", "2: '91' is no number of days"),
        ("config site s\n\toption retain_days +7", "2: '+7' is no number of days"),
        ("config site s\n\toption retain_days 14d", "2: '14d' is no number of days"),
        ("config site s\n\toption settle 0s", "2: 'settle' may not be zero"),
        ("config site s\n\toption grouping 60", "2: 'grouping' has no unit"),
        ("config site s\n\toption no_data_after x", "2: 'x' is no span of time for 'no_data_after'"),
    ] {
        check(more, &[expected]);
    }
}

#[test]
fn mistakes_in_options() {
    let user = "config user u\n\tlist site s\n";
    for (more, expected) in [
        (
            "config aiglon m\n\toption state_dir var",
            &["2: 'var' is no value for 'state_dir'; write an absolute path"][..],
        ),
        (
            "config aiglon m\n\toption state_dir '/mnt/my stick'",
            &["2: '/mnt/my stick' is no value for 'state_dir'"],
        ),
        (
            "config aiglon m\n\toption state_dir '/mnt/*'",
            &["without spaces and patterns (* ? [), as /etc/aiglon"],
        ),
        ("config aiglon m\n\toption console '/run/a b'", &["2: the path of a unix socket is absolute"]),
        ("config listen\n\toption address 'unix:/run/a b'\n\tlist serve page", &["'unix:/run/a b' is not"]),
        ("config aiglon m\n\toption enabled maybe", &["2: "]),
        ("config aiglon m\n\toption resolve_after 300", &["2: 'resolve_after' has no unit: is '300'"]),
        ("config aiglon m\n\toption resolve_after 5min", &["2: '5min' is no span"]),
        ("config aiglon m\n\toption resolve_after 31d", &["of at most 30d"]),
        ("config aiglon m\n\toption resolve_after 0s", &["2: 'resolve_after' may not be zero"]),
        ("config aiglon m\n\toption default_severity info", &["2: 'info' means that nothing is wrong"]),
        (
            "config aiglon m\n\toption default_severity warn",
            &["it is one of warning, error, critical and page"],
        ),
        (
            "config aiglon m\n\toption clock ntpd",
            &["2: 'ntpd' is no value for 'clock'; it is one of trust and ntp; did you mean 'ntp'?"],
        ),
        ("config aiglon\nconfig aiglon", &["2: there can be one"]),
        ("config aiglon a\nconfig aiglon b", &["2: there can be one"]),
        (
            "config listen\n\toption address router.lan:80\n\tlist serve page",
            &["2: 'router.lan:80' names a host"],
        ),
        ("config listen\n\toption address 10.0.0.1\n\tlist serve page", &["write ADDRESS:8080"]),
        ("config listen\n\toption address ::1\n\tlist serve page", &["write [ADDRESS]:8080"]),
        (
            "config listen\n\toption address unix:run/x\n\tlist serve page",
            &["2: the path of a unix socket is absolute"],
        ),
        (
            "config listen\n\toption address 127.0.0.1:80\n\tlist serve page",
            &["2: '127.0.0.1:80' is there a second time as 'address'"],
        ),
        ("config listen l\n\toption address [::]:80", &["1: 'config listen l' lacks 'serve'"]),
        (
            "config listen\n\toption adress [::]:80\n\tlist serve page",
            &["2: 'config listen' has no option 'adress'; did you mean 'address'?"],
        ),
        (
            "config listen\n\toption address [::]:80\n\tlist serve pages",
            &["it is one of page, ingest and metrics; did you mean 'page'?"],
        ),
        (
            "config listen\n\toption address [::]:80\n\toption serve page\n\toption plaintext maybe",
            &["4: 'maybe' is no value for 'plaintext'; write 1 or 0"],
        ),
        (
            "config listen\n\toption address [::]:80\n\toption serve page\n\toption path_prefix x",
            &["4: 'x' is no value for 'path_prefix'"],
        ),
        ("config site t\n\tlist host a:80", &["2: 'a:80' is no host name"]),
        ("config site t\n\tlist host a\n\tlist host A.", &["3: 'A.' is there a second time as 'host'"]),
        ("config site t\n\tlist host a\nconfig site u\n\tlist host a", &["4: 'a' is there a second time"]),
        ("config site t", &["1: site 't' has no 'list host', nor has another"]),
        (
            "config site t\n\tlist host a\n\toption title_xx b",
            &["3: 'title_xx' names a language that aiglon does not speak; known are en, ar,"],
        ),
        (
            "config site t\n\tlist host a\n\toption lang sv",
            &["3: 'sv' is no language that aiglon speaks; known are en, ar,"],
        ),
        (
            "config site t\n\tlist host a\n\toption timezone Europe/Brussels",
            &["write 'CET-1CEST,M3.5.0,M10.5.0/3'"],
        ),
        (
            "config site t\n\tlist host a\n\toption timezone America/Lima",
            &["3: 'America/Lima' is the name of a zone"],
        ),
        (
            "config site t\n\tlist host a\n\toption visibility hidden",
            &["it is one of local, unlisted and public"],
        ),
        (
            "config site t\n\tlist host a\n\toption visibility unlisted",
            &["3: 'config site t' lacks 'secret_path'"],
        ),
        (
            "config site t\n\tlist host a\n\toption secret_path 0123456789abcdef",
            &["3: 'secret_path' is for sites with visibility 'unlisted'"],
        ),
        (
            "config site t\n\tlist host a\n\toption visibility unlisted\n\toption secret_path short",
            &["4: 'secret_path' is at least 16"],
        ),
        (
            "config site t\n\tlist host a\n\toption title 'a\u{1b}b'",
            &["3: this 'title' holds a control character"],
        ),
        ("config site t\n\tlist host 'a\nb'", &["2: this 'host' holds a control character"]),
        (
            "config site t\n\tlist host a\n\tlist title b",
            &["3: 'title' takes one value; write 'option title'"],
        ),
        (
            "config source q\n\toption site s\n\tlist token hunter2hunter2",
            &["3: a token itself does not belong here"],
        ),
        ("config source q\n\toption site s\n\tlist token sha256:12", &["3: this is no token hash"]),
        ("config source q\n\toption site s", &["1: 'config source q' lacks 'token'; run `aiglon token`"]),
        // A heartbeat can come without a token, from this machine; of its own source.
        (
            "config source r\n\toption site s\nconfig source q\n\toption site s\nconfig heartbeat h\n\toption source 'r'\n\toption every 1m",
            &["3: 'config source q' lacks 'token'"],
        ),
        (
            "config source q\n\tlist token sha256:0101010101010101010101010101010101010101010101010101010101010101",
            &["1: 'config source q' lacks 'site'", "2: this token stands here a second time"],
        ),
        (
            "config service w\n\toption site S",
            &["2: 'site' names 'S', but there is no 'config site' of that name; did you mean 's'?"],
        ),
        (
            "config service w\n\toption site s\n\toption url ftp://x",
            &["3: 'ftp://x' is no address for a link"],
        ),
        (
            "config site t\n\tlist host t\n\toption contact Us\n\toption contact_url 'tel:+32 2 234'",
            &[
                "4: 'tel:+32 2 234' is no address of a contact; write mailto:NAME@HOST, tel:+NUMBER or https://",
            ],
        ),
        (
            "config site t\n\tlist host t\n\toption contact_url tel:+3222345678",
            &["3: 'contact_url' of site 't' has no words that lead there; write them, as option contact '"],
        ),
        (
            &format!("config site t\n\tlist host t\n\toption contact_fr '{}'", "é".repeat(161)),
            &["3: this 'contact' is longer than 320 bytes"],
        ),
        (
            &format!(
                "config site t\n\tlist host t\n\toption contact Us\n\toption contact_url 'https://{}'",
                "x".repeat(313)
            ),
            &["4: this 'contact_url' is longer than 320 bytes"],
        ),
        (
            "config service w\n\toption site s\nconfig service v\n\toption site s\n\toption label w",
            &["5: 'w' is there a second time as 'label'; each 'label' may stand once on a site"],
        ),
        ("config user u\n\toption role admin", &["1: 'config user u' lacks 'site'"]),
        (&format!("{user}\toption role root"), &["it is one of operator and admin"]),
        (&format!("{user}\tlist key 'from=\"x\" ssh-rsa AAAA'"), &["3: options before a key"]),
        (&format!("{user}\tlist key 'ssh-dss AAAA'"), &["3: this is no key of a type"]),
        (&format!("{user}\tlist key 'ssh-rsa AAAA'"), &["3: RSA keys are not taken"]),
        (&format!("{user}\tlist key 'ssh-ed25519 AAAA'"), &["3: this ssh-ed25519 key is damaged"]),
        ("config aiglon main\n\tlist ssh '192.0.2.1'", &["2: '192.0.2.1' has no port"]),
        ("config user", &["1: 'config user' needs a name, as in: config user 'name'"]),
        (
            "config usr u\n\toption x y",
            &[
                "1: there is no section type 'usr'; known are aiglon, listen, site, source, service, component, heartbeat, rule and user; did you mean 'user'?",
            ],
        ),
        ("config user s\n\tlist site s", &["1: 's' is already the name of a section of another type"]),
    ] {
        check(more, expected);
    }
}

#[test]
fn secrets_are_not_repeated() {
    let secret = "Yk3mP0qLw8ZtR5vN";
    for more in [
        format!("config source q\n\toption site s\n\tlist token {secret}"),
        format!("config source q\n\toption site s\n\tlist token sha256:{secret}"),
        format!("config site t\n\tlist host t\n\toption secret_path {secret}"),
        format!("config site t\n\tlist host t\n\toption visibility unlisted\n\toption secret_path /{secret}"),
        format!("config user u\n\tlist site s\n\tlist key '{secret}'"),
    ] {
        let found = problems(&more);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(!found[0].contains(secret), "{found:?}");
    }
}

#[test]
fn warnings_do_not_refuse() {
    let (config, found) = load(format!("{BASE}config source p\n\toption silent_after 2m59s\n").as_bytes());
    assert_eq!(config.unwrap().sources[0].silent_after, Millis(179_000));
    assert!(found[0].contains("under 3m"), "{found:?}");
    check("config source p\n\toption silent_after 3m\n\toption resync 0s", &[]);
}

#[test]
fn the_last_option_counts_and_lists_add() {
    for (more, expected) in [
        ("\tlist host a\n\tlist host b\n", &["a", "b"][..]),
        ("\toption host a\n", &["a"]),
        ("\toption host a\n\tlist host b\n", &["a", "b"]),
        ("\tlist host a\n\tlist host b\n\toption host c\n", &["c"]),
        ("\tlist host a\n\toption host ''\n", &[]),
        ("\tlist host a\n\toption host ''\n\tlist host b\n", &["b"]),
        ("\tlist host ''\n\tlist host b\n", &["b"]),
        ("\tlist host a\nconfig user u\n\tlist site s\nconfig site s\n\tlist host b\n", &["a", "b"]),
        ("\tlist host a:80\nconfig user u\n\tlist site s\nconfig site s\n\toption host b\n", &["b"]),
    ] {
        let config = good(&format!("{BASE}config site s\n{more}"));
        let hosts: Vec<_> = config.hosts.iter().map(|host| config.str(host.name)).collect();
        assert_eq!(hosts, expected, "{more}");
        assert_eq!(config.sites.len(), 1);
    }
    let config = good(&format!(
        "{BASE}config site s\n\toption lang nonsense\n\toption lang fr\n\toption title x\n\toption title ''\n"
    ));
    assert_eq!(config.sites[0].lang, Lang::Fr);
    assert_eq!(config.str(config.sites[0].title.default), "s");
    // What is taken away again is missing.
    let (_, found) = load(format!("{BASE}config source p\n\toption site ''\n").as_bytes());
    assert!(found[0].contains("lacks 'site'"), "{found:?}");
    // Only one of them is wanted.
    check("config site s\n\toption lang fr\n\tlist lang en", &["3: 'lang' takes one value"]);
}

#[test]
fn texts_span_lines_without_control_characters() {
    let config = good(&format!("{BASE}config site s\n\toption intro 'one\r\ntwo\n\tthree'\n"));
    assert_eq!(config.str(config.sites[0].intro.default), "one  two  three");
    assert_eq!(config.text(&config.sites[0].intro, Lang::Ar), "one  two  three");
}

#[test]
fn a_site_says_who_hears_of_what_it_does_not_show() {
    let most = "é".repeat(160);
    let config = good(&format!(
        "{BASE}config site s\n\toption contact_fr '{most}'\n\toption contact_url 'MAILTO:us@example.org'\n"
    ));
    let site = &config.sites[0];
    assert_eq!(config.text(&site.contact, Lang::Fr), most);
    assert_eq!(config.text(&site.contact, Lang::En), "");
    assert_eq!(config.str(site.contact_url), "MAILTO:us@example.org");
}

#[test]
fn a_site_says_where_it_is_read() {
    for (url, kept) in [
        ("https://status.example.org/", Some("https://status.example.org")),
        ("https://status.example.org/a/b_c/", Some("https://status.example.org/a/b_c")),
        ("http://[fd00::1]:8080/status", Some("http://[fd00::1]:8080/status")),
        ("HTTP://10.0.0.1:80", Some("HTTP://10.0.0.1:80")),
        ("status.example.org", None),
        ("ftp://status.example.org", None),
        ("https://user@status.example.org", None),
        ("https://status.example.org:x", None),
        ("https://status.example.org:99999", None),
        ("https://-status.example.org", None),
        ("https://", None),
        ("https:///status", None),
        ("https://status.example.org/?a=b", None),
        ("https://status.example.org/a#b", None),
        ("https://status.example.org//", None),
        ("https://status.example.org/a//b", None),
        ("https://status.example.org/../a", None),
        ("https://status.example.org/é", None),
    ] {
        let (config, problems) = load(format!("{BASE}config site s\n\toption url '{url}'\n").as_bytes());
        let found = config.map(|config| config.str(config.sites[0].url).to_string());
        assert_eq!(found.as_deref(), kept, "{url}: {problems:?}");
        assert!(kept.is_some() || problems[0].contains("no address of a page; write where"), "{problems:?}");
    }
    let long = format!("https://example.org/{}", "x".repeat(181));
    check(&format!("config site t\n\tlist host t\n\toption url '{long}'"), &["in at most 200 bytes"]);
}

#[test]
fn what_a_site_publishes() {
    use crate::model::Output;
    const ALL: [(Output, &str); 6] = [
        (Output::Text, "text"),
        (Output::Json, "json"),
        (Output::Badge, "badge"),
        (Output::Atom, "atom"),
        (Output::Ical, "ical"),
        (Output::OpenGraph, "opengraph"),
    ];
    let is_built = |word: &&str| cfg!(feature = "feeds") || ["text", "json"].contains(word);
    let all = |words: &[&'static str]| words.iter().copied().filter(is_built).collect::<Vec<_>>();
    let published = |lines: &str| {
        let (config, problems) = load(format!("{BASE}config site s\n{lines}").as_bytes());
        let config = config.unwrap_or_else(|| panic!("{problems:?}"));
        let has = |output: &&(Output, &str)| config.publishes(SiteId(0), output.0);
        (ALL.iter().filter(has).map(|(_, word)| *word).collect::<Vec<_>>(), problems.len())
    };
    let (public, url) = ("\toption visibility public\n", "\toption url https://example.org\n");
    let said = |words: &str| -> String {
        words.split(' ').map(|word| format!("\tlist publish_as {word}\n")).collect()
    };
    assert_eq!(published(""), (vec![], 0));
    assert_eq!(published(url), (vec![], 0));
    assert_eq!(published(public), (all(&["text", "json", "badge"]), 0));
    let six = ["text", "json", "badge", "atom", "ical", "opengraph"];
    assert_eq!(published(&format!("{public}{url}")), (all(&six), 0));
    assert_eq!(published(&format!("{public}{url}{}", said("none"))), (vec![], 0));
    assert_eq!(published(&format!("{public}{}", said("text"))), (vec!["text"], 0));
    assert_eq!(published(&said("json text")), (vec!["text", "json"], 0));
    // A build without them says so, and serves the rest.
    let warnings = if cfg!(feature = "feeds") { 0 } else { 2 };
    let (found, warned) = published(&format!("{url}{}", said("text badge atom")));
    assert_eq!(
        (found, warned),
        (["text", "badge", "atom"].to_vec().into_iter().filter(|word| is_built(word)).collect(), warnings)
    );
    for (lines, expected) in [
        (said("atom"), "site 's' publishes as atom, ical or opengraph, which need the address"),
        (format!("{public}{}", said("opengraph")), "write option url 'https://…' in it"),
        (
            format!("{url}{}", said("opengraph")),
            "names opengraph, which is for sites with visibility 'public'",
        ),
        (said("text none"), "names none, and more; remove one or the other"),
        (
            said("rss"),
            "'rss' is no value for 'publish_as'; it is one of text, json, badge, atom, ical, opengraph and none",
        ),
    ] {
        let (config, problems) = load(format!("{BASE}config site s\n{lines}").as_bytes());
        assert!(
            config.is_none() && problems.iter().any(|problem| problem.contains(expected)),
            "{problems:?}"
        );
    }
}

#[test]
fn values_are_kept_in_their_one_form() {
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKynHleX0nBqumByCH6NS51becrZEw6Ylh7JYkt8CM7V";
    let config = good(&format!(
        "{BASE}config site s\n\tlist host Status.Example.ORG.\n\
         config user u\n\tlist site s\n\tlist key '{key}  Jane Doe, laptop'\n\toption role admin\n\
         config listen\n\toption path_prefix /status/\n\toption address [::1]:80\n\tlist serve page\n"
    ));
    assert_eq!(config.str(config.hosts[0].name), "status.example.org");
    assert_eq!(config.str(config.user_keys[0].key), key);
    assert_eq!((config.users[0].sites, config.users[0].role), (1, crate::config::UserRole::Admin));
    assert_eq!(config.str(config.listeners[1].path_prefix), "/status");
    check(
        &format!("config user u\n\tlist site s\n\tlist key '{key} a'\n\tlist key '{key} b'"),
        &["4: this key stands here a second time"],
    );
}

#[test]
fn where_ssh_listens() {
    let lines = "config aiglon main\n\tlist ssh '0.0.0.0:2222'\n\tlist ssh '[2001:db8::1]:22'\n";
    let (config, problems) = load(format!("{BASE}{lines}").as_bytes());
    assert_eq!(config.unwrap().ssh, ["0.0.0.0:2222".parse().unwrap(), "[2001:db8::1]:22".parse().unwrap()]);
    // A build without a server says so, and serves the rest.
    assert_eq!(problems.len(), if cfg!(feature = "ssh") { 0 } else { 2 });
    assert!(problems.iter().all(|problem| problem.contains("this build has none (feature ssh)")));
    let (config, problems) = load(format!("{BASE}{lines}\tlist ssh '0.0.0.0:2222'\n").as_bytes());
    assert!(config.is_none() && problems.iter().any(|problem| problem.contains("a second time as 'ssh'")));
    let many: String = (1..=5).map(|port| format!("\tlist ssh '127.0.0.1:{port}'\n")).collect();
    let (config, problems) = load(format!("{BASE}config aiglon main\n{many}").as_bytes());
    assert!(config.is_none() && problems.iter().any(|problem| problem.contains("(SSH_ADDRESSES)")));
}
