//! The readers of what browsers send, for the targets in `fuzz` and for nobody else: no other build has this module.
//!
//! Readers stay where they are used and private as they are. What a target may do with them is said here, in types that
//! everybody knows.

use std::fmt;

use bytes::Bytes;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue, Uri};
use yanmi_onboarding::application;
use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::{NoticeNo, Sm4Key, UnixMillis};

use crate::face::form::{FormFields, decoded_path};
use crate::face::multipart::{self, UploadedFile};
use crate::face::{application_form, login, page};
pub use crate::insured::fuzzing::{SettingsLinkParts, is_notice_form, is_settings_form, page_value};
use crate::insured::fuzzing::{read_settings_link, settings_link};
use crate::page_link::{NoticeLink, PageOrigin};
use crate::percent;
use crate::ports::Entropy;
use crate::registry::Handover;
use crate::sealing::Sealer;
use crate::staff::OidcFlow;

/// A form of the pages that people log in to, and the file that came with it.
pub struct PageForm {
    fields: FormFields,
    file: Option<UploadedFile>,
}

impl fmt::Debug for PageForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageForm").field("fields", &self.fields).finish_non_exhaustive()
    }
}

impl PageForm {
    /// Reads `application/x-www-form-urlencoded`.
    pub fn read(text: &str) -> Option<Self> {
        FormFields::read(text).map(|fields| Self { fields, file: None })
    }

    /// Reads `multipart/form-data`.
    pub fn of_multipart(content_type: &str, body: &Bytes) -> Option<Self> {
        multipart::read(content_type, body).map(|(fields, file)| Self { fields, file })
    }

    /// Reads what [`PageForm::stored`] wrote.
    pub fn of_stored(json: &str) -> Option<Self> {
        FormFields::of_stored(json).map(|fields| Self { fields, file: None })
    }

    /// What is kept of it until a second person has decided.
    pub fn stored(&self) -> String {
        self.fields.stored()
    }

    /// A field without the blanks around it.
    pub fn text(&self, name: &str) -> &str {
        self.fields.text(name)
    }

    /// A field as it was typed.
    pub fn typed(&self, name: &str) -> String {
        self.fields.secret(name).to_string()
    }

    /// The file: its name and what is in it.
    pub fn file(&self) -> Option<(&str, &Bytes)> {
        self.file.as_ref().map(|file| (file.name.as_str(), &file.bytes))
    }

    /// The application that was typed over this one.
    ///
    /// # Errors
    /// What the applicant is told.
    pub fn application(
        &self,
        kind: application::Kind,
        before: &application::Form,
    ) -> Result<application::Form, String> {
        application_form::read(kind, before, &self.fields)
    }
}

/// A site with a key of its own: it makes links and knows them again.
#[derive(Debug)]
pub struct LinkSite(Sealer);

impl LinkSite {
    /// The site of this key.
    pub fn new(key: [u8; 16]) -> Self {
        Self(Sealer::new(&Sm4Key::from_bytes(&key), Entropy::seeded(7)))
    }

    /// The link of a notice: its number, its end in milliseconds, how many there had been.
    pub fn notice_link(&self, number: u64, until: i64, sequence: u32) -> Option<String> {
        let notice = NoticeNo::from_number(number)?;
        Some(NoticeLink { notice, until: UnixMillis::new(until), sequence }.text(&self.0))
    }

    /// Reads the link of a notice.
    pub fn read_notice_link(&self, text: &str) -> Option<(u64, i64, u32)> {
        let NoticeLink { notice, until, sequence } = NoticeLink::read(text, &self.0)?;
        Some((notice.number(), until.get(), sequence))
    }

    /// The link of a person's page in an app.
    pub fn settings_link(&self, parts: &SettingsLinkParts) -> Option<String> {
        settings_link(parts, &self.0)
    }

    /// Reads the link of a person's page in an app.
    pub fn read_settings_link(&self, text: &str) -> Option<SettingsLinkParts> {
        read_settings_link(text, &self.0)
    }

    /// Whether the cookie of a login by the provider is one of this site's.
    pub fn is_flow(&self, cookie: &str) -> bool {
        OidcFlow::open(cookie, &self.0, UnixMillis::new(0)).is_some()
    }
}

/// The value of a cookie in what a browser sent; nothing for what cannot be in a header.
pub fn cookie(header: &[u8], name: &str) -> Option<String> {
    let mut headers = HeaderMap::new();
    headers.insert(COOKIE, HeaderValue::from_bytes(header).ok()?);
    page::cookie(&headers, name).map(str::to_owned)
}

/// Where somebody goes who has logged in below this address.
pub fn place_after_login<'a>(root: &'a str, next: &'a str) -> &'a str {
    login::place(root, next)
}

/// A part of an address as it was meant.
pub fn decoded_segment(text: &str) -> Option<String> {
    decoded_path(text)
}

/// A text as a part of an address.
pub fn encoded_segment(text: &str) -> String {
    percent::encoded(text)
}

/// Where the pages of an address are: what their links begin with, and their host.
pub fn page_origin(url: &Uri) -> Option<(String, String)> {
    PageOrigin::new(url).map(|place| (format!("{}{}", place.origin, place.path), place.host))
}

/// The link into an app, as it was registered, for a notice.
pub fn handover_link(registered: &Handover, notice: NoticeNo, way: Way) -> String {
    registered.address(notice, way)
}
