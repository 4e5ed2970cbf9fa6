//! What a process takes: its own CPU time, and its memory.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serde_json::json;

/// CPU time of all threads of this process, in user and system mode.
pub(crate) fn cpu() -> Duration {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(spent.tv_sec).unwrap_or(0), u32::try_from(spent.tv_nsec).unwrap_or(0))
}

/// A line of `/proc/self/status`, in KiB.
fn status_kib(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_suffix(" kB")?.parse().ok())
}

/// A measured round.
pub(crate) struct Round {
    cpu: Duration,
    wall: Instant,
    memory_kib: Option<u64>,
}

impl Round {
    pub(crate) fn start() -> Self {
        Self { memory_kib: status_kib("VmRSS:"), cpu: cpu(), wall: Instant::now() }
    }

    /// Prints what it took for each of `count` requests, of which `up` had the answer they should.
    #[expect(clippy::print_stdout, clippy::cast_precision_loss, reason = "this is what the program is for")]
    pub(crate) fn end(self, count: usize, up: usize) {
        let (cpu, wall) = (cpu().saturating_sub(self.cpu), self.wall.elapsed());
        let each_us = cpu.as_secs_f64() * 1e6 / count.max(1) as f64;
        let line = json!({
            "cpu_us": each_us, "wall_ms": wall.as_secs_f64() * 1e3, "count": count, "up": up,
            "memory_kib": self.memory_kib, "peak_kib": status_kib("VmHWM:"),
        });
        println!("{line}");
    }
}
