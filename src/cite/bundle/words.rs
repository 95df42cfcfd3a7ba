//! The file of a bundle that people read first: README.md.

use super::metadata::Facts;
use crate::cite::text::escaped;

/// What is where, and what to do with it.
pub(super) fn readme(facts: &Facts) -> String {
    let (title, name) = (escaped(&facts.title), &facts.name);
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
         Ablate reads the archive as it is, and refuses it where a byte has changed. `ablate verify` trains the runs again from\n\
         the archive alone, and compares every saved bit:\n\n\
         ```\n\
         ablate check BUNDLE.zip\n\
         ablate verify BUNDLE.zip\n\
         {example}\n\
         ```\n\n\
         Unpacked, `results/{name}` is a folder of results like any other.\n"
    )
}
