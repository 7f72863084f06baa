//! `docs/reference/refusals.md`: what was sent, and what the center answered.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;
use yanmi_center::config::PathPrefix;
use yanmi_protocol::{Sm4Key, envelope};

use super::tables::{ACCOUNT, ARRIVAL, ENVELOPE, Row, rows};
use super::{CALLS, good};
use crate::plan::{Call, Plan, Stage};
use crate::site::START;
use crate::wire::{Answer, Wire};

const HEAD: &str = "\
# 拒绝

送了什么，中心答什么。由测试向真的中心逐条发送而生成（`cargo xtask references`）：每一行除所说的一处之外都正确，消息是中心的原话。
检查有先后，同时错几处时按表中靠前的一处拒绝。各返回码由谁处理、怎么处理，见[返回码](codes.md)；密文打不开（-4）时用 `yanmi open`
查原因，见[第一个小时](../guide/first-hour.md)。
";

/// The rows every sealed call shares.
pub(crate) fn is_shared(row: &Row) -> bool {
    ARRIVAL.iter().chain(&ENVELOPE).chain(&ACCOUNT).any(|shared| std::ptr::eq(shared, row))
}

const fn title(call: Call) -> &'static str {
    match call {
        Call::Notify => "密码核验认证通知",
        Call::Status => "密码核验认证状态",
        Call::Password => "密码核验",
        Call::Decode => "解码",
        Call::AuthResult => "渠道：认证结果",
        Call::Pending => "渠道：待办通知",
        Call::PasswordFree => "渠道：免密设置",
    }
}

/// What a row sends, in Chinese; rows whose name is a member and what is wrong with it need few words.
fn sent(what: &str) -> String {
    let whole = match what {
        "address" => "不存在的路径",
        "method" => "PUT 而不是 POST",
        "size" => "请求体多一个字节",
        "encoding" => "请求体不是 UTF-8",
        "JSON" => "请求体多一个右括号",
        "version" => "version 为 1.0.1",
        "region" => "reqtType 的区划不是本中心的",
        "hexadecimal" => "encData 为 ABC",
        "key" => "用别的密钥加密",
        "clock" => "timestamp 偏差超过 10 分钟",
        "no right" => "账号无此接口权限",
        "amount" => "totalAmount 为 1.001",
        "ext" => "ext 为 2",
        "waitSeconds" => "waitSeconds 为 31",
        "orgName deceptive" => "orgName 含控制书写方向的字符",
        "old code" => "机构代码没有 H 或 P",
        "not registered" => "机构没有登记",
        "inactive" => "机构或凭证已停用",
        "another account's" => "机构不是该账号的",
        "two codes" => "两处机构代码不同",
        "national center" => "国家电子凭证出错",
        "identity empty" => "参保人身份信息为空",
        "insured place empty" => "参保地为空",
        "identity mismatch" | "mistaken" => "身份信息不一致",
        "person data" | "data wrong" => "人员信息错误",
        "record missing" => "渠道没有认证备案",
        "record disabled" => "渠道的认证备案已停用",
        "not authorized" => "参保人未授权该渠道",
        "no settlement" => "渠道不支持结算",
        "password-free" => "参保人已开通免密",
        "too often" => "通知过于频繁",
        "no way" => "只能用密码而未设密码",
        "unreachable" => "渠道应用连不上",
        "locked" => "密码核验已锁定",
        "not set" => "未设置凭证密码",
        "business type" => "业务类型不在字典中",
        "number unknown" => "通知编号不存在",
        "another channel's" => "通知编号是别的渠道的",
        "way not offered" => "认证方式未登记",
        "finished" => "通知已经结束",
        "face" => "刷脸授权码无效",
        "not offered" => "渠道未登记免密",
        _ => "",
    };
    if !whole.is_empty() {
        return whole.to_owned();
    }
    let (member, wrong) = what.split_once(' ').unwrap_or((what, ""));
    let member = match member {
        "token" if wrong == "unknown" => "令牌",
        "account" => "账号",
        "channel" => "渠道",
        member => member,
    };
    let wrong = match wrong {
        "absent" => "缺失",
        "malformed" | "" => "格式不对",
        "unknown" => "不存在",
        "disabled" => "已停用",
        "long" => "过长",
        wrong => wrong,
    };
    format!("{member} {wrong}")
}

fn line(page: &mut String, sent: &str, answer: &Answer) {
    let message = answer.message().replace('|', "\\|");
    writeln!(page, "| {sent} | {} | {message} |", answer.code()).expect("text");
}

fn table(page: &mut String, title: &str) {
    write!(page, "\n## {title}\n\n| 送了什么 | 返回码 | 消息 |\n|---|---|---|\n").expect("text");
}

async fn play(stage: &Stage, call: Call, row: &Row) -> Answer {
    let mut plan = good(stage, call);
    (row.spoil)(&mut plan);
    stage.play(plan).await
}

