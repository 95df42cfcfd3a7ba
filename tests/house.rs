//! The rules of the house: modules import in one direction, files are short and say what they are for, and what has
//! one home stays there.

use std::fs;
use std::path::{Path, PathBuf};

/// Modules in order: each may import those before it and none after it.
const ORDER: [&str; 16] = [
    "config", "random", "problem", "sweep", "grid", "plan", "network", "measure", "train", "execute", "store",
    "analysis", "report", "cite", "slurm", "cli",
];

/// Lines that a file may have, without its tests.
const LONGEST_FILE: usize = 400;

/// Rust files below a folder, in order.
fn rust_files(folder: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    assert!(!files.is_empty());
    files
}

fn relative(path: &Path) -> String {
    path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display().to_string()
}

/// The module of the house that a file of `src` belongs to.
fn module(path: &Path) -> String {
    let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

fn is_test(path: &Path) -> bool {
    let relative = relative(path);
    relative.ends_with("/tests.rs") || relative.contains("/tests/")
}

/// The text of a file up to its tests.
fn without_tests(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned()
}

/// Code without comments and without what stands in quotes.
fn code(text: &str) -> String {
    let comment = |line: &str| line.split("//").next().unwrap_or("").to_owned();
    text.lines().map(comment).collect::<Vec<_>>().join("\n")
}

/// Modules of the house that code imports: what follows `crate::`, also in braces.
fn imports(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let list = match rest.strip_prefix('{') {
            Some(list) => top_level(list),
            None => vec![rest.to_owned()],
        };
        for item in list {
            let name: String = item.trim().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            found.push(name);
        }
    }
    found
}

/// The items of a brace list, without what is nested in them.
fn top_level(list: &str) -> Vec<String> {
    let (mut depth, mut items) = (0, vec![String::new()]);
    for c in list.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => items.push(String::new()),
            _ if depth == 0 => items.last_mut().unwrap().push(c),
            _ => {}
        }
    }
    items
}

#[test]
fn modules_import_in_one_direction() {
    let place = |name: &str| ORDER.iter().position(|module| *module == name);
    let mut wrong = Vec::new();
    for file in rust_files("src").iter().filter(|file| !is_test(file)) {
        let own = module(file);
        if matches!(own.as_str(), "lib" | "main" | "bin") {
            continue;
        }
        let here = place(&own).unwrap_or_else(|| panic!("`{own}` has no place in the order of modules"));
        for import in imports(&code(&without_tests(file))) {
            match place(&import) {
                Some(there) if there > here => wrong.push(format!("{} imports {import}", relative(file))),
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "imports that go against the order of modules:\n{}", wrong.join("\n"));
}

#[test]
fn the_check_of_imports_sees_what_it_should() {
    assert_eq!(imports("use crate::store::Error;"), ["store"]);
    assert_eq!(imports("use crate::{plan::{Cohort, Run}, train};"), ["plan", "train"]);
    assert_eq!(imports("crate::report::render(x)"), ["report"]);
}

#[test]
fn training_knows_no_files_and_libtorch_has_one_home() {
    let mut wrong = Vec::new();
    for file in rust_files("src").iter().filter(|file| !is_test(file)) {
        let (own, text) = (module(file), code(&without_tests(file)));
        let word = |at: usize| text[..at].chars().next_back().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
        let uses = |what: &str| text.match_indices(what).any(|(at, _)| !word(at));
        if !matches!(own.as_str(), "train" | "network") && uses("tch::") {
            wrong.push(format!("{} names tch", relative(file)));
        }
        if own != "report" && uses("plotters::") {
            wrong.push(format!("{} draws", relative(file)));
        }
        if matches!(own.as_str(), "grid" | "plan" | "analysis" | "measure" | "problem" | "network")
            && (uses("std::fs") || uses("std::time") || uses("println!") || uses("std::env"))
        {
            wrong.push(format!("{} reads or writes, or looks at a clock", relative(file)));
        }
        if own == "train" && (uses("std::time") || uses("println!")) {
            wrong.push(format!("{} prints, or looks at a clock", relative(file)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    let mut wrong = Vec::new();
    for file in rust_files("src").iter().chain(&rust_files("tests")) {
        let text = fs::read_to_string(file).unwrap();
        if !text.starts_with("//! ") {
            wrong.push(format!("{} does not begin with a line that says what it is for", relative(file)));
        }
        let lines = without_tests(file).lines().count();
        if !is_test(file) && relative(file).starts_with("src/") && lines > LONGEST_FILE {
            wrong.push(format!("{} has {lines} lines", relative(file)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn exceptions_from_lints_have_a_reason() {
    let mut wrong = Vec::new();
    for file in rust_files("src") {
        let text = fs::read_to_string(&file).unwrap();
        for (at, _) in text.match_indices("#[allow(").chain(text.match_indices("#![allow(")) {
            let line = text[..at].lines().count();
            wrong.push(format!("{}:{line}: allow; use #[expect(…, reason = \"…\")]", relative(&file)));
        }
        for (at, _) in text.match_indices("[expect(") {
            if !text[at..].split(")]").next().unwrap_or("").contains("reason") {
                wrong.push(format!("{}:{}: expect without a reason", relative(&file), text[..at].lines().count()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn unsafe_code_has_few_homes() {
    // The lint denies it everywhere else. A kernel holds none in its own lines: the macro that it calls brings it.
    let is_home = |file: &PathBuf| {
        let code = code(&fs::read_to_string(file).unwrap());
        code.contains("expect(unsafe_code") || code.contains("unsafe {")
    };
    let homes: Vec<String> = rust_files("src").iter().filter(|file| is_home(file)).map(|file| relative(file)).collect();
    let expected = [
        "src/cite/provenance.rs",
        "src/train/cpu/activation.rs",
        "src/train/cpu/arithmetic.rs",
        "src/train/cpu/elementwise.rs",
        "src/train/cpu/finish.rs",
        "src/train/cpu/kernels.rs",
        "src/train/cpu/lanes/mod.rs",
        "src/train/cpu/lanes/x86.rs",
        "src/train/cpu/network.rs",
        "src/train/cpu/norm.rs",
        "src/train/cpu/product.rs",
        "src/train/device.rs",
        "src/train/environment.rs",
        "src/train/loaded.rs",
        "src/train/profile.rs",
    ];
    assert_eq!(homes, expected);
}
