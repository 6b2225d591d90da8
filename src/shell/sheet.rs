//! `aiglon sheet`: a page to print, for whoever is in the house or in its Wi-Fi. No daemon is
//! asked.

use aiglon::config::Config;
use aiglon::limits::PAGE_BYTES;
use aiglon::model::{Lang, SiteId};
use aiglon::render::{self, Poster};
use aiglon::text::buffer::Bytes;
use qrcodegen_no_heap::{QrCode, QrCodeEcc, Version};
use static_cell::ConstStaticCell;

use super::log::Safe;

/// What is asked for.
#[derive(Debug, Default)]
pub struct SheetOptions {
    /// Where the site is; else what its section says.
    pub url: Option<String>,
    /// The languages by their tags; all that are built in if it is empty.
    pub langs: Vec<String>,
    /// Whether to say that the page opens in the reader's own network.
    pub local: bool,
}

/// The sheet of a site, in HTML. Without a name it is that of the only site.
pub fn make(config: &Config, name: Option<&str>, options: &SheetOptions) -> Result<String, String> {
    static PAGE: ConstStaticCell<Bytes<PAGE_BYTES>> = ConstStaticCell::new(Bytes::new());
    let (id, site) = match name {
        Some(name) => {
            let known = (0u8..).map(SiteId).zip(&config.sites);
            let mut named = known.filter(|(_, site)| config.str(site.name) == name);
            named.next().ok_or_else(|| format!("the configuration has no site '{}'", Safe(name)))?
        }
        None => match config.sites.as_slice() {
            [site] => (SiteId(0), site),
            _ => return Err("there are several sites: name one of them".to_owned()),
        },
    };
    let url = options.url.as_deref().unwrap_or_else(|| config.str(site.url)).trim_end_matches('/');
    if url.is_empty() {
        return Err("nobody knows where the page is: give it 'option url' or --url URL".to_owned());
    }
    let is_web = ["http://", "https://"].iter().any(|scheme| url.starts_with(scheme));
    if !is_web || url.contains(|c: char| c.is_whitespace() || c.is_control() || "?#\"<>".contains(c)) {
        return Err("a URL is http:// or https://, a host and a path".to_owned());
    }
    let mut langs = Vec::new();
    for tag in &options.langs {
        let known = Lang::ALL.into_iter().find(|lang| lang.tag() == tag);
        langs.push(known.ok_or_else(|| format!("this build has no language '{}'", Safe(tag)))?);
    }
    if langs.is_empty() {
        // The site's own first.
        langs.extend([site.lang].into_iter().chain(Lang::ALL.into_iter().filter(|&lang| lang != site.lang)));
    }
    let codes = langs.iter().map(|lang| code(url, *lang)).collect::<Result<Vec<_>, _>>()?;
    let poster = Poster { site: id, langs: &langs, url, local: options.local };
    let page = PAGE.try_take().ok_or("asked twice")?;
    let drawn = render::sheet(page, config, &poster, &mut |out, lang| {
        let made = langs.iter().position(|known| *known == lang).and_then(|at| codes.get(at));
        if let Some((side, modules)) = made {
            let is_dark = |x: usize, y: usize| modules.get(y * side + x).copied().unwrap_or_default();
            render::squares(out, *side, &is_dark);
        }
    });
    drawn.map_err(|_| "the sheet is too long: ask for fewer languages with --lang".to_owned())?;
    Ok(String::from_utf8_lossy(page.as_slice()).into_owned())
}

/// How many modules the code of the page in a language has each way, and which are dark, row by
/// row. A quarter of it may be torn or dirty.
fn code(url: &str, lang: Lang) -> Result<(usize, Vec<bool>), String> {
    let text = format!("{url}/?lang={}", lang.tag());
    let (mut scratch, mut out) = ([0; Version::MAX.buffer_len()], [0; Version::MAX.buffer_len()]);
    let code = QrCode::encode_text(
        &text,
        &mut scratch,
        &mut out,
        QrCodeEcc::Quartile,
        Version::MIN,
        Version::MAX,
        None,
        true,
    );
    let code = code.map_err(|_| "the URL is too long for a code".to_owned())?;
    let side = code.size();
    let modules = (0..side).flat_map(|y| (0..side).map(move |x| (x, y))).map(|(x, y)| code.get_module(x, y));
    Ok((usize::try_from(side).unwrap_or_default(), modules.collect()))
}
