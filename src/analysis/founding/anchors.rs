//! Numbers printed in the founding question (Data Science Stack Exchange, question 60170). They are quoted, not
//! measured: what the records come to is held beside them.

/// RMSE that the question prints for squares, on its own training draws and after rounding.
pub const SQUARES_RMSE: f64 = 75_777.312_879;

/// RMSE that the question prints for sums, on its own training draws and after rounding.
pub const SUMS_RMSE: f64 = 0.0;

/// The question's largest number.
pub const LARGEST: f64 = 1000.0;

/// The question's number of training examples.
pub const EXAMPLES: f64 = 1000.0;

/// Expected and predicted squares that the question prints.
pub const PAIRS: [(f64, f64); 16] = [
    (556_516.0, 567_106.0),
    (403_225.0, 458_394.0),
    (86_436.0, 124_424.0),
    (553_536.0, 565_147.0),
    (518_400.0, 541_642.0),
    (927_369.0, 779_632.0),
    (855_625.0, 742_415.0),
    (159_201.0, 227_260.0),
    (48_841.0, 52_929.0),
    (71_289.0, 97_981.0),
    (363_609.0, 427_054.0),
    (116_964.0, 171_435.0),
    (5_476.0, -91_040.0),
    (316_969.0, 387_879.0),
    (900_601.0, 765_921.0),
    (839_056.0, 733_601.0),
];

/// The pairs as points: the number whose square was expected, and what was predicted for it.
#[must_use]
pub fn points() -> Vec<(f64, f64)> {
    PAIRS.iter().map(|&(expected, predicted)| (expected.sqrt(), predicted)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::founding::lines::fit;

    #[test]
    fn the_printed_points_lie_on_a_line_up_to_their_rounding() {
        assert!(points().iter().all(|(x, _)| x.fract() == 0.0), "every expected value is a square");
        let line = fit(&points()).unwrap();
        assert!((line.slope - 979.384).abs() < 2e-3, "{line:?}");
        // Predictions were printed as whole numbers: half a unit is all that rounding explains.
        assert!(line.largest < 0.52, "{line:?}");
    }
}
