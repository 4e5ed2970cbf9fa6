//! What the page of people says.

/// Texts of people, roles and invitations.
#[derive(Debug)]
pub struct People {
    pub people: &'static str,
    pub you: &'static str,
    pub role: &'static str,
    /// "Role of Ann" of "Ann".
    pub role_of: fn(&str) -> String,
    /// A role's name, of the API's.
    pub role_name: fn(&str) -> &'static str,
    /// What a role may do, of the API's name.
    pub role_says: fn(&str) -> &'static str,
    pub last_seen: &'static str,
    pub signs_in_with: &'static str,
    pub two_factor_on: &'static str,
    pub password_alone: &'static str,
    /// "3 of 5 on the plan Start" of 3, 5 and "Start".
    pub of_plan: fn(u64, u64, &str) -> String,
    pub invite: &'static str,
    pub email: &'static str,
    pub invitations: &'static str,
    pub invited_by: &'static str,
    pub link_ends: &'static str,
    pub withdraw: &'static str,
    /// "Withdraw the invitation of ann@example.com" of the address.
    pub withdraw_of: fn(&str) -> String,
    pub link_once: &'static str,
    /// That the link was mailed, of the address.
    pub mailed_to: fn(&str) -> String,
    /// That the link was not mailed, of the address.
    pub not_mailed_to: fn(&str) -> String,
    pub remove: &'static str,
    /// "Remove Ann?" of "Ann".
    pub remove_of: fn(&str) -> String,
    /// What a removal does, of the address.
    pub remove_says: fn(&str) -> String,
    pub remove_me: &'static str,
    /// What precedes the keys that a person made, of their name.
    pub minted_keys: fn(&str) -> String,
    pub revoke_keys_too: &'static str,
    /// "Ann was removed" of "Ann".
    pub removed: fn(&str) -> String,
    pub keys_revoked: &'static str,
    pub keys_left: &'static str,
}
