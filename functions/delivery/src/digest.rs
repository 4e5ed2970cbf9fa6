//! Digests: at the end of a minute, what a channel was not told by itself.

use valpero_domain::{
    AccountId,
    alerting::{
        Content,
        storm::{Digest, DigestKey},
    },
    event::WindowKey,
};
use valpero_runtime::WorkError;
use valpero_storage::Delivery as Record;

use crate::Delivery;

impl Delivery {
    /// Handles one message of a channel's minute; answers, for the log, what came of it.
    pub(crate) async fn digest(&self, account: AccountId, key: WindowKey) -> Result<&'static str, WorkError> {
        let store = &self.app.store;
        let now = self.app.now();
        let Some(mut window) = store.close_window(account, key, now).await? else {
            return Ok("early, or done already");
        };
        let digests = window.close(now).into_iter().map(|Digest { kind, named, more }| {
            let what = DigestKey { channel_id: key.channel_id, minute: key.minute, kind };
            Record::to_channel(account, key.channel_id, Content::Digest { kind, named, more }, &what, key.due_at())
        });
        let messages = self.add_all(digests.collect()).await?;
        store.window_done(account, key).await?;
        let told = self.tell_all(messages).await?;
        Ok(if told > 0 { "told" } else { "nobody told" })
    }
}
