//! SQL as Polars is given it: what Polars or its parser takes for something else than the standard does is written so that
//! there is no doubt.

use super::sql::{Kind, pieces};

/// Operators in an expression, but for comparisons.
#[must_use]
pub fn operators(sql: &str) -> usize {
    let is_one = |(kind, piece): &(Kind, &str)| match kind {
        Kind::Word => ["and", "or", "xor", "not"].iter().any(|word| word.eq_ignore_ascii_case(piece)),
        Kind::Sign => "+-*/%|".contains(piece),
        _ => false,
    };
    pieces(sql).iter().filter(|piece| is_one(piece)).count()
}

/// SQL as it is given to Polars:
/// - without comments;
/// - numbers such as `1e-3` have a point, as have whole ones beyond 64 bits, and all numbers of a list in which one has:
///   `1.0e-3`, `IN (1.0, 2.5)`;
/// - `a IS DISTINCT FROM b` stands in brackets, since the parser takes all that follows for a part of `b`;
/// - a flag that is compared is written `(NOT FALSE)`, since Polars makes one thing of `x IS TRUE`, which is true or false of
///   everything, and of `x = TRUE`, which is neither of what is unknown; `IS UNKNOWN` is `IS NULL`.
#[must_use]
pub fn standard(sql: &str) -> String {
    let mut text = Text::of(sql);
    text.numbers();
    text.distinctions();
    text.flags();
    text.written.concat()
}

/// What the language does not have, since Polars or its parser computes something else than the standard says; in words, with
/// what to write instead.
#[must_use]
pub fn misread(sql: &str) -> Option<String> {
    let text = Text::of(sql);
    let places = 0..text.said.len();
    let is_called = |place: usize, name: &str| text.is(place, name) && text.is_sign(place + 1, "(");
    if text.pieces.iter().any(|(kind, piece)| {
        *kind == Kind::Comment && piece.starts_with("/*") && (piece.len() < 4 || !piece.ends_with("*/"))
    }) {
        return Some("a comment that begins with `/*` is not ended by `*/`".into());
    }
    let chained = text.parts().into_iter().find(|part| part.comparisons.len() > 1);
    if let Some(Part { start, end, comparisons, .. }) = chained {
        let (first, second) = (comparisons[0], comparisons[1]);
        let middle = (first + 1..second).find(|&place| !matches!(text.at(place), Some((Kind::Sign, "=" | "<" | ">"))));
        let middle = middle.map(|middle| text.given(middle, second)).unwrap_or_default();
        return Some(format!(
            "`{}` compares twice: put brackets around what is meant, or write `… AND …` with `{}` on both sides",
            text.given(start, end),
            middle.trim()
        ));
    }
    for place in places {
        if text.is(place, "xor") {
            return Some("`XOR` is not offered: write `(a) <> (b)`, with each condition in brackets".into());
        } else if is_called(place, "right") {
            return Some("`RIGHT` is not offered: write `ENDS_WITH(a, 'x')`, or `SUBSTR`".into());
        } else if is_called(place, "strpos") {
            return Some("`STRPOS` is not offered: write `a LIKE '%x%'`, or `STARTS_WITH`".into());
        } else if is_called(place, "in") {
            let is_value = |place: &usize| match text.at(*place) {
                Some((Kind::Number | Kind::Text, _) | (Kind::Sign, "," | "-" | "+")) => true,
                _ => ["true", "false", "null"].iter().any(|word| text.is(*place, word)),
            };
            let end = (place + 2..text.said.len()).find(|place| !is_value(place));
            if let Some(other) = end.filter(|&end| !text.is_sign(end, ")")) {
                let (kind, other) = text.at(other).unwrap_or((Kind::Sign, ""));
                let instead =
                    if kind == Kind::Name { "text stands in single quotes" } else { "write `a = b OR a = c`" };
                return Some(format!("`IN` takes values as they are written, and `{other}` is none: {instead}"));
            }
        }
    }
    None
}

/// Pieces of SQL, and what is written for each.
struct Text<'s> {
    pieces: Vec<(Kind, &'s str)>,
    written: Vec<String>,
    /// The pieces that say something, by their numbers: all but space and comments.
    said: Vec<usize>,
}

