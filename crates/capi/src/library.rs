//! The dynamic library of section 1.5 (医保电子凭证动态库) as a port of the desk: a vendor's file, loaded at run time,
//! called through `NationEcTrans(url, in, out)`.
//!
//! The vendors' documents are not public and differ, so the operation and the members of its messages are settings. The
//! function answers a status text that many vendors' headers declare otherwise; it is therefore never followed, and
//! what counts is the JSON in the output. Vendors' libraries are old: one call at a time, and a roomy output.

use std::ffi::c_char;
use std::fmt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use libloading::Library as Loaded;
use serde::Deserialize;
use serde_json::Value;
use yanmi_client::offline::{CredentialPassword, DynamicLibrary, PortAnswer, PortFailure, Subject};
use yanmi_protocol::EcToken;
use zeroize::Zeroizing;

use crate::fault::{Fault, Kind};
use crate::text::Encoding;

/// Bytes of the output a vendor's function writes to; their documents ask for 20,480 at most.
const OUTPUT: usize = 64 * 1024;
/// Bytes a request has room for without being moved.
const REQUEST: usize = 4 * 1024;

type NationEcTrans = unsafe extern "system" fn(*const c_char, *const c_char, *mut c_char) -> *const c_char;

/// Table `[library]`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LibrarySettings {
    /// The vendor's file; relative to the configuration's folder.
    pub file: String,
    /// Its function.
    #[serde(default = "function")]
    pub function: String,
    /// What the function is given as `url`.
    pub url: String,
    /// `transType` of the password check.
    pub operation: String,
    /// Where the token goes, in `data`.
    #[serde(default = "token_member")]
    pub token_member: String,
    /// Where the password goes, in `data`.
    #[serde(default = "password_member")]
    pub password_member: String,
    /// What says whether it was right, in the answer's `data`; when empty, code 0 alone does.
    #[serde(default = "passed_member")]
    pub passed_member: String,
    /// The value that means right.
    #[serde(default = "passed_value")]
    pub passed_value: String,
    /// Where the number of the check is, in the answer's `data`.
    #[serde(default = "serial_member")]
    pub serial_member: String,
    /// `"gbk"` or `"utf-8"`.
    #[serde(default = "encoding")]
    pub encoding: String,
}

fn function() -> String {
    "NationEcTrans".to_owned()
}
fn token_member() -> String {
    "ecToken".to_owned()
}
fn password_member() -> String {
    "password".to_owned()
}
fn passed_member() -> String {
    "checkStas".to_owned()
}
fn passed_value() -> String {
    "1".to_owned()
}
fn serial_member() -> String {
    "resBizNo".to_owned()
}
fn encoding() -> String {
    "gbk".to_owned()
}

/// A vendor's library, loaded until this is dropped.
pub struct Library {
    settings: LibrarySettings,
    encoding: Encoding,
    org_code: String,
    loaded: Loaded,
    turn: Mutex<()>,
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Library {
    /// Loads the file. `org_code` is sent along as the institution's code.
    ///
    /// # Errors
    /// [`Kind::Config`] when the file cannot be loaded or does not have the function.
    #[expect(unsafe_code, reason = "a vendor's file is loaded and runs as part of this process")]
    pub fn open(settings: LibrarySettings, folder: &Path, org_code: &str) -> Result<Self, Fault> {
        let encoding = match settings.encoding.as_str() {
            "gbk" => Encoding::Gbk,
            "utf-8" => Encoding::Utf8,
            _ => return Err(Fault::new(Kind::Config, "library.encoding：应为 \"gbk\" 或 \"utf-8\"")),
        };
        let path = folder.join(&settings.file);
        // SAFETY: loading runs what the vendor has it run. The site names the file in its configuration, as it would
        // link it into its program; nothing here can check more than that it is there.
        let loaded = unsafe { Loaded::new(&path) }.map_err(|error| {
            Fault::new(Kind::Config, format!("library.file：无法加载 {}：{error}", path.display()))
        })?;
        let library =
            Self { settings, encoding, org_code: org_code.to_owned(), loaded, turn: Mutex::new(()) };
        library.function().map_err(|failure| Fault::new(Kind::Config, failure.message))?;
        Ok(library)
    }

    #[expect(unsafe_code, reason = "a vendor's function has the type its documents say it has")]
    fn function(&self) -> Result<libloading::Symbol<'_, NationEcTrans>, PortFailure> {
        let name = self.settings.function.as_str();
        // SAFETY: three pointers in, one out, stdcall on Windows, is how every document describes this function.
        unsafe { self.loaded.get(name.as_bytes()) }.map_err(|_| failure(format!("动态库没有函数 {name}")))
    }

