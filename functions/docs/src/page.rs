//! The reference as a web page, made from the OpenAPI document alone: no scripts, nothing from other hosts.

mod prose;
mod schema;

use std::collections::BTreeSet;

use askama::Template;
use axum::http::StatusCode;
use serde_json::{Map, Value};
use valpero_http::Code as ProblemCode;

use prose::{Section, Span, spans};
use schema::{Field, Schemas, Side};

/// The page's style sheet. The page's policy allows this text by its hash, which the build script computes.
const STYLE: &str = include_str!("../templates/style.css");

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unrendered {
    #[error("the OpenAPI document is not JSON")]
    Document(#[from] serde_json::Error),
    #[error("the template failed")]
    Template(#[from] askama::Error),
}

#[derive(Template)]
#[template(path = "reference.html", whitespace = "minimize")]
struct Reference<'a> {
    style: &'static str,
    title: &'a str,
    lead: Vec<Section<'a>>,
    groups: Vec<Group<'a>>,
    objects: Vec<Object<'a>>,
    webhooks: Webhooks<'a>,
    problems: Problems<'a>,
}

/// The operations of one tag.
struct Group<'a> {
    name: &'a str,
    text: Vec<Span<'a>>,
    operations: Vec<Operation<'a>>,
}

struct Operation<'a> {
    id: &'a str,
    method: String,
    path: &'a str,
    summary: &'a str,
    text: Vec<Span<'a>>,
    scopes: Vec<&'a str>,
    /// Each with where it stands: path, query or header.
    parameters: Vec<(&'a str, Field<'a>)>,
    body: Option<Body<'a>>,
    request: String,
    responses: Vec<Response<'a>>,
    errors: Vec<Failure<'a>>,
}

struct Body<'a> {
    required: bool,
    fields: Vec<Field<'a>>,
}

/// A successful response, or a failure that is no problem document.
struct Response<'a> {
    status: &'a str,
    text: Vec<Span<'a>>,
    media_type: Option<&'a str>,
    object: Option<&'a str>,
    fields: Vec<Field<'a>>,
    example: Option<String>,
}

/// Problems with the same status.
struct Failure<'a> {
    status: &'a str,
    text: Vec<Span<'a>>,
    codes: Vec<&'a str>,
}

/// An object that several responses have.
struct Object<'a> {
    name: &'a str,
    text: Vec<Span<'a>>,
    fields: Vec<Field<'a>>,
    example: String,
}

struct Webhooks<'a> {
    prose: Section<'a>,
    events: Vec<(&'a str, &'a str)>,
    headers: Vec<Field<'a>>,
    fields: Vec<Field<'a>>,
    example: String,
    responses: Vec<(&'a str, Vec<Span<'a>>)>,
}

struct Problems<'a> {
    prose: Section<'a>,
    all: Vec<Code>,
    fields: Vec<Field<'a>>,
    example: String,
}

/// What a problem's code means.
struct Code {
    code: &'static str,
    status: u16,
    /// The status in words.
    reason: &'static str,
    text: Vec<Span<'static>>,
}

/// Redoc's page.
#[derive(Template)]
#[template(path = "redoc.html")]
pub(crate) struct Redoc {
    /// Where its script is.
    pub source: String,
    /// What the script must be.
    pub integrity: &'static str,
    pub embedded: bool,
}

/// The page.
///
/// # Errors
/// The document is not JSON.
pub(crate) fn render(document: &str) -> Result<String, Unrendered> {
    let document: Value = serde_json::from_str(document)?;
    Ok(reference(&document).render()?)
}

