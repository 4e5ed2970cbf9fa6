//! Status pages: posts what a page posts by itself, and makes anew what it shows.

use std::collections::{BTreeMap, BTreeSet};

use valpero_domain::{
    AccountId, Actor, AuditAction, AuditId, ComponentId, IncidentId, MonitorId, PageId, PostId, PostUpdateId, Status,
    Timestamp,
    event::{Due, Event, PageMark},
    incident::TimelineEntry,
    pages::{
        Component, ComponentStatus, DomainName, PageView, Post, PublicPost,
        auto::{self, Knows, Open, Step},
        post::PostUpdate,
        view::{HourMs, Seen, Sources},
    },
    rollup::Span,
};
use valpero_runtime::{App, WorkError, entropy, telemetry::chain};
use valpero_storage::{AuditRow, Monitor, Optional, PostRow, StatusPageRow, StoreError};

use crate::{
    hours::{self, hours},
    notify,
};

/// Posts that a page knows of when it is made, at most: the latest.
const POSTS_MAX: usize = 200;

/// How often a page is begun anew where others change what it shows at the same time.
const TRIES: usize = 20;

/// Seconds into the hour at which the hour before is summed up, and pages that show response times are made anew.
const HOURS_READY_S: i64 = 15 * 60;

/// Makes a page anew after a change of its own was written, and says so where that fails: its mark lets the sweep find it.
pub async fn refreshed(app: &App, account: AccountId, page: PageId) {
    if let Err(error) = refresh(app, account, page).await {
        tracing::warn!(page_id = %page, error = chain(&error), "the page will be made by the delivery worker");
        notify::announce_due(app, account, Due::Page(PageMark::of(page))).await;
    }
}

/// Says that subscribers wait to be told of a post's new updates. As with [`refreshed`], the sweep finds what was lost.
pub async fn announce_updates(app: &App, row: &PostRow, seen: Option<&PostRow>) {
    for broadcast in row.told_since(seen) {
        notify::announce_due(app, row.account_id, Due::Broadcast(broadcast)).await;
    }
}

/// Makes anew what a page shows. Answers, for the log, what came of it.
///
/// # Errors
/// Where the store fails, or others change what it shows again and again.
pub async fn refresh(app: &App, account: AccountId, id: PageId) -> Result<&'static str, WorkError> {
    for _ in 0..TRIES {
        match try_refresh(app, account, id).await {
            Ok(Some(done)) => return Ok(done),
            // It posted something, which it shows, too.
            Ok(None) => {}
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Conflict.into())
}

async fn try_refresh(app: &App, account: AccountId, id: PageId) -> Result<Option<&'static str>, WorkError> {
    let store = &app.store;
    let now = app.now();
    // In this order: what changes from here on has another mark, or makes the view that is written below be refused.
    let marks = store.page_marks(account, id).await?;
    let mut made = store.page_made(account, id).await?;
    let Some(row) = store.page(account, id).await.optional()? else {
        store.delete_posts(account, id).await?;
        store.delete_subscribers(account, id).await?;
        store.forget_page(account, id).await?;
        for monitor in marks.iter().filter_map(|row| row.mark.monitor_id) {
            store.link_monitor(account, monitor, id, false).await?;
        }
        store.settle_page_marks(account, id, &marks, None).await?;
        return Ok(Some("the page is gone"));
    };
    link(app, &row).await?;
    let monitors = store.monitors_by_id(account, &row.spec.monitors()).await?;
    let open: Vec<IncidentId> = monitors.values().filter_map(|monitor| monitor.current_incident_id).collect();
    let posts = posts_of(app, &row, &open).await?;
    let known = Known::of(&row, &monitors, &posts);
    made.deleted.retain(|incident| open.contains(incident));
    let knows = known.knows(&row, &made.deleted);
    if let Some(step) = knows.step(now, entropy()) {
        write(app, &row, &posts, step, now).await?;
        return Ok(None);
    }
    let hours = hours_of(app, &row, &monitors).await?;
    let by_hand: Vec<_> = row.by_hand.iter().map(|(id, set)| (*id, set.by_hand)).collect();
    let public: Vec<PublicPost> = posts.iter().map(|row| PublicPost::of(row.id, &row.post)).collect();
    let seen: Vec<Seen<'_>> = monitors
        .values()
        .map(|monitor| Seen { id: monitor.id, status: monitor.status, downtime: &monitor.downtime })
        .collect();
    let sources = Sources {
        page_id: id,
        spec: &row.spec,
        domain: row.domain.as_ref().map(DomainName::as_str),
        created_at: row.created_at,
        monitors: &seen,
        by_hand: &by_hand,
        posts: &public,
        hours: &hours,
    };
    let view = PageView::of(&sources, now);
    store.put_page_view(&row, &made, &view).await?;
    let next = [knows.next(), view.next_change(now), next_hour(&row, now)];
    store.settle_page_marks(account, id, &marks, next.into_iter().flatten().min()).await?;
    Ok(Some("made anew"))
}

