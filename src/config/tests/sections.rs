//! Sections: what is wrong within one, and between several.

use super::*;

#[test]
fn mistakes_in_components() {
    let second = "config source q\n\toption site s\n\tlist token \
         sha256:0202020202020202020202020202020202020202020202020202020202020202\n";
    let other = format!("config site t\n\tlist host t\n{}", second.replace("site s", "site t"));
    let part = "config component c\n\toption service wifi\n";
    for (more, expected) in [
        (format!("{WIFI}config component c\n"), &["3: 'config component c' lacks 'service'"][..]),
        // What is misspelt is not also missing, unless another option is meant.
        (
            format!("{WIFI}config component c\n\toption services wifi\n"),
            &["4: 'config component' has no option 'services'; did you mean 'service'?"],
        ),
        (
            format!("{WIFI}config component c\n\toption nmae C\n"),
            &[
                "3: 'config component c' lacks 'service'",
                "4: 'config component' has no option 'nmae'; did you mean 'name'?",
            ],
        ),
        (
            format!("{WIFI}config component c\n\toption service wfi"),
            &[
                "4: 'service' names 'wfi', but there is no 'config service' of that name; did you mean 'wifi'?",
            ],
        ),
        (
            format!("{WIFI}{part}\tlist source pp"),
            &["5: 'source' names 'pp', but there is no 'config source' of that name; did you mean 'p'?"],
        ),
        (format!("{WIFI}{part}\toption depends_on c"), &["5: component 'c' depends on itself"]),
        (format!("{WIFI}{part}\toption depends_on d"), &["5: 'depends_on' names 'd'"]),
        (
            format!(
                "{WIFI}{part}\toption depends_on d\n{}\toption depends_on c",
                part.replace("t c\n", "t d\n")
            ),
            &["5: component 'c' depends on itself, by way"],
        ),
        (
            format!("{WIFI}{part}{}\toption label c", part.replace("t c\n", "t d\n")),
            &["7: 'c' is there a second time as 'label'; each 'label' may stand once in a service"],
        ),
        (format!("{WIFI}{part}\tlist publish 'a b'"), &["5: 'a b' is no name of an annotation"]),
        (format!("{second}{WIFI}{part}"), &["6: component 'c' stands on a site with several sources"]),
        (
            format!("{second}\toption scope read\n{WIFI}{part}\tlist source q"),
            &["9: 'source' names 'q', which has scope 'read'"],
        ),
        (
            format!("{other}{WIFI}{part}\tlist source q"),
            &["10: 'source' names 'q', which belongs to another site"],
        ),
        (
            format!("config site t\n\tlist host t\n{}{part}", WIFI.replace("site s", "site t")),
            &["5: component 'c' stands on a site that no source"],
        ),
        (
            format!(
                "{other}{WIFI}{part}config service x\n\toption site t\nconfig component d\n\toption service x\n\toption depends_on c"
            ),
            &["14: 'depends_on' names 'c', which belongs to another site"],
        ),
    ] {
        check(&more, expected);
    }
    // A source that only reads does not make a component say who feeds it.
    check(&format!("{second}\toption scope read\n{WIFI}{part}"), &[]);
}

#[test]
fn an_edge_takes_no_token_that_reads() {
    let second = "config source q\n\toption site s\n\tlist token \
         sha256:0202020202020202020202020202020202020202020202020202020202020202\n";
    let reader = format!("{second}\toption scope read\n");
    let main = |edge: &str| format!("config aiglon main\n\toption edge {edge}\n");
    let refused = "source 'q' has scope 'read', and this device is an edge";
    check(&format!("{reader}{}", main("1")), &[&format!("4: {refused}")]);
    // Whichever stands first.
    check(&format!("{}{reader}", main("yes")), &[&format!("6: {refused}")]);
    let cure = problems(&format!("{reader}{}", main("1")));
    assert!(cure[0].contains("Put the source on a machine that nobody can take; or write option edge '0'"));
    for (file, edge) in [
        (format!("{second}{}", main("1")), Edge::Yes),
        (format!("{reader}{}", main("0")), Edge::No),
        (reader, Edge::Unsaid),
    ] {
        assert_eq!(good(&format!("{BASE}{file}")).main.edge, edge);
    }
    check(&main("maybe"), &["2: 'maybe' is no value for 'edge'; write 1 or 0"]);
}

