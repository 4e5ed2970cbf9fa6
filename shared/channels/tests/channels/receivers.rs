//! What the receivers refuse, by their documentation: missing members, lengths, counts and sums; and what they would read as markup.

use std::collections::BTreeMap;

use serde_json::Value;
use url::{Url, form_urlencoded};

use super::markup::{mention, stray_html, stray_markdown};

/// A request as its receiver sees it.
pub struct Seen {
    pub method: String,
    pub url: Url,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// Its body, where that is JSON.
pub fn body(request: &Seen) -> Value {
    serde_json::from_slice(&request.body).unwrap_or(Value::Null)
}

/// Characters as JavaScript counts them.
fn units(value: &Value) -> usize {
    value.as_str().map_or(0, |text| text.encode_utf16().count())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn within(what: &str, value: &Value, least: usize, most: usize) -> Result<(), String> {
    let length = units(value);
    let fits = value.is_string() && (least..=most).contains(&length);
    if fits { Ok(()) } else { Err(format!("{what} has {length} characters, not {least} to {most}")) }
}

fn demand(fits: bool, what: impl Into<String>) -> Result<(), String> {
    if fits { Ok(()) } else { Err(what.into()) }
}

fn nothing(stray: Option<String>) -> Result<(), String> {
    stray.map_or(Ok(()), Err)
}

/// Why the receiver would refuse a request.
pub fn accept(kind: &str, request: &Seen) -> Result<(), String> {
    for (name, value) in &request.headers {
        demand(!value.contains(['\r', '\n']) && value.is_ascii(), format!("header {name}"))?;
    }
    let body = body(request);
    match kind {
        "slack" | "slack_bot" => slack(request, &body, kind == "slack_bot"),
        "discord" => discord(request, &body),
        "teams" => teams(request, &body),
        "telegram" => telegram(&body),
        "pagerduty" => pagerduty(request, &body),
        "jsm" => jsm(request, &body),
        "ntfy" => ntfy(request, &body),
        "pushover" => pushover(request),
        "google_chat" => google_chat(request, &body),
        "mattermost" => mattermost(&body),
        "webhook" => demand(body.is_object() && request.body.len() <= 64 * 1024, "no JSON of 64 KiB at most"),
        other => Err(format!("{other} is no type")),
    }
}

fn slack(request: &Seen, body: &Value, bot: bool) -> Result<(), String> {
    if bot {
        within("channel", &body["channel"], 1, 80)?;
        demand(request.headers.iter().any(|(name, _)| name == "authorization"), "not_authed")?;
        demand(!request.url.path().ends_with("update") || body["ts"].is_string(), "no ts")?;
    }
    within("text", &body["text"], 1, 4_000)?;
    nothing(stray_html(text(&body["text"]), &[]))?;
    nothing(mention(text(&body["text"])))?;
    for block in list(&body["attachments"]).iter().flat_map(|attachment| list(&attachment["blocks"])) {
        match text(&block["type"]) {
            "header" => within("header", &block["text"]["text"], 1, 150)?,
            "section" if block["fields"].is_array() => {
                demand((1..=10).contains(&list(&block["fields"]).len()), "fields")?;
                list(&block["fields"]).iter().try_for_each(|field| within("field", &field["text"], 1, 2_000))?;
            }
            "section" => within("section", &block["text"]["text"], 1, 3_000)?,
            other => return Err(format!("no block: {other}")),
        }
        let texts = list(&block["fields"]).iter().chain([&block["text"]]).filter(|text| text.is_object());
        for object in texts.filter(|object| object["type"] != "plain_text") {
            let ours = text(&object["text"]).split("   ").all(|link| {
                link.starts_with("<https://valpero.example.com/")
                    && link.ends_with('>')
                    && link.matches(['<', '>']).count() == 2
                    && link.matches('|').count() == 1
            });
            demand(ours, "markup that is no link of ours")?;
        }
    }
    demand(list(&body["attachments"]).iter().all(|one| list(&one["blocks"]).len() <= 50), "blocks")
}

fn discord(request: &Seen, body: &Value) -> Result<(), String> {
    demand(
        request.method == "PATCH" || request.url.query_pairs().any(|(name, _)| name == "wait"),
        "no id is answered",
    )?;
    within("content", &body["content"], 1, 2_000)?;
    demand(body["allowed_mentions"]["parse"] == serde_json::json!([]), "mentions")?;
    let mut sum = 0;
    demand(list(&body["embeds"]).len() <= 10, "embeds")?;
    for embed in list(&body["embeds"]) {
        within("description", &embed["description"], 1, 4_096)?;
        sum += units(&embed["description"]);
        nothing(stray_markdown(text(&embed["description"])))?;
        demand(list(&embed["fields"]).len() <= 25, "fields")?;
        for field in list(&embed["fields"]) {
            within("name", &field["name"], 1, 256)?;
            within("value", &field["value"], 1, 1_024)?;
            sum += units(&field["name"]) + units(&field["value"]);
            nothing(stray_markdown(text(&field["value"])))?;
        }
    }
    nothing(stray_markdown(text(&body["content"])))?;
    nothing(mention(text(&body["content"])))?;
    demand(sum <= 6_000, format!("embeds of {sum} characters"))
}

fn teams(request: &Seen, body: &Value) -> Result<(), String> {
    demand(request.body.len() <= 28 * 1024, format!("{} bytes", request.body.len()))?;
    let card = &body["attachments"][0]["content"];
    demand(body["type"] == "message" && card["type"] == "AdaptiveCard" && card["version"] == "1.4", "no card")?;
    demand(!list(&card["body"]).is_empty() && list(&card["actions"]).len() <= 6, "body or actions")?;
    for block in list(&card["body"]) {
        // A TextBlock reads Markdown; the runs of a RichTextBlock do not.
        demand(block["type"] == "RichTextBlock" && !list(&block["inlines"]).is_empty(), "a block that reads Markdown")?;
        for run in list(&block["inlines"]) {
            demand(run["type"] == "TextRun", "no run")?;
            within("run", &run["text"], 1, 10_000)?;
        }
    }
    let sound = |action: &Value| action["type"] == "Action.OpenUrl" && Url::parse(text(&action["url"])).is_ok();
    demand(list(&card["actions"]).iter().all(sound), "actions")
}

fn telegram(body: &Value) -> Result<(), String> {
    demand(body["chat_id"].is_string() && body["parse_mode"] == "HTML", "chat_id, parse_mode")?;
    within("text", &body["text"], 1, 4_096)?;
    nothing(stray_html(text(&body["text"]), &["b", "a"]))?;
    nothing(mention(text(&body["text"])))?;
    let tags = |tag: &str| text(&body["text"]).matches(tag).count();
    demand(tags("<b>") == tags("</b>") && tags("<a ") == tags("</a>"), "tags without an end")?;
    let reply = &body["reply_parameters"];
    demand(reply.is_null() || reply["message_id"].is_i64(), "message_id")
}

fn pagerduty(request: &Seen, body: &Value) -> Result<(), String> {
    demand(request.body.len() <= 512 * 1024, "512 KB")?;
    within("routing_key", &body["routing_key"], 32, 32)?;
    within("dedup_key", &body["dedup_key"], 1, 255)?;
    match text(&body["event_action"]) {
        "acknowledge" | "resolve" => Ok(()),
        "trigger" => {
            let payload = &body["payload"];
            within("summary", &payload["summary"], 1, 1_024)?;
            within("source", &payload["source"], 1, 1_024)?;
            demand(["critical", "error", "warning", "info"].contains(&text(&payload["severity"])), "severity")?;
            demand(list(&body["links"]).iter().all(|link| Url::parse(text(&link["href"])).is_ok()), "links")
        }
        other => Err(format!("{other} is no action")),
    }
}

fn jsm(request: &Seen, body: &Value) -> Result<(), String> {
    let basic = |(name, value): &(String, String)| name == "authorization" && value.starts_with("Basic ");
    demand(request.headers.iter().any(basic), "no authorization")?;
    let path = request.url.path().split("/v1/alerts").nth(1).unwrap_or_default();
    match (request.method.as_str(), path) {
        ("GET", "/alias") => demand(
            request.url.query_pairs().any(|(name, value)| name == "alias" && value.chars().count() <= 512),
            "alias",
        ),
        ("POST", "") => {
            within("message", &body["message"], 1, 130)?;
            within("alias", &body["alias"], 1, 512)?;
            within("description", &body["description"], 1, 15_000)?;
            within("entity", &body["entity"], 1, 512)?;
            within("source", &body["source"], 1, 100)?;
            demand(["P1", "P2", "P3", "P4", "P5"].contains(&text(&body["priority"])), "priority")?;
            let details = body["extraProperties"].as_object();
            let sum: usize = details.into_iter().flatten().map(|(name, value)| name.len() + units(value)).sum();
            demand(sum <= 8_000, format!("details of {sum} characters"))
        }
        ("POST", path) => {
            demand(["/acknowledge", "/close", "/notes"].iter().any(|end| path.ends_with(end)), "no such action")?;
            within("note", &body["note"], 1, 25_000)
        }
        (method, path) => Err(format!("{method} {path}")),
    }
}

fn ntfy(request: &Seen, body: &Value) -> Result<(), String> {
    demand(request.body.len() <= 2 * 4_096, format!("{} bytes", request.body.len()))?;
    demand(text(&body["message"]).len() <= 4_096, "a message that becomes an attachment")?;
    within("topic", &body["topic"], 1, 64)?;
    within("title", &body["title"], 1, 250)?;
    if !body["sequence_id"].is_null() {
        within("sequence_id", &body["sequence_id"], 1, 64)?;
    }
    let word = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    demand(word(text(&body["sequence_id"])), "sequence_id")?;
    demand(body["priority"].as_i64().is_some_and(|priority| (1..=5).contains(&priority)), "priority")?;
    demand(body["markdown"].is_null() && list(&body["actions"]).len() <= 3, "markdown or actions")
}

fn pushover(request: &Seen) -> Result<(), String> {
    let fields: BTreeMap<String, String> = form_urlencoded::parse(&request.body).into_owned().collect();
    let length = |name: &str| fields.get(name).map_or(0, |value| value.chars().count());
    demand(length("token") == 30, "token")?;
    if request.url.path().contains("/receipts/cancel_by_tag/") {
        return demand(request.url.path().ends_with(".json"), "path");
    }
    demand(length("user") == 30 && !fields.contains_key("html"), "user or html")?;
    demand((1..=1_024).contains(&length("message")), format!("message of {}", length("message")))?;
    demand((1..=250).contains(&length("title")) && length("url") <= 512 && length("url_title") <= 100, "title or url")?;
    let number = |name: &str| fields.get(name).and_then(|value| value.parse::<i64>().ok());
    let priority = number("priority").filter(|priority| (-2..=2).contains(priority)).ok_or("priority")?;
    let emergency =
        number("retry").is_some_and(|retry| retry >= 30) && number("expire").is_some_and(|end| end <= 10_800);
    demand(priority < 2 || emergency, "retry and expire")
}

fn google_chat(request: &Seen, body: &Value) -> Result<(), String> {
    demand(request.body.len() <= 32_000, format!("{} bytes", request.body.len()))?;
    let replies = request.url.query_pairs().any(|(name, _)| name == "messageReplyOption");
    demand(replies && (1..=4_000).contains(&units(&body["thread"]["threadKey"])), "thread")?;
    demand(!text(&body["fallbackText"]).contains('<') && body["text"].is_null(), "a text that reads mentions")?;
    let card = &body["cardsV2"][0]["card"];
    within("title", &card["header"]["title"], 1, 200)?;
    let widgets = list(&card["sections"][0]["widgets"]);
    demand((1..=100).contains(&widgets.len()), "widgets")?;
    for widget in widgets {
        for part in [&widget["textParagraph"]["text"], &widget["decoratedText"]["text"]] {
            nothing(stray_html(text(part), &["br"]))?;
        }
    }
    Ok(())
}

fn mattermost(body: &Value) -> Result<(), String> {
    within("text", &body["text"], 1, 16_383)?;
    let props = body["attachments"].to_string();
    demand(props.chars().count() <= 8_000, format!("attachments of {} characters", props.chars().count()))?;
    let attachment = &body["attachments"][0];
    let fields = list(&attachment["fields"]).iter().map(|field| &field["value"]);
    for part in fields.chain([&body["text"], &attachment["text"]]) {
        nothing(stray_markdown(text(part)))?;
        nothing(mention(text(part)))?;
    }
    Ok(())
}