fn reference(document: &Value) -> Reference<'_> {
    let names = shared_objects(document);
    let schemas = Schemas::new(document, names.iter().copied().collect());
    let mut lead = prose::sections(text(&document["info"]["description"]));
    let mut take = |title: &str| {
        let at = lead.iter().position(|section| section.title == title);
        at.map(|at| lead.remove(at)).unwrap_or_default()
    };
    let (problems, webhooks) = (take("Problems"), take("Webhooks"));
    // Events are shown apart.
    let groups = document["tags"].as_array().into_iter().flatten().map(|tag| group(document, &schemas, tag));
    let objects = names.into_iter().map(|name| {
        let schema = &document["components"]["schemas"][name];
        let (text, fields) = (spans(text(&schema["description"])), schemas.fields(schema, Side::Returned));
        Object { name, text, fields, example: pretty(&schemas.example(schema, true)) }
    });
    let problem = &document["components"]["schemas"]["Problem"];
    Reference {
        style: STYLE,
        title: text(&document["info"]["title"]),
        groups: groups.filter(|group| !group.operations.is_empty()).collect(),
        objects: objects.collect(),
        webhooks: describe_webhooks(&schemas, document, webhooks),
        problems: Problems {
            prose: problems,
            all: ProblemCode::ALL.iter().map(explain).collect(),
            fields: schemas.fields(problem, Side::Returned),
            example: pretty(&schemas.example(problem, true)),
        },
        lead,
    }
}

fn explain(problem: &ProblemCode) -> Code {
    let (status, code) = (problem.status(), problem.as_str());
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    Code { code, status, reason: reason.unwrap_or_default(), text: spans(problem.means()) }
}

/// The objects of more than one operation's responses, each shown once: alone or as items of a list.
fn shared_objects(document: &Value) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    let mut shared = Vec::new();
    for (_, _, operation) in operations(document) {
        let mut named = BTreeSet::new();
        for (_, response) in members(&operation["responses"]) {
            let at = &response["content"]["application/json"]["schema"]["$ref"];
            let Some(name) = schema::name(at) else { continue };
            let item = &document["components"]["schemas"][name]["properties"]["data"]["items"]["$ref"];
            named.insert(name);
            named.extend(schema::name(item));
        }
        shared.extend(named.iter().filter(|name| seen.contains(*name) && !shared.contains(*name)).collect::<Vec<_>>());
        seen.extend(named);
    }
    shared
}

fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    members(&document["paths"])
        .flat_map(|(path, item)| members(item).map(|(method, operation)| (path.as_str(), method.as_str(), operation)))
}

fn group<'a>(document: &'a Value, schemas: &Schemas<'a>, tag: &'a Value) -> Group<'a> {
    let own = operations(document).filter(|(.., operation)| operation["tags"][0] == tag["name"]);
    Group {
        name: text(&tag["name"]),
        text: spans(text(&tag["description"])),
        operations: own.map(|(path, method, operation)| describe(schemas, path, method, operation)).collect(),
    }
}

fn describe<'a>(schemas: &Schemas<'a>, path: &'a str, method: &'a str, operation: &'a Value) -> Operation<'a> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let (mut responses, mut errors) = (Vec::new(), Vec::new());
    for (status, response) in members(&operation["responses"]) {
        let response = schemas.resolve(response);
        let problem = &response["content"]["application/problem+json"];
        if problem.is_null() {
            responses.extend(describe_response(schemas, status, response));
        } else {
            let codes = members(&problem["examples"]).map(|(code, _)| code.as_str()).collect();
            errors.push(Failure { status, text: spans(text(&response["description"])), codes });
        }
    }
    errors.sort_by_key(|error| error.status);
    let body = operation.get("requestBody").map(|body| Body {
        required: body["required"] == true,
        fields: schemas.fields(&body["content"]["application/json"]["schema"], Side::Sent),
    });
    let scopes = operation["security"][0]["key"].as_array().into_iter().flatten();
    Operation {
        id: text(&operation["operationId"]),
        method: method.to_uppercase(),
        path,
        summary: text(&operation["summary"]),
        text: spans(text(&operation["description"])),
        scopes: scopes.map(text).collect(),
        parameters: parameters.map(|one| (text(&one["in"]), parameter(schemas, one, Side::Sent))).collect(),
        body,
        request: curl(schemas, path, method, operation),
        responses,
        errors,
    }
}

