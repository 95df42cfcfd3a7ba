//! What is known without any run: numbers by formula, said to be theory.

use crate::analysis::founding::anchors;
use crate::analysis::{Analysis, theory};
use crate::report::number::{fixed, number, percent};
use crate::report::sentences::founding;

/// A line of the theory box.
pub(super) struct Line {
    pub claim: String,
    pub formula: &'static str,
}

/// Theory on squares; nothing for sweeps that are not about them.
pub(super) fn lines(analysis: &Analysis) -> Vec<Line> {
    let Some(found) = &analysis.founding else { return Vec::new() };
    let largest = found.squares.as_ref().and_then(|squares| squares.largest).unwrap_or(anchors::LARGEST);
    let best = theory::square_line(largest);
    let sd = theory::in_sample_sd(best.rmse, anchors::EXAMPLES);
    // The fewest kinks whose error is below one.
    let kinks =
        (0..=i32::MAX).map(f64::from).find(|&kinks| theory::kinks_rmse(largest, kinks) < 1.0).unwrap_or(f64::INFINITY);
    let l = number(largest);
    vec![
        Line {
            claim: format!(
                "The straight line that fits x² best on 1 to {l} is {}·x − {}. Its RMSE is {}: the affine floor, which no linear network can beat, however deep. It explains {} of the variance, so a high R² says little.",
                number(best.slope),
                number(-best.intercept),
                fixed(best.rmse, 2),
                percent(best.r2)
            ),
            formula: "slope L + 1, intercept −(L + 1)(L + 2)/6, RMSE √((L² − 1)(L² − 4)/180)",
        },
        Line {
            claim: format!(
                "On {} random draws the RMSE of least squares scatters about the floor with a standard deviation of about {}, so that training errors a little below it are no miracle.",
                number(anchors::EXAMPLES),
                number(sd)
            ),
            formula: "floor · √(2/(7n))",
        },
        Line {
            claim: format!(
                "A network of straight pieces needs about {} kinks for an RMSE below 1 on 1 to {l}, where numbers lie close; with none it has the floor.",
                number(kinks)
            ),
            formula: "L²/(6√5 · (kinks + 1)²)",
        },
        Line {
            claim: format!(
                "{} draws with replacement hit about {} of the numbers 1 to 1,000: a test on the same draws says nothing on the rest.",
                number(anchors::EXAMPLES),
                founding::coverage()
            ),
            formula: "1 − (1 − 1/L)ⁿ",
        },
    ]
}
