//! `config.example` is right, and says what counts without it.

use super::*;
use crate::config::loader::{Merged, Walk};
use crate::config::schema::{self, FoundOption};
use crate::config::uci::{Keyword, Statements};

#[test]
fn the_example_is_right() {
    let (config, problems) = load(EXAMPLE);
    assert_eq!(problems, [""; 0]);
    let config = config.unwrap();
    assert_eq!(config.str(config.main.state_dir), "/etc/aiglon");
    assert_eq!(config.sites.len(), 1);
    assert_eq!(config.services.len(), 4);
    assert_eq!(config.user_keys.len(), 2);
    let site = config.sites[0];
    assert_eq!(config.text(&site.title, Lang::Fr), "Antennes solidaires");
    assert_eq!(config.text(&site.title, Lang::Ar), "هوائيات التضامن");
    assert!(config.text(&site.intro, Lang::Fr).contains("s'en occupent"));
    for part in &config.components {
        assert!(!part.feeders.is_empty());
        assert!(config.text(&part.title, Lang::Ar).chars().any(|c| c >= '\u{600}'), "said in Arabic");
    }
    let north = config.components[1];
    assert_eq!(config.str(north.label), "heron-north");
    assert_eq!(north.depends_on, Some(ComponentId(0)));
}

fn example_path(config: &Config) -> Span {
    match config.main.console {
        Console::At(path) if config.str(path) == "/etc/aiglon/console.sock" => path,
        _ => panic!("the example names the default"),
    }
}

/// What the daemon does without an option is what the example says it does.
#[test]
fn the_example_says_the_defaults() {
    let (config, _) = load(EXAMPLE);
    let (example, plain) = (config.unwrap(), good(BASE));
    assert_eq!(example.str(example.main.state_dir), plain.str(plain.main.state_dir));
    assert_eq!(example.main.resolve_after, plain.main.resolve_after);
    assert_eq!(example.main.default_severity, plain.main.default_severity);
    assert_eq!(example.main.clock, plain.main.clock);
    // It is written for the small build.
    assert_eq!(example.main.journal_size, crate::limits::JOURNAL_BYTES_SMALL);
    assert_eq!(plain.main.journal_size, JOURNAL_BYTES);
    assert_eq!(example.main.console, Console::At(example_path(&example)));
    assert_eq!(plain.main.console, Console::InStateDir);
    assert!(plain.main.console_group.is_empty());
    assert_eq!((example.main.edge, plain.main.edge), (Edge::No, Edge::Unsaid));
    let site = |config: &Config| {
        let site = config.sites[0];
        (site.retain_days, site.settle, site.grouping, site.no_data_after)
    };
    assert_eq!(site(&example), site(&plain));
    assert_eq!(site(&plain), (90, Millis(300_000), Millis(3_600_000), Millis(900_000)));
    assert_eq!(example.listeners[0].plaintext, plain.listeners[0].plaintext);
    assert_eq!(example.sites[0].visibility, plain.sites[0].visibility);
    assert_eq!(example.sources[0].scope, plain.sources[0].scope);
    assert_eq!(example.sources[0].silent_after, plain.sources[0].silent_after);
    assert_eq!(example.sources[0].resync, plain.sources[0].resync);
    assert_eq!(example.sources[1].repeat_within, plain.sources[0].repeat_within);
    assert_eq!(plain.sources[0].repeat_within, Millis(16_200_000));
    assert_eq!(plain.main.resolve_after, Millis(300_000));
    assert_eq!(plain.str(plain.sites[0].title.default), "s");
    assert_eq!(plain.sites[0].timezone, Tz::default());
}

#[test]
fn the_example_has_every_option() {
    let text = core::str::from_utf8(EXAMPLE).unwrap().replace("\n#\t", "\n\t");
    let (mut config, mut problems) = (std::boxed::Box::new(Config::new()), Problems::new());
    config.load(EXAMPLE, &mut problems).unwrap();
    let mut walk = Walk::new(Statements::new(text.as_bytes()).unwrap(), Merged::new());
    let mut seen = Vec::new();
    while let Some((statement, section)) = walk.next(&config) {
        let Some(Section { kind, .. }) = section.filter(|_| statement.keyword != Keyword::Config) else {
            continue;
        };
        let mut buffer = [0; CONFIG_NAME_BYTES];
        match schema::find(kind, statement.name.read(&mut buffer).unwrap()) {
            FoundOption::Option(row, lang) => seen.push((kind, row.name, lang)),
            _ => panic!("line {}: unknown option", statement.line),
        }
    }
    for row in &schema::OPTIONS {
        assert!(seen.contains(&(row.section, row.name, None)), "{} {}", row.section.name(), row.name);
    }
    // French is what it says without a language.
    for lang in [Lang::En, Lang::Ar, Lang::Nl] {
        assert!(seen.contains(&(Type::Component, "name", Some(lang))), "{}", lang.tag());
    }
}
