//! A change of one item: what is set, removed and added, and on what condition. It makes DynamoDB's expressions, so that no name or
//! value is forgotten in one of them.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, TransactWriteItem, Update};

use crate::{
    Store, StoreError,
    call::{Item, Updated, consumed, n},
    usage::Kind,
};

/// A condition on an item's attributes. A name may be a path, such as `votes.fra`.
#[derive(Debug, Clone)]
pub(crate) enum If<'a> {
    /// The attribute has this value.
    Is(&'a str, AttributeValue),
    /// It is less than this.
    Below(&'a str, AttributeValue),
    /// It is this or less.
    AtMost(&'a str, AttributeValue),
    /// It is more than this.
    Above(&'a str, AttributeValue),
    /// It is less than this other attribute.
    BelowOther(&'a str, &'a str),
    /// There is such an attribute.
    Exists(&'a str),
    /// There is none.
    Absent(&'a str),
    /// All of these hold.
    All(Vec<If<'a>>),
    /// One of these holds.
    Any(Vec<If<'a>>),
    /// The set or list has fewer members.
    Fewer(&'a str, AttributeValue),
}

/// Changes of one item.
#[derive(Debug, Clone, Default)]
pub(crate) struct Change {
    set: Vec<String>,
    remove: Vec<String>,
    add: Vec<String>,
    delete: Vec<String>,
    conditions: Vec<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Change {
    /// No change yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives an attribute this value.
    pub fn set(mut self, name: &str, value: AttributeValue) -> Self {
        let (name, value) = (self.path(name), self.value(value));
        self.set.push(format!("{name} = {value}"));
        self
    }

    /// Gives an attribute this value, where there is one.
    pub fn set_some(self, name: &str, value: Option<AttributeValue>) -> Self {
        match value {
            Some(value) => self.set(name, value),
            None => self,
        }
    }

    /// Gives an attribute this value, or takes it away where there is none.
    pub fn set_or_remove(self, name: &str, value: Option<AttributeValue>) -> Self {
        match value {
            Some(value) => self.set(name, value),
            None => self.remove(name),
        }
    }

    /// Takes an attribute away.
    pub fn remove(mut self, name: &str) -> Self {
        let name = self.path(name);
        self.remove.push(name);
        self
    }

    /// Adds to a number.
    pub fn add(mut self, name: &str, number: i64) -> Self {
        let (name, number) = (self.path(name), self.value(n(number)));
        self.add.push(format!("{name} {number}"));
        self
    }

    /// Adds a member to a set of texts.
    pub fn add_member(self, name: &str, member: &str) -> Self {
        self.add_members(name, vec![member.to_owned()])
    }

    /// Adds members to a set of texts.
    pub fn add_members(mut self, name: &str, members: Vec<String>) -> Self {
        let (name, members) = (self.path(name), self.value(AttributeValue::Ss(members)));
        self.add.push(format!("{name} {members}"));
        self
    }

    /// Takes a member out of a set of texts.
    pub fn delete_member(mut self, name: &str, member: &str) -> Self {
        let (name, member) = (self.path(name), self.value(AttributeValue::Ss(vec![member.to_owned()])));
        self.delete.push(format!("{name} {member}"));
        self
    }

    /// Does nothing unless this holds, and all that was asked for before.
    pub fn only_if(mut self, condition: If<'_>) -> Self {
        let condition = self.condition(condition);
        self.conditions.push(condition);
        self
    }

    fn condition(&mut self, condition: If<'_>) -> String {
        match condition {
            If::Is(name, value) => self.compare(name, "=", value),
            If::Below(name, value) => self.compare(name, "<", value),
            If::AtMost(name, value) => self.compare(name, "<=", value),
            If::Above(name, value) => self.compare(name, ">", value),
            If::BelowOther(name, other) => format!("{} < {}", self.path(name), self.path(other)),
            If::Exists(name) => format!("attribute_exists({})", self.path(name)),
            If::Absent(name) => format!("attribute_not_exists({})", self.path(name)),
            If::Fewer(name, count) => format!("size({}) < {}", self.path(name), self.value(count)),
            If::All(all) => self.join(all, " AND "),
            If::Any(any) => self.join(any, " OR "),
        }
    }

    fn compare(&mut self, name: &str, how: &str, value: AttributeValue) -> String {
        format!("{} {how} {}", self.path(name), self.value(value))
    }

    fn join(&mut self, conditions: Vec<If<'_>>, with: &str) -> String {
        let each: Vec<String> = conditions.into_iter().map(|condition| self.condition(condition)).collect();
        format!("({})", each.join(with))
    }

    /// A path, by placeholders where a name may be one of DynamoDB's reserved words: none of those has an underscore (DynamoDB
    /// Developer Guide, "Reserved words"). Each byte of a tick's requests goes to another region.
    fn path(&mut self, path: &str) -> String {
        let placeholders: Vec<String> = path
            .split('.')
            .map(|part| {
                if part.contains('_') {
                    return part.to_owned();
                }
                let placeholder = format!("#{part}");
                self.names.insert(placeholder.clone(), part.to_owned());
                placeholder
            })
            .collect();
        placeholders.join(".")
    }

    fn value(&mut self, value: AttributeValue) -> String {
        if let Some((placeholder, _)) = self.values.iter().find(|(_, known)| **known == value) {
            return placeholder.clone();
        }
        let placeholder = format!(":v{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }

    fn expression(&self) -> String {
        let clauses = [("SET", &self.set), ("REMOVE", &self.remove), ("ADD", &self.add), ("DELETE", &self.delete)];
        let clauses = clauses.iter().filter(|(_, parts)| !parts.is_empty());
        clauses.map(|(verb, parts)| format!("{verb} {}", parts.join(", "))).collect::<Vec<_>>().join(" ")
    }

    fn conditions(&self) -> Option<String> {
        (!self.conditions.is_empty()).then(|| self.conditions.join(" AND "))
    }

    /// The change as part of a transaction.
    ///
    /// # Errors
    /// Where the SDK finds it incomplete.
    pub fn on(self, table: &str, key: Item) -> Result<TransactWriteItem, StoreError> {
        let update = Update::builder()
            .table_name(table)
            .set_key(Some(key))
            .update_expression(self.expression())
            .set_condition_expression(self.conditions())
            .set_expression_attribute_names((!self.names.is_empty()).then_some(self.names))
            .set_expression_attribute_values((!self.values.is_empty()).then_some(self.values));
        Ok(TransactWriteItem::builder().update(update.build()?).build())
    }
}

impl Store {
    /// Changes one item by itself.
    pub(crate) async fn change(&self, table: &str, key: Item, change: Change) -> Result<Updated, StoreError> {
        let request = self
            .client
            .update_item()
            .table_name(table)
            .set_key(Some(key))
            .update_expression(change.expression())
            .set_condition_expression(change.conditions())
            .set_expression_attribute_names((!change.names.is_empty()).then_some(change.names))
            .set_expression_attribute_values((!change.values.is_empty()).then_some(change.values))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        self.send_update(request).await
    }

    /// Deletes one item by itself if this holds; answers whether it did.
    pub(crate) async fn delete_if(&self, table: &str, key: Item, condition: If<'_>) -> Result<bool, StoreError> {
        let condition = Change::new().only_if(condition);
        let request = self
            .client
            .delete_item()
            .table_name(table)
            .set_key(Some(key))
            .set_condition_expression(condition.conditions())
            .set_expression_attribute_names((!condition.names.is_empty()).then_some(condition.names))
            .set_expression_attribute_values((!condition.values.is_empty()).then_some(condition.values))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let sent = request.send().await;
        consumed(&Kind::Write, sent.iter().filter_map(|output| output.consumed_capacity()));
        match sent.map_err(StoreError::from_sdk) {
            Ok(_) => Ok(true),
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::s;

    #[test]
    fn a_change_says_what_it_does_and_on_what_condition() {
        let change = Change::new()
            .set("status", s("down"))
            .set("votes.fra", s("x"))
            .set("status_since", s("down"))
            .remove("unwatched")
            .add("version", 1)
            .only_if(If::Is("version", n(7)))
            .only_if(If::Any(vec![If::Absent("minute"), If::Below("minute", n(5))]));
        assert_eq!(
            change.expression(),
            "SET #status = :v0, #votes.#fra = :v1, status_since = :v0 REMOVE #unwatched ADD #version :v2"
        );
        assert_eq!(
            change.conditions().as_deref(),
            Some("#version = :v3 AND (attribute_not_exists(#minute) OR #minute < :v4)")
        );
        let mut placeholders: Vec<&String> = change.names.keys().collect();
        placeholders.sort();
        assert_eq!(placeholders, ["#fra", "#minute", "#status", "#unwatched", "#version", "#votes"]);
        assert_eq!(change.values.len(), 5);
    }

    #[test]
    fn what_is_absent_sets_nothing_and_no_condition_asks_nothing() {
        let change = Change::new().set_some("gave_up", None).set_or_remove("ttl", None);
        assert_eq!((change.expression().as_str(), change.conditions()), ("REMOVE #ttl", None));
        assert!(change.values.is_empty(), "DynamoDB refuses an empty map of values");
    }
}
