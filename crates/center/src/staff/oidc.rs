//! Login by an `OpenID` Provider (统一认证) beside the console's own: authorization code flow with PKCE.
//!
//! # What is believed, and why
//!
//! The provider is asked in two calls of the center's own: what it says of itself (discovery, kept for [`KEPT`]) and who stands
//! behind a code (the token endpoint). Both go over TLS to the addresses of its document, within the allow-list of all calls;
//! so what is said there needs no signature of its own (`OpenID` Connect Core 1.0, 3.1.3.7, point 6), and nothing that comes by
//! the browser is believed: a code is only asked about.
//!
//! # What binds an answer to a browser
//!
//! A sealed cookie ([`OidcFlow`]) has the `state`, the `nonce` and the PKCE verifier. An answer with another `state`, or without
//! the cookie, is none; a code that was made for another browser has another challenge, and its `id_token` another nonce.
//! That one flow is good for one login is seen where the login is decided: it must have begun after the last one.
//!
//! # Why not a crate
//!
//! Two calls and seven claims. `openidconnect` 4 brings an HTTP client of its own by default, and without it still RSA, ECDSA
//! and `EdDSA` for signatures that nobody looks at here; what remains is this file (decision 52).

mod error;
mod flow;
mod id_token;
mod metadata;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use http::{HeaderValue, Uri};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use yanmi_protocol::UnixMillis;
use zeroize::Zeroizing;

pub(crate) use self::error::OidcError;
pub(crate) use self::flow::{Asked, FLOW_LIFE, FlowStep, OidcFlow, ProvenSubject};
use self::id_token::Expected;
pub(crate) use self::id_token::ProviderIdentity;
use self::metadata::{ClientProof, ProviderMetadata};
use crate::config::{Issuer, Oidc};
use crate::outbound::{CallError, Outbound};
use crate::percent::encoded;
use crate::sealing::Sealer;

/// Where the provider sends browsers back to, at the console.
const RETURN: &str = "/o/oidc/return";
/// How long one call may take, from the name to the last byte. An answer of more than `outbound::MAX_ANSWER_BYTES` is none.
const CALL_WITHIN: Duration = Duration::from_secs(3);
/// How long what the provider says of itself is kept.
const KEPT: Duration = Duration::from_mins(10);
/// Questions to the provider at the same time: a provider that hangs holds no more pages than this.
const CALLS_AT_ONCE: usize = 4;
/// The most characters of a code.
const MAX_CODE: usize = 2_048;
/// The most characters of an error code that is repeated in the log.
const MAX_ERROR: usize = 40;
/// What the metadata is called in a log line.
const DISCOVERY: &str = "元数据";
/// The same of the token endpoint.
const TOKEN: &str = "令牌端点";

/// The provider, as it is asked. `Debug` shows no secret.
pub(crate) struct OpenIdProvider {
    outbound: Outbound,
    issuer: Issuer,
    discovery: Uri,
    client_id: String,
    client_secret: Zeroizing<String>,
    redirect: String,
    title: String,
    trust_mfa: bool,
    calls: Semaphore,
    kept: Mutex<Option<(Arc<ProviderMetadata>, Instant)>>,
}

impl fmt::Debug for OpenIdProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenIdProvider({})", self.issuer.as_str())
    }
}

impl OpenIdProvider {
    /// The provider of these settings, if there is one.
    ///
    /// # Errors
    /// When its address cannot be called.
    pub(crate) fn new(settings: &Oidc, outbound: Outbound) -> Result<Option<Self>, CallError> {
        let Oidc { issuer: Some(issuer), client_id: Some(client_id), .. } = settings else { return Ok(None) };
        let (Some(secret), Some(url)) = (&settings.client_secret_file, &settings.public_url) else {
            return Ok(None);
        };
        let discovery: Uri = issuer.discovery().parse().map_err(|_| CallError::BadUrl("不是合法的网址"))?;
        outbound.check_url(&discovery)?;
        Ok(Some(Self {
            outbound,
            discovery,
            issuer: issuer.clone(),
            client_id: client_id.as_str().to_owned(),
            client_secret: secret.password().clone(),
            redirect: format!("{}{RETURN}", url.to_string().trim_end_matches('/')),
            title: settings.title.as_str().to_owned(),
            trust_mfa: settings.trust_mfa,
            calls: Semaphore::new(CALLS_AT_ONCE),
            kept: Mutex::default(),
        }))
    }

    /// What stands on the login page.
    pub(crate) fn title(&self) -> &str {
        &self.title
    }

    /// Whether somebody needs no code of the center's own to log in.
    pub(crate) const fn trusts(&self, identity: &ProviderIdentity) -> bool {
        self.trust_mfa && identity.has_second_factor
    }

    /// What a subject of this provider is known by here. It may be an identity number: nothing else of it is stored.
    pub(crate) fn subject(&self, sealer: &Sealer, identity: &ProviderIdentity) -> [u8; 16] {
        sealer.index("oidc subject", &[self.issuer.as_str(), &identity.subject])
    }

