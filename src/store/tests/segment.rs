//! Tests of segments: whatever happens to the end is torn, whatever happens before is damage.

use super::record as record_at;
use super::*;
use crate::store::tests::samples::record;
use crate::train::CurvePoint;

/// A segment of three records, the first two synced in one batch; its bytes, and where its frames begin.
fn sample(closed: bool) -> (Vec<u8>, Vec<usize>) {
    sample_of(FORMAT, closed)
}

fn sample_of(format: u32, closed: bool) -> (Vec<u8>, Vec<usize>) {
    let (mut framer, mut bytes) = Framer::of(Header { format, nonce: 7 });
    framer.synced();
    let mut starts = Vec::new();
    for number in 0..3 {
        starts.push(bytes.len());
        framer.record(&codec::encode(&record(number)), &mut bytes);
        if number == 1 {
            framer.synced();
        }
    }
    framer.synced();
    starts.push(bytes.len());
    if closed {
        framer.end(&mut bytes);
        starts.push(bytes.len());
    }
    (bytes, starts)
}

/// What a scan finds, with its records.
#[derive(Debug, PartialEq)]
struct Found {
    records: Vec<Record>,
    torn: u64,
    closed: bool,
}

fn scan(bytes: &[u8]) -> Result<Found, Fault> {
    let mut window = Window::new(Box::new(io::Cursor::new(bytes.to_vec()))).unwrap();
    let (mut places, mut records) = (Vec::new(), Vec::new());
    let Scan { header, torn, gaps, closed, records: count } = super::scan(&mut window, &mut |place, payload| {
        let record = codec::decode(payload)?;
        places.push(place);
        records.push(record);
        Ok(())
    })?;
    assert_eq!(records.len(), count);
    assert_eq!(gaps.iter().map(|gap| gap.len() as u64).sum::<u64>(), torn);
    for (place, found) in places.iter().zip(&records).rev() {
        assert_eq!(record_at(&mut window, header, *place).unwrap().identity, found.identity);
    }
    Ok(Found { records, torn, closed })
}

fn runs(scan: &Found) -> Vec<String> {
    scan.records.iter().map(|record| record.identity.run.to_string()).collect()
}

#[test]
fn what_was_written_is_found() {
    for closed in [false, true] {
        let scan = scan(&sample(closed).0).unwrap();
        assert_eq!(runs(&scan), (0..3).map(|n| record(n).identity.run.to_string()).collect::<Vec<_>>());
        assert_eq!((scan.torn, scan.closed), (0, closed));
    }
}

#[test]
fn cut_at_any_byte_it_holds_every_record_before() {
    let (bytes, starts) = sample(true);
    for length in 0..bytes.len() {
        let scan = scan(&bytes[..length]).unwrap();
        let whole = starts[1..4].iter().filter(|end| **end <= length).count();
        assert_eq!(scan.records.len(), whole, "cut at {length}");
        let last = starts.iter().rev().find(|start| **start <= length);
        let whole = last.copied().unwrap_or(if length < HEADER { 0 } else { HEADER });
        assert_eq!(scan.torn, (length - whole) as u64);
        assert!(!scan.closed);
    }
}

#[test]
fn a_flipped_bit_anywhere_in_a_closed_segment_is_noticed() {
    let (bytes, starts) = sample(true);
    for at in 0..bytes.len() {
        for bit in [0, 3, 7] {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            match scan(&flipped) {
                Err(_) => assert!(at < starts[3], "byte {at}"),
                // The last frame is the only one that nothing vouches for.
                Ok(scan) => assert!(at >= starts[3] && scan.torn > 0 && scan.records.len() == 3, "byte {at}"),
            }
        }
    }
}

#[test]
fn a_flipped_bit_in_an_open_segment_is_damage_or_counted() {
    let (bytes, starts) = sample(false);
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 4;
        match scan(&flipped) {
            Err(_) => assert!(at < starts[2], "byte {at}: the third record says that the first two were synced"),
            Ok(scan) => assert!(at >= starts[2] && scan.torn > 0 && scan.records.len() == 2, "byte {at}"),
        }
    }
}

#[test]
fn a_hole_among_records_that_were_never_synced_is_torn_and_the_rest_is_kept() {
    let (mut framer, mut bytes) = Framer::new(1);
    framer.synced();
    framer.record(&codec::encode(&record(0)), &mut bytes);
    let hole = bytes.len();
    framer.record(&codec::encode(&record(1)), &mut bytes);
    let end = bytes.len();
    framer.record(&codec::encode(&record(2)), &mut bytes);
    bytes[hole..end].fill(0);
    let scan = scan(&bytes).unwrap();
    assert_eq!(runs(&scan), [record(0), record(2)].map(|record| record.identity.run.to_string()));
    assert_eq!(scan.torn, (end - hole) as u64);
}

