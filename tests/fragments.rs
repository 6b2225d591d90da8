//! The compiler of `www/`: what it makes of fragments, catalogues, styles and changelogs, and each
//! refusal.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

#[path = "../www/compiler/mod.rs"]
mod compiler;

use compiler::{
    Catalogue, Fragment, Piece, Sheets, catalogues, choose, emit_floor, emit_fragments, emit_lang, emit_words,
};
use compiler::{floor, fragments, minify};

const ENGLISH: &str = "lang.name = English\nlang.dir = ltr\nlang.plural = one\nlang.digits = latn\nlang.read = no\n# A comment.\nreload = Reload\nsince = since {time}\n";

fn english() -> Vec<Catalogue> {
    catalogues(&[("www/lang/en.txt".into(), ENGLISH.into())]).unwrap()
}

fn compile(html: &str) -> Result<Fragment, String> {
    fragments(&[("www/fragments/x.html".into(), html.into())], &english(), &sheets())
        .map(|mut all| all.remove(0))
        .map_err(|refusals| refusals[0].to_string())
}

fn sheets() -> Sheets {
    Sheets::new(&[("www/style.css".into(), "p { color: red }".into())])
}

fn html(text: &str) -> Piece {
    Piece::Html(text.into())
}

#[test]
fn a_slot_is_escaped_by_where_it_stands() {
    let fragment = compile(
        "{{slots name url >rest}}\n<p class=\"a {{name}}\">\n  <a href=\"{{url}}\">{{name}}</a> {{t.reload}}\n  {{>rest}}\n</p>\n",
    );
    let pieces = vec![
        html("<p class=\"a "),
        Piece::Attribute("name".into()),
        html("\"><a href=\""),
        Piece::Url("url".into()),
        html("\">"),
        Piece::Text("name".into()),
        html("</a> "),
        Piece::Word("reload".into()),
        Piece::Block("rest".into()),
        html("</p>"),
    ];
    assert_eq!(fragment.unwrap().pieces, pieces);
    // What follows a # is no URL that could lead away.
    let fragment = compile("{{slots id}}<a href=\"#{{id}}\">x</a>").unwrap();
    assert_eq!(fragment.pieces[1], Piece::Attribute("id".into()));
    // Nor is what follows a question mark.
    let fragment = compile("{{slots tag}}<a href=\"?lang={{tag}}\" lang=\"{{lang}}\">x</a>").unwrap();
    assert_eq!(fragment.pieces[1], Piece::Attribute("tag".into()));
    assert_eq!(fragment.pieces[3], Piece::Lang);
    // What follows the way back to a site's root stays below it.
    let fragment = compile("{{slots base id}}<a href=\"{{base}}incidents/{{id}}\">x</a>").unwrap();
    assert_eq!(fragment.pieces[1], Piece::Attribute("base".into()));
    assert_eq!(fragment.pieces[3], Piece::Attribute("id".into()));
}

#[test]
fn a_path_is_closed_where_it_opens() {
    let fragment =
        compile("{{slots days d}}<svg viewBox=\"0 0 {{days}} 9\"><path d=\"{{d}}\"></svg>").unwrap();
    // What is one slot needs no quotes where it is a plain word.
    let look = compile("{{slots look d}}<path class=\"{{look}}\" d=\"{{d}}\">").unwrap();
    assert_eq!(look.pieces[0], html("<path class="));
    assert_eq!(look.pieces[1], Piece::Token("look".into()));
    assert_eq!(look.pieces[2], html(" d=\""));
    let refusal = compile("{{slots look}}<path class=\"{{look}}\">").unwrap_err();
    assert!(refusal.contains("must not be its last attribute"), "{refusal}");
    assert_eq!(fragment.pieces[2], html(" 9\"><path d=\""));
    assert_eq!(fragment.pieces[4], html("\"/></svg>"));
}

#[test]
fn white_space_between_tags_costs_nothing_and_between_words_one_byte() {
    let check = |source: &str, expected: &str| {
        assert_eq!(compile(&format!("{{{{slots}}}}{source}")).unwrap().pieces, [html(expected)]);
    };
    check("<ul>\n  <li>\n    a  b\n    c\n  </li>\n</ul>\n", "<ul><li>a b c</ul>");
    check("<b>a</b> <b>b</b>\n", "<b>a</b> <b>b</b>");
    check("<p>a<!-- gone --></p>", "<p>a</p>");
    check("<!doctype html>\n<html lang=\"en\"></html>", "<!doctype html><html lang=en></html>");
    // A plain word needs no quotes, an address with other characters does.
    check("<p class=\"a b\" id=\"c\">x</p>", "<p class=\"a b\" id=c>x</p>");
    check("<head>{{style}}</head>", "<head><style>p{color:red}</style></head>");
}

