//! People: what each role of an account may do.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{
    Invalid, Scope, Scopes,
    text_spec::{Text, values},
};

/// What a person is in an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Looks after monitors and incidents.
    Member,
    /// Does everything.
    Admin,
    /// Does everything, and makes owners. An account always has one.
    Owner,
}

impl Role {
    /// How it is spelled and described.
    pub const TEXT: Text = Text {
        name: "Role",
        says: "What a person may do in the account. `viewer`: read, but neither keys nor people. `member`: also change monitors and incidents. \
               `admin`: everything. `owner`: everything, and make owners.",
        example: "member",
        values: values!(Role),
        ..Text::PLAIN
    };

    /// Every role, the least first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Member, Self::Admin, Self::Owner];

    /// The role as the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// What a person of this role may do.
    pub fn scopes(self) -> Scopes {
        let mut scopes = Scopes::all();
        scopes.retain(|scope| self.holds(scope));
        scopes
    }

    fn holds(self, scope: Scope) -> bool {
        let reads = scope.as_str().ends_with(":read") && !matches!(scope, Scope::KeysRead | Scope::PeopleRead);
        match self {
            Self::Viewer => reads,
            Self::Member => reads || matches!(scope, Scope::MonitorsWrite | Scope::IncidentsWrite),
            Self::Admin | Self::Owner => true,
        }
    }

    /// Whether a person of this role may give somebody that role, or take it away: owners alone make owners.
    pub fn may_give(self, role: Self) -> bool {
        match self {
            Self::Owner => true,
            Self::Admin => role != Self::Owner,
            Self::Member | Self::Viewer => false,
        }
    }
}

impl FromStr for Role {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let found = Self::ALL.into_iter().find(|role| role.as_str() == text);
        found.ok_or_else(|| Self::TEXT.none_of_these("a role"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(role: Role) -> Vec<&'static str> {
        role.scopes().iter().map(|scope: Scope| scope.as_str()).collect()
    }

    #[test]
    fn each_role_may_do_what_the_one_before_may_and_more() {
        assert_eq!(
            names(Role::Viewer),
            ["account:read", "monitors:read", "incidents:read", "alerts:read", "pages:read"]
        );
        let member = [
            "account:read",
            "monitors:read",
            "monitors:write",
            "incidents:read",
            "incidents:write",
            "alerts:read",
            "pages:read",
        ];
        assert_eq!(names(Role::Member), member);
        assert_eq!((Role::Admin.scopes(), Role::Owner.scopes()), (Scopes::all(), Scopes::all()));
    }

    #[test]
    fn owners_alone_make_owners() {
        let givers = |role: Role| Role::ALL.into_iter().filter(|giver| giver.may_give(role)).collect::<Vec<_>>();
        assert_eq!(givers(Role::Owner), [Role::Owner]);
        for role in [Role::Viewer, Role::Member, Role::Admin] {
            assert_eq!(givers(role), [Role::Admin, Role::Owner]);
        }
    }

    #[test]
    fn roles_are_spelled_in_one_way() {
        for role in Role::ALL {
            assert_eq!(
                (role.as_str().parse(), serde_json::to_string(&role).ok()),
                (Ok(role), Some(format!("{:?}", role.as_str())))
            );
        }
        assert!("Owner".parse::<Role>().is_err() && "".parse::<Role>().is_err());
    }
}
