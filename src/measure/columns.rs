//! The table of measures: every number that a run is judged by, with what it means.

use std::collections::BTreeMap;

/// A measure: a column of `f64`, null where it does not exist.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The name of the column.
    pub name: &'static str,
    /// What it is, with its unit.
    pub doc: &'static str,
}

/// The splits that every run is measured on.
pub const SPLITS: [&str; 4] = ["train", "test", "domain", "extrapolation"];

macro_rules! columns {
    (splits: { $($suffix:literal $doc:literal;)+ } others: { $($name:literal $other_doc:literal;)+ }) => {
        /// All measures, in the order of the columns.
        pub static COLUMNS: &[Column] = &[
            $( Column { name: concat!("train_", $suffix), doc: concat!($doc, ", on the training split") }, )+
            $( Column { name: concat!("test_", $suffix), doc: concat!($doc, ", on fresh draws") }, )+
            $( Column { name: concat!("domain_", $suffix), doc: concat!($doc, ", on every input up to the largest") }, )+
            $( Column { name: concat!("extrapolation_", $suffix), doc: concat!($doc, ", on inputs beyond the largest, up to twice that") }, )+
            $( Column { name: $name, doc: $other_doc }, )+
        ];
    };
}

columns! {
    splits: {
        "rmse" "Root mean squared error in the target's own units";
        "rmse_rounded" "Root mean squared error after rounding prediction and target to whole numbers";
        "r2" "Share of the targets' variance that is explained";
        "max_error" "Largest absolute error in the target's own units";
        "exact" "Fraction of examples that are right after rounding";
        "mae" "Mean absolute error in the target's own units";
    }
    others: {
        "affine_floor" "RMSE of the best affine predictor on the whole domain, in the target's own units";
        "affine_floor_train" "RMSE of the best affine predictor on this run's training draws, in the target's own units";
        "excess" "domain_rmse divided by affine_floor";
        "line_deviation" "Largest distance of the predictions from their own best affine fit, as a fraction of the targets' range";
        "kinks" "Breakpoints of a piecewise-linear network of one scalar input, inside the range";
        "dead_units" "Hidden units that pass no gradient back for any training example: of relu, relu6 and hard_tanh";
        "condition" "Condition number of the Gram matrix of a constant and the encoded, scaled inputs of the training examples";
        "epochs_to_floor" "First epoch whose training error is within 1 % of affine_floor_train";
        "epoch_rmse_last" "Training error of the last epoch, as its batches were seen, in the target's own units";
        "epoch_rmse_best" "Smallest training error of any epoch, as its batches were seen, in the target's own units";
        "epoch_rmse_median" "Median training error of the last 50 epochs, as their batches were seen, in the target's own units";
        "gradient_norm" "Norm of the gradient at the last batch";
    }
}

/// Measures by name; what does not exist, or is not finite, is absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measures(BTreeMap<&'static str, f64>);

impl Measures {
    /// Notes a measure. One that is not finite stays absent.
    ///
    /// # Panics
    /// When no column has that name: a programming error.
    pub fn set(&mut self, name: &str, value: f64) {
        let column = COLUMNS.iter().find(|column| column.name == name);
        let column = column.unwrap_or_else(|| panic!("`{name}` is no measure: declare it in COLUMNS"));
        if value.is_finite() {
            self.0.insert(column.name, value);
        }
    }

    /// The measure of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.get(name).copied()
    }

    /// All that exist, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + '_ {
        self.0.iter().map(|(name, value)| (*name, *value))
    }
}
