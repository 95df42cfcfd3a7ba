//! What the records of any sweep show, one finding a file. A finding is there where the records have what it needs, and
//! where it tells something: by what runs are, whatever the sweep is called.

mod beyond;
mod conditioning;
mod courses;
mod crossing;
mod depths;
mod distribution;
mod encoded;
mod examples;
mod floors;
mod pieces;
mod rounding;
mod settings;
mod sizes;
mod success;

use super::{Group, Metric, Problem, Records};

pub use beyond::{Beyond, Form, Levels};
pub use conditioning::{Conditioning, Pace};
pub use courses::{Courses, GOING};
pub use crossing::{Crossed, Crossing, LevelOf};
pub use depths::{Depths, Line, Point};
pub use distribution::{Band, Distribution};
pub use encoded::{Encoded, MUCH, Written};
pub use examples::{Examples, Learner, Slope};
pub use floors::{Floors, OfTask};
pub use pieces::{Pieces, Trained};
pub use rounding::{Rounded, Roundings};
pub use settings::{Setting, settings};
pub use sizes::{Budget, Compared, Shape, Sizes};
pub use success::{SUCCESS, Success, Successes};

/// Findings on any sweep. Each is there where the records have what it needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Findings {
    /// How replicates of one configuration scatter.
    pub distribution: Option<Distribution>,
    /// A crossing of axes of words.
    pub crossing: Option<Crossing>,
    /// Error against the number of straight pieces.
    pub pieces: Option<Pieces>,
    /// Error inside the range and beyond it.
    pub beyond: Option<Beyond>,
    /// How often an operation is found.
    pub successes: Option<Successes>,
    /// Linear networks over the computed floor of their task.
    pub floors: Option<Floors>,
    /// Linear networks on squares by depth.
    pub depths: Option<Depths>,
    /// Epochs to the floor against the condition number.
    pub conditioning: Option<Conditioning>,
    /// Error on the examples and on all inputs, by the number of examples.
    pub examples: Option<Examples>,
    /// Error before and after rounding, by precision.
    pub roundings: Option<Roundings>,
    /// Error against the size of networks.
    pub sizes: Option<Sizes>,
    /// Ways to write a number.
    pub written: Option<Written>,
    /// Learning over the epochs.
    pub courses: Option<Courses>,
}

/// The findings of a sweep.
pub(super) fn findings(
    records: &Records,
    varying: &[&'static str],
    problems: &[Problem],
    groups: &[Group],
    metric: &Metric,
) -> Findings {
    let settings = settings(records, varying);
    Findings {
        distribution: distribution::distribution(records, problems, groups, metric),
        crossing: crossing::crossing(&settings, problems, groups, metric),
        pieces: pieces::pieces(records, &settings, problems, groups),
        beyond: beyond::beyond(records, &settings, problems, groups),
        successes: success::successes(records, problems, groups, metric),
        floors: floors::floors(records),
        depths: depths::depths(records, &settings),
        conditioning: conditioning::conditioning(records),
        examples: examples::examples(records, &settings, problems, groups),
        roundings: rounding::roundings(records, &settings, problems, groups),
        sizes: sizes::sizes(records, &settings, problems, groups, metric),
        written: encoded::written(records, problems, groups),
        courses: courses::courses(records, groups, problems.len()),
    }
}

/// Rows of a problem.
fn rows_of(problem: &Problem, groups: &[Group]) -> Vec<usize> {
    problem.groups.iter().flat_map(|&group| groups[group].rows.iter().copied()).collect()
}

/// The problem with the most runs that meet a condition, the first of several; `None` where no run does.
fn main_problem(problems: &[Problem], groups: &[Group], wanted: impl Fn(usize) -> bool) -> Option<usize> {
    let count = |problem: &Problem| rows_of(problem, groups).into_iter().filter(|&row| wanted(row)).count();
    let counts = problems.iter().map(count).enumerate();
    let (problem, most) = counts.max_by_key(|&(place, count)| (count, std::cmp::Reverse(place)))?;
    (most > 0).then_some(problem)
}

/// The median of numbers; `None` of none.
fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    (n > 0).then(|| f64::midpoint(sorted[(n - 1) / 2], sorted[n / 2]))
}

/// The slope of least squares through the logarithms of points; `None` without two different places.
fn power(points: &[(f64, f64)]) -> Option<f64> {
    let logs: Vec<(f64, f64)> =
        points.iter().filter(|(x, y)| *x > 0.0 && *y > 0.0).map(|(x, y)| (x.log10(), y.log10())).collect();
    super::founding::lines::fit(&logs).map(|fit| fit.slope)
}
