//! What a provider says of itself (`OpenID` Connect Discovery 1.0, 4).

use http::Uri;
use serde_json::{Map, Value};

use super::error::OidcError;
use crate::config::{Issuer, is_this_machine};

/// How the center proves to a provider that it is the client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ClientProof {
    /// `client_secret_basic`: in the header.
    Header,
    /// `client_secret_post`: in the form.
    Form,
}

/// What is used of it.
#[derive(Debug)]
pub(super) struct ProviderMetadata {
    /// Where browsers are sent.
    pub(super) authorization: Uri,
    /// Where codes are redeemed.
    pub(super) token: Uri,
    pub(super) proof: ClientProof,
}

impl ProviderMetadata {
    /// Reads the document of this issuer.
    pub(super) fn read(issuer: &Issuer, body: &[u8]) -> Result<Self, OidcError> {
        let members: Map<String, Value> =
            serde_json::from_slice(body).map_err(|_| OidcError::Metadata("不是一个 JSON 对象".to_owned()))?;
        if text(&members, "issuer")? != issuer.as_str() {
            let why = "issuer 与设置 console.oidc.issuer 不同（须逐字相同）";
            return Err(OidcError::Metadata(why.to_owned()));
        }
        let challenges = list(&members, "code_challenge_methods_supported")?;
        if challenges.is_some_and(|methods| !methods.contains(&"S256")) {
            return Err(OidcError::Metadata(
                "不支持 PKCE（code_challenge_methods_supported 没有 S256）".to_owned(),
            ));
        }
        let proof = match list(&members, "token_endpoint_auth_methods_supported")? {
            // What is not said is this.
            None => ClientProof::Header,
            Some(methods) if methods.contains(&"client_secret_basic") => ClientProof::Header,
            Some(methods) if methods.contains(&"client_secret_post") => ClientProof::Form,
            Some(_) => {
                let why =
                    "token_endpoint_auth_methods_supported 中没有 client_secret_basic 或 client_secret_post";
                return Err(OidcError::Metadata(why.to_owned()));
            }
        };
        Ok(Self {
            authorization: endpoint(issuer, &members, "authorization_endpoint")?,
            token: endpoint(issuer, &members, "token_endpoint")?,
            proof,
        })
    }
}

/// An address of the provider, reached as its issuer is.
fn endpoint(issuer: &Issuer, members: &Map<String, Value>, name: &str) -> Result<Uri, OidcError> {
    let wrong = |why: &str| OidcError::Metadata(format!("{name} {why}"));
    let text = text(members, name)?;
    let url: Uri = text.parse().map_err(|_| wrong("不是网址"))?;
    let is_safe = match url.scheme_str() {
        Some("https") => true,
        Some("http") => issuer.is_plain() && is_this_machine(url.host()),
        _ => false,
    };
    if !is_safe || url.authority().is_none_or(|authority| authority.as_str().contains('@')) {
        return Err(wrong("须以 https:// 开头，且不带用户名"));
    }
    Ok(url)
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Result<&'a str, OidcError> {
    let found = members.get(name).and_then(Value::as_str);
    found.ok_or_else(|| OidcError::Metadata(format!("缺少 {name}，或者它不是字符串")))
}

fn list<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<Vec<&'a str>>, OidcError> {
    let wrong = || OidcError::Metadata(format!("{name} 不是字符串的列表"));
    let Some(value) = members.get(name) else { return Ok(None) };
    let items = value.as_array().ok_or_else(wrong)?;
    items.iter().map(Value::as_str).collect::<Option<_>>().map(Some).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(issuer: &str, document: &Value) -> Result<ProviderMetadata, String> {
        let issuer = Issuer::new(issuer).expect("an issuer");
        ProviderMetadata::read(&issuer, document.to_string().as_bytes()).map_err(|error| error.to_string())
    }

    fn document() -> Value {
        json!({
            "issuer": "https://sso.example/r",
            "authorization_endpoint": "https://sso.example/a?x=1",
            "token_endpoint": "https://sso.example/t",
            "jwks_uri": "https://sso.example/k",
        })
    }

    #[test]
    fn a_document_is_read_strictly_and_what_is_wrong_is_named() {
        let good = read("https://sso.example/r", &document()).expect("a document");
        assert_eq!((good.token.path(), good.proof), ("/t", ClientProof::Header));
        for (member, value, words) in [
            ("issuer", json!("https://sso.example/r/"), "issuer 与设置"),
            ("issuer", json!(1), "缺少 issuer"),
            ("token_endpoint", json!(null), "缺少 token_endpoint"),
            ("token_endpoint", json!("http://sso.example/t"), "token_endpoint 须以 https://"),
            ("token_endpoint", json!("http://127.0.0.1/t"), "token_endpoint 须以 https://"),
            ("authorization_endpoint", json!("javascript:alert(1)"), "authorization_endpoint"),
            ("authorization_endpoint", json!("https://a:b@sso.example/a"), "authorization_endpoint 须以"),
            ("code_challenge_methods_supported", json!(["plain"]), "不支持 PKCE"),
            ("code_challenge_methods_supported", json!("S256"), "不是字符串的列表"),
            ("token_endpoint_auth_methods_supported", json!(["private_key_jwt"]), "没有 client_secret_basic"),
        ] {
            let mut document = document();
            document[member] = value;
            let error = read("https://sso.example/r", &document).expect_err(words);
            assert!(error.contains(words), "{error}");
        }
        let mut posts = document();
        posts["token_endpoint_auth_methods_supported"] = json!(["client_secret_post", "private_key_jwt"]);
        posts["code_challenge_methods_supported"] = json!(["plain", "S256"]);
        assert_eq!(read("https://sso.example/r", &posts).expect("a document").proof, ClientProof::Form);
        for body in ["", "[]", "<html>", "{\"issuer\":"] {
            let issuer = Issuer::new("https://sso.example/r").expect("an issuer");
            let error = ProviderMetadata::read(&issuer, body.as_bytes()).expect_err(body).to_string();
            assert!(error.contains("不是一个 JSON 对象"), "{error}");
        }
    }
}
