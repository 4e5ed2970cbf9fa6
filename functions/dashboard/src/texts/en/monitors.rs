//! What the list of monitors, the pages that change many of them and the big screen say.

use crate::texts::monitors::Monitors;

pub(super) const TEXTS: Monitors = Monitors {
    new_monitor: "New monitor",
    paste_many: "Paste many",
    big_screen: "Big screen",
    renews_itself: "This page renews itself.",
    all: "All",
    search: "Name or URL",
    check_type: "Check type",
    any_type: "Any type",
    tag: "Tag",
    filter: "Filter",
    none_fits: "No monitor fits these filters.",
    show_all: "Show all monitors",
    first_page: "First page",
    in_24_hours: |percent| format!("24 hours: {percent}"),
    no_line: "no full hour yet",
    days_30: "30 days",
    last_span: |span| format!("last {span}"),
    median: "median",
    select: |name| format!("Select {name}"),
    regions_down: |down, all| format!("{down} of {all} regions down"),
    slow: "slow",
    unwatched: "cannot be checked now",
    one_down: |name| format!("{name} is down"),
    many_down: |count| format!("{count} monitors are down"),
    for_span: |span| format!("for {span}"),
    and_more: |count| format!("and {count} more"),
    open_incident: "Open incident",
    plan_full: |most| {
        if most == 1 {
            "The plan's one monitor is in use.".to_owned()
        } else {
            format!("All {most} monitors of the plan are in use.")
        }
    },
    see_plan: "See the plan",

    first_title: "What shall we watch?",
    first_url: "URL",
    first_button: "Watch it",
    first_says: "The first result is there within a minute.",
    first_may_not: "Nothing is watched yet. Ask somebody who may change monitors to add the first one.",
    step_1: "1. See it checked",
    step_1_says: "Each minute, from every region, with where the time went.",
    step_2: "2. Be told",
    step_2_says: "Slack, mail, PagerDuty: add a channel, press Test.",
    step_3: "3. Add the rest",
    step_3_says: "Paste a list of URLs, one a line.",

    selected: "With the selected:",
    pause: "Pause",
    resume: "Resume",
    check_now: "Check now",
    add_tag: "Add tag",
    none_selected: "No monitor is selected",
    none_selected_says: "Tick the boxes beside the monitors, then say what to do with them.",
    delete_title: |count| {
        if count == 1 { "Delete this monitor?".to_owned() } else { format!("Delete these {count} monitors?") }
    },
    delete_says: "They and their checks go for good; an open incident is resolved. Past incidents stay.",
    delete_button: "Delete for good",
    tag_title: |count| {
        if count == 1 { "Tag this monitor".to_owned() } else { format!("Tag these {count} monitors") }
    },
    tag_says: "At most 50 of the letters a to z, digits and . _ : / -",
    failed_title: |failed, all| format!("It failed for {failed} of {all}"),
    failed_says: "The others are done.",
    failed_all_says: "Nothing was changed.",
    back_to_list: "Back to the monitors",

    paste_title: "Paste many URLs",
    paste_label: "One URL a line",
    paste_says: "A name may follow the URL, after a space or a tab.",
    paste_button: "Create monitors",
    paste_none: "There is no URL in it.",
    paste_too_many: |most, lines| format!("At most {most} lines at once; these are {lines}."),
    paste_created: |created, all| format!("Created {created} of {all}"),
    paste_again: "Those that failed, to try again",
    line: "Line",
    url: "URL",
    result: "Result",
    created: "created",

    all_well: "Everything is up",
    nothing_watched: "Nothing is watched yet",
    count_down: |count| format!("{count} down"),
    count_degraded: |count| format!("{count} degraded"),
};
