//! What an answer means to the clerk: the judgments of `crates/client`, which those of every language have to be.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use yanmi_client::gate::{Advice, Ask, NoticeOutcome, Reason, Settlement, Verdict};
use yanmi_client::transport::{Limits, RawAnswer, TransportError};
use yanmi_client::visits::NewVisit;
use yanmi_client::{Ambient, CenterClient, ClientConfig, Desk, Transport, Visits};
use yanmi_protocol::envelope::{prove, refusal, seal, success};
use yanmi_protocol::{Code, EcToken, Sm4Key, UnixMillis};

use super::vectors::{KEY, Vector, key};

const NOW: i64 = 1_763_869_440_000;
const SERIAL: &str = "176386944000020251123114400";
const TOKEN: &str = "350000ec7ioqup8p1o0761820a0000f1f8b13d";
/// What the kit says where the desk has no advice to give.
const SETTLE: &str = "请继续办理医保业务并结算。";
const WAIT: &str =
    "请参保人在展码渠道应用上完成认证；未收到通知的，请其先打开手机并进入展码渠道应用，再重新发起认证通知。";
/// Seconds to wait where a center that is asked too often does not say how many.
const PAUSE: u64 = 3;

/// An answer and the circumstances it comes in.
#[derive(Clone)]
struct Case {
    name: String,
    status: u16,
    retry_after: Option<u64>,
    /// Without a mac.
    body: String,
    mac: Mac,
    /// Whether answers have to have one.
    wanted: bool,
    /// Notices before the status query; nothing when the answer is that to a notice.
    notices: Option<usize>,
}

/// What the answer carries.
#[derive(Clone, Copy, PartialEq)]
enum Mac {
    Right,
    None,
    /// That of an answer to another request.
    Foreign,
}

impl Case {
    fn notice(name: &str, body: String) -> Self {
        let name = format!("通知：{name}");
        Self { name, status: 200, retry_after: None, body, mac: Mac::Right, wanted: false, notices: None }
    }

    fn status(name: &str, body: String) -> Self {
        let name = format!("查询：{name}");
        Self { name, notices: Some(1), ..Self::notice("", body) }
    }
}

fn sealed(plain: &str) -> String {
    success(&key(KEY), plain.as_bytes())
}

fn notified(flag: &str) -> String {
    sealed(&format!("{{\"resBizNo\":\"{SERIAL}\",\"notcFlag\":\"{flag}\"}}"))
}

fn checked(flag: &str) -> String {
    sealed(&format!("{{\"checkStas\":\"{flag}\",\"resBizNo\":\"{SERIAL}\"}}"))
}

fn refused(code: Code, more: &str) -> String {
    refusal(code, &format!("{}{more}", code.message()))
}

fn cases() -> Vec<Case> {
    let mut out = successes();
    out.extend(refusals());
    out.extend(strange());
    out.extend(unproven());
    out
}

fn successes() -> Vec<Case> {
    let extra = format!(
        "{{\"requestId\":\"7f\",\"data\":{{\"sign\":null,\"encData\":\"{}\",\"alg\":\"SM4\"}},\"message\":\"成功\",\"elapsed\":12,\"type\":\"success\",\"code\":0}}",
        seal(&key(KEY), format!("{{\"traceId\":\"a1\",\"node\":{{\"no\":3}},\"checkStas\":\"1\",\"resBizNo\":\"{SERIAL}\",\"remark\":null,\"list\":[1,2]}}").as_bytes())
    );
    let lower = format!(
        "{{\"code\":0,\"type\":\"success\",\"message\":\"成功\",\"data\":{{\"encData\":\"{}\"}}}}",
        seal(&key(KEY), format!("{{\"checkStas\":\"1\",\"resBizNo\":\"{SERIAL}\"}}").as_bytes())
            .to_lowercase()
    );
    vec![
        Case::notice("notcFlag 为 1", notified("1")),
        Case::notice("notcFlag 为 0", notified("0")),
        Case::status("checkStas 为 1", checked("1")),
        Case::status("checkStas 为 0", checked("0")),
        Case { notices: Some(2), ..Case::status("通知两次，checkStas 为 0", checked("0")) },
        Case { notices: Some(3), ..Case::status("通知三次，checkStas 为 0", checked("0")) },
        Case::status("应答多出未知的成员", extra),
        Case::status("encData 为小写", lower),
        Case::status("应答以 BOM 开头", format!("\u{FEFF}{}", checked("1"))),
        Case::status("code 写成字符串", checked("1").replace("\"code\":0", "\"code\":\"0\"")),
    ]
}

