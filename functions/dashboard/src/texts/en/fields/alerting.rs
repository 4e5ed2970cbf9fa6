//! What forms say of the fields of channels, escalation policies and alert routes, in English.

/// Label and hint of a field of a channel, an escalation policy or an alert route.
pub(super) fn field(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "type" => ("Type", ""),
        "events" => ("Told of", "Default: incidents that are opened or resolved, and certificates that expire soon."),
        "event" => ("Event", "Empty: a test message."),
        "enabled" => ("Enabled", "If off, nothing is sent to it."),
        "to" => ("Recipients", "E-mail addresses, one a line, at most 20."),
        "webhook_url" => ("Webhook URL", "Events are sent to this URL."),
        "workflow_url" => {
            ("Workflow URL", "That of the workflow “Post to a channel when a webhook request is received”.")
        }
        "bot_token" => ("Bot token", "Not shown again once saved; a Slack bot needs the scope chat:write."),
        "channel" => ("Slack channel", "ID or name; required with a bot token."),
        "chat_id" => ("Chat ID", "ID of the chat, or @name of a public channel."),
        "thread_id" => ("Topic ID", "ID of a topic in a forum; empty: the chat itself."),
        "routing_key" => ("Integration key", "That of an Events API v2 integration: 32 letters and digits."),
        "eu" => ("EU service region", "The PagerDuty account is in the EU service region; default no."),
        "cloud_id" => ("Cloud ID", "That of the Atlassian site."),
        "api_token" => ("API token", "That of the Atlassian account with this e-mail address."),
        "server" => ("Server", "ntfy server; default https://ntfy.sh"),
        "topic" => ("Topic", "Whoever knows it can read it, unless the server protects it."),
        "token" => ("Token", "Access token: with ntfy that of a user, with Pushover that of the application."),
        "user" => ("User key", "Key of the user or group: 30 letters and digits."),
        "template" => {
            ("Template", "MiniJinja, such as {\"text\": {{ message.title }}}, at most 16 KiB; empty: the usual body.")
        }
        "api_url" => ("API URL", "Base URL of a compatible API, such as a self-hosted one; empty: the vendor's."),
        // Escalation policies.
        "steps" => {
            ("Steps", "1 to 10, each later than the one before, until the incident is acknowledged or resolved.")
        }
        "after_minutes" => ("After", "Minutes after the incident opened, 0 to 1,440; more than in the step before."),
        "channel_ids" => ("Channels", "Channels that are told, 1 to 20."),
        "repeat_minutes" => (
            "Repeat after",
            "Minutes from the last step to the first again, 5 to 1,440, at most 20 times; empty: never.",
        ),
        // Alert routes.
        "routes" => {
            ("Routes", "The first that matches decides, at most 100; a monitor that none matches alerts no channel.")
        }
        "match" => ("Match", ""),
        "tags_any" => ("Has one of the tags", "One a line, at most 20; empty: whatever its tags."),
        "monitor_ids" => ("Is one of the monitors", "At most 100; empty: any monitor."),
        "check_types" => ("Has one of the check types", "Empty: any type."),
        "policy_id" => ("Escalation policy", ""),
        _ => return None,
    })
}
