//! The file as a whole: its syntax, its limits, and anything at all in place of it.

use proptest::prelude::*;

use super::*;

#[test]
fn an_apostrophe_swallows_no_option() {
    // The commonest mistake in French. The quotes are as many as they should be.
    let more = "config service v\n\toption site s\n\toption name 'Copies de l'asso'\n\
        \toption name_en 'Copies'\n\toption name_ar 'l'été'\n";
    check(
        more,
        &["3: the quote that opens at ' is not closed;", "5: the quote that opens at ' is not closed;"],
    );
    check(
        "config service v\n\toption site s\n\toption name 'open\n\toption name_en 'Copies'\n",
        &["3: the quote that opens at 'open is not closed;"],
    );
}

#[test]
fn mistakes_in_the_file() {
    for (more, expected) in [
        (
            "confg site t\n\toption nonsense x",
            &[
                "1: 'confg' is not a keyword; a line begins with 'config', 'option' or 'list'; did you mean 'config'?",
            ][..],
        ),
        (
            "config site t\n\tlist host a b\n\toption nonsense x",
            &["2: there is too much on this line, from b on", "3: 'config site' has no option 'nonsense'"],
        ),
        (
            "config site s\n\toption title 'l'ADSL'\n\toption lang 'fr'\n",
            &[
                "2: the quote that opens at ' is not closed; if an apostrophe has ended a value in '…' early, write \"…\"",
            ],
        ),
        (
            "config site s\n\toption title 'l'ADSL et l'eau'\n",
            &["2: there is too much on this line, from et on;"],
        ),
        ("config user u\n\tlist site 's\n\n", &["2: the quote that opens at 's is not closed;"]),
        ("config site t-1", &["1: t-1 cannot be a name"]),
        ("package aiglon", &[]),
    ] {
        check(more, expected);
    }
    for (file, expected) in [
        (&b""[..], &["0: there is no 'config listen'", "0: there is no 'config site'"][..]),
        (
            b"option a b\nlist c d\n",
            &[
                "0: there is no 'config listen'",
                "0: there is no 'config site'",
                "1: 'option' stands before",
                "2: 'list' stands before",
            ],
        ),
        (b"\xff", &["1: this line is not UTF-8"]),
        (b"\n\0", &["2: this line holds a NUL"]),
        ("\u{feff}config".as_bytes(), &["1: the file begins with a byte order mark"]),
    ] {
        let (config, found) = load(file);
        assert!(config.is_none());
        assert_eq!(found.len(), expected.len(), "{found:?}");
        assert!(found.iter().zip(expected).all(|(found, expected)| found.starts_with(expected)), "{found:?}");
    }
    let (_, found) = load("#".repeat(CONFIG_BYTES + 1).as_bytes());
    assert_eq!(found, [format!("0: the file is longer than {CONFIG_BYTES} bytes (CONFIG_BYTES)")]);
}

#[test]
fn each_store_tells_what_is_in_it() {
    let config = good(BASE);
    let mut told = Vec::new();
    config.stores(&mut |name, used, limit| told.push((name, used, limit)));
    let used = |wanted| told.iter().find(|(name, _, _)| *name == wanted).map(|&(_, used, _)| used);
    for (name, count) in [
        ("sites", config.sites.len()),
        ("tokens", config.tokens.len()),
        ("match_terms", config.terms.len()),
        ("text_bytes", config.text.len()),
        ("rules", 0),
    ] {
        assert_eq!(used(name), Some(count), "{name}");
    }
    assert!(!config.text.is_empty() && told.iter().all(|&(_, used, limit)| used <= limit));
    // How many people there are is nobody's business.
    assert_eq!(used("users"), None);
}

