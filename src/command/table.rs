//! Every command, in one table: help, mistakes and completion come from it, and so does what a line
//! may hold.

/// What a command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the table says what each is")]
pub enum Verb {
    Status,
    Incidents,
    Incident,
    Open,
    Update,
    Resolve,
    Reopen,
    Acknowledge,
    Amend,
    Retitle,
    Merge,
    Redact,
    Maintenance,
    Maintain,
    EndMaintenance,
    Banner,
    SetBanner,
    ClearBanner,
    Undo,
    Sites,
    Services,
    Sources,
    Heartbeats,
    Rules,
    Phrases,
    WhoAmI,
    Alerts,
    Release,
    Limits,
    Export,
    Import,
    ListSites,
    GetSiteConfig,
    SetSiteConfig,
    Help,
    Quit,
}

/// A part of what follows a command's name, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the table says what each is")]
pub enum Arg {
    Topic,
    AnySite,
    Site,
    Number,
    Into,
    Planned,
    Alert,
    Step,
    Phase,
    Service,
    Level,
    Title,
    Words,
    MaybeWords,
    Yaml,
    Window,
    Repeat,
    Forced,
    All,
}

/// How an argument is told.
pub struct ArgRow {
    /// Which.
    pub arg: Arg,
    /// In a usage; one that may be left out begins with `[`.
    pub usage: &'static str,
    /// In an example; empty: left out.
    pub example: &'static str,
    /// As the end of "it needs ".
    pub noun: &'static str,
}

const fn arg(arg: Arg, usage: &'static str, example: &'static str, noun: &'static str) -> ArgRow {
    ArgRow { arg, usage, example, noun }
}

/// All arguments, in the order of [`Arg`].
pub static ARGS: [ArgRow; 19] = [
    arg(Arg::Topic, "[COMMAND]", "update", "a command"),
    arg(Arg::AnySite, "[SITE]", "", "a site, or nothing ('sites' lists them)"),
    arg(Arg::Site, "SITE", "status.example.org", "a site ('sites' lists them)"),
    arg(Arg::Number, "ID", "12", "the number or the service of an incident ('incidents' lists them)"),
    arg(Arg::Into, "into ID", "into 11", "'into' and the number or the service of another incident"),
    arg(Arg::Planned, "ID", "3", "the number of a maintenance ('maintenance' lists them)"),
    arg(Arg::Alert, "ID", "7", "the number of an alert ('alerts' lists them)"),
    arg(Arg::Step, "[STEP]", "2", "the number of a step ('incident' shows them)"),
    arg(
        Arg::Phase,
        "[investigating|identified|monitoring|resolved]",
        "identified",
        "how far you are: investigating, identified, monitoring or resolved",
    ),
    arg(Arg::Service, "SERVICE[/COMPONENT]", "wifi", "a service ('services' lists them)"),
    arg(Arg::Level, "[outage|degraded]", "outage", "how bad it is: outage or degraded"),
    arg(Arg::Title, "\"TITLE\"", "\"No power\"", "a title in quotes"),
    arg(
        Arg::Words,
        "\"WORDS\"",
        "\"Somebody is on the way.\"",
        "words in quotes, a phrase as in --say power-cut, or text on standard input",
    ),
    arg(Arg::MaybeWords, "[\"WORDS\"]", "\"Somebody is on the way.\"", "words in quotes"),
    arg(Arg::Yaml, "YAML", "\"force_state: true\"", "YAML with message and force_state, on standard input"),
    arg(
        Arg::Window,
        "TIME [to] TIME",
        "monday 9:00 2h",
        "two times (now, 18:30, tomorrow 18:30, monday 9:00, \"2026-11-21 18:30\" or RFC 3339), the second perhaps \
         as +2h",
    ),
    arg(Arg::Repeat, "[weekly|monthly]", "weekly", "how it repeats: weekly or monthly"),
    arg(
        Arg::Forced,
        "[operational|degraded|outage|maintenance]",
        "degraded",
        "a state: operational, degraded, outage or maintenance",
    ),
    arg(Arg::All, "[--all]", "", "nothing more"),
];

impl Arg {
    /// How it is told.
    pub fn row(self) -> &'static ArgRow {
        // The table has every argument (a test sees to that).
        ARGS.get(self as usize).unwrap_or(&ARGS[0])
    }
    /// Whether it may be left out.
    pub fn optional(self) -> bool {
        self.row().usage.starts_with('[')
    }
}

/// Who may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    /// Whoever may touch the site.
    Operator,
    /// An administrator of the site.
    Admin,
    /// The owner of the daemon, or an administrator of all sites: it concerns them all.
    Whole,
}

/// One command.
pub struct Row {
    /// What it does.
    pub verb: Verb,
    /// Its name: one word or two.
    pub name: &'static str,
    /// What follows.
    pub args: &'static [Arg],
    /// Who may.
    pub needs: Needs,
    /// Whether it may promise the next news.
    pub promises: bool,
    /// What it is for, in one line.
    pub help: &'static str,
}

