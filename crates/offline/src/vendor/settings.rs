//! What the tables of all vendors' files have in common: where the file is, and the names in its messages.

use std::convert::Infallible;
use std::time::Duration;

use serde_json::Value;
use yanmi_client::config::{Number, Table};

use crate::encoding::Encoding;

/// Characters of a name or value in a vendor's messages.
pub const MAX_NAME: usize = 64;
/// Characters of the text the function is given as `url`.
const MAX_URL: usize = 1_024;
/// Members a site may have sent along with every request.
const MAX_DATA: usize = 16;
/// Codes a site may name as "cannot be used".
const MAX_CODES: usize = 32;
/// How long one call may take. A person needs some time at a camera or keypad; programs give an insurance call up 60 to
/// 120 seconds after it began.
const TIMEOUT: Number = Number { name: "timeout_milliseconds", default: 60_000, least: 100, most: 300_000 };
/// What the online way takes for "cannot be used just now" as well (section 1.9).
const UNUSABLE: [&str; 3] = ["-1", "-3", "500033"];

/// The settings of one vendor's file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VendorSettings {
    /// The file; relative to the configuration's folder.
    pub file: String,
    /// Its function.
    pub function: String,
    /// What the function is given as `url`.
    pub url: String,
    /// What its texts are in.
    pub encoding: Encoding,
    /// How long one call may take.
    pub timeout: Duration,
    /// Where the token goes, in `data`.
    pub token_member: String,
    /// Where the token is that a check was about, in the answer's `data`; when empty, it is not looked for.
    pub answer_token_member: String,
    /// What says whether a password was right, in the answer's `data`; when empty, code 0 alone does.
    pub passed_member: String,
    /// The value that means right.
    pub passed_value: String,
    /// Where the number of the check is, in the answer's `data`.
    pub serial_member: String,
    /// Codes that say that nothing was checked.
    pub unusable_codes: Vec<String>,
    /// Members of `data` that go along with every request, as the vendor wants them.
    pub data: Vec<(String, String)>,
}

impl VendorSettings {
    /// Takes the members out of a table; what is wrong with them is noted there.
    pub fn read(table: &Table<'_>) -> Option<Self> {
        let file =
            table.parsed("file", |text| if text.is_empty() { Err("不能为空") } else { Ok(text.to_owned()) });
        let url = table.parsed("url", |text| Ok::<_, Infallible>(text.to_owned()));
        if url.as_ref().is_some_and(|url| url.chars().count() > MAX_URL) {
            table.problem("url", format!("超过 {MAX_URL} 个字符"));
        }
        let function = table.text("function", "NationEcTrans", MAX_NAME);
        let token_member = table.text("token_member", "ecToken", MAX_NAME);
        let settings = Self {
            file: String::new(),
            function,
            url: String::new(),
            encoding: table.word(
                "encoding",
                &[("gbk", Encoding::Gbk), ("utf-8", Encoding::Utf8)],
                Encoding::Gbk,
            ),
            timeout: Duration::from_millis(table.number(TIMEOUT)),
            answer_token_member: table.text("answer_token_member", &token_member, MAX_NAME),
            token_member,
            passed_member: table.text("passed_member", "checkStas", MAX_NAME),
            passed_value: table.text("passed_value", "1", MAX_NAME),
            serial_member: table.text("serial_member", "resBizNo", MAX_NAME),
            unusable_codes: codes(table),
            data: data(table),
        };
        if settings.token_member.is_empty() {
            table.problem("token_member", "不能为空");
        }
        Some(Self { file: file?, url: url?, ..settings })
    }
}

fn codes(table: &Table<'_>) -> Vec<String> {
    const NAME: &str = "unusable_codes";
    if !table.has(NAME) {
        return UNUSABLE.map(str::to_owned).to_vec();
    }
    let codes =
        table.texts(NAME).filter(|codes| codes.len() <= MAX_CODES && codes.iter().all(|code| fits(code)));
    codes.unwrap_or_else(|| {
        table.problem(NAME, format!("应为至多 {MAX_CODES} 个返回码的列表，写成字符串，如 [\"-1\"]"));
        Vec::new()
    })
}

fn data(table: &Table<'_>) -> Vec<(String, String)> {
    let members = match table.take("data") {
        None => Some(Vec::new()),
        Some(Value::Object(members)) if members.len() <= MAX_DATA => members
            .into_iter()
            .map(|(name, value)| match value {
                Value::String(value) if fits(&name) && fits(&value) => Some((name, value)),
                _ => None,
            })
            .collect(),
        Some(_) => None,
    };
    members.unwrap_or_else(|| {
        table.problem("data", format!("应为至多 {MAX_DATA} 个成员，值为至多 {MAX_NAME} 个字符的字符串"));
        Vec::new()
    })
}

fn fits(text: &str) -> bool {
    text.chars().count() <= MAX_NAME
}
