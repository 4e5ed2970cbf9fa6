//! `POST /status-pages/{id}/preview`: the page as its form would make it, in a frame of the form's page.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Extension,
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{Html, IntoResponse, Response},
};
use valpero_domain::{
    ComponentId, PageId,
    pages::{ComponentStatus, ComponentView, PageView, StatusPageSpec, days::PastDays},
};
use valpero_http::{List, Problem};
use valpero_runtime::entropy;
use valpero_views::{Monitor, StatusPage};

use super::{form::Draft, page_id, path_of};
use crate::{
    Dashboard,
    form::{Sent, without_nulls},
    visitor::Visitor,
};

/// What a frame of our own page may load, and that only such a page may frame it.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' https:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'";

/// `POST /status-pages/new/preview`.
pub async fn of_new(
    State(dashboard): State<Dashboard>,
    Extension(visitor): Extension<Arc<Visitor>>,
    sent: Sent,
) -> Result<Response, Problem> {
    show(&dashboard, &visitor, None, &sent).await
}

/// `POST /status-pages/{id}/preview`.
pub async fn of_stored(
    State(dashboard): State<Dashboard>,
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    show(&dashboard, &visitor, Some(page_id(&id)?), &sent).await
}

async fn show(dashboard: &Dashboard, visitor: &Visitor, of: Option<PageId>, sent: &Sent) -> Result<Response, Problem> {
    let body = without_nulls(Draft::sent(of, sent).json());
    let stored: Option<StatusPage> = match of {
        Some(id) => Some(visitor.client.get(&path_of(id)).await?),
        None => None,
    };
    let known: BTreeSet<ComponentId> =
        stored.iter().flat_map(|page| page.components.iter().map(|component| component.id)).collect();
    let mut new_id = || ComponentId::new(visitor.now, entropy());
    let spec = StatusPageSpec::read(&body, &known, &mut new_id)
        .map_err(|faults| Problem::invalid(faults).saying(|detail| visitor.t.fault(detail)))?;
    let shown = match stored.as_ref().and_then(|page| page.slug.parse().ok()) {
        Some(slug) => dashboard.app.store.public_page(&slug).await?.and_then(|page| page.view),
        None => None,
    };
    let monitors: List<Monitor> = visitor.client.get("/api/v1/monitors?limit=200").await?;
    let view = view(visitor, spec, shown, &monitors.data);
    let html = valpero_status::preview(&view, visitor.now).map_err(|error| Problem::internal(&error))?;
    let headers = [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN")),
    ];
    Ok((headers, Html(html)).into_response())
}

/// What the page would show: of components that it shows already, what is known of them; of others, what their monitors are.
fn view(visitor: &Visitor, mut spec: StatusPageSpec, shown: Option<PageView>, monitors: &[Monitor]) -> PageView {
    let components = std::mem::take(&mut spec.components);
    let status = |id| monitors.iter().find(|monitor| monitor.id == id).map(|monitor| monitor.status);
    let component = |mut component: valpero_domain::pages::Component| {
        let before =
            shown.as_ref().and_then(|view| view.components.iter().find(|one| one.component.id == component.id));
        let monitor_ids = std::mem::take(&mut component.monitor_ids);
        let statuses: Vec<_> = monitor_ids.iter().filter_map(|id| status(*id)).collect();
        ComponentView {
            component,
            has_monitors: !monitor_ids.is_empty(),
            by_monitors: ComponentStatus::of_monitors(&statuses),
            by_hand: before.and_then(|view| view.by_hand),
            past: before.map_or_else(PastDays::default, |view| view.past.clone()),
            recent: before.map(|view| view.recent.clone()).unwrap_or_default(),
            hours: before.map(|view| view.hours.clone()).unwrap_or_default(),
        }
    };
    let components = components.into_iter().map(component).collect();
    let day = spec.time_zone.days(visitor.now, 1).pop().map_or(visitor.now, |day| day.from);
    PageView {
        page_id: shown.as_ref().map_or_else(|| PageId::new(visitor.now, entropy()), |view| view.page_id),
        domain: shown.as_ref().and_then(|view| view.domain.clone()),
        day: shown.as_ref().map_or(day, |view| view.day),
        made_at: visitor.now,
        created_at: shown.as_ref().map_or(visitor.now, |view| view.created_at),
        posts: shown.map(|view| view.posts).unwrap_or_default(),
        spec,
        components,
    }
}
