//! Which names files of a bundle may have: those that mean one file, inside the folder, on every system.

use std::collections::{BTreeMap, BTreeSet};

use super::container::{Outcome, refused};

/// Longest name of a file or folder, and most folders above a file.
const LONGEST: usize = 200;
const DEEPEST: usize = 8;

/// Names that Windows takes for devices, with any ending.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "com", "lpt"];

/// What is wrong with one name.
fn wrong(name: &str) -> Option<&'static str> {
    let parts: Vec<&str> = name.split('/').collect();
    if name.starts_with('/') {
        return Some("is an absolute path");
    }
    if parts.contains(&"..") {
        return Some("leads out of its folder");
    }
    if parts.len() > DEEPEST || parts.iter().any(|part| part.len() > LONGEST) {
        return Some("is too long");
    }
    let is_plain = |part: &&str| {
        let is_known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        part.chars().all(is_known) && part.starts_with(|c: char| c.is_ascii_alphanumeric()) && !part.ends_with('.')
    };
    if !parts.iter().all(is_plain) {
        return Some("is not made of letters, digits, `.`, `_`, `-`, each part beginning with a letter or a digit");
    }
    let is_device = |part: &&str| {
        let stem = part.split('.').next().unwrap_or_default().to_ascii_lowercase();
        DEVICES.contains(&stem.trim_end_matches(|c: char| c.is_ascii_digit()))
    };
    parts.iter().any(is_device).then_some("is the name of a device on some systems")
}

/// Checks names of files, which must also differ from one another, and from all folders, on systems that do not tell
/// capitals from small letters.
pub(super) fn check<'a>(names: impl Iterator<Item = &'a str>) -> Outcome<()> {
    let (mut files, mut folders) = (BTreeSet::new(), BTreeMap::new());
    for name in names {
        if let Some(what) = wrong(name) {
            return Err(refused(format!("the name {name:?} {what}")));
        }
        if !files.insert(name.to_ascii_lowercase()) {
            return Err(refused(format!(
                "two of its files have the name {name:?}, or names that differ in capitals only"
            )));
        }
        for (at, _) in name.match_indices('/') {
            let folder = &name[..at];
            if *folders.entry(folder.to_ascii_lowercase()).or_insert(folder) != folder {
                return Err(refused(format!("two of its folders differ from {folder:?} in capitals only")));
            }
        }
    }
    match files.iter().find(|file| folders.contains_key(*file)) {
        Some(both) => Err(refused(format!("{both:?} is a file and a folder"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::container::Fault;
    use super::*;

    fn refusal(names: &[&str]) -> Option<String> {
        match check(names.iter().copied()) {
            Err(Fault::Refused(what)) => Some(what),
            Err(Fault::Io(error)) => panic!("{error}"),
            Ok(()) => None,
        }
    }

    #[test]
    fn names_of_ablate_are_taken() {
        let names =
            ["README.md", "results/a-b_c.1/runs.parquet", "results/a-b_c.1/weights/00.safetensors", "x/null.csv"];
        assert_eq!(refusal(&names), None);
    }

    #[test]
    fn names_that_lead_elsewhere_or_mean_two_files_are_refused() {
        let cases: [(&[&str], &str); 16] = [
            (&["../x"], "leads out"),
            (&["a/../../x"], "leads out"),
            (&["/etc/x"], "absolute"),
            (&["C:/x"], "not made of"),
            (&["a\\..\\x"], "not made of"),
            (&["a//b"], "not made of"),
            (&["a/./b"], "not made of"),
            (&["a/"], "not made of"),
            (&[""], "not made of"),
            (&["a\0b"], "not made of"),
            (&["\u{202e}a"], "not made of"),
            (&["x/nul.csv"], "device"),
            (&["COM1"], "device"),
            (&["a", "A"], "capitals"),
            (&["d/a", "D/b"], "capitals"),
            (&["a", "a/b"], "file and a folder"),
        ];
        for (names, part) in cases {
            let found = refusal(names);
            assert!(found.as_ref().is_some_and(|found| found.contains(part)), "{names:?}: {found:?}");
        }
        assert!(refusal(&["a", "a"]).is_some() && refusal(&[&"a".repeat(300)]).is_some());
        assert!(refusal(&["a/a/a/a/a/a/a/a/a"]).is_some());
    }
}
