//! A vendor's file as the offline ways use it (section 1.5): loaded at run time, called through
//! `NationEcTrans(url, in, out)`, JSON in and JSON out. The dynamic library ([`crate::library`]) and the terminal
//! ([`crate::terminal`]) are two uses of it.
//!
//! The vendors' documents are not public and differ, so operations and members are settings ([`VendorSettings`]). The
//! function answers a status text that many vendors' headers declare otherwise; it is therefore never followed, and
//! what counts is the JSON in the output: `{"code", "message", "data"}`, where the data are an object or JSON text.
//! How long a call may take, and what becomes of one that takes longer, is in `vendor/file.rs`.

mod file;
mod settings;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use yanmi_client::offline::{PortAnswer, PortFailure};
use yanmi_protocol::member::{JsonError, read_value};
use yanmi_protocol::{Code, EcToken};
use zeroize::Zeroizing;

use crate::failure::LoadError;

use file::{File, Silence, Texts};
pub use settings::{MAX_NAME, VendorSettings};

/// Bytes a request has room for without being moved: all that may be in it, each character escaped, is less.
const REQUEST: usize = 32 * 1024;

/// A vendor's file that can be asked.
pub(crate) struct Vendor {
    settings: VendorSettings,
    /// What it is called in messages: 动态库 or 医保终端.
    what: &'static str,
    org_code: String,
    file: Arc<File>,
}

impl fmt::Debug for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vendor").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// An answer that could be read.
pub(crate) struct VendorAnswer {
    code: String,
    message: String,
    data: Value,
}

impl Vendor {
    /// Loads the file that `table` of the configuration names. `org_code` is sent along as the institution's code.
    pub(crate) fn open(
        table: &str,
        what: &'static str,
        settings: VendorSettings,
        folder: &Path,
        org_code: &str,
    ) -> Result<Self, LoadError> {
        let refused = |why: String| LoadError { message: format!("{table}.{why}") };
        let path = folder.join(&settings.file);
        let file = File::open(&path)
            .map_err(|error| refused(format!("file：无法加载 {}：{error}", path.display())))?;
        if !file.has(&settings.function) {
            return Err(refused(format!("function：{what}没有函数 {}", settings.function)));
        }
        Ok(Self { settings, what, org_code: org_code.to_owned(), file })
    }

    /// Asks for an operation. `more` is one more member of the data.
    pub(crate) fn ask(
        &self,
        operation: &str,
        token: Option<EcToken>,
        more: Option<(&str, &str)>,
    ) -> Result<VendorAnswer, PortFailure> {
        let settings = &self.settings;
        // Written in place, because a password is to be in one text only, which is wiped.
        let mut request = Zeroizing::new(String::with_capacity(REQUEST));
        request.push_str("{\"orgId\":");
        push(&mut request, &self.org_code);
        request.push_str(",\"transType\":");
        push(&mut request, operation);
        request.push_str(",\"data\":{");
        let token = token.as_ref().map(|token| (settings.token_member.as_str(), token.as_str()));
        let constant = settings.data.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (at, (name, value)) in constant.chain(token).chain(more).enumerate() {
            request.push_str(if at > 0 { "," } else { "" });
            push(&mut request, name);
            request.push(':');
            push(&mut request, value);
        }
        request.push_str("}}");
        self.read(&self.call(&request)?)
    }

    fn call(&self, request: &str) -> Result<Zeroizing<Vec<u8>>, PortFailure> {
        let settings = &self.settings;
        let text = |text: &str| {
            let mut bytes = Zeroizing::new(settings.encoding.encode(text));
            let whole = !bytes.contains(&0);
            bytes.push(0);
            if whole { Ok(bytes) } else { Err(failure("入参含有 NUL".to_owned())) }
        };
        let texts = Texts { url: text(&settings.url)?, request: text(request)? };
        let what = self.what;
        self.file.call(&settings.function, texts, settings.timeout).map_err(|silence| {
            failure(match silence {
                Silence::Busy => format!("{what}正忙，前面还有 {} 次调用没有结束", file::WAITING),
                Silence::Late => {
                    format!("{what}在 {} 毫秒内没有应答", settings.timeout.as_millis())
                }
                Silence::Gone => format!("{what}不能再调用"),
            })
        })
    }

