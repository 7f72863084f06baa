//! What a form of a page holds, and whether it was sent by a page of ours.

use std::collections::BTreeMap;
use std::fmt;

use axum::body::Body;
use bytes::BytesMut;
use http::HeaderMap;
use yanmi_http::{Peer, read_body};
use zeroize::{Zeroize, Zeroizing};

use crate::site::Site;

/// The largest form that is read, in bytes.
pub(crate) const MAX_FORM_BYTES: usize = 16 * 1024;
/// Fields of a form at most.
const MAX_FIELDS: usize = 40;

/// The fields of a form or of an address, each once. `Debug` shows only their names, as there are passwords among them.
#[derive(Default)]
pub(crate) struct FormFields(BTreeMap<String, Zeroizing<String>>);

impl fmt::Debug for FormFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Reads the form that was sent; nothing for what is none, or takes too long or too much room.
pub(crate) async fn read_form(site: &Site, peer: Option<&Peer>, body: Body) -> Option<FormFields> {
    let mut room = site.room(peer);
    let read = read_body(body, MAX_FORM_BYTES, site.settings.body, &mut room).await.ok()?;
    let mut bytes = read.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..]));
    let form = std::str::from_utf8(&bytes).ok().and_then(FormFields::read);
    bytes.as_mut().zeroize();
    form
}

/// Whether a form comes from a page of the host it is sent to; `secure` over TLS.
pub(crate) fn is_own(headers: &HeaderMap, secure: bool) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let scheme = if secure { "https" } else { "http" };
    let own = |origin: &str| text("host").is_some_and(|host| origin == format!("{scheme}://{host}"));
    text("origin").is_none_or(|origin| origin == "null" || own(origin))
        && text("sec-fetch-site").is_none_or(|site| site == "same-origin")
}

impl FormFields {
    /// Reads `application/x-www-form-urlencoded`; nothing for what no browser sends. Several ticks of one name are one value,
    /// separated by commas.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut form = Self::default();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=')?;
            form.add(&decoded(name)?, &decoded(value)?)?;
        }
        Some(form)
    }

    /// One more field; nothing when there are too many.
    pub(crate) fn add(&mut self, name: &str, value: &str) -> Option<()> {
        if self.0.len() >= MAX_FIELDS {
            return None;
        }
        match self.0.get_mut(name) {
            Some(before) => {
                before.push(',');
                before.push_str(value);
            }
            None => {
                self.0.insert(name.to_owned(), Zeroizing::new(value.to_owned()));
            }
        }
        Some(())
    }

    /// The value of a field, trimmed; empty when there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |value| value.trim())
    }

    /// What was typed, to be done again: all but what belongs to who typed it.
    pub(crate) fn stored(&self) -> String {
        let kept =
            self.0.iter().filter(|(name, _)| !["t", "code", "reason", "again"].contains(&name.as_str()));
        let kept: BTreeMap<&str, &str> = kept.map(|(name, value)| (name.as_str(), value.as_str())).collect();
        // Texts always have a JSON text.
        serde_json::to_string(&kept).unwrap_or_default()
    }

    /// What was stored; nothing for what no program wrote.
    pub(crate) fn of_stored(json: &str) -> Option<Self> {
        let fields: BTreeMap<String, String> = serde_json::from_str(json).ok()?;
        Some(Self(fields.into_iter().map(|(name, value)| (name, Zeroizing::new(value))).collect()))
    }

    /// The value as it was typed.
    pub(crate) fn secret(&self, name: &str) -> Zeroizing<String> {
        self.0.get(name).cloned().unwrap_or_default()
    }
}

fn decoded(text: &str) -> Option<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                u8::try_from(high * 16 + low).ok()?
            }
            byte => byte,
        });
    }
    Some(Zeroizing::new(std::str::from_utf8(&bytes).ok()?.to_owned()))
}

/// A part of an address, in which a plus is a plus.
pub(crate) fn decoded_path(text: &str) -> Option<String> {
    decoded(&text.replace('+', "%2B")).map(|text| text.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::percent::encoded;

    #[test]
    fn what_browsers_send_is_read_and_nothing_else() {
        let form =
            FormFields::read("name=%E6%9F%90+%E5%8C%BB%E9%99%A2&way=01&way=02&empty=").expect("a form");
        assert_eq!((form.text("name"), form.text("way"), form.text("empty")), ("某 医院", "01,02", ""));
        assert_eq!(form.text("missing"), "");
        assert_eq!(format!("{form:?}"), r#"{"empty", "name", "way"}"#);
        for text in ["name", "name=%zz", "name=%E6", "name=%", "=%FF"] {
            assert!(FormFields::read(text).is_none(), "{text}");
        }
        let many: Vec<String> = (0..=MAX_FIELDS).map(|n| format!("f{n}=1")).collect();
        assert!(FormFields::read(&many.join("&")).is_none());
        let typed = FormFields::read("do=edit&name=%E6%9F%90&t=x&code=123456&reason=y").expect("a form");
        assert_eq!(typed.stored(), r#"{"do":"edit","name":"某"}"#);
        let again = FormFields::of_stored(&typed.stored()).expect("stored");
        assert_eq!((again.text("do"), again.text("name"), again.text("code")), ("edit", "某", ""));
        assert!(FormFields::of_stored("[]").is_none());
        let text = "某 医院&a=b%";
        assert_eq!(FormFields::read(&format!("x={}", encoded(text))).expect("a form").text("x"), text);
    }
}
