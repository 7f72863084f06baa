//! The way of a sealed request: receive, open, hand to its operation, seal the answer.
//!
//! The checks that every sealed call shares are made here in the order of the contract (section 2 of the reading,
//! steps 1 to 5); the operation makes its own from step 6 on. Whatever happens, the caller gets an answer with HTTP
//! status 200 that says what to make of it (E11), and one line goes to the log.

use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, header};
use yanmi_protocol::envelope::{self, CipherText, PlainText, RequestEnvelope};
use yanmi_protocol::{AccountId, Code, MemberError, Members, Problem, Sm4Key, UnixMillis};

use super::request::{Ending, Noted, Sender, Trust, unless_it_panics};
use crate::arrivals::{Arrival, Arrivals, ArrivalsFull};
use crate::claimed::Claimed;
use crate::mac_rule::MacRule;
use crate::observe::Cause;
use crate::refusal::{Denied, Refusal};
use crate::registry::{Keys, Snapshot, SourceNetworks};
use crate::share::Share;
use crate::site::Site;
use crate::telemetry::Operation;
use yanmi_http::{Peer, Room, read_body};

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
    /// The mac of the envelope, where it has one, and what is to remember it.
    mac: Option<(u128, Arc<Arrivals>)>,
    /// What the log will say beside the outcome.
    pub(crate) noted: Noted,
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

    /// To be asked before anything is begun that lasts: whether this envelope has begun it before (E13). Without a mac
    /// there is no telling, and everything is as the specification has it.
    pub(crate) fn begin(&self) -> Result<Arrival, Refusal> {
        let Some((mac, arrivals)) = &self.mac else { return Ok(Arrival::First) };
        // It may be stamped as far ahead as behind.
        let keep = self.site.settings.timestamp_window * 2;
        let noted = arrivals.note(*mac, Instant::now(), keep);
        noted.map_err(|ArrivalsFull| Refusal::RateLimited(ARRIVALS_PAUSE))
    }
}

/// What somebody is told to wait who has more envelopes remembered than there is room for.
const ARRIVALS_PAUSE: Duration = Duration::from_mins(1);

/// Who claims to be calling, before an envelope has proven it.
pub(crate) struct Claimant<'s, C> {
    pub(crate) caller: C,
    pub(crate) keys: &'s Keys,
    pub(crate) mac: MacRule,
    /// Where its envelopes may come from; nothing for anywhere.
    pub(crate) networks: Option<&'s SourceNetworks>,
    pub(crate) arrivals: &'s Arc<Arrivals>,
}

/// What an answer is sealed with.
#[derive(Debug)]
pub(crate) struct Seal {
    key: Sm4Key,
    /// The mac of the request, when it had one.
    mac: Option<String>,
}

impl Seal {
    fn success(&self, plain: &str) -> String {
        envelope::success_for(&self.key, self.mac.as_deref(), plain.as_bytes())
    }

    fn refusal(&self, code: Code, message: &str) -> String {
        envelope::refusal_for(&self.key, self.mac.as_deref(), code, message)
    }
}

/// Whose envelopes a face opens: accounts on the institution face, channels on the channel face.
pub(crate) trait Party {
    /// What proves to be calling.
    type Caller: Send;

    /// Who this `orgId` is, if it is known and enabled; if not, the keys its envelope is tried with all the same (E7).
    fn claimant<'s>(
        &self,
        registry: &'s Snapshot,
        org_id: &str,
    ) -> Result<Claimant<'s, Self::Caller>, (Denied, &'s Keys)>;

    /// Step 4: counts the request; what the caller has of what all share.
    fn count(&self, registry: &Snapshot, caller: &Self::Caller) -> Result<Arc<Share>, Refusal>;

    /// Step 5: whether the caller may make this call.
    fn permit(&self, registry: &Snapshot, caller: &Self::Caller) -> Result<(), Refusal>;
}

/// What opening an envelope has proven.
#[derive(Default)]
struct Proven {
    /// Who says to have sent it, until that is proven.
    claimed: Option<Claimed>,
    /// Who sent it.
    org_id: Option<AccountId>,
    seal: Option<Seal>,
    /// The envelope, when it proves nothing.
    unopened: Option<CipherText>,
}