    /// One call: JSON in, JSON out.
    #[expect(unsafe_code, reason = "a vendor's function is called")]
    fn call(&self, request: &str) -> Result<Value, PortFailure> {
        let text = |text: &str| {
            let mut bytes = Zeroizing::new(self.encoding.encode(text));
            let whole = !bytes.contains(&0);
            bytes.push(0);
            if whole { Ok(bytes) } else { Err(failure("入参含有 NUL".to_owned())) }
        };
        let (url, request) = (text(&self.settings.url)?, text(request)?);
        let mut output = Zeroizing::new(vec![0_u8; OUTPUT]);
        let function = self.function()?;
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: both inputs end in NUL and outlive the call, the output has more room than the documents ask for. The
        // answer is not followed, so it may be anything.
        let _ = unsafe { function(url.as_ptr().cast(), request.as_ptr().cast(), output.as_mut_ptr().cast()) };
        drop(turn);
        let end = output.iter().position(|byte| *byte == 0).unwrap_or(0);
        let strange = || failure("动态库的应答不是 JSON".to_owned());
        let answer = self.encoding.decode(&output[..end]).map(Zeroizing::new).ok_or_else(strange)?;
        serde_json::from_str(answer.trim()).map_err(|_| strange())
    }
}

impl DynamicLibrary for Library {
    fn password(
        &self,
        subject: &Subject,
        password: Option<&CredentialPassword>,
    ) -> Result<PortAnswer, PortFailure> {
        let settings = &self.settings;
        let quoted = |text: &str| Value::from(text).to_string();
        let (org_code, operation) = (quoted(&self.org_code), quoted(&settings.operation));
        let token = subject.token.map(|token| (&settings.token_member, quoted(token.as_str())));
        // Written piece by piece, because the password is to be in one place only, which is wiped.
        let mut request = Zeroizing::new(String::with_capacity(REQUEST));
        for piece in ["{\"orgId\":", &org_code, ",\"transType\":", &operation, ",\"data\":{"] {
            request.push_str(piece);
        }
        if let Some((member, token)) = &token {
            for piece in [quoted(member).as_str(), ":", token] {
                request.push_str(piece);
            }
        }
        if let Some(password) = password {
            let comma = if token.is_some() { "," } else { "" };
            for piece in [comma, &quoted(&settings.password_member), ":\"", password.reveal(), "\""] {
                request.push_str(piece);
            }
        }
        request.push_str("}}");
        read(settings, &self.call(&request)?)
    }
}

/// Reads an answer: `{"code", "message", "data"}`, where the data are an object or JSON text.
fn read(settings: &LibrarySettings, answer: &Value) -> Result<PortAnswer, PortFailure> {
    let code =
        answer.get("code").and_then(text).ok_or_else(|| failure("动态库的应答没有 code".to_owned()))?;
    let message = answer.get("message").and_then(text).unwrap_or_default();
    let inner = answer.get("data").and_then(Value::as_str).and_then(|data| serde_json::from_str(data).ok());
    let data: &Value = inner.as_ref().or_else(|| answer.get("data")).unwrap_or(&Value::Null);
    let member = |name: &str| data.get(name).and_then(text).filter(|text| !text.is_empty() && text != "null");
    let right = settings.passed_member.is_empty()
        || member(&settings.passed_member).is_some_and(|value| value == settings.passed_value);
    let told = member(&settings.token_member);
    let token = told.as_deref().and_then(|token| EcToken::new(token).ok());
    if told.is_some() && token.is_none() {
        return Err(failure("动态库应答中的令牌有误".to_owned()));
    }
    Ok(PortAnswer {
        passed: matches!(code.as_str(), "0" | "0000") && right,
        serial: member(&settings.serial_member),
        token,
        message: if message.is_empty() { format!("动态库返回 {code}") } else { message },
    })
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn failure(message: String) -> PortFailure {
    PortFailure { message }
}