/// Codes that the two calls may be answered with.
fn refusals() -> Vec<Case> {
    let channel_or_decode = [
        Code::BadAuthNo,
        Code::BadNoticeNo,
        Code::BadChannelParameter,
        Code::BusinessTypeNotFound,
        Code::NoSettlementAtDecode,
    ];
    let named = |code: Code| {
        let reason = if code == Code::NoticeFailed { "渠道没有应答" } else { "" };
        (code.number().to_string(), refused(code, reason))
    };
    let told =
        Code::ALL.into_iter().filter(|code| *code != Code::Success && !channel_or_decode.contains(code));
    let told: Vec<_> = told.map(named).collect();
    let mut out: Vec<Case> = told.iter().map(|(name, body)| Case::notice(name, body.clone())).collect();
    let asked = told.iter().filter(|(name, _)| !["500319", "500321", "500042"].contains(&&**name));
    out.extend(asked.map(|(name, body)| Case::status(name, body.clone())));
    let limited = refused(Code::RateLimited, "，请 7 秒后再试");
    let not_me = refused(Code::TooFrequent, "：参保人刚表示非本人办理，15 分钟内不再通知。请核实持码人身份");
    let contradiction = format!(
        "{{\"code\":-1,\"type\":\"error\",\"message\":\"未知异常\",\"success\":false,\"data\":{{\"encData\":\"{}\"}}}}",
        seal(&key(KEY), b"{\"checkStas\":\"1\",\"resBizNo\":\"176386944000020251123114400\"}")
    );
    out.extend([
        Case { retry_after: Some(2), ..Case::notice("-6，Retry-After 为 2", limited.clone()) },
        Case::status("-6，提示里有秒数", limited),
        Case::notice("500084，提示里有秒数", refused(Code::TooFrequent, "：请 5 秒后再试")),
        Case::notice("500084，非本人", not_me),
        Case::status(
            "不认识的返回码",
            "{\"code\":500159,\"message\":\"请使用医保电子凭证二维码\",\"success\":false}".to_owned(),
        ),
        Case {
            status: 400, ..Case::status("HTTP 400，带着 500001", refused(Code::CredentialNotFound, ""))
        },
        Case { status: 503, ..Case::notice("HTTP 503，带着 -1", refused(Code::Unknown, "")) },
        Case::status("code 为 -1，data 里却有 checkStas 1", contradiction),
    ]);
    out
}

/// What is no answer of the protocol, however much it looks like one.
fn strange() -> Vec<Case> {
    let no_mac = |case: Case| Case { mac: Mac::None, ..case };
    let inner = |name: &str, plain: &str| Case::status(name, sealed(plain));
    let bytes = |bytes: &[u8]| {
        format!(
            "{{\"code\":0,\"type\":\"success\",\"message\":\"成功\",\"data\":{{\"encData\":\"{}\"}}}}",
            seal(&key(KEY), bytes)
        )
    };
    // "福州" is no UTF-8 by any accident.
    let gbk = encoding_rs::GBK.encode("{\"checkStas\":\"1\",\"resBizNo\":\"1\",\"orgName\":\"福州\"}").0;
    let right = checked("1");
    let half = right[..right.len() / 2].to_owned();
    vec![
        no_mac(Case::notice(
            "代理的 HTML 错误页",
            "<html><body>504 Gateway Time-out</body></html>".to_owned(),
        )),
        no_mac(Case { status: 503, ..Case::notice("HTTP 503，没有内容", String::new()) }),
        no_mac(Case::status("没有内容", String::new())),
        no_mac(Case::status("只有前一半", half)),
        no_mac(Case::status("数组", "[0]".to_owned())),
        no_mac(Case::status("没有 code", "{\"message\":\"成功\"}".to_owned())),
        no_mac(Case::status("code 出现两次", right.replace("\"code\":0", "\"code\":-1,\"code\":0"))),
        no_mac(Case::status(
            "message 里有落单的代理字符",
            "{\"code\":500320,\"message\":\"\\ud800\",\"mac\":\"00\"}".to_owned(),
        )),
        no_mac(Case::status("之后还有别的内容", format!("{right}{{}}"))),
        Case { status: 500, ..Case::status("HTTP 500，却是成功的应答", right.clone()) },
        Case::status("没有 data", "{\"code\":0,\"type\":\"success\",\"message\":\"成功\"}".to_owned()),
        Case::status(
            "data 为 null",
            "{\"code\":0,\"type\":\"success\",\"message\":\"成功\",\"data\":null}".to_owned(),
        ),
        Case::status("encData 不是整块", right.replace("\"encData\":\"", "\"encData\":\"0")),
        Case::status(
            "用别的密钥加密",
            success(&Sm4Key::from_bytes(&[9; 16]), b"{\"checkStas\":\"1\",\"resBizNo\":\"1\"}"),
        ),
        inner("明文不是对象", "[\"checkStas\",\"1\"]"),
        inner(
            "checkStas 出现两次",
            &format!("{{\"checkStas\":\"0\",\"checkStas\":\"1\",\"resBizNo\":\"{SERIAL}\"}}"),
        ),
        inner("没有 checkStas", &format!("{{\"resBizNo\":\"{SERIAL}\"}}")),
        inner("checkStas 为 2", &format!("{{\"checkStas\":\"2\",\"resBizNo\":\"{SERIAL}\"}}")),
        inner("checkStas 为 null", &format!("{{\"checkStas\":null,\"resBizNo\":\"{SERIAL}\"}}")),
        inner("checkStas 为空", &format!("{{\"checkStas\":\"\",\"resBizNo\":\"{SERIAL}\"}}")),
        Case::notice("没有 notcFlag", sealed(&format!("{{\"resBizNo\":\"{SERIAL}\"}}"))),
        Case::notice("notcFlag 为 3", notified("3")),
        Case::status("明文是 GBK", bytes(&gbk)),
    ]
}

