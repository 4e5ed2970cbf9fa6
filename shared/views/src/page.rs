//! Status pages and their posts as their owners see them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use valpero_domain::{
    ComponentId, IncidentId, MonitorId, PageId, PostId, PostUpdateId, PublicUrl, TimeZone, Timestamp,
    pages::{self, ComponentStatus, Impact, PageLanguage, PostKind, PostState, Visibility, post},
};
use valpero_storage::{PostRow, SetByHand, StatusPageRow};

use crate::{ActorView, schema};

/// A status page.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[expect(missing_docs, reason = "the field that a request sets says what it is: see `FIELDS`")]
pub struct StatusPage {
    /// Unique ID.
    #[schema(value_type = schema::PageId)]
    pub id: PageId,
    /// URL at which readers find the page.
    #[schema(value_type = schema::Url)]
    pub url: String,
    #[schema(value_type = schema::PageSlug)]
    pub slug: String,
    #[schema(value_type = schema::Name)]
    pub title: String,
    #[schema(required)]
    pub description: Option<String>,
    /// Domain of its own. Null: none.
    #[schema(required, example = "status.example.com")]
    pub domain: Option<String>,
    #[schema(value_type = schema::PageLanguage)]
    pub language: PageLanguage,
    #[schema(value_type = schema::TimeZone)]
    pub time_zone: TimeZone,
    pub theme: PageThemeView,
    #[schema(value_type = schema::PageVisibility)]
    pub visibility: Visibility,
    /// Whether it has a password. The password itself is never answered.
    pub has_password: bool,
    #[schema(value_type = Vec<schema::Network>)]
    pub ip_allow: Vec<String>,
    pub noindex: bool,
    pub history_days: u16,
    pub components: Vec<PageComponentView>,
    pub auto_publish: AutoPublishView,
    pub subscribers: bool,
    pub show_powered_by: bool,
    /// Creation time.
    #[schema(value_type = schema::Time)]
    pub created_at: Timestamp,
    /// Time of the last change.
    #[schema(value_type = schema::Time)]
    pub updated_at: Timestamp,
}

/// How a status page looks.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[expect(missing_docs, reason = "the field that a request sets says what it is: see `FIELDS`")]
pub struct PageThemeView {
    #[schema(value_type = Option<schema::Colour>, required)]
    pub accent: Option<String>,
    #[schema(value_type = Option<schema::Url>, required)]
    pub logo_url: Option<String>,
}

/// Automatic posts about incidents.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[expect(missing_docs, reason = "the field that a request sets says what it is: see `FIELDS`")]
pub struct AutoPublishView {
    pub incidents: bool,
    pub after_minutes: u32,
}

/// A component of a status page.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[expect(missing_docs, reason = "the field that a request sets says what it is: see `FIELDS`")]
pub struct PageComponentView {
    #[schema(value_type = schema::ComponentId)]
    pub id: ComponentId,
    #[schema(value_type = schema::Name)]
    pub name: String,
    #[schema(required)]
    pub description: Option<String>,
    #[schema(value_type = Option<schema::Name>, required)]
    pub group: Option<String>,
    #[schema(value_type = Vec<schema::MonitorId>)]
    pub monitor_ids: Vec<MonitorId>,
    pub show_uptime: bool,
    pub show_response_time: bool,
    /// Status that is set by hand. Null: none, or it has ended.
    #[schema(required)]
    pub status_by_hand: Option<StatusByHandView>,
}

/// A component's status that is set by hand.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = StatusByHand)]
pub struct StatusByHandView {
    /// Status.
    #[schema(value_type = schema::ComponentStatus)]
    pub status: ComponentStatus,
    /// Time at which it ends. Null: it stays until it is set again.
    #[schema(value_type = Option<schema::Time>, required)]
    pub until: Option<Timestamp>,
    /// Time at which it was set.
    #[schema(value_type = schema::Time)]
    pub at: Timestamp,
    /// Who set it.
    pub actor: ActorView,
}

