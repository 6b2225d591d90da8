//! What a visitor reads at an address that leads to no page of a site: in their language, with a
//! way back.

use super::fragment::{Back, Missing, Out, PageBuf, PageFull};
use crate::config::Config;
use crate::model::{Lang, SiteId};

/// The way up. It is relative, so it is right below whatever a proxy puts before it, and it has no
/// secret.
const UP: &str = "../../../../../../../../";

/// Renders it into `out`, whose content it replaces. The root of the site is `up` directories above
/// the address. It is [`PageFull`] if it does not fit, or if no link of ours leads so deep.
///
/// Its style sheet is its own, since that of a page is many times its size: whoever tries addresses
/// at random costs little.
pub fn missing(
    out: &mut PageBuf,
    config: &Config,
    site: SiteId,
    lang: Lang,
    up: usize,
) -> Result<(), PageFull> {
    let mut out = Out::new(out, lang);
    let site = config.sites.get(site.index()).copied().unwrap_or_default();
    let base = if up == 0 { "./" } else { UP.get(..up.saturating_mul(3)).ok_or(PageFull)? };
    Missing {
        dir: lang.dir(),
        site: config.text(&site.title, lang),
        back: &mut |out| Back { base }.write(out),
    }
    .write(&mut out);
    out.finish()
}
