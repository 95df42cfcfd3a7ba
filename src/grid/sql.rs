//! SQL as an expression: Polars', but that what is no number is nothing, as in every other table of ours.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use polars::error::{PolarsResult, polars_err};
use polars::prelude::{
    AnyValue, ChunkApply, Column, DataType, Expr, Field, IntoColumn, LiteralValue, Operator, Scalar, UnknownKind, lit,
};
use polars::sql::sql_expr;

use crate::sweep::{misread, operators, standard};

/// Operators that an expression has at most. Each is a call within that of the one before it, and a stack has an end.
const MOST_OPERATORS: usize = 256;

/// Reads an expression over columns: a condition, or what is made of them.
///
/// A quotient by 0, the root of a negative number and the like are null, not infinite or not-a-number, which Polars takes to
/// be larger than every number. Products and powers are those of numbers with a point, since those of whole numbers wrap
/// around; counts are numbers with a sign, since differences of others do.
///
/// # Errors
/// What Polars says of what is no SQL, when it is too long, and where a word stands behind it: that would be a name for it.
pub fn expression(sql: &str) -> PolarsResult<Expr> {
    let count = operators(sql);
    if count > MOST_OPERATORS {
        return Err(polars_err!(
            SQLInterface: "it has {count} operators, and {MOST_OPERATORS} are the most; many values of one column are written as \
            `column IN (a, b, …)`"
        ));
    }
    if let Some(said) = misread(sql) {
        return Err(polars_err!(SQLInterface: "{said}"));
    }
    let written = standard(sql);
    // What it was made of is nothing that anybody wrote.
    let read = sql_expr(&written).map_err(|error| {
        let said = error.to_string().replace(written.trim(), sql.trim());
        polars_err!(SQLInterface: "{}", said.trim_start_matches("SQL error: "))
    })?;
    if let Expr::Alias(_, name) = &read
        && written.trim_end().trim_end_matches(['"', '`']).ends_with(name.as_str())
    {
        return Err(polars_err!(SQLInterface: "`{name}` at its end belongs to nothing: there are no names to give"));
    }
    Ok(read.map_expr(|part| match part {
        // `IS TRUE` and the like, as `standard` leaves them.
        Expr::BinaryExpr { left, op: Operator::Eq, right } if is_flag(&right) => {
            Expr::BinaryExpr { left, op: Operator::EqValidity, right }
        }
        Expr::BinaryExpr { left, op, right } if op.is_arithmetic() => {
            let kind = if op == Operator::Multiply { real } else { concrete };
            let [left, right] = [left, right].map(|side| Arc::new(made(known(Expr::clone(&side)), kind)));
            finite(Expr::BinaryExpr { left, op, right })
        }
        Expr::Function { input, function } if OF_NUMBERS.contains(&function.to_string().as_str()) => {
            let input = input.into_iter().map(|part| made(known(part), real)).collect();
            finite(Expr::Function { input, function })
        }
        other => other,
    }))
}

fn is_flag(part: &Expr) -> bool {
    let Expr::Literal(literal @ LiteralValue::Scalar(_)) = part else { return false };
    matches!(literal.to_any_value(), Some(AnyValue::Boolean(_)))
}

/// A number as it is written has no type yet, and what is computed from such numbers alone has none either. Whole ones that are
/// so large that a sum could wrap around have a point.
fn known(part: Expr) -> Expr {
    let written = match &part {
        Expr::Literal(literal @ LiteralValue::Dyn(_)) if literal.get_datatype().is_primitive_numeric() => {
            literal.to_any_value()
        }
        _ => None,
    };
    match written {
        Some(AnyValue::Float64(number)) => lit(Scalar::from(number)),
        Some(whole) => whole.extract::<i64>().map_or(part, |whole| {
            lit(if whole.unsigned_abs() < 1 << 53 { Scalar::from(whole) } else { Scalar::from(whole as f64) })
        }),
        None => part,
    }
}

