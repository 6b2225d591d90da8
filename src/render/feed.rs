//! Answers for programs: what a page says, in forms that programs read. They are written by the
//! functions that write pages, without the markup, so they say nothing else.

use super::fragment::{Form, Out, PageBuf, PageFull};
use super::page::Context;
#[cfg(feature = "feeds")]
use super::{feed_atom, feed_badge, feed_calendar, feed_summary};
use super::{feed_json, feed_text};
use crate::config::Config;
use crate::model::{Feed, Lang, PageKind, SiteId, View};

/// Renders an answer into `out`, whose content it replaces. What does not fit is left out whole,
/// the oldest first: how many things that were. If the rest does not fit, it is [`PageFull`], and
/// `out` is then empty.
pub fn feed(
    out: &mut PageBuf,
    config: &Config,
    site: SiteId,
    lang: Lang,
    view: &dyn View,
    feed: Feed,
) -> Result<usize, PageFull> {
    let form = match feed {
        Feed::Text => Form::Text,
        Feed::Status => Form::Json,
        #[cfg(feature = "feeds")]
        Feed::BadgeImage(_) | Feed::Icon | Feed::Atom | Feed::AtomOf(_) | Feed::AtomOfPart(_) => Form::Xml,
        #[cfg(feature = "feeds")]
        Feed::Calendar => Form::Ical,
        #[cfg(feature = "feeds")]
        _ => Form::Json,
    };
    let mut out = Out::in_form(out, lang, form);
    let cx = Context::new(config, site, lang, view, PageKind::Feed(feed), false);
    let left_out = match feed {
        Feed::Text => feed_text::write(&cx, &mut out),
        Feed::Status => {
            feed_json::status(&cx, &mut out);
            0
        }
        #[cfg(feature = "feeds")]
        Feed::BadgeImage(service) | Feed::Badge(service) => {
            feed_badge::write(&cx, &mut out, service);
            0
        }
        #[cfg(feature = "feeds")]
        Feed::Icon => {
            feed_badge::icon(&cx, &mut out);
            0
        }
        #[cfg(feature = "feeds")]
        Feed::Atom | Feed::AtomOf(_) | Feed::AtomOfPart(_) => feed_atom::write(&cx, &mut out, feed),
        #[cfg(feature = "feeds")]
        Feed::Calendar => feed_calendar::write(&cx, &mut out),
        #[cfg(feature = "feeds")]
        _ => feed_summary::write(&cx, &mut out, feed),
    };
    out.finish().map(|()| left_out)
}
