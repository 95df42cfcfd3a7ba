//! SQL as far as it is looked at before Polars reads it: its pieces, and what a constraint may say.

use super::diagnostic::Diagnostic;
use super::keys::nearest;
use super::place::Place;
use crate::config::{self, PARAMETERS};

/// What a piece of SQL is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name of a parameter or a function, or a word of the language.
    Word,
    /// A name in double quotes or backticks.
    Name,
    /// Text in single quotes.
    Text,
    Number,
    Comment,
    Space,
    /// Any other character.
    Sign,
}

/// Parts SQL into its pieces, of which nothing is lost.
pub(super) fn pieces(sql: &str) -> Vec<(Kind, &str)> {
    let mut pieces = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let (kind, length) = match first {
            '\'' => (Kind::Text, quoted(rest, first)),
            '"' | '`' => (Kind::Name, quoted(rest, first)),
            _ if first.is_whitespace() => (Kind::Space, first.len_utf8()),
            _ if rest.starts_with("--") => (Kind::Comment, rest.find('\n').unwrap_or(rest.len())),
            _ if rest.starts_with("/*") => (Kind::Comment, rest[2..].find("*/").map_or(rest.len(), |end| end + 4)),
            _ if number(rest) > 0 => (Kind::Number, number(rest)),
            _ if is_of_a_word(first) => (Kind::Word, rest.find(|c| !is_of_a_word(c)).unwrap_or(rest.len())),
            _ => (Kind::Sign, first.len_utf8()),
        };
        pieces.push((kind, &rest[..length]));
        rest = &rest[length..];
    }
    pieces
}

fn is_of_a_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Bytes up to the end of what begins with a quote; one that is doubled is two pieces.
fn quoted(text: &str, quote: char) -> usize {
    text[1..].find(quote).map_or(text.len(), |end| end + 2)
}

/// Bytes of the number that a text begins with.
fn number(text: &str) -> usize {
    let digits = |from: usize| text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(0);
    let mut end = whole;
    if text[end..].starts_with('.') {
        end += 1 + digits(end + 1);
    }
    if end == 0 || text[..end] == *"." {
        return 0;
    }
    if text[end..].starts_with(['e', 'E']) {
        let sign = usize::from(text[end + 1..].starts_with(['+', '-']));
        let exponent = digits(end + 1 + sign);
        end += if exponent > 0 { 1 + sign + exponent } else { 0 };
    }
    end
}

/// Functions whose result at a point depends on nothing but that point.
#[rustfmt::skip]
pub(super) const FUNCTIONS: &[&str] = &[
    "abs", "cbrt", "ceil", "ceiling", "exp", "floor", "ln", "log", "log10", "log1p", "log2", "mod", "pi", "pow", "power", "round",
    "sign", "sqrt", "trunc", "truncate",
    "acos", "asin", "atan", "atan2", "cos", "sin", "tan",
    "coalesce", "greatest", "if", "ifnull", "least", "nullif",
    "concat", "ends_with", "left", "length", "lower", "ltrim", "regexp_like", "replace", "reverse", "rtrim", "split_part",
    "starts_with", "substr", "upper",
];

/// Words of the language that combine values of one point.
#[rustfmt::skip]
pub(super) const WORDS: &[&str] = &[
    "and", "or", "not", "is", "null", "true", "false", "unknown", "in", "between", "like", "ilike", "rlike", "regexp",
    "case", "when", "then", "else", "end", "distinct", "from",
];

/// Words of the language that look elsewhere.
const ELSEWHERE: &[&str] = &[
    "all", "any", "array", "cast", "div", "exists", "filter", "over", "select", "some", "table", "values", "with",
    "within",
];

/// Signs of operators, lists and calls. A point is none: it would be one table's column.
const SIGNS: &str = "+-*/%(),<>=!|~";

