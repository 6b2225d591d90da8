//! Every capacity and time limit, with its unit, its reason and its cost in bytes. No other module
//! sets one.
//!
//! Stores are zeroed statics. A page of memory becomes resident when it is first used. So a cost is
//! a ceiling, and an idle daemon holds less. `const` assertions below keep the relations between
//! them. `docs/limits.md` has these constants as tables (`tests/papers`).

use crate::time::Millis;

// ---- configuration ------------------------------------------------------------------------------

/// Bytes of one configuration file. One buffer of this size takes the whole file.
pub const CONFIG_BYTES: usize = 65_536;
/// Bytes of unescaped text (names, titles, matchers) that one [`Config`](crate::config::Config)
/// holds. Two configurations exist during a reload: 2 x 48 KiB. A [`Span`](crate::text::Span) is 16
/// bits wide.
pub const CONFIG_TEXT_BYTES: usize = 49_152;
/// Bytes of one configuration value without its quotes. An `intro` in Arabic of 2,000 letters fits,
/// and so does an RSA key of 16,384 bits (2,750). On the stack while a file is read.
pub const CONFIG_VALUE_BYTES: usize = 4096;
/// Bytes of a section's name or type, or of an option's name. On the stack.
pub const CONFIG_NAME_BYTES: usize = 64;
/// Mistakes reported at once. Further ones are counted.
pub const PROBLEMS: usize = 64;
/// Bytes copied of each of the two words that a mistake names. A mistake has about 350 bytes, and
/// all have 22 KiB.
pub const PROBLEM_WORD_BYTES: usize = 128;
/// Bytes of the path of a unix socket. Linux's `sun_path` is 108, with a NUL at its end.
pub const UNIX_PATH_BYTES: usize = 107;
/// The longest span of time in the configuration, in seconds: 30 days. It fits
/// [`Millis`](crate::time::Millis).
pub const DURATION_SECS: u32 = 30 * 86_400;
/// Characters that the secret path of an unlisted site has at least: 96 bits when chosen at random.
pub const SECRET_CHARS_MIN: usize = 16;
/// `check` warns if `silent_after` has fewer seconds, because a healthy Prometheus would be called
/// silent. With the common minute of evaluation it repeats every two minutes.
pub const SILENT_SECS_MIN: u32 = 180;
/// Bytes of a host name (RFC 1035, 2.3.4, without the dot at its end).
pub const HOST_BYTES: usize = 253;
/// Bytes of the address of a site's page (`option url`). Each link of a feed begins with it.
pub const SITE_URL_BYTES: usize = 200;
/// Sites of one daemon.
pub const SITES: usize = 8;
/// Lines `config` that go on with a section which began further up. libuci reads both as one. After
/// each of them, the rest of the file is looked through.
pub const SECTIONS_AGAIN: usize = 32;
/// Host names over all sites.
pub const HOSTS: usize = 32;
/// Listening sockets.
pub const LISTENERS: usize = 8;
/// Sources. Each has one bit in a [`SourceSet`](crate::model::SourceSet).
pub const SOURCES: usize = 32;
/// Tokens over all sources, so that each may be rotated. 33 bytes each.
pub const TOKENS: usize = 64;
/// Services over all sites.
pub const SERVICES: usize = 64;
/// Components over all services. Each has one bit in a
/// [`ComponentSet`](crate::model::ComponentSet).
pub const COMPONENTS: usize = 256;
/// `list match` lines over all components.
pub const MATCHES: usize = 512;
/// `list ignore` lines over all sources. 8 bytes each.
pub const IGNORES: usize = 64;
/// Terms over all `list match` and `list ignore` lines.
pub const TERMS: usize = 1024;
/// `list publish` lines over all components.
pub const PUBLISHED: usize = 512;
/// Texts in one language (`option name_fr`) over all sections. 8 bytes each. Every name of 64
/// services and 256 components fits in three languages beside the one that is for all.
pub const TRANSLATIONS: usize = 1024;
/// Heartbeats (`config heartbeat`). 48 bytes each in the configuration and the engine.
pub const HEARTBEATS: usize = 64;
/// Rules (`config rule`). Each has one bit in the set of rules that ask for a sample. About 170
/// bytes each in the configuration and the engine.
pub const RULES: usize = 32;
/// Users.
pub const USERS: usize = 32;
/// SSH keys over all users.
pub const USER_KEYS: usize = 64;

/// Values of tags that rules expect (`list expect`), over all rules: 500 antennas fit one rule. 6
/// bytes each in the configuration, and 9 in the engine.
pub const EXPECTED: usize = 512;

// ---- time ---------------------------------------------------------------------------------------

/// Bytes of a time zone's abbreviation. POSIX asks for 6 at least. The zone database has none
/// beyond 5.
pub const ABBREVIATION_BYTES: usize = 8;

// ---- ingest -------------------------------------------------------------------------------------

/// Bytes of one JSON string, key or number that are kept. A longer one is cut at a character.
pub const TOKEN_BYTES: usize = 1024;
/// Nesting of JSON. Alertmanager's payload needs 4, Grafana's 5.
pub const JSON_DEPTH: usize = 16;
/// Labels and annotations of one alert. Prometheus allows more; people write about twelve.
pub const ALERT_PAIRS: usize = 64;
/// Bytes of all names and values of labels and annotations of one alert, while it is read.
pub const ALERT_BYTES: usize = 8192;

