//! `ablate schema`: the JSON Schema of sweep files, or the table of parameters.

use clap::Args;

use super::exit::Exit;
use super::say;
use crate::sweep;

/// Print the JSON Schema (draft-07) of sweep files, for editors and validators.
///
/// An editor with a YAML language server checks and completes a sweep file whose first line is
/// `# yaml-language-server: $schema=sweep.schema.json`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Print the table of parameters as Markdown instead: values, default, meaning.
    #[arg(long)]
    table: bool,
}

/// Prints it.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    if arguments.table {
        say!("{}", sweep::parameter_table().trim_end());
    } else {
        say!("{}", serde_json::to_string_pretty(&sweep::schema())?);
    }
    Ok(Exit::Done)
}
