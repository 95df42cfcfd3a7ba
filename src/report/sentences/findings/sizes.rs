//! Sentences on the size and the depth of networks.

use crate::analysis::findings::{Budget, Compared, Shape, Sizes};
use crate::report::number::{count, number};
use crate::report::sentences::several;

/// Which size or depth is best.
#[must_use]
pub fn sizes(found: &Sizes) -> String {
    if found.by_depth { depth(found) } else { size(found) }
}

/// Shapes with what they were compared in, and their size.
struct Placed<'a> {
    label: &'a str,
    parameters: f64,
    shape: &'a Shape,
}

/// The shape with the lowest median error of each budget, and the one with the highest.
fn extremes<'a>(found: &'a Sizes) -> Vec<(Placed<'a>, Placed<'a>)> {
    let of = |compared: &'a Compared| compared.budgets.iter().filter_map(move |budget| extreme(compared, budget));
    found.compared.iter().flat_map(of).collect()
}

fn extreme<'a>(compared: &'a Compared, budget: &'a Budget) -> Option<(Placed<'a>, Placed<'a>)> {
    let order = |a: &&Shape, b: &&Shape| a.error.median.total_cmp(&b.error.median);
    let (best, worst) = (budget.shapes.iter().min_by(order)?, budget.shapes.iter().max_by(order)?);
    let placed = |shape| Placed { label: &compared.label, parameters: budget.parameters, shape };
    Some((placed(best), placed(worst)))
}

/// Which depth is best at the same size.
fn depth(found: &Sizes) -> String {
    let extremes = extremes(found);
    let lowest =
        |a: &&(Placed, Placed), b: &&(Placed, Placed)| a.0.shape.error.median.total_cmp(&b.0.shape.error.median);
    let Some((best, worst)) = extremes.iter().min_by(lowest) else { return String::new() };
    let mut depths: Vec<usize> = extremes.iter().map(|(best, _)| best.shape.layers).collect();
    depths.sort_unstable();
    depths.dedup();
    let first = if let [only] = depths[..] {
        let comparisons = count(extremes.len(), "comparison");
        format!("At the same size, {} has the lowest median in all of {comparisons}.", count(only, "hidden layer"))
    } else {
        let of = |compared: &Compared| {
            let own = extremes.iter().filter(|(best, _)| best.label == compared.label);
            let mut layers: Vec<usize> = own.map(|(best, _)| best.shape.layers).collect();
            layers.sort_unstable();
            layers.dedup();
            let last = layers.pop().unwrap_or_default();
            let before: Vec<String> = layers.iter().map(ToString::to_string).collect();
            let or = if before.is_empty() { String::new() } else { format!("{} or ", before.join(", ")) };
            let with = if compared.label.is_empty() { String::new() } else { format!(" with {}", compared.label) };
            format!("{or}{}{with}", count(last, "hidden layer"))
        };
        let told: Vec<String> = found.compared.iter().map(of).collect();
        format!("Which depth is best at the same size is not the same everywhere: {}.", several(&told, 4))
    };
    let with = if best.label.is_empty() { String::new() } else { format!(" ({})", best.label) };
    format!(
        "{first} The lowest median {} is {}, of {} with about {} parameters{with}; the highest beside it is {}, of {}.",
        found.column,
        number(best.shape.error.median),
        count(best.shape.layers, "hidden layer"),
        number(best.parameters),
        number(worst.shape.error.median),
        worst.shape.layers
    )
}

/// What size does.
fn size(found: &Sizes) -> String {
    let all = || {
        found.compared.iter().flat_map(|compared| {
            let shapes = compared.budgets.iter().flat_map(|budget| &budget.shapes);
            shapes.map(move |shape| Placed { label: &compared.label, parameters: shape.parameters, shape })
        })
    };
    let lowest = |a: &Placed, b: &Placed| a.shape.error.median.total_cmp(&b.shape.error.median);
    let Some(best) = all().min_by(lowest) else { return String::new() };
    let beside = all().filter(|other| other.label == best.label);
    let smallest = beside.min_by(|a, b| a.parameters.total_cmp(&b.parameters));
    let against =
        smallest.filter(|smallest| smallest.parameters < best.parameters).map_or_else(String::new, |smallest| {
            format!(", against {} with {}", number(smallest.shape.error.median), number(smallest.parameters))
        });
    let with = if best.label.is_empty() { String::new() } else { format!(" ({})", best.label) };
    // The last budget is the largest.
    let largest = found.compared.iter().filter(|compared| {
        let last = compared.budgets.last().map(|budget| budget.parameters);
        let shapes = compared
            .budgets
            .iter()
            .flat_map(|budget| budget.shapes.iter().map(move |shape| (budget.parameters, shape)));
        let best = shapes.min_by(|a, b| a.1.error.median.total_cmp(&b.1.error.median));
        best.map(|(parameters, _)| parameters) == last
    });
    let (largest, of) = (largest.count(), found.compared.len());
    let settings = match of {
        1 if largest == 1 => "The largest network has the lowest.".to_owned(),
        1 => "The largest network has not the lowest.".to_owned(),
        _ => format!("In {largest} of {} the largest network has the lowest.", count(of, "setting")),
    };
    format!(
        "The lowest median {} is {}, with {} parameters{with}{against}. {settings}",
        found.column,
        number(best.shape.error.median),
        number(best.parameters)
    )
}
