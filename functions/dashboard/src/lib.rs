//! The dashboard: HTML pages for people. A page asks the API in this process, as the person who looks at it.

mod assets;
mod charts;
mod client;
mod digits;
mod entry;
mod form;
mod page;
mod pages;
mod parts;
mod texts;
mod visitor;
mod words;

use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{get, post},
};
use valpero_api::WaysOut;
use valpero_http::{Problem, front::finish_pages};
use valpero_mail::Mailer;
use valpero_runtime::{App, Needs};

use pages::{
    alerts, channels, deliveries, enter, forgot, incident, incidents, monitor, monitor_form, monitors, mute, paste,
    policies, routes, settings, sign_in, signing_in, status_pages, tools, tv,
};

/// It does what the API does, and sends links to itself.
pub const NEEDS: Needs =
    Needs { queue: true, events: true, targets: true, mail: true, links: true, guests: true, ..Needs::NONE };

/// The state of the pages.
#[derive(Debug, Clone)]
pub(crate) struct Dashboard {
    app: App,
    api: Router,
    mailer: Mailer,
}

/// Every page.
pub fn router(app: App, ways_out: WaysOut) -> Router {
    let mailer = ways_out.post.mailer().clone();
    let dashboard = Dashboard { mailer, api: valpero_api::inner_router(app.clone(), ways_out), app: app.clone() };
    let signed_in = Router::new()
        .route("/", get(monitors::list))
        .route("/monitors", get(monitors::list).post(monitors::create_quick))
        .route("/monitors/selected", post(monitors::selected))
        .route("/monitors/paste", get(paste::show).post(paste::create))
        .route("/monitors/new", get(monitor_form::new).post(monitor_form::create))
        .route("/monitors/{id}", get(monitor::show))
        .route("/monitors/{id}/edit", get(monitor_form::edit).post(monitor_form::update))
        .route("/monitors/{id}/delete", get(monitor::actions::ask_delete).post(monitor::actions::delete))
        .route("/monitors/{id}/rotate-secret", get(monitor::actions::ask_rotate).post(monitor::actions::rotate_secret))
        .route("/monitors/{id}/check", post(monitor::actions::check))
        .route("/monitors/{id}/pause", post(monitor::actions::pause))
        .route("/monitors/{id}/resume", post(monitor::actions::resume))
        .route("/monitors/{id}/mute", post(monitor::actions::mute))
        .route("/monitors/{id}/unmute", post(monitor::actions::unmute))
        .route("/monitors/{id}/webhook-test", post(monitor::actions::webhook_test))
        .route("/tv", get(tv::show))
        .route("/incidents", get(incidents::list))
        .route("/incidents/{id}", get(incident::show))
        .route("/incidents/{id}/acknowledge", post(incident::acknowledge))
        .route("/incidents/{id}/resolve", get(incident::ask_resolve).post(incident::resolve))
        .route("/incidents/{id}/comments", post(incident::comment))
        .route("/deliveries", get(deliveries::list))
        .route("/deliveries/{id}", get(deliveries::show))
        .route("/deliveries/{id}/redeliver", post(deliveries::redeliver))
        .route("/webhook-deliveries", get(deliveries::list_of_webhooks))
        .route("/webhook-deliveries/{id}", get(deliveries::show_of_webhook))
        .route("/webhook-deliveries/{id}/redeliver", post(deliveries::redeliver_webhook))
        .route("/status-pages", get(status_pages::list))
        .route("/status-pages/new", get(status_pages::form::new).post(status_pages::form::create))
        .route("/status-pages/new/preview", post(status_pages::preview::of_new))
        .route("/status-pages/{id}", get(status_pages::form::edit).post(status_pages::form::save))
        .route("/status-pages/{id}/preview", post(status_pages::preview::of_stored))
        .route("/status-pages/{id}/delete", post(status_pages::form::delete))
        .route("/status-pages/{id}/components", get(status_pages::components::show))
        .route("/status-pages/{id}/components/{component}", post(status_pages::components::set))
        .route("/status-pages/{id}/domain", get(status_pages::domain::show).post(status_pages::domain::set))
        .route("/status-pages/{id}/domain/remove", post(status_pages::domain::remove))
        .route("/status-pages/{id}/subscribers", get(status_pages::subscribers::list))
        .route("/status-pages/{id}/subscribers/{subscriber}/remove", post(status_pages::subscribers::remove))
        .route("/status-pages/{id}/posts", get(status_pages::posts::list))
        .route("/status-pages/{id}/posts/new", get(status_pages::posts::new).post(status_pages::posts::create))
        .route("/status-pages/{id}/posts/{post}", get(status_pages::post::show).post(status_pages::post::save))
        .route("/status-pages/{id}/posts/{post}/updates", post(status_pages::post::add_update))
        .route("/status-pages/{id}/posts/{post}/delete", post(status_pages::post::delete))
        .route("/tools", get(tools::show).post(tools::run))
        .route("/settings", get(settings::account::show).post(settings::account::save))
        .route("/settings/keys", get(settings::keys::list).post(settings::keys::create))
        .route("/settings/keys/{id}/rotate", get(settings::key::ask_rotate).post(settings::key::rotate))
        .route("/settings/keys/{id}/rename", get(settings::key::ask_rename).post(settings::key::rename))
        .route("/settings/keys/{id}/revoke", get(settings::key::ask_revoke).post(settings::key::revoke))
        .route("/settings/people", get(settings::people::list))
        .route("/settings/people/invitations", post(settings::people::invite))
        .route("/settings/people/invitations/{id}/withdraw", post(settings::people::withdraw))
        .route("/settings/people/{id}/role", post(settings::people::set_role))
        .route("/settings/people/{id}/remove", get(settings::people::ask_remove).post(settings::people::remove))
        .route("/settings/sessions", get(settings::sessions::list))
        .route("/settings/sessions/{id}/end", post(settings::sessions::end))
        .route("/settings/audit", get(settings::audit::list))
        .route("/settings/plan", get(settings::plan::show).post(settings::plan::redeem))
        .route("/alerts", get(alerts::show))
        .route("/alerts/mute", post(mute::mute))
        .route("/alerts/unmute", post(mute::unmute))
        .route("/alerts/channels/new", get(channels::new).post(channels::create))
        .route("/alerts/channels/{id}", get(channels::show::show))
        .route("/alerts/channels/{id}/edit", get(channels::edit).post(channels::save))
        .route("/alerts/channels/{id}/test", post(channels::show::test))
        .route("/alerts/channels/{id}/rotate-secret", post(channels::show::rotate_secret))
        .route("/alerts/channels/{id}/delete", post(channels::show::delete))
        .route("/alerts/policies/new", get(policies::new).post(policies::create))
        .route("/alerts/policies/{id}", get(policies::edit).post(policies::save))
        .route("/alerts/policies/{id}/delete", post(policies::delete))
        .route("/alerts/routes", get(routes::edit).post(routes::save))
        .route("/settings/two-factor", get(signing_in::show).post(signing_in::act))
        .route("/sign-out", post(sign_in::out))
        .fallback(|| async { Problem::no_page() })
        .method_not_allowed_fallback(|| async { Problem::no_page() })
        .layer(from_fn_with_state(dashboard.clone(), visitor::greet));
    let open = Router::new()
        .route("/sign-in", get(sign_in::show).post(sign_in::act))
        .route("/sign-in/code", post(sign_in::code))
        .route("/enter/{secret}", get(enter::show).post(enter::act))
        .route("/forgot", get(forgot::show).post(forgot::act))
        .route("/assets/{name}", get(assets::serve));
    finish_pages(signed_in.merge(open).with_state(dashboard), app)
}
