//! Webhooks: their secrets and trying them; and the deliveries to webhooks and channels.

mod deliveries;
mod redeliver;
mod rotate_secret;
mod test;

use valpero_domain::{Field, MonitorId, Timestamp};
use valpero_http::{Code, Problem, Routes, routes};
use valpero_runtime::{App, Needs};
use valpero_storage::{Monitor, Quota};

/// It says that deliveries are due.
pub const NEEDS: Needs = Needs { queue: true, ..Needs::NONE };

/// The routes of this function.
pub fn routes() -> Routes {
    Routes::new()
        .with(routes!(rotate_secret::rotate_secret))
        .with(routes!(test::test))
        .with(routes!(deliveries::list_of_webhooks))
        .with(routes!(deliveries::read_of_webhook))
        .with(routes!(redeliver::redeliver_webhook))
        .with(routes!(deliveries::list))
        .with(routes!(deliveries::read))
        .with(routes!(redeliver::redeliver))
}

/// The monitor whose webhook a request is about.
const MONITOR_ID: Field = Field::text("monitor_id", &MonitorId::TEXT).required().says("Monitor that has the webhook.");

/// Webhooks of one monitor that may be asked for in one calendar minute: a receiver that hangs holds up all others' meanwhile.
const A_MINUTE: u32 = 60;

/// Counts a webhook that was asked for.
async fn within_quota(app: &App, monitor: &Monitor, now: Timestamp) -> Result<(), Problem> {
    if app.store.count_request(monitor.account_id, monitor.id, Quota::Webhooks, now, A_MINUTE).await? {
        return Ok(());
    }
    let wait_s = (now.minute() + 1) * 60 - now.seconds();
    let detail = format!("A monitor's webhook can be tried or sent again {A_MINUTE} times a minute.");
    Err(Problem::too_many(Code::WebhookQuotaReached, detail, wait_s))
}

/// 409: there is nowhere to send to.
fn no_webhook() -> Problem {
    Problem::conflict(Code::NoWebhook, "The monitor has no webhook_url. Give it one first.")
}

/// 409: the receiver said that it is gone.
fn webhook_disabled() -> Problem {
    let detail =
        "The webhook is switched off, for its receiver answered 410 Gone. Give the monitor another webhook_url.";
    Problem::conflict(Code::WebhookDisabled, detail)
}
