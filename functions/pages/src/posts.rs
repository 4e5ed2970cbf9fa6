//! Posts of status pages: create, read, change and delete them, and add updates.

pub mod add_update;
pub mod create;
pub mod delete;
pub mod list;
pub mod read;
pub mod update;

use std::collections::BTreeSet;

use valpero_domain::{
    ComponentId,
    pages::{NewPost, NewUpdate, PostPatch},
};
use valpero_storage::StatusPageRow;
use valpero_views::body;

body!(PagePostCreate, NewPost::OBJECT, Whole);
body!(PagePostPatch, PostPatch::OBJECT, Patch);
body!(PagePostUpdateCreate, NewUpdate::OBJECT, Whole);

/// The components that posts of the page may name.
fn components(page: &StatusPageRow) -> BTreeSet<ComponentId> {
    page.spec.components.iter().map(|component| component.id).collect()
}