/// Bodies as clients of the field send them.
fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let multipart = "--x\r\nContent-Disposition: form-data; name=\"orgId\"\r\n\r\ntestOrgId\r\n--x--\r\n";
    let gbk = b"{\"orgId\":\"\xB2\xE2\xCA\xD4\"}";
    vec![
        ("空的请求体", Vec::new()),
        ("表单", b"orgId=testOrgId&encData=AB%2B".to_vec()),
        ("multipart 表单", multipart.as_bytes().to_vec()),
        ("gzip 压缩的请求体", vec![0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]),
        ("GBK 的请求体", gbk.to_vec()),
        ("XML", b"<req/>".to_vec()),
        ("数组", b"[]".to_vec()),
        ("全角冒号", "{\"orgId\"：\"testOrgId\"}".as_bytes().to_vec()),
        ("没有写完", b"{\"orgId\":\"testOrgId\"".to_vec()),
        ("orgId 写成数字", b"{\"orgId\":5}".to_vec()),
        ("orgId 写了两次", b"{\"orgId\":\"a\",\"orgId\":\"b\"}".to_vec()),
        ("orgId 含半个字符（\\ud83d）", b"{\"orgId\":\"\\ud83d\"}".to_vec()),
    ]
}

/// Plain texts of a notice as clients of the field seal them.
fn plains() -> Vec<(&'static str, String)> {
    let notice = |amount: &str| {
        format!(
            "{{\"token\":\"T1\",\"orgCodg\":\"H35010000001\",\"orgName\":\"福州示范医院\",\"totalAmount\":{amount}}}"
        )
    };
    vec![
        ("totalAmount 为浮点数之和（0.1+0.2）", notice("0.30000000000000004")),
        ("totalAmount 带千分位", notice("\"1,234.50\"")),
        ("totalAmount 带货币单位", notice("\"128.50元\"")),
        ("totalAmount 为负数", notice("-1")),
        ("totalAmount 为对象", notice("{}")),
        ("token 末尾有空格", "{\"token\":\"T1 \"}".to_owned()),
        ("token 写成数字", "{\"token\":1}".to_owned()),
        (
            "orgCodg 用小写字母",
            "{\"token\":\"T1\",\"orgCodg\":\"h35010000001\",\"orgName\":\"福州示范医院\"}".to_owned(),
        ),
    ]
}

async fn post(plan: &Plan, stage: &Stage, body: &[u8]) -> Answer {
    let address = stage.site.center.institution_addr().expect("a listener");
    Wire::to(address).await.post(plan.call.path(), body).await
}

/// An envelope around any text.
fn sealed(stage: &Stage, plain: &str) -> Vec<u8> {
    let account = &stage.site.world().accounts[0];
    let key: &Sm4Key = &account.key;
    json!({
        "orgId": account.org_id.as_str(), "version": "1.0.0", "timestamp": START.to_string(),
        "reqtType": "sys&350000", "encData": envelope::seal(key, plain.as_bytes()),
    })
    .to_string()
    .into_bytes()
}

#[tokio::test]
async fn the_reference_of_refusals_is_what_is_answered() {
    let stage = Box::pin(Stage::start()).await;
    let mut page = HEAD.to_owned();
    table(&mut page, "各接口相同：请求与信封");
    for row in ARRIVAL.iter().chain(&ENVELOPE).chain(&ACCOUNT) {
        line(&mut page, &sent(row.what), &play(&stage, Call::Notify, row).await);
    }
    table(&mut page, "请求体的常见错误");
    let plan = stage.plan(Call::Notify);
    for (what, body) in bodies() {
        let answer = post(&plan, &stage, &body).await;
        assert_eq!(answer.code(), -2, "{what}: {answer:?}");
        line(&mut page, what, &answer);
    }
    table(&mut page, "明文成员的常见错误（以通知为例）");
    for (what, plain) in plains() {
        let answer = post(&plan, &stage, &sealed(&stage, &plain)).await;
        assert_ne!(answer.code(), 0, "{what}: {answer:?}");
        line(&mut page, what, &answer);
    }
    for call in CALLS {
        table(&mut page, &format!("{} `{}`", title(call), call.path()));
        for row in rows(call).into_iter().filter(|row| !is_shared(row)) {
            line(&mut page, &sent(row.what), &play(&stage, call, row).await);
        }
    }
    compare(&page);
}

/// Compares the page with the one that is checked in; with `UPDATE_REFERENCE=1`, writes it.
fn compare(page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/refusals.md");
    if std::env::var("UPDATE_REFERENCE").is_ok_and(|value| value == "1") {
        std::fs::write(&path, page).expect("written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == page, "docs/reference/refusals.md is out of date: run `cargo xtask references`");
}

/// E15: what may stand before the addresses is the listener's; anywhere else the answer shows the path it got.
#[tokio::test]
async fn a_path_in_front_is_served_where_it_is_configured() {
    let stage = Stage::bare(|config| {
        for listen in [&mut config.listen.institution, &mut config.listen.channel] {
            listen.path_prefix = PathPrefix::new("/front/pcs");
        }
    })
    .await;
    for call in CALLS {
        let center = &stage.site.center;
        let channel = matches!(call, Call::AuthResult | Call::Pending | Call::PasswordFree);
        let address = if channel { center.channel_addr() } else { center.institution_addr() };
        let mut wire = Wire::to(address.expect("a listener")).await;
        for (before, code) in
            [("", -2), ("/front/pcs", -2), ("/front", -5), ("/pcs", -5), ("/front/pcs/x", -5)]
        {
            let path = format!("{before}{}", call.path());
            let answer = wire.post(&path, "{}").await;
            assert_eq!(answer.code(), code, "{path}");
            assert!(code != -5 || answer.message().ends_with(&path), "{answer:?}");
        }
    }
    let long = format!("/{}", "x".repeat(200));
    let address = stage.site.center.institution_addr().expect("a listener");
    let told = Wire::to(address).await.post(&long, "").await.message();
    assert!(told.ends_with(&format!("{}…", &long[..80])), "{told}");
}
