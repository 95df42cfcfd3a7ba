//! Numbers of tasks, as Slurm writes them, and the arrays that they are submitted in.

/// Bytes that the list of an array's indices may take: an argument of a program has 128 KiB.
const LONGEST_LIST: usize = 30_000;

/// Ascending numbers as Slurm lists them: `3,17,40-45`.
#[must_use]
pub fn ranges(numbers: &[u64]) -> String {
    let part = |run: &[u64]| match run {
        [first, .., last] => format!("{first}-{last}"),
        _ => run[0].to_string(),
    };
    numbers.chunk_by(|a, b| a + 1 == *b).map(part).collect::<Vec<_>>().join(",")
}

/// Most numbers that a list may stand for: what says more is not one of ours.
const MOST_NUMBERS: u64 = 10_000_000;

/// The numbers of a list such as [`ranges`] writes; `None` where it is none, or where they do not ascend.
#[must_use]
pub fn numbers(list: &str) -> Option<Vec<u64>> {
    let mut numbers = Vec::new();
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u64, u64) = (whole(first)?, whole(last)?);
        let ascends = numbers.last().is_none_or(|before| *before < first) && first <= last;
        if !ascends || last - first >= MOST_NUMBERS - numbers.len() as u64 {
            return None;
        }
        numbers.extend(first..=last);
    }
    Some(numbers)
}

/// A number in digits only.
#[must_use]
pub fn whole(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// One array of Slurm: the task `index + offset` has the index `index` in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Array {
    /// What is added to an index.
    pub offset: u64,
    /// Its indices, ascending.
    pub indices: Vec<u64>,
    /// How many of it may run at a time; `None` for all.
    pub limit: Option<u64>,
}

impl Array {
    /// What `--array` is given.
    #[must_use]
    pub fn option(&self) -> String {
        let limit = self.limit.map_or(String::new(), |limit| format!("%{limit}"));
        format!("--array={}{limit}", ranges(&self.indices))
    }

    /// The tasks in it.
    pub fn tasks(&self) -> impl Iterator<Item = u64> + '_ {
        self.indices.iter().map(|index| index + self.offset)
    }
}

/// What a site allows an array to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Most {
    /// The largest index: Slurm's `MaxArraySize` less one.
    pub index: u64,
    /// The most indices: `max_array_tasks`, where the site has set it.
    pub tasks: u64,
}

impl Most {
    /// Of a site that says no more than how large an array may be.
    #[must_use]
    pub fn of_size(size: u64) -> Self {
        Self { index: size.saturating_sub(1), tasks: u64::MAX }
    }
}

/// More arrays than tasks that may run at a time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "--array-limit {limit} cannot be kept: the site allows {most} tasks in an array, which makes {arrays} arrays, and each \
     of them runs one task at a time at least; use fewer tasks, or a limit of {arrays} or more"
)]
pub struct LimitTooLow {
    /// What was asked for.
    pub limit: u64,
    /// Arrays that are needed.
    pub arrays: u64,
    /// Tasks that an array may have.
    pub most: u64,
}

/// The arrays that submit these tasks, ascending numbers from 1. A limit on how many run at a time is divided among them, so
/// that all together keep to it.
///
/// # Errors
/// Where there are more arrays than the limit.
pub fn split(tasks: &[u64], most: Most, limit: Option<u64>) -> Result<Vec<Array>, LimitTooLow> {
    let size = most.index.max(1);
    let mut arrays = Vec::new();
    for group in tasks.chunk_by(|a, b| (a - 1) / size == (b - 1) / size) {
        let offset = (group[0] - 1) / size * size;
        let indices: Vec<u64> = group.iter().map(|task| task - offset).collect();
        let most_tasks = usize::try_from(most.tasks.max(1)).unwrap_or(usize::MAX);
        let lists = indices.chunks(most_tasks.min(indices.len()));
        lists.for_each(|list| push_short(&mut arrays, offset, list));
    }
    let Some(limit) = limit else { return Ok(arrays) };
    let count = arrays.len() as u64;
    if limit < count {
        return Err(LimitTooLow { limit, arrays: count, most: size.min(most.tasks) });
    }
    for (array, place) in arrays.iter_mut().zip(0..) {
        array.limit = Some(limit / count + u64::from(place < limit % count));
    }
    Ok(arrays)
}

/// Adds arrays of these indices whose lists are short enough to be given to a program.
fn push_short(arrays: &mut Vec<Array>, offset: u64, indices: &[u64]) {
    if ranges(indices).len() <= LONGEST_LIST {
        return arrays.push(Array { offset, indices: indices.to_vec(), limit: None });
    }
    let (first, second) = indices.split_at(indices.len() / 2);
    push_short(arrays, offset, first);
    push_short(arrays, offset, second);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_listed_as_ranges() {
        for (list, expected) in [
            ("3,17,40-45", vec![3, 17, 40, 41, 42, 43, 44, 45]),
            ("1-2", vec![1, 2]),
            ("7", vec![7]),
            ("1,3,5", vec![1, 3, 5]),
        ] {
            assert_eq!(numbers(list).unwrap(), expected);
            assert_eq!(ranges(&expected), list);
        }
        assert_eq!(ranges(&[]), "");
        let wrong =
            ["", "a", "1-", "-1", "2-1", "1,1", "5,3", "1-3,2", "1 ", "+1", "0x1", "1-99999999999", "1-2-3", "[1-3]"];
        for list in wrong {
            assert_eq!(numbers(list), None, "{list}");
        }
    }

    #[test]
    fn arrays_keep_to_what_the_site_allows() {
        let all: Vec<u64> = (1..=25).collect();
        let arrays = split(&all, Most::of_size(11), None).unwrap();
        let options: Vec<String> = arrays.iter().map(Array::option).collect();
        assert_eq!(options, ["--array=1-10", "--array=1-10", "--array=1-5"]);
        assert_eq!(arrays.iter().map(|array| array.offset).collect::<Vec<_>>(), [0, 10, 20]);
        let limits: Vec<_> = split(&all, Most::of_size(11), Some(5)).unwrap().iter().map(|array| array.limit).collect();
        assert_eq!(limits, [Some(2), Some(2), Some(1)]);
        let error = split(&all, Most::of_size(11), Some(2)).unwrap_err();
        assert_eq!((error.arrays, error.most), (3, 10));
        assert_eq!(split(&[3, 17], Most::of_size(1001), Some(9)).unwrap()[0].option(), "--array=3,17%9");
        assert_eq!(split(&[], Most::of_size(10), Some(1)).unwrap(), []);
    }

    proptest! {
        #[test]
        fn every_task_is_in_one_array(
            tasks in proptest::collection::btree_set(1u64..40_000, 0..3000),
            size in 2u64..5000,
            most in 1u64..3000,
        ) {
            let tasks: Vec<u64> = tasks.into_iter().collect();
            let arrays = split(&tasks, Most { index: size - 1, tasks: most }, None).unwrap();
            let found: Vec<u64> = arrays.iter().flat_map(Array::tasks).collect();
            prop_assert_eq!(&found, &tasks);
            for array in &arrays {
                prop_assert!(array.indices.iter().all(|index| (1..size).contains(index)));
                prop_assert!(array.indices.len() as u64 <= most && array.option().len() < 2 * LONGEST_LIST);
                prop_assert_eq!(numbers(&ranges(&array.indices)), Some(array.indices.clone()));
            }
        }

        #[test]
        fn any_text_is_read_or_refused(list in "[0-9,\\-]{0,30}") {
            if let Some(found) = numbers(&list) {
                prop_assert!(found.is_sorted_by(|a, b| a < b));
            }
        }
    }
}