/// A part between `AND`, `OR`, `THEN`, commas, brackets and the like.
#[derive(Default)]
struct Part {
    /// The first that is said in it, of what is said, and the first behind it.
    start: usize,
    end: usize,
    /// Whether an `AND` is still to come that belongs to a `BETWEEN` of it.
    between: bool,
    /// Whether it says `IS DISTINCT FROM`.
    distinct: bool,
    /// Where its comparisons stand; one before an `IS DISTINCT FROM` does not count.
    comparisons: Vec<usize>,
}

impl<'s> Text<'s> {
    fn of(sql: &'s str) -> Self {
        let pieces = pieces(sql);
        let said = (0..pieces.len()).filter(|&at| !matches!(pieces[at].0, Kind::Space | Kind::Comment)).collect();
        let written = pieces.iter().map(|&(kind, piece)| if kind == Kind::Comment { " " } else { piece }.to_owned());
        Self { written: written.collect(), said, pieces }
    }

    fn at(&self, place: usize) -> Option<(Kind, &'s str)> {
        self.said.get(place).map(|&at| self.pieces[at])
    }

    fn is(&self, place: usize, word: &str) -> bool {
        self.at(place).is_some_and(|(kind, piece)| kind == Kind::Word && piece.eq_ignore_ascii_case(word))
    }

    fn is_sign(&self, place: usize, sign: &str) -> bool {
        self.at(place) == Some((Kind::Sign, sign))
    }

