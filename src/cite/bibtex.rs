//! Citations as entries for biber and `BibTeX`: the program as `@software`, the results as `@misc`.

use std::fmt::Write as _;

use super::citation::{Citation, plain};
use super::facts::in_sentences;
use super::latex::escaped;
use super::origin::Origin;

/// Entries of the programs that trained the runs, and of the results.
pub(super) fn bibtex(citation: &Citation) -> String {
    let mut out = String::new();
    for origin in citation.runs.origins().into_keys() {
        software(origin.as_ref(), &mut out);
    }
    results(citation, &mut out);
    out
}

fn entry(kind: &str, key: &str, fields: &[(&str, String)], out: &mut String) {
    let _ = writeln!(out, "@{kind}{{{key},");
    for (name, value) in fields {
        let _ = writeln!(out, "  {name:<12} = {{{value}}},");
    }
    out.push_str("}\n\n");
}

/// Characters of a hash that stand together in print.
const TOGETHER: usize = 8;
/// The shortest word that is taken apart: hashes and commits, and no run id.
const LONG: usize = 32;

/// Text as TeX shows it, with places where a line may end in what is too long for one.
fn breakable(text: &str) -> String {
    let word = |word: &str| {
        // What stands behind a hash stays with its end.
        let core = word.trim_end_matches(|c: char| !c.is_alphanumeric());
        let letters: Vec<char> = core.chars().collect();
        if letters.len() < LONG {
            return escaped(word);
        }
        let parts = letters.chunks(TOGETHER).map(|part| escaped(&part.iter().collect::<String>()));
        parts.collect::<Vec<_>>().join("\\allowbreak{}") + &escaped(&word[core.len()..])
    };
    plain(text).split(' ').map(word).collect::<Vec<_>>().join(" ")
}

fn software(origin: Option<&Origin>, out: &mut String) {
    let author = ("author", "{The Ablate developers}".to_owned());
    let title = ("title", "{Ablate}".to_owned());
    let Some(origin) = origin else {
        let note = "The version that trained the results is not known".to_owned();
        return entry("software", "ablate", &[author, title, ("note", note)], out);
    };
    // The same version may have been built from several commits.
    let commit: String = origin.commit.iter().flat_map(|commit| commit.chars().take(12)).collect();
    let dash = if commit.is_empty() { "" } else { "-" };
    let changed = if origin.modified == Some(true) { "-modified" } else { "" };
    let key = key(&format!("ablate-{}{dash}{commit}{changed}", origin.version));
    let version = ("version", escaped(&origin.version));
    entry("software", &key, &[author, title, version, ("note", breakable(&origin.to_string()))], out);
}

fn results(citation: &Citation, out: &mut String) {
    let authors: Vec<String> = if citation.authors.is_empty() {
        citation.authors().iter().map(|name| format!("{{{}}}", escaped(name))).collect()
    } else {
        citation.authors.iter().map(|name| author(name)).collect()
    };
    let mut fields = vec![("author", authors.join(" and ")), ("title", format!("{{{}}}", escaped(&citation.title())))];
    let date = citation.date().and_then(|date| Some((date.get(..4)?, date.get(5..7)?)));
    if let Some((year, month)) = date {
        fields.push(("year", year.to_owned()));
        fields.push(("month", month.trim_start_matches('0').to_owned()));
        fields.push(("howpublished", "Saved results of a hyperparameter sweep".into()));
    }
    fields.push(("note", breakable(&in_sentences(citation))));
    // A @misc must have a date, and there is none to tell where no process has noted it.
    let kind = if date.is_some() { "misc" } else { "dataset" };
    let id = citation.id();
    let key = if id == citation.sweep { key(&citation.sweep) } else { key(&format!("{}-{id}", citation.sweep)) };
    entry(kind, &key, &fields, out);
}

/// A name as it was given; in braces where it would be taken for several, or for none.
fn author(name: &str) -> String {
    let is_several = name.split_whitespace().any(|word| word.eq_ignore_ascii_case("and"));
    let is_name = name.matches(',').count() <= 2 && !name.trim().eq_ignore_ascii_case("others");
    if is_several || !is_name { format!("{{{}}}", escaped(name)) } else { escaped(name) }
}

/// A name as a key: with characters that every reader takes in one.
pub(super) fn key(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_may_be_broken_and_short_ones_are_not() {
        let hash = "0123456789abcdef".repeat(2);
        let parts = ["01234567", "89abcdef", "01234567", "89abcdef"].join("\\allowbreak{}");
        assert_eq!(
            breakable(&format!("file {hash}. Run 0123456789abcdef0123, 50%")),
            format!("file {parts}. Run 0123456789abcdef0123, 50\\%")
        );
    }
}
