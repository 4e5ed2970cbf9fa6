//! Objects in the shape of Atlassian Statuspage's public API, field for field, so that what reads theirs reads ours
//! (<https://doers.statuspage.io/api/v2>).

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use valpero_domain::{
    PostId, Timestamp,
    pages::{ComponentStatus, PageView, PostKind, PostState, Shown, ShownComponent, post::Post},
};

use crate::texts::texts;

/// What the whole page says.
pub fn status(view: &PageView, shown: &Shown<'_>) -> Value {
    json!({
        "indicator": shown.indicator.as_str(),
        "description": texts(view.spec.language).headline(shown.indicator),
    })
}

/// What a webhook that subscribed to the page gets, in the shape of Statuspage's webhook notifications
/// (<https://support.atlassian.com/statuspage/docs/enable-webhook-notifications/>). `unsubscribe` is the URL that ends the subscription.
pub fn webhook(view: &PageView, url: &str, unsubscribe: &str, id: PostId, post: &Post, now: Timestamp) -> Value {
    let shown = view.at(now);
    json!({
        "meta": {"unsubscribe": unsubscribe, "generated_at": now},
        "page": {
            "id": view.page_id,
            "name": view.spec.title,
            "url": url,
            "status_indicator": shown.indicator.as_str(),
            "status_description": texts(view.spec.language).headline(shown.indicator),
        },
        "incident": incident(view, url, &shown.components, id, post, now),
    })
}

/// What the format calls a component of which nobody knows anything: it has no word for that.
fn word(status: Option<ComponentStatus>) -> &'static str {
    status.unwrap_or(ComponentStatus::Operational).as_str()
}

/// A group's ID: groups are names alone, and the format wants one.
fn group_id(view: &PageView, name: &str) -> String {
    format!("grp_{}", hex::encode(&Sha256::digest(format!("{} {name}", view.page_id))[..12]))
}

fn component(view: &PageView, shown: &ShownComponent<'_>, position: usize) -> Value {
    let component = &shown.view.component;
    json!({
        "id": component.id,
        "name": component.name,
        "status": word(shown.status),
        "created_at": component.id.at(),
        "updated_at": view.made_at,
        "position": position,
        "description": component.description,
        "showcase": component.show_uptime,
        "start_date": component.id.at().to_string().split('T').next(),
        "group_id": component.group.as_ref().map(|name| group_id(view, name.as_str())),
        "page_id": view.page_id,
        "group": false,
        "only_show_if_degraded": false,
    })
}

/// Every component, and each group before its first one.
pub fn components(view: &PageView, shown: &[ShownComponent<'_>]) -> Vec<Value> {
    let mut all = Vec::with_capacity(shown.len());
    let mut named: Vec<&str> = Vec::new();
    for (position, one) in shown.iter().enumerate() {
        if let Some(name) = one.view.component.group.as_ref().map(valpero_domain::monitor::Name::as_str)
            && !named.contains(&name)
        {
            named.push(name);
            let within = shown
                .iter()
                .filter(|one| one.view.component.group.as_ref().is_some_and(|group| group.as_str() == name));
            let (mut ids, mut worst) = (Vec::new(), None);
            for one in within {
                ids.push(one.view.component.id.to_string());
                worst = worst.max(one.status);
            }
            all.push(json!({
                "id": group_id(view, name),
                "name": name,
                "status": word(worst),
                "created_at": one.view.component.id.at(),
                "updated_at": view.made_at,
                "position": position + 1,
                "description": null,
                "showcase": false,
                "start_date": null,
                "group_id": null,
                "page_id": view.page_id,
                "group": true,
                "only_show_if_degraded": false,
                "components": ids,
            }));
        }
        all.push(component(view, one, position + 1));
    }
    all
}

/// A post as an incident of the format. `url` is where the page is, without a slash at its end.
pub fn incident(
    view: &PageView,
    url: &str,
    shown: &[ShownComponent<'_>],
    id: PostId,
    post: &Post,
    now: Timestamp,
) -> Value {
    let t = texts(view.spec.language);
    let name = |id| view.components.iter().find(|one| one.component.id == id).map(|one| &one.component.name);
    let mut before: Vec<valpero_domain::pages::Affected> = Vec::new();
    let mut updates = Vec::with_capacity(post.updates.len());
    for update in &post.updates {
        let affected: Vec<Value> = update
            .components
            .iter()
            .map(|one| {
                let old = before.iter().find(|old| old.id == one.id).map_or(ComponentStatus::Operational, |old| old.status);
                json!({"code": one.id, "name": name(one.id), "old_status": old.as_str(), "new_status": one.status.as_str()})
            })
            .collect();
        if !update.components.is_empty() {
            before.clone_from(&update.components);
        }
        updates.push(json!({
            "id": update.id,
            "status": update.state.as_str(),
            "body": if update.body.is_empty() { t.by_itself(update.state) } else { &update.body },
            "incident_id": id,
            "created_at": update.at,
            "updated_at": update.at,
            "display_at": update.at,
            "affected_components": if affected.is_empty() { Value::Null } else { json!(affected) },
            "deliver_notifications": update.notify,
            "custom_tweet": null,
            "tweet_id": null,
        }));
    }
    updates.reverse();
    let first = |state: PostState| post.updates.iter().find(|update| update.state == state).map(|update| update.at);
    let about = shown
        .iter()
        .enumerate()
        .filter(|(_, one)| post.components.iter().any(|affected| affected.id == one.view.component.id));
    let mut value = json!({
        "id": id,
        "name": post.title,
        "status": post.state(now).as_str(),
        "created_at": post.began_at(),
        "updated_at": post.last().map(|last| last.at),
        "monitoring_at": first(PostState::Monitoring),
        "resolved_at": post.over_at(now),
        "impact": match post.kind {
            PostKind::Incident => post.impact.as_str(),
            PostKind::Maintenance => "maintenance",
        },
        "shortlink": format!("{url}/posts/{id}"),
        "started_at": post.began_at(),
        "page_id": view.page_id,
        "incident_updates": updates,
        "components": about.map(|(position, one)| component(view, one, position + 1)).collect::<Vec<_>>(),
        "reminder_intervals": null,
    });
    if let Some(scheduled) = post.scheduled {
        value["scheduled_for"] = json!(scheduled.from);
        value["scheduled_until"] = json!(scheduled.until);
    }
    value
}