#[test]
fn what_could_break_a_page_does_not_build() {
    let check = |source: &str, expected: &str| {
        let refusal = compile(source).expect_err(source);
        assert!(refusal.contains(expected), "{source}: {refusal}");
    };
    check("<p></p>", "x.html:1: a fragment starts by declaring");
    check("{{slots}}\n<p>{{name}}</p>", "x.html:2: `name` is not a slot");
    check("{{slots}}\n<p>{{>name}}</p>", "x.html:2: `name` is not a slot");
    check("{{slots name name}}", "declared twice");
    check("{{slots name}}<p></p>", "`name` is declared and never used");
    check("{{slots}}<p>{{t.nothing}}</p>", "`nothing` is not a key");
    check("{{slots}}<p>{{t.since}}</p>", "has places to fill");
    check("{{slots}}<p>{{name</p>", "{{ without }}");
    check("{{slots name}}<{{name}}>", "cannot be the name of a tag");
    check("{{slots name}}<p {{name}}></p>", "must stand in a quoted value");
    check("{{slots name}}<p class={{name}}></p>", "must stand in quotes");
    check("{{slots}}<p class=a></p>", "double quotes");
    check("{{slots}}<p class='a'></p>", "double quotes");
    check("{{slots name}}<!-- {{name}} -->", "cannot stand in a comment");
    check("{{slots >b}}<p class=\"{{>b}}\"></p>", "markup cannot stand here");
    check("{{slots >b}}<title>{{>b}}</title>", "markup cannot stand here");
    check("{{slots}}<p>{{style}}</p>", "{{style}} stands in <head>");
    check("{{slots url}}<a href=\"/x/{{url}}\"></a>", "is the whole of it");
    check("{{slots url}}<a href=\"{{url}}/x\"></a>", "is the whole of it");
    check("{{slots}}<a href=\"{{t.reload}}\"></a>", "not a URL");
    check("{{slots}}\n<p>\n<b>\n</p>", "x.html:4: </p> where <b> of line 3 is open");
    check("{{slots}}<p><b></b>", "<p> of line 1 is never closed");
    check("{{slots}}</p>", "closes nothing");
    check("{{slots}}<p></p", "not followed by >");
    check("{{slots}}<p", "not closed");
    check("{{slots}}<p class=\"a", "not closed on its line");
    check("{{slots}}<p class=\"a\"id=\"b\"></p>", "not parted by a space");
    check("{{slots}}<p class=\"a\" class=\"b\"></p>", "class= twice");
    check("{{slots}}<script>x</script>", "<script> is not an element");
    check("{{slots}}<style>x</style>", "<style> is not an element");
    check("{{slots}}<img src=\"x\">", "<img> is not an element");
    check("{{slots}}<marquee></marquee>", "<marquee> is not an element");
    check("{{slots}}<p onclick=\"x\"></p>", "neither scripts nor inline styles");
    check("{{slots}}<p style=\"x\"></p>", "neither scripts nor inline styles");
    check("{{slots}}<p href=\"x\"></p>", "does not take href=");
    for url in ["http://example.org", "https://example.org", "//example.org", "javascript:x", "\\\\x"] {
        check(&format!("{{{{slots}}}}<a href=\"{url}\"></a>"), "leads out of the page's own site");
    }
    check("{{slots}}<p>a > b</p>", "write &gt;");
    check("{{slots}}<p>a & b</p>", "write &amp;");
    check("{{slots}}<p></p><!doctype html>", "at the start of a fragment");
}