const fn row(verb: Verb, name: &'static str, args: &'static [Arg], help: &'static str) -> Row {
    Row { verb, name, args, needs: Needs::Operator, promises: false, help }
}

impl Row {
    const fn needs(mut self, needs: Needs) -> Self {
        self.needs = needs;
        self
    }
    const fn promises(mut self) -> Self {
        self.promises = true;
        self
    }
    /// The first word of its name, and the second if there is one.
    pub fn words(&self) -> (&'static str, &'static str) {
        self.name.split_once(' ').unwrap_or((self.name, ""))
    }
    /// Whether people can say something with it.
    pub fn speaks(&self) -> bool {
        self.args.iter().any(|arg| matches!(arg, Arg::Words | Arg::MaybeWords | Arg::Yaml))
    }
    /// Whether an option says something about its words.
    pub fn takes(&self, option: &CommandOption) -> bool {
        match option.about {
            About::Line => false,
            // Phrases are none of prometheus-adlermanager's.
            About::Phrases => !self.args.contains(&Arg::Yaml),
            About::Promises => self.promises,
            About::Words => true,
        }
    }
}

/// All commands, in the order of help. Those of two words stand with those of their first word
/// alone.
pub static ROWS: [Row; 39] = [
    row(Verb::Status, "status", &[Arg::AnySite, Arg::All], "what the page says now, what is not well first"),
    row(
        Verb::Incidents,
        "incidents",
        &[Arg::AnySite, Arg::All],
        "open incidents; --all: those that ended, too",
    ),
    row(Verb::Incident, "incident", &[Arg::Number], "all about one, with the numbers of its steps"),
    row(
        Verb::Open,
        "incident open",
        &[Arg::Service, Arg::Level, Arg::Title, Arg::MaybeWords],
        "the same as 'open'",
    )
    .promises(),
    row(
        Verb::Open,
        "open",
        &[Arg::Service, Arg::Level, Arg::Title, Arg::MaybeWords],
        "begin an incident by hand; it stays until you resolve it",
    )
    .promises(),
    row(
        Verb::Update,
        "update",
        &[Arg::Number, Arg::Phase, Arg::Words],
        "say something about it; without a phase it keeps the last",
    )
    .promises(),
    row(Verb::Resolve, "resolve", &[Arg::Number, Arg::MaybeWords], "say that an incident is over"),
    row(Verb::Reopen, "reopen", &[Arg::Number, Arg::MaybeWords], "say that it is not over after all"),
    row(Verb::Acknowledge, "ack", &[Arg::Number], "tell the others here that you have seen it"),
    row(
        Verb::Amend,
        "amend",
        &[Arg::Number, Arg::Step, Arg::Words],
        "say otherwise: the last update, or that step",
    ),
    row(
        Verb::Retitle,
        "retitle",
        &[Arg::Number, Arg::Title],
        "call it something else; \"\": by its components",
    ),
    row(Verb::Merge, "merge", &[Arg::Number, Arg::Into], "make an incident a part of another one"),
    row(Verb::Redact, "redact", &[Arg::Number], "remove it and every word about it, from flash as well"),
    row(Verb::Maintenance, "maintenance", &[], "planned work, present and to come"),
    row(
        Verb::Maintain,
        "maintenance add",
        &[Arg::Service, Arg::Window, Arg::Repeat, Arg::MaybeWords],
        "announce planned work",
    ),
    row(Verb::EndMaintenance, "maintenance end", &[Arg::Planned], "end it now, for good if it repeats"),
    row(Verb::EndMaintenance, "maintenance cancel", &[Arg::Planned], "the same"),
    row(Verb::Banner, "banner", &[], "what stands at the top of the page"),
    row(
        Verb::SetBanner,
        "banner set",
        &[Arg::Forced, Arg::MaybeWords],
        "put words there, or a state over what monitoring says",
    ),
    row(Verb::ClearBanner, "banner clear", &[], "take it away"),
    row(Verb::Undo, "undo", &[], "take back the last thing that you did, for ten minutes"),
    row(Verb::Sites, "sites", &[], "the sites that you may touch"),
    row(Verb::Services, "services", &[Arg::AnySite], "services and components, by the names to use here"),
    row(Verb::Sources, "sources", &[], "who reports to us, and when they were last heard"),
    row(Verb::Heartbeats, "heartbeats", &[Arg::AnySite], "signs of life that are owed, and which are late"),
    row(Verb::Rules, "rules", &[Arg::AnySite], "thresholds on samples, and which of them fire"),
    row(Verb::Phrases, "phrases", &[], "sentences for --say, which the page tells in every language"),
    row(Verb::WhoAmI, "whoami", &[Arg::All], "who you are, what you may touch; --all: and what goes on"),
    row(Verb::Alerts, "alerts", &[Arg::AnySite], "what the sources say; its labels are for administrators"),
    row(Verb::Release, "release", &[Arg::Alert], "end what a source says, until it says it again"),
    row(Verb::Limits, "limits", &[], "every store: how full, and how often it was too full")
        .needs(Needs::Whole),
    row(Verb::Export, "export", &[], "all state as an archive, on standard output").needs(Needs::Whole),
    row(Verb::Import, "import", &[], "replace all state by an archive from standard input")
        .needs(Needs::Whole),
    row(Verb::ListSites, "list_sites", &[], "the sites as prometheus-adlermanager tells them, in YAML"),
    row(
        Verb::GetSiteConfig,
        "get_site_config",
        &[Arg::Site],
        "message and force_state, as prometheus-adlermanager says",
    ),
    row(
        Verb::SetSiteConfig,
        "set_site_config",
        &[Arg::Site, Arg::Yaml],
        "take those as YAML from standard input; see 'banner set'",
    ),
    row(Verb::Help, "help", &[Arg::Topic], "the everyday commands, 'help all', or about one command"),
    row(Verb::Quit, "quit", &[], "leave"),
    row(Verb::Quit, "exit", &[], "leave"),
];

