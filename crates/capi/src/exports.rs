//! The functions of `yanmi.h`. What they mean to a caller is said there, in Chinese, and in `docs/guide/integrate.md`.
//!
//! Every one reads its texts, does one operation with panics caught, writes the answer and returns its number.
//! `extern "system"` is stdcall on 32-bit Windows, which is what callers there declare, and the C convention elsewhere.
//!
//! # Safety
//! What holds for every function here and is all a caller has to see to: each pointer to a text is NULL or points to a
//! text that ends in NUL; `out` is NULL or has `size` bytes (`trans_bytes` of the configuration in `YanmiTrans`, 1,000 without); `visit_out` is NULL or has 33;
//! `needed` and `handle_out` are NULL or have 4.
#![expect(unsafe_code, reason = "functions called from C are handed pointers")]
#![expect(clippy::missing_safety_doc, reason = "it is the same for all of them, and said above")]

use std::ffi::c_char;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

use yanmi_offline::encoding::Encoding;
use zeroize::Zeroizing;

use crate::answer::Answer;
use crate::fault::{Fault, Kind};
use crate::handles::Handles;
use crate::operation::{Check, Scan};
use crate::output::{self, Output};
use crate::setup::{Border, Session};
use crate::text;
use crate::trans::{self, Sessions};

/// Bytes of the number of a visit, with its NUL.
pub const VISIT: usize = 33;

static HANDLES: Handles<Session> = Handles::new();
static SESSIONS: LazyLock<Sessions> = LazyLock::new(Sessions::default);

/// A text as it was handed in.
#[derive(Clone, Copy)]
struct Text {
    name: &'static str,
    pointer: *const c_char,
    optional: bool,
}

/// A text that has to be there.
const fn need(name: &'static str, pointer: *const c_char) -> Text {
    Text { name, pointer, optional: false }
}

/// A text that may be NULL, which is the same as empty.
const fn may(name: &'static str, pointer: *const c_char) -> Text {
    Text { name, pointer, optional: true }
}

impl Text {
    unsafe fn read(self, encoding: Encoding) -> Result<Zeroizing<String>, Fault> {
        if self.optional && self.pointer.is_null() {
            return Ok(Zeroizing::default());
        }
        // SAFETY: what holds for every text here.
        let bytes = unsafe { text::read(self.name, self.pointer) }?;
        let strange = || Fault::new(Kind::Encoding, format!("{} 不是 {} 编码", self.name, encoding.name()));
        encoding.decode(&bytes).map(Zeroizing::new).ok_or_else(strange)
    }

    /// Reads the name of a configuration, before anybody can know what it is in.
    unsafe fn read_any(self) -> Result<Zeroizing<String>, Fault> {
        // SAFETY: what holds for every text here.
        unsafe { self.read(Encoding::Utf8).or_else(|_| self.read(Encoding::Gbk)) }
    }
}

/// Does something that must not panic out of here.
fn caught<T>(act: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|_| Err(Kind::Internal.into()))
}

/// The way of every typed function: the handle, the texts, the operation, the answer.
unsafe fn answered<const N: usize>(
    handle: i32,
    output: &Result<Output, Fault>,
    visit_out: *mut c_char,
    texts: [Text; N],
    act: impl FnOnce(&Session, [&str; N]) -> Result<Answer, Fault>,
) -> i32 {
    let mut border = Border::default();
    // A program that goes on with a visit that was not begun goes on with none.
    // SAFETY: what holds for every `visit_out` here.
    unsafe { text::write(b"", visit_out, VISIT) };
    let said = caught(|| {
        output.as_ref().map_err(Clone::clone)?;
        let session = HANDLES.get(handle)?;
        border = session.border;
        let mut read: [Zeroizing<String>; N] = std::array::from_fn(|_| Zeroizing::default());
        for (text, read) in texts.into_iter().zip(&mut read) {
            // SAFETY: what holds for every text here.
            *read = unsafe { text.read(border.encoding) }?;
        }
        act(&session, read.each_ref().map(|text| text.as_str()))
    });
    let answer = said.unwrap_or_else(Answer::from);
    let visit = answer.data.get("visit").and_then(serde_json::Value::as_str).unwrap_or_default();
    // SAFETY: what holds for every `visit_out` here.
    unsafe { text::write(visit.as_bytes(), visit_out, VISIT) };
    match output {
        // SAFETY: what holds for every `out` and `needed` here.
        Ok(output) => unsafe { output.hand_over(&answer, border) },
        Err(_) => output::remember(&answer),
    }
}

