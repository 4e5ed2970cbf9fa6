//! Fields of status pages and their posts, in English.

/// Label and hint of a field.
pub fn field(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "slug" => ("Address", "Lower-case letters, digits and hyphens: the end of the page's URL."),
        "title" => ("Title", ""),
        "description" => ("Description", ""),
        "theme" => ("Looks", ""),
        "accent" => ("Colour", "Of the page's head, such as #2563eb."),
        "logo_url" => ("URL of the logo", "An image; https."),
        "visibility" => ("Visible to", ""),
        "ip_allow" => ("Only from these networks", "An address or a network in each line; empty: from everywhere."),
        "noindex" => ("Hide it from search engines", ""),
        "history_days" => ("Days of history", "30, 60 or 90."),
        "components" => ("Components", ""),
        "group" => ("Group", "Components of one group stand together."),
        "monitor_ids" => ("Monitors", ""),
        "show_uptime" => ("Show days and uptime", ""),
        "show_response_time" => ("Show response times", ""),
        "auto_publish" => ("Publish incidents", ""),
        "incidents" => ("Publish incidents without anybody's doing", "The end of the incident resolves the post."),
        "auto_publish.after_minutes" => ("Minutes that an incident must last", ""),
        "subscribers" => ("Let people subscribe", ""),
        "show_powered_by" => ("Say that Valpero makes the page", ""),
        "id" => ("ID", ""),
        "kind" => ("Kind", ""),
        "impact" => ("Impact", ""),
        "status" => ("Status", ""),
        "state" => ("State", ""),
        "scheduled_for" => ("Begins", ""),
        "scheduled_until" => ("Ends", ""),
        "incident_id" => ("Incident", ""),
        "domain" => ("Domain", "Such as status.example.com."),
        "target" => (
            "Target of its CNAME record",
            "On AWS, infra/add-domain prints it. Empty elsewhere: the deployment's own host.",
        ),
        "notify" => ("Tell subscribers", ""),
        _ => return None,
    })
}

/// What a form calls a value of a closed list.
pub fn option(field: &str, value: &str) -> Option<&'static str> {
    Some(match (field, value) {
        ("language", "de") => "Deutsch",
        ("language", "es") => "Español",
        ("language", "fr") => "Français",
        ("visibility", "public") => "everybody",
        ("visibility", "password") => "who knows the password",
        ("visibility", "unlisted") => "who knows the address",
        ("impact", "none") => "none",
        ("impact", "minor") => "minor",
        ("impact", "major") => "major",
        ("impact", "critical") => "critical",
        ("status", "operational") => "operational",
        ("status", "under_maintenance") => "under maintenance",
        ("status", "degraded_performance") => "slow",
        ("status", "partial_outage") => "partly down",
        ("status", "major_outage") => "down",
        ("state", "investigating") => "Investigating",
        ("state", "identified") => "Identified",
        ("state", "monitoring") => "Monitoring",
        ("state", "resolved") => "Resolved",
        ("state", "scheduled") => "Scheduled",
        ("state", "in_progress") => "In progress",
        ("state", "completed") => "Completed",
        ("scopes", "pages:read") => "read status pages, their posts and subscribers",
        ("scopes", "pages:write") => "create, edit and delete status pages, and post on them",
        _ => return None,
    })
}
