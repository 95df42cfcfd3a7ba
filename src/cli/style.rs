//! Colour on the terminal, and numbers as people read them.

use std::time::Duration;

/// Text in bold where colour is on.
pub fn bold(text: &str, colored: bool) -> String {
    wrapped(text, "1", colored)
}

/// Text in red where colour is on.
pub fn red(text: &str, colored: bool) -> String {
    wrapped(text, "1;31", colored)
}

fn wrapped(text: &str, code: &str, colored: bool) -> String {
    if colored { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}

/// `12,345`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 run`, `2 runs`.
pub fn counted(number: u64, thing: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {thing}{ending}", count(number))
}

/// `4.2 s`, `3 min 20 s`, `2 h 5 min`.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// `12 MB`.
pub fn bytes(bytes: f64) -> String {
    let units = ["bytes", "kB", "MB", "GB", "TB"];
    let power = if bytes < 1.0 { 0 } else { ((bytes.log10() / 3.0) as usize).min(units.len() - 1) };
    let value = bytes / 1000f64.powi(power as i32);
    let digits = usize::from(power > 0 && value < 10.0);
    format!("{value:.digits$} {}", units[power])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(count(0), "0");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(counted(1, "run"), "1 run");
        assert_eq!(counted(1000, "run"), "1,000 runs");
        assert_eq!(duration(Duration::from_millis(1240)), "1.2 s");
        assert_eq!(duration(Duration::from_secs(200)), "3 min 20 s");
        assert_eq!(duration(Duration::from_mins(125)), "2 h 5 min");
        assert_eq!(bytes(0.0), "0 bytes");
        assert_eq!(bytes(4_200_000.0), "4.2 MB");
        assert_eq!(bytes(42_000_000.0), "42 MB");
    }
}
