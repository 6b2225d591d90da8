//! Any bytes as a configuration: it is in force whole or not at all, each mistake is told in words,
//! and no page of it is larger than the bound by which `check` refuses it. Whatever people say at
//! its top makes no tag but ours.
#![no_main]

use aiglon::config::{Config, Problems};
use aiglon::limits::PAGE_BYTES;
use aiglon::model::{BannerView, ComponentId, ComponentView, Finding, Lang, PageKind, SiteId, View, Words};
use aiglon::render::{page, worst_case};
use aiglon::text::buffer::Bytes;
use aiglon::time::{At, Mono, Now, Wall};
use libfuzzer_sys::fuzz_target;

/// All parts are alike, and somebody has said something.
struct Scene<'a> {
    finding: Finding,
    since: Option<At>,
    words: Option<&'a str>,
}

const NOON: i64 = 1_795_262_400_000;

impl View for Scene<'_> {
    fn now(&self) -> Now {
        Now::new(Mono(90_000_000), Some(Wall(NOON)))
    }
    fn as_of(&self, _: SiteId) -> Option<Mono> {
        Some(Mono(89_000_000))
    }
    fn silent_since(&self, _: ComponentId) -> Option<Option<Mono>> {
        (self.finding == Finding::Silent).then_some(Some(Mono(7)))
    }
    fn component(&self, _: ComponentId) -> ComponentView {
        ComponentView { finding: self.finding, since: self.since, trouble: true, ..ComponentView::default() }
    }
    fn published(&self, _: ComponentId, _: Lang, each: &mut dyn FnMut(&str)) {
        self.words.into_iter().for_each(each);
    }
    fn banner(&self, _: SiteId) -> Option<BannerView<'_>> {
        let text = self.words?;
        Some(BannerView { state: None, words: Words::Own { lang: "", text }, at: Some(Wall(NOON)), who: 1 })
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((&[finding, since, words], file)) = data.split_first_chunk::<3>() else { return };
    let mut config = Box::new(const { Config::new() });
    let mut problems = Box::new(Problems::new());
    let loaded = config.load(file, &mut problems);
    let mut told = String::new();
    for problem in problems.iter() {
        let mut one = heapless::String::<1024>::new();
        assert!(problem.describe(&mut one).is_ok(), "a mistake has room for its words");
        told += &one;
    }
    if loaded.is_err() {
        assert!(!told.is_empty(), "refused without a word");
        return;
    }
    // The end of the file is what is said.
    let words = &file[file.len() - usize::from(words).min(file.len())..];
    let words = std::str::from_utf8(words).ok().filter(|words| !words.trim().is_empty());
    let since = (since != 0).then_some(At::Wall(Wall(NOON - i64::from(since) * 7_000_000)));
    let finding = Finding::ALL[usize::from(finding) % Finding::ALL.len()];
    let scene = Scene { finding, since, words };
    let mut out = Box::new(Bytes::<PAGE_BYTES>::new());
    for site in (0..config.sites.len()).map(|site| SiteId(site as u8)) {
        let bound = worst_case(&config, site);
        for lang in Lang::ALL {
            if bound > PAGE_BYTES {
                continue;
            }
            page(&mut *out, &config, site, lang, &scene, PageKind::Now)
                .expect("a page within its bound fits");
            assert!(out.len() <= bound, "{} {bound}", out.len());
            let page = std::str::from_utf8(out.as_slice()).expect("a page is text");
            for bad in ["<script", "<iframe", "<img", "javascript:", " onload=", " onclick="] {
                let lower = page.to_ascii_lowercase();
                // In words it may stand, escaped: a tag or an attribute it is not.
                let tags: Vec<_> = lower.split('<').skip(1).filter_map(|tag| tag.split_once('>')).collect();
                assert!(!tags.iter().any(|(tag, _)| format!("<{tag}").starts_with(bad)), "{bad}");
            }
        }
    }
});
