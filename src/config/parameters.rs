//! The one table of parameters. A parameter is declared here and nowhere else: from this table come the typed
//! configuration, the sweep file's check, the defaults, the schema, the columns and the reference.

#![expect(clippy::float_cmp, reason = "a default is the very same number, not one near it")]

use super::words::{
    Activation, Encoding, Init, LayerKind, LayerNorm, Loss, Normalization, Numerics, Optimizer, Precision, Schedule,
    Task,
};
use super::{Batch, EarlyStop, Kind, NONE, Setting, Sparsity, Value, Widths};

/// The part of a run that a parameter belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// What is to be learnt, from how much.
    Problem,
    /// How numbers are shown to the network.
    Representation,
    /// The network.
    Network,
    /// How it is trained.
    Training,
}

/// A row of the table.
#[derive(Debug)]
pub struct Parameter {
    /// As written in sweep files, and the name of its column.
    pub name: &'static str,
    /// Where it stands in the reference.
    pub section: Section,
    /// The values that it takes.
    pub kind: Kind,
    /// Whether it may have none, which is written `none`.
    pub optional: bool,
    /// What it is, in one sentence.
    pub doc: &'static str,
    /// Its default, in words.
    pub default: &'static str,
    /// When it has an effect, in words; empty for always.
    pub when: &'static str,
    /// Whether it has an effect in this configuration.
    pub applies: fn(&Configuration) -> bool,
    set: fn(&mut Configuration, Option<&Value>) -> Result<(), String>,
    get: fn(&Configuration) -> Option<Value>,
    is_default: fn(&Configuration) -> bool,
    pub(super) pack: fn(&Configuration, Vec<u8>) -> postcard::Result<Vec<u8>>,
    pub(super) unpack: for<'b> fn(&mut Configuration, &'b [u8]) -> postcard::Result<&'b [u8]>,
}

impl Parameter {
    /// Whether `value` is one that this parameter takes.
    ///
    /// # Errors
    /// Says which values are allowed.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        self.set(&mut Configuration::default(), Some(value))
    }

    /// Whether `value` is one that this parameter takes, as far as its kind alone tells.
    #[must_use]
    pub fn takes(&self, value: &Value) -> bool {
        self.kind.takes(value) || self.is_none(value)
    }

    /// Whether `value` says that this parameter, which may have none, has none.
    #[must_use]
    pub fn is_none(&self, value: &Value) -> bool {
        self.optional && matches!(value, Value::Word(word) if word == NONE)
    }

    /// `value` in the one spelling that equal values of this parameter share: `1` as `1.0` where it is a number.
    ///
    /// # Errors
    /// Says which values are allowed.
    pub fn canonical(&self, value: &Value) -> Result<Value, String> {
        let mut configuration = Configuration::default();
        self.set(&mut configuration, Some(value))?;
        Ok((self.get)(&configuration).unwrap_or_else(|| value.clone()))
    }

    /// Sets this parameter, or gives it its default, which may depend on parameters that stand earlier in the table.
    pub(super) fn set(&self, configuration: &mut Configuration, value: Option<&Value>) -> Result<(), String> {
        (self.set)(configuration, value)
    }

    /// Its value where it has an effect; `None` where it has none.
    #[must_use]
    pub fn get(&self, configuration: &Configuration) -> Option<Value> {
        if (self.applies)(configuration) { (self.get)(configuration) } else { None }
    }

    /// Whether it has the value that it has when nothing is written.
    #[must_use]
    pub fn is_default(&self, configuration: &Configuration) -> bool {
        (self.is_default)(configuration)
    }
}