#[test]
fn what_stands_after_the_end_is_damage() {
    let (mut bytes, _) = sample(true);
    let (other, starts) = sample(false);
    bytes.extend(&other[starts[0]..starts[1]]);
    assert!(matches!(scan(&bytes), Err(Fault::Damaged { .. })));
    let (mut framer, mut bytes) = Framer::new(7);
    framer.end(&mut bytes);
    framer.record(&codec::encode(&record(0)), &mut bytes);
    assert!(matches!(scan(&bytes), Err(Fault::Damaged { .. })));
}

#[test]
fn a_frame_of_another_segment_is_not_taken_for_its_own() {
    let (bytes, starts) = sample(false);
    let (mut framer, mut other) = Framer::new(8);
    framer.record(&codec::encode(&record(0)), &mut other);
    let mut mixed = bytes.clone();
    mixed[starts[0]..other.len()].copy_from_slice(&other[starts[0]..]);
    assert!(matches!(scan(&mixed), Err(Fault::Damaged { .. })));
}

#[test]
fn a_file_of_zeros_is_what_a_power_cut_leaves() {
    let scan = scan(&[0; 4096]).unwrap();
    assert_eq!((scan.records.len(), scan.torn), (0, 4096));
}

#[test]
fn a_later_format_is_told_apart_from_damage() {
    let (bytes, _) = sample_of(FORMAT + 1, true);
    assert_eq!(scan(&bytes), Err(Fault::Newer(FORMAT + 1)));
}

#[test]
fn earlier_formats_are_read_and_their_damage_is_noticed() {
    for (format, closed) in [(1, false), (1, true), (2, false), (2, true)] {
        let (bytes, starts) = sample_of(format, closed);
        let found = scan(&bytes).unwrap();
        assert_eq!((found.records.len(), found.torn, found.closed), (3, 0, closed));
        for at in (0..starts[2]).step_by(7) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 4;
            assert!(matches!(scan(&flipped), Err(Fault::Damaged { .. })), "format {format}, byte {at}");
        }
    }
}

#[test]
fn a_flipped_bit_in_the_last_batch_of_a_killed_process_is_damage() {
    let (mut framer, mut bytes) = Framer::new(7);
    framer.synced();
    (0..3).for_each(|number| framer.record(&codec::encode(&record(number)), &mut bytes));
    framer.synced();
    let end = bytes.len();
    framer.say_synced(&mut bytes);
    assert_eq!(scan(&bytes).map(|found| (found.records.len(), found.torn, found.closed)), Ok((3, 0, false)));
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 4;
        match scan(&flipped) {
            Err(_) => assert!(at < end, "byte {at}"),
            Ok(found) => assert!(at >= end && found.torn == 32 && found.records.len() == 3, "byte {at}"),
        }
    }
}

#[test]
fn a_record_that_is_longer_than_what_is_held_at_a_time_is_found_and_its_damage_too() {
    let mut long = record(0);
    let point = long.curve[0];
    long.curve =
        (1..).zip(std::iter::repeat_n(point, AHEAD / 40)).map(|(epoch, point)| CurvePoint { epoch, ..point }).collect();
    let (mut framer, mut bytes) = Framer::new(7);
    framer.synced();
    framer.record(&codec::encode(&long), &mut bytes);
    framer.record(&codec::encode(&record(1)), &mut bytes);
    framer.synced();
    framer.end(&mut bytes);
    assert!(bytes.len() > AHEAD + 10_000);
    let found = scan(&bytes).unwrap();
    assert_eq!((found.records.len(), found.torn, found.closed), (2, 0, true));
    assert!(found.records[0].curve.iter().map(|point| point.epoch).eq(long.curve.iter().map(|point| point.epoch)));
    for at in [HEADER + FRAME, AHEAD / 2, AHEAD + 5000] {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        assert!(matches!(scan(&flipped), Err(Fault::Damaged { at: HEADER, whole: 1, .. })), "byte {at}");
    }
}

#[test]
fn a_frame_of_another_place_is_not_taken_for_its_own() {
    let payload = codec::encode(&record(0));
    let (mut framer, mut bytes) = Framer::new(1);
    framer.synced();
    framer.record(&payload, &mut bytes);
    let first = HEADER..bytes.len();
    framer.record(&payload, &mut bytes);
    let second = first.end..bytes.len();
    framer.synced();
    framer.record(&payload, &mut bytes);
    bytes.copy_within(first, second.start);
    assert!(matches!(scan(&bytes), Err(Fault::Damaged { at, .. }) if at == second.start));
}

