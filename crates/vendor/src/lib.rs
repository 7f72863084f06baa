//! A vendor's dynamic library (医保电子凭证动态库) with a terminal behind it, simulated: a real shared object with the
//! real ABI, `NationEcTrans(url, in, out)`. It is for trying the offline ways (section 1.5) on one machine, and for our
//! tests; nothing in production knows it.
//!
//! It decides nothing. `url` is where a sandbox's simulator is, and everything that is asked is passed on to it
//! (`POST /vendor`), where the simulated persons, their faces and passwords are. What is done here is what a border of
//! this shape demands:
//!
//! * in, JSON in UTF-8 or in GBK, whichever it is;
//! * out, JSON in ASCII, everything else as `\uXXXX`, which is right in both; at most [`MAX_OUTPUT`] bytes and a NUL,
//!   because nobody says how large the caller's buffer is;
//! * the status text is `"0000"` when the sandbox has answered. The output is whole JSON in any case.

use std::ffi::{CStr, c_char};
use std::fmt::Write as _;
use std::time::Duration;

use encoding_rs::GBK;
use serde_json::{Value, json};

/// Bytes that are written at most, without the NUL: the smallest buffers callers have are of 2,048 bytes.
pub const MAX_OUTPUT: usize = 2_047;
/// How long the sandbox may take. A hanging terminal hangs for less, and whoever calls has bounds of their own.
const PATIENCE: Duration = Duration::from_secs(90);
/// What is answered when there is no sandbox: 未知异常.
const UNKNOWN: i32 = -1;
/// 传入参数异常.
const BAD_PARAMETER: i32 = -2;

/// 医保电子凭证动态库的通用入口. The status text is `"0000"` when the call was made, otherwise `"9999"`; it is never to be freed.
///
/// # Safety
/// Each pointer is NULL, or: `url` and `input` end in NUL, and 2,048 bytes may be written from `output` on.
#[expect(unsafe_code, reason = "the ABI of these libraries: three pointers, nothing else")]
#[unsafe(no_mangle)]
pub unsafe extern "system" fn NationEcTrans(
    url: *const c_char,
    input: *const c_char,
    output: *mut c_char,
) -> *const c_char {
    if url.is_null() || input.is_null() || output.is_null() {
        return c"9999".as_ptr();
    }
    // SAFETY: both are not NULL, and the caller vouches for their NUL.
    let (url, input) = unsafe { (CStr::from_ptr(url), CStr::from_ptr(input)) };
    let answer = std::panic::catch_unwind(|| answer(url.to_bytes(), input.to_bytes()));
    let (done, text) = answer.unwrap_or_else(|_| (false, refusal(UNKNOWN, "模拟动态库内部错误")));
    // ASCII text of ours has no NUL in it, and is never longer than this.
    let bytes = &text.as_bytes()[..text.len().min(MAX_OUTPUT)];
    let output = output.cast::<u8>();
    // SAFETY: the caller has room for 2,048 bytes, and a text of ours does not overlap it.
    unsafe { output.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    // SAFETY: the place behind at most 2,047 bytes is the last of them.
    unsafe { output.add(bytes.len()).write(0) };
    if done { c"0000".as_ptr() } else { c"9999".as_ptr() }
}

/// Whether the sandbox has answered, and what is written.
fn answer(url: &[u8], input: &[u8]) -> (bool, String) {
    let Some(request) = read(input).filter(|request| serde_json::from_str::<Value>(request).is_ok()) else {
        return (false, refusal(BAD_PARAMETER, "入参不是 JSON"));
    };
    let url = String::from_utf8_lossy(url);
    match ask(&format!("{}/vendor", url.trim_end_matches('/')), &request) {
        Ok(answer) => {
            let text = ascii(&answer.to_string());
            if text.len() <= MAX_OUTPUT {
                (true, text)
            } else {
                (false, refusal(UNKNOWN, "应答超过 2,047 字节"))
            }
        }
        Err(why) => (false, refusal(UNKNOWN, &format!("沙箱 {url} 没有应答：{why}"))),
    }
}

/// The text of the input: UTF-8 when it can be that, otherwise GBK.
fn read(input: &[u8]) -> Option<String> {
    let utf8 = || std::str::from_utf8(input).ok().map(str::to_owned);
    utf8().or_else(|| GBK.decode_without_bom_handling_and_without_replacement(input).map(String::from))
}

fn ask(url: &str, request: &str) -> Result<Value, String> {
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None);
    let sent = ureq::Agent::new_with_config(config.build()).post(url).send(request);
    let text = sent.and_then(|mut answer| answer.body_mut().read_to_string());
    let answer: Value = serde_json::from_str(&text.map_err(|error| error.to_string())?)
        .map_err(|_| "应答不是 JSON".to_owned())?;
    match answer.get("error").and_then(Value::as_str) {
        Some(error) => Err(error.to_owned()),
        None => Ok(answer),
    }
}