#[test]
fn mistakes_in_heartbeats() {
    let beat = "config heartbeat h\n\toption source p\n\toption every 2m\n";
    let reader = "config source q\n\toption site s\n\toption scope read\n\tlist token sha256:0202020202020202020202020202020202020202020202020202020202020202\n";
    let other =
        format!("config site t\n\tlist host t\n{}\toption scope push\n", reader.replace("site s", "site t"));
    for (more, expected) in [
        (beat.to_string(), &[][..]),
        (
            "config heartbeat h".to_string(),
            &[
                "'config heartbeat h' lacks 'source'; say whose token",
                "lacks 'every'; say how often it comes",
            ],
        ),
        (format!("{beat}\toption every 5"), &["'every' has no unit: is '5' in seconds"]),
        (format!("{beat}\toption grace 0s"), &["'grace' may not be zero"]),
        (
            format!("{beat}\toption severity info"),
            &["'info' is no value for 'severity'; it is one of warning"],
        ),
        (format!("{beat}\toption severity bad"), &["'bad' is no value for 'severity'"]),
        (
            format!("{beat}\toption component c"),
            &["'component' names 'c', but there is no 'config component'"],
        ),
        (format!("{beat}\toption source r"), &["'source' names 'r', but there is no 'config source'"]),
        (format!("{reader}{beat}\toption source q"), &["'source' names 'q', which has scope 'read'"]),
        (
            format!(
                "{other}{WIFI}config component c\n\toption service wifi\n{beat}\toption component c\n\toption source q"
            ),
            &["'source' names 'q', which belongs to another site"],
        ),
        (
            format!("{beat}\toption every 3m"),
            &["4: this heartbeat comes less often than source 'p' is missed"],
        ),
        (format!("config source p\n\toption silent_after 5m\n{beat}\toption every 3m"), &[]),
        ("config heartbeat p\n".to_string(), &["'p' is already the name of a section of another type"]),
    ] {
        check(&more, expected);
    }
    let config = good(&format!("{BASE}{beat}"));
    let row = &config.heartbeats[0];
    assert_eq!((row.every, row.grace, row.severity), (Millis::from_mins(2), row.every, Severity::Outage));
    assert_eq!(config.heartbeat(SourceId(0), "h").map(|id| id.0), Some(0));
    assert_eq!((config.heartbeat(SourceId(1), "h"), config.heartbeat(SourceId(0), "H")), (None, None));
}

