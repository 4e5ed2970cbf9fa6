//! What a process takes: its own CPU time, and the most memory that it ever had.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serde_json::json;

/// CPU time of all threads of this process, in user and system mode.
fn cpu() -> Duration {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(spent.tv_sec).unwrap_or(0), u32::try_from(spent.tv_nsec).unwrap_or(0))
}

/// The most memory that this process had, in KiB (`VmHWM` of proc(5)).
fn memory_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok())
}

/// A measured round.
pub(crate) struct Round(Duration, Instant);

impl Round {
    pub(crate) fn start() -> Self {
        Self(cpu(), Instant::now())
    }

    /// Prints what it took for each of `count` requests, of which `up` had the answer they should.
    #[expect(clippy::print_stdout, clippy::cast_precision_loss, reason = "this is what the program is for")]
    pub(crate) fn end(self, count: usize, up: usize) {
        let (cpu, wall) = (cpu().saturating_sub(self.0), self.1.elapsed());
        let each_us = cpu.as_secs_f64() * 1e6 / count.max(1) as f64;
        let line = json!({
            "cpu_us": each_us, "wall_ms": wall.as_secs_f64() * 1e3, "count": count, "up": up, "memory_kib": memory_kib(),
        });
        println!("{line}");
    }
}
