//! Which section of the page a figure stands in, by the first words of its name.

/// A part of the page that holds figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    /// Why the answer is what it is.
    Evidence,
    /// What goes with the metric.
    Matters,
    /// All results side by side.
    Results,
    /// How runs learnt.
    Curves,
    /// What is luck of the seed.
    Noise,
}

/// Beginnings of names and their sections; a name that is not here is evidence.
const SECTIONS: [(&str, Section); 11] = [
    ("importance", Section::Matters),
    ("effects", Section::Matters),
    ("interactions", Section::Matters),
    ("equal-tuning", Section::Matters),
    ("parameters", Section::Matters),
    ("ranking", Section::Results),
    ("parallel", Section::Results),
    ("curves", Section::Curves),
    ("distribution", Section::Noise),
    ("shares", Section::Noise),
    ("luck", Section::Noise),
];

/// The section of a figure of that name.
pub(super) fn section(name: &str) -> Section {
    let begins = |prefix: &str| name.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    SECTIONS.iter().find(|(prefix, _)| begins(prefix)).map_or(Section::Evidence, |(_, section)| *section)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_begin_with_their_section() {
        assert_eq!(section("ranking-square"), Section::Results);
        assert_eq!(section("ranking"), Section::Results);
        assert_eq!(section("rankings"), Section::Evidence);
        assert_eq!(section("kinks"), Section::Evidence);
    }
}
