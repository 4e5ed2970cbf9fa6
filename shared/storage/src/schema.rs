//! The tables: their names, keys, indexes and times to live. The template declares the same; a test compares the two.

use aws_sdk_dynamodb::{
    Client,
    types::{
        AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
        ScalarAttributeType, TimeToLiveSpecification, TimeToLiveStatus,
    },
};

use crate::StoreError;

/// The attribute that holds a time to live, in epoch seconds, in every table that has one.
pub const TTL: &str = "ttl";

/// The sparse index of pending deliveries.
pub const PENDING_INDEX: &str = "pending";

/// The names of the tables of one deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the table of that name")]
pub struct Tables {
    pub accounts: String,
    pub api_keys: String,
    pub monitors: String,
    pub schedules: String,
    pub checks: String,
    pub incidents: String,
    pub deliveries: String,
    pub audit_log: String,
    pub idempotency: String,
    pub users: String,
    pub pages: String,
}

/// One table's shape.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// The name behind the deployment's prefix, and in the template's logical id.
    pub name: &'static str,
    /// Partition key and, if any, sort key: all strings.
    pub keys: (&'static str, Option<&'static str>),
    /// Whether items age by [`TTL`].
    pub ttl: bool,
    /// Index name, its partition and sort key.
    pub index: Option<(&'static str, &'static str, &'static str)>,
}

/// Every table.
pub const SHAPES: [Shape; 11] = [
    Shape { name: "accounts", keys: ("account_id", Some("entry")), ttl: false, index: None },
    Shape { name: "api-keys", keys: ("token_hash", None), ttl: false, index: None },
    Shape { name: "monitors", keys: ("account_id", Some("monitor_id")), ttl: false, index: None },
    Shape { name: "schedules", keys: ("cohort", Some("entry")), ttl: false, index: None },
    Shape { name: "checks", keys: ("cohort", Some("at")), ttl: true, index: None },
    Shape { name: "incidents", keys: ("account_id", Some("entry")), ttl: false, index: None },
    Shape {
        name: "deliveries",
        keys: ("account_id", Some("delivery_id")),
        ttl: true,
        index: Some((PENDING_INDEX, "pending", "next_attempt_at")),
    },
    Shape { name: "audit-log", keys: ("account_id", Some("audit_id")), ttl: true, index: None },
    Shape { name: "idempotency", keys: ("key_id", Some("idempotency_key")), ttl: true, index: None },
    Shape { name: "users", keys: ("user_id", Some("entry")), ttl: true, index: None },
    Shape { name: "pages", keys: ("account_id", Some("entry")), ttl: true, index: None },
];

impl Tables {
    /// The tables of a deployment: its name, a dash, and each table's own.
    pub fn of_stack(stack: &str) -> Self {
        Self::from_names(|name| format!("{stack}-{name}"))
    }

    /// The tables as `name` calls them, given each [`Shape::name`].
    pub fn from_names(name: impl Fn(&'static str) -> String) -> Self {
        let [
            accounts,
            api_keys,
            monitors,
            schedules,
            checks,
            incidents,
            deliveries,
            audit_log,
            idempotency,
            users,
            pages,
        ] = SHAPES.map(|shape| name(shape.name));
        Self {
            accounts,
            api_keys,
            monitors,
            schedules,
            checks,
            incidents,
            deliveries,
            audit_log,
            idempotency,
            users,
            pages,
        }
    }

    fn names(&self) -> [&str; 11] {
        [
            &self.accounts,
            &self.api_keys,
            &self.monitors,
            &self.schedules,
            &self.checks,
            &self.incidents,
            &self.deliveries,
            &self.audit_log,
            &self.idempotency,
            &self.users,
            &self.pages,
        ]
    }

    /// Creates the tables that do not exist yet: for the embedded store. On AWS the template creates them.
    ///
    /// # Errors
    /// What DynamoDB says, but for "exists already".
    pub async fn create_missing(&self, client: &Client) -> Result<(), StoreError> {
        for (shape, table) in SHAPES.iter().zip(self.names()) {
            create(client, shape, table).await?;
            if shape.ttl && !ages(client, table).await? {
                let ttl = TimeToLiveSpecification::builder().attribute_name(TTL).enabled(true).build()?;
                let request = client.update_time_to_live().table_name(table).time_to_live_specification(ttl);
                request.send().await.map_err(StoreError::from_sdk)?;
            }
        }
        Ok(())
    }
}

/// Whether a table's items age already.
async fn ages(client: &Client, table: &str) -> Result<bool, StoreError> {
    let described = client.describe_time_to_live().table_name(table).send().await.map_err(StoreError::from_sdk)?;
    let status = described.time_to_live_description.and_then(|ttl| ttl.time_to_live_status);
    Ok(matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)))
}

/// Creates a table, unless it exists already.
async fn create(client: &Client, shape: &Shape, table: &str) -> Result<(), StoreError> {
    let element = |name: &str, kind: KeyType| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    let text =
        |name: &str| AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build();
    let mut request = client.create_table().table_name(table).billing_mode(BillingMode::PayPerRequest);
    let (partition, sort) = shape.keys;
    request = request.key_schema(element(partition, KeyType::Hash)?).attribute_definitions(text(partition)?);
    if let Some(sort) = sort {
        request = request.key_schema(element(sort, KeyType::Range)?).attribute_definitions(text(sort)?);
    }
    if let Some((name, partition, sort)) = shape.index {
        let index = GlobalSecondaryIndex::builder()
            .index_name(name)
            .key_schema(element(partition, KeyType::Hash)?)
            .key_schema(element(sort, KeyType::Range)?)
            .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
            .build()?;
        request = request
            .global_secondary_indexes(index)
            .attribute_definitions(text(partition)?)
            .attribute_definitions(text(sort)?);
    }
    match request.send().await {
        Ok(_) => Ok(()),
        Err(error)
            if error.as_service_error().is_some_and(
                aws_sdk_dynamodb::operation::create_table::CreateTableError::is_resource_in_use_exception,
            ) =>
        {
            Ok(())
        }
        Err(error) => Err(StoreError::from_sdk(error)),
    }
}
