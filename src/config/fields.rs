//! Values that are several settings under one name, such as `{every: 100, factor: 0.5}`.

use super::value::mismatch;
use super::words::{LayerKind, Schedule, StopMetric};
use super::{Kind, Setting, Value};

/// One of several settings under one name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field {
    /// As written in a sweep file.
    pub name: &'static str,
    /// One sentence for the reference.
    pub doc: &'static str,
    /// The values that it takes.
    pub kind: &'static Kind,
    /// Its default, in words; `None` where it must be given.
    pub default: Option<&'static str>,
}

/// Declares a type whose fields are written as a mapping.
macro_rules! fields {
    (
        $(#[doc = $struct_doc:literal])+
        $name:ident {
            $( $(#[doc = $doc:literal])+ $field:ident: $type:ty = $kind:expr $(, default $text:literal $default:expr)? ; )+
        }
        $( fault $fault:expr )?
    ) => {
        $(#[doc = $struct_doc])+
        #[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct $name { $( $(#[doc = $doc])+ pub $field: $type, )+ }

        impl $name {
            /// The fields, in the order of the reference.
            pub const KIND: Kind = Kind::Fields(&[ $( Field {
                name: stringify!($field),
                doc: concat!($($doc),+),
                kind: &$kind,
                default: fields!(@text $($text)?),
            } ),+ ]);
        }

        impl Setting for $name {
            fn read(value: &Value, kind: &Kind) -> Result<Self, String> {
                let Value::Map(entries) = value else { return Err(mismatch(value, kind)) };
                let known = [$( stringify!($field) ),+];
                if let Some((name, _)) = entries.iter().find(|(name, _)| !known.contains(&name.as_str())) {
                    let known: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
                    return Err(format!("`{name}` is none of its settings, which are {}", known.join(", ")));
                }
                let of = |name: &str| entries.iter().find(|(key, _)| key == name).map(|(_, value)| value);
                let read = Self { $( $field: match of(stringify!($field)) {
                    Some(value) => <$type as Setting>::read(value, &$kind)
                        .map_err(|message| format!("its `{}`: {message}", stringify!($field)))?,
                    None => fields!(@default (stringify!($field)) $($default)?),
                }, )+ };
                $( let fault: fn(&Self) -> Option<String> = $fault;
                if let Some(fault) = fault(&read) { return Err(fault) } )?
                Ok(read)
            }
            fn write(&self) -> Option<Value> {
                Some(Value::Map(vec![ $( (stringify!($field).to_owned(), self.$field.write()?) ),+ ]))
            }
            fn blank() -> Self {
                Self { $( $field: <$type as Setting>::blank() ),+ }
            }
        }
    };
    (@text) => { None };
    (@text $text:literal) => { Some($text) };
    (@default ($name:expr)) => { return Err(format!("its `{}` is missing", $name)) };
    (@default ($name:expr) $default:expr) => { $default };
}

const SHARE: Kind = Kind::Number { min: 0.0, max: 1.0, min_included: true, max_included: true };
const NOT_NEGATIVE: Kind = Kind::Number { min: 0.0, max: f64::INFINITY, min_included: true, max_included: false };

fields! {
    /// How the `step` schedule lowers the learning rate.
    StepDecay {
        /// Epochs between two reductions.
        every: u32 = Kind::Whole { min: 1, max: 100_000_000 };
        /// What the learning rate is multiplied by.
        factor: f64 = Kind::Number { min: 0.0, max: 1.0, min_included: false, max_included: true };
    }
}

fields! {
    /// When a run ends early.
    EarlyStop {
        /// What is watched; smaller is better.
        metric: StopMetric = StopMetric::KIND, default "`test_loss`" StopMetric::TestLoss;
        /// Epochs without an improvement after which the run ends.
        patience: u32 = Kind::Whole { min: 1, max: 100_000_000 };
        /// What counts as an improvement: more than this below the best so far.
        min_delta: f64 = NOT_NEGATIVE, default "0" 0.0;
    }
}

fields! {
    /// The penalty of neural addition and multiplication units on weights between whole ones.
    Sparsity {
        /// Its factor once it is whole.
        strength: f64 = NOT_NEGATIVE;
        /// Share of the run's steps after which it begins to grow from zero.
        start: f64 = SHARE, default "0.2" 0.2;
        /// Share of the run's steps after which it is whole.
        end: f64 = SHARE, default "0.4" 0.4;
    }
    fault |c| (c.end < c.start).then(|| format!("it would be whole at {} of the run, before it begins to grow at {}", c.end, c.start))
}

impl Sparsity {
    /// What the paper of each unit takes (Madsen and Johansen 2020).
    #[must_use]
    pub fn of(layer: LayerKind) -> Self {
        Self { strength: if layer == LayerKind::Nmu { 10.0 } else { 0.01 }, start: 0.2, end: 0.4 }
    }
}

impl Schedule {
    /// Whether the learning rate of a run of this many epochs ever changes.
    #[must_use]
    pub fn changes(self, epochs: u32) -> bool {
        match self {
            Self::Constant => false,
            Self::Step(StepDecay { every, factor }) => every < epochs && factor < 1.0,
            Self::Exponential(factor) => factor < 1.0 && epochs > 1,
            Self::Cosine | Self::Linear | Self::OneCycle => true,
        }
    }
}
