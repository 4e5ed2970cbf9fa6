//! Escalation policies: create, read, change and delete them.

pub mod create;
pub mod delete;
pub mod list;
pub mod read;
pub mod update;

use std::collections::BTreeSet;

use valpero_domain::{AccountId, ChannelId, alerting::EscalationPolicy};
use valpero_http::Problem;
use valpero_runtime::App;
use valpero_views::body;

body!(EscalationPolicyCreate, EscalationPolicy::OBJECT, Whole);
body!(EscalationPolicyPatch, EscalationPolicy::OBJECT, Patch);

/// Whether the account has all channels that the policy names, apart from those that it named before: one of these may have been
/// deleted at the moment at which the policy was written, and is skipped.
async fn check(
    app: &App,
    account: AccountId,
    policy: &EscalationPolicy,
    before: BTreeSet<ChannelId>,
) -> Result<(), Problem> {
    let new: Vec<ChannelId> = policy.channels().difference(&before).copied().collect();
    let found = app.store.channels_by_id(account, &new).await?;
    let known = found.iter().map(|channel| channel.id).chain(before).collect();
    policy.unknown_channels(&known).finish(Some(())).map_err(Problem::invalid)
}
