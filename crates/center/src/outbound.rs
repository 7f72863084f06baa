//! Every call yanmi makes goes through here.
//!
//! # The threat
//!
//! The center calls addresses it was told: by its configuration (the national center) and by its database (the
//! channels' notice URLs). Three things can make such an address a wrong one: an operator's typo, somebody who
//! got at the register of channels, and somebody who answers for a name in the DNS. Any of them could have the
//! center post sealed notices to a stranger, or use it as a probe into the very networks it is trusted in
//! (医保专网 above all). Encryption does not help against the latter: that a port answers is already told.
//!
//! # What is done about it
//!
//! * **An allow-list, not a deny-list.** Private addresses are the normal case here, so "everything but private
//!   ones" is no rule. [`AllowList`] says which networks may be called; what is not on it is not called.
//! * **Checked when stored and again when used.** [`Outbound::check_url`] refuses what can be seen to be wrong
//!   when an address is entered. What a name stands for is only known when it is resolved, so every address
//!   that comes out of the DNS is checked before the first packet goes out, and the connection is made to the
//!   address that was checked, not to the name. One address off the list refuses the name as a whole: which of
//!   several addresses is taken must not decide whether a call is safe.
//! * **No redirects and no proxies.** A 302 is an answer like any other. Environment variables are not read.
//! * **Bounds.** One deadline covers name, connection, handshake, request and answer; an answer is read up to
//!   [`MAX_ANSWER_BYTES`]; idle connections are bounded in number and age.
//! * **Nothing is told.** A [`CallError`] holds no body and no address.
//!
//! What is not done: a connection kept open is not checked again, for it leads where it led when it was
//! checked. Certificates are verified for `https`; with `http` whoever owns the way owns the answer, and only
//! the envelope protects what is said.
//!
//! # At least once
//!
//! A connection that was kept open may have been closed by its other end at any moment. When a call on such a
//! connection breaks before any part of an answer came, it is made once more on a fresh connection. The other
//! side may then have got it twice. Everything yanmi sends bears this: a notice is told from its repetition by
//! its notice number, and the questions to the national center change nothing there.

