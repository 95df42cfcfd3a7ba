//! The two files of a bundle that people read first: README.md and CITATION.cff.

use std::fmt::Write as _;

use super::Contents;
use super::metadata::Facts;

/// What is where, and what to do with it.
pub(super) fn readme(facts: &Facts) -> String {
    let (title, name) = (facts.title(), &facts.name);
    let example = match &facts.run {
        Some(run) => format!("ablate show BUNDLE.zip/{run}"),
        None => "ablate runs BUNDLE.zip".to_owned(),
    };
    format!(
        "# {title}\n\n\
         | place | what it is |\n\
         |---|---|\n\
         | `reports/{name}/index.html` | the report: open it in a browser, no network is needed |\n\
         | `results/{name}/` | records, learning curves and predictions as Parquet; sweep files; weights where they were kept |\n\
         | `results/{name}/provenance/` | the program and machine that trained the runs, where that was recorded |\n\
         | `results/{name}/verified/` | what verifications found, where there were any |\n\
         | `ro-crate-metadata.json` | every file with its size, media type and SHA-256 (RO-Crate 1.1) |\n\
         | `CITATION.cff` | how to cite these results |\n\n\
         Ablate reads the archive as it is, and refuses it where a byte has changed:\n\n\
         ```\n\
         ablate check BUNDLE.zip\n\
         {example}\n\
         ```\n\n\
         Unpacked, `results/{name}` is a folder of results like any other.\n"
    )
}

/// Quotes a text for YAML: JSON is YAML.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The citation, in the Citation File Format 1.2.0.
pub(super) fn citation(contents: &Contents<'_>, facts: &Facts) -> String {
    let mut text =
        String::from("cff-version: 1.2.0\nmessage: If you use these results, please cite them.\ntype: dataset\n");
    let _ = writeln!(text, "title: {}", quoted(&facts.title()));
    let _ = writeln!(text, "abstract: {}", quoted(&facts.description(contents)));
    text.push_str("authors:\n");
    // The format asks for one.
    let nobody = ["Authors are not stated".to_owned()];
    let authors = if contents.authors.is_empty() { &nobody[..] } else { contents.authors };
    for author in authors {
        let _ = writeln!(text, "  - name: {}", quoted(author));
    }
    if let Some(license) = contents.license {
        let key = if license.contains("://") { "license-url" } else { "license" };
        let _ = writeln!(text, "{key}: {}", quoted(license));
    }
    if let Some(time) = &facts.time {
        let _ = writeln!(text, "date-released: {}", time.split('T').next().unwrap_or(time));
    }
    text
}
