//! What the list of incidents and the pages of one say.

/// Texts of `/incidents` and `/incidents/{id}`.
#[derive(Debug)]
pub struct Incidents {
    pub all: &'static str,
    pub ongoing: &'static str,
    pub resolved: &'static str,
    pub monitor: &'static str,
    pub state: &'static str,
    pub cause: &'static str,
    pub began: &'static str,
    pub lasted: &'static str,
    pub acknowledgement: &'static str,
    pub acknowledged: &'static str,
    pub not_acknowledged: &'static str,
    /// That only one monitor's are shown, of its name.
    pub only_of: fn(&str) -> String,
    pub of_all_monitors: &'static str,
    pub none_yet: &'static str,
    pub none_yet_says: &'static str,
    pub see_monitors: &'static str,
    pub none_fits: &'static str,
    pub show_all: &'static str,
    pub first_page: &'static str,

    /// "incident 01M84H" of "01M84H".
    pub incident: fn(&str) -> String,
    /// "Ongoing for 4 min" of "4 min".
    pub ongoing_for: fn(&str) -> String,
    /// "Lasted 4 min 12 s" of "4 min 12 s".
    pub lasted_for: fn(&str) -> String,
    /// When it began, of the moment.
    pub began_at: fn(&str) -> String,
    /// When it ended, of the moment.
    pub ended_at: fn(&str) -> String,
    /// "found after 9 s" of "9 s".
    pub found_after: fn(&str) -> String,
    pub nobody_has_it: &'static str,
    /// Who has it and since when, of a name and "4 min ago".
    pub has_it: fn(&str, &str) -> String,
    /// Who resolved it, of a name.
    pub resolved_by: fn(&str) -> String,
    pub recovered: &'static str,
    pub suppressed: &'static str,
    pub flapping: &'static str,

    pub acknowledge: &'static str,
    pub add_note: &'static str,
    pub note: &'static str,
    pub resolve: &'static str,
    pub resolve_title: &'static str,
    pub resolve_says: &'static str,
    pub resolve_button: &'static str,

    pub what_regions_saw: &'static str,
    pub region: &'static str,
    pub says: &'static str,
    pub at: &'static str,
    pub in_words: &'static str,
    pub no_regions: &'static str,
    pub regions_then: &'static str,

    pub timeline: &'static str,
    pub opened: &'static str,
    pub has_recovered: &'static str,
    /// After a name: that this one acknowledged it.
    pub did_acknowledge: &'static str,
    /// After a name: that this one wrote the comment below.
    pub did_comment: &'static str,
    /// After a name: that this one resolved it.
    pub did_resolve: &'static str,
    /// Whoever followed the link of a message, of the channel's name.
    pub by_link: fn(&str) -> String,
    pub operator: &'static str,
    /// The checks of a region, of its code.
    pub checks_from: fn(&str) -> String,
    pub checks: &'static str,
    pub recovery: &'static str,

    pub who_was_told: &'static str,
    pub nobody_told: &'static str,
    /// What stands before the names of channels and a time to come.
    pub told_next: &'static str,
    pub channel: &'static str,
    pub attempts: &'static str,
    pub details: &'static str,
    pub see_delivery: &'static str,
    pub not_sent: &'static str,

    pub comment: &'static str,
    pub comment_says: &'static str,
    pub comment_placeholder: &'static str,
    pub comment_button: &'static str,
    pub sent_already: &'static str,
}