#[test]
fn limits_are_named() {
    use crate::limits::{COMPONENTS, HOSTS, SITES, USERS};
    let mut file = String::from(WIFI);
    for n in 0..=COMPONENTS + 5 {
        file += &format!("config component c{n}\n\toption service wifi\n");
    }
    check(
        &file,
        &[&format!(
            "{}: there are more sections 'config component' (COMPONENTS) than this build holds: at most {COMPONENTS}",
            COMPONENTS * 2 + 3
        )],
    );
    let sites: String = (0..SITES).map(|n| format!("config site t{n}\n\tlist host t{n}\n")).collect();
    check(&sites, &["(SITES)"]);
    let users: String = (0..=USERS).map(|n| format!("config user u{n}\n\tlist site s\n")).collect();
    check(&users, &["(USERS)"]);
    let hosts: String = (0..=HOSTS + 3).map(|n| format!("\tlist host h{n}\n")).collect();
    check(&format!("config site s\n{hosts}"), &["lines 'list host' (HOSTS)"]);
    let terms = "a=b ".repeat(256);
    check(
        &format!("{WIFI}config component c\n\toption service wifi\n\tlist match '{terms}'"),
        &["terms in one matcher than this build holds: at most 255"],
    );
    let long = "x".repeat(CONFIG_VALUE_BYTES + 1);
    check(
        &format!("config site s\n\toption title '{long}'"),
        &[&format!("2: this 'title' is longer than {CONFIG_VALUE_BYTES} bytes")],
    );
    let most = "x".repeat(CONFIG_VALUE_BYTES);
    let much: String =
        (0..13).map(|n| format!("config service w{n}\n\toption site s\n\toption name '{most}'\n")).collect();
    let (_, found) = load(format!("{BASE}{much}").as_bytes());
    assert_eq!(
        found,
        [format!(
            "0: there is more text in the configuration than {CONFIG_TEXT_BYTES} bytes (CONFIG_TEXT_BYTES)"
        )]
    );
    check(
        &format!("config user {}", "u".repeat(65)),
        &["1: this 'name of a section' is longer than 64 bytes"],
    );
}

#[test]
fn a_full_house_loads() {
    use crate::limits::{COMPONENTS, SERVICES};
    let mut file = String::from(BASE);
    for n in 0..SERVICES {
        file += &format!("config service w{n}\n\toption site s\n");
    }
    for n in 0..COMPONENTS {
        let service = n % SERVICES;
        file += &format!(
            "config component c{n}\n\toption service w{service}\n\tlist match 'a={n} b!=c'\n\tlist match 'd~{n}*'\n"
        );
    }
    assert!(file.len() < CONFIG_BYTES);
    let config = good(&file);
    assert_eq!(config.components.len(), COMPONENTS);
    assert_eq!(config.matches.len(), COMPONENTS * 2);
    assert_eq!(config.terms.len(), COMPONENTS * 3);
}

#[test]
fn all_mistakes_at_once_and_nothing_is_left() {
    let (mut config, mut problems) = (std::boxed::Box::new(Config::new()), Problems::new());
    config.load(EXAMPLE, &mut problems).unwrap();
    let mistakes = "config user\n".repeat(crate::limits::PROBLEMS + 7);
    assert_eq!(config.load(format!("{BASE}{mistakes}").as_bytes(), &mut problems), Err(ConfigRefused));
    assert_eq!(problems.iter().count(), crate::limits::PROBLEMS);
    assert_eq!(problems.more(), 7);
    assert!(config.sites.is_empty() && config.components.is_empty() && config.tokens.is_empty());
    assert!(config.text.is_empty() && config.main.state_dir.is_empty());
    config.load(EXAMPLE, &mut problems).unwrap();
    assert!(problems.iter().next().is_none() && problems.more() == 0);
}

/// The example with a stretch taken out, or another put in: never a panic, and never a
/// configuration that is not what it promises to be.
fn sound(file: &[u8]) {
    let (config, _) = load(file);
    let Some(config) = config else { return };
    assert!(!config.sites.is_empty() && !config.listeners.is_empty());
    for (index, part) in config.components.iter().enumerate() {
        let site = config.site_of(ComponentId(u16::try_from(index).unwrap())).unwrap();
        assert!(config.sites.get(site.index()).is_some() && !part.feeders.is_empty());
        for source in part.feeders.iter() {
            assert_eq!(config.sources[source.index()].site, site);
        }
    }
    for one in &config.matches {
        assert!(one.count > 0 && usize::from(one.first) + usize::from(one.count) <= config.terms.len());
    }
    assert!(!config.text.chars().any(char::is_control));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn broken_examples(at in 0..EXAMPLE.len(), len in 0usize..200, more in "[a-z '\"\\\\#;\n\t=~]{0,12}") {
        let mut file = EXAMPLE[..at].to_vec();
        file.extend(more.bytes());
        file.extend(&EXAMPLE[(at + len).min(EXAMPLE.len())..]);
        sound(&file);
    }

    #[test]
    fn shuffled_lines(lines in prop::collection::vec(0..EXAMPLE.split(|&b| b == b'\n').count(), 0..60)) {
        let all: Vec<_> = EXAMPLE.split(|&byte| byte == b'\n').collect();
        let mut file = BASE.as_bytes().to_vec();
        for line in lines {
            file.extend(all[line]);
            file.push(b'\n');
        }
        sound(&file);
    }

    #[test]
    fn random_bytes(file in prop::collection::vec(any::<u8>(), 0..200)) {
        load(&file);
    }

    #[test]
    fn any_title_reads_back(title in "[^\\x00-\\x1f\\x7f-\\x9f]{1,60}") {
        let config = good(&format!("{BASE}config site s\n\toption title '{}'\n", title.replace('\'', "'\\''")));
        prop_assert_eq!(config.str(config.sites[0].title.default), title);
    }
}