/// Bytes of one name or value of a sample that are kept while it is read. Of a longer value, the
/// beginning counts. Telegraf's longest names have about 40.
pub const LINE_TOKEN_BYTES: usize = 256;
/// Bytes of the names and values of one sample that rules ask for.
pub const SAMPLE_BYTES: usize = 512;
/// Series whose last value rules know, over all rules: a rule on the signal of each radio has one
/// series for each. 32 bytes each: 6 KiB. A rule that finds no room for a series no longer says
/// that all is well.
pub const SERIES: usize = 192;
/// How long the last value of a series counts if its rule does not say `absent`.
pub const SERIES_LIFE: Millis = Millis::from_mins(5);
/// A sample that is older than the last of its series came late, and its value is dropped. If so
/// many late samples follow each other, the sender's clock was put back: two minutes, at one every
/// ten seconds.
pub const LATE_SAMPLES: u8 = 12;
/// If a sample is later than our clock by more than a day, in seconds, its time has another unit.
pub const TIME_AHEAD_SECS: i64 = 86_400;
/// After a change of the key that tells series apart, rules wait so long until all series have come
/// again.
pub const REKEY_HOLD: Millis = Millis::from_mins(2);
/// The life of that key.
pub const REKEY_EVERY: Millis = Millis::from_mins(24 * 60);
/// Bodies that each source may send at the same time, however many others send. It may send more
/// while half of the readers, or of what unpacks bodies, is free.
pub const TURNS_EACH: u8 = 2;
/// Compressed bodies that are unpacked at the same time. 43 KiB each when used.
pub const GUNZIPS: usize = 2;
/// For all of a compressed body. Telegraf's has 30 KB at most, and others wait for what unpacks it.
pub const GUNZIP_TIME: Millis = Millis::from_secs(60);
/// Bodies of samples that are read at the same time, each with a reader of its own (about 1.4 KiB).
pub const LINE_READERS: usize = 8;
/// Bytes of a body of samples after it is unpacked. More is answered 413. Telegraf's usual batch of
/// 1,000 has about 300,000.
pub const GUNZIP_BYTES: u64 = 16_777_216;
/// The work of one turn: bytes of bodies that are read, weighed as below. About three million
/// instructions at most. Others are served after a turn. Bodies that are read at the same time
/// share it.
pub const TURN_WORK: u32 = 16_384;
/// Bytes of a body that are looked at between two looks at the work done. Also what is unpacked at
/// once.
pub const PIECE_BYTES: usize = 512;
/// An alert, a sample that a rule asks for and a mistake weigh as much as so many bytes. Each of
/// them may change 256 components.
pub const EVENT_WORK: u32 = 256;
/// A packed byte weighs as much as so many others. A block without content takes 12 of them, and
/// costs 20,000 instructions.
pub const PACKED_WORK: u32 = 16;
/// Bytes of an alert weigh as much as twice as many if so many lines of the configuration match
/// alerts, and so on. A glob looks at each byte of a label.
pub const MATCHES_WORK: u32 = 32;
/// The same for rules, which look at each sample.
pub const RULES_WORK: u32 = 8;
/// A piece weighs as much as so many bytes besides. Chunks of one byte are pieces.
pub const PIECE_WORK: u32 = 64;
/// Bytes of the window of one body that is unpacked (RFC 1951, section 2).
pub const GUNZIP_WINDOW_BYTES: usize = 32_768;
/// Tags of one sample that rules ask for.
pub const SAMPLE_TAGS: usize = 8;
/// Fields of one sample that rules ask for.
pub const SAMPLE_FIELDS: usize = 16;

// ---- the store of alerts ------------------------------------------------------------------------

/// Live alerts over all sources. 392 bytes each, and 4 of the index: 396 KiB when full.
pub const ALERTS: usize = 1024;
/// Bytes kept of one alert: its name, and the labels and annotations that a matcher or `publish`
/// names.
pub const KEPT_BYTES: usize = 256;

/// How long an end is remembered, because Prometheus says "resolved" again for 15 minutes after it.
pub const ENDED_MEMORY: Millis = Millis::from_mins(20);
/// A "firing" that comes so soon after an end, with the start that ended, is old news of another
/// member. Alertmanagers of a cluster wait 15 seconds for each other (`--cluster.peer-timeout`),
/// and send in turn what waits.
pub const OLD_NEWS: Millis = Millis::from_mins(2);
/// How long a promise of `endsAt` is believed at most, because a script may say 2099.
pub const PROMISE_MOST: Millis = Millis::from_mins(24 * 60);
/// An alert ended unresolved. Its component is well again when its source has been heard for so
/// long without it. A restarted Prometheus re-pends an alert for its whole `for`, commonly up to 15
/// minutes.
pub const EXPIRED_QUIET: Millis = Millis::from_mins(15);
/// The last word of that source is no older than this, because `silent_after` can be a day.
pub const EXPIRED_HEARD: Millis = Millis::from_mins(5);
/// Two messages closer than this are one message twice, and no repetition. Prometheus repeats after
/// a minute (`--rules.alert.resend-delay`).
pub const REPEAT_LEAST: Millis = Millis::from_secs(10);
/// An alert's `startsAt` is believed for "since" if it is not older than this: half a year.
pub const SINCE_DAYS: u32 = 183;
/// The engine asks to be woken no more often than this.
pub const WAKE_LEAST: Millis = Millis::from_secs(1);

/// Components that the durable record of one alert lists. Of more, it says "all that its source
/// feeds".
pub const DURABLE_COMPONENTS: usize = 64;
/// Bytes of the durable record of one alert.
pub const DURABLE_BYTES: usize = 560;

/// If a heartbeat comes this rarely or more rarely, it is written down when it comes. So a restart
/// does not forget it for a day.
pub const BEAT_KEPT_EVERY: Millis = Millis::from_mins(6 * 60);
/// Between two writes of a heartbeat that comes and does not fail. There are exceptions. A failure
/// after a success is written at once. If it comes every [`BEAT_KEPT_EVERY`] or more rarely, it is
/// also written at once when it becomes late. For the end of a failure see [`BEAT_REST`]. 64
/// heartbeats that come every minute, and fail every other time, cost the flash 56 KB in a day. One
/// nightly job costs 90 bytes (JFFS2; see the tests of `flash_wear`).
pub const BEAT_WRITE: Millis = Millis::from_mins(3 * 60);
/// Heartbeats that are owed this rarely or more rarely write the end of a failure at once. Two ends
/// are written at least half of `every` apart. If a heartbeat is owed more often, its end waits for
/// [`BEAT_WRITE`], because it heals soon. 64 heartbeats that are owed every hour, and flap every
/// minute, cost the flash 180 KB in a day.
pub const BEAT_REST: Millis = Millis::from_mins(60);
/// Between two writes that tell the end of one rule, if that has two limits. 32 rules that fire and
/// end every minute cost the flash 123 KB in a day (JFFS2). If the plug is pulled before an end is
/// written, a value between the two limits fires until it is beyond `clear`.
pub const RULE_REST: Millis = Millis::from_mins(60);

