//! What hangs on a wall: where the page is, in each language, as an address and as a code for
//! phones.

use ufmt::uwrite;

use super::fragment::{Out, PageBuf, PageFull, Sheet, SheetEntry, SheetLocal};
use crate::config::Config;
use crate::model::{Lang, SiteId};
use crate::text::json::Json;

/// What stands on a sheet.
#[derive(Clone, Copy, Debug)]
pub struct Poster<'a> {
    /// The site.
    pub site: SiteId,
    /// In which languages, a printed page each.
    pub langs: &'a [Lang],
    /// Where the site is.
    pub url: &'a str,
    /// Whether that is a place in the reader's own network.
    pub local: bool,
}

/// Renders it into `out`, whose content it replaces. `draw` draws the code of an address, which is
/// that of the page in the reader's language. It is [`PageFull`] if it does not fit.
pub fn sheet(
    out: &mut PageBuf,
    config: &Config,
    poster: &Poster<'_>,
    draw: &mut dyn FnMut(&mut Out<'_>, Lang),
) -> Result<(), PageFull> {
    let site = config.sites.get(poster.site.index()).copied().unwrap_or_default();
    let first = poster.langs.first().copied().unwrap_or(site.lang);
    let mut out = Out::new(out, first);
    let mut entries = |out: &mut Out<'_>| {
        for &lang in poster.langs {
            out.speak(lang);
            let mut local = |out: &mut Out<'_>| {
                if poster.local {
                    SheetLocal {}.write(out);
                }
            };
            SheetEntry {
                dir: lang.dir(),
                title: config.text(&site.title, lang),
                address: poster.url,
                code: &mut |out| draw(out, lang),
                local: &mut local,
            }
            .write(out);
        }
        out.speak(first);
    };
    Sheet { dir: first.dir(), title: config.text(&site.title, first), entries: &mut entries }.write(&mut out);
    out.finish()
}

/// Draws a code of `side` modules each way, with the white margin of four that readers need (the
/// quiet zone of ISO/IEC 18004).
pub fn squares(out: &mut Out<'_>, side: usize, is_dark: &dyn Fn(usize, usize) -> bool) {
    const MARGIN: usize = 4;
    let whole = side.saturating_add(2 * MARGIN);
    let mut text = heapless::String::<96>::new();
    _ = uwrite!(text, "<svg viewBox=\"0 0 {} {}\" aria-hidden=\"true\"><path d=\"", whole, whole);
    out.put(text.as_str());
    for y in 0..side {
        let mut x = 0;
        while x < side {
            let run = (x..side).take_while(|&x| is_dark(x, y)).count();
            if run > 0 {
                let (left, top) = (x.saturating_add(MARGIN), y.saturating_add(MARGIN));
                text.clear();
                _ = uwrite!(text, "M{} {}h{}v1h-{}z", left, top, run, run);
                out.put(text.as_str());
            }
            x = x.saturating_add(run.max(1));
        }
    }
    out.put("\"/></svg>");
}
