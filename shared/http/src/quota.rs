//! How many messages to channels an account may ask for.

use valpero_domain::{AccountId, Timestamp};
use valpero_runtime::App;
use valpero_storage::Quota;

use crate::{Code, Problem};

/// Test and repeated messages to channels of one account in one calendar minute, at most.
const A_MINUTE: u32 = 20;

/// Counts a message to a channel that was asked for.
///
/// # Errors
/// 429 `channel_quota_reached` above the limit; where the store fails.
pub async fn within_channel_quota(app: &App, account: AccountId, now: Timestamp) -> Result<(), Problem> {
    if app.store.count_account_request(account, Quota::ChannelTests, now, A_MINUTE).await? {
        return Ok(());
    }
    let detail = format!("An account may send {A_MINUTE} test and repeated messages to channels a minute.");
    Err(Problem::too_many(Code::ChannelQuotaReached, detail, (now.minute() + 1) * 60 - now.seconds()))
}
