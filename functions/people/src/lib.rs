//! People of an account, invitations, and a person's own sessions.

mod invitations;
mod people;
mod sessions;

use axum::{Extension, Router};
use valpero_http::{Problem, Routes, routes};
use valpero_mail::Mailer;
use valpero_runtime::Needs;
use valpero_storage::PeopleError;

/// It mails invitations, with a link to the deployment.
pub const NEEDS: Needs = Needs { mail: true, links: true, ..Needs::NONE };

/// How invitations are mailed.
#[derive(Debug, Clone)]
pub struct Post {
    mailer: Mailer,
}

impl Post {
    /// By this mailer.
    pub fn new(mailer: Mailer) -> Self {
        Self { mailer }
    }

    /// The mailer.
    pub fn mailer(&self) -> &Mailer {
        &self.mailer
    }

    /// Puts the mailer beside the requests to these routes, where the handlers take it from.
    pub fn beside(self, routes: Router) -> Router {
        routes.layer(Extension(self))
    }
}

/// The routes of this function. They need [`Post::beside`].
pub fn routes() -> Routes {
    Routes::new()
        .with(routes!(people::list::list))
        .with(routes!(invitations::list::list, invitations::create::create))
        .with(routes!(invitations::withdraw::withdraw))
        .with(routes!(people::update::update, people::remove::remove))
        .with(routes!(sessions::list))
        .with(routes!(sessions::end))
}

/// What a client is told.
fn problem(error: PeopleError) -> Problem {
    match error {
        PeopleError::LastOwner => Problem::last_owner(),
        PeopleError::Member => Problem::already_member(),
        PeopleError::Store(error) => error.into(),
        error @ (PeopleError::Full | PeopleError::Taken | PeopleError::Gone) => Problem::internal(&error),
    }
}
