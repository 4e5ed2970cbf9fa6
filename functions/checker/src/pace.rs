//! When probes begin: no faster than the processor can follow. Were all of a tick's begun at once, each would wait for the work on the
//! others, and what is measured as the target's time would be our own queue.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tokio::{
    sync::Mutex,
    task::yield_now,
    time::{Instant, sleep_until},
};

/// The part of the processor that probes may keep busy: so few of them wait for each other that the median waits for none.
const BUSY: f64 = 0.25;

/// What a probe takes until it is known better: more than it will turn out to be, so that the first ones do not crowd.
const FIRST_GUESS: Duration = Duration::from_micros(250);

/// How many of the last probes say what the next one takes.
const LAST: u32 = 32;

/// The most that the work between two probes says of them: what is more was something else, such as reading what is to be probed.
const SPENT_MAX: Duration = Duration::from_millis(2);

/// The longest step between two probes, whatever else the process is busy with.
const STEP_MAX: Duration = Duration::from_millis(5);

/// How far behind its time a probe may be and the next still follow at once: timers are good to a millisecond. After a longer
/// stop, those that were due meanwhile would begin all at once, and wait for each other.
const BEHIND_MAX: Duration = Duration::from_millis(2);

/// After so long without a probe, the processor was busy with other things, or asleep.
const REST: Duration = Duration::from_millis(100);

/// Hands out the moments at which probes begin.
#[derive(Debug)]
pub(crate) struct Pace {
    processors: f64,
    run: Mutex<Run>,
}

/// Where the row of probes is.
#[derive(Debug)]
struct Run {
    due: Instant,
    /// The process's CPU time when the last one began.
    cpu: Duration,
    /// What one takes, by the last of them.
    each: Duration,
}

impl Pace {
    /// For a process that has this many processors, or this part of one.
    pub(crate) fn new(processors: f64) -> Self {
        Self { processors, run: Mutex::new(Run { due: Instant::now(), cpu: cpu(), each: FIRST_GUESS }) }
    }

    /// Waits until the next probe may begin. Those who come first begin first.
    pub(crate) async fn turn(&self) {
        let mut run = self.run.lock().await;
        let now = Instant::now();
        let rested = now > run.due + REST;
        if run.due > now {
            sleep_until(run.due).await;
        }
        // Several may begin in one millisecond. Whatever is ready goes before each of them.
        yield_now().await;
        let cpu = cpu();
        if !rested {
            run.each = learn(run.each, cpu.saturating_sub(run.cpu));
        }
        run.cpu = cpu;
        run.due = run.due.max(Instant::now() - BEHIND_MAX) + step(run.each, self.processors);
    }
}

/// What a probe takes, after the work between two of them took so long.
fn learn(each: Duration, spent: Duration) -> Duration {
    (each * (LAST - 1) + spent.min(SPENT_MAX)) / LAST
}

/// How long after a probe the next one may begin.
fn step(each: Duration, processors: f64) -> Duration {
    each.div_f64(BUSY * processors).min(STEP_MAX)
}

/// CPU time of this process.
fn cpu() -> Duration {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(spent.tv_sec).unwrap_or(0), u32::try_from(spent.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_keep_a_quarter_of_the_processor_busy() {
        let us = Duration::from_micros;
        assert_eq!(step(us(100), 1.0), us(400));
        assert_eq!(step(us(100), 2.0), us(200));
        assert_eq!(step(us(100), 0.25), us(1_600), "of a quarter of a processor");
        assert_eq!(step(us(2_000), 0.25), STEP_MAX, "somebody else is busy");
    }

    #[test]
    fn the_last_probes_say_what_the_next_one_takes() {
        let us = Duration::from_micros;
        let after = |count, spent| (0..count).fold(FIRST_GUESS, |each, _| learn(each, spent));
        assert!(after(200, us(80)) < us(82), "{:?}", after(200, us(80)));
        assert!(after(200, us(900)) > us(890));
        assert!(learn(us(80), Duration::from_secs(1)) < us(150), "one long piece of other work says little");
    }

    #[tokio::test(start_paused = true)]
    async fn probes_begin_one_after_the_other_and_after_a_rest_at_once() {
        let (pace, started) = (Pace::new(1.0), Instant::now());
        for _ in 0..4 {
            pace.turn().await;
        }
        // It learns meanwhile that they take nothing.
        assert!(started.elapsed() >= 2 * FIRST_GUESS * 3, "{:?}", started.elapsed());
        tokio::time::advance(2 * REST).await;
        let rested = Instant::now();
        pace.turn().await;
        assert_eq!(rested.elapsed(), Duration::ZERO);
        pace.turn().await;
        assert!(rested.elapsed() < REST, "what was missed meanwhile is not made up for");
    }
}
