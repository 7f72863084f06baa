//! The `OpenAPI` document.

use serde_json::{Map, Value, json};
use yanmi_protocol::Code;
use yanmi_protocol::message::Call;
use yanmi_simulator::world::EXAMPLE_KEY;

use super::answers::Answered;
use super::requests::{self, Asked};
use super::schemas;
use crate::register::NOW;

/// The names of a call's schemas: what it is asked, and what it answers.
const fn messages(call: Call) -> (&'static str, &'static str) {
    match call {
        Call::Notify => ("NotifyRequest", "NotifyAnswer"),
        Call::Status => ("StatusRequest", "StatusAnswer"),
        Call::Password => ("PasswordRequest", "PasswordAnswer"),
        _ => ("DecodeRequest", "Decoded"),
    }
}

const fn summary(call: Call) -> (&'static str, &'static str) {
    match call {
        Call::Notify => (
            "线上密码核验认证通知（规范 1.7.1）",
            "中心经展码的渠道应用通知参保人确认。code 为 0 且 notcFlag 为 \"1\" 才是已通知；500320 为免密，可直接结算。同一笔至少隔 3 秒再发。",
        ),
        Call::Status => (
            "查询参保人线上密码核验认证状态（规范 1.7.2）",
            "checkStas 为 \"1\" 才可结算；500320 为免密，可直接结算。不要循环轮询，用 ext 与 waitSeconds 挂住。",
        ),
        Call::Password => (
            "密码核验（规范 1.3.1.2 的示例）",
            "核对一个人的医保电子凭证密码。chkFlag 为 \"1\" 是正确。连错 5 次锁定 15 分钟。",
        ),
        _ => (
            "解码 ec.query",
            "由手机上的二维码得到令牌。明文，没有信封；站点默认不开放，沙箱开放。成功应答的 data 就是解码所得，不密封。",
        ),
    }
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// A message that is sealed.
fn within(name: &str) -> Value {
    json!({"contentEncoding": "base16", "contentMediaType": "application/json", "contentSchema": reference(name)})
}

fn question(call: Call) -> Value {
    let (question, _) = messages(call);
    if call == Call::Decode {
        return reference(question);
    }
    json!({"allOf": [reference("Request"), {"type": "object", "properties": {"encData": within(question)}}]})
}

fn answer(call: Call) -> Value {
    let (_, answer) = messages(call);
    if call == Call::Decode {
        return json!({"oneOf": [reference("DecodeSuccess"), reference("DecodeRefusal")]});
    }
    let data = json!({"type": "object", "properties": {"encData": within(answer)}});
    let success = json!({"allOf": [reference("Success"), {"type": "object", "properties": {"data": data}}]});
    json!({"oneOf": [success, reference("Refusal")]})
}

fn value(body: &str) -> Value {
    serde_json::from_str(body).expect("JSON")
}

fn asked(call: Call, requests: &[Asked]) -> Value {
    let of = requests.iter().filter(|asked| asked.call == call);
    let examples = of.map(|asked| {
        let mut example = json!({
            "summary": format!("{}：{}", asked.code, asked.what),
            "value": value(&asked.body(NOW)),
            "x-code": asked.code.number(),
        });
        if call != Call::Decode {
            example["x-plain"] = asked.plain.clone().into();
        } else if asked.plain.contains(requests::SHOWN) {
            example["description"] = "ecQrCode 换成手机上正展着的码".into();
            example["x-shown"] = requests::SHOWN.into();
        }
        (asked.name.clone(), example)
    });
    Value::Object(examples.collect())
}

fn answered(call: Call, answers: &[Answered]) -> Value {
    let of = answers.iter().filter(|answer| answer.call == call);
    let examples = of.map(|answer| {
        let mut example = json!({
            "summary": format!("{}：{}", answer.code, answer.what),
            "description": format!("{}：{}", answer.code.party().name(), answer.code.advice()),
            "value": value(&answer.body),
        });
        if let Some(plain) = &answer.plain {
            example["x-plain"] = plain.clone().into();
        }
        (answer.name.clone(), example)
    });
    Value::Object(examples.collect())
}

fn operation(call: Call, requests: &[Asked], answers: &[Answered]) -> Value {
    let (summary, description) = summary(call);
    let wait =
        json!({"description": "-6 时才有：等这么多秒再发", "schema": {"type": "integer", "minimum": 1}});
    json!({"post": {
        "operationId": call.path().rsplit('/').next(),
        "summary": summary,
        "description": description,
        "x-codes": call.codes().map(Code::number).collect::<Vec<_>>(),
        "requestBody": {
            "required": true,
            "content": {"application/json": {"schema": question(call), "examples": asked(call, requests)}},
        },
        "responses": {"200": {
            "description": "成功与拒绝都是 200，以 code 为准；examples 的名字以返回码开头",
            "headers": {"Retry-After": wait},
            "content": {"application/json": {"schema": answer(call), "examples": answered(call, answers)}},
        }},
    }})
}

/// The document.
pub(super) fn document(requests: &[Asked], answers: &[Answered]) -> Value {
    let paths: Map<String, Value> = Call::OF_INSTITUTIONS
        .into_iter()
        .map(|call| (call.path().to_owned(), operation(call, requests, answers)))
        .collect();
    let schemas: Map<String, Value> =
        schemas::all().iter().map(|schema| (schema.name.to_owned(), schema.json())).collect();
    let key = requests::key();
    let description = format!(
        "通知、状态、密码核验用规范 1.3 的信封，encData 的明文见各处的 contentSchema 与例子的 x-plain；解码是明文。\
         本文件由代码生成，应答的例子是真的中心所答，每个返回码至少一个。例子的密钥是 {EXAMPLE_KEY}（校验值 {}），账号 {}：\
         只在沙箱里有，请求的例子换上现在的 timestamp 就可以发。怎样加密：yanmi seal；成员的说明见 messages.md，返回码见 codes.md。",
        key.kcv(),
        requests::ACCOUNT,
    );
    json!({
        "openapi": "3.1.0",
        "info": {"title": "验密：机构的各调用", "version": env!("CARGO_PKG_VERSION"), "description": description},
        "servers": [{"url": "http://127.0.0.1:8350", "description": "沙箱的机构监听口"}],
        "paths": paths,
        "components": {"schemas": schemas},
    })
}
