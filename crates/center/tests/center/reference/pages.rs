//! A page for every return code: what it looks like, who does what, how to get it in a sandbox.

use std::fmt::Write as _;

use yanmi_protocol::Code;
use yanmi_protocol::code::{Class, Party};
use yanmi_protocol::message::Call;
use yanmi_simulator::magic;

use super::answers::Answered;
use super::requests::token;

const SIMULATOR: &str = "curl -s http://127.0.0.1:8359";

/// Whether the same request may succeed later, and on what it depends.
fn again(code: Code) -> &'static str {
    match code.class() {
        Class::Channel | Class::Request if code.party() == Party::ChannelApp => {
            "中心只这样答渠道应用，机构看不到这个码。"
        }
        Class::Success => "调用成功。业务上的结果在密文里，打开再判断。",
        Class::Exempt => "不是失败，不要重发。",
        Class::Request => "请求写错了：同样的请求再发多少次都一样，要改程序。",
        Class::Registration => "登记、权限或密钥不对：改好之前再发也一样。",
        Class::Person => "在参保人的凭证或身份上：重发没有用。",
        Class::Channel => "在渠道应用一侧：换一个渠道应用，或改用线下方式。",
        Class::Later => "过一会儿再发，可能就成功；不要循环地发。",
        Class::Outage => "中心或它后面的系统出了故障：程序不用改。",
    }
}

fn post(path: &str, body: &str) -> String {
    format!("{SIMULATOR}{path} -d '{body}'\n")
}

fn send(path: &str, message: &str, more: &str) -> String {
    let body = format!("{{\"orgCodg\":\"H35010000001\",\"path\":\"{path}\",\"message\":{message}{more}}}");
    post("/counter/send", &body)
}

/// A visit with a token that the person may confirm.
fn visit(code: Code) -> String {
    let token = token(Code::Success, &format!("for{}", code.number().unsigned_abs()));
    post("/counter/token", &format!("{{\"orgCodg\":\"H35010000001\",\"token\":\"{token}\"}}"))
}

/// The person reports so, one deed after the other.
fn reported(code: Code, deeds: &[(&str, &str)]) -> String {
    const PHONE: &str = "/phones/EC000000000000000000000000000E01";
    let mut out = visit(code) + &post("/counter/notify", "{}");
    let _ = writeln!(
        out,
        "N=$({SIMULATOR}{PHONE}/notices | grep -o '\"notcNo\":\"[0-9]*\"' | head -n 1 | cut -d '\"' -f 4)"
    );
    for (action, way) in deeds {
        let body = format!(
            "{{\\\"notcNo\\\":\\\"$N\\\",\\\"action\\\":\\\"{action}\\\",\\\"way\\\":\\\"{way}\\\"}}"
        );
        let _ = writeln!(out, "{SIMULATOR}{PHONE}/act -d \"{body}\"");
    }
    out
}

/// A code on the phone of the first person, in this channel, as `$Q`.
fn shown(channel: &str) -> String {
    let body = format!("{{\"ecIndexNo\":\"EC000000000000000000000000000001\",\"chnlId\":\"{channel}\"}}");
    format!("Q=$({SIMULATOR}/qr -d '{body}' | cut -d '\"' -f 4)\n")
}

/// The commands that bring a code about in a sandbox that was started with its defaults.
fn commands(code: Code) -> String {
    const NOTIFY: &str = "/cfc/api/tokenPwdCheckNotc";
    const STATUS: &str = "/cfc/api/tokenPwdStas";
    let any = token(Code::PasswordFree, "page");
    let status = format!("{{\"token\":\"{any}\",\"orgCodg\":\"H35010000001\"}}");
    match code {
        Code::Unknown => {
            let failing = post("/center/mood", "{\"mood\":\"failing\"}");
            let ok = post("/center/mood", "{\"mood\":\"ok\"}");
            format!("{}{failing}{}{ok}", visit(code), post("/counter/notify", "{}"))
        }
        Code::BadParameter => send(NOTIFY, "{\"orgCodg\":\"H35010000001\",\"orgName\":\"福州示范医院\"}", ""),
        Code::Denied => send(STATUS, &status, ",\"fault\":\"key\""),
        Code::NoSuchAddress => send(&format!("{NOTIFY}/none"), &status, ""),
        Code::RateLimited => {
            send(STATUS, &status.replace("H3501", "H3502"), ",\"before\":200").replacen("H3501", "H3502", 1)
        }
        Code::BadAuthNo => reported(code, &[("wrongPassword", "02")]),
        Code::BadNoticeNo => reported(code, &[("confirm", "03"), ("cancel", "03")]),
        Code::TooFrequent => {
            let digest = "0".repeat(64);
            let message = format!(
                "{{\"idType\":\"01\",\"reqBizNo\":\"1616654881967\",\"userPwd\":\"{digest}\",\"userName\":\"黄秀英\",\"idNo\":\"350521195812014056\"}}"
            );
            format!("for n in 1 2 3 4 5 6; do\n  {}done\n", send("/cfc/api/userPwdCheck", &message, ""))
        }
        Code::BadChannelParameter => post(
            "/channels/C0DE000000000000000000000000000A/send",
            "{\"path\":\"/cfc/api/chnl/authRslt\",\"message\":{\"notcNo\":\"161665488196\"}}",
        ),
        Code::NoInterfaceRight => send(STATUS, &status, ",\"orgId\":\"noRights\""),
        Code::BusinessTypeNotFound => {
            let data = "{\"orgId\":\"H35010000001\",\"businessType\":\"99999\",\"ecQrCode\":\"4240000000000000000000000000\"}";
            let body = format!("{{\"orgId\":\"H35010000001\",\"transType\":\"ec.query\",\"data\":{data}}}");
            send("/localcfc/api/hsecfc/localQrCodeQuery", &body, "")
        }
        Code::BadOrgCode => send(STATUS, &status.replace("H3501", "3501"), ""),
        Code::NoSettlementAtDecode => {
            let body = "{\\\"orgCodg\\\":\\\"H35010000001\\\",\\\"ecQrCode\\\":\\\"$Q\\\"}";
            format!("{}{SIMULATOR}/counter/scan -d \"{body}\"\n", shown("C0DE000000000000000000000000000C"))
        }
        code => format!("yanmi call notify --token {}\n", token(code, "page")),
    }
}

