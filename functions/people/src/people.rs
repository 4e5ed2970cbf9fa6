//! The people of an account.

pub mod list;
pub mod remove;
pub mod update;

use valpero_domain::Role;
use valpero_http::{Caller, Problem};
use valpero_runtime::App;
use valpero_storage::Optional;

/// Whether the caller may make somebody this, or change somebody who is: nobody gives more than they hold, and only an owner may where it is an
/// owner. A key is none.
///
/// # Errors
/// 403 `scope_beyond_key` or `owners_only`.
pub(crate) async fn may_give(app: &App, caller: &Caller, roles: &[Role]) -> Result<(), Problem> {
    if let Some(scope) = roles.iter().find_map(|role| role.scopes().first_beyond(&caller.scopes)) {
        return Err(Problem::scope_beyond_key(scope));
    }
    if !roles.contains(&Role::Owner) {
        return Ok(());
    }
    let Some(user) = caller.person() else { return Err(Problem::owners_only()) };
    let own = app.store.member(caller.account(), user).await.optional()?;
    let may = own.is_some_and(|own| roles.iter().all(|role| own.role.may_give(*role)));
    if may { Ok(()) } else { Err(Problem::owners_only()) }
}
