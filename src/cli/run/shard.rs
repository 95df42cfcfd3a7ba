//! A part of a sweep's runs, for processes that share nothing.

use std::str::FromStr;

use crate::plan::Run;

/// One of several parts of a sweep's runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which of them, from 1.
    pub index: u64,
    /// How many there are.
    pub of: u64,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
        match parts {
            Some((index, of)) if (1..=of).contains(&index) => Ok(Self { index, of }),
            _ => Err(format!("`{text}` is no part such as 2/8")),
        }
    }
}

impl Shard {
    /// Whether a run belongs to this part: by its id, so that parts stay the same whatever is done already.
    pub fn holds(self, run: &Run) -> bool {
        let hash = blake3::hash(run.id.to_string().as_bytes());
        let number = u64::from_le_bytes(hash.as_bytes()[..8].try_into().expect("eight bytes"));
        number % self.of == self.index - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_given_as_a_fraction() {
        assert_eq!("2/8".parse(), Ok(Shard { index: 2, of: 8 }));
        for wrong in ["0/8", "9/8", "2", "a/b", "2/0", ""] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
