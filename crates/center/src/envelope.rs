//! The way of a sealed request: receive, open, hand to its operation, seal the answer.
//!
//! The checks that every sealed call shares are made here in the order of the contract (section 2 of the reading,
//! steps 1 to 5); the operation makes its own from step 6 on. Whatever happens, the caller gets an answer with HTTP
//! status 200 that says what to make of it (E11), and one line goes to the log.

use std::future::poll_fn;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, header};
use yanmi_protocol::envelope::{self, PlainText, RequestEnvelope};
use yanmi_protocol::{AccountId, Code, EcToken, MemberError, Members, Problem, Sm4Key, UnixMillis};

use crate::http::{Peer, Room, read_body};
use crate::refusal::{Denied, Refusal};
use crate::registry::{Keys, Snapshot};
use crate::share::Share;
use crate::site::{NOBODY, Site};
use crate::telemetry::{Operation, RequestLine};

/// A proven request: its envelope opened with a key of an enabled account.
#[derive(Debug)]
pub(crate) struct Call<C> {
    pub(crate) site: Arc<Site>,
    pub(crate) registry: Arc<Snapshot>,
    /// Who calls.
    pub(crate) caller: C,
    /// What the caller has of what all share.
    pub(crate) share: Arc<Share>,
    pub(crate) now: UnixMillis,
    pub(crate) started: Instant,
    plain: PlainText,
    /// What the log will say beside the outcome.
    pub(crate) noted: Noted,
}

/// What an operation notes for the log.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Noted {
    pub(crate) token: Option<EcToken>,
    pub(crate) batch: usize,
    /// Told with a success: the seconds after which to ask again.
    pub(crate) retry_after: Option<u64>,
}

impl<C> Call<C> {
    /// The members of the plain text.
    pub(crate) fn members(&self) -> Result<Members<'_>, Refusal> {
        // Opening has parsed it before.
        self.plain.members().map_err(|why| {
            let text = MemberError::new("encData", Problem::Other(why.to_string()));
            Refusal::Member(text)
        })
    }
}

/// Whose envelopes a face opens: accounts on the institution face, channels on the channel face.
pub(crate) trait Party {
    /// What proves to be calling.
    type Caller: Send;

    /// The keys of this `orgId`, if it is known and enabled; if not, those its envelope is tried with all the same (E7).
    fn keys<'s>(
        &self,
        registry: &'s Snapshot,
        org_id: &str,
    ) -> Result<(Self::Caller, &'s Keys), (Denied, &'s Keys)>;

    /// Step 4: counts the request; what the caller has of what all share.
    fn count(&self, registry: &Snapshot, caller: &Self::Caller) -> Result<Arc<Share>, Refusal>;

    /// Step 5: whether the caller may make this call.
    fn permit(&self, registry: &Snapshot, caller: &Self::Caller) -> Result<(), Refusal>;
}

/// Receives a sealed request, has `run` answer its plain text, and seals the answer.
pub(crate) async fn serve<P: Party>(
    site: Arc<Site>,
    party: P,
    operation: Operation,
    request: Request<Body>,
    run: impl AsyncFnOnce(&mut Call<P::Caller>) -> Result<String, Refusal>,
) -> Response {
    let started = Instant::now();
    let peer = request.extensions().get::<Peer>().cloned();
    let mut org_id = None;
    let mut noted = Noted::default();
    let telemetry = site.telemetry.clone();
    let result = async {
        let body = receive(&site, request).await?;
        let (mut call, key) = open(site, &party, peer.as_ref(), started, &body, &mut org_id)?;
        // Opened it is small; what it came in is not kept for as long as the call is held.
        drop(body);
        let answer = unless_it_panics(pin!(run(&mut call))).await;
        noted = call.noted;
        answer.map(|plain| envelope::success(&key, plain.as_bytes()))
    }
    .await;
    let sender = Sender { proven: org_id.as_ref(), peer: peer.as_ref() };
    finish(&telemetry, operation, started, sender, noted, result)
}

/// A fault of the program in one request is told to that caller, not to everybody on the connection. What runs is
/// borrowed: the future of a request is moved several times before it begins, and should not carry it twice.
pub(crate) async fn unless_it_panics<T>(
    mut run: Pin<&mut impl Future<Output = Result<T, Refusal>>>,
) -> Result<T, Refusal> {
    poll_fn(|context| {
        // What the operation worked on is dropped with it; all that outlives it is behind the ledger.
        let polled = catch_unwind(AssertUnwindSafe(|| run.as_mut().poll(context)));
        polled.unwrap_or_else(|_| Poll::Ready(Err(Refusal::Broken("处理请求时程序异常".to_owned()))))
    })
    .await
}

