//! What is kept of pages: each is read once in ten seconds, by one request, however many ask; while the store fails, what was read last is
//! good for a day.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::MutexGuard;
use valpero_domain::{Timestamp, pages::Slug};
use valpero_http::Problem;
use valpero_runtime::{App, telemetry::chain};
use valpero_storage::{OwnDomain, PublicPage, StoreError};

use crate::{asked::What, frame::Place, render::Rendered};

/// How long what was read is good for.
const FRESH_MS: i64 = 10_000;

/// How long it is served while the store fails: a day.
const STALE_MS: i64 = 86_400_000;

/// The store is asked again so long after it failed.
const PATIENCE_MS: i64 = 2_000;

/// Pages, and hosts, that a process keeps. Further ones push out those that were read the longest ago.
const KEPT_MAX: usize = 1_000;

/// Renderings that are kept of one page: its languages, months, posts and badges.
const RENDERED_MAX: usize = 200;

/// All that is kept.
#[derive(Debug, Default)]
pub struct Kept {
    pages: Shelf<Slug, Option<Arc<Page>>>,
    domains: Shelf<String, Option<OwnDomain>>,
}

/// A page as it was read, and what was rendered of it since.
#[derive(Debug)]
pub struct Page {
    /// The page.
    pub public: PublicPage,
    /// When it was read.
    pub read_at: Timestamp,
    rendered: Mutex<HashMap<RenderKey, Arc<Rendered>>>,
    turn: tokio::sync::Mutex<()>,
}

/// What a rendering depends on beside the page: what it is of, where it is seen, and whether it says that it is old.
pub type RenderKey = (What, Place, bool);

impl Page {
    /// What was rendered already of this reading.
    pub fn rendered(&self, key: &RenderKey) -> Option<Arc<Rendered>> {
        self.rendered.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Waits until nobody else renders something of this page.
    pub async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Keeps a rendering.
    pub fn keep(&self, key: RenderKey, rendered: &Arc<Rendered>) {
        let mut all = self.rendered.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() < RENDERED_MAX {
            all.insert(key, Arc::clone(rendered));
        }
    }
}

impl Kept {
    /// A page by its name, and whether it is older than it should be, since the store fails.
    ///
    /// # Errors
    /// Where the store fails, and nothing is kept.
    pub async fn page(&self, app: &App, slug: &Slug) -> Result<Option<(Arc<Page>, bool)>, Problem> {
        let read = || async {
            let read_at = app.now();
            let public = app.store.public_page(slug).await?;
            Ok(public.map(|public| {
                Arc::new(Page { public, read_at, rendered: Mutex::default(), turn: tokio::sync::Mutex::default() })
            }))
        };
        let (page, is_stale) = self.pages.get(slug, app, read).await?;
        Ok(page.map(|page| (page, is_stale)))
    }

    /// The page whose domain a host is.
    ///
    /// # Errors
    /// Where the store fails, and nothing is kept.
    pub async fn page_of(&self, app: &App, host: &str) -> Result<Option<OwnDomain>, Problem> {
        let read = || async { app.store.page_of_domain(host).await };
        let (found, _) = self.domains.get(&host.to_owned(), app, read).await?;
        Ok(found)
    }
}

/// Things that are read from the store and kept for a while.
#[derive(Debug)]
struct Shelf<K, V>(Mutex<HashMap<K, Arc<Slot<V>>>>);

impl<K, V> Default for Shelf<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

#[derive(Debug)]
struct Slot<V> {
    /// What was read last, and when; and when reading failed since.
    held: Mutex<Held<V>>,
    /// Held by the one request that reads from the store.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug, Clone)]
struct Held<V> {
    value: Option<(V, Timestamp)>,
    failed_at: Option<Timestamp>,
}

impl<V: Clone> Slot<V> {
    fn held(&self) -> Held<V> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Shelf<K, V> {
    fn slot(&self, key: &K) -> Arc<Slot<V>> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(key) {
            return Arc::clone(slot);
        }
        if slots.len() >= KEPT_MAX {
            let age = |slot: &Arc<Slot<V>>| slot.held().value.map(|(_, at)| at);
            // Not those that somebody reads at this moment.
            let idle = slots.iter().filter(|(_, slot)| Arc::strong_count(slot) == 1);
            let oldest = idle.min_by_key(|(_, slot)| age(slot)).map(|(key, _)| key.clone());
            if let Some(oldest) = oldest {
                slots.remove(&oldest);
            }
        }
        let slot = Arc::new(Slot {
            held: Mutex::new(Held { value: None, failed_at: None }),
            turn: tokio::sync::Mutex::default(),
        });
        slots.insert(key.clone(), Arc::clone(&slot));
        slot
    }

    /// What is kept, where it is fresh; else one request reads it, while others get what is kept, or wait where nothing is. With it,
    /// whether it is old because the store fails.
    async fn get<R: Future<Output = Result<V, StoreError>>>(
        &self,
        key: &K,
        app: &App,
        read: impl Fn() -> R,
    ) -> Result<(V, bool), Problem> {
        let slot = self.slot(key);
        let now = app.now();
        let mut held = slot.held();
        let turn = match &held.value {
            Some((value, at)) if is_within(*at, now, FRESH_MS) => return Ok((value.clone(), false)),
            Some((value, at)) if is_within(*at, now, STALE_MS) => {
                let failed = held.failed_at.is_some();
                let is_resting = held.failed_at.is_some_and(|failed_at| is_within(failed_at, now, PATIENCE_MS));
                match slot.turn.try_lock() {
                    Ok(turn) if !is_resting => turn,
                    // Somebody reads it at this moment, or the store has just failed.
                    _ => return Ok((value.clone(), failed)),
                }
            }
            _ => {
                let turn = slot.turn.lock().await;
                held = slot.held();
                if let Some((value, at)) = &held.value
                    && is_within(*at, app.now(), FRESH_MS)
                {
                    return Ok((value.clone(), false));
                }
                // Those who waited while the store failed do not ask it one after the other.
                if held.failed_at.is_some_and(|failed_at| is_within(failed_at, app.now(), PATIENCE_MS)) {
                    return Err(Problem::still_unreachable());
                }
                turn
            }
        };
        let found = read().await;
        let mut kept = slot.held.lock().unwrap_or_else(PoisonError::into_inner);
        drop(turn);
        match found {
            Ok(value) => {
                *kept = Held { value: Some((value.clone(), app.now())), failed_at: None };
                Ok((value, false))
            }
            Err(error) => {
                kept.failed_at = Some(app.now());
                match &kept.value {
                    Some((value, at)) if is_within(*at, now, STALE_MS) => {
                        tracing::error!(error = chain(&error), "a status page is served as it was read before");
                        Ok((value.clone(), true))
                    }
                    _ => Err(error.into()),
                }
            }
        }
    }
}

/// Whether so little time has passed since then. A clock that was set back counts as time that has passed.
fn is_within(since: Timestamp, now: Timestamp, ms: i64) -> bool {
    (0..ms).contains(&now.ms_since(since))
}
