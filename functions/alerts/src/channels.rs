//! Channels: create, read, change, test, preview and delete them.

pub mod create;
pub mod delete;
pub mod list;
pub mod preview;
pub mod read;
pub mod rotate_secret;
pub mod test;
pub mod update;

use valpero_domain::{
    Invalid,
    channel::{Allowance, ChannelSpec, ChannelType, Settings, TEMPLATE},
};
use valpero_http::{Code, Problem};
use valpero_mail::Mailer;
use valpero_runtime::App;
use valpero_views::body;

body!(ChannelCreate, ChannelSpec::OBJECT, Whole);
body!(PreviewSettings, ChannelSpec::PREVIEW, Whole);
body!(ChannelPatch, ChannelSpec::OBJECT, Patch);

/// What this deployment lets a channel be.
fn allowance(app: &App) -> Allowance<'_> {
    Allowance { private_targets: app.settings.private_targets, blocked_ports: app.settings.blocked_ports }
}

/// Whether settings that were read can be used here.
fn check(settings: &Settings, mailer: &Mailer) -> Result<(), Problem> {
    if settings.channel_type() == ChannelType::Email && !mailer.sends() {
        return Err(Problem::conflict(
            Code::MailNotSent,
            "This deployment sends no mail, so an e-mail channel would tell nobody. Its operator can set the template's parameter MailFrom.",
        ));
    }
    valpero_channels::check(settings).map_err(bad_template)
}

/// 422: the template makes no JSON.
fn bad_template(error: Invalid) -> Problem {
    Problem::invalid_at(format!("/{}", TEMPLATE.name), error.0)
}
