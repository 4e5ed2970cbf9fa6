//! Hours and days of checks, summed up: made by a scheduled function, read by long charts.

use std::ops::ControlFlow;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use valpero_domain::{
    RegionCode, Timestamp,
    rollup::{self, Span, Sum, Summary},
    schedule::Cohort,
};

use crate::{
    CheckSpan, Place, Store, StoreError,
    call::{Item, key, n},
    checks::{bytes, moment},
    keys,
    schema::TTL,
};

const TABLE: &str = "checks";

/// How long hours are kept: longer than the longest chart that is made of them.
const HOURS_KEPT_S: i64 = 35 * 86_400;

/// How long days are kept.
const DAYS_KEPT_S: i64 = 400 * 86_400;

/// One hour or day of a monitor's checks in one region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// When it begins.
    pub at: Timestamp,
    /// From where.
    pub region: RegionCode,
    /// What was found.
    pub summary: Summary,
}

/// How far checks are summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rolled {
    /// Hours or days.
    pub span: Span,
    /// All before this moment are.
    pub until: Timestamp,
}

impl Store {
    fn rolled_key(span: Span) -> Item {
        key([("cohort", keys::ROLLED.into()), ("at", keys::rolled(span).into())])
    }

    /// How far the hours, or the days, are summed up; nothing where none ever was. 1 RRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn rolled(&self, span: Span) -> Result<Option<Rolled>, StoreError> {
        let Some(item) = self.get(&self.tables.checks, Self::rolled_key(span)).await? else { return Ok(None) };
        let until = item.get("until").and_then(|until| until.as_n().ok()?.parse().ok());
        let until = until.ok_or_else(|| StoreError::corrupt(TABLE, "nobody knows how far checks are summed up"))?;
        Ok(Some(Rolled { span, until: Timestamp::from_seconds(until) }))
    }

    /// Remembers how far they are. 1 WRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn save_rolled(&self, rolled: Rolled) -> Result<(), StoreError> {
        let mut item = Self::rolled_key(rolled.span);
        item.insert("until".into(), n(rolled.until.seconds()));
        self.put(&self.tables.checks, item).await
    }

    /// Sums up one hour or day of a cohort, from its ticks, and keeps it. Answers whether there was anything. 0.5 RRU per 4 ticks
    /// of a full cohort, 1 WRU; of a day that is kept already, 1 RRU, so that a long call which was cut is not begun anew.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn roll_up(&self, cohort: &Cohort, span: Span, start: Timestamp) -> Result<bool, StoreError> {
        let place = key([("cohort", keys::rollups(cohort, span)), ("at", keys::tick(start))]);
        if span == Span::Day && self.get(&self.tables.checks, place.clone()).await?.is_some() {
            return Ok(true);
        }
        let end = start.plus_seconds(span.seconds());
        let summaries = self.sum_of(cohort, CheckSpan { from: start, to: end }).await?.finish();
        if summaries.is_empty() {
            return Ok(false);
        }
        let kept_s = match span {
            Span::Hour => HOURS_KEPT_S,
            Span::Day => DAYS_KEPT_S,
        };
        let mut item = place;
        item.insert("checks".into(), AttributeValue::B(Blob::new(rollup::pack(&summaries))));
        item.insert(TTL.into(), n(start.seconds() + kept_s));
        self.put(&self.tables.checks, item).await?;
        Ok(true)
    }

    /// The ticks of a cohort, summed up as they are read.
    async fn sum_of(&self, cohort: &Cohort, span: CheckSpan) -> Result<Sum, StoreError> {
        let request = self.span_query(keys::cohort(cohort), span);
        let mut sum = Sum::default();
        let all = self.query_each(request, None, |item| {
            sum.add(moment(&item)?.1, bytes(&item));
            Ok(ControlFlow::Continue(()))
        });
        all.await?;
        Ok(sum)
    }

    /// A monitor's hours, or days, in one place, oldest first. Those before `rolled` are read summed up (0.5 RRU per 4), the
    /// others from their ticks.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn buckets(
        &self,
        place: &Place,
        span: Span,
        window: CheckSpan,
        rolled: Timestamp,
    ) -> Result<Vec<Bucket>, StoreError> {
        let cohort = place.cohort();
        let window = within(place, span, window);
        if window.from >= window.to {
            return Ok(Vec::new());
        }
        let bucket = |at: Timestamp, summary: Summary| Bucket { at, region: place.region, summary };
        let mut found = Vec::new();
        if window.from < rolled {
            let request = self
                .span_query(keys::rollups(&cohort, span), CheckSpan { from: window.from, to: window.to.min(rolled) })
                .scan_index_forward(true);
            for item in self.query_all(request).await? {
                if let Some(summary) = rollup::find(bytes(&item), place.slot) {
                    found.push(bucket(moment(&item)?.1, summary));
                }
            }
        }
        let mut start = window.from.max(rolled);
        while start < window.to {
            let end = start.plus_seconds(span.seconds());
            let sum = self.sum_of(&cohort, CheckSpan { from: start, to: end.min(window.to) }).await?;
            let own = sum.finish().into_iter().find(|summary| summary.slot == place.slot);
            found.extend(own.map(|summary| bucket(start, summary)));
            start = end;
        }
        Ok(found)
    }

    /// The hours of these places, all of one cohort, that are summed up: one query shows those of up to 56 monitors. Each with the
    /// index of its place, oldest first. 0.5 RRU per 5 hours of a full cohort.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn hours_of(&self, places: &[Place], window: CheckSpan) -> Result<Vec<(usize, Bucket)>, StoreError> {
        let Some(cohort) = places.first().map(Place::cohort) else { return Ok(Vec::new()) };
        let own: Vec<CheckSpan> = places.iter().map(|place| within(place, Span::Hour, window)).collect();
        let request = self.span_query(keys::rollups(&cohort, Span::Hour), window).scan_index_forward(true);
        let mut found = Vec::new();
        for item in self.query_all(request).await? {
            let (_, at) = moment(&item)?;
            for (index, (place, own)) in places.iter().zip(&own).enumerate() {
                if place.cohort() != cohort || at < own.from || at >= own.to {
                    continue;
                }
                if let Some(summary) = rollup::find(bytes(&item), place.slot) {
                    found.push((index, Bucket { at, region: place.region, summary }));
                }
            }
        }
        Ok(found)
    }
}

/// The part of a window that a place's slot may show: that in which the monitor had it.
fn within(place: &Place, span: Span, window: CheckSpan) -> CheckSpan {
    CheckSpan {
        from: span.start(window.from.max(place.from)),
        to: place.until.map_or(window.to, |until| window.to.min(until.plus_ms(1))),
    }
}
