//! Numbers as people read them: thousands separators, sensible digits, a true minus sign.

/// A number with about four significant digits: `74,535`, `12.35`, `0.00321`, `2.1·10⁻⁷`. One that is nearly 1, as errors over the
/// floor are, has two digits of the difference: `1.000015`.
#[must_use]
pub fn number(value: f64) -> String {
    let off = (value - 1.0).abs();
    if (1e-9..5e-4).contains(&off) {
        let text = fixed(value, usize::try_from(1 - exponent(off)).unwrap_or(4));
        return text.trim_end_matches('0').to_owned();
    }
    significant(value, 4)
}

/// A number with that many significant digits, all digits before the point kept.
#[must_use]
pub fn significant(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return "no number".into();
    }
    if value == 0.0 {
        return "0".into();
    }
    let exponent = exponent(value);
    if !(-4..15).contains(&exponent) {
        return scientific(value, digits.min(3));
    }
    let before = usize::try_from(exponent + 1).unwrap_or(0);
    let leading_zeros = usize::try_from(-exponent).unwrap_or(0);
    let decimals = if exponent < 0 { digits - 1 + leading_zeros } else { digits.saturating_sub(before) };
    let text = format!("{:.decimals$}", value.abs());
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    signed(value, &grouped(text))
}

/// A number with that many decimals: `75,777.31`.
#[must_use]
pub fn fixed(value: f64, decimals: usize) -> String {
    signed(value, &grouped(&format!("{:.decimals$}", value.abs())))
}

/// A ratio near one, with enough digits to tell it from one: `1.0003`, `0.99999`, `3.2`.
#[must_use]
pub fn ratio(value: f64) -> String {
    let off = (value - 1.0).abs();
    if value.is_finite() && off > 0.0 && off < 0.095 {
        // Two digits of the difference, six decimals at most: below that it is rounding.
        let decimals = usize::try_from(1 - exponent(off)).unwrap_or(2).min(6);
        return fixed(value, decimals);
    }
    if value.abs() >= 100.0 { significant(value, 2) } else { significant(value, 3) }
}

/// A share between 0 and 1 in per cent: `37 %`.
#[must_use]
pub fn percent(share: f64) -> String {
    let value = 100.0 * share;
    if value > 0.0 && value < 1.0 {
        return "less than 1\u{a0}%".into();
    }
    format!("{}\u{a0}%", significant(value.round(), 3))
}

/// A count with its noun: `1 run`, `1,200 runs`.
#[must_use]
pub fn count(n: usize, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{}\u{a0}{noun}{plural}", grouped(&n.to_string()))
}

/// A whole count: `1,200`.
#[must_use]
pub fn whole(n: usize) -> String {
    grouped(&n.to_string())
}

/// Every digit that tells the number from its neighbours: what tables for machines hold.
#[must_use]
pub fn exact(value: f64) -> String {
    if value == 0.0 || (1e-4..1e15).contains(&value.abs()) { value.to_string() } else { format!("{value:e}") }
}

/// Power of ten of the leading digit, after rounding could not change it by more than one.
fn exponent(value: f64) -> i32 {
    let text = format!("{:e}", value.abs());
    text.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0)
}

fn scientific(value: f64, digits: usize) -> String {
    let text = format!("{:.*e}", digits.saturating_sub(1), value.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let mantissa = if mantissa.contains('.') { mantissa.trim_end_matches('0').trim_end_matches('.') } else { mantissa };
    let power = superscript(exponent.parse().unwrap_or(0));
    signed(value, &if mantissa == "1" { format!("10{power}") } else { format!("{mantissa}·10{power}") })
}

/// An exponent in superscript digits: `⁻⁷`.
#[must_use]
pub fn superscript(exponent: i32) -> String {
    let digits = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let raised = |c: char| c.to_digit(10).map_or('⁻', |digit| digits[digit as usize]);
    exponent.to_string().chars().map(raised).collect()
}

fn signed(value: f64, magnitude: &str) -> String {
    let nothing = magnitude.chars().all(|c| matches!(c, '0' | '.' | ','));
    if value < 0.0 && !nothing { format!("−{magnitude}") } else { magnitude.to_owned() }
}

fn grouped(text: &str) -> String {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut out = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        let cases = [
            (74_535.413, "74,535"),
            (1_157_104.2, "1,157,104"),
            (999.96, "1,000"),
            (12.3456, "12.35"),
            (0.5, "0.5"),
            (0.003_214_9, "0.003215"),
            (2.13e-7, "2.13·10⁻⁷"),
            (1e-9, "10⁻⁹"),
            (-167_167.0, "−167,167"),
            (0.0, "0"),
            (3e17, "3·10¹⁷"),
            (f64::NAN, "no number"),
            (1.000_015_3, "1.000015"),
            (0.999_999_98, "0.99999998"),
            (1.0 + 1e-13, "1"),
            (1.0006, "1.001"),
        ];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn ratios_near_one_show_their_difference() {
        for (value, text) in [
            (1.000_312, "1.00031"),
            (1.016, "1.016"),
            (0.999_87, "0.99987"),
            (1.000_000_02, "1.000000"),
            (3.2104, "3.21"),
            (1834.2, "1,834"),
            (1.0, "1"),
        ] {
            assert_eq!(ratio(value), text);
        }
    }

    #[test]
    fn counts_and_shares() {
        assert_eq!(count(1, "run"), "1\u{a0}run");
        assert_eq!(count(1200, "run"), "1,200\u{a0}runs");
        assert_eq!(percent(0.372), "37\u{a0}%");
        assert_eq!(percent(0.0), "0\u{a0}%");
        assert_eq!(fixed(75_777.312_879, 2), "75,777.31");
        assert_eq!(fixed(-0.001, 1), "0.0");
    }
}
