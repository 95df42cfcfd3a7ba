//! The SQL of claims as far as it is looked at before Polars reads it: its terms, its aggregates, and what it may say.

use std::ops::Range;

use super::keys::nearest;
use super::sql::{FUNCTIONS, Kind, WORDS, pieces};

/// Functions that make one value of those of several runs, whatever their order.
#[rustfmt::skip]
const AGGREGATES: &[&str] = &[
    "avg", "corr", "count", "covar", "covar_pop", "covar_samp", "max", "median", "min", "quantile_cont", "quantile_disc", "stddev",
    "stddev_samp", "stdev", "stdev_samp", "sum", "total", "var", "var_samp", "variance",
];

/// What a claim cannot say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misplaced {
    /// Where it stands in the text, in bytes.
    pub piece: Range<usize>,
    /// What is wrong with it.
    pub message: String,
    /// What to do instead.
    pub hint: String,
}

/// Functions of one run that are for columns which the parameters of a point do not have.
const OF_LISTS: &[&str] = &["array_contains"];

/// A piece of SQL with its place.
struct Token<'s> {
    kind: Kind,
    text: &'s str,
    at: usize,
}

impl Token<'_> {
    fn is(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }

    fn is_sign(&self, sign: &str) -> bool {
        self.kind == Kind::Sign && self.text == sign
    }

    fn end(&self) -> usize {
        self.at + self.text.len()
    }
}

/// All pieces that say something, in order.
fn tokens(sql: &str) -> Vec<Token<'_>> {
    let mut at = 0;
    let mut tokens = Vec::new();
    for (kind, text) in pieces(sql) {
        if !matches!(kind, Kind::Space | Kind::Comment) {
            tokens.push(Token { kind, text, at });
        }
        at += text.len();
    }
    tokens
}

/// The first thing that a claim cannot say: what is no column, no function of runs, or looks elsewhere.
#[must_use]
pub fn unusable(sql: &str, columns: &[&str]) -> Option<Misplaced> {
    let tokens = tokens(sql);
    let mut open: Vec<Range<usize>> = Vec::new();
    for (place, token) in tokens.iter().enumerate() {
        if token.is_sign("(") {
            open.push(token.at..token.end());
        } else if token.is_sign(")") && open.pop().is_none() {
            let (message, hint) = ("a bracket that was not opened", "remove it, or open it before");
            return Some(Misplaced { piece: token.at..token.end(), message: message.into(), hint: hint.into() });
        }
        let called = tokens.get(place + 1).is_some_and(|next| next.is_sign("("));
        let among = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(token.text));
        let wrong = |message: String, hint: String| Some(Misplaced { piece: token.at..token.end(), message, hint });
        let name = token.text.trim_matches(['"', '`']);
        match token.kind {
            Kind::Word if called && (among(FUNCTIONS) || among(AGGREGATES) || among(OF_LISTS)) => {}
            Kind::Word if among(WORDS) => {}
            Kind::Word | Kind::Name if called => {
                let near =
                    nearest(name, FUNCTIONS.iter().chain(AGGREGATES).chain(OF_LISTS).copied()).or(other_name(name));
                let hint = near.map_or_else(
                    || {
                        "there are MIN, MAX, AVG, MEDIAN, COUNT, SUM, STDDEV, CORR, and the functions of constraints"
                            .into()
                    },
                    |near| format!("did you mean `{near}`?"),
                );
                return wrong(format!("`{name}` is no function of claims"), hint);
            }
            Kind::Word | Kind::Name if !columns.contains(&name) => {
                let hint = nearest(name, columns.iter().copied()).map_or_else(
                    || "`results/README.md` lists the columns; text stands in single quotes, 'sum'".into(),
                    |near| format!("did you mean `{near}`?"),
                );
                return wrong(format!("there is no column `{name}`"), hint);
            }
            Kind::Sign if matches!(token.text, ";" | "[" | "{" | "$" | "@" | "?" | "#" | "\\" | ":") => {
                return wrong(
                    format!("`{}` is no sign of claims", token.text),
                    "a claim is a condition over the columns of the runs, as in `max(domain_rmse) < 5`".into(),
                );
            }
            _ => {}
        }
    }
    let (message, hint) = ("a bracket that is not closed", "close it, or remove it");
    open.pop().map(|piece| Misplaced { piece, message: message.into(), hint: hint.into() })
}