mod allow;
mod answer;
mod connect;
mod error;
#[cfg(test)]
pub(crate) mod peer;
mod pool;
mod raw;
mod reply;
mod settings;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST};
use http::{HeaderValue, Method, Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use tokio::time::Instant;

pub use self::allow::{AllowList, AllowListError, MAX_ENTRIES as MAX_ALLOW_ENTRIES};
pub(crate) use self::answer::{Proof, Unusable, open};
pub use self::connect::RootsError;
use self::connect::{Connector, Target};
pub use self::error::CallError;
use self::pool::Pool;
pub use self::reply::Reply;
pub use self::settings::{MAX_ANSWER_BYTES, OutboundSettings};

/// Makes calls. Clones share the connections that are kept open.
#[derive(Clone, Debug)]
pub struct Outbound(Arc<PooledConnector>);

#[derive(Debug)]
struct PooledConnector {
    connector: Connector,
    pool: Pool,
}

impl Outbound {
    /// Makes calls as `settings` allow.
    ///
    /// # Errors
    /// [`RootsError`] when there is a certificate file and it cannot be read. The system's certificates are
    /// not read before the first `https` call.
    pub fn new(settings: OutboundSettings) -> Result<Self, RootsError> {
        let connector = Connector::new(settings)?;
        Ok(Self(Arc::new(PooledConnector { connector, pool: Pool::default() })))
    }

    /// Checks what can be known of an address without asking the DNS; to be used when one is stored.
    ///
    /// # Errors
    /// [`CallError::BadUrl`] unless it is `http` or `https` with a host and without credentials;
    /// [`CallError::AddressRefused`] when the host is an IP address off the list.
    pub fn check_url(&self, url: &Uri) -> Result<(), CallError> {
        self.0.connector.check(&Target::of(url)?)
    }

    /// Posts a JSON body and reads the whole answer, whatever its status, within `deadline`.
    ///
    /// The other side may get the body twice (see the module's text).
    ///
    /// # Errors
    /// [`CallError`]; dropping the future abandons the call and closes its connection.
    pub async fn post(
        &self,
        url: &Uri,
        body: impl Into<Bytes>,
        deadline: Duration,
    ) -> Result<Reply, CallError> {
        let call = self.0.post(url, body.into());
        tokio::time::timeout(deadline, call).await.unwrap_or(Err(CallError::TimedOut))
    }

    /// Gets what stands at an address, within `deadline`.
    ///
    /// # Errors
    /// [`CallError`]; dropping the future abandons the call and closes its connection.
    pub(crate) async fn get(&self, url: &Uri, deadline: Duration) -> Result<Reply, CallError> {
        let mut request = head(url, Method::GET, Bytes::new())?;
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        self.once(url, request, deadline).await
    }

    /// Posts a form at most once, for what must not be said twice, within `deadline`.
    ///
    /// # Errors
    /// As of [`Self::get`].
    pub(crate) async fn post_form(
        &self,
        url: &Uri,
        form: String,
        authorization: Option<HeaderValue>,
        deadline: Duration,
    ) -> Result<Reply, CallError> {
        let mut request = head(url, Method::POST, form.into())?;
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(authorization) = authorization {
            headers.insert(AUTHORIZATION, authorization);
        }
        self.once(url, request, deadline).await
    }

    /// One request over a connection of its own, which is not kept: nothing is said again when it breaks.
    async fn once(
        &self,
        url: &Uri,
        request: Request<Full<Bytes>>,
        deadline: Duration,
    ) -> Result<Reply, CallError> {
        let call = async {
            let mut connection = Box::pin(self.0.connector.connect(&Target::of(url)?)).await?;
            let response = connection.send_request(request).await.map_err(|e| CallError::of_request(&e))?;
            read(response).await
        };
        tokio::time::timeout(deadline, call).await.unwrap_or(Err(CallError::TimedOut))
    }
}

impl PooledConnector {
    async fn post(&self, url: &Uri, body: Bytes) -> Result<Reply, CallError> {
        let target = Target::of(url)?;
        if let Some(kept) = self.pool.take(&target, Instant::now()).await {
            match self.exchange(&target, kept, request(url, body.clone())?).await {
                // The other end had closed it: nothing was answered, so a fresh connection may be tried.
                Err(CallError::BrokenConnection) => {}
                outcome => return outcome,
            }
        }
        // Boxed: it is rare and large, and every call would carry the room for it.
        let fresh = Box::pin(self.connector.connect(&target)).await?;
        self.exchange(&target, fresh, request(url, body)?).await
    }

    /// One request and its answer; the connection is kept if it can be used again.
    async fn exchange(
        &self,
        target: &Target<'_>,
        mut connection: SendRequest<Full<Bytes>>,
        request: Request<Full<Bytes>>,
    ) -> Result<Reply, CallError> {
        let response = connection.send_request(request).await.map_err(|e| CallError::of_request(&e))?;
        let reply = read(response).await?;
        self.pool.keep(target, connection, Instant::now());
        Ok(reply)
    }
}

fn request(url: &Uri, body: Bytes) -> Result<Request<Full<Bytes>>, CallError> {
    let mut request = head(url, Method::POST, body)?;
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json;charset=UTF-8"));
    Ok(request)
}

/// A request to the host of this address.
fn head(url: &Uri, method: Method, body: Bytes) -> Result<Request<Full<Bytes>>, CallError> {
    let authority = url.authority().map_or("", http::uri::Authority::as_str);
    let host = HeaderValue::from_str(authority).map_err(|_| CallError::BadUrl("主机名含有非法字符"))?;
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = method;
    *request.uri_mut() = url.path_and_query().cloned().map_or_else(Uri::default, Uri::from);
    request.headers_mut().insert(HOST, host);
    Ok(request)
}

async fn read(response: Response<Incoming>) -> Result<Reply, CallError> {
    let status = response.status().as_u16();
    let announced = response.headers().get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > MAX_ANSWER_BYTES) {
        return Err(CallError::TooLarge);
    }
    let mut incoming = response.into_body();
    let mut body = Bytes::new();
    while let Some(frame) = incoming.frame().await {
        let Ok(data) = frame.map_err(|_| CallError::CutShort)?.into_data() else { continue };
        if body.len() + data.len() > MAX_ANSWER_BYTES {
            return Err(CallError::TooLarge);
        }
        // Nearly every answer is one frame, which is passed on as it is.
        body = if body.is_empty() { data } else { joined(body, &data) };
    }
    Ok(Reply { status, body })
}

fn joined(body: Bytes, data: &[u8]) -> Bytes {
    let mut joined = BytesMut::from(body);
    joined.extend_from_slice(data);
    joined.freeze()
}