macro_rules! parameters {
    ($(
        $section:ident:
        #[doc = $doc:literal]
        $name:ident: $type:ty = $kind:expr,
            default $default_text:literal $default:expr
            $(, when $when_text:literal $applies:expr)?;
    )+) => {
        /// One point of a grid: every parameter has a value. Build it with [`Configuration::of`].
        #[derive(Clone, Debug, PartialEq)]
        pub struct Configuration { $( #[doc = $doc] pub $name: $type, )+ }

        impl Configuration {
            /// Every field blank: where reading starts, never what a caller sees.
            pub(super) fn blank() -> Self {
                Self { $( $name: <$type as Setting>::blank(), )+ }
            }

            /// For each parameter of the table, whether its value is another one than in `other`.
            pub(super) fn differing(&self, other: &Self) -> [bool; PARAMETERS.len()] {
                [ $( self.$name != other.$name, )+ ]
            }
        }

        /// The table, in the order of the reference.
        pub static PARAMETERS: &[Parameter] = &[ $( Parameter {
            name: stringify!($name),
            section: Section::$section,
            kind: $kind,
            optional: <$type as Setting>::OPTIONAL,
            doc: $doc,
            default: $default_text,
            when: concat!($($when_text)?),
            applies: parameters!(@applies $($applies)?),
            set: |configuration, value| {
                configuration.$name = match value {
                    Some(value) => <$type as Setting>::read(value, &$kind)?,
                    None => ($default)(&*configuration),
                };
                Ok(())
            },
            get: |configuration| Setting::write(&configuration.$name),
            is_default: |configuration| configuration.$name == ($default)(configuration),
            pack: |configuration, bytes| postcard::to_extend(&configuration.$name, bytes),
            unpack: |configuration, bytes| {
                let rest;
                (configuration.$name, rest) = postcard::take_from_bytes(bytes)?;
                Ok(rest)
            },
        } ),+ ];
    };
    (@applies) => { |_| true };
    (@applies $applies:expr) => { $applies };
}

const COUNT: Kind = Kind::Whole { min: 1, max: 100_000_000 };
const POSITIVE: Kind = Kind::Number { min: 0.0, max: f64::INFINITY, min_included: false, max_included: false };
const NOT_NEGATIVE: Kind = Kind::Number { min: 0.0, max: f64::INFINITY, min_included: true, max_included: false };
const SHARE: Kind = Kind::Number { min: 0.0, max: 1.0, min_included: true, max_included: false };

type C = Configuration;

parameters! {
    Problem:
    #[doc = "The function to learn."]
    task: Task = Task::KIND, default "`square`" |_: &C| Task::Square;

    Problem:
    #[doc = "Numbers given as input. `sum`, `product` and `max` use them all; for other tasks, what is beyond their own is a distractor."]
    operands: u32 = Kind::Whole { min: 1, max: 16 },
        default "the task's own: 2 for `sum`, `difference`, `product`, `quotient` and `max`, otherwise 1" |c: &C| c.task.arity();

    Problem:
    #[doc = "Inputs are whole numbers, uniform on 1..largest."]
    largest: u32 = Kind::Whole { min: 2, max: 1_000_000 }, default "1000" |_: &C| 1000;

    Problem:
    #[doc = "Training examples, drawn with replacement."]
    examples: u32 = COUNT, default "1000" |_: &C| 1000;

    Problem:
    #[doc = "Fresh draws for the test split."]
    test_examples: u32 = COUNT, default "1000" |_: &C| 1000;

    Problem:
    #[doc = "Standard deviation of Gaussian noise on training targets, as a fraction of the targets' own on the domain."]
    noise: f64 = NOT_NEGATIVE, default "0" |_: &C| 0.0;

    Representation:
    #[doc = "How the operands are written as features."]
    encoding: Encoding = Encoding::KIND, default "`scalar`" |_: &C| Encoding::Scalar;

    Representation:
    #[doc = "How features and targets are scaled."]
    normalization: Normalization = Normalization::KIND, default "`standardize`" |_: &C| Normalization::Standardize,
        when "`input_normalization` and `target_normalization` are not both set" |c: &C| c.input_normalization == c.target_normalization;

    Representation:
    #[doc = "How features alone are scaled."]
    input_normalization: Normalization = Normalization::KIND, default "as `normalization`" |c: &C| c.normalization,
        when "the two sides are scaled differently" |c: &C| c.input_normalization != c.target_normalization;

    Representation:
    #[doc = "How targets alone are scaled."]
    target_normalization: Normalization = Normalization::KIND, default "as `normalization`" |c: &C| c.normalization,
        when "the two sides are scaled differently" |c: &C| c.input_normalization != c.target_normalization;

    Network:
    #[doc = "Widths of the hidden layers, one by one, instead of `depth` and `width`."]
    hidden: Option<Widths> = Kind::Widths { min: 1, max: 65536 }, default "`none`" |_: &C| None;

    Network:
    #[doc = "Hidden layers; 0 is a single affine map."]
    depth: u32 = Kind::Whole { min: 0, max: 1000 }, default "2" |_: &C| 2,
        when "`hidden` is absent" |c: &C| c.hidden.is_none();

    Network:
    #[doc = "Units in each hidden layer."]
    width: u32 = Kind::Whole { min: 1, max: 65536 }, default "64" |_: &C| 64,
        when "`hidden` is absent and `depth` is not 0" |c: &C| c.hidden.is_none() && c.depth > 0;

    Network:
    #[doc = "How layers make their outputs from their inputs, the last one included."]
    layer: LayerKind = LayerKind::KIND, default "`dense`" |_: &C| LayerKind::Dense;

    Network:
    #[doc = "What hidden units do to their weighted sums."]
    activation: Activation = Activation::KIND, default "`relu`; `linear` where `layer` is not `dense`" |c: &C| c.own_activation(),
        when "there is a hidden layer" |c: &C| !c.widths().is_empty();

    Network:
    #[doc = "What is done to the weighted sums of hidden layers before their activation."]
    layer_norm: LayerNorm = LayerNorm::KIND, default "`none`" |_: &C| LayerNorm::None,
        when "there is a hidden layer" |c: &C| !c.widths().is_empty();

    Network:
    #[doc = "Whether layers add a bias."]
    bias: bool = Kind::Flag, default "true" |_: &C| true, when "`layer` is `dense`" |c: &C| c.layer == LayerKind::Dense;

    Network:
    #[doc = "Share of hidden values that are set to zero at each training step; the rest are scaled up to match."]
    dropout: f64 = SHARE, default "0" |_: &C| 0.0, when "there is a hidden layer" |c: &C| !c.widths().is_empty();

    Network:
    #[doc = "How initial weights are drawn; arithmetic layers draw theirs as their papers do."]
    init: Init = Init::KIND, default "`glorot_uniform`" |_: &C| Init::GlorotUniform,
        when "`layer` is `dense`" |c: &C| c.layer == LayerKind::Dense;

    Training:
    #[doc = "How weights follow gradients."]
    optimizer: Optimizer = Optimizer::KIND, default "`adam`" |_: &C| Optimizer::Adam;

    Training:
    #[doc = "Size of a step, before the schedule; for `lbfgs`, the step that its line search tries first."]
    learning_rate: f64 = POSITIVE, default "0.001; 1 for `lbfgs`" |c: &C| if c.optimizer == Optimizer::Lbfgs { 1.0 } else { 0.001 };

    Training:
    #[doc = "Decay of the running mean of gradients."]
    beta1: f64 = SHARE, default "0.9" |_: &C| 0.9,
        when "`optimizer` is `adam`, `adamw` or `nadam`" |c: &C| c.optimizer.is_adam();

    Training:
    #[doc = "Decay of the running mean of squared gradients."]
    beta2: f64 = SHARE, default "0.999; 0.9 for `rmsprop`" |c: &C| if c.optimizer == Optimizer::Rmsprop { 0.9 } else { 0.999 },
        when "`optimizer` is `adam`, `adamw`, `nadam` or `rmsprop`" |c: &C| c.optimizer.is_adam() || c.optimizer == Optimizer::Rmsprop;

    Training:
    #[doc = "Added to the root of the mean squared gradient."]
    epsilon: f64 = POSITIVE, default "1e-7" |_: &C| 1e-7,
        when "`optimizer` is not `sgd` or `lbfgs`" |c: &C| !matches!(c.optimizer, Optimizer::Sgd | Optimizer::Lbfgs);

    Training:
    #[doc = "Share of the last step that is taken again."]
    momentum: f64 = SHARE, default "0" |_: &C| 0.0,
        when "`optimizer` is `sgd` or `rmsprop`" |c: &C| matches!(c.optimizer, Optimizer::Sgd | Optimizer::Rmsprop);

    Training:
    #[doc = "Whether the gradient is taken where momentum leads (Nesterov 1983), as `PyTorch` writes it."]
    nesterov: bool = Kind::Flag, default "false" |_: &C| false,
        when "`optimizer` is `sgd` and `momentum` is not 0" |c: &C| c.optimizer == Optimizer::Sgd && c.momentum > 0.0;

    Training:
    #[doc = "Added to the gradient, times the weights; `adamw` shrinks the weights themselves. Biases and scales included."]
    weight_decay: f64 = NOT_NEGATIVE, default "0" |_: &C| 0.0,
        when "`optimizer` is not `lbfgs`" |c: &C| c.optimizer != Optimizer::Lbfgs;

    Training:
    #[doc = "Gradients whose norm, over all parameters, is larger are scaled down to it (Pascanu et al. 2013)."]
    clip_norm: Option<f64> = POSITIVE, default "`none`" |_: &C| None,
        when "`optimizer` is not `lbfgs`" |c: &C| c.optimizer != Optimizer::Lbfgs;

    Training:
    #[doc = "How the learning rate goes over a run, after the warm-up."]
    schedule: Schedule = Schedule::KIND, default "`constant`" |_: &C| Schedule::Constant;

    Training:
    #[doc = "Epochs over which the learning rate rises from zero, along a straight line, before the schedule begins."]
    warmup: u32 = Kind::Whole { min: 0, max: 100_000_000 }, default "0" |_: &C| 0;

    Training:
    #[doc = "What training makes small."]
    loss: Loss = Loss::KIND, default "`mse`" |_: &C| Loss::Mse;

    Training:
    #[doc = "Passes over the training examples."]
    epochs: u32 = COUNT, default "500" |_: &C| 500;

    Training:
    #[doc = "Examples in a batch; `full` takes all of them."]
    batch: Batch = Kind::CountOrFull, default "100; `full` for `lbfgs`" |c: &C| if c.optimizer == Optimizer::Lbfgs { Batch::Full } else { Batch::Of(100) };

    Training:
    #[doc = "Ends a run when a metric has not improved by more than `min_delta` for `patience` epochs."]
    early_stop: Option<EarlyStop> = EarlyStop::KIND, default "`none`" |_: &C| None;

    Training:
    #[doc = "Penalty on weights between whole ones: its strength, and the shares of the run between which it grows from zero."]
    sparsity: Sparsity = Sparsity::KIND, default "the paper's: strength 10 for `nmu` and 0.01 for `nau`, from 0.2 to 0.4" |c: &C| Sparsity::of(c.layer),
        when "`layer` is `nau` or `nmu`" |c: &C| matches!(c.layer, LayerKind::Nau | LayerKind::Nmu);

    Training:
    #[doc = "The floating-point numbers that a run is trained in."]
    precision: Precision = Precision::KIND, default "`f32`" |_: &C| Precision::F32;

    Training:
    #[doc = "On which machines a run has the same bits."]
    numerics: Numerics = Numerics::KIND, default "`fast`" |_: &C| Numerics::Fast;
}