    fn read(&self, output: &[u8]) -> Result<VendorAnswer, PortFailure> {
        let strange = |why: &str| failure(format!("{}的应答{why}", self.what));
        let answer = self.settings.encoding.decode(output).map(Zeroizing::new);
        let answer = answer.ok_or_else(|| strange("不是 JSON"))?;
        let read = |text: &str| {
            read_value(text.trim()).map_err(|error| match error {
                JsonError::Twice { name, .. } => strange(&format!("里 {name} 重复出现")),
                JsonError::NotJson { .. } => strange("不是 JSON"),
            })
        };
        let mut answer = read(&answer)?;
        let code = answer.get("code").and_then(text).ok_or_else(|| strange("没有 code"))?;
        let message = answer.get("message").and_then(text).filter(|message| !message.is_empty());
        let data = answer.get_mut("data").map(Value::take).unwrap_or_default();
        let inner = data.as_str().filter(|data| data.trim_start().starts_with('{')).map(read).transpose()?;
        let message = message.unwrap_or_else(|| format!("{}返回 {code}", self.what));
        Ok(VendorAnswer { code, message, data: inner.unwrap_or(data) })
    }

    /// What an answer says about a check: whether code and `passed` both mean that it was passed, its number, and
    /// whom it was about.
    pub(crate) fn judge(&self, said: &VendorAnswer, passed: (&str, &str)) -> Result<PortAnswer, PortFailure> {
        let settings = &self.settings;
        if settings.unusable_codes.contains(&said.code) {
            return Err(failure(said.message.clone()));
        }
        let (member, value) = passed;
        let right = member.is_empty() || said.member(member).is_some_and(|told| told == value);
        let told = said.member(&settings.answer_token_member);
        let token = told.as_deref().and_then(|token| EcToken::new(token).ok());
        if told.is_some() && token.is_none() {
            return Err(failure(format!("{}应答中的令牌有误", self.what)));
        }
        // A call that was made says so (section 1.9, code 0), and not that the check went wrong.
        let message = if said.is_done() && !right && said.message == Code::Success.message() {
            format!("{}答复未通过（{member} 不是 {value}）", self.what)
        } else {
            said.message.clone()
        };
        Ok(PortAnswer {
            passed: said.is_done() && right,
            serial: said.member(&settings.serial_member),
            token,
            message,
        })
    }

    /// Judges the answer to a password.
    pub(crate) fn judge_password(&self, said: &VendorAnswer) -> Result<PortAnswer, PortFailure> {
        self.judge(said, (&self.settings.passed_member, &self.settings.passed_value))
    }

    /// Whether answers are to say whom a check was about.
    pub(crate) const fn tells_token(&self) -> bool {
        !self.settings.answer_token_member.is_empty()
    }
}

impl VendorAnswer {
    /// Whether the call was done (code 0 or "0000"), whatever came of it.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.code.as_str(), "0" | "0000")
    }

    /// A member of the data; nothing when it is absent, empty or "null".
    pub(crate) fn member(&self, name: &str) -> Option<String> {
        self.data.get(name).and_then(text).filter(|text| !text.is_empty() && text != "null")
    }
}

/// Writes a JSON string.
fn push(out: &mut String, text: &str) {
    use fmt::Write as _;
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            // Writing to a string cannot fail.
            '\0'..='\x1f' => _ = write!(out, "\\u{:04x}", u32::from(c)),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

pub(crate) fn failure(message: String) -> PortFailure {
    PortFailure { message }
}