// ---- HTTP ---------------------------------------------------------------------------------------

/// Bytes of a request head, request line included. More is answered 431. It is also a connection's
/// read buffer.
pub const HEAD_BYTES: usize = 8192;
/// Bytes of a request target. More is answered 414.
pub const TARGET_BYTES: usize = 2048;
/// Header lines in a request head. More is answered 431.
pub const HEADERS: usize = 64;
/// Bytes of one request body, as decoded. More is answered 413. 100,000 alerts are about 50 MB.
pub const BODY_BYTES: u64 = 268_435_456;
/// Bytes of a chunk-size line with its extensions, and of all trailers together, line ends
/// included.
pub const CHUNK_LINE_BYTES: usize = 256;
/// Bytes of chunk extensions over all chunks of a body. No sender in the field writes any.
pub const CHUNK_EXTENSION_BYTES: usize = 4096;
/// Bytes of a token, and of decoded Basic credentials (`user:token`). Tokens of `aiglon token` have
/// 43.
pub const CREDENTIALS_BYTES: usize = 256;
/// Bytes of a response head.
pub const RESPONSE_HEAD_BYTES: usize = 1024;
/// Connections served at the same time. About 12 KiB each when used.
pub const CONNECTIONS: usize = 64;
/// Connections that wait in the kernel to be accepted, at each listener. A crowd does not fill it
/// between two turns. The kernel's own limit (`somaxconn`) may be lower. It costs nothing until
/// they come.
pub const BACKLOG: i32 = 1024;
/// Connections of a crowd that have asked for nothing yet. If visitors hold all connections that
/// they may, newcomers wait among these until all of a request's head is there. When so many more
/// have come, the oldest gives way. 48 bytes each, and a file descriptor.
pub const PORCH: usize = 384;
/// From one look at who of these has said something to the next, at most. So long those who come in
/// a crowd wait in the kernel.
pub const PORCH_LOOK: Millis = Millis(25);
/// The same, at least. Between these, eight times as long as the look took: a fast machine keeps
/// nobody waiting, and a slow one does not look all the time.
pub const PORCH_LOOK_LEAST: Millis = Millis(5);
/// Connections of each source, but for those that send a body, that give way to no visitor who is
/// being served. Prometheus and Telegraf keep one or two each.
pub const SENDER_EACH: usize = 4;
/// Of [`CONNECTIONS`], those that only authenticated senders may hold, so that visitors cannot
/// silence them.
pub const CONNECTIONS_INGEST: usize = 16;

/// Bodies that are read at the same time, each with a reader of its own (about 10 KiB). A further
/// body is answered 503 with `Retry-After`.
pub const READERS: usize = 16;
/// From a connection's start, or the first byte of a further request, to the end of the request
/// head.
pub const HEAD_TIME: Millis = Millis::from_secs(10);
/// From an answer to the next request, for a visitor.
pub const IDLE_TIME: Millis = Millis::from_secs(20);
/// From an answer to the next request, for a sender. Prometheus comes every minute or two, and
/// keeps its connection for five.
pub const SENDER_IDLE_TIME: Millis = Millis::from_secs(300);
/// From one piece of a body to the next.
pub const BODY_TIME: Millis = Millis::from_secs(15);
/// For a whole body, however steadily it drips.
pub const REQUEST_TIME: Millis = Millis::from_mins(10);
/// How long a client takes nothing of an answer before it gives way in a crowd. The kernel holds a
/// page for a slow line, so this is who asks for more and reads nothing.
pub const UNREAD_TIME: Millis = Millis(100);
/// From one piece of an answer that a client takes to the next.
pub const ANSWER_TIME: Millis = Millis::from_secs(15);
/// Bytes of a refused body that are read and thrown away, so that its connection may go on.
/// collectd sends its first request without credentials, body and all. Behind a larger body the
/// connection closes.
pub const DRAIN_BYTES: u64 = 65_536;
/// The time for [`DRAIN_BYTES`]. If the connection closes, it is also the time for a client to hear
/// our answer and to close it, too.
pub const DRAIN_TIME: Millis = Millis::from_secs(2);
/// Bytes of the query of `GET /api/v2/alerts`.
pub const QUERY_BYTES: usize = 512;
/// Filters in that query.
pub const FILTERS: usize = 8;
/// Bytes of one filter, decoded.
pub const FILTER_BYTES: usize = 128;
/// Connections accepted from one listener before those that were let in have their turn.
pub const ACCEPTS_TURN: u32 = 16;
/// As [`ACCEPTS_TURN`], when new connections wait in the porch. A turn for each would cost more
/// than they do.
pub const ACCEPTS_TURN_CROWD: u32 = 64;
/// After a failed `accept` a listener rests for so long: the process has no descriptor left.
pub const ACCEPT_RETRY: Millis = Millis(100);
/// From one look for connections whose time is up to the next, while anybody is connected.
pub const SWEEP_EVERY: Millis = Millis::from_secs(1);
/// The time for requests in progress when the daemon is told to end.
pub const FAREWELL_TIME: Millis = Millis::from_secs(1);
/// Warnings about what senders do wrong come no more often than this.
pub const WARN_EVERY: Millis = Millis::from_mins(1);

// ---- the journal --------------------------------------------------------------------------------

