//! The insured person's readers for the targets in `fuzz`: see [`crate::fuzzing`].

use yanmi_protocol::{ChannelId, NoticeNo, UnixMillis};
use yanmi_verification::PersonKey;

use super::settings::link::SettingsLink;
use super::{request, settings, visit};
use crate::sealing::Sealer;

/// What the link of a person's page says: its number, its end in milliseconds, whose it is, in which app.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SettingsLinkParts {
    /// Its number.
    pub number: u64,
    /// Until when it can be used.
    pub until: i64,
    /// The keyed hash of the person.
    pub person: [u8; 16],
    /// The app.
    pub channel: String,
}

pub(crate) fn settings_link(parts: &SettingsLinkParts, sealer: &Sealer) -> Option<String> {
    let link = SettingsLink {
        number: NoticeNo::from_number(parts.number)?,
        until: UnixMillis::new(parts.until),
        person: PersonKey(parts.person),
        channel: ChannelId::new(&parts.channel).ok()?,
    };
    Some(link.text(sealer))
}

pub(crate) fn read_settings_link(text: &str, sealer: &Sealer) -> Option<SettingsLinkParts> {
    let SettingsLink { number, until, person, channel } = SettingsLink::read(text, sealer)?;
    let channel = channel.as_str().to_owned();
    Some(SettingsLinkParts { number: number.number(), until: until.get(), person: person.0, channel })
}

/// The value of a name in a form of the pages.
pub fn page_value<'f>(form: &'f str, name: &str) -> Option<&'f str> {
    request::value(form, name)
}

/// Whether the page of a notice takes this form.
pub fn is_notice_form(text: &str) -> bool {
    visit::fill(text).is_some()
}

/// Whether the page of password-free settlement takes this form.
pub fn is_settings_form(text: &str) -> bool {
    settings::fill(text).is_some()
}