#[test]
fn catalogues_have_the_same_keys_or_do_not_build() {
    let check = |french: &str, expected: &str| {
        let files = [("l/en.txt".to_owned(), ENGLISH.to_owned()), ("l/fr.txt".to_owned(), french.to_owned())];
        let refusals = catalogues(&files).expect_err(french);
        assert!(
            refusals.iter().any(|refusal| refusal.to_string().contains(expected)),
            "{french}: {refusals:?}"
        );
    };
    let head = "lang.name = Français\nlang.dir = ltr\nlang.plural = none-or-one\nsince = depuis {time}\n\
        lang.digits = latn\nlang.read = no\n";
    check(head, "l/fr.txt:0: `reload` is missing (l/en.txt:7 has it)");
    check(&format!("{head}reload = x\nmore = y"), "l/fr.txt:8: `more` is superfluous");
    check(&format!("{head}reload = x\nreload = y"), "l/fr.txt:8: `reload` is here twice");
    check(&format!("{head}reload ="), "l/fr.txt:7: `reload` has no text");
    check(&head.replace("latn", "roman"), "l/fr.txt:5: `lang.digits` is one of");
    check(&head.replace("lang.read = no", "lang.read = perhaps"), "l/fr.txt:6: `lang.read` is `yes` if");
    check(&head.replace("lang.read = no\n", ""), "l/fr.txt:0: `lang.read` is missing");
    check(&format!("{head}reload"), "l/fr.txt:7: a line is `key = text`");
    check(&format!("{head}Reload = x"), "is not a key");
    check(&format!("{head}reload = {{time}}"), "must have the same places");
    check(&format!("{head}reload = {{what}}"), "has a place that is not one of");
    check(&format!("{head}reload = a{{time"), "has a place that is not one of");
    for bad in ["<b>", "a & b", "l'heure", "\"x\"", "a\u{202e}b", "a\u{200f}b", "a\u{1b}b"] {
        check(&format!("{head}reload = {bad}"), "`reload` holds");
    }
    check(
        "lang.name = F\nlang.dir = up\nlang.plural = one\nreload = x\nsince = {time}",
        "l/fr.txt:2: `lang.dir` is",
    );
    check("reload = x\nsince = {time}", "`lang.name` is missing");
    check("lang.name = F\nlang.dir = ltr\nlang.plural = many", "l/fr.txt:3: `lang.plural` is one of");
    check(&format!("{head}reload = x | y"), "`reload` has forms in one of the languages only");
    check(&format!("{head}reload = x | y | z"), "`reload` has 3 forms, and `none-or-one` has 2");
    check(&format!("{head}reload = {{count}} x | y"), "`reload` lacks a place in its last form");
    let refusals = catalogues(&[("l/fr.txt".into(), head.into())]).unwrap_err();
    assert!(refusals[0].what.contains("en.txt, the default language, is missing"));
}

#[test]
fn a_build_has_the_languages_that_it_is_told() {
    let all = || -> Vec<Catalogue> {
        let tags = ["en", "ar", "de", "fr", "nl"];
        tags.map(|tag| Catalogue { tag: tag.into(), ..english().remove(0) }).into()
    };
    let chosen = |wanted: Option<&str>, full: bool| {
        let (chosen, others) = choose(all(), wanted, full).unwrap();
        let chosen: Vec<_> = chosen.into_iter().map(|one| one.tag).collect();
        (chosen.join(" "), others.join(" "))
    };
    let is = |chosen: &str, others: &str| (chosen.to_owned(), others.to_owned());
    assert_eq!(chosen(None, false), is("en ar fr nl", "de"));
    assert_eq!(chosen(None, true), is("en ar de fr nl", ""));
    // What somebody names counts before the feature, and English is what all falls back to.
    assert_eq!(chosen(Some("fr"), true), is("en fr", "ar de nl"));
    assert_eq!(chosen(Some(""), false), is("en", "ar de fr nl"));
    let refused = choose(all(), Some("en sv"), false).unwrap_err();
    assert_eq!(refused[0].to_string(), "www/lang/sv.txt:0: there is no such language");
    let lang = emit_lang(&english(), &["de".into(), "fa".into()]);
    assert!(lang.contains("LEFT_OUT: &str = \"de fa\""), "{lang}");
}

