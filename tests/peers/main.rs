//! The real program with real peers: Prometheus, vmalert, Alertmanager, amtool, curl, reverse
//! proxies, SSH, and the bytes of collectd. `tests/packages.txt` names the Debian packages; a peer
//! that is missing fails its test.
//!
//! The files beside this one are the stanzas that README prints, and these tests are what says that
//! they work.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../common/mod.rs"]
mod common;

mod alertmanager;
mod amtool;
mod collectd;
mod curl;
mod heartbeat;
mod prometheus;
mod proxies;
mod ssh;
mod vmalert;