/// The latest posts, and those that these incidents made, however long ago.
async fn posts_of(app: &App, row: &StatusPageRow, incidents: &[IncidentId]) -> Result<Vec<PostRow>, WorkError> {
    let mut posts = app.store.posts(row.account_id, row.id, None, |_| true, POSTS_MAX).await?;
    if posts.len() == POSTS_MAX {
        for incident in incidents.iter().copied() {
            if !posts.iter().any(|row| row.post.tells_of(incident)) {
                let made = app.store.post(row.account_id, row.id, auto::post_of(incident)).await.optional()?;
                posts.extend(made);
            }
        }
    }
    Ok(posts)
}

/// When the page's response times are known of one hour more.
fn next_hour(row: &StatusPageRow, now: Timestamp) -> Option<Timestamp> {
    let shows = row.spec.components.iter().any(|component| component.show_response_time);
    let ready = |start: Timestamp| start.plus_seconds(HOURS_READY_S);
    let this = Span::Hour.start(now);
    let next = if now < ready(this) { ready(this) } else { ready(this).plus_seconds(Span::Hour.seconds()) };
    shows.then_some(next)
}

/// Lets the page's monitors mark it whenever their status changes, and those that it shows no more mark it no more.
async fn link(app: &App, row: &StatusPageRow) -> Result<(), WorkError> {
    let wanted = row.spec.monitors();
    if wanted == row.linked {
        return Ok(());
    }
    for monitor in wanted.difference(&row.linked) {
        app.store.link_monitor(row.account_id, *monitor, row.id, true).await?;
    }
    for monitor in row.linked.difference(&wanted) {
        app.store.link_monitor(row.account_id, *monitor, row.id, false).await?;
    }
    app.store.set_linked(row.account_id, row.id, &wanted).await?;
    Ok(())
}

/// What a page knows, held together.
struct Known {
    open: Vec<Open>,
    posts: Vec<(PostId, Post)>,
    statuses: Vec<(ComponentId, ComponentStatus)>,
}

impl Known {
    fn of(row: &StatusPageRow, monitors: &BTreeMap<MonitorId, Monitor>, posts: &[PostRow]) -> Self {
        let open = |monitor: &Monitor| {
            Some(Open { incident: monitor.current_incident_id?, monitor: monitor.id, since: monitor.status_since })
        };
        let status = |component: &Component| {
            let statuses: Vec<Status> =
                component.monitor_ids.iter().filter_map(|id| monitors.get(id)).map(|monitor| monitor.status).collect();
            Some((component.id, ComponentStatus::of_monitors(&statuses)?))
        };
        Self {
            open: monitors.values().filter_map(open).collect(),
            posts: posts.iter().map(|row| (row.id, row.post.clone())).collect(),
            statuses: row.spec.components.iter().filter_map(status).collect(),
        }
    }

    fn knows<'a>(&'a self, row: &'a StatusPageRow, deleted: &'a BTreeSet<IncidentId>) -> Knows<'a> {
        Knows { spec: &row.spec, open: &self.open, posts: &self.posts, deleted, statuses: &self.statuses }
    }
}

async fn write(
    app: &App,
    page: &StatusPageRow,
    posts: &[PostRow],
    step: Step,
    now: Timestamp,
) -> Result<(), WorkError> {
    let audit = |action: AuditAction, target: String| {
        let id = AuditId::new(now, entropy());
        AuditRow::without_request(page.account_id, id, Actor::System, action, Some(target), now)
    };
    match step {
        Step::Create(id, post) => {
            let row =
                PostRow { account_id: page.account_id, page_id: page.id, id, post, created_at: now, updated_at: now };
            app.store.create_post(&row, &audit(AuditAction::PostCreated, id.to_string()).into()).await?;
            announce_updates(app, &row, None).await;
        }
        Step::Change(id, post) => {
            let Some(old) = posts.iter().find(|row| row.id == id) else { return Ok(()) };
            let updated_at = now.max(old.updated_at.plus_ms(1));
            let new = PostRow { post, updated_at, ..old.clone() };
            app.store.update_post(old, &new, &audit(AuditAction::PostUpdateAdded, id.to_string()).into()).await?;
            announce_updates(app, &new, Some(old)).await;
        }
    }
    Ok(())
}