impl StatusPage {
    /// A page as its owner sees it at this moment. `deployment` is where the deployment is reached.
    pub fn of(row: &StatusPageRow, deployment: Option<&PublicUrl>, now: Timestamp) -> Self {
        let spec = &row.spec;
        let component = |component: &pages::Component| PageComponentView {
            id: component.id,
            name: component.name.to_string(),
            description: component.description.clone(),
            group: component.group.as_ref().map(ToString::to_string),
            monitor_ids: component.monitor_ids.clone(),
            show_uptime: component.show_uptime,
            show_response_time: component.show_response_time,
            status_by_hand: row
                .by_hand
                .get(&component.id)
                .filter(|set| set.by_hand.holds(now))
                .map(StatusByHandView::of),
        };
        Self {
            id: row.id,
            url: row.url(deployment),
            slug: spec.slug.to_string(),
            title: spec.title.to_string(),
            description: spec.description.clone(),
            domain: row.domain.as_ref().map(ToString::to_string),
            language: spec.language,
            time_zone: spec.time_zone,
            theme: PageThemeView {
                accent: spec.theme.accent.as_ref().map(ToString::to_string),
                logo_url: spec.theme.logo_url.clone().map(String::from),
            },
            visibility: spec.visibility,
            has_password: row.password.is_some(),
            ip_allow: spec.ip_allow.iter().map(ToString::to_string).collect(),
            noindex: spec.noindex,
            history_days: spec.history_days,
            components: spec.components.iter().map(component).collect(),
            auto_publish: AutoPublishView {
                incidents: spec.auto_publish.incidents,
                after_minutes: spec.auto_publish.after_minutes,
            },
            subscribers: spec.subscribers,
            show_powered_by: spec.show_powered_by,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl StatusByHandView {
    fn of(set: &SetByHand) -> Self {
        Self { status: set.by_hand.status, until: set.by_hand.until, at: set.at, actor: ActorView::from(&set.by) }
    }
}

/// A post of a status page.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[expect(missing_docs, reason = "the field that a request sets says what it is: see `FIELDS`")]
pub struct PagePost {
    /// Unique ID.
    #[schema(value_type = schema::PostId)]
    pub id: PostId,
    #[schema(value_type = schema::PostKind)]
    pub kind: PostKind,
    pub title: String,
    #[schema(value_type = schema::PostImpact)]
    pub impact: Impact,
    /// Present state: that of the last update, or what the schedule has made of it since.
    #[schema(value_type = schema::PostState)]
    pub state: PostState,
    pub components: Vec<AffectedComponentView>,
    #[schema(value_type = Option<schema::Time>, required)]
    pub scheduled_for: Option<Timestamp>,
    #[schema(value_type = Option<schema::Time>, required)]
    pub scheduled_until: Option<Timestamp>,
    #[schema(value_type = Option<schema::IncidentId>, required)]
    pub incident_id: Option<IncidentId>,
    /// Whether the page made it by itself.
    pub auto: bool,
    /// Updates, oldest first.
    pub updates: Vec<PagePostUpdate>,
    /// Creation time.
    #[schema(value_type = schema::Time)]
    pub created_at: Timestamp,
    /// Time of the last change.
    #[schema(value_type = schema::Time)]
    pub updated_at: Timestamp,
}

/// A component's status in a post.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[expect(missing_docs, reason = "the field that a request sets says what it is: see `FIELDS`")]
pub struct AffectedComponentView {
    #[schema(value_type = schema::ComponentId)]
    pub id: ComponentId,
    #[schema(value_type = schema::ComponentStatus)]
    pub status: ComponentStatus,
}

/// An update of a post.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PagePostUpdate {
    /// Unique ID.
    #[schema(value_type = schema::PostUpdateId)]
    pub id: PostUpdateId,
    /// Time.
    #[schema(value_type = schema::Time)]
    pub at: Timestamp,
    /// State of the post from this update on.
    #[schema(value_type = schema::PostState)]
    pub state: PostState,
    /// Text in Markdown. Empty if the schedule alone changed the state.
    #[schema(example = "We are looking into it.")]
    pub body: String,
    /// Statuses of components that it sets.
    pub components: Vec<AffectedComponentView>,
    /// Whether subscribers were told.
    pub notify: bool,
    /// Who wrote it. Readers do not see this.
    pub actor: ActorView,
}

impl PagePost {
    /// A post as its page's owner sees it at this moment.
    pub fn of(row: &PostRow, now: Timestamp) -> Self {
        let post = &row.post;
        let affected = |all: &[post::Affected]| {
            all.iter().map(|one| AffectedComponentView { id: one.id, status: one.status }).collect()
        };
        let update = |update: &post::PostUpdate| PagePostUpdate {
            id: update.id,
            at: update.at,
            state: update.state,
            body: update.body.clone(),
            components: affected(&update.components),
            notify: update.notify,
            actor: ActorView::from(&update.by),
        };
        Self {
            id: row.id,
            kind: post.kind,
            title: post.title.clone(),
            impact: post.impact,
            state: post.state(now),
            components: affected(&post.components),
            scheduled_for: post.scheduled.map(|scheduled| scheduled.from),
            scheduled_until: post.scheduled.map(|scheduled| scheduled.until),
            incident_id: post.incident_id,
            auto: !post.made_by.is_empty(),
            updates: post.updates.iter().map(update).collect(),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