const NOWHERE: *mut c_char = std::ptr::null_mut();

/// The version of this library, in ASCII; never NULL, and never to be freed.
#[unsafe(no_mangle)]
pub extern "system" fn yanmi_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// Opens a configuration.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn yanmi_open(config: *const c_char, handle_out: *mut i32) -> i32 {
    let opened = caught(|| {
        if handle_out.is_null() {
            return Err(Fault::new(Kind::Null, "handle_out 为 NULL"));
        }
        // SAFETY: what holds for every `handle_out` here.
        unsafe { text::write_number(0, handle_out) };
        // SAFETY: what holds for every text here.
        let config = unsafe { need("config", config).read_any() }?;
        HANDLES.open(Session::open(&config)?)
    });
    match opened {
        Ok(handle) => {
            // SAFETY: what holds for every `handle_out` here.
            unsafe { text::write_number(usize::try_from(handle).unwrap_or(0), handle_out) };
            output::remember(&Answer::done("已打开"))
        }
        Err(fault) => output::remember(&fault.into()),
    }
}

/// Closes a handle; calls under way in other threads go on to their end.
#[unsafe(no_mangle)]
pub extern "system" fn yanmi_close(handle: i32) -> i32 {
    let closed = caught(|| HANDLES.close(handle).map(drop));
    output::remember(&closed.map_or_else(Answer::from, |()| Answer::done("已关闭")))
}

/// What this thread's last call said, as a line of text; returns the number that call returned.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn yanmi_message(
    encoding: i32,
    out: *mut c_char,
    size: i32,
    needed: *mut i32,
) -> i32 {
    let written = caught(|| {
        let (number, line) = output::last();
        let encoding = match encoding {
            0 => Encoding::Utf8,
            1 => Encoding::Gbk,
            _ => return Err(Fault::argument("encoding", "应为 0（UTF-8）或 1（GBK）")),
        };
        let size = usize::try_from(size).map_err(|_| Fault::argument("size", "为负数"))?;
        let bytes = encoding.encode(&line);
        // SAFETY: what holds for every `needed` here.
        unsafe { text::write_number(bytes.len() + 1, needed) };
        // SAFETY: what holds for every `out` here.
        if out.is_null() || unsafe { text::write(&bytes, out, size) } {
            return Ok(number);
        }
        // SAFETY: as above.
        unsafe { text::write(b"", out, size) };
        Err(Kind::Buffer.into())
    });
    written.unwrap_or_else(|fault| fault.kind.number())
}

/// A code was scanned: has it decoded and begins a visit.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn yanmi_scan(
    handle: i32,
    qr_code: *const c_char,
    business: *const c_char,
    operator_id: *const c_char,
    operator_name: *const c_char,
    office_id: *const c_char,
    office_name: *const c_char,
    reference: *const c_char,
    visit_out: *mut c_char,
    out: *mut c_char,
    size: i32,
    needed: *mut i32,
) -> i32 {
    let texts = [
        need("qr_code", qr_code),
        may("business", business),
        may("operator_id", operator_id),
        may("operator_name", operator_name),
        may("office_id", office_id),
        may("office_name", office_name),
        may("reference", reference),
    ];
    let act = |session: &Session, texts: [&str; 7]| {
        let [qr_code, business, operator_id, operator_name, office_id, office_name, reference] = texts;
        let scan = Scan { qr_code, business, operator_id, operator_name, office_id, office_name };
        session.scan(&scan, reference)
    };
    // SAFETY: what holds for every function here.
    unsafe { answered(handle, &Output::of(out, size, needed), visit_out, texts, act) }
}