/// What to know before or after.
const fn beware(code: Code) -> &'static str {
    match code {
        Code::Timeout => "中心要等国家平台几秒才答。",
        Code::Unknown => "最后一条把存储改回正常，不要漏掉。",
        Code::RateLimited => "先同时发 200 条，超过这个账号每秒的限额；多等几秒，令牌桶又满了。",
        Code::TooFrequent => "前五次 `chkFlag` 为 `\"0\"`，第六次是它；这个人的密码核验锁定 15 分钟。",
        Code::BadAuthNo | Code::BadNoticeNo => {
            "令牌用过一次，这个结果就定了；再试换令牌中 `for` 后面的数字，位数不变。"
        }
        Code::NoSettlementAtDecode => "第三个渠道登记为不支持结算。",
        _ => "",
    }
}

/// The answer that is shown: of an institution's call, if one may answer it.
fn shown_answer(code: Code, answers: &[Answered]) -> &Answered {
    let of = || answers.iter().filter(move |answer| answer.code == code);
    let mut calls = Call::OF_INSTITUTIONS.into_iter();
    let found = calls.find_map(|call| of().find(|answer| answer.call == call));
    found.or_else(|| of().next()).unwrap_or_else(|| panic!("nothing shows {code}"))
}

fn page(code: Code, answers: &[Answered]) -> String {
    let answer = shown_answer(code, answers);
    let calls: Vec<String> = Call::ALL
        .into_iter()
        .filter(|call| call.may_answer(code))
        .map(|call| format!("{} `{}`", call.name(), call.path()))
        .collect();
    let mut out = format!(
        "# {code} {}\n\n本页由代码生成，勿手工修改。全部返回码见[返回码](../codes.md)。\n\n",
        code.message().trim_end_matches("：")
    );
    let _ = writeln!(out, "| 类别 | 由谁处理 | 哪些调用 |\n|---|---|---|");
    let _ = writeln!(out, "| {} | {} | {} |", code.class().name(), code.party().name(), calls.join("<br>"));
    let _ = write!(out, "\n## 长什么样\n\n{}的应答：\n\n```json\n{}\n```\n", answer.call.name(), answer.body);
    if let Some(plain) = &answer.plain {
        let _ = write!(out, "\n`data.encData` 的明文：\n\n```json\n{plain}\n```\n");
    }
    let mut others = answers.iter().filter(|other| other.code == code && answer.call != Call::Decode);
    if let Some(decode) = others.find(|other| other.call == Call::Decode) {
        let what = if code == Code::Success { "不密封" } else { "没有 `type` 与 `data`" };
        let _ = write!(out, "\n解码的应答{what}：\n\n```json\n{}\n```\n", decode.body);
    }
    let party = match code.party() {
        Party::Nobody => String::new(),
        party => format!("**{}**：", party.name()),
    };
    let _ = write!(out, "\n## 谁做什么\n\n{}\n\n{party}{}\n", again(code), code.advice());
    let _ = write!(out, "\n## 怎样在沙箱里得到\n\n{}\n", how(code));
    let _ = write!(out, "\n```sh\n{}```\n", commands(code));
    if !beware(code).is_empty() {
        let _ = write!(out, "\n{}\n", beware(code));
    }
    out
}

fn how(code: Code) -> String {
    let sentence = magic::HOW.iter().find(|(known, _)| *known == code).map(|(_, how)| *how);
    let way = sentence.map_or_else(
        || {
            "用 `sandbox.json` 的 `magicTokens` 中这个码的令牌发通知；令牌中 magic 后面的 15 位可任意更换。"
                .to_owned()
        },
        str::to_owned,
    );
    format!(
        "{way}\n\n在沙箱的页面（`http://127.0.0.1:8359/`）上选它、点“试”，或执行（在 `yanmi-sandbox` 所在的文件夹，端口为默认；在联调中心的空间里，\n把 `http://127.0.0.1:8359` 换成 `空间网址/play`，用空间的 `sandbox.json`）："
    )
}

/// All pages, by their names.
pub(super) fn all(answers: &[Answered]) -> Vec<(String, String)> {
    Code::ALL.into_iter().map(|code| (format!("codes/{code}.md"), page(code, answers))).collect()
}
