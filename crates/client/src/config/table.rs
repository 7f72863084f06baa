//! The members of the configuration, table by table.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use yanmi_protocol::key::BLOCK;
use yanmi_protocol::message::MAX_ORG_NAME;
use yanmi_protocol::text::first_deceptive_character;
use yanmi_protocol::{AccountId, OrgCode, Region, Sm4Key, envelope};
use zeroize::Zeroizing;

use super::problem::ConfigError;
use super::read::{Number, Table};
use crate::gate::{CallNumber, MAX_MORE, Rules, Settlement, StatusSerial, Way, Ways};
use crate::private::{self, PrivateError};
use crate::settings::{
    Account, CenterSettings, ClientConfig, Institution, MacUse, Order, VisitsSettings,
    plain_beyond_this_machine,
};

/// Environment variable of the account's key, used when the configuration names none.
pub const KEY_VARIABLE: &str = "YANMI_CLIENT_KEY";
/// Environment variable of the key visits are sealed under, used when the configuration names none.
pub const VISITS_KEY_VARIABLE: &str = "YANMI_VISITS_KEY";
/// Center addresses one configuration may list.
pub const MAX_ADDRESSES: usize = 16;
/// Largest key file, in bytes.
const MAX_KEY_FILE: u64 = 256;
/// What stands before the `&` in `reqtType` unless told otherwise: as in the specification's sample.
const PREFIX: &str = "sys";
/// Characters of the prefix, so that `reqtType` stays within its limit.
const MAX_PREFIX: usize = envelope::MAX_REQT_TYPE - 7;

const fn number(name: &'static str, default: u64, least: u64, most: u64) -> Number {
    Number { name, default, least, most }
}

// A handshake within a province takes milliseconds; a center answers within five seconds; a system that waits for an
// insurance call gives up after a minute.
const CONNECT: Number = number("connect_timeout_milliseconds", 2_000, 100, 10_000);
const ATTEMPT: Number = number("attempt_timeout_milliseconds", 8_000, 500, 60_000);
const CALL: Number = number("call_timeout_milliseconds", 20_000, 1_000, 120_000);
const ATTEMPTS: Number = number("attempts", 3, 1, 10);
const SKIP: Number = number("skip_seconds", 30, 1, 3_600);
// Centers refuse a second notice within three seconds (500084).
const NOTICE_PAUSE: Number = number("notice_pause_milliseconds", 3_100, 0, 60_000);
const VALID: Number = number("valid_minutes", 60, 5, 1_440);
const RETAIN: Number = number("retain_hours", 168, 1, 8_760);

/// Looks up an environment variable.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Where the text being read comes from, and what stands around it.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    /// What relative paths are relative to.
    pub(super) folder: &'a Path,
    pub(super) env: Environment<'a>,
    /// Why no key may stand in the text.
    pub(super) shared: Option<&'a str>,
}

pub(super) fn read(value: Value, reading: Reading<'_>) -> Result<ClientConfig, ConfigError> {
    let problems = RefCell::new(Vec::new());
    let outer = Table::new("", value, &problems);
    let account = account(&outer, reading);
    let institution = institution(&outer);
    let inner = |name| Table::new(name, outer.take(name).unwrap_or(Value::Null), &problems);
    let center = center(inner("center"), reading.folder);
    let gate = gate(inner("gate"));
    let visits = outer.take("visits").map(|value| visits(Table::new("visits", value, &problems), reading));
    outer.finish();
    let found = problems.into_inner();
    match (account, institution, center, visits) {
        (Some(account), Some(institution), Some(center), None) if found.is_empty() => {
            Ok(ClientConfig { account, institution, center, gate, visits: None })
        }
        (Some(account), Some(institution), Some(center), Some(Some(visits))) if found.is_empty() => {
            Ok(ClientConfig { account, institution, center, gate, visits: Some(visits) })
        }
        _ => Err(ConfigError { problems: found }),
    }
}

fn account(table: &Table<'_>, reading: Reading<'_>) -> Option<Account> {
    let org_id = table.parsed("org_id", AccountId::new);
    let key = key(table, KEY_VARIABLE, reading);
    let region = table.parsed("region", Region::new);
    let prefix = table.optional_text("prefix").map_or_else(|| PREFIX.to_owned(), |text| (*text).clone());
    let fits = !prefix.is_empty() && prefix.chars().count() <= MAX_PREFIX && !prefix.contains('&');
    if !fits {
        table.problem("prefix", format!("应为 1 至 {MAX_PREFIX} 个字符，不含 &"));
    }
    Some(Account { org_id: org_id?, key: key?, region: region?, prefix })
}