/// Bytes of one record's payload in the journal.
pub const RECORD_BYTES: usize = 1024;
/// Bytes that a record takes in the journal besides its payload.
pub const RECORD_OVERHEAD_BYTES: usize = 7;
/// Bytes of the journal's files together, if the configuration says nothing. The old and the new
/// file count together during a compaction, and each has half. A quarter of it all is for incidents
/// and words of people. That quarter is in memory as well, [`LOG_BYTES`] at most. So a full journal
/// of 256 KiB takes 64 KiB of memory, and one of 64 KiB takes 16.
pub const JOURNAL_BYTES: u32 = if cfg!(feature = "full") { JOURNAL_BYTES_FULL } else { JOURNAL_BYTES_SMALL };
/// [`JOURNAL_BYTES`] in the small build. Routers keep it on 1 MiB and less of flash.
pub const JOURNAL_BYTES_SMALL: u32 = 65_536;
/// [`JOURNAL_BYTES`] in the full build.
pub const JOURNAL_BYTES_FULL: u32 = JOURNAL_BYTES_MAX;
/// The least that `journal_size` may say. A quarter of a file must hold a longest record.
pub const JOURNAL_BYTES_MIN: u32 = 16_384;
/// The most that `journal_size` may say. 90 days of 256 components that fail differently every day
/// would fill it.
pub const JOURNAL_BYTES_MAX: u32 = 262_144;
/// Quarters of a file that a compaction may fill. The last quarter is for what is appended
/// afterwards. So a byte appended costs at most four bytes written, however full the journal is.
pub const JOURNAL_SNAPSHOT_QUARTERS: u32 = 3;
/// Bytes gathered before they are handed to the file system. JFFS2 puts a header of 68 bytes before
/// whatever one call writes, up to a page. Once in the journal, and on the stack during a
/// compaction.
pub const JOURNAL_BATCH_BYTES: usize = 4096;
/// Bytes that the alerts of one source may cost the flash at once, if it does not repeat them (a
/// webhook). Beyond it, the journal holds only that there is more. It is enough for about 200
/// alerts that begin together. With what grows back in a day, and one compaction of the largest
/// journal at its end, it is 216 KiB.
pub const ALERT_FLASH_BYTES: u32 = 49_152;
/// So much of [`ALERT_FLASH_BYTES`] grows back in an hour. A state that flaps every five minutes
/// uses 2,016.
pub const ALERT_FLASH_HOUR: u32 = 3072;
/// What a sync costs besides: the header of a node of JFFS2.
pub const FLASH_NODE_BYTES: u32 = 68;
/// From one attempt to leave memory for the flash again to the next. Each attempt may write a whole
/// snapshot.
pub const JOURNAL_RETRY: Millis = Millis::from_mins(10);
/// Attempts at a start to lock a `state_dir` that another process holds.
pub const STATE_DIR_TRIES: u32 = 3;
/// From one such attempt to the next.
pub const STATE_DIR_RETRY: Millis = Millis(50);

/// Bytes that one person may cost the flash at once, with what compactions and redactions cost. It
/// is enough for 400 long updates, or for 80 redactions on a journal of 64 KiB. When it is used up,
/// what begins something is refused. What ends it or takes it away may cost as much again. No
/// redaction is refused. 16 bytes of memory a user.
pub const PEOPLE_FLASH_BYTES: u32 = 2_097_152;
/// So much of [`PEOPLE_FLASH_BYTES`] grows back in a second: 3 MB in a day.
pub const PEOPLE_FLASH_SECOND: u32 = 36;

// ---- incidents ----------------------------------------------------------------------------------

/// Bytes of an update, or of the words of a maintenance or a banner. 450 letters of Arabic fit.
pub const WORDS_BYTES: usize = 900;
/// Phrases that are said at once. A byte each, wherever words are.
pub const PHRASES_SAID: usize = 4;
/// Bytes of an incident's title.
pub const TITLE_BYTES: usize = 160;
/// Bytes of a language tag (BCP 47). `zh-Hant-TW` has 10.
pub const LANG_TAG_BYTES: usize = 16;
/// Incidents that are kept over all sites. Of more, the oldest goes first that ended and has no
/// words of people.
pub const INCIDENTS: usize = 64;
/// What people may add to one incident: updates, corrections, titles. A further one is refused, but
/// an end never is. A night of work has about 30. A page, a correction and an undo look through all
/// of them.
pub const INCIDENT_RECORDS_SAID: usize = 250;
/// Bytes of the log of incidents, maintenance and banners in memory: a quarter of the largest
/// journal. The log takes a quarter of the configured journal at most.
pub const LOG_BYTES: usize = 65_536;
/// The log may fill this part of the journal's files, the old and the new one together: a quarter.
pub const JOURNAL_LOG_SHARE: u32 = 4;
/// So long after an incident's end, its words do not give way to newer ones. If nothing else can
/// give way, the newcomer is refused.
pub const WORDS_SAFE_DAYS: i64 = 14;
/// After a newcomer was refused for want of room, the next attempt comes no sooner.
pub const REFUSED_AGAIN: Millis = Millis::from_mins(1);
/// Short recoveries of a site that are written in an hour: a restart tells these as they were told
/// before. What flaps more often must not cost the flash for it. 220 bytes each, in two records
/// (JFFS2).
pub const PAUSES_HOUR: u8 = 4;
/// From one record that an incident began earlier to the next record of its component. A sender
/// that flaps may say ever earlier beginnings.
pub const BEGAN_EARLIER_REST: Millis = Millis::from_mins(60);
/// How long a person may take back what they did.
pub const UNDO_TIME: Millis = Millis::from_mins(10);
/// Maintenance that is on or to come, over all sites.
pub const MAINTENANCES: usize = 32;
/// Days of a component's past that are kept, today included. 4 bytes each: 90 KiB for 256
/// components.
pub const HISTORY_DAYS: usize = 90;
/// Days that are kept if the configuration says nothing. It may say less.
pub const RETAIN_DAYS: u8 = 90;
/// Further places for the days of a clock that is not believed: as many as it can show in two days.
/// 3 KiB.
pub const DOUBTED_DAYS: usize = 3;
/// Between two writes of how today went. After a power cut, so much of the day is not known.
pub const UPTIME_WRITE: Millis = Millis::from_mins(6 * 60);
/// After trouble has ended, the next write of today comes so long after the last write, if that is
/// sooner. So a power cut leaves no percentage that knows nothing of it. At most 24 such writes a
/// day.
pub const UPTIME_HASTE: Millis = Millis::from_mins(60);
/// The first wait before a listener or a console that is not there is tried again. It doubles up
/// to [`LISTEN_RETRY_MOST`].
pub const LISTEN_RETRY: Millis = Millis::from_secs(1);
/// The longest wait before a listener or a console that is not there is tried again.
pub const LISTEN_RETRY_MOST: Millis = Millis::from_mins(1);
/// The part of the journal that the past may always have in a snapshot: a sixteenth, 4 KiB of 64.
/// Alerts are written briefly before the past gets less. 256 components that were well for 90 days
/// are 2,662 bytes.
pub const UPTIME_LEAST_SHARE: u32 = 16;
/// The part of the journal that the past never exceeds: an eighth. Of what does not fit, the oldest
/// days go.
pub const UPTIME_MOST_SHARE: u32 = 8;
/// A wall clock must have run so long without being set before words of people are forgotten by its
/// date.
pub const CLOCK_STEADY: Millis = Millis::from_mins(6 * 60);
/// A date may follow on no days that were lived through. It is believed if the clock was not set
/// for so long.
pub const CLOCK_BELIEVED: Millis = Millis::from_mins(3 * 24 * 60);
/// A maintenance that is over is kept for so long, because a clock may be a day ahead and be
/// believed.
pub const WINDOW_KEPT: Millis = Millis::from_mins(2 * 24 * 60);
/// If a record's time is later than now by more than this, it is wrong and not shown. Pages show
/// minutes.
pub const CLOCK_AHEAD: Millis = Millis::from_mins(1);
/// While nobody knows the time, a component with planned work opens no incident for so long after a
/// start.
pub const CLOCK_WAIT: Millis = Millis::from_mins(10);
/// If a wall clock moves so far against the monotonic one, it was set and not slewed.
pub const CLOCK_STEP: Millis = Millis::from_secs(2);
/// If the clock was wrong by so much, what the journal holds of alerts is dated anew: a restart
/// must not take them for older than they are.
pub const DATED_WRONG: Millis = Millis::from_mins(5);
/// What the journal holds of alerts is dated anew no more often than this.
pub const DATED_AGAIN: Millis = Millis::from_mins(60);

