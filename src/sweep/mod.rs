//! From a sweep file to a checked [`Sweep`]. Every error names its place, shows its line and says what to do.
//!
//! A file goes through `node` (YAML with places), `check` (the grammar), `axes` and `values` (the parameter table of
//! [`crate::config`]). What several points of a grid have to do with each other is checked by [`crate::plan`], which
//! reports it as the same [`Invalid`].

mod axes;
mod block;
mod check;
mod claims;
mod conditions;
mod diagnostic;
mod expressions;
mod generators;
mod keys;
mod node;
mod overrides;
mod place;
mod reference;
mod replicates;
mod rules;
#[cfg(test)]
pub(crate) mod samples;
mod sampling;
mod schema;
mod sql;
mod standard;
mod values;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use axes::{Axis, Choices, Factor};
pub use block::Grid;
pub use check::is_name;
pub use claims::{Claim, Clause, Compare, Goal, Metric};
pub use conditions::Condition;
pub use diagnostic::{Diagnostic, Invalid};
pub use expressions::{Misplaced, aggregates, argument, of_all, of_each, terms, test_of, unusable};
pub use generators::Interval;
pub use place::Place;
pub use reference::parameter_table;
pub use replicates::{Replicates, Vary};
pub use rules::{Constraint, Exclusion, Inclusion};
pub use sampling::{Method, Sample};
pub use schema::schema;
pub use standard::{misread, operators, standard};
pub use values::{Entry, Written, rule};

use place::Texts;

/// A sweep file that was read and checked, with the overrides of the command line in place.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// Its name, which names the folders of its results and reports.
    pub name: String,
    /// What it asks.
    pub question: Option<String>,
    /// What ranks its configurations.
    pub metric: Metric,
    /// Its grids, at least one, in the order of the file.
    pub grids: Vec<Grid>,
    /// How often each configuration is trained, where its grid does not say otherwise.
    pub replicates: Replicates,
    /// What its report tests.
    pub claims: Vec<Claim>,
    texts: Arc<Texts>,
}

impl Sweep {
    /// The name of the file, as given.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.texts.file
    }

    /// The text of the file.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.texts.text
    }

    /// BLAKE3 of the text of the file.
    #[must_use]
    pub fn hash(&self) -> blake3::Hash {
        blake3::hash(self.texts.text.as_bytes())
    }

    /// The overrides of the command line, as given.
    #[must_use]
    pub fn overrides(&self) -> &[String] {
        &self.texts.overrides
    }

    /// The sweep that the file is by itself; none where it is not valid without overrides.
    #[must_use]
    pub fn without_overrides(&self) -> Option<Self> {
        parse(self.text(), self.file(), &[]).ok()
    }

    /// Where a piece of a clause is written: some bytes from its beginning, where the file has it in one line as it is.
    #[must_use]
    pub fn within(&self, clause: &Clause, piece: std::ops::Range<usize>) -> Place {
        let place = clause.place;
        let from: String = self.texts.line(place).chars().skip(place.column as usize - 1).collect();
        let quote = usize::from(from.starts_with(['\'', '"']));
        let (Some(before), Some(inside)) = (clause.sql.get(..piece.start), clause.sql.get(piece)) else { return place };
        if !from[quote..].starts_with(&format!("{before}{inside}")) {
            return place;
        }
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let column = place.column + narrow(quote + before.chars().count());
        Place { column, width: narrow(inside.chars().count()), ..place }
    }

    /// This sweep as invalid, for reasons that its file alone does not show.
    #[must_use]
    pub fn invalid(&self, diagnostics: Vec<Diagnostic>) -> Invalid {
        Invalid::new(Arc::clone(&self.texts), diagnostics)
    }

    /// Checks that the metric is one of `measures`.
    ///
    /// # Errors
    /// Names the place of the metric and the nearest measure.
    pub fn check_metric<'m>(&self, measures: impl IntoIterator<Item = &'m str> + Clone) -> Result<(), Invalid> {
        let name = self.metric.name.as_str();
        if measures.clone().into_iter().any(|measure| measure == name) {
            return Ok(());
        }
        let hint = match keys::nearest(name, measures.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the measures are {}", keys::list(&measures.into_iter().collect::<Vec<_>>())),
        };
        let place = self.metric.place.unwrap_or(Place::start_of(0));
        Err(self.invalid(vec![Diagnostic::new(place, format!("`{name}` is no measure")).hint(hint)]))
    }
}

/// A sweep file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read.
    #[error("cannot read the sweep file `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is larger than any sweep file is.
    #[error("`{}` is larger than {} KiB: it is no sweep file", path.display(), LARGEST_FILE / 1024)]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// Something in it, or in an override, is wrong.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

/// Bytes in the largest file that is read.
const LARGEST_FILE: u64 = 1 << 20;

/// Reads and checks a sweep file, with overrides such as `activation=relu,tanh`.
///
/// # Errors
/// When the file cannot be read, or it or an override is invalid.
pub fn load(path: &Path, overrides: &[String]) -> Result<Sweep, Error> {
    let unreadable = |source| Error::Unreadable { path: path.into(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(Error::TooLarge { path: path.into() });
    }
    let name = path.display().to_string();
    let text = String::from_utf8(bytes).map_err(|error| not_utf8(&name, &error))?;
    Ok(parse(&text, &name, overrides)?)
}

/// Checks the text of a sweep file; `file` is its name in messages.
///
/// # Errors
/// When it or an override is invalid: everything that is wrong with it.
pub fn parse(text: &str, file: &str, overrides: &[String]) -> Result<Sweep, Invalid> {
    check::check(&Texts::new(file, text, overrides))
}

fn not_utf8(file: &str, error: &std::string::FromUtf8Error) -> Invalid {
    let valid = error.utf8_error().valid_up_to();
    let before = String::from_utf8_lossy(&error.as_bytes()[..valid]);
    let line = before.rsplit('\n').next().unwrap_or("");
    let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let place = Place {
        line: narrow(before.matches('\n').count() + 1),
        column: narrow(line.chars().count() + 1),
        ..Place::start_of(0)
    };
    let wrong = Diagnostic::new(place, "this is not UTF-8").hint("save the file as UTF-8");
    Invalid::new(Texts::new(file, &String::from_utf8_lossy(error.as_bytes()), &[]), vec![wrong])
}

#[cfg(test)]
mod tests;