/// Receives a sealed request posted to `path`, has `run` answer its plain text, and seals the answer.
pub(crate) async fn serve<P: Party>(
    site: Arc<Site>,
    party: P,
    operation: Operation,
    path: &'static str,
    request: Request<Body>,
    run: impl AsyncFnOnce(&mut Call<P::Caller>) -> Result<String, Refusal>,
) -> Response {
    let started = Instant::now();
    let peer = request.extensions().get::<Peer>().cloned();
    let mut proven = Proven::default();
    let mut noted = Noted::default();
    let ours = Arc::clone(&site);
    let result = async {
        let body = receive(&site, request).await?;
        let mut call = open(site, &party, peer.as_ref(), (started, path), &body, &mut proven)?;
        // Opened it is small; what it came in is not kept for as long as the call is held.
        drop(body);
        let answer = unless_it_panics(pin!(run(&mut call))).await;
        noted = call.noted;
        answer
    }
    .await;
    let Proven { claimed, org_id, seal, unopened } = proven;
    let result = match (result, &seal) {
        (Ok(plain), Some(seal)) => Ok(seal.success(&plain)),
        // Nothing is answered that was not opened.
        (Ok(_), None) => Err(Refusal::Broken("应答没有密钥".to_owned())),
        (Err(refusal), _) => Err(refusal),
    };
    let standing = if org_id.is_some() { Trust::Proven } else { Trust::Stranger };
    let sender = Sender { org_id: org_id.as_ref(), standing, claimed, peer: peer.as_ref(), unopened };
    finish(&ours, operation, started, sender, noted, seal.as_ref(), result)
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
    (started, path): (Instant, &str),
    received: &Received,
    proven: &mut Proven,
) -> Result<Call<P::Caller>, Refusal> {
    let now = site.clock.now();
    let registry = site.registry.snapshot();
    let envelope = RequestEnvelope::parse(&received.body, site.region).map_err(Refusal::Envelope)?;
    // Whoever it is, and whatever is wrong, takes the same time (E7).
    let spend_mac = |keys: &Keys| {
        if envelope.mac.is_some() {
            black_box(envelope.is_proven(path, &keys.newest));
        }
    };
    let known = party.claimant(&registry, &envelope.org_id).map_err(|(denied, keys)| {
        keys.spend(&envelope.sealed);
        spend_mac(keys);
        denied
    });
    proven.claimed = Claimed::of(&envelope.org_id, !matches!(known, Err(Denied::Unknown | Denied::Trial)));
    let opened = known.and_then(|claimant| {
        let (plain, key) = claimant.keys.open(&envelope.sealed).map_err(|why| {
            spend_mac(claimant.keys);
            Denied::Sealed(why)
        })?;
        match (&envelope.mac, claimant.mac) {
            (None, MacRule::Required) => return Err(Denied::NoMac),
            (Some(_), _) if !envelope.is_proven(path, key) => return Err(Denied::WrongMac),
            _ => {}
        }
        if let (Some(networks), Some(peer)) = (claimant.networks, peer)
            && !networks.permit(peer.ip())
        {
            return Err(Denied::Elsewhere);
        }
        claimant.keys.note_use(key, now);
        let mac = envelope.mac.as_deref().map(|mac| (short(mac), Arc::clone(claimant.arrivals)));
        let seal = Seal { key: key.clone(), mac: envelope.mac.as_deref().map(str::to_owned) };
        Ok((claimant.caller, plain, mac, seal))
    });
    let (caller, plain, mac, seal) = match opened {
        Ok(opened) => opened,
        Err(denied) => {
            proven.unopened = Some(envelope.sealed);
            return Err(refuse(&site, peer, denied));
        }
    };
    // From here on the sender is proven: the log may say who it is, and refusals carry a mac.
    if let Some(peer) = peer {
        peer.prove();
    }
    *proven = Proven { org_id: AccountId::new(&envelope.org_id).ok(), seal: Some(seal), ..Proven::default() };
    let window = site.settings.timestamp_window;
    let near = |time: UnixMillis| time.distance(envelope.timestamp) <= window;
    if !near(now) && !near(site.settings.callers.now()) {
        return Err(Refusal::Timestamp { now, window });
    }
    let share = party.count(&registry, &caller)?;
    party.permit(&registry, &caller)?;
    Ok(Call { site, registry, caller, share, now, started, plain, mac, noted: Noted::default() })
}

/// Half of a mac, in whichever case its digits are: enough to know it by.
fn short(mac: &str) -> u128 {
    // It is 64 hexadecimal digits.
    mac.get(..32).and_then(|digits| u128::from_str_radix(digits, 16).ok()).unwrap_or_default()
}

fn refuse(site: &Site, peer: Option<&Peer>, denied: Denied) -> Refusal {
    let counted = peer.map_or(Ok(()), |peer| site.openings.count(peer.ip()));
    match counted {
        Ok(()) => Refusal::Denied(denied),
        Err(wait) => Refusal::OpeningsLimited(wait),
    }
}

/// Writes the line, and the answer.
pub(crate) fn finish(
    site: &Site,
    operation: Operation,
    started: Instant,
    sender: Sender<'_>,
    noted: Noted,
    seal: Option<&Seal>,
    result: Result<String, Refusal>,
) -> Response {
    let ending = Ending::of(operation, started, noted, result.as_ref().err());
    let cause = ending.record(site, sender);
    let mut response = match result {
        Ok(body) => answer(body, noted.retry_after),
        Err(refusal) => {
            let (code, message) = (refusal.code(), refusal.message());
            let body =
                seal.map_or_else(|| envelope::refusal(code, &message), |seal| seal.refusal(code, &message));
            refused(&refusal, body)
        }
    };
    if let Some(cause) = cause {
        response.extensions_mut().insert(Cause(cause));
    }
    response
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
