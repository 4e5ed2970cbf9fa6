//! What the list of monitors, the pages that change many of them and the big screen say.

/// Texts of `/monitors`, `/monitors/selected`, `/monitors/paste` and `/tv`.
#[derive(Debug)]
pub struct Monitors {
    pub new_monitor: &'static str,
    pub paste_many: &'static str,
    pub big_screen: &'static str,
    pub renews_itself: &'static str,
    pub all: &'static str,
    pub search: &'static str,
    pub check_type: &'static str,
    pub any_type: &'static str,
    pub tag: &'static str,
    pub filter: &'static str,
    pub none_fits: &'static str,
    pub show_all: &'static str,
    pub first_page: &'static str,
    /// "24 hours: 99.98 %" of "99.98 %": the uptime.
    pub in_24_hours: fn(&str) -> String,
    pub no_line: &'static str,
    pub days_30: &'static str,
    /// "last 2 h" of "2 h".
    pub last_span: fn(&str) -> String,
    pub median: &'static str,
    /// "Select Shop" of "Shop".
    pub select: fn(&str) -> String,
    /// "1 of 3 regions down" of 1 and 3.
    pub regions_down: fn(u64, u64) -> String,
    pub slow: &'static str,
    pub unwatched: &'static str,
    /// "Shop is down" of "Shop".
    pub one_down: fn(&str) -> String,
    /// "3 monitors are down" of 3, which is more than one.
    pub many_down: fn(u64) -> String,
    /// "for 4 min" of "4 min".
    pub for_span: fn(&str) -> String,
    /// "and 3 more" of 3.
    pub and_more: fn(u64) -> String,
    pub open_incident: &'static str,
    /// "All 50 monitors of the plan are in use." of 50.
    pub plan_full: fn(u64) -> String,
    pub see_plan: &'static str,

    pub first_title: &'static str,
    pub first_url: &'static str,
    pub first_button: &'static str,
    pub first_says: &'static str,
    pub first_may_not: &'static str,
    pub step_1: &'static str,
    pub step_1_says: &'static str,
    pub step_2: &'static str,
    pub step_2_says: &'static str,
    pub step_3: &'static str,
    pub step_3_says: &'static str,

    pub selected: &'static str,
    pub pause: &'static str,
    pub resume: &'static str,
    pub check_now: &'static str,
    pub add_tag: &'static str,
    pub none_selected: &'static str,
    pub none_selected_says: &'static str,
    /// "Delete 3 monitors?" of 3.
    pub delete_title: fn(u64) -> String,
    pub delete_says: &'static str,
    pub delete_button: &'static str,
    /// "Tag 3 monitors" of 3.
    pub tag_title: fn(u64) -> String,
    pub tag_says: &'static str,
    /// "Failed for 2 of 5 monitors" of 2 and 5.
    pub failed_title: fn(u64, u64) -> String,
    pub failed_says: &'static str,
    pub failed_all_says: &'static str,
    pub back_to_list: &'static str,

    pub paste_title: &'static str,
    pub paste_label: &'static str,
    pub paste_says: &'static str,
    pub paste_button: &'static str,
    pub paste_none: &'static str,
    /// "At most 100 lines at once; these are 140." of 100 and 140.
    pub paste_too_many: fn(u64, u64) -> String,
    /// "Created 3 of 5" of 3 and 5.
    pub paste_created: fn(u64, u64) -> String,
    pub paste_again: &'static str,
    pub line: &'static str,
    pub url: &'static str,
    pub result: &'static str,
    pub created: &'static str,

    pub all_well: &'static str,
    pub nothing_watched: &'static str,
    /// "2 down" of 2.
    pub count_down: fn(u64) -> String,
    /// "1 degraded" of 1.
    pub count_degraded: fn(u64) -> String,
}