#[test]
fn mistakes_in_rules() {
    let rule = "config rule r\n\toption source p\n\toption measurement ping\n\toption field loss\n";
    for (more, expected) in [
        (
            "config rule r".to_string(),
            &["lacks 'source'", "lacks 'measurement'", "rule 'r' asks for nothing"][..],
        ),
        (rule.to_string(), &["1: rule 'r' asks for nothing; write above, below"]),
        (format!("{rule}\toption clear 5%"), &["asks for nothing"]),
        (format!("{rule}\toption absent 5m"), &[]),
        (format!("{rule}\toption absent 5m\n\toption clear 5"), &["asks for nothing"]),
        (format!("{rule}\toption above 50%"), &[]),
        (format!("{rule}\toption below -80dBm\n\toption clear -75dBm"), &[]),
        (format!("{rule}\toption above 50%\n\toption below 20%"), &["6: there is more than one of 'above'"]),
        (format!("{rule}\toption above 50 %"), &["too much on this line"]),
        (
            format!("{rule}\toption above lots"),
            &["5: 'lots' is no value for 'above'; write a number with its unit"],
        ),
        (format!("{rule}\toption above 5parsec"), &["5: '5parsec' is no value"]),
        (
            format!("{rule}\toption above 2m"),
            &["5: '2m' has a unit, but in what does the field itself count"],
        ),
        (format!("{rule}\toption unit s\n\toption above 2m"), &[]),
        (format!("{rule}\toption unit s\n\toption above 2"), &["6: '2' does not fit the unit of this rule"]),
        (format!("{rule}\toption unit s\n\toption above 2%"), &["6: '2%' does not fit the unit"]),
        (
            format!("{rule}\toption unit sec\n\toption above 2"),
            &["5: 'sec' is no value for 'unit'; it is one of %"],
        ),
        (
            format!("{rule}\toption outside 5%"),
            &["'5%' is no value for 'outside'; write a number with its unit, as -80dBm.."],
        ),
        (format!("{rule}\toption outside 5%..1%"), &["'5%..1%' is no value"]),
        (format!("{rule}\toption outside 1%..5%"), &[]),
        (
            format!("{rule}\toption above 50%\n\toption clear 60%"),
            &["6: '60%' would clear this rule where it still fires"],
        ),
        (format!("{rule}\toption below 50%\n\toption clear 40%"), &["'40%' would clear"]),
        (format!("{rule}\toption equals 5\n\toption clear 4"), &["'4' would clear"]),
        (format!("{rule}\toption above 5\n\toption for 0s"), &["'for' may not be zero"]),
        (
            format!("{rule}\toption above 5\n\toption aggregate mean"),
            &["'mean' is no value for 'aggregate'; it is one of any, all"],
        ),
        (
            format!("{rule}\toption above 5\n\toption aggregate count-distinct"),
            &["'count-distinct' counts the values of one tag"],
        ),
        (
            format!("{rule}\toption above 5\n\toption of mac"),
            &["'count-distinct' counts the values of one tag"],
        ),
        (format!("{rule}\toption absent 5m\n\toption of host\n\tlist expect a\n\tlist expect b"), &[]),
        (format!("{rule}\toption absent 5m\n\tlist expect a"), &["'expect' lists the values of one tag"]),
        (
            format!("{rule}\toption above 5\n\toption of host\n\tlist expect a"),
            &["7: 'a': 'expect' lists the values"],
        ),
        (
            format!(
                "{rule}\toption absent 5m\n\toption of host\n\tlist expect 02-00-00-aa-bb-cc\n\tlist expect a"
            ),
            &["7: '02-00-00-aa-bb-cc': 'expect' lists"],
        ),
        (
            format!("{rule}\toption absent 5m\n\toption of host{}", "\n\tlist expect a".repeat(EXPECTED + 1)),
            &["lines 'list expect' (EXPECTED)"],
        ),
        (
            format!("{rule}\toption above 5\n\toption match mac=02:00:00:00:00:01"),
            &["MAC addresses are masked"],
        ),
        (
            format!("{rule}\toption above 5\n\toption match ''\n\toption severity ok"),
            &["'ok' is no value for 'severity'"],
        ),
        (
            format!(
                "{WIFI}config component c\n\toption service wifi\n{rule}\toption component c\n\toption above 5\n\toption field clients"
            ),
            &["rule 'r' tells of people"],
        ),
        (
            format!(
                "{WIFI}config component c\n\toption service wifi\n{rule}\toption component c\n\toption above 5\n\toption match 'host=a type=if_octets'"
            ),
            &["rule 'r' tells of people"],
        ),
        (
            format!(
                "{WIFI}config component c\n\toption service wifi\nconfig rule r\n\toption source p\n\toption measurement interface\n\toption field rx\n\toption component c\n\toption above 5"
            ),
            &["rule 'r' tells of people"],
        ),
        (
            format!(
                "{WIFI}config component c\n\toption service wifi\nconfig rule r\n\toption source p\n\toption measurement interface\n\toption field rx\n\toption component c\n\toption above 5\n\toption match type=if_errors"
            ),
            &[],
        ),
        (
            format!(
                "{WIFI}config component c\n\toption service wifi\n{rule}\toption component c\n\toption absent 5m\n\toption of station\n\tlist expect phone"
            ),
            &["rule 'r' tells of people"],
        ),
        (
            format!(
                "{WIFI}config component c\n\toption service wifi\n{rule}\toption component c\n\toption above 5\n\toption of mac\n\toption aggregate count-distinct"
            ),
            &["rule 'r' tells of people"],
        ),
        (
            rule.replace("\toption field loss\n", "\toption above 5\n"),
            &["4: rule 'r' compares a number; say which"],
        ),
    ] {
        check(&more, expected);
    }
    let limits = |options: &str| {
        let config = good(&format!("{BASE}{rule}{options}"));
        let row = config.rules[0];
        (row.limit.low, row.clear.low)
    };
    for (options, expected) in [
        ("\toption above 50.5%\n", (50_500_000, 50_500_000)),
        ("\toption clear 1m\n\toption above 2m\n\toption unit s\n", (120_000_000, 60_000_000)),
        ("\toption unit ms\n\toption above 0.5s\n", (500_000_000, 500_000_000)),
        ("\toption unit s\n\toption above 250ms\n", (250_000, 250_000)),
        ("\toption unit h\n\toption below 14d\n", (336_000_000, 336_000_000)),
        ("\toption unit KiB\n\toption below 1MiB\n", (1_024_000_000, 1_024_000_000)),
        ("\toption unit B/s\n\toption above 8Mbit/s\n", (1_000_000_000_000, 1_000_000_000_000)),
        ("\toption above -3\n", (-3_000_000, -3_000_000)),
    ] {
        assert_eq!(limits(options), expected, "{options}");
    }
}

