//! Parts of request bodies as the OpenAPI document describes them, where several functions read them. They are never built: bodies are
//! read field by field, so that all faults are told at once.

use serde_json::{Value, json};
use utoipa::{
    ToSchema,
    openapi::{
        Object, RefOr, Schema,
        schema::{ObjectBuilder, SchemaType, Type},
    },
};
use valpero_domain::http_check::OWN_HEADERS;

use crate::schema;

/// A user name and a password. The password is a secret: it is answered as `***`.
#[derive(Debug, ToSchema)]
pub struct BasicAuthSettings {
    /// The user name.
    #[schema(max_length = 255, pattern = "^[^:\\u0000-\\u001f\\u007f-\\u009f]*$", example = "monitor")]
    pub username: String,
    /// The password.
    #[schema(
        max_length = 255,
        pattern = "^(?!\\*\\*\\*$)[^\\u0000-\\u001f\\u007f-\\u009f]*$",
        example = "correct horse"
    )]
    pub password: String,
}

/// Texts that a body must have, or must not have, character by character, in whatever encoding the body declares: one of the two, or
/// both.
#[derive(Debug, ToSchema)]
pub struct KeywordSettings {
    /// What must be in it.
    #[schema(min_length = 1, max_length = 500, example = "all systems go")]
    pub contains: Option<String>,
    /// What must not.
    #[schema(min_length = 1, max_length = 500, example = "error")]
    pub not_contains: Option<String>,
}

/// One thing that a JSON body must say: all nodes that the path selects must fit, and it must select one at least.
#[derive(Debug, ToSchema)]
pub struct JsonSettings {
    /// Of which nodes.
    #[schema(value_type = schema::JsonPath)]
    pub path: String,
    /// How they are compared.
    #[schema(value_type = schema::JsonOp)]
    pub op: String,
    /// With what; not with `exists` and `absent`.
    #[schema(schema_with = schema::scalar)]
    pub value: Option<Value>,
}

/// A header's value: at most 2,048 visible ASCII characters, and not the mark that stands for a hidden one.
const VALUE: &str = "^(?!\\*\\*\\*$)[\\t -~]*$";

/// Headers by name, with such values.
pub fn header_map(values: impl Into<Schema>, example: Value) -> Object {
    // The characters of a token (RFC 9110), but for the names that the probe sets itself, in any case.
    let any_case = |letter: char| match letter {
        'a'..='z' => format!("[{letter}{}]", letter.to_ascii_uppercase()),
        other => other.to_string(),
    };
    let own: String = OWN_HEADERS.join("|").chars().map(any_case).collect();
    let name = format!("^(?!({own})$)[!#$%&'*+.^_`|~0-9A-Za-z-]{{1,100}}$");
    let names = ObjectBuilder::new().schema_type(Type::String).pattern(Some(name)).build();
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Object, Type::Null]))
        .property_names(Some(names))
        .additional_properties(Some(RefOr::T(values.into())))
        .max_properties(Some(20))
        .examples([example])
        .build()
}

/// Headers of a request that is to be sent.
pub fn new_headers() -> Object {
    let value = ObjectBuilder::new().schema_type(Type::String).max_length(Some(2048)).pattern(Some(VALUE)).build();
    header_map(value, json!({"authorization": "Bearer …"}))
}
