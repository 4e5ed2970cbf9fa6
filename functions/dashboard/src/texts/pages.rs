//! What the pages of status pages say.

/// Texts of the pages of status pages, their components and posts.
#[derive(Debug)]
pub struct Pages {
    pub pages: &'static str,
    pub new: &'static str,
    pub none: &'static str,
    pub none_says: &'static str,
    pub look: &'static str,
    pub posts: &'static str,
    pub settings: &'static str,
    pub components: &'static str,
    pub visibility: &'static str,
    /// "Edit Acme" of Acme.
    pub edit_of: fn(&str) -> String,
    /// What deleting a page means.
    pub delete_says: fn(&str) -> String,
    /// "1 component" of 1.
    pub count: fn(usize) -> String,
    // The form of a page.
    pub general: &'static str,
    pub looks: &'static str,
    pub access: &'static str,
    pub components_say: &'static str,
    /// "Component 2" of 2.
    pub component: fn(usize) -> String,
    pub monitors: &'static str,
    pub more_components: &'static str,
    pub remove_says: &'static str,
    pub preview: &'static str,
    pub preview_says: &'static str,
    pub language_says: &'static str,
    pub zone_says: &'static str,
    pub password_kept: &'static str,
    // The status of components.
    pub by_hand: &'static str,
    pub by_hand_says: &'static str,
    pub set: &'static str,
    pub reset: &'static str,
    pub until: &'static str,
    pub no_components: &'static str,
    // Posts.
    pub new_incident: &'static str,
    pub new_maintenance: &'static str,
    pub no_posts: &'static str,
    pub no_posts_say: &'static str,
    pub post: &'static str,
    pub state: &'static str,
    pub updated: &'static str,
    pub add_update: &'static str,
    pub add: &'static str,
    pub publish: &'static str,
    pub change: &'static str,
    pub made_by_itself: &'static str,
    pub told: &'static str,
    pub not_told: &'static str,
    pub tell: &'static str,
    pub tell_says: &'static str,
    pub do_tell: &'static str,
    pub do_not_tell: &'static str,
    pub unchanged: &'static str,
    pub affected: &'static str,
    pub delete_post_says: &'static str,
    pub times_say: &'static str,
    pub by_itself: &'static str,
    pub comment_public: &'static str,
    pub comment_public_says: &'static str,
}
