//! Webhooks: their secrets, their deliveries, and trying them.

mod deliveries;
mod redeliver;
mod rotate_secret;
mod test;

use utoipa_axum::{router::OpenApiRouter, routes};
use valpero_app::{App, Needs, http::Problem};

/// It says that deliveries are due.
pub const NEEDS: Needs = Needs { queue: true, events: false, targets: false, region: false };

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(rotate_secret::rotate_secret))
        .routes(routes!(test::test))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::read))
        .routes(routes!(redeliver::redeliver))
}

/// 409: there is nowhere to send to.
fn no_webhook() -> Problem {
    Problem::conflict("no_webhook", "The monitor has no webhook_url. Give it one first.")
}

/// 409: the receiver said that it is gone.
fn webhook_disabled() -> Problem {
    let detail =
        "The webhook is switched off, for its receiver answered 410 Gone. Give the monitor another webhook_url.";
    Problem::conflict("webhook_disabled", detail)
}
