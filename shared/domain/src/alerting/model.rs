//! Whatever comes between an opening and its end, in whatever order and however often: nobody is paged twice, late or in vain.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::{
    ChannelId, EventId,
    alerting::{
        fixtures::{at, begun, channel, incident, policy},
        later::{NewsKey, Page},
        mute::is_muted,
        row::{Alerting, PolicyRead, StepKey, StopReason},
    },
    delivery::EventType,
};

/// Where a worker ends before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Crash {
    None,
    BeforeTheRow,
    BeforeTheDeliveries,
    AfterTheFirstDelivery,
    BeforeTheNote,
    /// It goes on with its deliveries later.
    Stalls,
}

#[derive(Debug, Clone)]
enum Op {
    Pass(i64),
    Sweep(Crash),
    /// Reads the row and the policy, and decides.
    Read,
    /// Writes what was decided from the oldest reading.
    Write(Crash),
    /// Goes on with the deliveries of the oldest stalled worker.
    GoOn,
    Acknowledge,
    Resolve,
    /// A message of the recovery arrives, be it the first or the tenth.
    HandOutRecovery(Crash),
    Edit(PolicyRead),
    /// Mutes the monitor for so many seconds.
    Mute(i64),
    Unmute,
}

/// What a worker has decided, and writes later.
struct Decided {
    /// The version of the row that it read.
    version: Option<u32>,
    row: Alerting,
    /// Whether a mute has ended that kept a recovery back: its deliveries come before the row.
    tells_recovery: bool,
}

/// The store, and what was seen of it.
struct World {
    now: i64,
    /// Whether the transaction of an acknowledgement or a recovery stops the row, or its event does so later.
    stops_at_once: bool,
    policy: PolicyRead,
    row: Option<(u32, Alerting)>,
    over: Option<(i64, StopReason)>,
    is_resolved: bool,
    read: Vec<Decided>,
    stalled: Vec<Vec<Page>>,
    deliveries: BTreeSet<String>,
    muted_until: i64,
    /// Whether the event of the recovery is done: its messages need not come again.
    is_recovery_handed_out: bool,
    /// Each page in the order in which the row first named it.
    planned: Vec<StepKey>,
    /// Whether the steps no longer follow from the first policy and the time alone.
    is_edited: bool,
}

fn takes(of: ChannelId, kind: EventType) -> bool {
    match kind {
        EventType::IncidentOpened => of != channel(4),
        EventType::IncidentResolved => of != channel(5),
        _ => false,
    }
}

impl World {
    fn new(policy: PolicyRead, stops_at_once: bool) -> Self {
        Self {
            now: 0,
            stops_at_once,
            policy,
            row: None,
            over: None,
            is_resolved: false,
            read: Vec::new(),
            stalled: Vec::new(),
            muted_until: 0,
            is_recovery_handed_out: false,
            deliveries: BTreeSet::new(),
            planned: Vec::new(),
            is_edited: false,
        }
    }

    /// Puts a row on hold, or takes it off.
    fn silence(&self, row: &mut Alerting) {
        if let Some(until) = is_muted(Some(at(self.muted_until)), None, at(self.now)) {
            row.mute(until, at(self.now));
        } else if row.hold.is_some() {
            row.release(at(self.now));
        }
    }

    /// What a worker that looks at the incident decides.
    fn decide(&self) -> Decided {
        let Some((version, row)) = &self.row else {
            let mut row = begun(self.policy.clone());
            self.silence(&mut row);
            match self.over {
                Some((when, why)) => row.overtake(at(when), why),
                None => drop(row.advance(at(self.now))),
            }
            return Decided { version: None, row, tells_recovery: false };
        };
        let mut row = row.clone();
        if let Some((when, why)) = self.over {
            row.stop(at(when), why);
        }
        let owed = row.owes_recovery();
        self.silence(&mut row);
        let tells_recovery = owed && !row.owes_recovery();
        row.adopt(self.policy.clone());
        row.advance(at(self.now));
        Decided { version: Some(*version), row, tells_recovery }
    }

    /// Writes the row if nobody else has, and the incident is as it was; answers whether that was so.
    fn write(&mut self, Decided { version, row, .. }: Decided) -> bool {
        let is_current = self.row.as_ref().map(|(version, _)| *version) == version;
        if !is_current || self.over.is_some() != row.stopped.is_some() {
            return false;
        }
        for page in row.pages(|_, _| true) {
            let was_named = self.row.iter().flat_map(|(_, old)| old.pages(|_, _| true)).any(|old| old.key == page.key);
            if !was_named {
                assert!(self.over.is_none(), "planned after the end: {:?}", page.key);
                assert!(!self.planned.contains(&page.key), "planned twice: {:?}", page.key);
                self.planned.push(page.key);
            }
        }
        self.row = Some((version.unwrap_or(0) + 1, row));
        true
    }

