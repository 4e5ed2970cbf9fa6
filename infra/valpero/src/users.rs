//! The operator's commands about people: invitations, links to new passwords, lists, removal.

use std::error::Error;

use serde_json::{Value, json};
use valpero_auth::OneTimeSecret;
use valpero_domain::{AccountId, Actor, AuditAction, InvitationId, PublicUrl, Role, mail_address::MailAddress};
use valpero_runtime::{Clock, entropy};
use valpero_storage::{ApiKey, Invitation, LinkTo, Member, OneTimeLink, Optional, PeopleError, Person, Store, Trail};

use crate::{
    args::{Base, Target, UserCommand},
    data,
    operator::{Opened, audit, no_account, open, some_lines},
};

type Failure = Box<dyn Error + Send + Sync>;

/// Seconds for which an invitation is good: 7 days.
const INVITATION_S: i64 = 7 * 86_400;

/// Seconds for which a link to a new password is good: a day.
const LINK_S: i64 = 86_400;

/// People and invitations that are listed, at most.
const LISTED: usize = 1000;

pub(crate) async fn user(command: UserCommand) -> Result<(), Failure> {
    match command {
        UserCommand::Invite { email, account, role, base, target } => {
            let opened = open(&target).await?;
            let url = base_of(&base, &target, &opened)?;
            opened.store.account(account).await.map_err(|error| no_account(error, account))?;
            let link = invite(&opened.store, account, &email, role, &url).await?;
            let lines =
                format!("Invited {email} as {}. The link, shown this once, good for 7 days:\n{link}", role.as_str());
            let object = json!({"email": email, "account_id": account, "role": role, "invite_url": link});
            opened.screen.result(&object, &lines);
        }
        UserCommand::Link { email, reset_two_factor, base, target } => {
            let opened = open(&target).await?;
            let url = base_of(&base, &target, &opened)?;
            let link = link(&opened.store, &email, reset_two_factor, &url).await?;
            let lines = format!("{email} sets a new password by this link, shown this once, good for a day:\n{link}");
            opened.screen.result(&json!({"email": email, "url": link}), &lines);
        }
        UserCommand::List { account, target } => list(account, &open(&target).await?).await?,
        UserCommand::Remove { email, account, revoke_keys, target } => {
            remove(&email, account, revoke_keys, &open(&target).await?).await?;
        }
    }
    Ok(())
}

/// Where links begin.
fn base_of(base: &Base, target: &Target, opened: &Opened) -> Result<PublicUrl, Failure> {
    if let Some(url) = &base.public_url {
        return Ok(url.clone());
    }
    match &opened.api_url {
        Some(url) => Ok(url.parse()?),
        None => data::public_url(&target.data).ok_or_else(|| {
            "where do people reach this Valpero? Say it, as with --public-url http://127.0.0.1:3000".into()
        }),
    }
}

/// Invites a person, as the operator: the link that leads in.
pub(crate) async fn invite(
    store: &Store,
    account: AccountId,
    email: &MailAddress,
    role: Role,
    base: &PublicUrl,
) -> Result<String, Failure> {
    let now = Clock::system().now();
    let secret = OneTimeSecret::generate();
    let invitation = Invitation {
        account_id: account,
        id: InvitationId::new(now, entropy()),
        email: email.as_given().to_owned(),
        role,
        link_hash: secret.hash(),
        by: Actor::Operator.into(),
        created_at: now,
        expires_at: now.plus_seconds(INVITATION_S),
    };
    let row = audit(account, AuditAction::PersonInvited, Some(invitation.id.to_string()));
    store.invite(&invitation, &Trail::from(row)).await?;
    Ok(secret.url(Some(base)))
}

/// The link by which the first person comes into an account that nobody belongs to; those that were made before lead nowhere then.
pub(crate) async fn first_link(store: &Store, account: AccountId, base: &PublicUrl) -> Result<Option<String>, Failure> {
    let found = store.account(account).await?;
    if found.people > 0 {
        return Ok(None);
    }
    for before in store.invitations(account, Clock::system().now(), None, LISTED).await? {
        if before.by.actor == Actor::Operator && before.email == found.email {
            let row = audit(account, AuditAction::InvitationWithdrawn, Some(before.id.to_string()));
            store.withdraw_invitation(&before, &row).await?;
        }
    }
    let Ok(email) = MailAddress::try_from(found.email) else { return Ok(None) };
    Ok(Some(invite(store, account, &email, Role::Owner, base).await?))
}

