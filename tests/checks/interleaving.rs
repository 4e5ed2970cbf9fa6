//! Regions that agree, on the real store: whatever the order of their steps, an incident opens and ends only by what the latest check
//! of each region that counts has found; and what they agree on is found.

use proptest::{prelude::*, test_runner::TestCaseError};
use serde_json::{Value, json};
use valpero_checker::CheckerEvent;
use valpero_domain::{AccountId, CheckId, MonitorId, Plan, RegionCode, Status, Timestamp};
use valpero_runtime::event_bus::{CheckRequested, Event, InProcessBus};
use valpero_storage::Monitor;

use crate::harness::{At, Lane, RECORD, Tenant, World};

const REGIONS: [&str; 3] = ["hel", "fra", "usc"];

/// A region, as it is known from outside.
struct Region {
    lane: Lane,
    /// What it still has to do.
    todo: Vec<Value>,
    /// What its check under way has found, and when it began.
    under_way: Option<(bool, Timestamp)>,
    /// What its latest check that came to its end found.
    latest: Option<(bool, Timestamp)>,
    /// What checks found that came to no end: kept or not, nobody knows.
    lost: Vec<(bool, Timestamp)>,
}

struct Scene {
    world: World,
    owner: Tenant,
    monitor: MonitorId,
    regions: Vec<Region>,
    status: Status,
    crashed: bool,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new().await;
        let owner = world.tenant(Plan::Business).await;
        let dns = json!({"name": "site.example", "record_type": "A", "expected": [RECORD]});
        let body = json!({"check_type": "dns", "retries": 0, "dns": dns});
        let id = world.post("/api/v1/monitors", &owner, body).await.expect(201).text("/id");
        let code = |code: &str| -> RegionCode { code.parse().expect("a region") };
        let region = |name: &&str| Region {
            lane: Lane::start(&world, code(name)),
            todo: Vec::new(),
            under_way: None,
            latest: None,
            lost: Vec::new(),
        };
        let regions = REGIONS.iter().map(region).collect();
        let monitor = id.parse().expect("an id");
        Self { world, owner, monitor, regions, status: Status::Pending, crashed: false }
    }

    /// The events by which every region is asked for a check now, as the API does.
    fn requested(&self) -> Vec<Value> {
        let now = self.world.now();
        let (account_id, monitor_id): (AccountId, MonitorId) = (self.owner.account, self.monitor);
        let check_id = CheckId::new(now, [7; 10]);
        let event = Event::CheckRequested(CheckRequested { check_id, account_id, monitor_id });
        let bus = InProcessBus::default();
        let events = REGIONS.iter().map(|name| {
            bus.publish(name.parse().expect("a region"), &event, now).expect("room");
            bus.take().expect("an event").1
        });
        events.collect()
    }

    fn next_minute(&mut self) {
        self.world.advance(60);
        self.crashed = false;
        for region in &mut self.regions {
            region.todo.push(CheckerEvent::scheduled(self.world.now()));
        }
    }

    /// Asks every region for a check, as the API does.
    fn request(&mut self) {
        self.world.advance(1);
        let events = self.requested();
        for (region, event) in self.regions.iter_mut().zip(events) {
            region.todo.push(event);
        }
    }

    /// One step of a region: to begin a check that finds this, or to go on with it.
    async fn step(&mut self, place: usize, found: bool, lives: bool) -> Result<(), TestCaseError> {
        let now = self.world.now();
        let region = &mut self.regions[place];
        let at = match region.under_way {
            None if region.todo.is_empty() => return Ok(()),
            None => {
                region.under_way = Some((found, now));
                region.lane.begin(region.todo.remove(0), found)
            }
            Some(_) => {
                self.crashed |= !lives;
                region.lane.go_on(lives)
            }
        };
        self.look().await?;
        let region = &mut self.regions[place];
        if let At::End(whole) = at {
            let ended = region.under_way.take();
            if whole {
                region.latest = ended;
            } else {
                region.lost.extend(ended);
            }
        }
        Ok(())
    }

    /// Whether this region's latest check may be one that found this, in the minute of now.
    fn may_have(&self, place: usize, wanted: bool) -> bool {
        let minute = self.world.now().start_of_minute();
        let region = &self.regions[place];
        let known = region.under_way.iter().chain(&region.latest).chain(&region.lost);
        known.copied().any(|(found, at)| found == wanted && at >= minute)
    }

    /// Compares a new status with what every region has seen.
    async fn look(&mut self) -> Result<(), TestCaseError> {
        let monitor = self.read().await;
        if monitor.status == self.status {
            return Ok(());
        }
        let before = std::mem::replace(&mut self.status, monitor.status);
        let count = |wanted| (0..3).filter(|place| self.may_have(*place, wanted)).count();
        match monitor.status {
            Status::Down => {
                // Not the newest by its id: that of two incidents which one tick opened is either.
                let store = &self.world.stack.app.store;
                let open = monitor.current_incident_id.expect("an incident");
                let named = &store.incident(self.owner.account, open).await.expect("the incident").regions;
                prop_assert!(named.len() >= 2, "opened by {named:?}");
                for name in named {
                    let place = REGIONS.iter().position(|code| *code == name.as_str()).expect("one of them");
                    prop_assert!(self.may_have(place, false), "{name} is named, and saw it up");
                }
            }
            Status::Up if before == Status::Down => {
                prop_assert!(count(true) >= 2, "ended, and {} saw it up", count(true));
            }
            Status::Degraded => prop_assert!(count(false) >= 1, "degraded, and nobody saw it down"),
            _ => {}
        }
        Ok(())
    }

    /// Lets every check come to its end, in this order of regions; then what most of them saw last is what the monitor is.
    async fn come_to_rest(&mut self, order: usize, found: u8) -> Result<(), TestCaseError> {
        for turn in 0..3 {
            let place = (order + turn) % 3;
            while self.regions[place].under_way.is_some() || !self.regions[place].todo.is_empty() {
                self.step(place, found & (1 << place) != 0, true).await?;
            }
        }
        let minute = self.world.now().start_of_minute();
        let saw = |wanted| {
            let latest = self.regions.iter().filter_map(|region| region.latest);
            latest.filter(|(found, at)| *found == wanted && *at >= minute).count()
        };
        if !self.crashed {
            prop_assert!(saw(false) < 2 || self.status == Status::Down, "an outage that nobody found");
            prop_assert!(saw(true) < 2 || self.status != Status::Down, "a recovery that nobody found");
        }
        Ok(())
    }

    async fn read(&self) -> Monitor {
        self.world.stack.app.store.monitor(self.owner.account, self.monitor).await.expect("the monitor")
    }
}

