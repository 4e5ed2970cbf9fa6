//! Checks packed for the store: one binary value holds one tick of a whole cohort in fixed-width records.
//!
//! Layout, all big-endian: a version byte (1), then per check 15 bytes:
//! `slot:3  outcome:1  error:1  http_status:2  dns:2  connect:2  tls:2  first_byte:2`.
//! A duration is a 15-bit mantissa behind a gear bit: gear 0 counts 10 µs (to 327.66 ms), gear 1 counts 1 ms (to 32.766 s);
//! `0xffff` is absent. A slot is never used twice in a cohort, so a record can only ever name the monitor it was written for.

use crate::probe::{ErrorCode, Outcome, Phases};

/// Monitors in a cohort, at most. 56 records and the item's other attributes stay below the 1,024 bytes of one write unit.
pub const COHORT_SIZE: usize = 56;

const VERSION: u8 = 1;
const RECORD: usize = 15;
const ABSENT: u16 = 0xffff;

/// Names a monitor within its cohort; 24 bits, counted up, never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Slot(u32);

impl Slot {
    /// The slot of this number; `None` past 24 bits, where a cohort is closed for good.
    pub const fn new(number: u32) -> Option<Self> {
        if number < 1 << 24 { Some(Self(number)) } else { None }
    }

    /// The number.
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// One check of one monitor, as the history shows it (without its time and region, which the item's key holds).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// Whose check this is.
    pub slot: Slot,
    /// What was found.
    pub outcome: Outcome,
    /// Why, where it is not up.
    pub error: Option<ErrorCode>,
    /// The answer's status.
    pub http_status: Option<u16>,
    /// Where the time went, to 10 µs below a third of a second and to 1 ms above.
    pub phases: Phases,
}

/// The bytes of these records.
pub fn pack(records: &[Record]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + records.len() * RECORD);
    bytes.push(VERSION);
    for record in records {
        let [_, slot @ ..] = record.slot.0.to_be_bytes();
        bytes.extend_from_slice(&slot);
        bytes.push(match record.outcome {
            Outcome::Up => 0,
            Outcome::Down => 1,
            Outcome::ProbeError => 2,
            Outcome::Slow => 3,
        });
        bytes.push(record.error.map_or(0, |code| code as u8));
        bytes.extend_from_slice(&record.http_status.unwrap_or(0).to_be_bytes());
        let phases = record.phases;
        for duration in [phases.dns_us, phases.connect_us, phases.tls_us, phases.first_byte_us] {
            bytes.extend_from_slice(&gear(duration).to_be_bytes());
        }
    }
    bytes
}

/// The record of one monitor, if these bytes hold one. Bytes that are not ours hold none.
pub fn find(bytes: &[u8], slot: Slot) -> Option<Record> {
    records(bytes).find(|record| record.slot == slot)
}

/// Every record that these bytes hold.
pub fn records(bytes: &[u8]) -> impl Iterator<Item = Record> {
    let body = match bytes.split_first() {
        Some((&VERSION, body)) => body,
        _ => &[],
    };
    body.as_chunks::<RECORD>().0.iter().filter_map(record)
}

fn record(bytes: &[u8; RECORD]) -> Option<Record> {
    let [t0, t1, t2, outcome, error, s0, s1, d0, d1, c0, c1, l0, l1, f0, f1] = *bytes;
    Some(Record {
        slot: Slot(u32::from_be_bytes([0, t0, t1, t2])),
        outcome: match outcome {
            0 => Outcome::Up,
            1 => Outcome::Down,
            2 => Outcome::ProbeError,
            3 => Outcome::Slow,
            _ => return None,
        },
        error: ErrorCode::from_number(error),
        http_status: Some(u16::from_be_bytes([s0, s1])).filter(|status| *status != 0),
        phases: Phases {
            dns_us: ungear(u16::from_be_bytes([d0, d1])),
            connect_us: ungear(u16::from_be_bytes([c0, c1])),
            tls_us: ungear(u16::from_be_bytes([l0, l1])),
            first_byte_us: ungear(u16::from_be_bytes([f0, f1])),
        },
    })
}

pub(crate) fn gear(duration_us: Option<u32>) -> u16 {
    let Some(us) = duration_us else { return ABSENT };
    let fine = us.saturating_add(5) / 10;
    if fine < 0x7fff {
        return u16::try_from(fine).unwrap_or(0x7ffe);
    }
    let coarse = (us.saturating_add(500) / 1000).min(0x7ffe);
    0x8000 | u16::try_from(coarse).unwrap_or(0x7ffe)
}

pub(crate) const fn ungear(value: u16) -> Option<u32> {
    if value == ABSENT {
        return None;
    }
    let mantissa = (value & 0x7fff) as u32;
    Some(if value & 0x8000 == 0 { mantissa * 10 } else { mantissa * 1000 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample(slot: u32) -> Record {
        Record {
            slot: Slot(slot),
            outcome: Outcome::Down,
            error: Some(ErrorCode::HttpStatus),
            http_status: Some(503),
            phases: Phases {
                dns_us: Some(1_230),
                connect_us: Some(20_000),
                tls_us: None,
                first_byte_us: Some(29_999_000),
            },
        }
    }

    #[test]
    fn a_monitor_finds_its_own_record_and_no_other() {
        let bytes = pack(&[sample(7), sample(8)]);
        assert_eq!(find(&bytes, Slot(8)), Some(sample(8)));
        assert_eq!(find(&bytes, Slot(9)), None);
    }

    #[test]
    fn a_full_cohort_fits_one_write_unit() {
        let full: Vec<Record> = (0..COHORT_SIZE as u32).map(sample).collect();
        // Key, time, time to live and their names take less than 100 bytes.
        assert!(pack(&full).len() + 100 <= 1024);
    }

    proptest! {
        #[test]
        fn durations_keep_their_precision(us in 0_u32..30_000_000) {
            let kept = ungear(gear(Some(us))).unwrap_or(u32::MAX);
            let bound = if us < 327_000 { 5 } else { 500 };
            prop_assert!(kept.abs_diff(us) <= bound, "{us} became {kept}");
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            prop_assert!(records(&bytes).count() <= bytes.len() / RECORD);
        }

        #[test]
        fn records_survive_packing(slots in proptest::collection::btree_set(0_u32..1 << 24, 0..COHORT_SIZE)) {
            let written: Vec<Record> = slots.into_iter().map(sample).collect();
            let read: Vec<Record> = records(&pack(&written)).collect();
            prop_assert_eq!(read, written);
        }
    }
}
