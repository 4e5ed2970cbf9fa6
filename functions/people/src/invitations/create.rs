//! `POST /api/v1/people/invitations`.

use axum::{Extension, extract::State, response::Response};
use serde_json::Value;
use valpero_auth::OneTimeSecret;
use valpero_domain::{
    AccountId, AuditAction, Faults, Field, Fields, InvitationId, Object, Role, Timestamp, mail_address,
    mail_address::MailAddress,
};
use valpero_http::{Answer, Auth, Code, Idempotency, IdempotencyParam, JsonBody, Problem, Ticket, need};
use valpero_mail::{Fate, Tags, letter};
use valpero_runtime::{App, entropy};
use valpero_storage::{Invitation, Optional, Quota};
use valpero_views::{self as views, Shown, body};

use crate::{Post, people::may_give};

const EMAIL: Field = Field::text("email", &mail_address::TEXT).required().says("Who is invited.");
const ROLE: Field = Field::text("role", &Role::TEXT).required().says("What the person will be.");

/// The body of an invitation.
const OBJECT: Object =
    Object { name: "InvitationCreate", patch_name: "", says: "A person to invite.", fields: &[EMAIL, ROLE] };

body!(InvitationCreate, OBJECT, Whole);

/// Invitations that an account may make in an hour.
const INVITATIONS_AN_HOUR: u32 = 20;

/// Seconds for which the link of an invitation is good: 7 days.
const GOOD_FOR_S: i64 = 7 * 86_400;

/// Invite a person. `invite_url` is shown only in this response; it is good for 7 days and one use, and is mailed, too, where the deployment
/// sends mail. Only an owner can invite owners, otherwise 403 `owners_only`; a role with scopes that the caller lacks is 403
/// `scope_beyond_key`. The invitation ends with whoever made it: by removal, demotion or revocation. People and open invitations count together, up to the limit of the
/// plan, then 403 `people_limit_reached`. A person who belongs to the account is 409 `already_member`. An
/// account can invite 20 people an hour, then 429 `invitation_quota_reached`.
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
        within_quota(&app, account, now).await?;
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
        let view = views::Invitation {
            invite_url: Some(Shown::from(url.as_str())),
            mailed: Some(post.mailer.sends()),
            ..views::Invitation::of(&invitation)
        };
        let answer = Answer::created(None, &view);
        let trail = ticket.trail(AuditAction::PersonInvited, &invitation.id, &answer, now)?;
        app.store.invite(&invitation, &trail).await?;
        // Now that the link leads somewhere.
        mail(&app, &post, &invitation, &address, &url).await;
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
    let open = app.store.invitations(account, now, None, usize::try_from(most).unwrap_or(usize::MAX)).await?;
    let taken = usize::try_from(found.people).unwrap_or(usize::MAX).saturating_add(open.len());
    if taken >= usize::try_from(most).unwrap_or(usize::MAX) { Err(Problem::people_limit(most)) } else { Ok(()) }
}

/// Counts an invitation: each may be mailed to somebody who did not ask for it.
async fn within_quota(app: &App, account: AccountId, now: Timestamp) -> Result<(), Problem> {
    if app.store.count_account_request(account, Quota::Invitations, now, INVITATIONS_AN_HOUR).await? {
        return Ok(());
    }
    let detail = format!("An account may invite {INVITATIONS_AN_HOUR} people an hour.");
    Err(Problem::too_many(Code::InvitationQuotaReached, detail, 3_600 - now.seconds() % 3_600))
}

/// Mails the invitation. Where it does not leave, the link is in the answer still.
async fn mail(app: &App, post: &Post, invitation: &Invitation, to: &MailAddress, url: &str) {
    if !post.mailer.sends() {
        return;
    }
    let by = invitation.by.name.as_deref().unwrap_or("Somebody");
    let letter = letter::invitation(to, by, url);
    let tags = Tags::of_account(invitation.account_id);
    let posted = post.mailer.send(&letter, tags, app.now()).await;
    if !matches!(posted.fate, Fate::Delivered { .. }) {
        tracing::warn!(invitation = %invitation.id, fate = ?posted.fate, "an invitation was not mailed");
    }
}
