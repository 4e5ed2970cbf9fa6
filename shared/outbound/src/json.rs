//! Compares bodies as JSON: in place where that is cheap, else on a blocking thread, so that nothing else waits for it.

use tokio::{
    sync::Semaphore,
    task::spawn_blocking,
    time::{Instant, timeout_at},
};
use valpero_domain::{
    body_check::{Budget, JsonAssertion, Values},
    probe::{Cause, ErrorCode},
};

/// The longest body that is compared in place, in bytes.
const IN_PLACE_BYTES: usize = 16 * 1024;

/// The budget in place: some hundred microseconds.
const IN_PLACE_STEPS: u64 = 50_000;

/// Bodies compared at the same time: each can take 20 MB of memory.
static TURNS: Semaphore = Semaphore::const_new(2);

/// Judges a body before the deadline.
///
/// # Errors
/// Which assertion fails, or `deadline`.
pub(crate) async fn judge(
    assertions: &[JsonAssertion],
    values: Values,
    body: &[u8],
    deadline: Instant,
) -> Result<(), Cause> {
    let in_time = move || Instant::now() < deadline;
    if body.len() <= IN_PLACE_BYTES {
        let mut budget = Budget::new(IN_PLACE_STEPS, &in_time);
        match JsonAssertion::judge_all(assertions, values, body, &mut budget) {
            Err(cause) if cause.code == ErrorCode::JsonTooCostly => {}
            judged => return judged,
        }
    }
    let (assertions, body) = (assertions.to_vec(), body.to_vec());
    let judged = async {
        let internal = |error: String| Cause::seen(ErrorCode::Internal, error);
        let turn = TURNS.acquire().await.map_err(|error| internal(error.to_string()))?;
        let judging = spawn_blocking(move || {
            // Held until the work ends, even if its caller is gone.
            let _turn = turn;
            JsonAssertion::judge_all(&assertions, values, &body, &mut Budget::new(Budget::CHECK, &in_time))
        });
        judging.await.map_err(|error| internal(error.to_string()))?
    };
    timeout_at(deadline, judged).await.unwrap_or_else(|_| Err(Cause::of(ErrorCode::Deadline)))
}

#[cfg(test)]
mod tests {
    use std::{pin::pin, time::Duration};

    use serde_json::json;
    use tokio::task::yield_now;

    use super::*;

    fn assertions(path: &str) -> Vec<JsonAssertion> {
        serde_json::from_value(json!(vec![json!({"path": path, "op": "exists"}); 10])).expect("comparisons")
    }

    /// About a megabyte, 120 deep.
    fn deep() -> Vec<u8> {
        let level = format!("[{}", "0,".repeat(4_000));
        format!("{}0{}", level.repeat(120), "]".repeat(120)).into_bytes()
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    #[tokio::test]
    async fn a_costly_path_ends_and_others_go_on_meanwhile() {
        let (assertions, body) = (assertions("$..[0:,0:,0:]"), deep());
        let mut judged = pin!(judge(&assertions, Values::Shown, &body, soon()));
        let mut turns = 0;
        let judged = loop {
            tokio::select! {
                biased;
                judged = &mut judged => break judged,
                () = yield_now() => turns += 1,
            }
        };
        assert_eq!(judged.expect_err("costly").code, ErrorCode::JsonTooCostly);
        assert!(turns > 0);
    }

    #[tokio::test]
    async fn a_small_body_has_the_whole_budget_too() {
        let body = format!("[{}]", vec!["0"; 1_000].join(","));
        // More than is done in place, and within the budget.
        let judged = judge(&assertions("$[?$[999] == 0]"), Values::Shown, body.as_bytes(), soon()).await;
        assert_eq!(judged.expect_err("costly").code, ErrorCode::JsonTooCostly);
        let judged = judge(&assertions("$[?$[200] == 0]")[..5], Values::Shown, body.as_bytes(), soon()).await;
        assert_eq!(judged, Ok(()));
    }

    #[tokio::test]
    async fn what_is_found_out_too_late_is_not_up() {
        let body = deep();
        for body in [&b"[0]"[..], &body] {
            let judged = judge(&assertions("$[0]"), Values::Shown, body, Instant::now()).await;
            assert_eq!(judged.expect_err("too late").code, ErrorCode::Deadline);
        }
    }
}
