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
/// - numbers such as `1e-3` have a point, and so have all numbers of a list in which one has: `1.0e-3`, `IN (1.0, 2.5)`;
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

/// Pieces of SQL, and what is written for each.
struct Text<'s> {
    pieces: Vec<(Kind, &'s str)>,
    written: Vec<String>,
    /// The pieces that say something, by their numbers: all but space and comments.
    said: Vec<usize>,
}

/// What stands between two brackets, or between `CASE` and `END`, as far as it was read.
struct Open {
    /// Where the part of it begins that is read: what was said since the last `AND`, `THEN`, comma and the like.
    start: usize,
    /// Whether an `AND` is still to come that belongs to a `BETWEEN`.
    between: bool,
    /// Whether the part says `IS DISTINCT FROM`.
    distinct: bool,
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
                    if piece.contains(['e', 'E']) {
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
                    if !pieces.clone().all(is_whole) {
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

    fn distinctions(&mut self) {
        let begins = |start: usize| Open { start, between: false, distinct: false };
        let mut open = vec![begins(0)];
        for place in 0..self.said.len() {
            let is = |word: &str| self.is(place, word);
            let opens = self.is_sign(place, "(") || is("case");
            let closes = self.is_sign(place, ")") || is("end");
            let parts = self.is_sign(place, ",") || ["or", "xor", "when", "then", "else"].into_iter().any(is);
            let (is_and, is_between, is_not) = (is("and"), is("between"), is("not"));
            let is_distinct = is("distinct") && self.is(place + 1, "from");
            let Some(inner) = open.last_mut() else { return };
            if opens {
                open.push(begins(place + 1));
            } else if is_and && inner.between {
                inner.between = false;
            } else if closes || parts || is_and {
                let part = std::mem::replace(inner, begins(place + 1));
                self.enclose(&part, place);
                if closes {
                    open.pop();
                }
            } else if is_not && inner.start == place {
                inner.start = place + 1;
            } else {
                inner.between |= is_between;
                inner.distinct |= is_distinct;
            }
        }
        if let [part] = &open[..] {
            self.enclose(part, self.said.len());
        }
    }

    /// Puts brackets around a part that ends before `end`, where it needs them.
    fn enclose(&mut self, part: &Open, end: usize) {
        if part.distinct {
            self.written[self.said[part.start]].insert(0, '(');
            self.written[self.said[end - 1]].push(')');
        }
    }

    fn flags(&mut self) {
        for place in 1..self.said.len() {
            let is_compared = matches!(self.at(place - 1), Some((Kind::Sign, "=" | "<" | ">")));
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
            ("", ""),
        ] {
            assert_eq!(standard(sql), expected);
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
