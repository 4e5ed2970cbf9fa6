//! Escalation: which steps of its policy an incident has taken, and which one is next.
//!
//! One row for each incident. A change of it is written on the condition that nobody else has changed it and that the incident is
//! still open; the deliveries of the steps that it names are written in the same transaction, or after it and never before. So a step
//! is either in the row, and its deliveries are made however often a crash comes between, or it is not, and will be found due again.
//! A delivery's ID follows from its [`StepKey`](super::StepKey): doing it twice writes nothing twice.

use crate::{
    ChannelId, IncidentId, MonitorId, Timestamp,
    alerting::{
        policy::{AFTER_MINUTES_MAX, REPEAT_MINUTES_MAX, REPEATS_MAX},
        row::{Alerting, DueStep, Hold, HoldReason, NextStep, PolicyRead, Round, StopReason, Stopped, Told},
    },
};

/// A step that is taken no later than this after it was due was taken in time: milliseconds between two sweeps.
const IN_TIME_MS: i64 = 60_000;

/// Nothing is planned further ahead than this, in milliseconds: a day, and the difference between the clocks of two machines.
const PLANNED_AHEAD_MS: i64 = 86_400_000 + 120_000;

const _: () = assert!(
    AFTER_MINUTES_MAX as i64 * 60_000 <= PLANNED_AHEAD_MS && REPEAT_MINUTES_MAX as i64 * 60_000 <= PLANNED_AHEAD_MS
);

impl Alerting {
    /// The alerting of an incident that opened at `opened_at`. Its steps count from then, unless `hold` delays them. Without a policy
    /// it is stopped from the beginning.
    ///
    /// The first steps are not taken yet: [`Alerting::advance`] does that.
    pub fn begin(
        incident_id: IncidentId,
        monitor_id: MonitorId,
        policy: Option<PolicyRead>,
        hold: Option<Hold>,
        opened_at: Timestamp,
    ) -> Self {
        let mut alerting = Self {
            incident_id,
            monitor_id,
            opened_at,
            policy,
            hold,
            round: None,
            next: None,
            handing_out: Vec::new(),
            told: Vec::new(),
            stopped: None,
        };
        if alerting.policy.is_none() {
            alerting.stop(opened_at, StopReason::NoPolicy);
        } else if hold.is_none() {
            alerting.release(opened_at);
        }
        alerting
    }

    /// Keeps the channels silent from now on, or for another reason than before.
    pub fn hold(&mut self, hold: Hold) {
        let since = self.hold.map_or(hold.since, |old| old.since);
        self.hold = Some(Hold { since, ..hold });
        self.plan();
    }

    /// Ends the silence, which does not count as time: the steps begin at `at`, or go on where they were.
    pub fn release(&mut self, at: Timestamp) {
        let silent_ms = self.hold.take().map_or(0, |hold| at.ms_since(hold.since).max(0));
        self.round = Some(match self.round {
            Some(round) => Round {
                began_at: round.began_at.plus_ms(silent_ms),
                done_at: round.done_at.plus_ms(silent_ms),
                ..round
            },
            None => Round { number: 0, began_at: at, done: None, done_at: at },
        });
        self.plan();
    }

    /// Takes over the policy as it is read now. It counts from the next step: steps no later than the last one that was taken are
    /// done, whether they were part of the policy or not.
    pub fn adopt(&mut self, policy: PolicyRead) {
        self.policy = Some(policy);
        self.plan();
    }

    /// Takes every step that is due. A step that was missed is taken once, in order, also where a later one is due by now; repeats that
    /// were missed are not made up for: after a gap comes one, and the next is `repeat_minutes` after it.
    ///
    /// Steps that were taken are in `handing_out` until [`Alerting::handed_out`]. Answers whether anything was taken.
    pub fn advance(&mut self, now: Timestamp) -> bool {
        let mut has_advanced = false;
        while let Some(next) = self.next.filter(|next| is_due(next.due_at, now))
            && let Some(step) = self.policy.as_ref().and_then(|policy| policy.steps.steps.get(next.step))
        {
            let at = if (0..IN_TIME_MS).contains(&now.ms_since(next.due_at)) { next.due_at } else { now };
            let due = DueStep {
                after_minutes: step.after_minutes,
                repeat_round: next.repeat_round,
                at: now,
                channel_ids: step.channel_ids.clone(),
            };
            let began_at = match self.round {
                // A wrong clock planned it, and would have planned the others as wrongly.
                Some(round) if round.number == next.repeat_round && next.due_at <= now => round.began_at,
                _ => at.plus_seconds(-60 * i64::from(due.after_minutes)),
            };
            self.round =
                Some(Round { number: next.repeat_round, began_at, done: Some(due.after_minutes), done_at: at });
            self.reach(&due, now);
            self.handing_out.push(due);
            self.plan();
            has_advanced = true;
        }
        has_advanced
    }

