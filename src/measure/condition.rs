//! Condition numbers of designs.

use super::affine::{AffineBasis, Rows, dot};

/// Columns beyond which no condition number is computed: its cost grows with their third power.
const MOST_COLUMNS: usize = 512;

/// Columns whose cosine is below this count as orthogonal: it changes singular values by the square of that at most.
const ORTHOGONAL: f64 = 1e-10;

/// Rounds of rotations after which what is reached is taken; a dozen are enough in practice.
const MOST_SWEEPS: usize = 60;

/// Condition number of the Gram matrix of a constant and the features, as they are. `None` where it is infinite,
/// because a column is a combination of others (or there are fewer rows than columns), and for more than 512 columns.
pub fn condition(rows: &impl Rows) -> Option<f64> {
    // Before the factorization, which for that many columns costs enough.
    let given_up = || rows.is_given_up();
    (rows.features() < MOST_COLUMNS).then(|| AffineBasis::new(rows).condition_unless(&given_up)).flatten()
}

impl AffineBasis {
    /// [`condition`] of the rows that this is the basis of.
    #[must_use]
    pub fn condition(&self) -> Option<f64> {
        self.condition_unless(&|| false)
    }

    /// As [`AffineBasis::condition`], or something else where nobody wants it any more.
    fn condition_unless(&self, given_up: &dyn Fn() -> bool) -> Option<f64> {
        let width = self.columns();
        if width > MOST_COLUMNS {
            return None;
        }
        let mut columns = self.unscaled()?;
        let singular = singular_values(&mut columns, width, given_up);
        let (low, high) = singular.fold((f64::INFINITY, 0.0f64), |(low, high), s| (low.min(s), high.max(s)));
        Some((high / low).powi(2)).filter(|condition| condition.is_finite())
    }
}

/// Singular values of a square matrix given by columns, which one-sided Jacobi rotations make orthogonal (Hestenes
/// 1958): small ones come out as accurately as large ones, however unlike the columns are in size (Demmel and Veselić
/// 1992).
fn singular_values(
    columns: &mut [f64],
    width: usize,
    given_up: &dyn Fn() -> bool,
) -> impl Iterator<Item = f64> + use<> {
    let mut sizes: Vec<f64> = columns.chunks_exact(width).map(norm).collect();
    for _ in 0..MOST_SWEEPS {
        let mut rotated = false;
        for second in (1..width).take_while(|_| !given_up()) {
            let (before, rest) = columns.split_at_mut(second * width);
            let b = &mut rest[..width];
            for (first, a) in before.chunks_exact_mut(width).enumerate() {
                if rotate(a, b, sizes[first], sizes[second]) {
                    (sizes[first], sizes[second], rotated) = (norm(a), norm(b), true);
                }
            }
        }
        if !rotated {
            break;
        }
    }
    sizes.into_iter()
}

/// Makes two columns of these sizes orthogonal; `false`, and nothing done, where they are.
fn rotate(a: &mut [f64], b: &mut [f64], size_a: f64, size_b: f64) -> bool {
    let cosine = dot(a, b) / size_a / size_b;
    if cosine.abs() <= ORTHOGONAL || cosine.is_nan() {
        return false;
    }
    // Square roots of sums by a library of this program: that of the system may round them otherwise.
    // Of the quotient of sizes and not of their squares, which may leave the exponents of f64.
    let zeta = (size_b / size_a - size_a / size_b) / (2.0 * cosine);
    let tangent = 1.0f64.copysign(zeta) / (zeta.abs() + libm::hypot(zeta, 1.0));
    let cosine = 1.0 / libm::hypot(tangent, 1.0);
    let sine = cosine * tangent;
    for (a, b) in a.iter_mut().zip(b) {
        (*a, *b) = (cosine * *a - sine * *b, sine * *a + cosine * *b);
    }
    true
}

fn norm(column: &[f64]) -> f64 {
    dot(column, column).sqrt()
}
