//! The distinct configurations of a sweep, as its grids bring them one after the other.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use smallvec::SmallVec;

use super::cohort::{Grouping, Shape};
use super::{Asked, Point, Run};
use crate::config::{Configuration, Id, Identities, Variation};
use crate::problem::measured_rows;
use crate::sweep::Grid;

/// A point of a grid, and everything that takes time to find out about it.
pub(super) struct Newcomer {
    point: Arc<Point>,
    shape: Shape,
    key: u64,
    /// Its runs, if nothing but this grid asks for it.
    runs: SmallVec<[Id; 2]>,
}

impl Newcomer {
    /// A configuration, kept `beside` another one, and what this grid asks for.
    pub fn of(configuration: &Configuration, beside: &Arc<Configuration>, asked: &Arc<Asked>) -> Self {
        let identities = Identities::of(configuration);
        let (id, kept) = (identities.configuration(), Variation::of(configuration, beside));
        let shape = Shape::of(configuration);
        Self {
            point: Arc::new(Point { id, measured_rows: measured_rows(configuration), asked: Arc::clone(asked), kept }),
            key: shape.key(),
            shape,
            runs: asked.replicates.iter().map(|replicate| identities.run(replicate.seeds)).collect(),
        }
    }
}

/// What was found so far.
pub(super) struct Found {
    points: Vec<Arc<Point>>,
    /// For each point, the set of grids that it is in.
    sets: Vec<u32>,
    /// For each point, the group of runs that its own belong to.
    groups: Vec<u32>,
    /// The runs of each point by its first grid, one point after the other.
    runs: Vec<Id>,
    /// The number of every point, found by its id.
    known: HashTable<u32>,
    memberships: Memberships,
    grouping: Grouping,
    equal: u64,
}

/// The distinct configurations of a sweep.
pub(super) struct Distinct {
    /// In the order of the file.
    pub points: Vec<Arc<Point>>,
    /// Points that are equal to one before them.
    pub equal: u64,
    /// Runs that are to do.
    pub to_do: Grouping,
    /// Runs that are done.
    pub done: u64,
}

fn hash(id: Id) -> u64 {
    FixedState::default().hash_one(id)
}

/// Points that room is made for at once, at most. What stays empty of it is no memory, only addresses.
const ROOM: usize = 1 << 20;

impl Found {
    /// Nothing, with room for so many points.
    pub fn nothing_of(points: u128) -> Self {
        let room = usize::try_from(points).unwrap_or(ROOM).min(ROOM);
        Self {
            points: Vec::with_capacity(room),
            sets: Vec::with_capacity(room),
            groups: Vec::with_capacity(room),
            runs: Vec::with_capacity(room),
            known: HashTable::with_capacity(room),
            memberships: Memberships::default(),
            grouping: Grouping::of(room),
            equal: 0,
        }
    }

    /// Whether nothing was.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Takes in a point of the grid of that number, which is none before those that points came from.
    pub fn add(&mut self, newcomer: Newcomer, grid: usize) {
        let Newcomer { point, shape, key, runs } = newcomer;
        let of = |number: &u32| self.points[*number as usize].id;
        match self.known.entry(hash(point.id), |number| of(number) == point.id, |number| hash(of(number))) {
            Entry::Occupied(known) => {
                let set = &mut self.sets[*known.get() as usize];
                *set = self.memberships.with(Some(*set), grid);
                self.equal += 1;
            }
            Entry::Vacant(place) => {
                place.insert(self.points.len() as u32);
                self.sets.push(self.memberships.with(None, grid));
                self.groups.push(self.grouping.group(shape, key));
                self.points.push(point);
                self.runs.extend(runs);
            }
        }
    }

    /// Gives each point all that asks for it, and groups the runs that are not done.
    pub fn end(self, grids: &[Grid], done: &HashSet<Id>) -> Distinct {
        let Self { mut points, sets, groups, runs, known, memberships, mut grouping, equal } = self;
        drop(known);
        let mut asked: HashMap<u32, (Arc<Asked>, usize)> = HashMap::new();
        let mut rest = &runs[..];
        let mut skipped = 0;
        for ((point, set), group) in points.iter_mut().zip(sets).zip(groups) {
            let (asked, by_first) = asked.entry(set).or_insert_with(|| {
                let of = || memberships.of(set).map(|number| &grids[number]);
                (Arc::new(Asked::by(of())), Asked::by(of().take(1)).replicates.len())
            });
            Arc::get_mut(point).expect("nobody else has it yet").asked = Arc::clone(asked);
            let (mut own, others) = rest.split_at(*by_first);
            rest = others;
            let all: Vec<Id>;
            if own.len() < asked.replicates.len() {
                all = point.runs().collect();
                own = &all;
            }
            let to_do = (0..).zip(own).filter(|(_, id)| !done.contains(id));
            let added = grouping.add(group, to_do.map(|(place, &id)| Run { id, point: Arc::clone(point), place }));
            skipped += (own.len() - added) as u64;
        }
        Distinct { points, equal, to_do: grouping, done: skipped }
    }
}

/// The sets of grids that points are in: few, so that points share them. Each is another one with one grid more.
#[derive(Default)]
struct Memberships {
    sets: Vec<(Option<u32>, usize)>,
    known: HashMap<(Option<u32>, usize), u32>,
}

impl Memberships {
    /// The set that holds all of `set`, and `grid`, which is none before those in it.
    fn with(&mut self, set: Option<u32>, grid: usize) -> u32 {
        if let Some(set) = set.filter(|&set| self.sets[set as usize].1 == grid) {
            return set;
        }
        *self.known.entry((set, grid)).or_insert_with(|| {
            self.sets.push((set, grid));
            self.sets.len() as u32 - 1
        })
    }

    /// The grids of a set, in order.
    fn of(&self, set: u32) -> impl Iterator<Item = usize> {
        let mut grids = Vec::new();
        let mut next = Some(set);
        while let Some((rest, grid)) = next.map(|set| self.sets[set as usize]) {
            grids.push(grid);
            next = rest;
        }
        grids.into_iter().rev()
    }
}
