//! Checks: one item holds one tick of a cohort; the rare failures have their words in items of their own.

use std::{
    cmp::{Ordering, Reverse},
    collections::HashMap,
    fmt,
    ops::ControlFlow,
    str::FromStr,
};

use aws_sdk_dynamodb::{
    primitives::Blob,
    types::{AttributeValue, TransactWriteItem},
};
use futures::future::try_join;
use valpero_domain::{
    Invalid, RegionCode, Timestamp,
    packed::{self, Record, Slot},
    probe::Cause,
    schedule::Cohort,
};

use crate::{
    Place, Seat, Store, StoreError,
    call::{Item, a_put, enough, from_item, key, n, put_item, s, to_item},
    keys,
    schema::TTL,
};

const TABLE: &str = "checks";
const KEPT_S: i64 = 30 * 86_400;

/// The words of failures, which are said once a day, outlive the last check that they are true of.
const WORDS_KEPT_S: i64 = KEPT_S + 2 * 86_400;

/// Items looked at for each monitor's latest check, slow or not: the newest ones show all but those that came or were paused just now.
const LATEST_TICKS: i32 = 4;

/// Requested checks of the cohort looked at for a later one.
const LATEST_REQUESTED: i32 = 30;

/// What a check is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// A tick.
    Tick,
    /// The part of a tick that has the slow monitors.
    SlowTick,
    /// Somebody asked for it.
    Requested,
}

/// One check of one monitor.
#[derive(Debug, Clone)]
pub struct CheckResult {
    /// When: the tick's time, or the moment of a requested check.
    pub at: Timestamp,
    /// From where.
    pub region: RegionCode,
    /// What was found.
    pub record: Record,
    /// Why, in words, where it is not up.
    pub cause: Option<Cause>,
    /// Whether somebody asked for it, beside the schedule.
    pub requested: bool,
}

impl CheckResult {
    /// Its place in its monitor's history.
    pub fn position(&self) -> CheckPosition {
        CheckPosition { at: self.at, region: self.region, requested: self.requested }
    }
}

/// A place in a monitor's history, which runs from the newest check to the oldest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is that of the check")]
pub struct CheckPosition {
    pub at: Timestamp,
    pub region: RegionCode,
    pub requested: bool,
}

impl Ord for CheckPosition {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |position: &Self| (Reverse(position.at), position.region, position.requested);
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for CheckPosition {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for CheckPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.requested { "r" } else { "t" };
        write!(f, "{}.{}.{mark}", self.at.ms(), self.region)
    }
}

impl FromStr for CheckPosition {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let fault = || Invalid::new("is no place in a history");
        let mut parts = text.split('.');
        let (Some(at), Some(region), Some(mark), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(fault());
        };
        let requested = match mark {
            "r" => true,
            "t" => false,
            _ => return Err(fault()),
        };
        Ok(Self { at: Timestamp::from_ms(at.parse().map_err(|_| fault())?), region: region.parse()?, requested })
    }
}

/// A monitor's newest check in one region.
#[derive(Debug, Clone, Copy)]
pub struct LatestCheck {
    /// When.
    pub at: Timestamp,
    /// What was found.
    pub record: Record,
}

/// What history has not yet been told of a failure.
#[derive(Debug, Clone, Copy)]
pub struct FailureDetail<'a> {
    /// When the check was.
    pub at: Timestamp,
    /// What it was made for.
    pub occasion: Occasion,
    /// The words.
    pub cause: &'a Cause,
}

/// Which time a history covers: from (inclusive) to (exclusive).
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the two words say it")]
pub struct CheckSpan {
    pub from: Timestamp,
    pub to: Timestamp,
}

