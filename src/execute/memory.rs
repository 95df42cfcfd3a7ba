//! How much memory this process can still take.

use std::fs;

/// Below this, nobody looks whether there is as much: bytes.
const ALWAYS_THERE: u64 = 256_000_000;

/// Bytes that this process can still take: what the system has available, the group of processes that it is in may still
/// take, and its own limit of addresses leaves. The largest number where none of them is known.
#[must_use]
pub fn available() -> u64 {
    let known = [of_the_system(), of_the_group(), of_the_process()];
    known.into_iter().flatten().min().unwrap_or(u64::MAX)
}

/// Why so many bytes cannot be had, where they cannot.
#[must_use]
pub fn lacking(needed: u64) -> Option<String> {
    if needed <= ALWAYS_THERE {
        return None;
    }
    let there = available();
    let gigabytes = |bytes: u64| bytes as f64 / 1e9;
    (needed > there).then(|| {
        format!("it needs about {:.1} GB of memory, and {:.1} GB are available", gigabytes(needed), gigabytes(there))
    })
}

fn of_the_system() -> Option<u64> {
    kilobytes(&fs::read_to_string("/proc/meminfo").ok()?, "MemAvailable:")
}

fn of_the_group() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let folder = format!("/sys/fs/cgroup{}", own.trim_end_matches('/'));
    let number = |name: &str| fs::read_to_string(format!("{folder}/{name}")).ok()?.trim().parse::<u64>().ok();
    Some(number("memory.max")?.saturating_sub(number("memory.current")?))
}

fn of_the_process() -> Option<u64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let limit = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    let limit: u64 = limit.split_whitespace().next()?.parse().ok()?;
    let taken = kilobytes(&fs::read_to_string("/proc/self/status").ok()?, "VmSize:")?;
    Some(limit.saturating_sub(taken))
}

/// The bytes of a line such as `MemAvailable:   123 kB`.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_available_is_known_and_more_is_lacking() {
        let there = available();
        assert!(there > 1_000_000 && there < u64::MAX, "{there}");
        assert_eq!(lacking(1_000), None);
        assert!(lacking(u64::MAX / 2).is_some_and(|why| why.contains("GB are available")));
        assert_eq!(kilobytes("A: 1 kB\nVmSize:\t 12 kB\n", "VmSize:"), Some(12 * 1024));
    }
}
