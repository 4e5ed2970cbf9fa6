//! What the page makes of documents other than ours.

use serde_json::json;

use super::*;

#[test]
fn nothing_of_the_document_becomes_markup() {
    let evil = "\"'><img src=x>&amp;";
    let schema = json!({
        "type": "object",
        "description": evil,
        "required": [evil],
        "properties": {evil: {"type": "string", "description": evil, "pattern": evil, "enum": [evil], "example": evil}},
    });
    let parameter =
        json!({"name": evil, "in": "query", "description": evil, "schema": {"type": "string", "default": evil}});
    let content = json!({"application/json": {"schema": schema}});
    let operation = json!({
        "tags": [evil],
        "operationId": evil,
        "summary": evil,
        "description": format!("{evil} `{evil}` [{evil}](/{evil})"),
        "security": [{"key": [evil]}],
        "parameters": [parameter],
        "requestBody": {"content": content},
        "responses": {
            "200": {"description": evil, "content": content},
            "404": {"description": evil, "content": {"application/problem+json": {"examples": {evil: {}}}}},
        },
    });
    let document = json!({
        "info": {"title": evil, "description": format!("{evil}\n\n# {evil}\n\n{evil}\n\n# Problems\n\n{evil}")},
        "tags": [{"name": evil, "description": evil}],
        "paths": {evil: {"get": operation, "post": operation}},
        "webhooks": {evil: {"post": operation}},
        "components": {"schemas": {"Problem": schema}},
    });
    let page = render(&document.to_string()).expect("a page");
    assert!(page.matches("&#60;img src=x&#62;&#38;amp;").count() > 50, "it is on the page as text");
    assert!(!page.contains("<img"));
    let quoted = page.split("=\"").skip(1).filter_map(|rest| rest.split_once('"'));
    let after: Vec<&str> = quoted.filter_map(|(_, after)| after.get(..1)).collect();
    assert!(after.len() > 100 && after.iter().all(|one| [" ", ">"].contains(one)), "no attribute ends early");
}

#[test]
fn fields_are_listed_with_those_within_them_and_their_bounds() {
    let document = json!({"components": {"schemas": {
        "Name": {"type": "string", "minLength": 1, "maxLength": 50, "description": "A name."},
        "Inner": {"type": "object", "required": ["name"], "properties": {"name": {"$ref": "#/components/schemas/Name"}}},
        "Outer": {"type": "object", "properties": {
            "one": {"oneOf": [{"$ref": "#/components/schemas/Inner"}, {"type": "null"}], "description": "One."},
            "many": {"type": ["array", "null"], "items": {"$ref": "#/components/schemas/Inner"}, "maxItems": 3},
            "either": {"oneOf": [{"type": "integer", "minimum": 0}, {"$ref": "#/components/schemas/Inner"}]},
        }},
    }}});
    let schemas = Schemas::new(&document, BTreeSet::new());
    let outer = json!({"$ref": "#/components/schemas/Outer"});
    let fields = schemas.fields(&outer, Side::Sent);
    let shown = |field: &Field<'_>| {
        let facts = field.facts.iter().map(|fact| format!("{} {}", fact.label, fact.values.join(" ")));
        let facts: Vec<String> = facts.collect();
        format!("{}{}|{}|{}|{}", field.within, field.name, field.kind, field.mark, facts.join(", "))
    };
    let expected = [
        "one|object or null||",
        "one.name|string|required|Length 1 to 50",
        "many|array of object or null||Number of items at most 3",
        "many[].name|string|required|Length 1 to 50",
        "either|integer or object||Range at least 0",
        "either.name|string|required|Length 1 to 50",
    ];
    assert_eq!(fields.iter().map(shown).collect::<Vec<_>>(), expected);
    assert_eq!(fields[1].text, [Span::Text("A name.")], "of what it refers to");
    let example = json!({"one": null, "many": null, "either": 0});
    assert_eq!(schemas.example(&outer, true), example);
}