fn refusal(code: i32, message: &str) -> String {
    /// Characters of a message; each is at most twelve bytes as escapes.
    const MOST: usize = 120;
    let message: String = message.chars().take(MOST).collect();
    ascii(&json!({ "code": code, "message": message, "data": null }).to_string())
}

/// The JSON with everything outside of ASCII as `\uXXXX`; outside of its strings there is nothing of the kind.
fn ascii(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::ffi::CString;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    /// What a call writes, as text, and its status.
    #[expect(unsafe_code, reason = "called as a C program calls it")]
    fn call(url: &str, input: &[u8]) -> (String, String) {
        let (url, input) = (CString::new(url).expect("no NUL"), CString::new(input).expect("no NUL"));
        let mut output = [b'x'; MAX_OUTPUT + 1];
        // SAFETY: both inputs end in NUL, and the output has 2,048 bytes.
        let status = unsafe { NationEcTrans(url.as_ptr(), input.as_ptr(), output.as_mut_ptr().cast()) };
        // SAFETY: the status is a text of the library, with a NUL.
        let status = unsafe { CStr::from_ptr(status) };
        let text = CStr::from_bytes_until_nul(&output).expect("a NUL");
        let text = text.to_str().expect("ASCII").to_owned();
        (status.to_str().expect("ASCII").to_owned(), text)
    }

    /// A sandbox that answers this to one request, and says what it was asked.
    fn sandbox(body: String) -> (String, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let served = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            let (mut asked, mut part) = (Vec::new(), [0; 4096]);
            while !asked.ends_with(b"}") {
                let read = stream.read(&mut part).expect("a request");
                asked.extend_from_slice(&part[..read]);
            }
            let head =
                format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            stream.write_all((head + &body).as_bytes()).expect("sent");
            String::from_utf8(asked).expect("UTF-8")
        });
        (url, served)
    }

    #[test]
    fn both_encodings_go_in_and_ascii_comes_out() {
        for name in ["张三".as_bytes(), b"\xD5\xC5\xC8\xFD"] {
            let (url, served) = sandbox("{\"code\":0,\"message\":\"好😀\"}".to_owned());
            let (status, text) = call(&url, &[b"{\"a\":\"", name, b"\"}"].concat());
            assert_eq!(
                (status.as_str(), text.as_str()),
                ("0000", "{\"code\":0,\"message\":\"\\u597d\\ud83d\\ude00\"}")
            );
            let asked = served.join().expect("served");
            assert!(asked.starts_with("POST /vendor ") && asked.ends_with("{\"a\":\"张三\"}"), "{asked}");
        }
    }

    #[test]
    fn whatever_goes_wrong_is_whole_json() {
        let (long, _served) = sandbox(format!("{{\"code\":0,\"data\":\"{}\"}}", "长".repeat(400)));
        let (strange, _served) = sandbox("<html>}".to_owned());
        for (url, input, code) in [
            ("http://127.0.0.1:1", &b"{}"[..], -1),
            ("no address", b"{}", -1),
            (&long, b"{}", -1),
            (&strange, b"{}", -1),
            ("http://127.0.0.1:1", b"{", -2),
            ("http://127.0.0.1:1", b"\xFF", -2),
        ] {
            let (status, text) = call(url, input);
            let answer: Value = serde_json::from_str(&text).expect("JSON");
            assert_eq!((status.as_str(), &answer["code"]), ("9999", &code.into()), "{url}: {text}");
        }
    }

    #[test]
    #[expect(unsafe_code, reason = "called as a C program calls it")]
    fn nothing_is_written_through_null() {
        // SAFETY: NULL is allowed.
        let status = unsafe { NationEcTrans(c"".as_ptr(), std::ptr::null(), std::ptr::null_mut()) };
        // SAFETY: the status is a text of the library, with a NUL.
        assert_eq!(unsafe { CStr::from_ptr(status) }, c"9999");
    }
}