/// A part as another kind of values, which `of` makes of its own.
fn made(part: Expr, of: fn(&DataType) -> PolarsResult<DataType>) -> Expr {
    if matches!(&part, Expr::Literal(literal) if of(&literal.get_datatype()).is_ok_and(|kind| kind == literal.get_datatype()))
    {
        return part;
    }
    part.map(
        move |column| column.cast(&of(column.dtype())?),
        move |_, field| Ok(Field::new(field.name().clone(), of(field.dtype())?)),
    )
}

/// Of all whole numbers the kind that has a sign and 64 bits, since counts and lengths have none; of what has no kind yet, as
/// `CASE` between numbers that are written, one.
#[expect(clippy::unnecessary_wraps, reason = "as `real`")]
fn concrete(kind: &DataType) -> PolarsResult<DataType> {
    Ok(match kind {
        DataType::Unknown(UnknownKind::Float) => DataType::Float64,
        DataType::Unknown(UnknownKind::Str) => DataType::String,
        whole if whole.is_integer() => DataType::Int64,
        other => other.clone(),
    })
}

/// Of all numbers, and of what is true or false, numbers with a point.
fn real(kind: &DataType) -> PolarsResult<DataType> {
    let kind = concrete(kind)?;
    if kind.is_primitive_numeric() || matches!(kind, DataType::Boolean | DataType::Null | DataType::Unknown(_)) {
        return Ok(DataType::Float64);
    }
    Err(polars_err!(InvalidOperation: "`{kind}` is no kind of numbers, and a product or a power is one of numbers"))
}

/// Functions of numbers that are not defined everywhere or grow beyond all numbers, as Polars calls them.
const OF_NUMBERS: [&str; 19] = [
    "pow", "sqrt", "cbrt", "log", "log1p", "exp", "sin", "cos", "tan", "cot", "arcsin", "arccos", "arctan", "arctan2",
    "sinh", "cosh", "tanh", "arcosh", "artanh",
];

/// What is no number is null.
fn finite(part: Expr) -> Expr {
    let only_finite = |column: Column| match column.f64() {
        Ok(numbers) if numbers.iter().flatten().any(|number| !number.is_finite()) => {
            numbers.apply(|number| number.filter(|number| number.is_finite())).into_column()
        }
        _ => column,
    };
    part.map(
        move |column| Ok(only_finite(column)),
        |_, field| Ok(Field::new(field.name().clone(), concrete(field.dtype())?)),
    )
}

/// What a query of Polars comes to; in words, what it says against it.
///
/// # Errors
/// The first line of that, without places in a text that nobody wrote. Polars ends in a panic on some of what it can parse.
pub fn computed<T>(query: impl FnOnce() -> PolarsResult<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(query)) {
        Ok(found) => found.map_err(|error| essence(&error.to_string())),
        Err(_) => Err("Polars cannot compute this".into()),
    }
}

fn essence(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let line = line.split(" at Line:").next().unwrap_or_default();
    // Nor did anybody write the functions that are put around what is computed with.
    line.trim_start_matches("sql parser error: ").replace(".map()", "")
}

#[cfg(test)]
mod tests {
    use polars::prelude::{DataFrame, IntoColumn, IntoLazy, NamedFrom, Series, df};

    use super::*;

