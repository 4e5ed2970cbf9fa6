//! What several pages say.

/// Texts of the frame, of states, times and buttons.
#[derive(Debug)]
pub struct Common {
    pub monitors: &'static str,
    pub incidents: &'static str,
    pub alerts: &'static str,
    pub pages: &'static str,
    pub tools: &'static str,
    pub settings: &'static str,
    pub menu: &'static str,
    pub skip_to_content: &'static str,
    pub sign_out: &'static str,
    pub save: &'static str,
    pub cancel: &'static str,
    pub edit: &'static str,
    pub delete: &'static str,
    pub back: &'static str,
    pub more: &'static str,
    pub older: &'static str,
    pub yes: &'static str,
    pub no: &'static str,
    pub none: &'static str,
    pub copy: &'static str,
    pub copied: &'static str,
    pub by_api: &'static str,
    pub name: &'static str,
    pub actions: &'static str,
    pub never: &'static str,
    pub no_longer_live: &'static str,
    pub up: &'static str,
    pub down: &'static str,
    pub degraded: &'static str,
    pub pending: &'static str,
    pub paused: &'static str,
    pub just_now: &'static str,
    /// "4 min ago" of "4 min".
    pub ago: fn(&str) -> String,
    /// "in 4 min" of "4 min".
    pub in_time: fn(&str) -> String,
    pub seconds: &'static str,
    pub minutes: &'static str,
    pub hours: &'static str,
    pub day: &'static str,
    pub days: &'static str,
    /// What stands before the decimals.
    pub decimal: &'static str,
    /// What was done, by the name in `?done=`.
    pub done: &'static [(&'static str, &'static str)],
}

impl Common {
    /// A monitor's status in a word.
    pub fn status(&self, status: &valpero_domain::Status) -> &'static str {
        use valpero_domain::Status;
        match status {
            Status::Up => self.up,
            Status::Down => self.down,
            Status::Degraded => self.degraded,
            Status::Pending => self.pending,
            Status::Paused => self.paused,
        }
    }
}