    fn deliver(&mut self, pages: &[Page]) {
        self.deliveries.extend(pages.iter().map(|page| page.key.to_string()));
    }

    fn finish(&mut self, decided: Decided, crash: Crash) {
        if decided.tells_recovery {
            self.tell_recovery(&decided.row, crash);
            if crash != Crash::None {
                return;
            }
        }
        if crash == Crash::BeforeTheRow || !self.write(decided) {
            return;
        }
        let Some((_, row)) = &self.row else { return };
        let pages = row.pages(takes);
        assert!(self.over.is_none() || pages.is_empty(), "sent by a worker that began after the end");
        match crash {
            Crash::BeforeTheRow | Crash::BeforeTheDeliveries => {}
            Crash::AfterTheFirstDelivery => self.deliver(&pages[..pages.len().min(1)]),
            Crash::Stalls => self.stalled.push(pages),
            Crash::BeforeTheNote => self.deliver(&pages),
            Crash::None => {
                self.deliver(&pages);
                if let Some((version, row)) = &mut self.row {
                    row.handed_out();
                    *version += 1;
                }
            }
        }
    }

    fn sweep(&mut self, crash: Crash) {
        // Nothing is due in a row that is over.
        if self.row.as_ref().is_none_or(|(_, row)| row.stopped.is_none() || row.wakes_at().is_some()) {
            self.finish(self.decide(), crash);
        }
    }

    fn tell_recovery(&mut self, row: &Alerting, crash: Crash) {
        let news = row.news(EventType::IncidentResolved, EventId::new(at(0), [1; 10]), takes);
        let reached = match crash {
            Crash::AfterTheFirstDelivery => news.len().min(1),
            Crash::BeforeTheRow | Crash::BeforeTheDeliveries => 0,
            Crash::None | Crash::BeforeTheNote | Crash::Stalls => news.len(),
        };
        self.deliveries.extend(news[..reached].iter().map(NewsKey::to_string));
    }

    fn end(&mut self, why: StopReason) {
        if self.is_resolved || (self.over.is_some() && why == StopReason::Acknowledged) {
            return;
        }
        self.is_resolved = why == StopReason::Resolved;
        self.over = Some((self.now, why));
        if let Some((version, row)) = self.row.as_mut().filter(|_| self.stops_at_once) {
            row.stop(at(self.now), why);
            *version += 1;
        }
    }

    fn hand_out_recovery(&mut self, crash: Crash) {
        if !self.is_resolved {
            return;
        }
        let decided = self.decide();
        if decided.tells_recovery {
            self.tell_recovery(&decided.row, crash);
            if crash != Crash::None {
                return;
            }
        }
        if crash == Crash::BeforeTheRow || !self.write(decided) {
            return;
        }
        if let Some((_, row)) = self.row.clone() {
            self.tell_recovery(&row, crash);
            assert!(self.muted_until <= self.now || row.hold.is_some() || row.told.is_empty(), "told in the silence");
            self.is_recovery_handed_out |= crash == Crash::None;
        }
    }

    fn apply(&mut self, op: Op) {
        match op {
            Op::Pass(seconds) => self.now += seconds,
            Op::Sweep(crash) => self.sweep(crash),
            Op::Read => self.read.push(self.decide()),
            Op::Write(crash) => {
                if !self.read.is_empty() {
                    let decided = self.read.remove(0);
                    self.finish(decided, crash);
                }
            }
            Op::GoOn => {
                if !self.stalled.is_empty() {
                    let pages = self.stalled.remove(0);
                    self.deliver(&pages);
                }
            }
            Op::Acknowledge => self.end(StopReason::Acknowledged),
            Op::Resolve => self.end(StopReason::Resolved),
            Op::HandOutRecovery(crash) => self.hand_out_recovery(crash),
            Op::Edit(policy) => {
                self.policy = policy;
                self.is_edited = true;
            }
            Op::Mute(seconds) => {
                self.muted_until = self.now + seconds;
                self.is_edited = true;
            }
            Op::Unmute => self.muted_until = self.now,
        }
    }

    /// The sweep runs as it should, and every worker that still lives comes to its end.
    fn repair(&mut self) {
        self.now = self.now.max(self.muted_until);
        while let Some(pages) = self.stalled.pop() {
            self.deliver(&pages);
        }
        while let Some(decided) = self.read.pop() {
            self.finish(decided, Crash::None);
        }
        self.apply(Op::Sweep(Crash::None));
        if !self.is_recovery_handed_out {
            self.apply(Op::HandOutRecovery(Crash::None));
        }
    }

