//! Lists: page by page, or from a cursor on.

use std::str::FromStr;

use axum::{
    Json,
    http::header,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;
use utoipa::{
    IntoParams, ToSchema,
    openapi::{
        KnownFormat, Ref, RefOr, Required, Schema, SchemaFormat,
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::{ObjectBuilder, Type},
    },
};
use valpero_auth::cursor;
use valpero_domain::AccountId;
use valpero_views::schema;

use crate::Params;

/// Items per page, at most.
const LIMIT_MAX: usize = 200;

/// Items per page by default.
const LIMIT_DEFAULT: usize = 50;

/// Items that a list gives by page number, at most: further ones cost a read of all before them, so they come by cursor.
const PAGES_MAX: usize = 10_000;

/// Where a part of a list begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start<P> {
    /// With this page, from 1.
    Page(usize),
    /// Behind this item.
    After(P),
}

/// Which part of a list is asked for; `P` is the place of an item in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<P> {
    /// Where it begins.
    pub start: Start<P>,
    /// Items in it, at most.
    pub limit: usize,
    /// Whose list.
    pub account: AccountId,
    /// Which list, by which filters.
    pub query: String,
}

/// The parameters of every list, as the reference describes them.
#[derive(Debug)]
pub struct PageParams;

impl IntoParams for PageParams {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let number = |max: usize| {
            ObjectBuilder::new()
                .schema_type(Type::Integer)
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
                .minimum(Some(1))
                .maximum(Some(max))
        };
        let page = format!(
            "Page number, from 1. `page` times `limit` may be at most {PAGES_MAX}; `cursor` has no such limit and is cheaper."
        );
        let limit = format!("Items per page. Default: {LIMIT_DEFAULT}.");
        let cursor = "`next_cursor` of the previous page. Use either `cursor` or `page`.".to_owned();
        let parameter = |name: &str, says: String, schema: RefOr<Schema>| {
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Query)
                .required(Required::False)
                .description(Some(says))
                .schema(Some(schema))
                .build()
        };
        vec![
            parameter("page", page, number(PAGES_MAX).build().into()),
            parameter("limit", limit, number(LIMIT_MAX).default(Some(LIMIT_DEFAULT.into())).build().into()),
            parameter("cursor", cursor, Ref::from_schema_name(schema::Cursor::name()).into()),
        ]
    }
}

impl Params {
    /// `page` and `limit`, or `cursor` and `limit`, of a list of this account.
    pub fn page<P: FromStr>(&mut self, account: AccountId) -> Page<P> {
        let mut number = |name: &'static str| self.take::<String>(name).map(|text| text.parse().unwrap_or(0_usize));
        let (page, limit) = (number("page"), number("limit").unwrap_or(LIMIT_DEFAULT));
        if !(1..=LIMIT_MAX).contains(&limit) {
            self.faults.add("/limit", format!("must be a whole number from 1 to {LIMIT_MAX}"));
        }
        let limit = limit.clamp(1, LIMIT_MAX);
        let start = match self.take::<String>("cursor") {
            Some(cursor) => self.after(account, &cursor, page.is_some()),
            None => Start::Page(self.numbered(page.unwrap_or(1), limit)),
        };
        Page { start, limit, account, query: self.query.clone() }
    }

    fn numbered(&mut self, page: usize, limit: usize) -> usize {
        if page == 0 {
            self.faults.add("/page", "must be a whole number from 1");
        }
        if page.saturating_mul(limit) > PAGES_MAX {
            let detail = format!("page times limit must be at most {PAGES_MAX}; go on by cursor, as next_cursor says");
            self.faults.add("/page", detail);
        }
        page.clamp(1, PAGES_MAX)
    }

    fn after<P: FromStr>(&mut self, account: AccountId, cursor: &str, paged: bool) -> Start<P> {
        if paged {
            self.faults.add("/page", "must not stand beside cursor");
        }
        let position = cursor::open(account, &self.query, cursor).and_then(|position| position.parse().ok());
        position.map_or_else(
            || {
                let detail = "is not one of this list: take next_cursor of the page before, with the same filters";
                self.faults.add("/cursor", detail);
                Start::Page(1)
            },
            Start::After,
        )
    }
}

/// One page of a list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct List<T: ToSchema> {
    /// Items of this page.
    pub data: Vec<T>,
    /// Page number. Null if `cursor` was used.
    #[schema(required, minimum = 1)]
    pub page: Option<usize>,
    /// Maximum number of items per page.
    #[schema(minimum = 1)]
    pub limit: usize,
    /// Whether more items follow.
    pub has_more: bool,
    /// Pass it as `cursor`, with the same filters, to get the next page: the cheapest way, without gaps or repeats while new
    /// items arrive. Null on the last page.
    #[schema(value_type = Option<schema::Cursor>, required)]
    pub next_cursor: Option<String>,
}

