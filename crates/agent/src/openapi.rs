//! The `OpenAPI` document, written from the table of operations and from what is declared about their members.

use serde_json::{Map, Value, json};

use crate::operation::{self, Operation, Place};
use crate::shape::{Member, Shape};
use crate::shapes;

/// The document. It is the same for every agent of this version, and checked in as
/// `docs/reference/agent-openapi.json`.
pub fn document() -> Value {
    let mut paths = Map::new();
    for operation in operation::all() {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method.as_str().to_ascii_lowercase()] = described(&operation);
    }
    paths.insert("/healthz".to_owned(), json!({"get": health()}));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "验密：机构代理",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "本机上的结算闸口。请求与应答都是 UTF-8 的 JSON；金额、时间写成字符串。怎样使用见 docs/guide/agent.md。",
        },
        "servers": [{"url": format!("http://{}", crate::config::DEFAULT_ADDRESS)}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {
                "type": "http", "scheme": "bearer", "description": "agent.token_file 中的令牌",
            }},
            "responses": {"Fault": {
                "description": "没有做到；不可据此结算",
                "content": content(&json!({"$ref": "#/components/schemas/Fault"})),
            }},
            "schemas": schemas(),
        },
    })
}

/// The document as it is served and checked in.
pub fn text() -> String {
    // A value of texts and numbers can always be written.
    serde_json::to_string_pretty(&document()).unwrap_or_default() + "\n"
}

fn content(schema: &Value) -> Value {
    json!({"application/json": {"schema": schema}})
}

fn described(operation: &Operation) -> Value {
    let mut parameters = Vec::new();
    if operation.path.contains("{id}") {
        let schema = <yanmi_client::gate::VisitId as Shape>::schema();
        parameters.push(json!({"name": "id", "in": "path", "required": true, "description": "就诊编号", "schema": schema}));
    }
    let members = (operation.question)();
    if operation.place == Place::Query {
        for (name, schema, required, meaning) in &members {
            parameters.push(json!({"name": name, "in": "query", "required": required, "description": meaning, "schema": plain(schema)}));
        }
    }
    let mut out = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "description": operation.description,
        "parameters": parameters,
        "responses": {
            "200": {
                "description": "应答",
                "content": content(&json!({"$ref": format!("#/components/schemas/{}", operation.answer)})),
            },
            "default": {"$ref": "#/components/responses/Fault"},
        },
    });
    if operation.place == Place::Body {
        let required = members.iter().any(|(_, _, required, _)| *required);
        out["requestBody"] = json!({"required": required, "content": content(&object(members, true))});
    }
    out
}

/// A member of a query is there or not; it is never null.
fn plain(schema: &Value) -> Value {
    schema.pointer("/anyOf/0").unwrap_or(schema).clone()
}

fn health() -> Value {
    json!({
        "operationId": "health",
        "summary": "代理在运行；不需要令牌",
        "security": [],
        "responses": {"200": {
            "description": "在运行",
            "content": content(&json!({"$ref": "#/components/schemas/Health"})),
        }},
    })
}

fn object(members: Vec<Member>, strict: bool) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, mut schema, must, meaning) in members {
        schema["description"] = meaning.into();
        properties.insert(name.to_owned(), schema);
        if must {
            required.push(name);
        }
    }
    let mut out = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        out["required"] = required.into();
    }
    if strict {
        out["additionalProperties"] = false.into();
    }
    out
}

fn schemas() -> Value {
    let answers: [(&str, Vec<Member>); 14] = [
        ("Visit", shapes::Visit::members()),
        ("Stage", shapes::Stage::members()),
        ("Person", shapes::Person::members()),
        ("Begun", shapes::Begun::members()),
        ("Found", shapes::Found::members()),
        ("Sent", shapes::Sent::members()),
        ("Standing", shapes::Standing::members()),
        ("Advice", shapes::Advice::members()),
        ("Proof", shapes::Proof::members()),
        ("Decision", shapes::Decision::members()),
        ("Gated", shapes::Gated::members()),
        ("Link", shapes::Link::members()),
        ("Health", shapes::Health::members()),
        ("Problem", shapes::Problem::members()),
    ];
    let mut out: Map<String, Value> =
        answers.into_iter().map(|(name, members)| (name.to_owned(), object(members, false))).collect();
    let fault = vec![("error", <shapes::Problem as Shape>::schema(), true, "为什么没有做到")];
    out.insert("Fault".to_owned(), object(fault, false));
    Value::Object(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_a_reference() {
        let path = format!("{}/../../docs/reference/agent-openapi.json", env!("CARGO_MANIFEST_DIR"));
        if std::env::var("UPDATE_REFERENCE").is_ok_and(|value| value == "1") {
            std::fs::write(&path, text()).expect("written");
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept == text(),
            "docs/reference/agent-openapi.json is out of date: run `cargo xtask references`"
        );
    }

    /// Every reference leads somewhere.
    #[test]
    fn references_within_the_document_are_whole() {
        let document = document();
        let text = document.to_string();
        for part in text.split("\"$ref\":\"#").skip(1) {
            let pointer = part.split('"').next().expect("an end");
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
    }
}