// ---- the console --------------------------------------------------------------------------------

/// Commands that the console answers at the same time. A person at a prompt holds no place between
/// commands. The last place is for root and the daemon's own user. About 16 KiB each when used.
pub const CONSOLES: usize = 4;
/// Bytes of one command line: the longest words, each letter quoted, and what stands before them.
pub const CONSOLE_LINE_BYTES: usize = 4096;
/// Bytes of a text that comes on standard input. It is more than [`WORDS_BYTES`], so that a person
/// who wrote too much hears how much is allowed.
pub const CONSOLE_TEXT_BYTES: usize = 4096;
/// Bytes of an answer that are made at once. A longer answer is made in pieces.
pub const CONSOLE_OUT_BYTES: usize = 8192;
/// From a connection's start to the end of its request, and from piece to piece of an archive.
pub const CONSOLE_ASK_TIME: Millis = Millis::from_secs(10);
/// A client of the console gives up after so long without a byte of an answer. The daemon writes to
/// flash before it answers.
pub const CONSOLE_PATIENCE: Millis = Millis::from_secs(30);
/// Times that a client asks a busy daemon again.
pub const CONSOLE_TRIES: u8 = 20;
/// From one such time to the next.
pub const CONSOLE_RETRY: Millis = Millis(250);
/// Columns of the narrowest terminal that the line editor draws on. A narrower terminal is drawn on
/// as if it had so many.
pub const TERMINAL_COLUMNS_MIN: usize = 16;
/// Bytes of a person's words that a question repeats.
pub const QUESTION_WORDS_BYTES: usize = 60;
/// Bytes of a foreign word that a mistake repeats.
pub const MISTAKE_WORD_BYTES: usize = 40;
/// Matchers that nearly fit and that `aiglon route` names.
pub const ROUTE_NEAR: usize = 3;
/// Names on one line of what `aiglon check` says.
pub const SUMMARY_NAMES: usize = 12;
/// Hashes of tokens that one request to revoke them has room for, beside a name. A source with
/// more takes several requests.
pub const REVOKE_HASHES: usize = 48;
/// Descriptors of a daemon that `aiglon revoke` looks at when its file has been moved. The daemon
/// opens its directories first.
pub const DAEMON_DESCRIPTORS: u32 = 64;
/// Bytes of the lines that the arrow keys bring back.
pub const CONSOLE_HISTORY_BYTES: usize = 8192;
/// Bytes of one line of the console without its options: the longest title and words, with names.
/// On the stack.
pub const LINE_BYTES: usize = 2048;
/// Words of one line that are told apart. Further words belong to the last of them. On the stack.
pub const LINE_WORDS: usize = 64;
/// Bytes of one answer of the console, over all its pieces. A longer one is refused. It is a power
/// of two: as many bits say where an answer goes on, and the rest of 32 guard that it is the same
/// answer.
pub const ANSWER_BYTES: u32 = 1_048_576;
/// Components of one alert that `alerts` names. Of more, it says how many. An alert with all its
/// names must fit one piece.
pub const ALERT_COMPONENTS_TOLD: usize = 16;

/// Missing names that `rules` lists for one rule, besides how many there are.
pub const MISSING_TOLD: usize = 8;

/// Bytes of the rules that `aiglon check --rules` reads. kube-prometheus' have about a million.
pub const RULES_BYTES: u64 = 16_777_216;
/// Names of alerts that are kept because they led to no component, or because nobody knows their
/// severity. All sources that push share them evenly. 52 bytes each: 3.3 KiB.
pub const ODD_NAMES: usize = 64;
/// Bytes that are kept of such a name.
pub const ODD_NAME_BYTES: usize = 48;

