//! People of an account, signed in, and their browsers.

use axum::{
    body::Body,
    http::{Request, header},
};
use valpero_auth::{OneTimeSecret, PasswordHash, Token};
use valpero_domain::{Actor, InvitationId, KeyId, Role, UserId};
use valpero_runtime::entropy;
use valpero_storage::{ApiKey, Invitation, Joining, Member, Person, SESSION_MOST_S, SessionOf, Trail};

use super::{Reply, Tenant, World};

/// A person's browser, signed in.
#[derive(Debug, Clone)]
pub struct Browser {
    /// The person.
    pub user: UserId,
    /// The person's address.
    pub email: String,
    /// The session's token.
    pub token: String,
    /// The session, as a key.
    pub session: KeyId,
}

impl World {
    /// An invitation into the account, and the path of its link.
    pub async fn invitation(&self, tenant: &Tenant, email: &str, role: Role) -> (Invitation, String) {
        let secret = OneTimeSecret::generate();
        let invitation = Invitation {
            account_id: tenant.account,
            id: InvitationId::new(self.now(), entropy()),
            email: email.to_owned(),
            role,
            link_hash: secret.hash(),
            by: Actor::Operator.into(),
            created_at: self.now(),
            expires_at: self.now().plus_seconds(7 * 86_400),
        };
        let trail = Trail::from(self.audit(tenant.account));
        self.stack.app.store.invite(&invitation, &trail).await.expect("an invitation");
        (invitation, secret.url(None))
    }

    /// A new person of the account, with this password hash if any, who is signed in.
    pub async fn person(&self, tenant: &Tenant, role: Role, password: Option<PasswordHash>) -> Browser {
        let (now, store) = (self.now(), &self.stack.app.store);
        let user_id = UserId::new(now, entropy());
        let email = format!("{}@people.example", user_id.to_string().to_lowercase());
        let (invitation, _) = self.invitation(tenant, &email, role).await;
        let person =
            Person { user_id, email: email.clone(), name: "Ada".to_owned(), password, totp: None, created_at: now };
        let member = Member {
            account_id: tenant.account,
            user_id,
            email: email.clone(),
            name: person.name.clone(),
            role,
            joined_at: now,
            signed_in_at: None,
            has_totp: false,
            opened: 0,
        };
        let joining = Joining { member: &member, new: Some(&person), invitation: &invitation, most: 1000 };
        store.admit(&joining, &self.audit(tenant.account)).await.expect("admitted");
        self.sign_in(tenant, user_id).await
    }

    /// Another browser of a person.
    pub async fn sign_in(&self, tenant: &Tenant, user: UserId) -> Browser {
        let (now, store) = (self.now(), &self.stack.app.store);
        let member = store.member(tenant.account, user).await.expect("a member");
        let token = Token::generate_session();
        let id = KeyId::new(now, entropy());
        let key = ApiKey::new(&token, tenant.account, id, member.name.clone(), member.role.scopes(), 1000, now);
        let of = SessionOf { user_id: user, ip: Some("192.0.2.7".to_owned()), user_agent: Some("tests/1".to_owned()) };
        let session = ApiKey { session: Some(of), expires_at: Some(now.plus_seconds(SESSION_MOST_S)), ..key };
        store.open_session(&member, &session, &[], &self.audit(tenant.account)).await.expect("a session");
        Browser { user, email: member.email, token: token.reveal().to_owned(), session: id }
    }

    /// A page, as the person's browser asks for it.
    pub async fn page(&self, path: &str, browser: &Browser) -> Reply {
        let request = Request::get(path).header(header::COOKIE, cookie(&browser.token));
        self.send(request.body(Body::empty()).expect("a request")).await
    }

    /// A form, as the person's browser sends it from a page of this deployment.
    pub async fn submit(&self, path: &str, browser: &Browser, form: &[(&str, &str)]) -> Reply {
        let request = self.form(path, form).header(header::COOKIE, cookie(&browser.token));
        self.send(request.header("sec-fetch-site", "same-origin").body(encoded(form)).expect("a request")).await
    }

    /// A form, as the browser of somebody who is not signed in sends it from a page of this deployment.
    pub async fn submit_as_nobody(&self, path: &str, form: &[(&str, &str)]) -> Reply {
        let request = self.form(path, form).header("sec-fetch-site", "same-origin");
        self.send(request.body(encoded(form)).expect("a request")).await
    }

    /// A form, with nothing that tells who sends it and from where.
    pub fn form(&self, path: &str, _: &[(&str, &str)]) -> axum::http::request::Builder {
        Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
    }
}

/// The cookie of a session.
pub fn cookie(token: &str) -> String {
    format!("__Host-valpero={token}")
}

/// The fields of a form as a body.
pub fn encoded(form: &[(&str, &str)]) -> Body {
    let mut text = url::form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(form);
    Body::from(text.finish())
}