/// A minute: steps of regions (which region, what its check finds, how it goes on), and in which order all come to rest.
type Minute = (Vec<(usize, bool, u8)>, usize, u8);

fn minute() -> impl Strategy<Value = Minute> {
    (prop::collection::vec((0..3_usize, any::<bool>(), any::<u8>()), 0..30), 0..3_usize, 0..8_u8)
}

async fn live(minutes: Vec<Minute>) -> Result<(), TestCaseError> {
    let mut scene = Scene::new().await;
    // All begin with the site up.
    scene.next_minute();
    scene.come_to_rest(0, 7).await?;
    prop_assert_eq!(scene.status, Status::Up);
    for (steps, order, found) in minutes {
        scene.next_minute();
        for (place, found, luck) in steps {
            match luck {
                0..=5 => scene.request(),
                _ => scene.step(place, found, luck > 15).await?,
            }
        }
        scene.come_to_rest(order, found).await?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, max_shrink_iters: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn regions_agree_on_their_latest_checks_in_whatever_order_their_steps_come(
        minutes in prop::collection::vec(minute(), 1..5),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(live(minutes))?;
    }
}

#[tokio::test]
async fn a_site_that_fails_one_request_a_minute_each_time_another_regions_has_no_incident() {
    let mut scene = Scene::new().await;
    for turn in 0..12 {
        scene.next_minute();
        // The region that fails now decides before the one that failed in the minute before has said that it is up again.
        let failing = turn % 3;
        for place in [failing, (failing + 1) % 3, (failing + 2) % 3] {
            while scene.regions[place].under_way.is_some() || !scene.regions[place].todo.is_empty() {
                scene.step(place, place != failing, true).await.expect("no false alarm");
            }
        }
        assert_ne!(scene.status, Status::Down, "minute {turn}");
    }
    assert!(scene.world.incidents(&scene.owner).await.is_empty());
}

#[tokio::test]
async fn an_agreement_that_builds_up_over_several_ticks_is_found_by_the_last_of_them() {
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
        let mut scene = Scene::new().await;
        for down in [0, 1, 1, 1, 2] {
            scene.next_minute();
            for place in order {
                while scene.regions[place].under_way.is_some() || !scene.regions[place].todo.is_empty() {
                    // The first region sees it down for minutes, and then the second one does, too.
                    scene.step(place, place >= down, true).await.expect("right");
                }
            }
        }
        assert_eq!(scene.status, Status::Down, "{order:?}");
    }
}

/// A check that was asked for is still under way when the minute begins: its vote is too old to count by then, and the tick's own vote
/// comes too late, for the region has said so already. What the ticks found opens the incident all the same, in this minute.
#[tokio::test]
async fn a_check_asked_for_just_before_the_minute_does_not_hide_what_the_tick_finds() {
    let mut scene = Scene::new().await;
    scene.next_minute();
    scene.come_to_rest(0, 7).await.expect("all up");
    assert_eq!(scene.status, Status::Up);
    let beside: Vec<Lane> =
        REGIONS.iter().map(|name| Lane::start(&scene.world, name.parse().expect("a region"))).collect();
    let end = |lane: &Lane| while lane.go_on(true) == At::Request {};
    scene.world.advance(59);
    for (lane, event) in beside.iter().zip(scene.requested()) {
        // It has read the monitor and its place, and probed: what comes next is its vote.
        assert_eq!(lane.begin(event, false), At::Request);
        assert_eq!((lane.go_on(true), lane.go_on(true)), (At::Request, At::Request));
    }
    scene.world.advance(1);
    for region in &scene.regions {
        // It has said that it ticks, read the cohorts and the members, and probed.
        assert_eq!(region.lane.begin(CheckerEvent::scheduled(scene.world.now()), false), At::Request);
        assert_eq!([(); 3].map(|()| region.lane.go_on(true)), [At::Request; 3]);
    }
    beside.iter().for_each(end);
    for region in &scene.regions {
        end(&region.lane);
    }
    let monitor = scene.read().await;
    assert!(
        monitor.votes.values().all(|vote| vote.at < scene.world.now()),
        "the votes are those of the checks asked for"
    );
    assert_eq!(monitor.status, Status::Down);
}
