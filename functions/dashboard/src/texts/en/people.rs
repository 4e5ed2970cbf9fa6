//! What the page of people says.

use crate::{digits::grouped, texts::people::People};

pub(super) const TEXTS: People = People {
    people: "People",
    you: "you",
    role: "Role",
    role_of: |name| format!("Role of {name}"),
    role_name: |role| match role {
        "viewer" => "viewer",
        "member" => "member",
        "admin" => "admin",
        "owner" => "owner",
        _ => "–",
    },
    role_says: |role| match role {
        "viewer" => "may read, but sees neither keys nor people",
        "member" => "may also change monitors and incidents",
        "admin" => "may do everything, except make owners",
        "owner" => "may do everything",
        _ => "",
    },
    last_seen: "Last seen",
    signs_in_with: "Signs in with",
    two_factor_on: "two-factor on",
    password_alone: "password alone",
    of_plan: |used, most, plan| format!("{} of {} on the plan {plan}", grouped(used), grouped(most)),
    invite: "Invite",
    email: "E-mail",
    invitations: "Open invitations",
    invited_by: "Invited by",
    link_ends: "Link ends",
    withdraw: "Withdraw",
    withdraw_of: |email| format!("Withdraw the invitation of {email}"),
    link_once: "Copy the link of the invitation now. It is shown this once.",
    mailed_to: |email| format!("It was mailed to {email}, too."),
    not_mailed_to: |email| {
        format!("It was not mailed, for this deployment sends no mail: give it to {email} yourself.")
    },
    remove: "Remove",
    remove_of: |name| format!("Remove {name}?"),
    remove_says: |email| {
        format!("{email} is signed out everywhere and can no longer come in. What they did stays in the audit log.")
    },
    remove_me: "This is you: you are signed out, and lose access to this account. An account keeps its last owner.",
    minted_keys: |name| format!("{name} made these API keys. They go on working unless you revoke them:"),
    revoke_keys_too: "Revoke these keys, too",
    removed: |name| format!("{name} was removed"),
    keys_revoked: "These API keys were revoked. Nothing is let in with them any more:",
    keys_left: "These API keys still work:",
};