/// Another medium was read, or a code was decoded elsewhere: begins a visit.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn yanmi_begin(
    handle: i32,
    medium: i32,
    token: *const c_char,
    insured_place: *const c_char,
    reference: *const c_char,
    visit_out: *mut c_char,
    out: *mut c_char,
    size: i32,
    needed: *mut i32,
) -> i32 {
    let texts = [may("token", token), may("insured_place", insured_place), may("reference", reference)];
    let act = |session: &Session, [token, place, reference]: [&str; 3]| {
        session.begin(medium, token, place, reference, "")
    };
    // SAFETY: what holds for every function here.
    unsafe { answered(handle, &Output::of(out, size, needed), visit_out, texts, act) }
}

/// The person switched to another app: the token of the code shown now.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn yanmi_switch_token(
    handle: i32,
    visit: *const c_char,
    token: *const c_char,
    out: *mut c_char,
    size: i32,
    needed: *mut i32,
) -> i32 {
    let texts = [need("visit", visit), need("token", token)];
    let act = |session: &Session, [visit, token]: [&str; 2]| session.switch_token(visit, token);
    // SAFETY: what holds for every function here.
    unsafe { answered(handle, &Output::of(out, size, needed), NOWHERE, texts, act) }
}

/// 1.7.1: has the person asked.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn yanmi_notify(
    handle: i32,
    visit: *const c_char,
    amount: *const c_char,
    out: *mut c_char,
    size: i32,
    needed: *mut i32,
) -> i32 {
    let texts = [need("visit", visit), may("amount", amount)];
    let act = |session: &Session, [visit, amount]: [&str; 2]| session.notify(visit, amount);
    // SAFETY: what holds for every function here.
    unsafe { answered(handle, &Output::of(out, size, needed), NOWHERE, texts, act) }
}

/// 1.7.2: where the verification stands, for a screen.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn yanmi_status(
    handle: i32,
    visit: *const c_char,
    wait_seconds: i32,
    out: *mut c_char,
    size: i32,
    needed: *mut i32,
) -> i32 {
    let act = |session: &Session, [visit]: [&str; 1]| session.status(visit, wait_seconds);
    // SAFETY: what holds for every function here.
    unsafe { answered(handle, &Output::of(out, size, needed), NOWHERE, [need("visit", visit)], act) }
}

/// 1.6.2(9): may this be settled? 0 says yes, and nothing else does.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn yanmi_gate(
    handle: i32,
    visit: *const c_char,
    settlement: *const c_char,
    amount: *const c_char,
    out: *mut c_char,
    size: i32,
    needed: *mut i32,
) -> i32 {
    let texts = [need("visit", visit), need("settlement", settlement), need("amount", amount)];
    let act =
        |session: &Session, [visit, settlement, amount]: [&str; 3]| session.gate(visit, settlement, amount);
    // SAFETY: what holds for every function here.
    unsafe { answered(handle, &Output::of(out, size, needed), NOWHERE, texts, act) }
}

/// 1.5: records an offline check the program made itself.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn yanmi_record_offline(
    handle: i32,
    visit: *const c_char,
    way: i32,
    outcome: i32,
    serial: *const c_char,
    token: *const c_char,
    message: *const c_char,
    out: *mut c_char,
    size: i32,
    needed: *mut i32,
) -> i32 {
    let texts = [need("visit", visit), may("serial", serial), may("token", token), may("message", message)];
    let act = |session: &Session, [visit, serial, token, message]: [&str; 4]| {
        session.record_offline(visit, way, &Check { outcome, serial, token, message })
    };
    // SAFETY: what holds for every function here.
    unsafe { answered(handle, &Output::of(out, size, needed), NOWHERE, texts, act) }
}

