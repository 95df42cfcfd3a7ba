//! What only the points of a grid show to be wrong: combinations that cannot be trained, and parameters without effect.

use std::collections::{BTreeMap, HashSet};

use super::expand::Judged;
use crate::config::{Conflict, PARAMETERS, Parameter, Value, parameter};
use crate::grid::{Points, is_live};
use crate::sweep::{Diagnostic, Grid, Invalid, Place, Sweep, rule};

/// What was found wrong so far.
pub(super) struct Verdict<'s> {
    sweep: &'s Sweep,
    wrong: Vec<Diagnostic>,
    /// Combinations that were reported, by the places of both values.
    reported: HashSet<(Located, Option<Located>)>,
    /// Every name of a parameter that is written: idle until a point shows an effect of it.
    names: BTreeMap<Place, Name>,
}

/// A name of a parameter in the file, at one place.
struct Name {
    parameter: &'static Parameter,
    live: bool,
    /// Where the parameters that it depends on are written beside it.
    beside: Vec<(&'static str, Place)>,
}

/// The parameters written in a grid that have shown no effect yet.
pub(super) type Idle = Vec<(&'static Parameter, Place)>;

impl<'s> Verdict<'s> {
    pub fn new(sweep: &'s Sweep) -> Self {
        Self { sweep, wrong: Vec::new(), reported: HashSet::new(), names: BTreeMap::new() }
    }

    /// Begins a grid: every parameter that is written in it is idle.
    pub fn enter(&mut self, grid: &Grid) -> Idle {
        // Whoever narrows a sweep on the command line has not written what becomes idle by it.
        let asked = |place: &Place| self.sweep.overrides().is_empty() || place.is_override();
        // An axis with conditions says itself where it is not there.
        let conditional = |place: &Place| grid.axes().any(|axis| axis.key == *place && !axis.when.is_empty());
        written(grid).filter(|(_, place)| asked(place) && !conditional(place)).collect()
    }

    /// Takes note of what was found wrong elsewhere.
    pub fn extend(&mut self, wrong: Vec<Diagnostic>) {
        self.wrong.extend(wrong);
    }

    /// Judges a point that no rule excludes.
    pub fn judge(&mut self, points: &Points<'_>, index: u128, judged: &Judged, idle: &mut Idle) {
        if let Some(conflict) = &judged.conflict {
            self.report(conflict, points, index, judged);
        }
        let is_live = |parameter| is_live(&judged.assignment, &judged.point.configuration, parameter);
        idle.retain(|(parameter, place)| {
            let live = judged.assignment.contains_key(parameter.name) && is_live(parameter);
            let name = self.names.entry(*place).or_insert(Name { parameter, live, beside: Vec::new() });
            name.live |= live;
            !name.live
        });
        for entry in points.included(index).iter().flat_map(|point| &point.entries) {
            let live = is_live(entry.parameter);
            let name = self.names.entry(entry.key);
            name.or_insert(Name { parameter: entry.parameter, live, beside: Vec::new() }).live |= live;
        }
    }

    /// Ends a grid.
    pub fn leave(&mut self, grid: &Grid, idle: Idle) {
        for (parameter, place) in idle {
            // Absent where every point of the grid is excluded: then nothing is known of it.
            let Some(name) = self.names.get_mut(&place) else { continue };
            let related = written(grid).filter(|(other, _)| mentions(parameter.when, other.name));
            name.beside.extend(related.map(|(other, place)| (other.name, place)));
        }
    }

    /// Everything that was found.
    pub fn result(mut self) -> Result<(), Invalid> {
        for (place, Name { parameter, live, beside }) in self.names {
            if live {
                continue;
            }
            let message = format!("`{}` has no effect: it has one only when {}", parameter.name, parameter.when);
            let mut wrong = Diagnostic::new(place, message);
            for (name, place) in &beside {
                wrong = wrong.note(*place, format!("`{name}` is set here"));
            }
            let hint = match beside.as_slice() {
                _ if place.is_override() => "leave it out",
                [] => "remove it",
                _ => "remove one of the two, or give each its own grid",
            };
            self.wrong.push(wrong.hint(hint));
        }
        if self.wrong.is_empty() { Ok(()) } else { Err(self.sweep.invalid(self.wrong)) }
    }

    /// Reports a combination, once for each pair of places.
    fn report(&mut self, conflict: &Conflict, points: &Points<'_>, index: u128, judged: &Judged) {
        let mut located = conflict.parameters.iter().filter_map(|name| locate(points, index, name));
        let Some(first) = located.next() else {
            self.wrong.push(Diagnostic::new(Place::start_of(0), conflict.to_string()));
            return;
        };
        let second = located.next();
        if self.reported.insert((first, second)) {
            let wrong = Diagnostic::new(first.1, conflict.to_string());
            self.wrong.push(match second {
                Some(second) => both_written(wrong, first.0, second, points, judged),
                None => wrong.hint_if(by_default(conflict, first.0, judged)),
            });
        }
    }
}

/// A combination of two values that are both written.
fn both_written(
    wrong: Diagnostic,
    first: &str,
    (second, place): Located,
    points: &Points<'_>,
    judged: &Judged,
) -> Diagnostic {
    let value = |name| Some((name, judged.assignment.get(name)?));
    let values: Vec<(&str, &Value)> = [first, second].into_iter().filter_map(value).collect();
    let shown = values.last().map_or(String::new(), |(_, value)| value.to_string());
    let hint = if points.is_axis(first) || points.is_axis(second) {
        format!("change one of the two, or leave such points out: `exclude: [{}]`", rule(values))
    } else {
        "change one of the two".into()
    };
    wrong.note(place, format!("`{second}` is `{shown}` here")).hint(hint)
}

/// What to do about a combination of a written value with the default of another parameter.
fn by_default(conflict: &Conflict, written: &str, judged: &Judged) -> Option<String> {
    let absent = conflict.parameters.into_iter().find(|name| *name != written)?;
    let value = parameter(absent)?.get(&judged.point.configuration)?;
    Some(format!("`{absent}` is `{value}` by default: set it too, or change this"))
}

/// A parameter, and where its value is written.
type Located = (&'static str, Place);

/// Every parameter that a grid names, and where.
fn written(grid: &Grid) -> impl Iterator<Item = (&'static Parameter, Place)> + '_ {
    let based = grid.base.iter().map(|entry| (entry.parameter, entry.key));
    based.chain(grid.axes().map(|axis| (axis.parameter, axis.key)))
}

/// Whether words of the parameter table name a parameter.
fn mentions(words: &str, name: &str) -> bool {
    words.contains(&format!("`{name}`"))
}

/// Where the value that a parameter has at a point is written, and under which name: its own, or that of a parameter
/// whose default or whose own default follows it (`normalization` and its two sides).
fn locate(points: &Points<'_>, index: u128, name: &str) -> Option<Located> {
    let own = parameter(name)?;
    let related = PARAMETERS.iter().filter(|other| mentions(other.default, name) || mentions(own.default, other.name));
    std::iter::once(own).chain(related).find_map(|known| Some((known.name, points.place(index, known.name)?)))
}