/// Median response times of the last 24 full hours of the components that show them: of several monitors, the slowest.
async fn hours_of(
    app: &App,
    row: &StatusPageRow,
    monitors: &BTreeMap<MonitorId, Monitor>,
) -> Result<Vec<(ComponentId, Vec<HourMs>)>, WorkError> {
    let showing: Vec<_> = row.spec.components.iter().filter(|component| component.show_response_time).collect();
    if showing.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: BTreeSet<MonitorId> =
        showing.iter().flat_map(|component| component.monitor_ids.iter().copied()).collect();
    let found = hours(app, monitors.values().filter(|monitor| wanted.contains(&monitor.id))).await?;
    let end = Span::Hour.start(app.now());
    let first = end.plus_seconds(-Span::Hour.seconds() * hours::SHOWN);
    let of_component = |component: &&Component| {
        let hour = |number: i64| {
            let at = first.plus_seconds(number * Span::Hour.seconds());
            let of_monitors = component.monitor_ids.iter().filter_map(|id| found.get(id)?.get(&at)?.p50_us);
            of_monitors.max().map(|us| (us + 500) / 1000)
        };
        (component.id, (0..hours::SHOWN).map(hour).collect())
    };
    Ok(showing.iter().map(of_component).collect())
}

/// Puts a public comment on an incident on the pages that show its monitor: as an update of the incident's post, which a page that
/// publishes incidents makes at once. Safe to repeat.
///
/// # Errors
/// Where the store fails.
pub async fn tell_comment(app: &App, event: &Event, monitor: &Monitor) -> Result<(), WorkError> {
    let (Some(incident), Some(entry)) = (&event.incident, &event.entry) else { return Ok(()) };
    if !entry.public {
        return Ok(());
    }
    for page in &monitor.pages {
        let mut tries = 0;
        loop {
            tries += 1;
            match try_tell(app, monitor.account_id, *page, incident.id, entry).await {
                Ok(true) => break,
                Ok(false) if tries < TRIES => {}
                Err(error) if error.is_conflict() && tries < TRIES => {}
                Ok(false) => return Err(StoreError::Conflict.into()),
                Err(error) => return Err(error),
            }
        }
        notify::announce_due(app, monitor.account_id, Due::Page(PageMark::of(*page))).await;
    }
    Ok(())
}

/// Whether the comment is on the page, or has no place there.
async fn try_tell(
    app: &App,
    account: AccountId,
    page: PageId,
    incident: IncidentId,
    entry: &TimelineEntry,
) -> Result<bool, WorkError> {
    let now = app.now();
    let Some(row) = app.store.page(account, page).await.optional()? else { return Ok(true) };
    let posts = posts_of(app, &row, &[incident]).await?;
    let Some(old) = posts.iter().find(|row| row.post.tells_of(incident)) else {
        let monitors = app.store.monitors_by_id(account, &row.spec.monitors()).await?;
        let known = Known::of(&row, &monitors, &posts);
        let Some(step) = known.knows(&row, &BTreeSet::new()).publish(incident, now, entropy()) else { return Ok(true) };
        write(app, &row, &posts, step, now).await?;
        return Ok(false);
    };
    // The comment's own number, so that it is told once.
    let id = PostUpdateId::from_bytes(entry.id.to_bytes());
    if old.post.updates.iter().any(|update| update.id == id) {
        return Ok(true);
    }
    if old.post.is_full() {
        tracing::warn!(page_id = %page, post_id = %old.id, "the post is full: a public comment has no place in it");
        return Ok(true);
    }
    let mut post = old.post.clone();
    let update = PostUpdate {
        id,
        at: entry.at,
        state: post.state(now),
        body: entry.note.clone().unwrap_or_default(),
        components: Vec::new(),
        notify: true,
        by: entry.by.clone(),
    };
    post.add(update, None);
    write(app, &row, &posts, Step::Change(old.id, post), now).await?;
    Ok(true)
}