// ---- SSH (feature `ssh`) ------------------------------------------------------------------------

/// Addresses at which the SSH server listens.
pub const SSH_ADDRESSES: usize = 4;
/// People who are logged in by SSH at the same time. About 30 KiB each, and what they have typed
/// ahead.
pub const SSH_SESSIONS: usize = 16;
/// Sessions of one user at the same time, so that others can log in.
pub const SSH_SESSIONS_EACH: usize = 8;
/// Connections that have not logged in yet. About 60 KiB each. When all places are taken, a
/// connection gives way of the address that has most of them, else the oldest that has not finished
/// its key exchange.
pub const SSH_LOGINS: usize = 16;
/// From a connection's start to its login.
pub const SSH_LOGIN_TIME: Millis = Millis::from_secs(20);
/// Keys that a connection may offer in vain. An agent with many keys offers them all.
pub const SSH_ATTEMPTS: usize = 6;
/// The answer to a refused key takes so long at least.
pub const SSH_REJECT_TIME: Millis = Millis(300);
/// Channels of one session. `ControlMaster` shares one session.
pub const SSH_CHANNELS: usize = 4;
/// Commands that are carried out for SSH at the same time; others wait. The rest of [`CONSOLES`] is
/// for people on the board.
pub const SSH_CALLS: usize = 2;
/// Refused requests of a session (forwarding, an agent, variables) before it is ended. An OpenSSH
/// client that sends all its variables makes about 20.
pub const SSH_REFUSALS: usize = 100;
/// A session that was silent for so long is ended.
pub const SSH_IDLE_TIME: Millis = Millis::from_mins(10);
/// Bytes that a client may send on one channel before they are read. Then it has to wait.
pub const SSH_INPUT_BYTES: usize = 65_536;
/// Bytes that a client may send on a channel before it hears that there is room for more (RFC 4254,
/// 5.2).
pub const SSH_WINDOW_BYTES: u32 = 32_768;
/// Connections of one address that may end without a login before the next ones have to wait. They
/// are forgotten after [`SSH_FORGET_TIME`].
pub const SSH_FREE_FAILURES: u8 = 5;
/// The first such wait. Each further one is twice as long.
pub const SSH_BACKOFF_LEAST: Millis = Millis::from_secs(1);
/// The longest such wait. A person who shares an address with an attacker is kept out for no
/// longer.
pub const SSH_BACKOFF_MOST: Millis = Millis::from_mins(1);
/// After so long without a failure, the failures of an address are forgotten. They are in memory
/// only.
pub const SSH_FORGET_TIME: Millis = Millis::from_mins(10);
/// Addresses whose failures are known. Of more, the address is forgotten whose last failure was
/// longest ago.
pub const SSH_ADDRESSES_KNOWN: usize = 64;
/// Bytes of the stack of the SSH server's thread. musl gives 128 KiB unless more is asked for, and
/// ML-KEM needs more.
pub const SSH_STACK_BYTES: usize = 524_288;
/// Connections without a place that hear at the same time why.
pub const SSH_TURNED_AWAY: usize = 8;
/// The time for such a connection to hear it.
pub const SSH_TURNED_AWAY_TIME: Millis = Millis::from_secs(1);
/// A person who waits for [`SSH_CALLS`] is told so after this time.
pub const SSH_WAIT_TOLD: Millis = Millis::from_secs(1);
/// The time for a client to hear that its session ends.
pub const SSH_FAREWELL_TIME: Millis = Millis(500);
/// The time for a session that was ended to end.
pub const SSH_END_TIME: Millis = Millis::from_secs(5);
/// Columns of the widest terminal. A wider terminal counts as this wide.
pub const SSH_COLUMNS_MAX: usize = 1000;
/// Bytes of the largest file that is read as a host key.
pub const SSH_HOST_KEY_BYTES: u64 = 8192;

// ---- pages --------------------------------------------------------------------------------------