/// A body that has arrived, and the room it takes.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) body: Bytes,
    _room: Room,
}

/// Step 1, first half: method, size, arrival.
pub(crate) async fn receive(site: &Site, request: Request<Body>) -> Result<Received, Refusal> {
    if request.method() != Method::POST {
        return Err(Refusal::NotPost);
    }
    let mut room = site.room(request.extensions().get::<Peer>());
    let read = read_body(request.into_body(), envelope::MAX_BODY_BYTES, site.settings.body, &mut room).await;
    Ok(Received { body: read.map_err(Refusal::Body)?, _room: room })
}

/// Steps 1 to 5 for a body that has arrived.
fn open<P: Party>(
    site: Arc<Site>,
    party: &P,
    peer: Option<&Peer>,
    started: Instant,
    received: &Received,
    proven: &mut Option<AccountId>,
) -> Result<(Call<P::Caller>, Sm4Key), Refusal> {
    let now = site.clock.now();
    let registry = site.registry.snapshot();
    let envelope = RequestEnvelope::parse(&received.body, site.region).map_err(Refusal::Envelope)?;
    let known = party.keys(&registry, &envelope.org_id).map_err(|(denied, keys)| {
        keys.spend(&envelope.sealed);
        denied
    });
    let opened = known.and_then(|(caller, keys)| {
        let (plain, key) = keys.open(&envelope.sealed).map_err(Denied::Sealed)?;
        Ok((caller, plain, key.clone()))
    });
    let (caller, plain, key) = opened.map_err(|denied| refuse(&site, peer, denied))?;
    // From here on the sender is proven, and the log may say who it is.
    if let Some(peer) = peer {
        peer.prove();
    }
    *proven = AccountId::new(&envelope.org_id).ok();
    if now.distance(envelope.timestamp) > site.settings.timestamp_window {
        return Err(Refusal::Timestamp { now, window: site.settings.timestamp_window });
    }
    let share = party.count(&registry, &caller)?;
    party.permit(&registry, &caller)?;
    Ok((Call { site, registry, caller, share, now, started, plain, noted: Noted::default() }, key))
}

fn refuse(site: &Site, peer: Option<&Peer>, denied: Denied) -> Refusal {
    let counted = peer.map_or(Ok(()), |peer| site.openings.failed(peer.ip()));
    match counted {
        Ok(()) => Refusal::Denied(denied),
        Err(wait) => Refusal::OpeningsLimited(wait),
    }
}

/// Who sent a request, as far as that is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sender<'a> {
    /// Who it is proven to be.
    pub(crate) proven: Option<&'a AccountId>,
    pub(crate) peer: Option<&'a Peer>,
}

impl Sender<'_> {
    /// Where it came from, when nobody is proven to have sent it.
    pub(crate) fn stranger(self) -> Option<IpAddr> {
        let source = self.peer.map_or(NOBODY, Peer::source);
        self.proven.is_none().then_some(source)
    }
}

/// Writes the line, and the answer.
pub(crate) fn finish(
    telemetry: &crate::telemetry::Telemetry,
    operation: Operation,
    started: Instant,
    sender: Sender<'_>,
    noted: Noted,
    result: Result<String, Refusal>,
) -> Response {
    let code = result.as_ref().err().map_or(Code::Success, Refusal::code);
    let cause = result.as_ref().err().and_then(Refusal::cause);
    telemetry.request(&RequestLine {
        operation,
        org_id: sender.proven.map_or("-", AccountId::as_str),
        code,
        started,
        batch: noted.batch,
        token: noted.token,
        stranger: sender.stranger(),
        cause: cause.as_deref(),
    });
    match result {
        Ok(body) => answer(body, noted.retry_after),
        Err(refusal) => refused(&refusal, envelope::refusal(refusal.code(), &refusal.message())),
    }
}

/// The answer that is a refusal.
pub(crate) fn refused(refusal: &Refusal, body: String) -> Response {
    let mut response = answer(body, refusal.retry_after());
    *response.status_mut() = refusal.status();
    response
}

/// An answer with status 200.
pub(crate) fn answer(body: String, retry_after: Option<u64>) -> Response {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json;charset=UTF-8"));
    if let Some(seconds) = retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    #[expect(clippy::panic, reason = "the case under test")]
    async fn a_panic_is_an_internal_error() {
        let result: Result<(), _> = unless_it_panics(pin!(async { panic!("a fault") })).await;
        assert_eq!(result.expect_err("told").code(), Code::Unknown);
        assert_eq!(unless_it_panics(pin!(async { Ok(7) })).await.expect("unharmed"), 7);
    }
}