fn institution(table: &Table<'_>) -> Option<Institution> {
    let org_code = table.parsed("org_code", OrgCode::new);
    let org_name = table.parsed("org_name", |name| {
        if name.is_empty() || name.chars().count() > MAX_ORG_NAME {
            return Err(format!("应为 1 至 {MAX_ORG_NAME} 个字符"));
        }
        match first_deceptive_character(name) {
            Some(c) => Err(format!("含有不允许显示的字符 U+{:04X}", u32::from(c))),
            None => Ok(name.to_owned()),
        }
    });
    Some(Institution { org_code: org_code?, org_name: org_name? })
}

/// A key from the text, from a file of its own or from the environment, whichever one there is.
fn key(table: &Table<'_>, variable: &str, reading: Reading<'_>) -> Option<Sm4Key> {
    let form = table.word("key_form", &[("hex", false), ("ascii", true)], false);
    let parse = |text: &str| if form { Sm4Key::from_ascii(text) } else { Sm4Key::from_hex(text.trim()) };
    let (inline, file) = (table.optional_text("key"), table.optional_text("key_file"));
    let (member, text) = match (inline, file) {
        (Some(_), Some(_)) => {
            table.problem("key", "与 key_file 只能设置其一");
            return None;
        }
        (Some(text), None) => {
            // Read all the same, so that everything that is wrong is said at once.
            if let Some(why) = reading.shared {
                table.problem("key", why);
            }
            ("key", text)
        }
        (None, Some(file)) => match private::read(&reading.folder.join(file.as_str()), MAX_KEY_FILE) {
            Ok(text) => ("key_file", Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned())),
            Err(why) => {
                // Which file is open to others is said there.
                let what = if matches!(why, PrivateError::Open(_)) { "" } else { "密钥文件" };
                table.problem("key_file", format!("{what}{why}"));
                return None;
            }
        },
        (None, None) => {
            let Some(text) = (reading.env)(variable).filter(|text| !text.is_empty()) else {
                table.problem("key", format!("缺失：设置 key、key_file 或环境变量 {variable} 之一"));
                return None;
            };
            ("key", Zeroizing::new(text))
        }
    };
    // A text of the other form is the commonest slip; saying so shows nothing of it.
    let hint = if !form && text.trim().chars().count() == BLOCK {
        "；若密钥是 16 个 ASCII 字符，请设置 key_form = \"ascii\""
    } else {
        ""
    };
    parse(&text).map_err(|error| table.problem(member, format!("{error}{hint}"))).ok()
}

fn center(table: Table<'_>, folder: &Path) -> Option<CenterSettings> {
    let urls = urls(&table);
    let millis = |number| Duration::from_millis(table.number(number));
    let settings = CenterSettings {
        urls: urls.clone().unwrap_or_default(),
        order: table.word("order", &[("listed", Order::Listed), ("rotate", Order::Rotate)], Order::Listed),
        roots: table.optional_text("roots").map(|path| folder.join(path.as_str())),
        plain_http: table.flag("plain_http", false),
        mac: table.word(
            "mac",
            &[("auto", MacUse::Auto), ("always", MacUse::Always), ("never", MacUse::Never)],
            MacUse::Auto,
        ),
        extended: table.flag("extended", true),
        status_serial: table.word(
            "status_serial",
            &[("notice", StatusSerial::OfNotice), ("any", StatusSerial::Any)],
            StatusSerial::Any,
        ),
        compensate_clock: table.flag("compensate_clock", true),
        connect_timeout: millis(CONNECT),
        attempt_timeout: millis(ATTEMPT),
        call_timeout: millis(CALL),
        attempts: u32::try_from(table.number(ATTEMPTS)).unwrap_or(1),
        skip: Duration::from_secs(table.number(SKIP)),
        notice_pause: millis(NOTICE_PAUSE),
    };
    if settings.connect_timeout > settings.attempt_timeout {
        table.problem(CONNECT.name, format!("不能大于 {}", ATTEMPT.name));
    }
    if settings.attempt_timeout > settings.call_timeout {
        table.problem(ATTEMPT.name, format!("不能大于 {}", CALL.name));
    }
    if !settings.plain_http {
        for (at, _) in settings.urls.iter().enumerate().filter(|(_, url)| plain_beyond_this_machine(url)) {
            let message = "是明文 HTTP，又不在本机：线路上的人可以看到、改动和重放报文。请改用 https 并给出 roots；\
                           确知线路可信的，设置 plain_http = true";
            table.problem("urls", format!("第 {} 个地址{message}", at + 1));
        }
    }
    let secured = settings.urls.iter().any(|url| url.starts_with("https://"));
    if secured && settings.roots.is_none() {
        table.problem("roots", "地址为 https 时必须给出根证书文件（PEM），只信任其中的证书");
    }
    table.finish();
    urls.map(|_| settings)
}