/// With regard to the mac.
fn unproven() -> Vec<Case> {
    let free = refused(Code::PasswordFree, "");
    let foreign = |case: Case| Case { mac: Mac::Foreign, ..case };
    let none = |case: Case| Case { mac: Mac::None, ..case };
    let wanted = |case: Case| Case { wanted: true, ..none(case) };
    vec![
        none(Case::status("没有 mac，也没有要求，checkStas 为 1", checked("1"))),
        none(Case::notice("没有 mac，也没有要求，500320", free.clone())),
        wanted(Case::status("要求 mac 而没有，checkStas 为 1", checked("1"))),
        wanted(Case::notice("要求 mac 而没有，500320", free.clone())),
        wanted(Case::notice("要求 mac 而没有，notcFlag 为 1", notified("1"))),
        wanted(Case::notice("要求 mac 而没有，500319", refused(Code::NoticeFailed, "渠道没有应答"))),
        foreign(Case::status("mac 是另一次请求的，checkStas 为 1", checked("1"))),
        foreign(Case::notice("mac 不符，500320", free)),
        foreign(Case::notice("mac 不符，-4", refused(Code::Denied, ""))),
    ]
}

/// A center that says what it is told to, and remembers what it said last.
#[derive(Debug, Default)]
struct Puppet {
    script: Mutex<Script>,
    said: Mutex<(String, String)>,
}

#[derive(Debug, Default)]
struct Script {
    status: u16,
    retry_after: Option<Duration>,
    body: String,
    foreign: bool,
    bare: bool,
}

impl Puppet {
    fn play(&self, script: Script) {
        *self.script.lock().expect("no panic") = script;
    }
}

impl Transport for Puppet {
    fn post(&self, _: &str, body: &str, _: Limits) -> Result<RawAnswer, TransportError> {
        let request: serde_json::Value = serde_json::from_str(body).expect("a request");
        let mac = request["mac"].as_str().unwrap_or_default().to_owned();
        let script = self.script.lock().expect("no panic");
        let about = if script.foreign { "0".repeat(mac.len()) } else { mac.clone() };
        let proven = if script.bare { None } else { prove(&key(KEY), &about, &script.body) };
        let answer = proven.unwrap_or_else(|| script.body.clone());
        *self.said.lock().expect("no panic") = (mac, answer.clone());
        let (status, retry_after) = (script.status, script.retry_after);
        Ok(RawAnswer { status, server_time: None, retry_after, body: answer.into_bytes() })
    }
}

/// A machine on which no time passes unless somebody waits.
#[derive(Debug, Default)]
struct Still(Mutex<Duration>);

impl Ambient for Still {
    fn now(&self) -> UnixMillis {
        UnixMillis::new(NOW).plus(self.elapsed())
    }

    fn elapsed(&self) -> Duration {
        *self.0.lock().expect("no panic")
    }