    fn reach(&mut self, due: &DueStep, at: Timestamp) {
        for &channel_id in &due.channel_ids {
            if !self.has_reached(channel_id) {
                let DueStep { after_minutes, repeat_round, .. } = *due;
                self.told.push(Told { channel_id, after_minutes, repeat_round, at });
            }
        }
    }

    /// Notes that all deliveries of the steps taken are written.
    pub fn handed_out(&mut self) {
        self.handing_out.clear();
    }

    /// Ends the steps. What was taken but is not known to be written is dropped; its channels count as told. The end of an incident
    /// replaces the reason that a person had taken it; nothing replaces any other.
    pub fn stop(&mut self, at: Timestamp, why: StopReason) {
        let is_taken_only =
            |stopped: Stopped| stopped.why == StopReason::Acknowledged && why != StopReason::Acknowledged;
        if self.stopped.is_none_or(is_taken_only) {
            self.stopped = Some(Stopped { at, why });
        }
        self.handing_out.clear();
        self.plan();
    }

    /// The same for an incident that was acknowledged or resolved before its alerting began: the steps that were due by then count as
    /// taken, so that their channels are told of it by the later news alone.
    pub fn overtake(&mut self, at: Timestamp, why: StopReason) {
        self.advance(at);
        self.stop(at, why);
    }

    /// Whether a step that tells this channel was reached.
    pub fn has_reached(&self, channel: ChannelId) -> bool {
        self.told.iter().any(|told| told.channel_id == channel)
    }

    /// Whether a step was taken.
    pub fn has_begun(&self) -> bool {
        self.round.is_some_and(|round| round.done.is_some())
    }

    /// The monitor because of whose outage the channels are not told.
    pub fn suppressed_by(&self) -> Option<MonitorId> {
        match self.hold?.reason {
            HoldReason::Suppressed { suppressed_by } => Some(suppressed_by),
            HoldReason::Waiting | HoldReason::Flapping | HoldReason::Muted => None,
        }
    }

    /// When the sweep is to look at the row; none where nothing is left to do.
    pub fn wakes_at(&self) -> Option<Timestamp> {
        if !self.handing_out.is_empty() {
            return self.round.map(|round| round.done_at);
        }
        if self.stopped.is_some() && !self.owes_recovery() {
            return None;
        }
        self.hold.map(|hold| hold.look_at).or(self.next.map(|next| next.due_at))
    }

    /// Works out the next step.
    fn plan(&mut self) {
        self.next = self.following();
    }

    fn following(&self) -> Option<NextStep> {
        if self.stopped.is_some() || self.hold.is_some() {
            return None;
        }
        let (steps, round) = (&self.policy.as_ref()?.steps, self.round?);
        let minutes_after = |from: Timestamp, minutes: u32| from.plus_seconds(60 * i64::from(minutes));
        let is_undone = |after_minutes: u32| round.done.is_none_or(|done| after_minutes > done);
        let in_round = steps.steps.iter().enumerate().find(|(_, step)| is_undone(step.after_minutes));
        if let Some((place, step)) = in_round {
            let due_at = minutes_after(round.began_at, step.after_minutes);
            return Some(NextStep { step: place, repeat_round: round.number, due_at });
        }
        let repeat_minutes = steps.repeat_minutes.filter(|_| round.number < REPEATS_MAX)?;
        Some(NextStep { step: 0, repeat_round: round.number + 1, due_at: minutes_after(round.done_at, repeat_minutes) })
    }
}

/// Whether a step that is planned for this time is due. A time more than a day ahead was planned by a wrong clock, and is due as well.
pub fn is_due(at: Timestamp, now: Timestamp) -> bool {
    at <= now || at.ms_since(now) > PLANNED_AHEAD_MS
}

#[cfg(test)]
mod tests;