    /// Whether an answer says that it is another provider's (RFC 9207); most say nothing.
    pub(crate) fn is_of_another(&self, issuer: &str) -> bool {
        !issuer.is_empty() && issuer != self.issuer.as_str()
    }

    /// Where to send a browser, and what it has to carry meanwhile.
    ///
    /// # Errors
    /// When the provider does not describe itself.
    pub(crate) async fn begin(
        &self,
        sealer: &Sealer,
        binds: Option<String>,
        next: &str,
        now: UnixMillis,
    ) -> Result<(String, OidcFlow), OidcError> {
        let metadata = self.metadata().await?;
        let asked = Asked::fresh(sealer);
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&asked.verifier));
        let joint = if metadata.authorization.query().is_some() { '&' } else { '?' };
        let url = format!(
            "{}{joint}response_type=code&scope=openid&client_id={}&redirect_uri={}&state={}&nonce={}\
             &code_challenge={challenge}&code_challenge_method=S256",
            metadata.authorization,
            encoded(&self.client_id),
            encoded(&self.redirect),
            encoded(asked.state()),
            encoded(&asked.nonce),
        );
        Ok((url, OidcFlow::new(asked, binds, next, now)))
    }

    /// Who stands behind a code.
    ///
    /// # Errors
    /// When the provider does not say, or what it says is not about this login.
    pub(crate) async fn redeem(
        &self,
        code: &str,
        asked: &Asked,
        now: UnixMillis,
    ) -> Result<ProviderIdentity, OidcError> {
        if !(1..=MAX_CODE).contains(&code.len()) {
            return Err(OidcError::Refused("没有授权码，或者它太长".to_owned()));
        }
        let metadata = self.metadata().await?;
        let mut form = format!(
            "grant_type=authorization_code&code={}&redirect_uri={}&code_verifier={}",
            encoded(code),
            encoded(&self.redirect),
            encoded(&asked.verifier)
        );
        let [id, secret] = [encoded(&self.client_id), encoded(&self.client_secret)];
        let mut authorization = None;
        match metadata.proof {
            ClientProof::Form => form.extend(["&client_id=", &id, "&client_secret=", &secret]),
            ClientProof::Header => {
                let text = format!("Basic {}", BASE64_STANDARD.encode(format!("{id}:{secret}")));
                authorization = HeaderValue::from_str(&text).ok();
            }
        }
        let _place = self.calls.try_acquire().map_err(|_| OidcError::Busy)?;
        let reply = self.outbound.post_form(&metadata.token, form, authorization, CALL_WITHIN).await;
        let reply = reply.map_err(|error| OidcError::Call(TOKEN, error))?;
        let answer: Option<Value> = serde_json::from_slice(&reply.body).ok().filter(Value::is_object);
        let member = |name: &str| answer.as_ref()?.get(name)?.as_str();
        match reply.status {
            200 => {}
            400 | 401 if member("error").is_some() => return Err(refused(member("error"))),
            status => return Err(OidcError::Status(TOKEN, status)),
        }
        if answer.is_none() {
            return Err(OidcError::Token("不是一个 JSON 对象".to_owned()));
        }
        let token = member("id_token").ok_or_else(|| {
            OidcError::Token("缺少 id_token（client 是否允许 openid 这个 scope？）".to_owned())
        })?;
        let (issuer, client_id) = (self.issuer.as_str(), self.client_id.as_str());
        let expected = Expected { issuer, client_id, nonce: &asked.nonce, now };
        id_token::read(token, expected).map_err(OidcError::Token)
    }

    /// What the provider says of itself, of the last minutes.
    async fn metadata(&self) -> Result<Arc<ProviderMetadata>, OidcError> {
        if let Some((metadata, since)) = &*self.kept.lock().unwrap_or_else(PoisonError::into_inner)
            && since.elapsed() < KEPT
        {
            return Ok(Arc::clone(metadata));
        }
        let _place = self.calls.try_acquire().map_err(|_| OidcError::Busy)?;
        let reply = self.outbound.get(&self.discovery, CALL_WITHIN).await;
        let reply = reply.map_err(|error| OidcError::Call(DISCOVERY, error))?;
        if reply.status != 200 {
            return Err(OidcError::Status(DISCOVERY, reply.status));
        }
        let metadata = Arc::new(ProviderMetadata::read(&self.issuer, &reply.body)?);
        let kept = Some((Arc::clone(&metadata), Instant::now()));
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = kept;
        Ok(metadata)
    }
}

/// The error code of RFC 6749, 5.2, if it looks like one.
fn refused(code: Option<&str>) -> OidcError {
    let fits =
        |code: &&str| code.len() <= MAX_ERROR && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    OidcError::Refused(code.filter(fits).unwrap_or("没有说明").to_owned())
}
