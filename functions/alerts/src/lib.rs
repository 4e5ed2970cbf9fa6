//! Alerts: the channels on which people and their tools are told, which of them an incident reaches, and when they are silent.

mod alert_routes;
mod channels;
mod mute;
mod policies;

use axum::{Extension, Router};
use valpero_http::{Routes, routes};
use valpero_mail::Mailer;
use valpero_outbound::{Outbound, OutboundError};
use valpero_runtime::Needs;

/// It connects to hosts that users name, sends mail, and says that a mute was ended.
pub const NEEDS: Needs = Needs { queue: true, targets: true, mail: true, ..Needs::NONE };

/// The ways out that test messages take.
#[derive(Debug, Clone)]
pub struct Alerts {
    outbound: Outbound,
    mailer: Mailer,
}

impl Alerts {
    /// With these ways out.
    pub fn new(outbound: Outbound, mailer: Mailer) -> Self {
        Self { outbound, mailer }
    }

    /// Those of a function on AWS. `private_targets` opens private networks, never the machine itself.
    ///
    /// # Errors
    /// Where DNS or TLS cannot be set up.
    pub fn on_aws(private_targets: bool, mailer: Mailer) -> Result<Self, OutboundError> {
        Ok(Self::new(Outbound::on_aws(private_targets)?, mailer))
    }

    /// Puts the ways out beside the requests to these routes, where the handlers take them from.
    pub fn beside(self, routes: Router) -> Router {
        routes.layer(Extension(self))
    }
}

/// The routes of this function. They need [`Alerts::beside`].
pub fn routes() -> Routes {
    Routes::new()
        .with(routes!(channels::list::list, channels::create::create))
        .with(routes!(channels::preview::preview))
        .with(routes!(channels::read::read, channels::update::update, channels::delete::delete))
        .with(routes!(channels::test::test))
        .with(routes!(channels::rotate_secret::rotate_secret))
        .with(routes!(policies::list::list, policies::create::create))
        .with(routes!(policies::read::read, policies::update::update, policies::delete::delete))
        .with(routes!(alert_routes::read::read, alert_routes::replace::replace))
        .with(routes!(mute::mute_monitor))
        .with(routes!(mute::unmute_monitor))
        .with(routes!(mute::mute_account))
        .with(routes!(mute::unmute_account))
}