/// What an option says something about.
pub enum About {
    /// The whole line.
    Line,
    /// What is said.
    Words,
    /// What is said, where phrases may say it.
    Phrases,
    /// What is promised, where something may be.
    Promises,
}

/// An option; it may stand anywhere on the line.
pub struct CommandOption {
    /// With its dashes.
    pub name: &'static str,
    /// What follows it; empty: nothing.
    pub value: &'static str,
    /// With which commands help tells of it.
    pub about: About,
    /// What it is for, in one line.
    pub help: &'static str,
}

/// The options, in the order of their use in [`super::parse`].
pub static OPTIONS: [CommandOption; 7] = [
    CommandOption {
        name: "--say",
        value: "PHRASE",
        about: About::Phrases,
        help: "a sentence that the page tells in every language, in place of words ('phrases')",
    },
    CommandOption {
        name: "--lang",
        value: "TAG",
        about: About::Words,
        help: "the language of your words, as fr or ar; without it, the site's",
    },
    CommandOption {
        name: "--site",
        value: "SITE",
        about: About::Words,
        help: "on which site, where a number or a command could mean several",
    },
    CommandOption {
        name: "--next",
        value: "TIME",
        about: About::Promises,
        help: "when you promise the next news: 4:30, \"tomorrow 9:00\" or +2h; the page says if it passes",
    },
    CommandOption { name: "--json", value: "", about: About::Line, help: "answer in JSON" },
    CommandOption { name: "--yes", value: "", about: About::Line, help: "do not ask" },
    CommandOption {
        name: "--all",
        value: "",
        about: About::Line,
        help: "of 'incidents': those that ended, too; of 'status': what is well; of 'whoami': what goes on",
    },
];

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    #[test]
    fn an_option_goes_with_the_commands_that_the_table_says_whatever_its_value_is_called() {
        let with = |option: &CommandOption| {
            let rows = ROWS.iter().filter(|row| row.speaks() && row.takes(option));
            rows.map(|row| row.name).collect::<Vec<_>>()
        };
        let speaking = |row: &&Row| row.speaks();
        let all: Vec<_> = ROWS.iter().filter(speaking).map(|row| row.name).collect();
        for value in ["TIME", "PHRASE", "X"] {
            let option = |about| CommandOption { name: "--x", value, about, help: "" };
            assert_eq!(with(&option(About::Promises)), ["incident open", "open", "update"]);
            assert_eq!(with(&option(About::Words)), all);
            assert_eq!(with(&option(About::Phrases)).len(), all.len() - 1);
            assert!(with(&option(About::Line)).is_empty());
        }
        for option in &OPTIONS {
            assert_eq!(matches!(option.about, About::Line), option.value.is_empty(), "{}", option.name);
        }
        let [.., next, _, _, _] = &OPTIONS;
        assert_eq!((next.name, with(next).len()), ("--next", 3));
    }

    #[test]
    fn the_tables_agree() {
        for (index, row) in ARGS.iter().enumerate() {
            assert_eq!(row.arg as usize, index);
        }
        for row in &ROWS {
            // A list of commands fits 80 columns.
            assert!(row.name.len() <= 18 && row.help.len() <= 60, "{}: {}", row.name, row.help.len());
            assert!(row.name.bytes().all(|b| b.is_ascii_lowercase() || b == b' ' || b == b'_'));
            // What is not optional comes before what is, or is told apart by its form.
            if let Some(at) = row.args.iter().position(|arg| matches!(arg, Arg::Words | Arg::MaybeWords)) {
                assert_eq!(at + 1, row.args.len(), "{}: words take the rest of the line", row.name);
            }
        }
        for pair in ROWS.windows(2) {
            let (a, b) = (pair[0].words(), pair[1].words());
            // A first word of two names stands once alone, before the others.
            if !b.1.is_empty() {
                assert_eq!(a.0, b.0);
            }
        }
    }
}
