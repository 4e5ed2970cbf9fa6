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

/// Probes after which it is known better.
const KNOWN_AFTER: u32 = 32;

/// The longest step between two probes, whatever else the process is busy with.
const STEP_MAX: Duration = Duration::from_millis(5);

/// How far behind its time a probe may be and the next still follow at once: timers are good to a millisecond. After a longer
/// stop, those that were due meanwhile would begin all at once, and wait for each other.
const BEHIND_MAX: Duration = Duration::from_millis(2);

/// After so long without a probe, what was learnt is forgotten: the processor was busy with other things.
const REST: Duration = Duration::from_secs(1);

/// Hands out the moments at which probes begin.
#[derive(Debug)]
pub(crate) struct Pace {
    processors: f64,
    run: Mutex<Run>,
}

/// Probes that follow each other without a rest.
#[derive(Debug)]
struct Run {
    due: Instant,
    cpu_before: Duration,
    begun: u32,
}

impl Run {
    fn new(now: Instant) -> Self {
        Self { due: now, cpu_before: cpu(), begun: 0 }
    }
}

impl Pace {
    /// For a process that has this many processors, or this part of one.
    pub(crate) fn new(processors: f64) -> Self {
        Self { processors, run: Mutex::new(Run::new(Instant::now())) }
    }

    /// Waits until the next probe may begin. Those who come first begin first.
    pub(crate) async fn turn(&self) {
        let mut run = self.run.lock().await;
        let now = Instant::now();
        if now > run.due + REST {
            *run = Run::new(now);
        }
        if run.due > now {
            sleep_until(run.due).await;
        }
        // Several may begin in one millisecond. Whatever is ready goes before each of them.
        yield_now().await;
        let each = step(cpu().saturating_sub(run.cpu_before), run.begun, self.processors);
        run.begun += 1;
        run.due = run.due.max(Instant::now() - BEHIND_MAX) + each;
    }
}

/// How long after a probe the next one may begin, where `begun` of them have taken `spent` of CPU time.
fn step(spent: Duration, begun: u32, processors: f64) -> Duration {
    let each = if begun < KNOWN_AFTER { FIRST_GUESS } else { spent / begun };
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
        let ms = Duration::from_millis;
        assert_eq!(step(ms(100), 1_000, 1.0), Duration::from_micros(400));
        assert_eq!(step(ms(100), 1_000, 2.0), Duration::from_micros(200));
        assert_eq!(step(ms(100), 1_000, 0.25), Duration::from_micros(1_600), "of a quarter of a processor");
        assert_eq!(step(ms(0), 0, 1.0), 4 * FIRST_GUESS);
        assert_eq!(step(ms(60_000), 40, 1.0), STEP_MAX, "somebody else is busy");
    }

    #[tokio::test(start_paused = true)]
    async fn probes_begin_one_after_the_other_and_after_a_rest_at_once() {
        let (pace, started) = (Pace::new(1.0), Instant::now());
        for _ in 0..KNOWN_AFTER {
            pace.turn().await;
        }
        let waited = started.elapsed();
        assert!(waited >= 4 * FIRST_GUESS * (KNOWN_AFTER - 1), "{waited:?}");
        tokio::time::advance(2 * REST).await;
        let rested = Instant::now();
        pace.turn().await;
        assert_eq!(rested.elapsed(), Duration::ZERO);
    }
}