    fn pause(&self, span: Duration) {
        *self.0.lock().expect("no panic") += span;
    }

    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

/// A row for each case.
pub(super) fn all() -> Vec<Vector> {
    cases().iter().map(judged).collect()
}

fn judged(case: &Case) -> Vector {
    let folder = tempfile::tempdir().expect("a folder");
    let puppet = Arc::new(Puppet::default());
    let desk = desk(folder.path(), case, &puppet);
    let token = EcToken::new(TOKEN).expect("a token");
    let visit = desk.begin(&NewVisit::scanned(token)).expect("a visit").id();
    let script = |body: &str| Script {
        status: 200,
        body: body.to_owned(),
        bare: case.mac == Mac::None,
        ..Script::default()
    };
    for at in 0..case.notices.unwrap_or(0) {
        let serial = format!("{}20251123114400", 1_763_869_440_001 + at);
        let mut before = script(&sealed(&format!("{{\"resBizNo\":\"{serial}\",\"notcFlag\":\"1\"}}")));
        // A center that has sent a mac once is held to it.
        before.bare = case.mac == Mac::None && !case.wanted;
        puppet.play(before);
        desk.notify(visit, Some("128.50".parse().expect("an amount"))).expect("a notice");
    }
    let retry_after = case.retry_after.map(Duration::from_secs);
    puppet.play(Script {
        status: case.status,
        retry_after,
        foreign: case.mac == Mac::Foreign,
        ..script(&case.body)
    });
    let verdict = if case.notices.is_some() {
        let ask = Ask { kind: Settlement::Outpatient, amount: "128.50".parse().expect("an amount") };
        Some(desk.gate(visit, ask).expect("a decision").decision.verdict)
    } else {
        let result = desk.notify(visit, Some("128.50".parse().expect("an amount"))).expect("a notice");
        match result.visit.notice().map(|notice| &notice.outcome) {
            Some(NoticeOutcome::Notified) => None,
            Some(NoticeOutcome::PasswordFree) => return row(case, &puppet, &free()),
            _ => Some(result.advice.expect("advice about what failed")),
        }
    };
    row(case, &puppet, &said(verdict.as_ref(), case))
}

fn desk(folder: &std::path::Path, case: &Case, puppet: &Arc<Puppet>) -> Desk {
    // What a center did before is not known to a client whose first answer this is.
    let mac = if case.wanted { "always" } else { "auto" };
    let text = format!(
        "org_id = \"testOrgId\"\nkey = \"{KEY}\"\nregion = \"350000\"\norg_code = \"H35010000001\"\norg_name = \"福州示范医院\"\n\
         [center]\nurls = [\"http://127.0.0.1:1\"]\nmac = \"{mac}\"\nextended = false\nattempts = 1\n\
         [visits]\nfile = \"visits.sqlite\"\nkey = \"{KEY}\"\n"
    );
    let config = ClientConfig::from_toml(&text, folder, &|_| None).expect("a configuration");
    let still: Arc<dyn Ambient> = Arc::new(Still::default());
    let transport: Arc<dyn Transport> = Arc::clone(puppet) as Arc<dyn Transport>;
    let client = CenterClient::over(&config, Arc::clone(&still), transport);
    let visits = Visits::open(config.visits.as_ref().expect("visits"), Arc::clone(&still)).expect("a file");
    Desk::of(client, visits, &config, still)
}

fn free() -> String {
    format!("settle|500320|0|{SETTLE}")
}

/// As the kit has to say it.
fn said(verdict: Option<&Verdict>, case: &Case) -> String {
    let (decision, advice) = match verdict {
        None => return format!("wait|0|0|{WAIT}"),
        Some(Verdict::Settle(_)) => {
            let code = if case.body.contains("\"code\":500320") { "500320" } else { "0" };
            return format!("settle|{code}|0|{SETTLE}");
        }
        Some(Verdict::Refuse(advice)) => ("refuse", advice),
        Some(Verdict::FallBack(advice)) => ("offline", advice),
    };
    format!("{decision}|{}|{}|{}", code(advice), seconds(advice, case), advice.next)
}

/// The code of the answer that was judged; nothing where there was no answer of the protocol.
fn code(advice: &Advice) -> String {
    match (advice.code, advice.reason) {
        (Some(code), _) => code.to_string(),
        (None, Reason::Foreign) => "mac".to_owned(),
        (None, Reason::NotConfirmed | Reason::NoticeFailed) => "0".to_owned(),
        (None, _) => String::new(),
    }
}

fn seconds(advice: &Advice, case: &Case) -> u64 {
    let limited = [Code::RateLimited, Code::TooFrequent].map(|code| i64::from(code.number()));
    if !advice.code.is_some_and(|code| limited.contains(&code)) {
        return 0;
    }
    let told = case.body.split_once("请 ").and_then(|(_, rest)| rest.split_once(" 秒")?.0.parse().ok());
    case.retry_after.or(told).unwrap_or(PAUSE)
}

fn row(case: &Case, puppet: &Puppet, result: &str) -> Vector {
    let (request, body) = puppet.said.lock().expect("no panic").clone();
    let status = case.status.to_string();
    let notices = case.notices.unwrap_or(1).to_string();
    let call = if case.notices.is_some() { "status" } else { "notice" };
    let wanted = if case.wanted { "1" } else { "0" };
    let retry_after = case.retry_after.map(|seconds| seconds.to_string());
    let mut members = vec![
        ("call", call),
        ("key", KEY),
        ("request", &*request),
        ("macRequired", wanted),
        ("http", &*status),
    ];
    members.extend(retry_after.as_deref().map(|seconds| ("retryAfter", seconds)));
    members.extend([("notices", &*notices), ("body", &*body), ("result", result)]);
    Vector::new(format!("judge: {}", case.name), "judge", &members)
}
