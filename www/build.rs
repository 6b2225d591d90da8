//! Compiles `www/` into Rust: the languages, their words, the page's fragments and its style.
//!
//! The work is done in `compiler`, which the tests include as well. The build reads neither the
//! clock nor git, so the same sources give the same bytes.

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

mod compiler;

use compiler::Refusal;

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=www");
    println!("cargo::rerun-if-changed=CHANGELOG.md");
    println!("cargo::rerun-if-env-changed=AIGLON_LANGUAGES");
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(refusals) => {
            for refusal in refusals {
                println!("cargo::error={refusal}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Vec<Refusal>> {
    let out =
        env::var_os("OUT_DIR").ok_or_else(|| vec![Refusal::new("build", 0, "cargo did not set OUT_DIR")])?;
    let write = |name: &str, text: String| {
        fs::write(Path::new(&out).join(name), text).map_err(|e| vec![Refusal::new(name, 0, e)])
    };
    // Each is checked, also those that are not built in.
    let catalogues = compiler::catalogues(&read_all("www/lang", "txt")?)?;
    let wanted = env::var("AIGLON_LANGUAGES").ok();
    let full = env::var_os("CARGO_FEATURE_LANGUAGES").is_some();
    let (mut catalogues, others) = compiler::choose(catalogues, wanted.as_deref(), full)?;
    let mut files = read_all("www/fragments", "html")?;
    let mut styles = read_all("www", "css")?;
    if env::var_os("CARGO_FEATURE_SHEET").is_none() {
        // Without the command, neither its words nor its fragments cost anything.
        for one in &mut catalogues {
            one.words.retain(|key, _| !key.starts_with("sheet."));
        }
        for list in [&mut files, &mut styles] {
            list.retain(|(path, _)| !path.rsplit('/').next().is_some_and(|name| name.starts_with("sheet")));
        }
    }
    let sheets = compiler::Sheets::new(&styles);
    let fragments = compiler::fragments(&files, &catalogues, &sheets)?;
    write("lang.rs", compiler::emit_lang(&catalogues, &others))?;
    write("words.rs", compiler::emit_words(&catalogues))?;
    write("fragments.rs", compiler::emit_fragments(&fragments, &sheets))?;
    let floor = compiler::floor("CHANGELOG.md", &read("CHANGELOG.md")?).map_err(|refusal| vec![refusal])?;
    write("floor.rs", compiler::emit_floor(floor))
}

fn read(path: &str) -> Result<String, Vec<Refusal>> {
    fs::read_to_string(path).map_err(|e| vec![Refusal::new(path, 0, e)])
}

/// The files of `dir` whose name ends in `.ext`, in the order of their names: (path, text).
fn read_all(dir: &str, ext: &str) -> Result<Vec<(String, String)>, Vec<Refusal>> {
    let entries = fs::read_dir(dir).map_err(|e| vec![Refusal::new(dir, 0, e)])?;
    let mut paths: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|found| found == ext))
        .filter_map(|path| Some(path.to_str()?.replace('\\', "/")))
        .collect();
    paths.sort();
    paths.into_iter().map(|path| Ok((path.clone(), read(&path)?))).collect()
}
