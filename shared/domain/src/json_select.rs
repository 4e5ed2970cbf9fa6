//! Evaluates a JSONPath on a document within a budget. Each node visited, each selector tried and each value compared costs steps, so
//! no path, however it is written, takes longer than the budget allows on any body.

use std::{borrow::Cow, cmp::Ordering};

use memchr::memchr_iter;

use crate::{
    json_document::{Document, Id, Kind, Node, Number},
    json_path::{Comparable, Comparison, Expr, Query, Segment, Selector},
};

/// The steps that are left, and a callback that is asked now and then whether to go on.
pub struct Budget<'a> {
    left: u64,
    ask_at: u64,
    keep_going: &'a dyn Fn() -> bool,
}

/// A step takes a few nanoseconds; this many take far less than a millisecond.
const STEPS_BETWEEN: u64 = 1 << 16;

impl<'a> Budget<'a> {
    /// For all comparisons of a check together: some 20 ms of processor time.
    pub const CHECK: u64 = 3_000_000;

    /// This many steps, for as long as `keep_going` returns true.
    pub fn new(steps: u64, keep_going: &'a dyn Fn() -> bool) -> Self {
        Self { left: steps, ask_at: steps, keep_going }
    }

    /// How many steps are left.
    pub const fn left(&self) -> u64 {
        self.left
    }

    pub(crate) fn spend(&mut self, steps: u64) -> Result<(), Stop> {
        let Some(left) = self.left.checked_sub(steps) else {
            self.left = 0;
            return Err(Stop::TooCostly);
        };
        self.left = left;
        if left <= self.ask_at {
            self.ask_at = left.saturating_sub(STEPS_BETWEEN);
            if !(self.keep_going)() {
                return Err(Stop::Interrupted);
            }
        }
        Ok(())
    }

    /// Pays for work on bytes, of which a step covers several.
    pub(crate) fn spend_on(&mut self, bytes: usize, a_step: usize) -> Result<(), Stop> {
        self.spend(u64::try_from(1 + bytes / a_step).unwrap_or(u64::MAX))
    }
}

/// Why a path was not evaluated to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The budget is used up.
    TooCostly,
    /// `keep_going` returned false.
    Interrupted,
}

