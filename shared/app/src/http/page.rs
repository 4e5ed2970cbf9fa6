//! Lists, page by page.

use axum::Json;
use serde_json::{Value, json};

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// From 1.
    pub page: usize,
    /// Items on it: 1 to 200.
    pub limit: usize,
}

impl Page {
    /// How many items must be read to fill the page and know whether more follow.
    pub fn count(self) -> usize {
        self.page * self.limit + 1
    }

    /// The page's part of the items from the first on, and whether more follow.
    pub fn cut<T>(self, items: Vec<T>) -> (Vec<T>, bool) {
        let has_more = items.len() > self.page * self.limit;
        let part = items.into_iter().skip((self.page - 1) * self.limit).take(self.limit).collect();
        (part, has_more)
    }

    /// The answer.
    pub fn answer(self, data: &[Value], has_more: bool) -> Json<Value> {
        Json(json!({"data": data, "page": self.page, "limit": self.limit, "has_more": has_more}))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_cover_a_list_once() {
        let items: Vec<u32> = (0..7).collect();
        let page = |page| Page { page, limit: 3 };
        let read = |page: Page| page.cut(items.iter().copied().take(page.count()).collect());
        assert_eq!(read(page(1)), (vec![0, 1, 2], true));
        assert_eq!(read(page(2)), (vec![3, 4, 5], true));
        assert_eq!(read(page(3)), (vec![6], false));
        assert_eq!(read(page(4)), (vec![], false));
    }
}
