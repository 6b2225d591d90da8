//! Compiles `www/` into Rust (placeholder until the fragment compiler lands).
use std::{env, fs, path::Path};

fn main() {
    println!("cargo::rerun-if-changed=www");
    let out = env::var("OUT_DIR").unwrap();
    fs::write(
        Path::new(&out).join("lang.rs"),
        r#"
/// A language that the page speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Arabic.
    Ar,
    /// French.
    Fr,
}
impl Lang {
    /// How many there are.
    pub const COUNT: usize = 3;
    /// All of them; English, the default, first.
    pub const ALL: [Self; Self::COUNT] = [Self::En, Self::Ar, Self::Fr];
    /// Its BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self { Self::En => "en", Self::Ar => "ar", Self::Fr => "fr" }
    }
    /// Its position in [`Lang::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }
    /// The language of a tag, its region ignored, case aside.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or("");
        Self::ALL.into_iter().find(|lang| lang.tag().eq_ignore_ascii_case(primary))
    }
}
"#,
    )
    .unwrap();
}
