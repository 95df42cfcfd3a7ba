//! The words that parameters take: one enum a parameter, each variant with its line in the reference.

use super::Kind;
use super::value::words;

words! {
    /// The function that a network has to learn, of whole numbers from 1 to `largest`.
    Task {
        /// The sum of all operands.
        Sum = "sum",
        /// The product of all operands.
        Product = "product",
        /// The square of the first operand.
        Square = "square",
    }
}

words! {
    /// How the operands are written as the features that a network reads.
    Encoding {
        /// The numbers themselves.
        Scalar = "scalar",
        /// Natural logarithms of the numbers.
        Log = "log",
        /// Binary digits, as many as twice the largest number needs, lowest first.
        Binary = "binary",
        /// All products of powers of the operands, of total degree one up to this degree.
        Polynomial(degree: u32, Kind::Whole { min: 1, max: 12 }) = "polynomial",
    }
}

words! {
    /// How features or targets are scaled.
    Normalization {
        /// Not at all.
        None = "none",
        /// Divided by the largest target, inputs and targets alike, as in the founding question.
        Seed = "seed",
        /// Each divided by its own largest value.
        Max = "max",
        /// Shifted and scaled to [-1, 1].
        Symmetric = "symmetric",
        /// Zero mean and unit variance on the training split.
        Standardize = "standardize",
        /// Natural logarithm.
        Log = "log",
    }
}

words! {
    /// What a hidden unit does to its weighted sum.
    Activation {
        /// Nothing: the identity.
        Linear = "linear",
        /// max(0, z).
        Relu = "relu",
        /// Hyperbolic tangent.
        Tanh = "tanh",
        /// Logistic function 1/(1 + e^-z).
        Sigmoid = "sigmoid",
        /// z·Φ(z), with Φ the distribution function of the standard normal (exact, by erf).
        Gelu = "gelu",
        /// z².
        Square = "square",
    }
}

words! {
    /// How initial weights are drawn.
    Init {
        /// Uniform on ±√(6/(inputs + outputs)), biases zero (Glorot and Bengio 2010).
        GlorotUniform = "glorot_uniform",
        /// Uniform on ±√(6/inputs), biases zero (He et al. 2015).
        HeUniform = "he_uniform",
        /// Weights and biases uniform on ±1/√inputs: the default of `PyTorch`'s linear layer.
        Torch = "torch",
    }
}

words! {
    /// How weights follow gradients.
    Optimizer {
        /// Adam (Kingma and Ba 2015), with epsilon beside the uncorrected root, as Keras writes it.
        Adam = "adam",
        /// Stochastic gradient descent.
        Sgd = "sgd",
    }
}

words! {
    /// How the learning rate goes over the steps of a run.
    Schedule {
        /// The same at every step.
        Constant = "constant",
        /// Half a cosine from the learning rate down to zero over all steps.
        Cosine = "cosine",
    }
}

words! {
    /// The floating-point numbers that a run is trained in.
    Precision {
        /// 32 bits.
        F32 = "f32",
        /// 64 bits.
        F64 = "f64",
    }
}