impl Store {
    /// Keeps the checks of a cohort of one occasion: one tick's, or its slow monitors', or the one that was asked for. 1 WRU, also
    /// for a full cohort; the same tick again replaces itself.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn save_checks(
        &self,
        cohort: &Cohort,
        at: Timestamp,
        occasion: Occasion,
        records: &[Record],
    ) -> Result<(), StoreError> {
        let Some(first) = records.first() else { return Ok(()) };
        let partition = match occasion {
            Occasion::Tick | Occasion::SlowTick => keys::cohort(cohort),
            Occasion::Requested => keys::requested_partition(cohort),
        };
        let mut item = key([("cohort", partition), ("at", place(occasion, at, first.slot))]);
        item.insert("checks".into(), AttributeValue::B(Blob::new(packed::pack(records))));
        item.insert(TTL.into(), n(at.seconds() + KEPT_S));
        self.put(&self.tables.checks, item).await
    }

    /// The write by which history learns the words of a failure; they are those of each later one that is not told of.
    pub(crate) fn say(
        &self,
        cohort: &Cohort,
        slot: Slot,
        words: FailureDetail<'_>,
    ) -> Result<TransactWriteItem, StoreError> {
        let FailureDetail { at, occasion, cause } = words;
        let mut item = to_item(TABLE, cause)?;
        item.extend(key([("cohort", keys::failures(cohort, slot)), ("at", place(occasion, at, slot))]));
        item.insert(TTL.into(), n(at.seconds() + WORDS_KEPT_S));
        a_put(put_item(&self.tables.checks, item))
    }

    /// A monitor's checks in one place, newest first, of those behind `after` where it is given the ones that `accepts` likes, at
    /// most `count`.
    /// 0.5 RRU per 4 ticks of a full cohort.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn checks(
        &self,
        place: &Place,
        span: CheckSpan,
        after: Option<CheckPosition>,
        accepts: impl Fn(&Record) -> bool,
        count: usize,
    ) -> Result<Vec<CheckResult>, StoreError> {
        let from = span.from;
        let end = after.map_or(span.to, |after| span.to.min(after.at.plus_ms(1)));
        // A place's own time bounds what its slot may show, beside the slot itself.
        let span = CheckSpan {
            from: span.from.max(place.from.start_of_minute()),
            to: place.until.map_or(end, |until| end.min(until.plus_ms(1))),
        };
        if span.from >= span.to || count == 0 {
            return Ok(Vec::new());
        }
        // The keys' order is by seconds, so the first one is cut here.
        let behind = |check: &CheckResult| {
            check.at >= from && after.is_none_or(|after| check.position() > after) && accepts(&check.record)
        };
        let (ticks, requested) =
            try_join(self.records(place, false, span, &behind, count), self.records(place, true, span, &behind, count))
                .await?;
        let mut found = [ticks, requested].concat();
        found.sort_by_key(|(_, check)| check.position());
        found.truncate(count);
        self.add_causes(place, &mut found).await?;
        Ok(found.into_iter().map(|(_, check)| check).collect())
    }

    /// A monitor's checks by schedule, or on request, newest first, each with its sort key.
    async fn records(
        &self,
        place: &Place,
        requested: bool,
        span: CheckSpan,
        accepts: &impl Fn(&CheckResult) -> bool,
        count: usize,
    ) -> Result<Vec<(String, CheckResult)>, StoreError> {
        let cohort = place.cohort();
        let partition = if requested { keys::requested_partition(&cohort) } else { keys::cohort(&cohort) };
        let request = self.span_query(partition, span);
        let mut found: Vec<(String, CheckResult)> = Vec::new();
        let mut last = None;
        let all = self.query_each(request, None, |item| {
            if let Some(record) = packed::find(bytes(&item), place.slot) {
                let (sort_key, at) = moment(&item)?;
                // A tick that was done twice may have checked a monitor once apart from the others and once among them.
                if !requested && last.replace(at) == Some(at) {
                    return Ok(ControlFlow::Continue(()));
                }
                let check = CheckResult { at, region: place.region, record, cause: None, requested };
                if accepts(&check) {
                    found.push((sort_key, check));
                }
            }
            Ok(enough(&found, count))
        });
        all.await?;
        Ok(found)
    }

    /// Words stand where they changed: those of a check are the newest that are not later than it.
    async fn add_causes(&self, place: &Place, found: &mut [(String, CheckResult)]) -> Result<(), StoreError> {
        let mut failed = found.iter().filter(|(_, check)| check.record.error.is_some());
        let Some((_, newest)) = failed.next() else { return Ok(()) };
        let oldest = failed.next_back().map_or(newest.at, |(_, check)| check.at);
        let span = CheckSpan { from: place.from.start_of_minute(), to: newest.at.plus_seconds(1) };
        // No more than one for each of them, and the one before.
        let most = i32::try_from(found.len() + 1).unwrap_or(i32::MAX);
        let request = self.span_query(keys::failures(&place.cohort(), place.slot), span).limit(most);
        let mut words: Vec<(String, Cause)> = Vec::new();
        let all = self.query_each(request, None, |item| {
            let (sort_key, at) = moment(&item)?;
            words.push((sort_key, from_item(TABLE, item)?));
            Ok(if at < oldest { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        });
        all.await?;
        for (sort_key, check) in found {
            let Some(code) = check.record.error else { continue };
            let said = words.iter().find(|(at, _)| at <= sort_key).map(|(_, cause)| cause);
            // Of two checks at once the words of one are not kept: then the code's own sentence serves, or the other's words.
            check.cause = Some(said.filter(|cause| cause.code == code).cloned().unwrap_or_else(|| Cause::of(code)));
        }
        Ok(())
    }

    /// What a monitor's check at this very moment found: of a tick, or on request; none where it is not over. 0.5 to 1 RRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn check_at(&self, place: &Place, at: Timestamp, requested: bool) -> Result<Option<Record>, StoreError> {
        let cohort = place.cohort();
        let (partition, from, to) = if requested {
            let key = keys::requested(at, place.slot);
            (keys::requested_partition(&cohort), key.clone(), key)
        } else {
            (keys::cohort(&cohort), keys::tick(at), keys::slow_tick(at))
        };
        let request = self
            .query(&self.tables.checks)
            .key_condition_expression("cohort = :partition AND #at BETWEEN :from AND :to")
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":partition", s(partition))
            .expression_attribute_values(":from", s(from))
            .expression_attribute_values(":to", s(to))
            .consistent_read(true);
        let items = self.query_all(request).await?;
        Ok(items.iter().find_map(|item| packed::find(bytes(item), place.slot)))
    }

    /// The newest check of each of these monitors, all of one cohort. 0.5 RRU for a full cohort, and 0.5 for requested checks.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn latest_checks(&self, seats: &[Seat]) -> Result<HashMap<Slot, LatestCheck>, StoreError> {
        let Some(cohort) = seats.first().map(Seat::cohort) else { return Ok(HashMap::new()) };
        let asked = |slot: Slot| seats.contains(&Seat { cohort, slot });
        let newest = |partition: String, limit: i32| {
            let request = self
                .query(&self.tables.checks)
                .key_condition_expression("cohort = :partition")
                .expression_attribute_values(":partition", s(partition))
                .scan_index_forward(false)
                .limit(limit);
            self.query_page(request, None)
        };
        let ((ticks, _), (requested, _)) = try_join(
            newest(keys::cohort(&cohort), LATEST_TICKS),
            newest(keys::requested_partition(&cohort), LATEST_REQUESTED),
        )
        .await?;
        let mut latest: HashMap<Slot, LatestCheck> = HashMap::with_capacity(seats.len());
        for item in ticks.iter().chain(&requested) {
            let (_, at) = moment(item)?;
            for record in packed::records(bytes(item)).filter(|record| asked(record.slot)) {
                let seen = latest.entry(record.slot).or_insert(LatestCheck { at, record });
                if at > seen.at {
                    *seen = LatestCheck { at, record };
                }
            }
        }
        Ok(latest)
    }

    /// What a partition holds of a time, newest first.
    pub(crate) fn span_query(
        &self,
        partition: String,
        span: CheckSpan,
    ) -> aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder {
        // A requested check's key begins with its second, so the last second is taken whole and cut by its milliseconds.
        let last = span.to.plus_ms(-1);
        self.query(&self.tables.checks)
            .key_condition_expression("cohort = :partition AND #at BETWEEN :from AND :to")
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":partition", s(partition))
            .expression_attribute_values(":from", s(keys::tick(span.from)))
            .expression_attribute_values(":to", s(format!("{}.{:03}~", keys::tick(last), last.ms() % 1000)))
            .scan_index_forward(false)
    }
}

/// A check's place in time.
fn place(occasion: Occasion, at: Timestamp, slot: Slot) -> String {
    match occasion {
        Occasion::Tick => keys::tick(at),
        Occasion::SlowTick => keys::slow_tick(at),
        Occasion::Requested => keys::requested(at, slot),
    }
}

pub(crate) fn bytes(item: &Item) -> &[u8] {
    item.get("checks").and_then(|checks| checks.as_b().ok()).map_or(&[], AsRef::as_ref)
}

/// The item's sort key, and the moment it stands for.
pub(crate) fn moment(item: &Item) -> Result<(String, Timestamp), StoreError> {
    let sort_key = item.get("at").and_then(|at| at.as_s().ok()).cloned().unwrap_or_default();
    let mut parts = sort_key.split('.');
    let seconds: Option<i64> = parts.next().and_then(|seconds| seconds.parse().ok());
    let ms: i64 = parts.next().and_then(|ms| ms.parse().ok()).unwrap_or(0);
    match seconds {
        Some(seconds) => Ok((sort_key, Timestamp::from_seconds(seconds).plus_ms(ms))),
        None => Err(StoreError::corrupt(TABLE, format!("no time: {sort_key:?}"))),
    }
}
