//! `institution.postman.json`: the same requests as a collection of Postman (v2.1). It has no script: `{{$timestamp}}` gives
//! the seconds, and nothing else has to be computed.

use serde_json::{Value, json};
use yanmi_protocol::message::Call;

use super::http_file::{CENTER, SHOW, SIMULATOR, Sample, how, samples};

const SCHEMA: &str = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";

fn request(name: &str, base: &str, path: &str, body: &str, description: &str) -> Value {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    json!({
        "name": name,
        "request": {
            "method": "POST",
            "header": [{"key": "Content-Type", "value": "application/json"}],
            "body": {"mode": "raw", "raw": body, "options": {"raw": {"language": "json"}}},
            "url": {"raw": format!("{{{{{base}}}}}{path}"), "host": [format!("{{{{{base}}}}}")], "path": parts},
            "description": description,
        },
        "response": [],
    })
}

fn folder(call: Call, samples: &[Sample]) -> Value {
    let mut items = Vec::new();
    for sample in samples.iter().filter(|sample| sample.call == call) {
        if sample.shown {
            let what = "模拟器，不是中心的接口。把应答里的 ecQrCode 填进集合的变量 ecQrCode，再发下一条。";
            items.push(request("参保人展码", "simulator", "/qr", SHOW, what));
        }
        let plain =
            sample.plain.as_ref().map(|plain| format!("encData 的明文：\n\n{plain}")).unwrap_or_default();
        items.push(request(&sample.title, "center", call.path(), &sample.body, &plain));
    }
    json!({"name": call.name(), "item": items})
}

pub(super) fn collection(document: &Value) -> Value {
    let samples = samples(document);
    let lines: Vec<String> = how().collect();
    let variable = |key: &str, value: &str| json!({"key": key, "value": value, "type": "string"});
    json!({
        "info": {
            "name": document["info"]["title"],
            "description": lines.join("\n\n"),
            "schema": SCHEMA,
        },
        "variable": [
            variable("center", CENTER),
            variable("simulator", SIMULATOR),
            variable("ecQrCode", "4240000000000000000000000000"),
        ],
        "item": Call::OF_INSTITUTIONS.map(|call| folder(call, &samples)),
    })
}