#[test]
fn sections_that_merge_and_sections_without_names() {
    let config = good(
        "config listen\n\toption address [::]:1\n\toption serve page\n\
         config site a\n\tlist host a\n\
         config listen\n\toption address [::]:2\n\toption serve ingest\n\
         config listen x\n\toption serve metrics\n\
         config site 'b'\n\toption visibility public\n\
         config \"listen\" 'x'\n\toption address unix:/run/x\n\
         config site a\n\toption title A\n\
         config aiglon main\n\toption clock ntp\n",
    );
    let listeners: Vec<_> = config.listeners.iter().map(|row| (config.str(row.name), row.serve)).collect();
    let roles = |n| ListenerRoles { page: n == 0, ingest: n == 1, metrics: n == 2 };
    assert_eq!(listeners, [("", roles(0)), ("", roles(1)), ("x", roles(2))]);
    assert!(matches!(config.listeners[1].address, Address::Tcp(address) if address.port() == 2));
    assert!(matches!(config.listeners[2].address, Address::Unix(path) if config.str(path) == "/run/x"));
    assert_eq!(config.str(config.sites[0].title.default), "A");
    assert_eq!(config.sites[1].visibility, Visibility::Public);
    assert_eq!(config.main.clock, Clock::Ntp);
}

#[test]
fn what_is_there_twice_is_told() {
    let told = |file: &str| load_but(file.as_bytes(), &[]);
    let more = "config component c\n\toption service v\nconfig component c\n\toption name 'other'\n\
        config service v\n\toption site s\n\toption name a\n\toption name b\n";
    let (config, problems) = told(&format!("{BASE}{more}"));
    assert_eq!(config.unwrap().components.len(), 1);
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(
        problems[0].contains("there is a 'config component' named 'c' further up already"),
        "{problems:?}"
    );
    assert!(problems[1].contains("'name' stands in this section again further down"), "{problems:?}");
}

#[test]
fn a_list_that_is_written_as_an_option_is_told() {
    let told = |file: &str| load_but(file.as_bytes(), &[]);
    let (config, problems) = told(&BASE.replace("list token", "option token"));
    assert!(config.is_some_and(|config| config.tokens.len() == good(BASE).tokens.len()));
    assert!(
        !problems.is_empty() && problems.iter().all(|told| told.contains("write 'list token'")),
        "{problems:?}"
    );
}

/// A service hides its components. One whose components are all hidden is hidden, too: it would be
/// one without parts.
#[test]
fn what_no_page_shows_is_hidden_with_all_of_its_parts() {
    let config = |wifi: &str, north: &str, south: &str| {
        let text = std::format!(
            "config listen l\n\toption address [::]:80\n\tlist serve page\nconfig site t\nconfig source p\n\toption site t\n\
             \tlist token sha256:{}\nconfig service wifi\n\toption site t\n{wifi}\n\
             config component north\n\toption service wifi\n{north}\n\
             config component south\n\toption service wifi\n{south}\n\
             config service mail\n\toption site t\nconfig component inbox\n\toption service mail\n",
            "0".repeat(64)
        );
        let mut config = std::boxed::Box::new(Config::new());
        let mut problems = Problems::new();
        config.load(text.as_bytes(), &mut problems).unwrap_or_else(|_| panic!("{text}"));
        let services = [0, 1].map(|at| config.services[at].hidden);
        (services, [0, 1, 2].map(|at| config.components[at].hidden))
    };
    let (shown, hidden) = ("\toption page 1", "\toption page '0'");
    for (wifi, north, south, expected) in [
        ("", "", "", ([false, false], [false, false, false])),
        (shown, shown, "\toption page yes", ([false, false], [false, false, false])),
        ("", hidden, "", ([false, false], [true, false, false])),
        ("", hidden, "\toption page off", ([true, false], [true, true, false])),
        (hidden, "", shown, ([true, false], [true, true, false])),
    ] {
        assert_eq!(config(wifi, north, south), expected, "{wifi} {north} {south}");
    }
}
