//! What only the points of a grid show to be wrong: combinations that cannot be trained, and parameters without effect.

use std::collections::{BTreeMap, HashSet};

use super::expand::{Judged, Whole};
use crate::config::{Assignment, Configuration, Conflict, Kind, PARAMETERS, Parameter, Value, parameter};
use crate::grid::{Points, is_live};
use crate::sweep::{Diagnostic, Grid, Invalid, Place, Sweep, rule};

/// What was found wrong so far.
pub(super) struct Verdict<'s> {
    sweep: &'s Sweep,
    wrong: Vec<Diagnostic>,
    /// What is no mistake, and worth saying.
    notes: Vec<String>,
    /// Combinations that were reported, by the places of both values.
    reported: HashSet<(Located, Option<Located>)>,
    /// Every name of a parameter that is written: idle until a point shows an effect of it.
    names: BTreeMap<Key, Name>,
}

/// A name at its place. An alias is one place, and may bring many names.
pub(super) type Key = (Place, &'static str);

/// A name of a parameter in the file, at one place.
struct Name {
    parameter: &'static Parameter,
    live: bool,
    /// Where the parameters that it depends on are written beside it.
    beside: Vec<(&'static str, Place)>,
    /// Grids in which it has no effect.
    idle_in: Vec<String>,
    /// A parameter that is written nowhere in one of them, and could give it one.
    unset: Option<&'static str>,
}

impl Name {
    fn of(parameter: &'static Parameter) -> Self {
        Self { parameter, live: false, beside: Vec::new(), idle_in: Vec::new(), unset: None }
    }
}

/// The parameters written in a grid that have shown no effect yet.
#[derive(Default)]
pub(super) struct Idle {
    waiting: Vec<Waiting>,
    /// Whether any point was looked at; any of the product.
    judged: (bool, bool),
}

impl Idle {
    /// Whether all have shown one.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

/// One of them.
struct Waiting {
    parameter: &'static Parameter,
    place: Place,
    /// Whether it is an axis, which is nothing to included points.
    axis: bool,
    /// A point that has a value of it, as written. An axis with conditions may be nowhere.
    there: Option<Assignment>,
}

impl<'s> Verdict<'s> {
    pub fn new(sweep: &'s Sweep) -> Self {
        Self { sweep, wrong: Vec::new(), notes: Vec::new(), reported: HashSet::new(), names: BTreeMap::new() }
    }

    /// Begins a grid: every parameter that is written in it is idle. What the file writes has to have an effect in one
    /// grid, what the command line writes is watched in each.
    pub fn enter(&mut self, grid: &Grid) -> Idle {
        let known = |parameter: &Parameter, place: Place| {
            !place.is_override() && self.names.get(&(place, parameter.name)).is_some_and(|name| name.live)
        };
        let base = grid.base.iter().map(|entry| (entry.parameter, entry.key, false));
        let axes = grid.axes().map(|axis| (axis.parameter, axis.key, true));
        let waiting = base.chain(axes).filter(|(parameter, place, _)| !known(parameter, *place));
        let waiting = waiting.map(|(parameter, place, axis)| Waiting { parameter, place, axis, there: None });
        Idle { waiting: waiting.collect(), ..Idle::default() }
    }

    /// Takes note of what was found wrong elsewhere.
    pub fn extend(&mut self, wrong: Vec<Diagnostic>) {
        self.wrong.extend(wrong);
    }

    /// Takes note of what is worth saying.
    pub fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Judges a point that no rule excludes. It is there as a whole as long as anything is idle, and where it is included.
    pub fn judge(&mut self, points: &Points<'_>, index: u128, judged: &Judged, idle: &mut Idle) {
        let included = points.included(index);
        idle.judged = (true, idle.judged.1 || included.is_none());
        let Some(whole) = &judged.whole else { return };
        if let Some(conflict) = &whole.conflict {
            self.report(conflict, points, index, whole);
        }
        let is_live = |parameter| is_live(&whole.assignment, &whole.configuration, parameter);
        idle.waiting.retain_mut(|waiting| {
            let Waiting { parameter, place, axis, there } = waiting;
            let here = !(*axis && included.is_some()) && whole.assignment.contains_key(parameter.name);
            if here && there.is_none() {
                *there = Some(whole.assignment.clone());
            }
            let live = here && is_live(parameter);
            if live {
                self.names.entry((*place, parameter.name)).or_insert_with(|| Name::of(parameter)).live = true;
            }
            !live
        });
        for entry in included.iter().flat_map(|point| &point.entries) {
            let name = self.names.entry((entry.key, entry.parameter.name));
            name.or_insert_with(|| Name::of(entry.parameter)).live |= is_live(entry.parameter);
        }
    }

    /// Ends a grid.
    pub fn leave(&mut self, grid: &Grid, idle: Idle) {
        let axes =
            |zipped| grid.factors.iter().filter(move |factor| factor.zipped == zipped).flat_map(|factor| &factor.axes);
        for axis in axes(false) {
            let (parameter, name) = (axis.parameter.name, &grid.name);
            if axes(true).any(|other| other.parameter.name == parameter && other.when.is_empty()) {
                self.note(format!(
                    "the values of the axis `{parameter}` of the grid `{name}` do not count: a zip sets it at every \
                     point"
                ));
            }
        }
        // Where every point of the grid is excluded, nothing is known of what is written in it.
        let (judged, product) = idle.judged;
        for Waiting { parameter, place, axis, there } in idle.waiting {
            if !judged || (axis && !product) {
                continue;
            }
            let Some(there) = there else {
                let (name, grid) = (parameter.name, &grid.name);
                self.note(format!(
                    "the axis `{name}` of the grid `{grid}` is nowhere there: its `when` holds at no point"
                ));
                continue;
            };
            let name = self.names.entry((place, parameter.name)).or_insert_with(|| Name::of(parameter));
            name.unset = name.unset.or_else(|| would_give_effect(parameter, &there));
            let related = written(grid).filter(|(other, _)| mentions(parameter.when, other.name));
            name.beside.extend(related.map(|(other, place)| (other.name, place)));
            name.idle_in.push(grid.name.clone());
        }
    }

    /// What has shown no effect anywhere.
    pub fn idle(&self) -> HashSet<Key> {
        self.names.iter().filter(|(_, name)| !name.live).map(|(key, _)| *key).collect()
    }

    /// Everything that was found: what is worth saying, where nothing is wrong. `alone` gives what has no effect in the file
    /// without its overrides: whoever narrows a sweep on the command line has not written what becomes idle by it.
    pub fn result(mut self, alone: impl FnOnce() -> HashSet<Key>) -> Result<Vec<String>, Invalid> {
        let idle = self.idle();
        let narrowed = !self.sweep.overrides().is_empty() && idle.iter().any(|(place, _)| !place.is_override());
        let alone = narrowed.then(alone);
        for (key, name) in self.names {
            let overridden = key.0.is_override();
            if !name.live && (overridden || alone.as_ref().is_none_or(|alone| alone.contains(&key))) {
                self.wrong.push(without_effect(key.0, &name, self.sweep.grids.len() > 1));
            } else if name.live && overridden && !name.idle_in.is_empty() {
                let (parameter, grids) = (name.parameter, of_grids(&name.idle_in));
                let when = parameter.when;
                let said = format!("`{}` of the command line has no effect in {grids}", parameter.name);
                self.notes.push(format!("{said}: it has one only when {when}"));
            }
        }
        if self.wrong.is_empty() { Ok(self.notes) } else { Err(self.sweep.invalid(self.wrong)) }
    }

    /// Reports a combination, once for each pair of places.
    fn report(&mut self, conflict: &Conflict, points: &Points<'_>, index: u128, whole: &Whole) {
        let mut located = conflict.parameters.iter().filter_map(|name| locate(points, index, name));
        let Some(first) = located.next() else {
            self.wrong.push(Diagnostic::new(Place::start_of(0), conflict.to_string()));
            return;
        };
        let second = located.next();
        if self.reported.insert((first, second)) {
            let wrong = Diagnostic::new(first.1, conflict.to_string());
            self.wrong.push(match second {
                Some(second) => both_written(wrong, first.0, second, points, whole),
                None => wrong.hint_if(by_default(conflict, first.0, whole)),
            });
        }
    }
}

/// The error for a name that has no effect, with the grids that it stands in where there are others.
fn without_effect(place: Place, name: &Name, several: bool) -> Diagnostic {
    let Name { parameter, beside, idle_in, .. } = name;
    let grids = if several && place.is_override() { format!(" in {}", of_grids(idle_in)) } else { String::new() };
    let message = format!("`{}` has no effect{grids}: it has one only when {}", parameter.name, parameter.when);
    let mut wrong = Diagnostic::new(place, message);
    for (name, place) in beside {
        wrong = wrong.note(*place, format!("`{name}` is set here"));
    }
    let remove = if place.is_override() { "leave it out" } else { "remove it" };
    wrong.hint(match (name.unset, beside.as_slice()) {
        (Some(unset), _) => format!("{remove}, or set `{unset}` as well"),
        (None, [_, ..]) if !place.is_override() => "remove one of the two, or give each its own grid".into(),
        _ => remove.into(),
    })
}

/// A parameter that a point does not set and that would give another one an effect there, if it had another value.
fn would_give_effect(idle: &Parameter, point: &Assignment) -> Option<&'static str> {
    let values = |other: &Parameter| match other.kind {
        Kind::Words(words) => {
            let alone = words.iter().filter(|word| word.argument.is_none());
            alone.map(|word| Value::Word(word.name.into())).collect()
        }
        Kind::Number { .. } => vec![Value::Number(0.5)],
        _ => Vec::new(),
    };
    let gives = |other: &&Parameter| {
        let unset = mentions(idle.when, other.name) && !point.contains_key(other.name);
        unset
            && values(other).into_iter().any(|value| {
                let mut point = point.clone();
                point.insert(other.name, value);
                Configuration::of(&point).is_ok_and(|configuration| is_live(&point, &configuration, idle))
            })
    };
    PARAMETERS.iter().find(gives).map(|other| other.name)
}

/// `the grids a, b and 3 more`.
fn of_grids(names: &[String]) -> String {
    const MOST: usize = 5;
    let listed: Vec<String> = names.iter().take(MOST).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(MOST);
    match (listed.as_slice(), more) {
        ([one], _) => format!("the grid {one}"),
        (listed, 0) => format!("the grids {}", listed.join(", ")),
        (listed, more) => format!("the grids {} and {more} more", listed.join(", ")),
    }
}

/// A combination of two values that are both written.
fn both_written(
    wrong: Diagnostic,
    first: &str,
    (second, place): Located,
    points: &Points<'_>,
    whole: &Whole,
) -> Diagnostic {
    let value = |name| Some((name, whole.assignment.get(name)?));
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
fn by_default(conflict: &Conflict, written: &str, whole: &Whole) -> Option<String> {
    let absent = conflict.parameters.into_iter().find(|name| *name != written)?;
    let value = parameter(absent)?.get(&whole.configuration)?;
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