/// What in a constraint is not about the values of one point: all else would depend on which points are looked at
/// together, and in which order.
pub(super) fn not_of_a_point(sql: &str, place: Place) -> Option<Diagnostic> {
    let pieces: Vec<(Kind, &str)> = pieces(sql).into_iter().filter(|(kind, _)| *kind != Kind::Space).collect();
    let wrong = |message: String| Some(Diagnostic::new(place, message));
    for (at, &(kind, piece)) in pieces.iter().enumerate() {
        let called = pieces.get(at + 1) == Some(&(Kind::Sign, "("));
        let among = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(piece));
        let twice = |sign: &str| piece == sign && pieces.get(at + 1) == Some(&(Kind::Sign, sign));
        match kind {
            Kind::Word if among(WORDS) || (called && among(FUNCTIONS)) => {}
            Kind::Word if among(ELSEWHERE) => {
                let wrong = wrong(format!("`{piece}` in a constraint, which is about the values of one point"));
                return wrong.map(|wrong| wrong.hint("compare values of a point with each other and with numbers"));
            }
            Kind::Word if called => {
                let message = format!("`{piece}` is no function of a constraint, which is about one point at a time");
                return wrong(message).map(|wrong| wrong.hint(instead_of(piece)));
            }
            Kind::Word if config::parameter(piece).is_none() => return Some(no_parameter(piece, place)),
            Kind::Name if config::parameter(piece.trim_matches(['"', '`'])).is_none() || called => {
                let name = piece.trim_matches(['"', '`']);
                return Some(no_parameter(name, place).hint_if(called.then(|| instead_of(name))));
            }
            Kind::Comment => {
                let wrong = wrong("a comment in a constraint".into());
                return wrong.map(|wrong| wrong.hint("write it into the file, behind a `#`"));
            }
            Kind::Sign if !SIGNS.contains(piece) => {
                let wrong = wrong(format!("`{piece}` is no sign of a constraint"));
                return wrong
                    .map(|wrong| wrong.hint("constraints are SQL over parameters, as in `depth * width <= 256`"));
            }
            Kind::Sign if twice("/") => {
                let wrong = wrong("`//` in a constraint".into());
                return wrong.map(|wrong| wrong.hint("write `FLOOR(a / b)`"));
            }
            _ => {}
        }
    }
    None
}

/// What to do instead of calling a function that a constraint cannot use.
fn instead_of(name: &str) -> String {
    let near = nearest(name, FUNCTIONS.iter().copied())
        .filter(|_| !["right", "strpos"].contains(&name.to_lowercase().as_str()));
    if let Some(near) = near {
        return format!("did you mean `{}`?", near.to_uppercase());
    }
    let examples = "such as `ABS(a)`, `LOG2(a)` or `STARTS_WITH(a, 'x')`";
    match name.to_lowercase().as_str() {
        "right" => "write `ENDS_WITH(a, 'x')`, or `SUBSTR`".into(),
        "strpos" => "write `a LIKE '%x%'`, or `STARTS_WITH`".into(),
        "max" | "min" => "to compare values of a point with each other, use `GREATEST(a, b)` and `LEAST(a, b)`".into(),
        _ => format!("there are those that take values of one point, {examples}: `sweeps/README.md` has them all"),
    }
}

fn no_parameter(word: &str, place: Place) -> Diagnostic {
    let wrong = Diagnostic::new(place, format!("`{word}` is no parameter"));
    match nearest(word, PARAMETERS.iter().map(|parameter| parameter.name)) {
        Some(near) => wrong.hint(format!("did you mean `{near}`?")),
        None => wrong.hint("constraints are about parameters; text stands in single quotes"),
    }
}

/// The parameters that a constraint names.
pub(super) fn names(sql: &str) -> impl Iterator<Item = &str> {
    pieces(sql).into_iter().filter_map(|(kind, piece)| match kind {
        Kind::Word => Some(piece),
        Kind::Name => Some(piece.trim_matches(['"', '`'])),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_of_a_constraint_are_in_the_reference() {
        let text = include_str!("../../sweeps/README.md");
        let other_names = ["ceiling", "power", "truncate"];
        for function in FUNCTIONS.iter().filter(|name| !other_names.contains(name)) {
            assert!(text.contains(&format!("`{}`", function.to_uppercase())), "{function}");
        }
    }

    #[test]
    fn what_a_constraint_says_is_about_one_point() {
        let told = |sql: &str| not_of_a_point(sql, Place::start_of(0)).is_some();
        for sql in [
            "depth * width <= 256",
            "task IN ('sum', 'last_value(') OR \"depth\" > 1",
            "CASE WHEN bias THEN depth ELSE width END > 1e-3",
            "beta1 IS NULL OR beta1 IS DISTINCT FROM 0.9",
            "NOT (depth BETWEEN 1 AND 3) AND task NOT LIKE 's%'",
            "GREATEST(depth, width) % 2 = 0 AND Pow(depth, 2) <> 4",
        ] {
            assert!(!told(sql), "{sql}");
        }
        for name in [
            "LAST_VALUE(depth)",
            "first_value(depth)",
            "STRING_AGG(task, ',')",
            "ANY(width)",
            "max(depth)",
            "SUM (depth)",
            "\"sum\"(depth)",
            "COUNT(*)",
            "TOTAL(depth)",
            "UNNEST(depth)",
            "COLUMNS('d')",
            "LAG(depth)",
            "ARRAY[1, 2]",
            "depth OVER ()",
            "(SELECT 1)",
            "depth::int",
            "runs.depth",
            "E'a'",
            "DEPTH",
            "depth // 2",
            "CAST(depth AS INT)",
            "\"dept\"",
            "depth -- small",
            "$1",
            "EXISTS (TABLE x)",
            "DIV(depth, 2)",
        ] {
            assert!(told(&format!("depth > {name}")), "{name}");
        }
    }
}