/// Bytes of one rendered page. `check` refuses a configuration whose page could be larger.
pub const PAGE_BYTES: usize = 131_072;
/// Bytes of a site's `contact` in one language, and of its `contact_url`. It stands twice on a
/// page, so it is a line: 160 letters in Arabic.
pub const CONTACT_BYTES: usize = 320;
/// Texts of alerts that a page shows for one component, the worst alert's first.
pub const TEXTS_SHOWN: usize = 3;
/// Bytes of one such text, before escaping. A longer text is cut at a character and marked with an
/// ellipsis.
pub const TEXT_SHOWN_BYTES: usize = 256;
/// Bytes of all such texts with their markup on one page. When they are used up, further texts are
/// left out and the page says so. States are never left out.
pub const TEXTS_BYTES: usize = 24_576;
/// Components on a page that leave all of their room to texts, to what happened, and to bars.
pub const PAGE_COMPONENTS_ROOMY: usize = 96;
/// So many bytes fewer for each of these three, if a component more is on the page: 256 components
/// of 64 services fit a page.
pub const PAGE_COMPONENT_BYTES: usize = 120;
/// Services that the first line of a page names. Of more it says how many they are.
pub const HEADLINE_NAMES: usize = 2;
/// Links in the list of what is affected, at the top of a page. The page says when there is more.
pub const AFFECTED_SHOWN: usize = 8;
/// Bytes of a page's banner, incidents, maintenance and past, with their markup but without their
/// frame. When they are used up, further ones are left out and the page says so. States of
/// components are never left out.
pub const STORY_BYTES: usize = 24_576;
/// Bytes of the headings, signs and links around these.
pub const STORY_FRAME_BYTES: usize = 2048;
/// Bytes of the bars of a page's components, with their percentages. 16 usual components take
/// 4,000. When they are used up, the rest have no bars.
pub const BARS_BYTES: usize = 24_576;
/// Bad days of a component that lead to what happened on them, in the history: the newest.
pub const BAD_DAYS_LINKED: usize = 5;
/// Days before today that must be known of a component, for a bar: a new page would show empty bars
/// for weeks.
pub const BAR_DAYS_LEAST: u32 = 3;
/// Bytes of the story, or of the bars, on the page of one incident or of the history. Such a page
/// holds little else.
pub const DETAIL_BYTES: usize = PAGE_BYTES / 2 - 8192;
/// Open incidents that stand at the top of a page, the worst first. Further ones have a link.
pub const INCIDENTS_SHOWN: usize = 5;
/// Steps shown of each of them, the newest first. The page of the incident has more.
pub const STEPS_SHOWN: usize = 4;
/// Steps on the page of an incident, the newest first. On the stack, 24 bytes each.
pub const INCIDENT_STEPS_SHOWN: usize = 50;
/// How often a page goes through the log of incidents at most. Once costs about 100,000
/// instructions when the log is full. A test holds all pages to it, and nothing counts in a running
/// daemon.
pub const RENDER_PASSES: usize = 40;
/// Components, and other services as a whole, in the title of an incident that has no title of its
/// own.
pub const TITLE_PARTS: usize = 3;
/// Components that the page of an incident names.
pub const PARTS_SHOWN: usize = 32;
/// Maintenance that a page shows. Work that is on comes first, then the soonest.
pub const MAINTENANCES_SHOWN: usize = 5;
/// How far ahead a page tells of maintenance, in days.
pub const MAINTENANCE_AHEAD_DAYS: u32 = 14;
/// How far back the page of a site tells of incidents, in days. Its history tells all.
pub const PAST_DAYS_SHOWN: u32 = 7;
/// Past incidents on the page of a site.
pub const PAST_SHOWN: usize = 5;
/// Rendered pages that are held: (site, language) pairs in use, and pages still being sent to slow
/// readers.
pub const PAGES: usize = 8;
/// Of [`PAGES`], those that no history and no page of an incident takes from the page of a site.
/// Lists of alerts and `/metrics` are sent from the others: of readers who take too long, the first
/// one gives way.
pub const PAGES_NOW: usize = 6;
/// Groups into which beginnings of three bytes fall while a page is compressed, a power of two.
/// With [`PACK_WAYS`] places each, they take 16 KiB.
pub const PACK_BUCKETS: usize = 1024;
/// Earlier places of a group that are looked at, the last ones. With 4, pages are 2% larger.
pub const PACK_WAYS: usize = 8;
/// Bytes and repetitions of a compressed block, whose codes are its own. 16 KiB. A page of 25 KB
/// has one block.
pub const PACK_WORDS: usize = 8192;
/// Bytes of a repetition that is long enough: a byte later, no longer one is looked for.
pub const PACK_GOOD: usize = 64;
/// Earlier places and bytes that are looked at for each byte of a page. Our pages take three. When
/// all are used up, one place is looked at for each byte that follows.
pub const PACK_LOOKS: usize = 6;
/// Pages that are rendered at once, before [`RENDERS_SECOND`] counts. Half of them are for pages of
/// sites alone, and these come first in each second.
pub const RENDERS: u32 = 8;
/// Pages of each site that are rendered at once though [`RENDERS`] are used up, if there is no copy
/// to be served instead: one in each language. A build of more languages has one for each of them.
/// All sites together get back [`RENDERS_SECOND`] of them in a second, and each its part. Half of
/// them are for the page of the site alone. Histories, incidents and feeds wait until they are made
/// good, for a second's worth at most. If all sites use theirs up, twice [`RENDERS_SECOND`] are
/// rendered.
pub const RENDERS_SITE: usize = 4;
/// Pages that are rendered in a second for as long as more are asked for. Instead of a further one,
/// a copy is served that is at most [`STALE_TIME`] old and hides nothing worse.
pub const RENDERS_SECOND: u32 = 16;
/// Bytes of pages that are compressed in a second, and at once. For each, about 150 instructions
/// are executed. When they are used up, pages are sent as they are.
pub const PACKS_SECOND: u32 = 262_144;
/// Bytes of a short answer for programs: `/status.txt`, `status.json`, a badge. It is made in the
/// connection's own buffer, so it takes no place of a page.
pub const SHORT_BYTES: usize = 2048;
/// Short answers that count as one page in [`RENDERS_SECOND`]. `/status.txt` takes a ninth of the
/// instructions of its page, and the others take less.
pub const RENDERS_SHORT: u32 = 8;
/// Bytes of a name in a short answer. A longer one is cut at a character and marked with an
/// ellipsis.
pub const SHORT_NAME_BYTES: usize = 200;
/// Incidents in `incidents.json`, the newest. For each, the log is gone through once.
pub const FEED_INCIDENTS: usize = 20;
/// Steps of each of them, the newest. From the first incident on that finds no room with so many,
/// [`STEPS_SHOWN`] are told.
pub const FEED_STEPS: usize = 16;
/// Entries of an Atom feed, the newest. On the stack, 40 bytes each.
pub const FEED_ENTRIES: usize = 50;
/// Times that a calendar tells of planned work that repeats.
pub const FEED_OCCURRENCES: usize = 8;
/// How long a calendar tells of planned work that was cancelled: time and identifier, and no words.
/// It is known in memory alone, and so at most until a restart.
pub const CANCELLED_TOLD: Millis = Millis::from_mins(14 * 24 * 60);
/// Bytes of the name of a service on a badge. A longer one is cut.
pub const BADGE_NAME_BYTES: usize = 64;
/// How old a copy may be that is served instead.
pub const STALE_TIME: Millis = Millis::from_secs(1);
/// How long a page waits for its turn to be rendered if there is no such copy. After that, the
/// answer is 503 with `Retry-After`.
pub const RENDER_WAIT: Millis = Millis::from_secs(1);

