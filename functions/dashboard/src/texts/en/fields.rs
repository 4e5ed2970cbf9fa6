//! What forms say of fields and their values, in English.

mod alerting;
mod monitor;
mod pages;

/// Label and hint of the field at this path, such as `http.method`; the hint may be empty.
pub(super) fn field(path: &str) -> Option<(&'static str, &'static str)> {
    // Most names mean one thing wherever they stand, be it in an item of a list, such as `steps.0.channel_ids`.
    named(path).or_else(|| field(path.split_once('.')?.1))
}

fn named(name: &str) -> Option<(&'static str, &'static str)> {
    monitor::field(name).or_else(|| alerting::field(name)).or_else(|| of_account(name)).or_else(|| pages::field(name))
}

/// The fields of the account, its keys and people, and those that several forms have.
fn of_account(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "name" => ("Name", ""),
        "url" => ("URL", "Starts with http:// or https://, and has no user name, password or #."),
        "language" => ("Language", "Messages are in English."),
        "time_zone" => ("Time zone", "Such as Europe/Helsinki, for the times in alerts and pages; default UTC."),
        "scopes" => ("Scopes", "What the key may do, nothing beyond what you may do yourself."),
        "expires_at" => ("Expires", "In the future; empty: never."),
        "grace_seconds" => ("The old one stays valid for", "Seconds, at most 604,800 (a week)."),
        "monitor_id" => ("Monitor", ""),
        "code" => ("Code", "Case, spaces and dashes do not count."),
        "note" => ("Note", "For the timeline of the incident, at most 2,000 characters."),
        "body" => ("Text", ""),
        "until" => ("Until", "At most 366 days ahead; channels are then told of the incidents that are still open."),
        "email" => ("E-mail address", ""),
        "role" => (
            "Role",
            "Viewers read, members also change monitors and incidents, admins do all, owners also make owners.",
        ),
        "password" => ("Password", ""),
        _ => return None,
    })
}

/// What a form calls a value of a closed list; none where the value says it itself.
pub(super) fn option(field: &str, value: &str) -> Option<&'static str> {
    Some(match (field, value) {
        ("check_type" | "check_types", "http") => "HTTP",
        ("check_type" | "check_types", "ssl") => "Certificate (SSL)",
        ("check_type" | "check_types", "tcp") => "TCP",
        ("check_type" | "check_types", "dns") => "DNS",
        ("check_type" | "check_types", "ping") => "Ping (TCP)",
        ("slow_outcome", "slow") => "up, but slow",
        ("slow_outcome", "down") => "down",
        ("op", "eq") => "equals",
        ("op", "ne") => "does not equal",
        ("op", "lt") => "is less than",
        ("op", "lte") => "is at most",
        ("op", "gt") => "is greater than",
        ("op", "gte") => "is at least",
        ("op", "contains") => "contains",
        ("op", "exists") => "exists",
        ("op", "absent") => "does not exist",
        ("starttls", "smtp") => "SMTP",
        ("starttls", "imap") => "IMAP",
        ("starttls", "pop3") => "POP3",
        ("starttls", "ftp") => "FTP",
        ("starttls", "postgres") => "PostgreSQL",
        ("starttls", "ldap") => "LDAP",
        ("starttls", "xmpp") => "XMPP",
        ("match", "exact") => "these records and no others",
        ("match", "contains") => "at least these records",
        ("match", "substring") => "each text is part of a TXT record",
        ("type", "email") => "E-mail",
        ("type", "slack") => "Slack",
        ("type", "discord") => "Discord",
        ("type", "teams") => "Microsoft Teams",
        ("type", "telegram") => "Telegram",
        ("type", "pagerduty") => "PagerDuty",
        ("type", "jsm") => "Jira Service Management",
        ("type", "ntfy") => "ntfy",
        ("type", "pushover") => "Pushover",
        ("type", "google_chat") => "Google Chat",
        ("type", "mattermost") => "Mattermost",
        ("type", "webhook") => "Webhook",
        ("events" | "event", "incident.opened") => "opened",
        ("events" | "event", "incident.acknowledged") => "acknowledged",
        ("events" | "event", "incident.commented") => "commented",
        ("events" | "event", "incident.resolved") => "resolved",
        ("events" | "event", "monitor.degraded") => "monitor degraded",
        ("events" | "event", "monitor.recovered") => "monitor recovered",
        ("events" | "event", "monitor.unwatched") => "monitor unwatched",
        ("events" | "event", "ssl.expiring") => "certificate expiring",
        ("language", "en") => "English",
        ("language", "fi") => "Suomi",
        ("role", "viewer") => "viewer",
        ("role", "member") => "member",
        ("role", "admin") => "admin",
        ("role", "owner") => "owner",
        ("scopes", "account:read") => "read the account and its audit log",
        ("scopes", "account:write") => "change the account's settings, redeem deal codes",
        ("scopes", "keys:read") => "list keys",
        ("scopes", "keys:write") => "create, rotate and revoke keys",
        ("scopes", "people:read") => "list people and invitations",
        ("scopes", "people:write") => "invite and remove people, change their roles",
        ("scopes", "monitors:read") => "read monitors, their checks and deliveries",
        ("scopes", "monitors:write") => "create, edit, delete, pause, resume and check monitors",
        ("scopes", "incidents:read") => "read incidents",
        ("scopes", "incidents:write") => "acknowledge, resolve and comment on incidents",
        ("scopes", "alerts:read") => "read channels, escalation policies, alert routes and their deliveries",
        ("scopes", "alerts:write") => "create, edit, test and delete channels, escalation policies and alert routes",
        _ => return pages::option(field, value),
    })
}
