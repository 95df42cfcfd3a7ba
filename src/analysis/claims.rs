//! Claims: what a sweep file states of its results, and whether the records bear it out.

/// A statement about the results, as the sweep file makes it. Its expressions are SQL over the columns of the runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What is claimed, in words.
    pub name: String,
    /// The runs that it is about; all where absent.
    pub filter: Option<String>,
    /// What must be true of them.
    pub expect: Option<String>,
    /// A comparison of two configurations over their replicates, whose interval must leave zero out.
    pub compare: Option<Compare>,
}

/// Two sets of runs that are compared replicate by replicate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compare {
    /// The one that is claimed to be better: SQL over the columns of the runs.
    pub a: String,
    /// The other.
    pub b: String,
    /// What is compared: a numeric column; the sweep's metric where absent.
    pub metric: Option<String>,
}

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is true of the records.
    Holds,
    /// It is not.
    Fails,
    /// There are no runs to tell by, or none of them has what it asks about.
    NotTested,
}

/// A claim and what the records say of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The claim.
    pub claim: Claim,
    /// What became of it.
    pub outcome: Outcome,
    /// Rows of the runs that it is about.
    pub rows: Vec<usize>,
    /// What its expression comes to, piece by piece: `max(train_rmse_rounded)` and its number, `None` where there is none.
    pub numbers: Vec<(String, Option<f64>)>,
    /// Rows of the runs that break it, where single runs do.
    pub breaking: Vec<usize>,
    /// The paired comparison, where it asks for one.
    pub comparison: Option<Comparison>,
    /// Why it was not tested, where it was not.
    pub reason: Option<String>,
}

/// A paired comparison over replicates.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Differences a − b by seed.
    pub differences: Vec<f64>,
    /// Their mean.
    pub mean: f64,
    /// Student 95 % interval of the mean; `None` for a single pair.
    pub interval: Option<(f64, f64)>,
    /// Runs of either side without a partner.
    pub unpaired: usize,
}

/// What became of each claim.
pub(super) fn verdicts(_claims: &[Claim]) -> Vec<Verdict> {
    Vec::new()
}