/// However many lines a section, a list or a file has, each is read a few times. Lines that go on
/// with a section further up are the exception, and there are few of them.
#[test]
fn no_line_is_read_more_than_a_few_times() {
    let hash = |n: usize| format!("\tlist token sha256:{n:064x}\n");
    let many = |line: &dyn Fn(usize) -> String, count: usize| (0..count).map(line).collect::<String>();
    let users = "config user u\n\tlist site s\n";
    let service = "config service wifi\n\toption site s\n";
    let part = "config component c\n\toption service wifi\n";
    let sites = |n: usize| {
        format!(
            "config site t{n}\n\tlist host h{n}\n\toption visibility unlisted\n\toption secret_path abcdefghijklmnop{n}\n"
        )
    };
    let beats = |n: usize| format!("config heartbeat b{n}\n\toption source p\n\toption every 24h\n");
    let lonely = |n: usize| format!("config component c{n}\n\toption service wifi\n\tlist source q\n");
    let texts = |n: usize| format!("\toption name{}\n", ["_fr x", "_en x", " x", "_ar x"][n % 4]);
    for more in [
        many(&|_| "\tlist token x\n".into(), 3000),
        many(&hash, 600),
        format!("config listen\n\toption address 127.0.0.1:81\n{}", "\tlist serve page\n".repeat(3000)),
        format!("config site t\n{}", many(&|n| format!("\tlist host h{n}\n"), 3000)),
        format!("{users}{}", "\tlist site s\n".repeat(3000)),
        format!("{users}{}", "\tlist key x\n".repeat(3000)),
        format!("{service}{part}{}", many(&|n| format!("\tlist publish a{n}\n"), 2000)),
        format!("{service}{part}{}", many(&|n| format!("\tlist source s{n}\n"), 2000)),
        format!("{service}{part}{}", many(&|n| format!("\tlist match a{n}=b\n"), 2000)),
        format!("{service}{part}{}", many(&texts, 2000)),
        many(&|n| format!("\toption o{n} x\n"), 2000),
        many(&sites, 7),
        many(&beats, 64),
        format!("{service}{}", many(&lonely, 250)),
        many(&|n| format!("config source q{n}\n\toption site s\n"), 1000),
        many(&|n| format!("config component c{n}\n"), 2000),
        "config site s\n".repeat(3000),
        "config site s\n".repeat(SECTIONS_AGAIN) + &"\tlist publish_as json\n".repeat(1000),
        "config site s\nconfig source p\n\tlist x\n".repeat(1000),
    ] {
        let text = format!("{BASE}{more}");
        assert!(text.len() <= CONFIG_BYTES, "{}", text.len());
        let lines = text.lines().count();
        super::super::uci::read_since();
        let _ = load(text.as_bytes());
        let read = super::super::uci::read_since();
        // If there are more, the file is refused.
        let again = more.matches("config site s\n").count();
        let times = if again == SECTIONS_AGAIN { SECTIONS_AGAIN + 5 } else { 6 };
        assert!(read <= times * lines, "{read} of {lines} lines\n{}", more.lines().next().unwrap());
    }
}

/// What is read as one section by libuci is so here, and many such lines are refused.
#[test]
fn few_sections_go_on_further_down() {
    let go_on = |count: usize| load(format!("{BASE}{}", "config site s\n".repeat(count)).as_bytes());
    let (config, told) = go_on(SECTIONS_AGAIN);
    assert!(config.is_some() && told.is_empty(), "{told:?}");
    let (config, told) = go_on(SECTIONS_AGAIN + 1);
    let expected = format!(
        "41: there are more sections that go on further down (SECTIONS_AGAIN) than this build holds: at most {SECTIONS_AGAIN}"
    );
    assert!(config.is_none() && told == [expected], "{told:?}");
    // A section that goes on is looked through to its last line: what counts is the last of a name.
    let (config, _) = load(
        format!(
            "{BASE}config site s\n\toption title a\nconfig site t\n\tlist host t\n\toption title t\n\
             config site s\n\toption title b\n\tlist host h\nconfig site t\n\toption title ''\n"
        )
        .as_bytes(),
    );
    let config = config.unwrap();
    let title = |n: usize| config.str(config.sites[n].title.default);
    assert_eq!((title(0), title(1), config.hosts.len()), ("b", "t", 2));
}