    fn check(&self) {
        let (_, row) = self.row.as_ref().expect("a row after the repair");
        let pages = |key: &&StepKey| takes(key.channel_id, EventType::IncidentOpened);
        let wanted: BTreeSet<String> = self.planned.iter().filter(pages).map(StepKey::to_string).collect();
        let is_recovery = |delivery: &&String| delivery.contains(" recovery ");
        let sent: BTreeSet<String> = self.deliveries.iter().filter(|one| !is_recovery(one)).cloned().collect();
        assert!(sent.is_subset(&wanted), "sent without a plan");
        if self.over.is_none() {
            assert_eq!(sent, wanted, "planned, and lost");
            assert!(row.next.is_none_or(|next| next.due_at > at(self.now)), "due, and not taken");
            if !self.is_edited {
                self.check_all_steps();
            }
        }
        self.check_order();
        let told: BTreeMap<String, ChannelId> = row
            .told
            .iter()
            .map(|told| (format!("{} recovery {}", incident(0), told.channel_id), told.channel_id))
            .collect();
        let paged: BTreeSet<ChannelId> = self.planned.iter().map(|key| key.channel_id).collect();
        // An incident that was over before its alerting began has been planned for nobody.
        if !self.planned.is_empty() {
            assert_eq!(paged, row.told.iter().map(|told| told.channel_id).collect(), "who was paged is known");
        }
        let recovered: BTreeSet<String> = self.deliveries.iter().filter(is_recovery).cloned().collect();
        let listens = |of: &ChannelId| self.is_resolved && takes(*of, EventType::IncidentResolved);
        let due: BTreeSet<String> = told.into_iter().filter(|(_, of)| listens(of)).map(|(key, _)| key).collect();
        assert_eq!(recovered, due, "each channel that was told, once, and no other");
    }

    /// Every step whose time has passed was planned for each of its channels.
    fn check_all_steps(&self) {
        for step in self.policy.steps.steps.iter().filter(|step| i64::from(step.after_minutes) * 60 <= self.now) {
            for &channel_id in &step.channel_ids {
                let after_minutes = step.after_minutes;
                let key = StepKey { incident_id: incident(0), after_minutes, repeat_round: 0, channel_id };
                assert!(self.planned.contains(&key), "lost: {key}");
            }
        }
    }

    /// No step comes after a later one.
    fn check_order(&self) {
        let order: Vec<(u8, u32)> = self.planned.iter().map(|key| (key.repeat_round, key.after_minutes)).collect();
        assert!(order.is_sorted(), "{order:?}");
    }
}

fn policies() -> impl Strategy<Value = PolicyRead> {
    let minutes = prop::collection::btree_set(prop_oneof![Just(0_u32), 0..40_u32], 1..5);
    let channels = prop::collection::btree_set(1..6_u8, 1..4);
    (minutes, prop::collection::vec(channels, 5), prop::option::of(5..20_u32)).prop_map(
        |(minutes, channels, repeat)| {
            let channels: Vec<Vec<u8>> = channels.into_iter().map(|one| one.into_iter().collect()).collect();
            let steps: Vec<(u32, &[u8])> = minutes.into_iter().zip(channels.iter().map(Vec::as_slice)).collect();
            policy(&steps, repeat)
        },
    )
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let crash = || {
        prop::sample::select(vec![
            Crash::None,
            Crash::BeforeTheRow,
            Crash::BeforeTheDeliveries,
            Crash::AfterTheFirstDelivery,
            Crash::BeforeTheNote,
            Crash::Stalls,
        ])
    };
    let op = prop_oneof![
        6 => prop_oneof![0..120_i64, 0..3_600_i64].prop_map(Op::Pass),
        6 => crash().prop_map(Op::Sweep),
        3 => Just(Op::Read),
        3 => crash().prop_map(Op::Write),
        2 => Just(Op::GoOn),
        1 => Just(Op::Acknowledge),
        1 => Just(Op::Resolve),
        2 => crash().prop_map(Op::HandOutRecovery),
        1 => policies().prop_map(Op::Edit),
        1 => (1..4_000_i64).prop_map(Op::Mute),
        1 => Just(Op::Unmute),
    ];
    prop::collection::vec(op, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn nobody_is_paged_twice_late_or_in_vain_and_nothing_is_lost(
        policy in policies(),
        stops_at_once: bool,
        ops in ops(),
    ) {
        let mut world = World::new(policy, stops_at_once);
        for op in ops {
            world.apply(op);
        }
        world.repair();
        world.check();
        let before = (world.deliveries.clone(), world.row.clone().map(|(_, row)| row));
        world.repair();
        prop_assert_eq!(before, (world.deliveries, world.row.map(|(_, row)| row)), "a second repair finds nothing to do");
    }
}
