//! How addresses of others are read and written back: the provider's, and whom alarms are told.

use http::Uri;

use super::alarm_target::{AlarmTarget, SyslogAddress};
use super::field::{Field, text, wrong_form};
use super::oidc::Issuer;
use super::setting::{Form, Given, quoted};

impl<T: Field> Field for Box<T> {
    fn read(given: &Given<'_>) -> Result<Self, String> {
        T::read(given).map(Self::new)
    }

    fn show(&self, form: &Form) -> String {
        T::show(self, form)
    }
}

impl Field for AlarmTarget {
    fn read(given: &Given<'_>) -> Result<Self, String> {
        let is_web = matches!(text(given)?.split_once("://"), Some(("http" | "https", _)));
        if is_web {
            return Uri::read(given).map(Self::Webhook);
        }
        SyslogAddress::new(text(given)?).map(Self::Syslog).ok_or_else(|| wrong_form(given))
    }

    fn show(&self, _: &Form) -> String {
        match self {
            Self::Webhook(url) => quoted(&url.to_string()),
            Self::Syslog(address) => quoted(&address.to_string()),
        }
    }
}

impl Field for Issuer {
    fn read(given: &Given<'_>) -> Result<Self, String> {
        Self::new(text(given)?)
    }

    fn show(&self, _: &Form) -> String {
        quoted(self.as_str())
    }
}
