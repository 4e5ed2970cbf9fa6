//! `POST /api/v1/people/invitations`.

use axum::{Extension, extract::State, response::Response};
use serde_json::Value;
use valpero_auth::OneTimeSecret;
use valpero_domain::{
    AccountId, AuditAction, Faults, Field, Fields, InvitationId, Object, Role, mail_address, mail_address::MailAddress,
};
use valpero_http::{Answer, Auth, Idempotency, IdempotencyParam, JsonBody, Problem, Ticket, need};
use valpero_mail::{Fate, Tags, letter};
use valpero_runtime::{App, entropy};
use valpero_storage::{Invitation, Optional};
use valpero_views::{self as views, Shown, body};

use crate::{Post, people::may_give};

const EMAIL: Field = Field::text("email", &mail_address::TEXT).required().says("Who is invited.");
const ROLE: Field = Field::text("role", &Role::TEXT).required().says("What the person will be.");

/// The body of an invitation.
const OBJECT: Object =
    Object { name: "InvitationCreate", patch_name: "", says: "A person to invite.", fields: &[EMAIL, ROLE] };

body!(InvitationCreate, OBJECT, Whole);

/// Seconds for which the link of an invitation is good: 7 days.
const GOOD_FOR_S: i64 = 7 * 86_400;

/// Invite a person. `invite_url` is shown only in this response; it is good for 7 days and one use, and is mailed, too, where the deployment
/// sends mail. Only an owner can invite owners, otherwise 403 `owners_only`. People and open invitations count together, up to the limit of the
/// plan, then 403 `people_limit_reached`. A person who belongs to the account is 409 `already_member`.
#[utoipa::path(
    post,
    path = "/api/v1/people/invitations",
    operation_id = "invite_person",
    tag = "people",
    security(("key" = ["people:write"])),
    params(IdempotencyParam),
    request_body = InvitationCreate,
    responses((status = 201, description = "The invitation with its link", body = views::Invitation))
)]
pub async fn create(
    State(app): State<App>,
    Extension(post): Extension<Post>,
    Auth { caller, .. }: Auth<need::PeopleWrite>,
    idempotency: Idempotency,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let invite = async |ticket: Ticket| {
        let (now, account) = (app.now(), caller.account());
        let (address, role) = asked(&body)?;
        may_give(&app, &caller, &[role]).await?;
        has_room(&app, account, address.as_given()).await?;
        let secret = OneTimeSecret::generate();
        let invitation = Invitation {
            account_id: account,
            id: InvitationId::new(now, entropy()),
            email: address.as_given().to_owned(),
            role,
            link_hash: secret.hash(),
            by: caller.author.clone(),
            created_at: now,
            expires_at: now.plus_seconds(GOOD_FOR_S),
        };
        let url = secret.url(app.settings.public_url.as_ref());
        let mailed = mailed(&app, &post, &invitation, &address, &url).await;
        let view = views::Invitation {
            invite_url: Some(Shown::from(url.as_str())),
            mailed: Some(mailed),
            ..views::Invitation::of(&invitation)
        };
        let answer = Answer::created(None, &view);
        let trail = ticket.trail(AuditAction::PersonInvited, &invitation.id, &answer, now)?;
        app.store.invite(&invitation, &trail).await?;
        Ok(answer)
    };
    idempotency.once(&app, &caller, &body, invite).await
}

fn asked(body: &Value) -> Result<(MailAddress, Role), Faults> {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, "", &mut faults);
    let address: Option<MailAddress> = fields.read(&EMAIL, &mut faults);
    let role: Option<Role> = fields.read(&ROLE, &mut faults);
    fields.finish(&mut faults);
    faults.finish(address.zip(role))
}

/// Whether the account takes one more person, and does not have this one.
async fn has_room(app: &App, account: AccountId, email: &str) -> Result<(), Problem> {
    let person = app.store.person_by_email(email).await?;
    if let Some(person) = person
        && app.store.member(account, person.user_id).await.optional()?.is_some()
    {
        return Err(Problem::already_member());
    }
    let now = app.now();
    let found = app.store.account(account).await?;
    let most = found.plan.limits().people;
    let open = app.store.invitations(account, None, usize::try_from(most).unwrap_or(usize::MAX)).await?;
    let open = open.iter().filter(|invitation| invitation.expires_at > now).count();
    let taken = usize::try_from(found.people).unwrap_or(usize::MAX).saturating_add(open);
    if taken >= usize::try_from(most).unwrap_or(usize::MAX) { Err(Problem::people_limit(most)) } else { Ok(()) }
}

/// Mails the invitation; whether it left. Where it did not, the link is in the answer still.
async fn mailed(app: &App, post: &Post, invitation: &Invitation, to: &MailAddress, url: &str) -> bool {
    if !post.mailer.sends() {
        return false;
    }
    let by = invitation.by.name.as_deref().unwrap_or("Somebody");
    let letter = letter::invitation(to, by, url);
    let tags = Tags { account: invitation.account_id, channel: None };
    let posted = post.mailer.send(&letter, tags, app.now()).await;
    let left = matches!(posted.fate, Fate::Delivered { .. });
    if !left {
        tracing::warn!(invitation = %invitation.id, fate = ?posted.fate, "an invitation was not mailed");
    }
    left
}
