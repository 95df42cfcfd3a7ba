//! The words that parameters take: one enum a parameter, each variant with its line in the reference.

use super::Kind;

/// Declares an enum whose variants are words of a sweep file, some with one argument.
macro_rules! words {
    (
        $(#[doc = $enum_doc:literal])+
        $name:ident {
            $( $(#[doc = $doc:literal])+ $variant:ident $( ( $argument:ident: $type:ty, $kind:expr ) )? = $text:literal ),+ $(,)?
        }
    ) => {
        $(#[doc = $enum_doc])+
        #[derive(Clone, Copy, Debug, PartialEq)]
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