/// What chooses runs looks at each by itself: the first aggregate in it.
#[must_use]
pub fn of_all(sql: &str) -> Option<Misplaced> {
    let first = calls(&tokens(sql)).first()?.clone();
    let message =
        format!("`{}` is made of several runs, and this is true or false of each by itself", &sql[first.clone()]);
    Some(Misplaced { piece: first, message, hint: "what is true of them together goes into `expect`".into() })
}

/// What is true of runs together names no column but in aggregates: the first one that stands beside them.
#[must_use]
pub fn of_each(sql: &str, columns: &[&str]) -> Option<Misplaced> {
    let tokens = tokens(sql);
    let calls = calls(&tokens);
    let names_none = |call: &&Range<usize>| {
        let first = tokens.partition_point(|token| token.at < call.start);
        let last = tokens.partition_point(|token| token.at < call.end);
        let own = &tokens[first + 1..last];
        let names = |token: &Token<'_>| columns.contains(&token.text.trim_matches(['"', '`']));
        !(own.iter().any(names) || matches!(own, [_, all, _] if all.is_sign("*")))
    };
    if let Some(call) = calls.iter().find(names_none) {
        let message = format!("`{}` is of no column", &sql[call.clone()]);
        return Some(Misplaced { piece: call.clone(), message, hint: "`count(*)` is the number of runs".into() });
    }
    let within = |token: &Token<'_>| {
        let after = calls.partition_point(|call| call.end <= token.at);
        calls.get(after).is_some_and(|call| call.contains(&token.at))
    };
    let of_each = |token: &&Token<'_>| {
        matches!(token.kind, Kind::Word | Kind::Name)
            && columns.contains(&token.text.trim_matches(['"', '`']))
            && !within(token)
    };
    let first = tokens.iter().find(of_each)?;
    let name = first.text.trim_matches(['"', '`']);
    let message = format!("`{name}` differs from run to run, and a claim is about all of them together");
    let hint =
        "say which value: `max(…)`, `min(…)`, `median(…)`, `count(…)`; what chooses runs goes into `where`".into();
    Some(Misplaced { piece: first.at..first.end(), message, hint })
}

/// What others call a function.
fn other_name(name: &str) -> Option<&'static str> {
    let ours = match name.to_lowercase().as_str() {
        "mean" | "average" => "avg",
        "std" => "stddev",
        "quantile" | "percentile" | "percentile_cont" => "quantile_cont",
        "n" | "len" => "count",
        _ => return None,
    };
    Some(ours)
}

/// The parts of a condition that must all be true: those between its outermost `AND`s; the whole where an `OR` is as far out.
#[must_use]
pub fn terms(sql: &str) -> Vec<&str> {
    let (mut depth, mut between) = (0i32, false);
    let mut cuts = Vec::new();
    for token in tokens(sql) {
        if token.is_sign("(") || token.is("case") {
            depth += 1;
        } else if token.is_sign(")") || token.is("end") {
            depth -= 1;
        } else if depth == 0 && (token.is("or") || token.is("xor")) {
            return vec![sql.trim()];
        } else if depth == 0 && token.is("between") {
            between = true;
        } else if depth == 0 && token.is("and") {
            if !between {
                cuts.push(token.at..token.end());
            }
            between = false;
        }
    }
    let mut terms = Vec::new();
    let mut start = 0;
    for cut in cuts {
        terms.push(sql[start..cut.start].trim());
        start = cut.end;
    }
    terms.push(sql[start..].trim());
    terms
}

/// The aggregates of an expression as they are written, outermost ones only, each once.
#[must_use]
pub fn aggregates(sql: &str) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for call in calls(&tokens(sql)) {
        let text = &sql[call];
        if !found.contains(&text) {
            found.push(text);
        }
    }
    found
}