async fn link(store: &Store, email: &str, resets_totp: bool, base: &PublicUrl) -> Result<String, Failure> {
    let person = person(store, email).await?;
    let secret = OneTimeSecret::generate();
    let to = LinkTo::Password { user_id: person.user_id, resets_totp, password: person.password_print() };
    let expires_at = Clock::system().now().plus_seconds(LINK_S);
    for account in store.accounts_of(person.user_id).await? {
        let row = audit(account, AuditAction::PersonLinkCreated, Some(person.user_id.to_string()));
        store.append_audit_row(&row).await?;
    }
    store.create_link(&OneTimeLink { link_hash: secret.hash(), to, expires_at }).await?;
    Ok(secret.url(Some(base)))
}

async fn person(store: &Store, email: &str) -> Result<Person, Failure> {
    let found = store.person_by_email(email).await?;
    found
        .ok_or_else(|| format!("nobody signs in by {email}; `valpero user list` shows the people of an account").into())
}

async fn list(account: AccountId, opened: &Opened) -> Result<(), Failure> {
    let Opened { store, screen, .. } = opened;
    store.account(account).await.map_err(|error| no_account(error, account))?;
    let members = store.members(account, None, LISTED).await?;
    let now = Clock::system().now();
    let invitations = store.invitations(account, now, None, LISTED).await?;
    let person = |member: &Member| {
        let seen = member.signed_in_at.map_or_else(|| "never".to_owned(), |at| at.to_string());
        format!(
            "{}  {:<6}  last signed in {seen}  {} ({})",
            member.user_id,
            member.role.as_str(),
            member.email,
            member.name
        )
    };
    let invited = |invitation: &Invitation| {
        let (id, role, email) = (invitation.id, invitation.role.as_str(), &invitation.email);
        format!("{id}  {role:<6}  invited until {}  {email}", invitation.expires_at)
    };
    let lines: Vec<String> = members.iter().map(person).chain(invitations.iter().map(invited)).collect();
    let people: Vec<Value> = members
        .iter()
        .map(|member| {
            json!({
                "user_id": member.user_id, "email": member.email, "name": member.name, "role": member.role,
                "joined_at": member.joined_at, "last_seen_at": member.signed_in_at, "has_totp": member.has_totp,
            })
        })
        .collect();
    let open: Vec<Value> = invitations
        .iter()
        .map(|one| json!({"id": one.id, "email": one.email, "role": one.role, "expires_at": one.expires_at}))
        .collect();
    screen.result(&json!({"people": people, "invitations": open}), &some_lines(&lines, "Nobody yet."));
    Ok(())
}

async fn remove(email: &str, account: AccountId, revoke_keys: bool, opened: &Opened) -> Result<(), Failure> {
    let Opened { store, screen, .. } = opened;
    let person = person(store, email).await?;
    let member = store.member(account, person.user_id).await.optional()?;
    let member = member.ok_or_else(|| format!("{email} does not belong to the account {account}"))?;
    let sessions = store.sessions(account, person.user_id).await?;
    let row = audit(account, AuditAction::PersonRemoved, Some(person.user_id.to_string()));
    store.remove_member(&member, &sessions, &row).await.map_err(|error| match error {
        PeopleError::LastOwner => format!(
            "{email} is the only owner of the account; make another one first, by `valpero user invite --role owner`"
        )
        .into(),
        error => Failure::from(error),
    })?;
    let now = Clock::system().now();
    let mut keys = store.keys(account).await?;
    keys.retain(|key| key.minted_by == Some(person.user_id) && key.is_live(now));
    if revoke_keys {
        for key in &keys {
            let row = audit(account, AuditAction::KeyRevoked, Some(key.id.to_string()));
            store.revoke_key(key, now, &row).await?;
        }
    }
    let names: Vec<String> = keys.iter().map(|key: &ApiKey| format!("{} ({})", key.id, key.name)).collect();
    let keys_are = match (names.is_empty(), revoke_keys) {
        (true, _) => String::new(),
        (false, true) => format!(" Revoked: {}.", names.join(", ")),
        (false, false) => format!(" Keys that still work: {}.", names.join(", ")),
    };
    let ids: Vec<String> = keys.iter().map(|key| key.id.to_string()).collect();
    screen.result(
        &json!({"email": email, "account_id": account, "removed": true, "keys": ids, "keys_revoked": revoke_keys}),
        &format!("{email} no longer belongs to the account.{keys_are}"),
    );
    Ok(())
}
