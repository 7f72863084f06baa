//! `institution.http`: the requests of the document for the HTTP clients of editors.

use std::fmt::Write as _;

use serde_json::Value;
use yanmi_protocol::message::Call;
use yanmi_simulator::world::EXAMPLE_KEY;

use super::requests::ACCOUNT;

/// The addresses of a sandbox, which are variables.
pub(super) const CENTER: &str = "http://127.0.0.1:8350";
pub(super) const SIMULATOR: &str = "http://127.0.0.1:8359";
/// What is asked of the simulator before a decode.
pub(super) const SHOW: &str =
    "{\"ecIndexNo\":\"EC000000000000000000000000000001\",\"chnlId\":\"C0DE000000000000000000000000000A\"}";
/// Seconds are what most clients have; a timestamp is 13 digits.
const NOW: &str = "{{$timestamp}}000";

/// How to use it, and how to send something else.
pub(super) const HOW: [&str; 6] = [
    "先启动沙箱：yanmi sandbox；端口不同的，改地址。逐条发送，应答的 code 应如标题所说。",
    "时间戳是现在的秒数后面补三个零，总在 10 分钟之内。mac 是可选的，这里不带。",
    "encData 是密封好的，明文写在旁边。换别的内容：把明文交给 yanmi seal（或工具包的 seal），结果填进 encData：",
    "echo -n '明文' | yanmi seal --key KEY",
    "换自己的账号：orgId 与密钥都换，全部 encData 重新加密。令牌中 magic 后面的 15 位可任意更换，得到同样效果的新令牌。",
    "500084、-6 等要先做别的事才有，见 codes.md 中各码的一页。",
];

/// A request of the document.
pub(super) struct Sample {
    pub(super) call: Call,
    /// Code and words.
    pub(super) title: String,
    /// What is sealed in it.
    pub(super) plain: Option<String>,
    /// The body with variables in it.
    pub(super) body: String,
    /// Whether it takes a code from the phone.
    pub(super) shown: bool,
}

fn sample(call: Call, example: &Value) -> Sample {
    let mut value = example["value"].clone();
    if value["timestamp"].is_string() {
        value["timestamp"] = NOW.into();
    }
    let shown = example["x-shown"].as_str().filter(|_| example["x-code"] == 0);
    if shown.is_some() {
        value["data"]["ecQrCode"] = "{{ecQrCode}}".into();
    }
    Sample {
        call,
        title: example["summary"].as_str().expect("a summary").to_owned(),
        plain: example["x-plain"].as_str().map(str::to_owned),
        body: value.to_string(),
        shown: shown.is_some(),
    }
}

/// The requests of the document, call by call, those that succeed first.
pub(super) fn samples(document: &Value) -> Vec<Sample> {
    let of = |call: Call| {
        let operation = &document["paths"][call.path()]["post"];
        let examples = &operation["requestBody"]["content"]["application/json"]["examples"];
        let mut all: Vec<(&String, &Value)> = examples.as_object().expect("examples").iter().collect();
        all.sort_by_key(|(name, _)| !name.starts_with('0'));
        all.into_iter().map(move |(_, example)| sample(call, example)).collect::<Vec<_>>()
    };
    Call::OF_INSTITUTIONS.into_iter().flat_map(of).collect()
}

/// What the clients differ in.
const CLIENTS: &str = "httpyac 的 $timestamp 已是毫秒：先把 {{$timestamp}}000 全部换成 {{$timestamp}}。试过 httpyac；REST Client、JetBrains 的没有试。";

/// The lines that say how, with the key.
pub(super) fn how() -> impl Iterator<Item = String> {
    let first = format!("账号 {ACCOUNT}，密钥 {EXAMPLE_KEY}：只在沙箱里有。");
    HOW.iter().map(|line| line.replace("KEY", EXAMPLE_KEY)).chain([first])
}

pub(super) fn text(document: &Value) -> String {
    let title = document["info"]["title"].as_str().expect("a title");
    let mut out = format!("# {title}（由 institution-openapi.json 生成，勿手工修改）\n#\n");
    for line in how() {
        let _ = writeln!(out, "# {line}");
    }
    let _ = writeln!(out, "# {CLIENTS}");
    let _ = write!(out, "\n@center = {CENTER}\n@simulator = {SIMULATOR}\n");
    out.push_str("# 解码用：先发“参保人展码”，把应答里的 ecQrCode 填在这里\n@ecQrCode = 4240000000000000000000000000\n");
    for sample in samples(document) {
        if sample.shown {
            out.push_str("\n### 参保人展码（模拟器，不是中心的接口）\n");
            let _ = writeln!(out, "POST {{{{simulator}}}}/qr\nContent-Type: application/json\n\n{SHOW}");
        }
        let _ = writeln!(out, "\n### {} {}", sample.call.name(), sample.title);
        if let Some(plain) = &sample.plain {
            let _ = writeln!(out, "# 明文：{plain}");
        }
        let path = sample.call.path();
        let _ = writeln!(out, "POST {{{{center}}}}{path}\nContent-Type: application/json\n\n{}", sample.body);
    }
    out
}