    fn answer(sql: &str) -> Option<bool> {
        let columns = vec![
            Series::new("negative".into(), [-4.0]).into_column(),
            Series::new("zero".into(), [0i64]).into_column(),
            Series::new("seed".into(), [9_007_199_254_740_992i64]).into_column(),
            Series::new("none".into(), [None::<f64>]).into_column(),
            Series::new("word".into(), ["adam"]).into_column(),
            Series::new("flag".into(), [Some(true)]).into_column(),
        ];
        let frame = DataFrame::new(1, columns).unwrap();
        let asked = expression(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        let found = frame.lazy().select([asked.alias("it")]).collect().unwrap_or_else(|error| panic!("{sql}: {error}"));
        found.column("it").unwrap().bool().unwrap_or_else(|_| panic!("{sql}")).get(0)
    }

    #[test]
    fn what_is_no_number_is_neither_true_nor_false() {
        for sql in [
            "SQRT(negative) > 0.5",
            "SQRT(negative) >= 0",
            "SQRT(negative) BETWEEN 0 AND 100",
            "LN(negative) > 0",
            "LN(zero) < 0",
            "LOG10(negative) > 0",
            "LOG2(negative) > 0",
            "LOG1P(negative) > 0",
            "LOG(negative, 2) > 0",
            "ACOS(negative) > 0",
            "ASIN(negative) > 0",
            "negative / zero < 5",
            "zero / zero >= 5",
            "1 / zero > 5",
            "negative % zero > 1",
            "zero % zero = 0",
            "MOD(negative, zero) > 1",
            "EXP(1000) > 0",
            "POWER(10.0, 400) > 1",
            "POW(negative, 0.5) > 1",
            "1e300 * 1e300 > 0",
            "NOT (SQRT(negative) > 0.5)",
            "(none = 0.9) = TRUE",
            "NOT (none = 0.9) = FALSE",
            "(none = 0.9) <> true",
        ] {
            assert_eq!(answer(sql), None, "{sql}");
        }
        for (sql, expected) in [
            ("SQRT(4) = 2", true),
            ("ABS(negative) / 2 = 2", true),
            ("7 % 4 = 3", true),
            ("zero * 5 = 0", true),
            ("zero - 5 = -5", true),
            ("POW(2, 3) = 8 AND EXP(0) = 1 AND CBRT(8) = 2", true),
            ("seed * 10000 > 0", true),
            ("word || 'x' = 'adamx'", true),
            ("CONCAT(word, 'x') = 'adamx'", true),
            ("SQRT(negative) IS NULL", true),
            ("COALESCE(SQRT(negative), 7) = 7", true),
            ("(none = 0.9) IS NOT TRUE", true),
            ("(none = 0.9) IS NOT FALSE", true),
            ("(none = 0.9) IS TRUE", false),
            ("(none = 0.9) is  false", false),
            ("(none = 0.9) IS UNKNOWN", true),
            ("(negative = -4) IS NOT UNKNOWN", true),
            ("flag IS TRUE AND NOT flag IS FALSE", true),
            // Neither takes what comes after it for its own.
            ("(zero = 1) IS TRUE AND zero = 1", false),
            ("(zero = 0) IS FALSE AND zero = 1", false),
            ("(zero = 1) IS NOT FALSE OR zero = 0", true),
            ("zero = 0 IS NOT TRUE OR zero = 0", true),
            ("flag = TRUE AND NOT flag = false AND flag <> FALSE AND flag IN (TRUE, FALSE)", true),
            ("CASE flag WHEN TRUE THEN zero = 0 ELSE FALSE END", true),
            ("word = 'IS NOT TRUE'", false),
            ("zero = 0 -- a comment", true),
            ("seed + 9223372036854775807 > 0 AND zero - 9223372036854775807 - 9223372036854775807 < 0", true),
            ("-7 % 4 = 1 AND MOD(zero - 7, 4) = 1 AND 7 % -4 = -1 AND (zero - 7) % 4.0 = 1", true),
            ("CASE WHEN zero = 0 THEN 1 ELSE 0 END + CASE WHEN zero = 1 THEN 1 ELSE 0 END = 1", true),
            ("(none = 0.9) = (TRUE) IS NULL AND ((none = 0.9) <> (FALSE)) IS NULL AND flag = (TRUE)", true),
            ("-CASE WHEN zero = 0 THEN 1 ELSE 0 END = -1 AND 0.5 + CASE WHEN zero = 0 THEN 1 ELSE 2.5 END = 1.5", true),
            ("MOD(CASE WHEN zero = 0 THEN 5 END, 2) = 1 AND ROUND(CASE WHEN zero = 0 THEN 1 END) + 1 = 2", true),
            (
                "NULLIF(1, 2) + 1 = 2 AND ABS(-1) + 1 = 2 AND FLOOR(2) + 1 = 3 AND SIGN(3) + 1 = 2 AND IF(flag, 1, 0) + 1 = 2",
                true,
            ),
            ("SQRT(CASE WHEN zero = 0 THEN 4 END) = 2 AND POW(IF(flag, 2, 0), 2) * IF(flag, 1, 0) = 4", true),
            ("SUM(CASE WHEN zero = 0 THEN 1 ELSE 0 END) / COUNT(*) = 1 AND SUM(IF(flag, 1, 0)) * 2 = 2", true),
            ("COALESCE(none, 1) + COALESCE(NULL, 1) = 2 AND GREATEST(1, 2) + LEAST(1, 2.5) = 3", true),
            ("zero < 18446744073709551615 AND zero IN (0, 18446744073709551615)", true),
            ("LENGTH(word) - 10 < 0 AND LENGTH(word) - LENGTH('adamw') < 0", true),
            ("COUNT(none) - COUNT(*) < 0 AND SUM(flag) - 2 < 0", true),
            ("POWER(seed, 2) > seed AND POW(seed, 4) > 1e60", true),
            ("zero IN (0, 2.5) AND negative IN (-4, 1e-3) AND zero NOT IN (1, 2.5)", true),
            ("seed IN (9007199254740992) AND NOT seed IN (9007199254740993)", true),
            ("zero IS DISTINCT FROM 5 AND zero = 7", false),
            ("NOT zero IS NOT DISTINCT FROM 5 AND zero = 0", true),
            ("none IS DISTINCT FROM zero OR zero = 7", true),
            ("CONCAT(word, zero) = 'adam0' AND zero || 'x' = '0x'", true),
        ] {
            assert_eq!(answer(sql), Some(expected), "{sql}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_in_the_words_of_who_wrote_it() {
        let frame = || df!("word" => ["adam"], "zero" => [0i64]).unwrap().lazy();
        for (sql, said) in [
            ("POW(word, 2) > 1", "`str` is no kind of numbers"),
            ("SQRT(word) > 1", "`str` is no kind of numbers"),
            ("1 < zero < 3", "`1 < zero < 3` compares twice"),
            ("word * 2 > 1", "`str` is no kind of numbers"),
            ("zero = 0 word", "`word` at its end belongs to nothing"),
            ("zero = TRUE `word`", "`word` at its end belongs to nothing"),
            ("zero IS DISTINCT FROM 1 word", "zero IS DISTINCT FROM 1 word"),
            ("(zero IS DISTINCT FROM)", "'(zero IS DISTINCT FROM)'"),
            ("zero IN (1, 2.5) AND zero =", "'zero IN (1, 2.5) AND zero ='"),
        ] {
            let found = computed(|| frame().select([expression(sql)?.alias("it")]).collect());
            let error = found.unwrap_err();
            assert!(error.contains(said) && !error.contains("map()") && !error.contains('\n'), "{sql}: {error}");
        }
    }

    #[test]
    fn what_is_too_long_is_refused_and_what_is_just_short_enough_is_computed() {
        let chain = |count: usize| vec!["zero = 1"; count].join(" OR ");
        assert_eq!(answer(&chain(MOST_OPERATORS)), Some(false));
        assert_eq!(answer(&format!("{} = 7", vec!["1"; MOST_OPERATORS].join(" + "))), Some(false));
        for sql in [chain(5000), vec!["1"; 50_000].join("+"), vec!["-"; 5000].join(" ")] {
            let error = expression(&sql).unwrap_err().to_string();
            assert!(error.contains("IN (a, b"), "{error}");
        }
        let many: Vec<String> = (0..5000).map(|number| number.to_string()).collect();
        assert_eq!(answer(&format!("zero IN ({})", many.join(", "))), Some(true));
    }
}