/// Where the outermost calls of aggregates stand, in bytes.
fn calls(tokens: &[Token<'_>]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut place = 0;
    while place < tokens.len() {
        match call(tokens, place) {
            Some(end) => {
                found.push(tokens[place].at..tokens[end].end());
                place = end + 1;
            }
            None => place += 1,
        }
    }
    found
}

/// Where the call of an aggregate that begins at `place` ends.
fn call(tokens: &[Token<'_>], place: usize) -> Option<usize> {
    let name = &tokens[place];
    if name.kind != Kind::Word || !AGGREGATES.iter().any(|known| known.eq_ignore_ascii_case(name.text)) {
        return None;
    }
    let mut depth = 0;
    for (end, token) in tokens.iter().enumerate().skip(place + 1) {
        match token.text {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ if depth == 0 => return None,
            _ => {}
        }
        if depth == 0 {
            return Some(end);
        }
    }
    None
}

/// What an aggregate is made from: its first argument, `*` of `count(*)`.
#[must_use]
pub fn argument(aggregate: &str) -> &str {
    let tokens = tokens(aggregate);
    let mut depth = 0;
    let mut start = None;
    for token in &tokens {
        depth += i32::from(token.is_sign("(")) - i32::from(token.is_sign(")"));
        let ends = (depth == 0 && token.is_sign(")")) || (depth == 1 && token.is_sign(","));
        match start {
            None if depth == 1 || (depth == 0 && token.is_sign(")")) => start = Some(token.end()),
            Some(start) if ends => {
                let text = aggregate[start..token.at].trim();
                let word = text.split_whitespace().next().unwrap_or_default();
                return if word.eq_ignore_ascii_case("distinct") { text[word.len()..].trim() } else { text };
            }
            _ => {}
        }
    }
    "*"
}

/// The condition by which a single run breaks a term such as `max(x) < c`, `min(a / b) >= c`, `max(x) = c` or
/// `count(x) = count(*)`; `None` where no single run does.
#[must_use]
pub fn test_of(term: &str) -> Option<String> {
    let tokens = tokens(term);
    let signs = |place: usize| tokens[place].kind == Kind::Sign && "<>=!".contains(tokens[place].text);
    let mut depth = 0;
    let outer = (0..tokens.len()).filter(|&place| {
        depth += i32::from(tokens[place].is_sign("(")) - i32::from(tokens[place].is_sign(")"));
        depth == 0 && signs(place)
    });
    let outer: Vec<usize> = outer.collect();
    let (&first, &last) = (outer.first()?, outer.last()?);
    // One comparison, of at most two signs.
    if outer.len() != last - first + 1 || outer.len() > 2 || first == 0 || last + 1 == tokens.len() {
        return None;
    }
    let sign: String = tokens[first..=last].iter().map(|token| token.text).collect();
    let side = |from: usize, to: usize| &term[tokens[from].at..tokens[to].end()];
    let (left, right) = (side(0, first - 1), side(last + 1, tokens.len() - 1));
    let turned = match sign.as_str() {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        other => other,
    };
    broken_by(left, &sign, right).or_else(|| broken_by(right, turned, left))
}

fn broken_by(aggregate: &str, sign: &str, other: &str) -> Option<String> {
    let own = tokens(aggregate);
    if own.is_empty() || call(&own, 0) != Some(own.len() - 1) {
        return None;
    }
    let name = own[0].text.to_lowercase();
    let inner = aggregate[own[1].end()..own[own.len() - 1].at].trim();
    let all = |text: &str| text.to_lowercase().split_whitespace().collect::<String>() == "count(*)";
    match (name.as_str(), sign) {
        ("count", "=") if inner != "*" && all(other) => return Some(format!("({inner}) IS NULL")),
        ("count", "=") if inner != "*" && other.trim() == "0" => return Some(format!("({inner}) IS NOT NULL")),
        ("sum", "=") if all(other) => return Some(format!("({inner}) <> 1")),
        _ => {}
    }
    // What runs are held against must be the same for all of them.
    let constant = |token: &Token<'_>| match token.kind {
        Kind::Number | Kind::Text | Kind::Sign => true,
        Kind::Word => FUNCTIONS.iter().any(|known| known.eq_ignore_ascii_case(token.text)),
        _ => false,
    };
    if !tokens(other).iter().all(constant) {
        return None;
    }
    let breaks = match (name.as_str(), sign) {
        ("max", "<") => ">=",
        ("max", "<=" | "=") => ">",
        ("min", ">") => "<=",
        ("min", ">=" | "=") => "<",
        _ => return None,
    };
    Some(format!("({inner}) {breaks} ({other})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_cut_at_the_outermost_ands() {
        for (sql, expected) in [
            ("max(a) < 1", vec!["max(a) < 1"]),
            ("max(a) < 1 AND min(b) > 2 and c", vec!["max(a) < 1", "min(b) > 2", "c"]),
            ("max(a) BETWEEN 1 AND 2 AND b", vec!["max(a) BETWEEN 1 AND 2", "b"]),
            ("max(CASE WHEN a AND b THEN c END) < 1 AND d", vec!["max(CASE WHEN a AND b THEN c END) < 1", "d"]),
            ("(a AND b) AND 'x AND y' = c", vec!["(a AND b)", "'x AND y' = c"]),
            ("CASE WHEN a AND b THEN c END AND d", vec!["CASE WHEN a AND b THEN c END", "d"]),
            ("a AND b OR c", vec!["a AND b OR c"]),
            ("(a OR b) AND c", vec!["(a OR b)", "c"]),
        ] {
            assert_eq!(terms(sql), expected, "{sql}");
        }
    }

    #[test]
    fn aggregates_are_found_as_written() {
        for (sql, expected) in [
            ("max(a) < 1", vec!["max(a)"]),
            ("MAX ( a ) < min(b / c) AND max(a) > 2", vec!["MAX ( a )", "min(b / c)", "max(a)"]),
            ("abs(avg((a - 1) * b) - 9 / 7.0) < 9 / 21.0", vec!["avg((a - 1) * b)"]),
            (
                "count(*) = sum(CASE WHEN s = 'max(' THEN 1 ELSE 0 END)",
                vec!["count(*)", "sum(CASE WHEN s = 'max(' THEN 1 ELSE 0 END)"],
            ),
            ("max < 1 AND a", vec![]),
            ("max(a) < max(a) + 1", vec!["max(a)"]),
        ] {
            assert_eq!(aggregates(sql), expected, "{sql}");
        }
    }

    #[test]
    fn arguments_of_aggregates() {
        for (sql, expected) in [
            ("max(a)", "a"),
            ("COUNT( * )", "*"),
            ("quantile_cont(a / b, 0.9)", "a / b"),
            ("corr(abs(a, 2), b)", "abs(a, 2)"),
            ("count(DISTINCT a)", "a"),
            ("min(CASE WHEN a THEN (b) END)", "CASE WHEN a THEN (b) END"),
        ] {
            assert_eq!(argument(sql), expected);
        }
    }

    #[test]
    fn single_runs_break_bounds_of_the_extremes() {
        for (term, expected) in [
            ("max(a) < 1", Some("(a) >= (1)")),
            ("max(a) <= 0.5 * sqrt(2)", Some("(a) > (0.5 * sqrt(2))")),
            ("max(a) = 0", Some("(a) > (0)")),
            ("min(a / b) >= 0.9999", Some("(a / b) < (0.9999)")),
            ("min(a) = 1", Some("(a) < (1)")),
            ("5 > max(abs(a))", Some("(abs(a)) >= (5)")),
            ("count(a) = count(*)", Some("(a) IS NULL")),
            ("count(*) = count(a)", Some("(a) IS NULL")),
            ("count(a) = 0", Some("(a) IS NOT NULL")),
            ("count(*) = sum(CASE WHEN s THEN 1 ELSE 0 END)", Some("(CASE WHEN s THEN 1 ELSE 0 END) <> 1")),
            // None of these is broken by a single run.
            ("max(a) > 1", None),
            ("max(a) < min(b)", None),
            ("max(a) < b", None),
            ("max(a) + 1 < 2", None),
            ("avg(a) < 1", None),
            ("max(a) < 1 < 2", None),
            ("max(a) <> 1", None),
            ("NOT max(a)", None),
            ("", None),
            ("<", None),
        ] {
            assert_eq!(test_of(term).as_deref(), expected, "{term}");
        }
    }

    #[test]
    fn what_a_claim_cannot_say_is_named() {
        let columns = ["task", "domain_rmse", "depth"];
        for sql in [
            "max(domain_rmse) < 1e-3 AND task IN ('sum', 'x(') AND count(DISTINCT depth) = 2",
            "CASE WHEN depth > 1 THEN domain_rmse END IS NOT NULL",
            "\"depth\" > 1 AND quantile_cont(domain_rmse, 0.9) < abs(-1) -- small",
        ] {
            assert_eq!(unusable(sql, &columns), None, "{sql}");
        }
        for (sql, piece, hint) in [
            ("max(domain_rmsse) < 1", "domain_rmsse", "domain_rmse"),
            ("mean(domain_rmse) < 1", "mean", "avg"),
            ("maxx(domain_rmse) < 1", "maxx", "max"),
            ("max(depth) < (SELECT 2 FROM read_csv('x'))", "SELECT", ""),
            ("task = \"sum\"", "\"sum\"", "quotes"),
            ("last_value(depth) = 1", "last_value", ""),
            ("depth > 1; DROP", ";", ""),
            ("depth::int > 1", ":", ""),
            ("max(depth) > 1) OR (1 = 1", ")", "remove"),
            ("max(domain_rmse < 1", "(", "close"),
        ] {
            let found = unusable(sql, &columns).unwrap_or_else(|| panic!("{sql}"));
            assert_eq!(&sql[found.piece.clone()], piece);
            assert!(found.hint.contains(hint), "{}", found.hint);
        }
    }
}