#[test]
fn what_is_written_names_each_language_word_and_slot() {
    let mut all = english();
    all.push(Catalogue { tag: "ar".into(), name: "العربية".into(), rtl: true, ..all[0].clone() });
    all[1].zero = '٠';
    let lang = emit_lang(&all, &[]);
    assert!(lang.contains("match self { Self::Ar => '٠', _ => '0' }"), "{lang}");
    assert!(lang.contains("[Self::En, Self::Ar]") && lang.contains("matches!(self, Self::Ar) { \"rtl\" }"));
    let words = emit_words(&all);
    assert!(
        words.contains("    Reload,\n")
            && words.contains("[[u16; 2]; 2]")
            && words.contains("\"Reloadsince {time}\"")
    );
    let fragment = compile("{{slots name >rest}}<p>{{name}}{{>rest}}</p>").unwrap();
    let rust = emit_fragments(&[fragment], &sheets());
    for part in ["pub name: &'a str", "pub rest: &'a mut dyn FnMut", "Piece::Text(0)", "Piece::Block(0)"] {
        assert!(rust.contains(part), "{part}: {rust}");
    }
    // printf 'p{color:red}' | openssl dgst -sha256 -binary | base64
    assert!(rust.contains("'sha256-p0bF+un5yUb9MBO6xRb8kPHlY2BdpHVtLiFkDrZPF64='"), "{rust}");
}

#[test]
fn a_fragment_has_the_sheet_of_its_name() {
    let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    let sheets =
        Sheets::new(&[file("www/style.css", "p { color: red }"), file("www/small.css", "a { color: blue }")]);
    let html =
        "{{slots}}\n<!doctype html><html lang=\"{{lang}}\"><head><title>x</title>{{style}}</head></html>";
    let files = [file("www/fragments/page.html", html), file("www/fragments/small.html", html)];
    let all = fragments(&files, &english(), &sheets).unwrap();
    let text = |at: usize| format!("{:?}", all[at].pieces);
    assert!(text(0).contains("p{color:red}") && !text(0).contains("blue"), "{}", text(0));
    assert!(text(1).contains("a{color:blue}") && !text(1).contains("red"), "{}", text(1));
    let rust = emit_fragments(&all, &sheets);
    assert!(rust.contains("pub const CSP: &str") && rust.contains("pub const CSP_SMALL: &str"), "{rust}");
}

#[test]
fn a_style_sheet_loses_only_what_means_nothing() {
    let check = |css: &str, expected: &str| assert_eq!(minify(css), expected);
    check("/* a */\np {\n  margin: 0 auto;\n  color: red;\n}\n", "p{margin:0 auto;color:red}");
    check("a:focus , b > i, p + p{x:y}", "a:focus,b>i,p+p{x:y}");
    check(
        "@media (min-width: 36rem) { p { font: 1rem \"A B\", c } }",
        "@media (min-width:36rem){p{font:1rem \"A B\",c}}",
    );
    check("a/* never ends", "a");
    check(
        "a{--paper:#ffffff;--c:0}b{x:var(--paper);y:var(--c)}",
        "a{--a:#fff;--c:0}b{x:var(--a);y:var(--c)}",
    );
    // Before a colour of the root, its literal value stands for browsers that know no properties.
    check(
        ":root { --ink: #123456; } b { color: red; border: 1px solid var(--ink) }",
        ":root{--a:#123456}b{color:red;border:1px solid #123456;border:1px solid var(--a)}",
    );
}

#[test]
fn the_newest_release_is_the_floor_of_the_clock() {
    let check = |text: &str, expected: i64| assert_eq!(floor("CHANGELOG.md", text).unwrap(), expected);
    check("# Changelog\n## [Unreleased]\n## 0.1.0 - 2026-11-21\n", 1_795_219_200);
    check("## 0.2.0 - 2024-02-29\n## 0.1.0 - 2023-12-31\n", 1_709_164_800);
    // The newest counts, wherever it stands.
    check("## 1.0.1 - 2023-01-01\n## 2.0.0 - 2023-03-01\n", 1_677_628_800);
    let refused = |text: &str| floor("CHANGELOG.md", text).unwrap_err().to_string();
    assert!(refused("## [Unreleased]\n").starts_with("CHANGELOG.md:0: there is no release"));
    for bad in
        ["## 1.0", "## 1.0 - soon", "## 1.0 - 2026-13-01", "## 1.0 - 2026-11-32", "## 1.0 - 2026-11-21-1"]
    {
        assert!(
            refused(&format!("\n{bad}\n")).starts_with("CHANGELOG.md:2: a release's heading is"),
            "{bad}"
        );
    }
    assert!(emit_floor(172_800).contains("pub const BUILD_FLOOR: i64 = 2 * 86_400;"));
}

#[test]
fn the_changelog_of_this_release_names_its_version() {
    let changelog = include_str!("../CHANGELOG.md");
    assert!(changelog.contains(concat!("\n## ", env!("CARGO_PKG_VERSION"), " - ")));
}