/// A page of a list as an answer: with a `Link` to the next one (RFC 8288), where there is one.
#[derive(Debug)]
pub struct Listed<T: ToSchema> {
    list: List<T>,
    next: Option<String>,
}

impl<T: ToSchema + Serialize> IntoResponse for Listed<T> {
    fn into_response(self) -> Response {
        let link = self.next.map(|next| [(header::LINK, format!("<{next}>; rel=\"next\""))]);
        (link, Json(self.list)).into_response()
    }
}

impl<P> Page<P> {
    /// The address of the next page: the same list and filters, from the cursor on.
    fn link(&self, cursor: &str) -> String {
        let (path, filters) = self.query.split_once('?').unwrap_or((&self.query, ""));
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(form_urlencoded::parse(filters.as_bytes()));
        query.append_pair("limit", &self.limit.to_string()).append_pair("cursor", cursor);
        format!("{path}?{}", query.finish())
    }

    /// How many items must be read to fill the part and know whether more follow.
    pub fn count(&self) -> usize {
        self.skip() + self.limit + 1
    }

    /// The item behind which to read, where the part begins with a cursor.
    pub fn after(&self) -> Option<&P> {
        match &self.start {
            Start::After(position) => Some(position),
            Start::Page(_) => None,
        }
    }

    fn skip(&self) -> usize {
        match self.start {
            Start::Page(page) => (page - 1) * self.limit,
            Start::After(_) => 0,
        }
    }

    /// The part of the items that were read, from the first or from the cursor on.
    pub fn cut<I>(&self, items: Vec<I>) -> Cut<I> {
        let has_more = items.len() > self.skip() + self.limit;
        Cut { items: items.into_iter().skip(self.skip()).take(self.limit).collect(), has_more }
    }
}

/// A part of a list that was read.
#[derive(Debug)]
pub struct Cut<I> {
    /// Items of this page.
    pub items: Vec<I>,
    /// Whether more follow.
    pub has_more: bool,
}

impl<P: ToString> Page<P> {
    /// The answer: each item as `view` shows it; `position` is its place in the list.
    pub fn answer<I, T: ToSchema>(
        &self,
        cut: &Cut<I>,
        position: impl Fn(&I) -> P,
        view: impl Fn(&I) -> T,
    ) -> Listed<T> {
        let last = cut.items.last().filter(|_| cut.has_more);
        let page = match self.start {
            Start::Page(page) => Some(page),
            Start::After(_) => None,
        };
        let next_cursor = last.map(|item| cursor::seal(self.account, &self.query, &position(item).to_string()));
        let next = next_cursor.as_deref().map(|cursor| self.link(cursor));
        let data = cut.items.iter().map(view).collect();
        Listed { list: List { data, page, limit: self.limit, has_more: cut.has_more, next_cursor }, next }
    }
}

#[cfg(test)]
mod tests {
    use valpero_domain::Timestamp;

    use super::*;

    fn page(start: Start<u32>) -> Page<u32> {
        Page { start, limit: 3, account: AccountId::new(Timestamp::from_ms(1), [1; 10]), query: "/numbers".into() }
    }

    /// What a store would read: the items behind the cursor, as many as asked for.
    fn read(page: &Page<u32>) -> List<String> {
        let after = page.after().copied();
        let items = (0..7).filter(|item| after.is_none_or(|after| *item > after)).take(page.count()).collect();
        page.answer(&page.cut(items), |item| *item, ToString::to_string).list
    }

    #[test]
    fn pages_cover_a_list_once() {
        let data = |number| (read(&page(Start::Page(number))).data, read(&page(Start::Page(number))).has_more);
        assert_eq!(data(1), (vec!["0".into(), "1".into(), "2".into()], true));
        assert_eq!(data(2), (vec!["3".into(), "4".into(), "5".into()], true));
        assert_eq!(data(3), (vec!["6".into()], false));
        assert_eq!(data(4), (vec![], false));
    }

    #[test]
    fn a_walk_by_cursor_sees_the_same() {
        let mut seen = Vec::new();
        let mut at = page(Start::Page(1));
        loop {
            let list = read(&at);
            seen.extend(list.data);
            assert_eq!(list.has_more, list.next_cursor.is_some());
            let Some(next) = list.next_cursor else { break };
            let position = cursor::open(at.account, &at.query, &next).expect("a cursor of this list");
            at = page(Start::After(position.parse().expect("a number")));
        }
        assert_eq!(seen, ["0", "1", "2", "3", "4", "5", "6"]);
    }
}
