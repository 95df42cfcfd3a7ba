//! Amounts of memory and time as Slurm takes them.

use std::time::Duration;

use crate::slurm::whole;

/// Minutes that a task needs at least: it is told to save what it has up to three minutes before its time ends.
const FEWEST_MINUTES: u64 = 5;

/// Memory such as `500M`, `4G` or `4096`, in megabytes of 2^20 bytes as Slurm counts them, rounded up.
///
/// # Errors
/// What is wrong with it.
pub fn megabytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no amount of memory such as 500M or 4G");
    let (digits, unit) = match text.char_indices().next_back() {
        Some((at, unit)) if unit.is_ascii_alphabetic() => (&text[..at], unit.to_ascii_uppercase()),
        _ => (text, 'M'),
    };
    let number = whole(digits).filter(|number| !digits.is_empty() && *number > 0).ok_or_else(wrong)?;
    let megabytes = match unit {
        'K' => Some(number.div_ceil(1024)),
        'M' => Some(number),
        'G' => number.checked_mul(1024),
        'T' => number.checked_mul(1024 * 1024),
        _ => None,
    };
    megabytes.ok_or_else(wrong)
}

/// A time as Slurm takes it, in minutes, rounded up: `90`, `90:00`, `1:30:00`, `2-12`, `2-12:30`, `2-12:30:00`.
///
/// # Errors
/// What is wrong with it.
pub fn minutes(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no time such as 90, 1:30:00 or 2-12:00");
    let (days, rest) = match text.split_once('-') {
        Some((days, rest)) => (Some(days), rest),
        None => (None, text),
    };
    let number = |text: &str| whole(text).filter(|number| !text.is_empty() && *number < 1_000_000).ok_or_else(wrong);
    let parts: Vec<u64> = rest.split(':').map(number).collect::<Result<_, _>>()?;
    let seconds = match (days, parts.as_slice()) {
        (None, [minutes]) => minutes * 60,
        (None, [minutes, seconds]) => minutes * 60 + seconds,
        (None, [hours, minutes, seconds]) => hours * 3600 + minutes * 60 + seconds,
        (Some(days), [hours]) => number(days)? * 86400 + hours * 3600,
        (Some(days), [hours, minutes]) => number(days)? * 86400 + hours * 3600 + minutes * 60,
        (Some(days), [hours, minutes, seconds]) => number(days)? * 86400 + hours * 3600 + minutes * 60 + seconds,
        _ => return Err(wrong()),
    };
    match seconds.div_ceil(60) {
        minutes if minutes < FEWEST_MINUTES => {
            Err(format!("a task needs {FEWEST_MINUTES} minutes at least: it saves what it has before its time ends"))
        }
        minutes => Ok(minutes),
    }
}

/// How many times as long as estimated a task may take: nodes differ, and are shared.
const PATIENCE: u32 = 4;

/// Minutes that a task is given when it should take so long: several times as many, with what beginning and saving take.
pub fn minutes_for(estimate: Duration) -> u64 {
    let seconds = estimate.checked_mul(PATIENCE).unwrap_or(Duration::MAX).as_secs_f64();
    ((seconds / 60.0).ceil() as u64).saturating_add(FEWEST_MINUTES).max(10)
}

/// Megabytes that a task is given when it should take so many bytes: half as many again, and what a process takes anyway.
pub fn megabytes_for(bytes: u64) -> u64 {
    let megabytes = bytes.saturating_add(bytes / 2).div_ceil(1 << 20).saturating_add(200);
    megabytes.div_ceil(100).saturating_mul(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_as_slurm_reads_it() {
        for (text, expected) in [("500", 500), ("500M", 500), ("4G", 4096), ("4g", 4096), ("1T", 1 << 20), ("1K", 1)] {
            assert_eq!(megabytes(text), Ok(expected), "{text}");
        }
        for wrong in ["", "G", "0", "-1", "1.5G", "4GB", "4 G", "x", "99999999999999999999", "18446744073709551615T"] {
            assert!(megabytes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_are_read_as_slurm_reads_them() {
        for (text, expected) in [
            ("90", 90),
            ("90:30", 91),
            ("1:30:00", 90),
            ("2-12", 60 * 60),
            ("2-12:30", 60 * 60 + 30),
            ("2-12:30:01", 60 * 60 + 31),
        ] {
            assert_eq!(minutes(text), Ok(expected), "{text}");
        }
        for wrong in ["", "0", "4", "4:30:1:1", "a", "1-", "-1", "1:", ":", "1.5", "99999999999", "2-1-1"] {
            assert!(minutes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn tasks_are_given_more_than_they_should_need() {
        assert_eq!(minutes_for(Duration::ZERO), 10);
        assert_eq!(minutes_for(Duration::from_mins(30)), 125);
        assert_eq!(minutes_for(Duration::MAX), ((Duration::MAX.as_secs_f64() / 60.0).ceil() as u64).saturating_add(5));
        assert_eq!(megabytes_for(0), 200);
        assert_eq!(megabytes_for(100 << 20), 400);
        assert!(megabytes_for(u64::MAX) > 1 << 40);
    }
}