const _: () = assert!(SSH_CALLS < CONSOLES, "who is on the board finds a place");
const _: () = assert!(SSH_SESSIONS_EACH < SSH_SESSIONS, "nobody keeps all others out");
const _: () = assert!(SSH_WINDOW_BYTES as usize <= SSH_INPUT_BYTES, "what may be sent at once must fit");
const _: () = assert!(CONFIG_TEXT_BYTES <= u16::MAX as usize, "a Span has 16 bits");
const _: () = assert!(SITES <= 8, "a user's sites have 8 bits");
const _: () = assert!(CONFIG_VALUE_BYTES <= CONFIG_TEXT_BYTES, "one value must fit the text");
const _: () = assert!(DURATION_SECS <= u32::MAX / 1000, "a span of time has 32 bits of milliseconds");
const _: () = assert!(SOURCES <= 32, "a SourceSet has 32 bits");
const _: () = assert!(TRANSLATIONS < u16::MAX as usize, "a row of a text has 16 bits");
const _: () = assert!(RULES <= 32, "those that ask for a sample have 32 bits");
const _: () = assert!(HEARTBEATS <= u8::MAX as usize, "a heartbeat is numbered in 8 bits");
const _: () = assert!(COMPONENTS.is_multiple_of(32), "a ComponentSet is made of 32-bit words");
const _: () = assert!(ALERTS < u16::MAX as usize, "the index of alerts has 16 bits");
const _: () = assert!(TARGET_BYTES < HEAD_BYTES, "a target must fit its head");
const _: () = assert!(HEAD_BYTES <= u16::MAX as usize, "a head's scanner counts in 16 bits");
const _: () = assert!(HEADERS <= u8::MAX as usize, "a head's scanner counts header lines in 8 bits");
const _: () = assert!(CHUNK_LINE_BYTES <= u16::MAX as usize, "a chunk's line is counted in 16 bits");
const _: () = assert!(CHUNK_EXTENSION_BYTES <= u16::MAX as usize, "chunk extensions are counted in 16 bits");
const _: () = assert!(
    PIECE_BYTES * PACKED_WORK as usize <= TURN_WORK as usize,
    "a packed piece is no more than a turn"
);
const _: () = assert!(CONNECTIONS_INGEST < CONNECTIONS, "visitors need connections too");
const _: () = assert!(CONSOLE_LINE_BYTES < CONSOLE_HISTORY_BYTES, "a line must be remembered");
const _: () =
    assert!(JOURNAL_BYTES_MAX as usize / 2 <= PAGE_BYTES, "an archive is made in the room of a page");
const _: () = assert!(CONSOLE_OUT_BYTES <= u16::MAX as usize, "a frame of an answer has 16 bits of length");
const _: () =
    assert!((REVOKE_HASHES + 1) * 72 + CONFIG_NAME_BYTES <= CONSOLE_LINE_BYTES, "they are one line");
const _: () = assert!(CONSOLE_TEXT_BYTES <= u16::MAX as usize && CONSOLE_LINE_BYTES <= u16::MAX as usize);
const _: () = assert!(
    (COMPONENTS - PAGE_COMPONENTS_ROOMY) * PAGE_COMPONENT_BYTES + 4096 < STORY_BYTES,
    "the largest page has room for an incident"
);
const _: () = assert!(
    TEXTS_BYTES == STORY_BYTES && STORY_BYTES == BARS_BYTES,
    "what they leave to components is reckoned for all three at once"
);
const _: () = assert!(TEXTS_BYTES < PAGE_BYTES / 2, "a page must have room for more than alerts' texts");
const _: () =
    assert!(DETAIL_BYTES > STORY_BYTES && DETAIL_BYTES > BARS_BYTES, "a page of its own has more room");
const _: () = assert!(PACK_BUCKETS.is_power_of_two(), "a hash has whole bits");
const _: () = assert!(PACK_WORDS <= u16::MAX as usize, "how often a symbol occurs has 16 bits");
const _: () = assert!(PAGE_BYTES <= PACKS_SECOND as usize, "a largest page is compressed in a second");
const _: () = assert!(PAGES_NOW < PAGES, "other pages have room, too");
const _: () = assert!(HISTORY_DAYS < 100, "the path of a bar has two digits for a day");
const _: () = assert!(TOKEN_BYTES <= ALERT_BYTES, "one value must fit an alert");
const _: () = assert!(WORDS_BYTES + TITLE_BYTES < LINE_BYTES, "a line must hold a title and words");
const _: () =
    assert!(ANSWER_BYTES.is_power_of_two() && ANSWER_BYTES <= 1 << 24, "8 bits at least guard an answer");
const _: () = assert!(
    JOURNAL_BYTES_MAX as usize / 4 <= LOG_BYTES,
    "memory holds the quarter of a journal that is for what happened"
);
const _: () = assert!(LINE_BYTES <= u16::MAX as usize, "words are found with 16 bits");
const _: () = assert!(RECORD_BYTES < JOURNAL_BATCH_BYTES, "a batch must hold a longest frame");
const _: () = assert!(JOURNAL_BYTES >= JOURNAL_BYTES_MIN, "the default must be allowed");
const _: () = assert!(RETAIN_DAYS as usize == HISTORY_DAYS, "all that is kept is kept by default");
const _: () = assert!(JOURNAL_BYTES <= JOURNAL_BYTES_MAX, "the default must be allowed");
const _: () = assert!(
    ALERT_FLASH_BYTES + 24 * ALERT_FLASH_HOUR + JOURNAL_BYTES_MAX / 2 / 4 * JOURNAL_SNAPSHOT_QUARTERS
        <= 262_144 - 40_960,
    "a day of flapping costs at most 256 KiB, with 40 for incidents and the past"
);
const _: () = assert!(
    24 * 220 * PAUSES_HOUR as u32 <= 40_960,
    "short recoveries of a site are among what incidents may cost"
);
const _: () = assert!(ALERT_FLASH_HOUR < ALERT_FLASH_BYTES, "what an hour brings is a part of it");
const _: () = assert!(JOURNAL_SNAPSHOT_QUARTERS < 4, "a compaction must leave room");
