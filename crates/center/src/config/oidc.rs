//! Login by an `OpenID` Provider (统一认证), beside the console's own.

use std::path::PathBuf;

use http::Uri;

use super::onboarding::PrintedText;
use super::password_file::PasswordFile;

/// The most characters an issuer's address may have; it is compared letter by letter.
const MAX_ISSUER: usize = 200;
/// The most characters of a `client_id`.
pub const MAX_CLIENT_ID: usize = 200;
/// The most characters of what stands on the login page.
pub const MAX_BUTTON: usize = 20;

/// What is known of the provider; without an issuer there is none.
#[derive(Clone, Default, Debug)]
pub struct Oidc {
    /// Who says who somebody is.
    pub issuer: Option<Issuer>,
    /// What this center is called there.
    pub client_id: Option<PrintedText<MAX_CLIENT_ID>>,
    /// What it proves that with.
    pub client_secret_file: Option<PasswordFile>,
    /// What operators' browsers reach the console by.
    pub public_url: Option<Uri>,
    /// PEM file with the certificates the provider is verified against, instead of those of `outbound.roots`.
    pub roots: Option<PathBuf>,
    /// Whether a second factor that the provider asked for is one here.
    pub trust_mfa: bool,
    /// What stands on the login page.
    pub title: PrintedText<MAX_BUTTON>,
}

/// An issuer: the address as it was written, because it is compared letter by letter (`OpenID` Connect Discovery 1.0, 4.3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Issuer {
    text: String,
    uri: Uri,
}

impl Issuer {
    /// Reads one. Everything an issuer says is believed because of where it comes from, so it is `https`, but on this machine.
    ///
    /// # Errors
    /// What is wrong with it, in the operator's words; the text is not repeated.
    pub fn new(text: &str) -> Result<Self, String> {
        let uri: Uri = text.parse().map_err(|_| "不是合法的网址".to_owned())?;
        let is_plain = match uri.scheme_str() {
            Some("https") => false,
            Some("http") => true,
            _ => return Err("网址应以 https:// 开头".to_owned()),
        };
        if text.len() > MAX_ISSUER {
            return Err(format!("网址至多 {MAX_ISSUER} 个字符"));
        }
        if uri.authority().is_none_or(|authority| authority.as_str().contains('@')) {
            return Err("网址中不能带用户名或密码".to_owned());
        }
        if uri.query().is_some() || text.contains('#') {
            return Err("网址中不能带 ? 或 # 之后的部分".to_owned());
        }
        if is_plain && !is_this_machine(uri.host()) {
            return Err("除本机地址外必须以 https:// 开头：统一认证说的话只凭 TLS 相信".to_owned());
        }
        Ok(Self { text: text.to_owned(), uri })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where its provider is described.
    pub fn discovery(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.text.trim_end_matches('/'))
    }

    /// Whether it is on this machine, over plain HTTP.
    pub fn is_plain(&self) -> bool {
        self.uri.scheme_str() == Some("http")
    }
}

/// Whether a host is the machine itself.
pub(crate) fn is_this_machine(host: Option<&str>) -> bool {
    let host = host.unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_compared_as_it_was_written_and_is_reached_over_tls() {
        for (text, discovery) in [
            ("https://sso.example", "https://sso.example/.well-known/openid-configuration"),
            (
                "https://sso.example/realms/a/",
                "https://sso.example/realms/a/.well-known/openid-configuration",
            ),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/.well-known/openid-configuration"),
            ("http://[::1]:8080/x", "http://[::1]:8080/x/.well-known/openid-configuration"),
        ] {
            let issuer = Issuer::new(text).expect(text);
            assert_eq!((issuer.as_str(), issuer.discovery().as_str()), (text, discovery));
        }
        for (text, words) in [
            ("http://sso.example", "必须以 https:// 开头"),
            ("http://10.0.0.1", "必须以 https:// 开头"),
            ("ftp://sso.example", "应以 https:// 开头"),
            ("sso.example", "应以 https:// 开头"),
            ("https://a:b@sso.example", "用户名或密码"),
            ("https://sso.example?x=1", "? 或 #"),
            ("https://sso.example/#a", "? 或 #"),
        ] {
            let error = Issuer::new(text).expect_err(text);
            assert!(error.contains(words) && !error.contains("sso"), "{text}: {error}");
        }
    }
}