fn urls(table: &Table<'_>) -> Option<Vec<String>> {
    let texts: Option<Vec<String>> = match table.take("urls") {
        Some(Value::String(one)) => Some(vec![one]),
        Some(Value::Array(many)) => many.iter().map(|url| url.as_str().map(str::to_owned)).collect(),
        None => Some(Vec::new()),
        Some(_) => None,
    };
    let Some(texts) = texts else {
        table.problem("urls", "应为地址列表");
        return None;
    };
    if texts.is_empty() || texts.len() > MAX_ADDRESSES {
        table.problem("urls", format!("应列出 1 至 {MAX_ADDRESSES} 个中心地址"));
        return None;
    }
    let mut out = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        match url(text.trim()) {
            Ok(url) => out.push(url),
            Err(why) => table.problem("urls", format!("第 {} 个地址{why}", at + 1)),
        }
    }
    (out.len() == texts.len()).then_some(out)
}

/// An address that can be called, without the slash at its end.
fn url(text: &str) -> Result<String, &'static str> {
    let uri: ureq::http::Uri = text.parse().map_err(|_| "不是合法的网址")?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err("应以 http:// 或 https:// 开头");
    }
    if uri.host().is_none_or(str::is_empty) || uri.port().is_some_and(|port| port.as_u16() == 0) {
        return Err("缺少主机名，或端口不在 1 至 65535 之间");
    }
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) || uri.query().is_some() {
        return Err("不能带用户名、口令或查询参数");
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn gate(table: Table<'_>) -> Rules {
    let rules = Rules {
        pharmacy: table.flag("pharmacy", true),
        outpatient: table.flag("outpatient", true),
        inpatient: table.flag("inpatient", true),
        cross_province: table.flag("cross_province", true),
        cards: table.flag("cards", true),
        registration: table.flag("registration", true),
        more: more(&table),
        ways: ways(&table),
        bare_claims: table.flag("bare_claims", false),
        valid: Duration::from_secs(60 * table.number(VALID)),
        ..Rules::default()
    };
    table.finish();
    rules
}

const WAYS: [(&str, Way); 4] = [
    ("online", Way::Online),
    ("terminalFace", Way::TerminalFace),
    ("terminalPassword", Way::TerminalPassword),
    ("libraryPassword", Way::LibraryPassword),
];

fn ways(table: &Table<'_>) -> Ways {
    if !table.has("ways") {
        table.take("ways");
        return Ways::ALL;
    }
    let known = |word: &String| WAYS.iter().find(|(known, _)| known == word).map(|(_, way)| *way);
    let ways: Option<Vec<Way>> =
        table.texts("ways").and_then(|words| words.iter().map(known).collect()).filter(|ways: &Vec<Way>| {
            let each_once = ways.iter().enumerate().all(|(at, way)| !ways[..at].contains(way));
            !ways.is_empty() && each_once
        });
    ways.map_or_else(
        || {
            let all: Vec<&str> = WAYS.iter().map(|(word, _)| *word).collect();
            table.problem("ways", format!("应为 {} 的列表，至少一种，每种一次", all.join("、")));
            Ways::ALL
        },
        |ways| Ways::of(&ways),
    )
}

fn more(table: &Table<'_>) -> [Option<CallNumber>; MAX_MORE] {
    let mut out = [None; MAX_MORE];
    let texts = table.texts("more").unwrap_or_else(|| vec![String::new()]);
    let fits = texts.len() <= MAX_MORE
        && texts.iter().all(|text| CallNumber::new(text).is_some() && Settlement::of(text).is_none());
    if !fits {
        let words =
            format!("应为至多 {MAX_MORE} 个医保交易编号（四位数字）的列表，不含本来就核验或免核验的编号");
        table.problem("more", words);
    }
    for (slot, text) in out.iter_mut().zip(&texts) {
        *slot = CallNumber::new(text);
    }
    out
}

fn visits(table: Table<'_>, reading: Reading<'_>) -> Option<VisitsSettings> {
    let file =
        table.parsed("file", |text| if text.is_empty() { Err("不能为空") } else { Ok(PathBuf::from(text)) });
    let key = key(&table, VISITS_KEY_VARIABLE, reading);
    let retain = Duration::from_secs(3_600 * table.number(RETAIN));
    table.finish();
    Some(VisitsSettings { file: reading.folder.join(file?), key: key?, retain })
}
