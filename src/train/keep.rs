//! The state of a run between two epochs as bytes: written and read by the same walk over what it is made of, so that
//! the two cannot come apart.

use crate::network::Real;

/// A run that was interrupted after a whole epoch: all that its training needs to go on to the same bits.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Epochs done.
    pub epoch: u32,
    /// Its share of the time that its cohort has taken.
    pub seconds: f64,
    /// Where it was trained: the id of its environment. Nothing else can go on from it.
    pub environment: String,
    /// Its state.
    pub state: Vec<u8>,
}

/// The form of [`Checkpoint::state`]; another form is not read.
const FORM: u64 = 2;

/// What a walk over a state does with each number.
#[derive(Debug)]
pub struct Keep<'a> {
    side: Side<'a>,
    wrong: bool,
}

#[derive(Debug)]
enum Side<'a> {
    Write(&'a mut Vec<u8>),
    Read(&'a [u8]),
}

impl<'a> Keep<'a> {
    /// Writes what is walked over.
    pub fn write(bytes: &'a mut Vec<u8>) -> Self {
        let mut keep = Self { side: Side::Write(bytes), wrong: false };
        keep.form();
        keep
    }

    /// Replaces what is walked over by what was written.
    pub fn read(bytes: &'a [u8]) -> Self {
        let mut keep = Self { side: Side::Read(bytes), wrong: false };
        keep.form();
        keep
    }

    fn form(&mut self) {
        let mut form = FORM;
        self.whole(&mut form);
        self.wrong |= form != FORM;
    }

    /// Whether everything was read, and fitted.
    pub fn is_whole(&self) -> bool {
        !self.wrong && matches!(self.side, Side::Write(_) | Side::Read([]))
    }

    /// Whether what is walked over is being replaced.
    pub fn reads(&self) -> bool {
        matches!(self.side, Side::Read(_))
    }

    /// A whole number.
    pub fn whole(&mut self, value: &mut u64) {
        match &mut self.side {
            Side::Write(bytes) => bytes.extend(value.to_le_bytes()),
            Side::Read(bytes) => match bytes.split_first_chunk() {
                Some((first, rest)) => (*value, *bytes) = (u64::from_le_bytes(*first), rest),
                None => self.wrong = true,
            },
        }
    }

    /// A number, bit for bit.
    pub fn number(&mut self, value: &mut f64) {
        let mut bits = value.to_bits();
        self.whole(&mut bits);
        *value = f64::from_bits(bits);
    }

    /// Numbers whose count is known.
    pub fn reals<T: Real>(&mut self, values: &mut [T]) {
        let mut count = values.len() as u64;
        self.whole(&mut count);
        if count != values.len() as u64 {
            self.wrong = true;
            return;
        }
        match &mut self.side {
            Side::Write(bytes) => bytes.extend(T::bytes(values)),
            Side::Read(bytes) => match bytes.split_at_checked(size_of_val(values)) {
                Some((first, rest)) => {
                    values.iter_mut().zip(T::read(first)).for_each(|(value, read)| *value = T::from_f64(read));
                    *bytes = rest;
                }
                None => self.wrong = true,
            },
        }
    }

    /// A list of any length, each item of which takes at least eight bytes.
    pub fn list<V>(&mut self, values: &mut Vec<V>, blank: impl Fn() -> V, mut each: impl FnMut(&mut Self, &mut V)) {
        let mut count = values.len() as u64;
        self.whole(&mut count);
        if let Side::Read(bytes) = &self.side {
            if count > bytes.len() as u64 / 8 {
                self.wrong = true;
                return;
            }
            *values = (0..count).map(|_| blank()).collect();
        }
        values.iter_mut().for_each(|value| each(self, value));
    }

    /// A list of numbers.
    pub fn real_list<T: Real>(&mut self, values: &mut Vec<T>) {
        let mut count = values.len() as u64;
        self.whole(&mut count);
        if let Side::Read(bytes) = &self.side {
            if count > (bytes.len() / size_of::<T>()) as u64 {
                self.wrong = true;
                return;
            }
            *values = vec![T::ZERO; count as usize];
        }
        self.reals(values);
    }
}