/// A value to compare.
#[derive(Debug)]
pub(crate) enum Item<'a> {
    Nothing,
    Null,
    Bool(bool),
    Number(Number<'a>),
    Text(Cow<'a, str>),
    /// An array or an object.
    Node(Id),
}

/// Nodes that were visited before.
struct Marks(Vec<u64>);

impl Marks {
    fn is_new(&mut self, id: Id) -> bool {
        let Some(word) = self.0.get_mut(id as usize / 64) else { return true };
        let bit = 1 << (id % 64);
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }
}

/// The nodes that a segment selects.
struct Found {
    nodes: Vec<Id>,
    /// Set where each node is wanted once, but may be found several times.
    marks: Option<Marks>,
}

/// A document, and the budget that is left for it.
pub(crate) struct Run<'r, 'k> {
    pub(crate) document: &'r Document<'r>,
    pub(crate) budget: &'r mut Budget<'k>,
}

impl<'r> Run<'r, '_> {
    /// The nodes that a query selects, each once, in an order that RFC 9535 allows.
    pub(crate) fn select(&mut self, query: &'r Query) -> Result<Vec<Id>, Stop> {
        self.follow(query, 0, true)
    }

    /// The nodes that a query selects: each once, or as often as RFC 9535 lists it.
    pub(crate) fn follow(&mut self, query: &'r Query, from: Id, once: bool) -> Result<Vec<Id>, Stop> {
        self.budget.spend(8)?;
        let mut nodes = vec![if query.from_root { 0 } else { from }];
        for segment in &query.segments {
            if nodes.is_empty() {
                break;
            }
            nodes = self.segment(segment, &nodes, once)?;
        }
        Ok(nodes)
    }

    fn marks(&mut self) -> Result<Marks, Stop> {
        let words = self.document.nodes.len() / 64 + 1;
        self.budget.spend_on(words, 8)?;
        Ok(Marks(vec![0; words]))
    }

    fn segment(&mut self, segment: &'r Segment, from: &[Id], once: bool) -> Result<Vec<Id>, Stop> {
        // One selector never selects the same child twice; several may.
        let marks = if once && segment.selectors.len() > 1 { Some(self.marks()?) } else { None };
        let mut found = Found { nodes: Vec::new(), marks };
        if !segment.descendant {
            for parent in from {
                self.apply(segment, *parent, &mut found)?;
            }
            return Ok(found.nodes);
        }
        let mut visited = if once && from.len() > 1 { Some(self.marks()?) } else { None };
        for top in from {
            let end = self.document.node(*top).next;
            let mut at = *top;
            while at < end {
                let node = self.document.node(at);
                if matches!(node.kind, Kind::Name { .. }) {
                    at += 1;
                } else if visited.as_mut().is_none_or(|visited| visited.is_new(at)) {
                    self.apply(segment, at, &mut found)?;
                    at += 1;
                } else {
                    self.budget.spend(1)?;
                    at = node.next;
                }
            }
        }
        Ok(found.nodes)
    }

    fn apply(&mut self, segment: &'r Segment, parent: Id, found: &mut Found) -> Result<(), Stop> {
        self.budget.spend(1)?;
        if matches!(self.document.node(parent).kind, Kind::Array | Kind::Object) {
            for selector in &segment.selectors {
                self.budget.spend(1)?;
                self.selector(selector, parent, found)?;
            }
        }
        Ok(())
    }

    fn selector(&mut self, selector: &'r Selector, parent: Id, found: &mut Found) -> Result<(), Stop> {
        let is_array = self.document.node(parent).kind == Kind::Array;
        match selector {
            Selector::Name(name) => match self.member(parent, name)? {
                Some(member) => self.push(found, member),
                None => Ok(()),
            },
            Selector::Index(index) if is_array => match self.element(parent, *index)? {
                Some(element) => self.push(found, element),
                None => Ok(()),
            },
            Selector::Slice { start, end, step } if is_array => self.slice(parent, (*start, *end, *step), found),
            Selector::Index(_) | Selector::Slice { .. } => Ok(()),
            Selector::All => self.document.children(parent).try_for_each(|(_, child)| self.push(found, child)),
            Selector::Filter(expr) => self
                .document
                .children(parent)
                .try_for_each(|(_, child)| if self.holds(expr, child)? { self.push(found, child) } else { Ok(()) }),
        }
    }

    fn push(&mut self, found: &mut Found, id: Id) -> Result<(), Stop> {
        self.budget.spend(1)?;
        if found.marks.as_mut().is_none_or(|marks| marks.is_new(id)) {
            found.nodes.push(id);
        }
        Ok(())
    }

    /// The member of this name: the last of several, as most JSON parsers have it.
    fn member(&mut self, parent: Id, wanted: &str) -> Result<Option<Id>, Stop> {
        let mut member = None;
        for (name, value) in self.document.children(parent) {
            self.budget.spend(1)?;
            if let Some(name) = name
                && self.is_named(name, wanted)?
            {
                member = Some(value);
            }
        }
        Ok(member)
    }

    fn is_named(&mut self, name: Node, wanted: &str) -> Result<bool, Stop> {
        let raw = self.document.raw(name);
        if name.kind == (Kind::Name { escaped: false }) {
            if raw.len() != wanted.len() {
                return Ok(false);
            }
            self.budget.spend_on(raw.len(), 32)?;
            return Ok(raw == wanted);
        }
        // Each byte is written as one to six characters.
        if !(wanted.len()..=6 * wanted.len()).contains(&raw.len()) {
            return Ok(false);
        }
        Ok(self.text(name)? == wanted)
    }

    fn element(&mut self, parent: Id, index: i64) -> Result<Option<Id>, Stop> {
        let size = i64::from(self.document.node(parent).size);
        let place = if index < 0 { size + index } else { index };
        if !(0..size).contains(&place) {
            return Ok(None);
        }
        self.budget.spend(place.unsigned_abs())?;
        Ok(self.document.children(parent).nth(usize::try_from(place).unwrap_or(usize::MAX)).map(|(_, child)| child))
    }

    /// RFC 9535, section 2.3.4.2.2.
    fn slice(
        &mut self,
        parent: Id,
        (start, end, step): (Option<i64>, Option<i64>, i64),
        found: &mut Found,
    ) -> Result<(), Stop> {
        let size = i64::from(self.document.node(parent).size);
        let normal = |place: i64| if place < 0 { size + place } else { place };
        // From the lower index up to below the upper one.
        let (lower, upper) = match step {
            0 => return Ok(()),
            1.. => (start.map_or(0, normal).clamp(0, size), end.map_or(size, normal).clamp(0, size)),
            _ => {
                (end.map_or(-1, normal).clamp(-1, size - 1) + 1, start.map_or(size - 1, normal).clamp(-1, size - 1) + 1)
            }
        };
        let first = found.nodes.len();
        for (place, (_, child)) in (0..upper).zip(self.document.children(parent)) {
            let from = if step > 0 { place - lower } else { upper - 1 - place };
            if place >= lower && from % step == 0 {
                self.push(found, child)?;
            } else {
                self.budget.spend(1)?;
            }
        }
        if step < 0 {
            found.nodes.get_mut(first..).unwrap_or_default().reverse();
        }
        Ok(())
    }

    fn holds(&mut self, expr: &'r Expr, at: Id) -> Result<bool, Stop> {
        self.budget.spend(1)?;
        match expr {
            Expr::Any(all) => {
                for one in all {
                    if self.holds(one, at)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Expr::All(all) => {
                for one in all {
                    if !self.holds(one, at)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Expr::Not(negated) => Ok(!self.holds(negated, at)?),
            Expr::Exists(query) if query.is_singular() => Ok(self.singular(query, at)?.is_some()),
            Expr::Exists(query) => Ok(!self.follow(query, at, false)?.is_empty()),
            Expr::Compare(left, comparison, right) => {
                let (left, right) = (self.item(left, at)?, self.item(right, at)?);
                Ok(match comparison {
                    Comparison::Eq => self.equal(&left, &right)?,
                    Comparison::Ne => !self.equal(&left, &right)?,
                    Comparison::Lt => self.order(&left, &right)? == Some(Ordering::Less),
                    Comparison::Gt => self.order(&left, &right)? == Some(Ordering::Greater),
                    Comparison::Lte => {
                        self.order(&left, &right)? == Some(Ordering::Less) || self.equal(&left, &right)?
                    }
                    Comparison::Gte => {
                        self.order(&left, &right)? == Some(Ordering::Greater) || self.equal(&left, &right)?
                    }
                })
            }
        }
    }

    /// The value of a query that selects one node at most.
    fn singular(&mut self, query: &'r Query, from: Id) -> Result<Option<Id>, Stop> {
        let mut at = if query.from_root { 0 } else { from };
        for selector in query.segments.iter().flat_map(|segment| &segment.selectors) {
            self.budget.spend(1)?;
            let next = match selector {
                Selector::Name(name) if self.document.node(at).kind == Kind::Object => self.member(at, name)?,
                Selector::Index(index) if self.document.node(at).kind == Kind::Array => self.element(at, *index)?,
                _ => None,
            };
            let Some(next) = next else { return Ok(None) };
            at = next;
        }
        Ok(Some(at))
    }

    fn item(&mut self, comparable: &'r Comparable, at: Id) -> Result<Item<'r>, Stop> {
        self.budget.spend(1)?;
        Ok(match comparable {
            Comparable::Null => Item::Null,
            Comparable::Bool(truth) => Item::Bool(*truth),
            Comparable::Number(number) => Item::Number(number.borrowed()),
            Comparable::Text(text) => Item::Text(Cow::Borrowed(text)),
            Comparable::Singular(query) => match self.singular(query, at)? {
                Some(node) => self.item_at(node)?,
                None => Item::Nothing,
            },
            Comparable::Length(of) => match self.item(of, at)? {
                Item::Text(text) => {
                    self.budget.spend_on(text.len(), 16)?;
                    count(text.chars().count())
                }
                Item::Node(id) => Item::Number(Number::Whole(self.document.node(id).size.into())),
                _ => Item::Nothing,
            },
            Comparable::Count(query) => count(self.follow(query, at, false)?.len()),
            Comparable::Value(query) => match self.follow(query, at, false)?[..] {
                [node] => self.item_at(node)?,
                _ => Item::Nothing,
            },
        })
    }

    /// The value of a node.
    pub(crate) fn item_at(&mut self, id: Id) -> Result<Item<'r>, Stop> {
        let document = self.document;
        let node = document.node(id);
        self.budget.spend(1)?;
        Ok(match node.kind {
            Kind::Null => Item::Null,
            Kind::False => Item::Bool(false),
            Kind::True => Item::Bool(true),
            Kind::Number => {
                let raw = document.raw(node);
                self.budget.spend_on(raw.len(), 4)?;
                Item::Number(Number::read(raw))
            }
            Kind::Text { .. } | Kind::Name { .. } => Item::Text(self.text(node)?),
            Kind::Array | Kind::Object => Item::Node(id),
        })
    }

    pub(crate) fn order(&mut self, left: &Item<'_>, right: &Item<'_>) -> Result<Option<Ordering>, Stop> {
        Ok(match (left, right) {
            (Item::Number(left), Item::Number(right)) => {
                self.budget.spend_on(left.length() + right.length(), 4)?;
                left.compare(right)
            }
            (Item::Text(left), Item::Text(right)) => {
                self.budget.spend_on(left.len().min(right.len()), 32)?;
                Some(left.cmp(right))
            }
            _ => None,
        })
    }

    pub(crate) fn equal(&mut self, left: &Item<'_>, right: &Item<'_>) -> Result<bool, Stop> {
        Ok(match (left, right) {
            (Item::Nothing, Item::Nothing) | (Item::Null, Item::Null) => true,
            (Item::Bool(left), Item::Bool(right)) => left == right,
            (Item::Text(left), Item::Text(right)) if left.len() != right.len() => false,
            (Item::Node(left), Item::Node(right)) => self.equal_nodes(*left, *right)?,
            _ => self.order(left, right)? == Some(Ordering::Equal),
        })
    }

    /// Compares arrays and objects without recursion: a document may be as deep as it is long.
    fn equal_nodes(&mut self, left: Id, right: Id) -> Result<bool, Stop> {
        let document = self.document;
        let mut pairs = vec![(left, right)];
        while let Some((left, right)) = pairs.pop() {
            self.budget.spend(1)?;
            let (of_left, of_right) = (document.node(left), document.node(right));
            if left == right {
                continue;
            }
            if !matches!(of_left.kind, Kind::Array | Kind::Object) {
                let (left, right) = (self.item_at(left)?, self.item_at(right)?);
                if matches!(right, Item::Node(_)) || !self.equal(&left, &right)? {
                    return Ok(false);
                }
                continue;
            }
            if of_left.kind != of_right.kind || of_left.size != of_right.size {
                return Ok(false);
            }
            for ((name, of_left), (other, of_right)) in document.children(left).zip(document.children(right)) {
                self.budget.spend(2)?;
                let Some((name, other)) = name.zip(other) else {
                    pairs.push((of_left, of_right));
                    continue;
                };
                let name = self.text(name)?;
                // Most objects have their members in the same order.
                let of_right = if self.is_named(other, &name)? { Some(of_right) } else { self.member(right, &name)? };
                let Some(of_right) = of_right else { return Ok(false) };
                pairs.push((of_left, of_right));
            }
        }
        Ok(true)
    }

    /// The content of a text or a name. Unescaping is what costs time.
    fn text(&mut self, node: Node) -> Result<Cow<'r, str>, Stop> {
        if let Kind::Text { escaped: true } | Kind::Name { escaped: true } = node.kind {
            let raw = self.document.raw(node).as_bytes();
            self.budget.spend_on(raw.len(), 16)?;
            self.budget.spend(8)?;
            self.budget.spend_on(2 * memchr_iter(b'\\', raw).count(), 1)?;
        }
        Ok(self.document.text(node))
    }
}

fn count(number: usize) -> Item<'static> {
    Item::Number(Number::Whole(i128::try_from(number).unwrap_or(i128::MAX)))
}

#[cfg(test)]
mod tests;
