//! The words that parameters take: one enum a parameter, each variant with its line in the reference.

use super::{Kind, StepDecay};

/// Declares an enum whose variants are words of a sweep file, some with one argument.
macro_rules! words {
    (
        $(#[doc = $enum_doc:literal])+
        $name:ident {
            $( $(#[doc = $doc:literal])+ $variant:ident $( ( $argument:ident: $type:ty, $kind:expr ) )? = $text:literal ),+ $(,)?
        }
    ) => {
        $(#[doc = $enum_doc])+
        #[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        pub enum $name { $( $(#[doc = $doc])+ $variant $( ($type) )? ),+ }

        impl $name {
            /// The words, in the order of the reference.
            pub const KIND: $crate::config::Kind = $crate::config::Kind::Words(&[ $(
                $crate::config::Word {
                    name: $text,
                    doc: concat!($($doc),+),
                    argument: words!(@argument $( $argument $kind )?),
                }
            ),+ ]);
        }

        impl $crate::config::Setting for $name {
            fn read(value: &$crate::config::Value, kind: &$crate::config::Kind) -> Result<Self, String> {
                let (word, argument) = $crate::config::value::word_and_argument(value, kind)?;
                let wrong = || $crate::config::value::wrong_word(value, kind);
                match word {
                    $( $text => words!(@read argument, wrong, $variant $( ($type, $kind, stringify!($argument), $text) )?), )+
                    _ => Err(wrong()),
                }
            }
            fn write(&self) -> Option<$crate::config::Value> {
                match self { $( words!(@pattern $variant $( $argument )?) => words!(@write $text $( $argument )?), )+ }
            }
            fn blank() -> Self {
                [ $( words!(@blank $variant $( $type )?) ),+ ][0]
            }
        }
    };
    (@argument) => { None };
    (@argument $argument:ident $kind:expr) => {
        Some($crate::config::Argument { name: stringify!($argument), kind: &$kind })
    };
    (@read $given:ident, $wrong:ident, $variant:ident) => {
        if $given.is_none() { Ok(Self::$variant) } else { Err($wrong()) }
    };
    (@read $given:ident, $wrong:ident, $variant:ident ($type:ty, $kind:expr, $name:expr, $text:literal)) => {
        <$type as $crate::config::Setting>::read($given.ok_or_else($wrong)?, &$kind)
            .map(Self::$variant)
            .map_err(|message| format!("the {} of `{}`: {message}", $name, $text))
    };
    (@pattern $variant:ident) => { Self::$variant };
    (@pattern $variant:ident $argument:ident) => { Self::$variant($argument) };
    (@blank $variant:ident) => { Self::$variant };
    (@blank $variant:ident $type:ty) => { Self::$variant(<$type as $crate::config::Setting>::blank()) };
    (@write $text:literal) => { Some($crate::config::Value::Word($text.into())) };
    (@write $text:literal $argument:ident) => {
        $argument.write().map(|argument| $crate::config::Value::Map(vec![($text.into(), argument)]))
    };
}

words! {
    /// The function that a network has to learn, of whole numbers from 1 to `largest`.
    Task {
        /// The sum of all operands.
        Sum = "sum",
        /// The first operand minus the second.
        Difference = "difference",
        /// The product of all operands.
        Product = "product",
        /// The square of the first operand.
        Square = "square",
        /// The cube of the first operand.
        Cube = "cube",
        /// The square root of the first operand.
        Sqrt = "sqrt",
        /// One divided by the first operand.
        Reciprocal = "reciprocal",
        /// The first operand divided by the second.
        Quotient = "quotient",
        /// The largest operand.
        Max = "max",
        /// One period of a sine over the range: sin(2πx/largest) of the first operand.
        Sine = "sine",
    }
}

words! {
    /// How the operands are written as the features that a network reads.
    Encoding {
        /// The numbers themselves.
        Scalar = "scalar",
        /// Natural logarithms of the numbers.
        Log = "log",
        /// Square roots of the numbers.
        Sqrt = "sqrt",
        /// Binary digits, as many as twice the largest number needs, lowest first.
        Binary = "binary",
        /// Digits of the reflected binary Gray code, in which neighbours differ in one digit, lowest first.
        Gray = "gray",
        /// Decimal digits, as many as twice the largest number needs, lowest first.
        Digits = "digits",
        /// Decimal digits, each as ten features of which one is 1.
        DigitsOnehot = "digits_onehot",
        /// Equal bins of 1..largest, of which the one that holds the number is 1; beyond the range all are 0.
        Onehot(bins: u32, Kind::Whole { min: 2, max: 4096 }) = "onehot",
        /// Equal bins of 1..largest, 1 in every bin that the number has reached.
        Thermometer(bins: u32, Kind::Whole { min: 2, max: 4096 }) = "thermometer",
        /// The number, and max(0, x - knot) at equally spaced knots inside the range.
        Ramps(knots: u32, Kind::Whole { min: 1, max: 4095 }) = "ramps",
        /// Sines and cosines of 1 to K periods over the range.
        Fourier(k: u32, Kind::Whole { min: 1, max: 2048 }) = "fourier",
        /// Cosines of 1 to K half periods over the range.
        Cosine(k: u32, Kind::Whole { min: 1, max: 4096 }) = "cosine",
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
        /// z, or its product with this slope where z is negative (Maas et al. 2013).
        LeakyRelu(slope: f64, Kind::Number { min: 0.0, max: 1.0, min_included: false, max_included: false }) = "leaky_relu",
        /// z, or e^z - 1 where z is negative (Clevert et al. 2016).
        Elu = "elu",
        /// 1.0507·z, or 1.0507·1.6733·(e^z - 1) where z is negative (Klambauer et al. 2017).
        Selu = "selu",
        /// z·Φ(z), with Φ the distribution function of the standard normal (exact, by erf).
        Gelu = "gelu",
        /// z/(1 + e^-z) (Elfwing et al. 2018).
        Silu = "silu",
        /// z·tanh(ln(1 + e^z)) (Misra 2020).
        Mish = "mish",
        /// ln(1 + e^z).
        Softplus = "softplus",
        /// Hyperbolic tangent.
        Tanh = "tanh",
        /// Logistic function 1/(1 + e^-z).
        Sigmoid = "sigmoid",
        /// z, kept within [-1, 1].
        HardTanh = "hard_tanh",
        /// z, kept within [0, 6].
        Relu6 = "relu6",
        /// e^(-z²).
        Gaussian = "gaussian",
        /// z².
        Square = "square",
        /// sin(omega·z), as in SIREN (Sitzmann et al. 2020).
        Sine(omega: f64, Kind::Number { min: 0.0, max: 1e6, min_included: false, max_included: true }) = "sine",
        /// z + sin²(a·z)/a (Ziyin et al. 2020).
        Snake(a: f64, Kind::Number { min: 0.0, max: 1e6, min_included: false, max_included: true }) = "snake",
    }
}

words! {
    /// How a layer makes its outputs from its inputs.
    LayerKind {
        /// Weighted sums, W·x + b.
        Dense = "dense",
        /// Neural accumulator: weights tanh(Ŵ)·σ(M̂), drawn towards -1, 0 and 1 (Trask et al. 2018).
        Nac = "nac",
        /// Neural arithmetic logic unit: a gate between a neural accumulator and one of logarithms (Trask et al. 2018).
        Nalu = "nalu",
        /// Neural addition unit: weights kept within [-1, 1], with a penalty between whole ones (Madsen and Johansen 2020).
        Nau = "nau",
        /// Neural multiplication unit: products of w·x + 1 - w, weights kept within [0, 1] (Madsen and Johansen 2020).
        Nmu = "nmu",
        /// Real neural power unit: products of gated powers, with a sign (Heim et al. 2020).
        RealNpu = "real_npu",
    }
}

words! {
    /// What is done to the weighted sums of a hidden layer before its activation.
    LayerNorm {
        /// Nothing.
        None = "none",
        /// Each unit to zero mean and unit variance over the batch, then a learnt scale and shift (Ioffe and Szegedy 2015).
        Batch = "batch",
        /// Each example to zero mean and unit variance over the units, then a learnt scale and shift (Ba et al. 2016).
        Layer = "layer",
        /// Each example divided by its root mean square over the units, then a learnt scale (Zhang and Sennrich 2019).
        Rms = "rms",
    }
}

words! {
    /// How initial weights are drawn.
    Init {
        /// Uniform on ±√(6/(inputs + outputs)), biases zero (Glorot and Bengio 2010).
        GlorotUniform = "glorot_uniform",
        /// Normal with variance 2/(inputs + outputs), biases zero (Glorot and Bengio 2010).
        GlorotNormal = "glorot_normal",
        /// Uniform on ±√(6/inputs), biases zero (He et al. 2015).
        HeUniform = "he_uniform",
        /// Normal with variance 2/inputs, biases zero (He et al. 2015).
        HeNormal = "he_normal",
        /// Normal with variance 1/inputs, biases zero (LeCun et al. 1998).
        LecunNormal = "lecun_normal",
        /// Weights and biases uniform on ±1/√inputs: the default of `PyTorch`'s linear layer.
        Torch = "torch",
        /// Orthogonal rows or columns, biases zero (Saxe et al. 2014).
        Orthogonal = "orthogonal",
        /// Uniform on ±1/inputs in the first layer and ±√(6/inputs)/omega after it, for sines; biases uniform on ±1/√inputs (Sitzmann et al. 2020).
        Siren = "siren",
    }
}

words! {
    /// How weights follow gradients.
    Optimizer {
        /// Adam (Kingma and Ba 2015), with epsilon beside the uncorrected root, as Keras writes it.
        Adam = "adam",
        /// Adam whose weight decay shrinks the weights themselves (Loshchilov and Hutter 2019).
        Adamw = "adamw",
        /// Adam with Nesterov's momentum (Dozat 2016), as `PyTorch` writes it.
        Nadam = "nadam",
        /// Gradients divided by the root of their running mean square (Tieleman and Hinton 2012).
        Rmsprop = "rmsprop",
        /// Gradients divided by the root of the sum of their squares (Duchi et al. 2011).
        Adagrad = "adagrad",
        /// Stochastic gradient descent.
        Sgd = "sgd",
        /// L-BFGS with a strong Wolfe line search (Nocedal and Wright 2006, algorithms 3.5 and 7.5), on all examples at once.
        Lbfgs = "lbfgs",
    }
}

words! {
    /// How the learning rate goes over a run.
    Schedule {
        /// The same at every step.
        Constant = "constant",
        /// Half a cosine from the learning rate down to zero over all steps.
        Cosine = "cosine",
        /// A straight line from the learning rate down to zero over all steps.
        Linear = "linear",
        /// Multiplied by a factor every so many epochs.
        Step(decay: StepDecay, StepDecay::KIND) = "step",
        /// Multiplied by this factor every epoch.
        Exponential(factor: f64, Kind::Number { min: 0.0, max: 1.0, min_included: false, max_included: true }) = "exponential",
        /// From a twenty-fifth up to the learning rate over three tenths of the steps, then down to a ten-thousandth of the start, by half cosines (Smith and Topin 2018).
        OneCycle = "one_cycle",
    }
}

words! {
    /// What training makes small.
    Loss {
        /// Mean squared error.
        Mse = "mse",
        /// Mean absolute error.
        Mae = "mae",
        /// Half the squared error up to this error, then straight (Huber 1964).
        Huber(delta: f64, Kind::Number { min: 0.0, max: f64::INFINITY, min_included: false, max_included: false }) = "huber",
        /// Mean of ln cosh of the error.
        LogCosh = "log_cosh",
    }
}

words! {
    /// What early stopping watches.
    StopMetric {
        /// Mean training loss of the epoch.
        TrainLoss = "train_loss",
        /// Loss on the test split.
        TestLoss = "test_loss",
        /// RMSE on the test split, in the target's own units.
        TestRmse = "test_rmse",
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

words! {
    /// On which machines a run has the same bits.
    Numerics {
        /// On machines of one environment, whatever is fastest there.
        Fast = "fast",
        /// On every x86-64 processor; not on a GPU.
        Portable = "portable",
    }
}