/// 1.5: has the dynamic library of the configuration check the password.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn yanmi_verify_offline(
    handle: i32,
    visit: *const c_char,
    way: i32,
    password: *const c_char,
    out: *mut c_char,
    size: i32,
    needed: *mut i32,
) -> i32 {
    let texts = [need("visit", visit), may("password", password)];
    let act = |session: &Session, [visit, password]: [&str; 2]| {
        session.verify_offline(visit, way, Zeroizing::new(password.to_owned()))
    };
    // SAFETY: what holds for every function here.
    unsafe { answered(handle, &Output::of(out, size, needed), NOWHERE, texts, act) }
}

/// A visit and its latest decision, as stored.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn yanmi_visit(
    handle: i32,
    visit: *const c_char,
    out: *mut c_char,
    size: i32,
    needed: *mut i32,
) -> i32 {
    let act = |session: &Session, [visit]: [&str; 1]| session.visit(visit);
    // SAFETY: what holds for every function here.
    unsafe { answered(handle, &Output::of(out, size, needed), NOWHERE, [need("visit", visit)], act) }
}

/// The newest visit with the institution's own number.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn yanmi_find(
    handle: i32,
    reference: *const c_char,
    visit_out: *mut c_char,
    out: *mut c_char,
    size: i32,
    needed: *mut i32,
) -> i32 {
    let act = |session: &Session, [reference]: [&str; 1]| session.find(reference);
    let texts = [need("reference", reference)];
    // SAFETY: what holds for every function here.
    unsafe { answered(handle, &Output::of(out, size, needed), visit_out, texts, act) }
}

/// The check value of the account's key.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn yanmi_kcv(handle: i32, out: *mut c_char, size: i32, needed: *mut i32) -> i32 {
    let act = |session: &Session, []: [&str; 0]| Ok(session.key_check_value());
    // SAFETY: what holds for every function here.
    unsafe { answered(handle, &Output::of(out, size, needed), NOWHERE, [], act) }
}

/// JSON in, JSON out, at most 999 bytes and a NUL unless the configuration says otherwise (`trans_bytes`); returns a status text, "0000" when the call was made.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn YanmiTrans(
    url_or_config: *const c_char,
    input: *const c_char,
    out: *mut c_char,
) -> *const c_char {
    // SAFETY: what holds for every function here.
    unsafe { transact(url_or_config, input, Output::untold(out)) }
}

/// The same with the size of the output.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn YanmiTransEx(
    url_or_config: *const c_char,
    input: *const c_char,
    out: *mut c_char,
    size: i32,
    needed: *mut i32,
) -> *const c_char {
    // SAFETY: what holds for every function here.
    unsafe { transact(url_or_config, input, Output::of(out, size, needed)) }
}

/// The way of a drop-in call.
unsafe fn transact(
    url_or_config: *const c_char,
    input: *const c_char,
    mut output: Result<Output, Fault>,
) -> *const c_char {
    let mut border = Border::default();
    let said = caught(|| {
        let output = output.as_mut().map_err(|fault| fault.clone())?;
        // SAFETY: what holds for every text here.
        let name = unsafe { need("url_or_config", url_or_config).read_any() }?;
        let session = SESSIONS.get(&name)?;
        border = session.border;
        output.heed(border);
        // SAFETY: what holds for every text here.
        let request = unsafe { need("input", input).read(border.encoding) }?;
        trans::answer(&SESSIONS, &name, &session, &request)
    });
    let answer = said.unwrap_or_else(Answer::from);
    let number = match output {
        // SAFETY: what holds for every `out` and `needed` here.
        Ok(output) => unsafe { output.hand_over(&answer, border) },
        Err(_) => output::remember(&answer),
    };
    let fault = Kind::ALL.into_iter().find(|kind| kind.number() == number);
    fault.map_or("0000\0", Kind::status).as_ptr().cast()
}

#[cfg(test)]
mod tests {
    use super::caught;
    use crate::fault::Kind;

    #[test]
    fn a_panic_becomes_a_number() {
        let fault = caught::<()>(|| panic!("a mistake of ours")).expect_err("caught");
        assert_eq!(fault.kind, Kind::Internal);
    }
}
