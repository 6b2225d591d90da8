//! Answers for programs: what a page says, in forms that programs read. They are written by the
//! functions that write pages, without the markup, so they say nothing else.

use super::feed_json;
use super::feed_text;
use super::fragment::{Form, Full, Out, PageBuf};
use super::page::Context;
use crate::config::Config;
use crate::model::{Feed, Lang, PageKind, SiteId, View};

/// Renders an answer into `out`, whose content it replaces. What does not fit is left out whole,
/// the oldest first: how many things that were. If the rest does not fit, it is [`Full`], and `out`
/// is then empty.
pub fn feed(
    out: &mut PageBuf,
    config: &Config,
    site: SiteId,
    lang: Lang,
    view: &dyn View,
    feed: Feed,
) -> Result<usize, Full> {
    let form = match feed {
        Feed::Text => Form::Text,
        Feed::Status => Form::Json,
    };
    let mut out = Out::in_form(out, lang, form);
    let cx = Context::new(config, site, lang, view, PageKind::Feed(feed), false);
    let left_out = match feed {
        Feed::Text => feed_text::write(&cx, &mut out),
        Feed::Status => {
            feed_json::status(&cx, &mut out);
            0
        }
    };
    out.finish().map(|()| left_out)
}