/// A source that notes how much is asked for at once.
struct Watched(io::Cursor<Vec<u8>>, std::sync::Arc<std::sync::Mutex<usize>>);

impl io::Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut most = self.1.lock().unwrap();
        *most = buffer.len().max(*most);
        self.0.read(buffer)
    }
}

impl io::Seek for Watched {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

impl polars_io::mmap::MmapBytesReader for Watched {}

/// Looks through a segment; gives what it was found to be, the bytes that were hashed in vain, and how many were asked
/// for at once.
fn watch(bytes: &[u8]) -> (Result<Scan, Fault>, u64, usize) {
    let most = std::sync::Arc::default();
    let source = Watched(io::Cursor::new(bytes.to_vec()), std::sync::Arc::clone(&most));
    let mut vain = 0;
    let scan = search(&mut Window::new(Box::new(source)).unwrap(), &mut |_, _| Ok(()), &mut vain);
    let most = *most.lock().unwrap();
    (scan, vain, most)
}

/// The head of a frame that there is none of, whose payload is to be so long.
fn false_head(length: usize) -> [u8; FRAME] {
    let mut head = [7; FRAME];
    head[..4].copy_from_slice(&RECORD);
    head[4..8].copy_from_slice(&(length as u32).to_le_bytes());
    head
}

#[test]
fn a_file_of_beginnings_of_frames_is_given_up_and_called_damaged() {
    let (bytes, starts) = sample(false);
    for whole in [&bytes[..starts[0]], &bytes] {
        let mut crafted = whole.to_vec();
        let size = 6_400_000;
        while crafted.len() + FRAME <= size {
            let head = false_head(size - crafted.len() - FRAME);
            crafted.extend(head);
        }
        crafted.resize(size, 0);
        let (scan, vain, most) = watch(&crafted);
        let records = if whole.len() == bytes.len() { 3 } else { 0 };
        let Err(Fault::Damaged { at, what, whole: found }) = scan else { panic!("{scan:?}") };
        assert_eq!((at, found), (whole.len(), records));
        assert!(what.contains("not searched"), "{what}");
        assert!(vain < most_in_vain(size) + size as u64, "{vain} bytes were hashed");
        assert!(most <= AHEAD, "{most} bytes were asked for at once");
    }
}

/// What a power cut leaves at worst: old bytes, among them frames that were whole at other places.
#[test]
fn old_frames_at_other_places_are_torn_and_what_follows_is_found() {
    let (mut framer, mut old) = Framer::new(1);
    (0..500).for_each(|number| framer.record(&codec::encode(&record(number % 3)), &mut old));
    let (mut framer, mut bytes) = Framer::new(1);
    framer.synced();
    let mut hole = Vec::new();
    framer.record(&vec![0; old.len() - HEADER - FRAME], &mut hole);
    bytes.extend(&old[HEADER..]);
    framer.record(&codec::encode(&record(2)), &mut bytes);
    bytes[HEADER..HEADER + 40].fill(0);
    // The first frames of the hole stand where they stood, which makes them whole; shifted by some bytes none is.
    bytes.copy_within(HEADER + 40..old.len() - 1, HEADER + 41);
    let (scan, vain, _) = watch(&bytes);
    let scan = scan.unwrap();
    assert_eq!((scan.records, scan.torn), (1, hole.len() as u64));
    assert!(vain <= bytes.len() as u64 && vain > 500_000, "{vain} bytes were hashed in vain");
}

#[test]
fn a_length_asks_for_no_memory() {
    for length in [40_000_000, LONGEST, LONGEST + 1, u32::MAX as usize] {
        let (mut bytes, _) = sample(false);
        let torn = 50_000_000;
        bytes.extend(false_head(length));
        bytes.resize(bytes.len() + torn - FRAME, 0);
        let (scan, vain, most) = watch(&bytes);
        let gap = bytes.len() - torn..bytes.len();
        assert_eq!(
            scan.unwrap(),
            Scan {
                header: Header { format: FORMAT, nonce: 7 },
                records: 3,
                torn: torn as u64,
                gaps: vec![gap],
                closed: false
            }
        );
        assert_eq!(vain, if length == 40_000_000 { 40_000_000 } else { 0 });
        assert!(most <= AHEAD, "{most} bytes were asked for at once");
    }
}
