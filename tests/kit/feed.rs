//! A body of alerts on its way into the engine, as the shell takes it.

use aiglon::config::Config;
use aiglon::engine::lifetime::Sender;
use aiglon::engine::{End, Engine, Input, Quality};
use aiglon::ingest::{Dialect, Event, Reader};
use aiglon::model::SourceId;
use aiglon::time::Now;

/// A body of well-formed alerts.
pub struct Body<'a> {
    pub source: usize,
    pub sender: Sender,
    pub text: &'a str,
    /// Whether all of it came; else its connection broke.
    pub whole: bool,
}

impl Body<'_> {
    /// Feeds it.
    ///
    /// # Panics
    /// If the reader finds anything but alerts that are right.
    pub fn feed(&self, engine: &mut Engine, config: &Config, reader: &mut Reader, now: Now) {
        reader.start(match self.sender {
            Sender::Repeating => Dialect::Alerts,
            Sender::Webhook => Dialect::Webhook,
            Sender::Once => Dialect::Collectd,
        });
        let mut open = engine.open(SourceId(u16::try_from(self.source).unwrap()), self.sender);
        let mut each = |event: Event<'_>| {
            let Event::Alert(alert) = event else { panic!("not well formed: {}", self.text) };
            engine.step(config, now, Input::Alert { body: &mut open, alert, quality: Quality::Whole });
        };
        reader.feed(self.text.as_bytes(), &mut each).unwrap();
        if self.whole {
            reader.finish().unwrap();
        }
        let end = if self.whole { End::WHOLE } else { End::CUT };
        engine.step(config, now, Input::Close { body: &mut open, end });
    }
}