    fn numbers(&mut self) {
        let is_whole = |piece: &str| piece.bytes().all(|byte| byte.is_ascii_digit());
        // For each bracket that is open: whether it is a list's, and the numbers that stand in it.
        let mut open: Vec<(bool, Vec<usize>)> = Vec::new();
        for place in 0..self.said.len() {
            match self.at(place) {
                Some((Kind::Number, piece)) => {
                    if piece.contains(['e', 'E']) || (is_whole(piece) && piece.parse::<i64>().is_err()) {
                        self.written[self.said[place]] = with_point(piece);
                    }
                    if let Some((_, numbers)) = open.last_mut() {
                        numbers.push(place);
                    }
                }
                Some((Kind::Sign, "(")) => open.push((place > 0 && self.is(place - 1, "in"), Vec::new())),
                Some((Kind::Sign, ")")) => {
                    let Some((true, numbers)) = open.pop() else { continue };
                    let pieces = numbers.iter().map(|&place| self.pieces[self.said[place]].1);
                    if !numbers.iter().all(|&place| is_whole(&self.written[self.said[place]])) {
                        let pointed: Vec<String> = pieces.map(with_point).collect();
                        for (place, number) in numbers.into_iter().zip(pointed) {
                            self.written[self.said[place]] = number;
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// All parts, each behind those within it.
    fn parts(&self) -> Vec<Part> {
        let begins = |start: usize| Part { start, ..Part::default() };
        let mut open = vec![begins(0)];
        let mut parts = Vec::new();
        let is_comparison = |place: usize| matches!(self.at(place), Some((Kind::Sign, "=" | "<" | ">" | "!")));
        for place in 0..self.said.len() {
            let is = |word: &str| self.is(place, word);
            let opens = self.is_sign(place, "(") || is("case");
            let closes = self.is_sign(place, ")") || is("end");
            let ends = self.is_sign(place, ",") || ["or", "xor", "when", "then", "else"].into_iter().any(is);
            let Some(inner) = open.last_mut() else { return parts };
            if opens {
                open.push(begins(place + 1));
            } else if is("and") && inner.between {
                inner.between = false;
            } else if closes || ends || is("and") {
                let part = std::mem::replace(inner, begins(place + 1));
                parts.push(Part { end: place, ..part });
                if closes {
                    open.pop();
                }
            } else if is("not") && inner.start == place {
                inner.start = place + 1;
            } else {
                inner.between |= is("between");
                if is("distinct") && self.is(place + 1, "from") {
                    inner.distinct = true;
                    // Each of its sides may compare.
                    inner.comparisons.truncate(inner.comparisons.len() / 2 * 2);
                }
                if is_comparison(place) && !(place > 0 && is_comparison(place - 1)) {
                    inner.comparisons.push(place);
                }
            }
        }
        if open.len() == 1 {
            parts.extend(open.pop().map(|part| Part { end: self.said.len(), ..part }));
        }
        parts
    }

    fn distinctions(&mut self) {
        for part in self.parts().into_iter().filter(|part| part.distinct) {
            self.written[self.said[part.start]].insert(0, '(');
            self.written[self.said[part.end - 1]].push(')');
        }
    }

    /// What stands from one place to before another, as it was given.
    fn given(&self, from: usize, to: usize) -> String {
        self.pieces[self.said[from]..=self.said[to - 1]].iter().map(|(_, piece)| *piece).collect()
    }

    fn flags(&mut self) {
        let mut is_compared = false;
        for place in 1..self.said.len() {
            // Brackets change nothing.
            if !self.is_sign(place - 1, "(") {
                is_compared = matches!(self.at(place - 1), Some((Kind::Sign, "=" | "<" | ">")));
            }
            let instead = if self.is(place, "unknown") && (self.is(place - 1, "is") || self.is(place - 1, "not")) {
                ("unknown", "NULL")
            } else if is_compared && self.is(place, "true") {
                ("true", "(NOT FALSE)")
            } else if is_compared && self.is(place, "false") {
                ("false", "(NOT TRUE)")
            } else {
                continue;
            };
            let written = &mut self.written[self.said[place]];
            // Brackets that it was given stay.
            *written = written.to_lowercase().replace(instead.0, instead.1);
        }
    }
}

fn with_point(number: &str) -> String {
    if number.contains('.') {
        return number.to_owned();
    }
    let end = number.find(['e', 'E']).unwrap_or(number.len());
    format!("{}.0{}", &number[..end], &number[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_are_rewritten() {
        for (sql, expected) in [
            ("learning_rate = 1e-3", "learning_rate = 1.0e-3"),
            ("a < 1E5 AND b > 2e+3", "a < 1.0E5 AND b > 2.0e+3"),
            ("a = 1.5e3 OR a = .5e3 OR a = 3", "a = 1.5e3 OR a = .5e3 OR a = 3"),
            ("task = '1e-3' AND \"1e3\" > `2e3`", "task = '1e-3' AND \"1e3\" > `2e3`"),
            ("name = 'it''s 1e3' AND x1e3 > 1e", "name = 'it''s 1e3' AND x1e3 > 1e"),
            ("a > 1 -- 'it is 1e3\nAND a < 1e3", "a > 1  \nAND a < 1.0e3"),
            ("a /* ' */ < 1e3", "a   < 1.0e3"),
            ("größe = 1e3 AND x = 'ü", "größe = 1.0e3 AND x = 'ü"),
            ("a IN (1, 2) AND 3.5 > 4", "a IN (1, 2) AND 3.5 > 4"),
            ("a IN (1, -2, 1e-3) AND b in (4)", "a IN (1.0, -2.0, 1.0e-3) AND b in (4)"),
            ("a NOT IN (ROUND(b, 1), .5, 3)", "a NOT IN (ROUND(b, 1), .5, 3.0)"),
            ("in(1.5, 1)) > 2)", "in(1.5, 1.0)) > 2)"),
            (
                "a < 9223372036854775808 AND a < 9223372036854775807",
                "a < 9223372036854775808.0 AND a < 9223372036854775807",
            ),
            ("a IN (1, 9223372036854775808)", "a IN (1.0, 9223372036854775808.0)"),
            ("", ""),
        ] {
            assert_eq!(standard(sql), expected);
        }
    }

    #[test]
    fn what_would_be_misread_is_refused() {
        for (sql, said) in [
            (
                "1 <= depth <= 3",
                "`1 <= depth <= 3` compares twice: put brackets around what is meant, or write `… AND …` with `depth` on both",
            ),
            (
                "a = 1 AND (NOT b<c+1 <>d)",
                "`b<c+1 <>d` compares twice: put brackets around what is meant, or write `… AND …` with `c+1` on",
            ),
            ("CASE WHEN a = b = c THEN 1 END = 1", "`a = b = c`"),
            (
                "a = b = c IS DISTINCT FROM d",
                "`a = b = c IS DISTINCT FROM d` compares twice: put brackets around what is meant, or write `… AND …` with `b` on",
            ),
            ("a = b /* AND c = d", "is not ended by `*/`"),
            ("a = b /*/ AND c = d", "is not ended by `*/`"),
            ("a IN ('x', \"y\")", "`\"y\"` is none: text stands in single quotes"),
            ("a = 1 xor b = 2", "`XOR`"),
            ("RIGHT(a, 2) = 'x'", "`RIGHT`"),
            ("Strpos (a, 'x') > 0", "`STRPOS`"),
            ("a IN (b, 1)", "`b` is none"),
            ("a NOT IN (1, 2 * 3)", "`*` is none"),
            ("a IN ((1), 2)", "`(` is none"),
            ("a IN (SELECT 1)", "`SELECT` is none"),
        ] {
            let found = misread(sql).unwrap_or_else(|| panic!("{sql}"));
            assert!(found.contains(said), "{sql}: {found}");
        }
        for sql in [
            "(a = b) = (c < d) AND a <= 1 OR b >= 2 AND NOT c != d",
            "a = CASE WHEN b = c THEN d = 1 ELSE e = 2 END",
            "f(a = 1, b = 2) = 3",
            "a = -1 AND b <- 2",
            "a BETWEEN 1 AND 2 = TRUE AND b = 1 -- = = /*",
            "a <= b IS DISTINCT FROM c > d AND e = f /* = = */",
            "a IN (1, -2, 'it''s', NULL, true) AND b IN () AND right = 1 AND strpos = 2",
            "a IN (",
            "= = =",
        ] {
            assert_eq!(misread(sql), None, "{sql}");
        }
    }

    /// Of a file of a million bytes, what takes the square of that takes hours.
    #[test]
    fn hostile_texts_take_no_more_than_their_length() {
        for piece in ["(", "a IN (1, ", "= (", "case ", "a IS DISTINCT FROM ", "not ", "a < ", "/*", "'"] {
            let text = piece.repeat(1_000_000 / piece.len());
            assert!(misread(&text).is_some() || standard(&text).len() >= text.len(), "{piece}");
        }
    }

    #[test]
    fn distinctions_stand_in_brackets() {
        for (sql, expected) in [
            ("a IS DISTINCT FROM b", "(a IS DISTINCT FROM b)"),
            ("a IS DISTINCT FROM b AND c", "(a IS DISTINCT FROM b) AND c"),
            ("c OR a + 1 is not distinct from 2 OR d", "c OR (a + 1 is not distinct from 2) OR d"),
            ("NOT a IS DISTINCT FROM b AND c", "NOT (a IS DISTINCT FROM b) AND c"),
            ("(x OR a IS DISTINCT FROM b) AND c", "(x OR (a IS DISTINCT FROM b)) AND c"),
            ("a BETWEEN 1 AND b IS DISTINCT FROM c AND d", "(a BETWEEN 1 AND b IS DISTINCT FROM c) AND d"),
            ("a IS DISTINCT FROM (b AND c) AND d", "(a IS DISTINCT FROM (b AND c)) AND d"),
            (
                "CASE WHEN a IS DISTINCT FROM b THEN c ELSE d IS DISTINCT FROM e END AND f",
                "CASE WHEN (a IS DISTINCT FROM b) THEN c ELSE (d IS DISTINCT FROM e) END AND f",
            ),
            (
                "a IS DISTINCT FROM CASE WHEN b AND c THEN d END AND e",
                "(a IS DISTINCT FROM CASE WHEN b AND c THEN d END) AND e",
            ),
            ("f(a IS DISTINCT FROM b, c)", "f((a IS DISTINCT FROM b), c)"),
            ("true IS DISTINCT FROM a OR b = TRUE", "(true IS DISTINCT FROM a) OR b = (NOT FALSE)"),
            (
                "a = (TRUE) OR (a) <> ((false)) AND b IN (TRUE)",
                "a = ((NOT FALSE)) OR (a) <> (((NOT TRUE))) AND b IN (TRUE)",
            ),
            ("a IS DISTINCT FROM b = TRUE AND c", "(a IS DISTINCT FROM b = (NOT FALSE)) AND c"),
            ("count(DISTINCT a) = 1", "count(DISTINCT a) = 1"),
            // What is wrong anyway stays so.
            ("IS DISTINCT FROM", "(IS DISTINCT FROM)"),
            ("a) IS DISTINCT FROM b", "a) IS DISTINCT FROM b"),
            ("(a IS DISTINCT FROM b", "(a IS DISTINCT FROM b"),
            ("'a IS DISTINCT FROM b'", "'a IS DISTINCT FROM b'"),
        ] {
            assert_eq!(standard(sql), expected);
        }
    }
}