fn parameter<'a>(schemas: &Schemas<'a>, parameter: &'a Value, side: Side) -> Field<'a> {
    let field =
        schemas.field("", text(&parameter["name"]), &parameter["schema"], (side, parameter["required"] == true));
    match text(&parameter["description"]) {
        "" => field,
        own => Field { text: spans(own), ..field },
    }
}

/// A response, once for each media type that it can have.
fn describe_response<'a>(schemas: &Schemas<'a>, status: &'a str, response: &'a Value) -> Vec<Response<'a>> {
    let says = || spans(text(&response["description"]));
    let of_type = |(media_type, content): (&'a String, &'a Value)| {
        let schema = &content["schema"];
        let object = schemas.object(schema);
        let example = content.get("example").map_or_else(|| schemas.example(schema, true), Value::clone);
        // What is no JSON has an example only where the document gives one.
        let example = match example.as_str() {
            Some(shown) => (shown != "…").then(|| shown.to_owned()),
            None if schema.as_object().is_none_or(Map::is_empty) => None,
            None => Some(pretty(&example)),
        };
        let fields = if object.is_some() { Vec::new() } else { schemas.fields(schema, Side::Returned) };
        Response { status, text: says(), media_type: Some(media_type), object, fields, example }
    };
    let all: Vec<_> = members(&response["content"]).map(of_type).collect();
    if all.is_empty() {
        let bare = Response { status, text: says(), media_type: None, object: None, fields: Vec::new(), example: None };
        return vec![bare];
    }
    all
}

/// The operation as a command line.
fn curl<'a>(schemas: &Schemas<'a>, path: &str, method: &str, operation: &'a Value) -> String {
    let mut path = path.to_owned();
    for parameter in operation["parameters"].as_array().into_iter().flatten().filter(|one| one["in"] == "path") {
        let value = schemas.example(&parameter["schema"], true);
        path = path.replace(&format!("{{{}}}", text(&parameter["name"])), text(&value));
    }
    let mut lines = vec![match method {
        "get" => format!("curl \"$VALPERO_URL{path}\""),
        _ => format!("curl -X {} \"$VALPERO_URL{path}\"", method.to_uppercase()),
    }];
    if operation["security"][0]["key"].is_array() {
        lines.push("-H \"Authorization: Bearer $VALPERO_KEY\"".to_owned());
    }
    let body = &operation["requestBody"]["content"]["application/json"];
    if body.is_object() {
        let example = body.get("example").map_or_else(|| schemas.example(&body["schema"], false), Value::clone);
        lines.push("-H \"Content-Type: application/json\"".to_owned());
        lines.push(format!("-d '{}'", pretty(&example).replace('\'', "'\\''")));
    }
    lines.join(" \\\n  ")
}

fn describe_webhooks<'a>(schemas: &Schemas<'a>, document: &'a Value, prose: Section<'a>) -> Webhooks<'a> {
    let events = || members(&document["webhooks"]).map(|(event, item)| (event.as_str(), &item["post"]));
    // They all have the same headers and responses, and bodies of one shape.
    let any = events().next().map_or(&Value::Null, |(_, post)| post);
    let body = &any["requestBody"]["content"]["application/json"];
    let schema = &document["components"]["schemas"]["WebhookEvent"];
    let example = body.get("example").map_or_else(|| schemas.example(schema, true), Value::clone);
    let headers = any["parameters"].as_array().into_iter().flatten();
    let responses = members(&any["responses"]);
    Webhooks {
        prose,
        events: events().map(|(event, post)| (event, text(&post["summary"]))).collect(),
        headers: headers.map(|one| parameter(schemas, one, Side::Returned)).collect(),
        fields: schemas.fields(schema, Side::Returned),
        example: pretty(&example),
        responses: responses.map(|(status, one)| (status.as_str(), spans(text(&one["description"])))).collect(),
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn pretty(value: &Value) -> String {
    format!("{value:#}")
}

#[cfg(test)]
mod tests;
