//! What was not tried, as the page says it.

use crate::analysis::{Absence, Analysis};
use crate::report::number::{count, number};

/// Absent combinations of a grid.
pub(super) struct Absent {
    pub sentence: String,
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

pub(super) fn absences(analysis: &Analysis) -> Vec<Absent> {
    analysis.absences.iter().map(absent).collect()
}

fn absent(absence: &Absence) -> Absent {
    let present = count(absence.present, "combination");
    let sentence = match (absence.combinations, absence.absent()) {
        (Some(all), Some(absent)) => {
            let shown = absence.examples.len() as u64;
            let more = if shown < absent { format!("; the first {shown} are listed") } else { String::new() };
            format!(
                "Grid {} has {present} of {} that its values make; {} were not tried{more}.",
                absence.grid,
                number(all as f64),
                number(absent as f64)
            )
        }
        _ => format!("Grid {} has {present} of more than can be counted.", absence.grid),
    };
    let header = absence.parameters.iter().map(|&name| name.to_owned()).collect();
    Absent { sentence, header, rows: absence.examples.clone() }
}
