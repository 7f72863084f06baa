//! 解码 `ec.query`: from the QR code on the phone to the token (section 3 of the reading).
//!
//! Plain JSON, not sealed, as the field does it; so it is served in the sandbox and on closed networks only, when
//! the operator has switched it on. The token it yields is kept at once.
//!
//! Nothing proves who asks. So it has limiters of its own (`decodes`), and never takes anything of an account's.

use std::pin::pin;
use std::sync::Arc;
use tokio::time::Instant;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use yanmi_protocol::AccountId;
use yanmi_protocol::dictionary::BusinessType;
use yanmi_protocol::message::decode as message;
use yanmi_protocol::message::national::Credential;
use yanmi_verification::{Facts, token};

use crate::face::envelope;
use crate::face::request::{Ending, Noted, Sender, Trust, unless_it_panics};
use crate::journey::credential::{learned, national_result};
use crate::ledger::{Learn, TokenRecord};
use crate::refusal::{Denied, OrgProblem, Refusal};
use crate::registry::{Interface, Snapshot};
use crate::site::Site;
use crate::telemetry::Operation;
use yanmi_http::NOBODY;
use yanmi_http::Peer;

pub(super) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    let started = Instant::now();
    let mut noted = Noted::default();
    let mut account = None;
    let peer = request.extensions().get::<Peer>().cloned();
    let result = unless_it_panics(pin!(decode(&site, request, &mut noted, &mut account))).await;
    // Nothing proves who asks; but whoever shows a good code is no stranger.
    let standing = if noted.token.is_some() { Trust::Known } else { Trust::Stranger };
    let ending = Ending::of(Operation::Decode, started, noted, result.as_ref().err());
    let sender = Sender { org_id: account.as_ref(), standing, ..Sender::stranger(peer.as_ref()) };
    ending.record(&site, sender);
    match result {
        Ok(body) => envelope::answer(body, None),
        Err(refusal) => envelope::refused(&refusal, message::refusal(refusal.code(), &refusal.message())),
    }
}

async fn decode(
    site: &Site,
    request: Request<Body>,
    noted: &mut Noted,
    account: &mut Option<AccountId>,
) -> Result<String, Refusal> {
    let peer = request.extensions().get::<Peer>().cloned();
    let source = peer.as_ref().map_or(NOBODY, Peer::source);
    site.decodes.of_source(source).map_err(Refusal::RateLimited)?;
    let received = envelope::receive(site, request).await?;
    let text = std::str::from_utf8(&received.body)
        .map_err(|_| Refusal::Envelope(yanmi_protocol::envelope::EnvelopeError::of_bytes(&received.body)))?;
    let request = message::Request::read(text).map_err(Refusal::Decode)?;
    let registry = site.registry.snapshot();
    noted.org_code = request.org_code;
    let code = request.org_code.ok_or(Refusal::BadOrgCode(OrgProblem::Form))?;
    let institution = registry.institution(&code).ok_or(Refusal::BadOrgCode(OrgProblem::Unknown))?;
    if !institution.active {
        return Err(Refusal::BadOrgCode(OrgProblem::Inactive));
    }
    *account = institution.accounts.first().copied();
    // The budget of requests of the accounts behind it is not touched: anybody can write the code of an institution.
    let enabled = || {
        let accounts = institution.accounts.iter().filter_map(|id| registry.account_of(id));
        accounts.filter(|account| account.enabled)
    };
    if enabled().next().is_none() {
        return Err(Refusal::Denied(Denied::Disabled));
    }
    site.decodes.of_institution(source, code).map_err(Refusal::RateLimited)?;
    let caller = enabled().find(|account| account.interfaces.contains(Interface::Decode));
    *account = Some(caller.ok_or(Refusal::NoRight)?.id);
    let taken = request.business.filter(|business| site.settings.business_types.contains(business));
    let business = taken.ok_or(Refusal::BusinessType)?;
    let told = site.national.credential_of_qr_code(&site.strangers, request.qr_code, code, business).await;
    site.telemetry.national("qr-code", national_result(&told));
    let told = told?;
    noted.token = Some(told.token);
    let learned = learned(&site.sealer, &told);
    // Whoever has a code that is good may stay as others may.
    peer.iter().for_each(Peer::prove);
    check_credential(site, &registry, &learned, business)?;
    // The national center may not tell of the same code twice.
    noted.batch = site.ledger.follow(Learn(Box::new(learned))).await?.batch;
    Ok(message::success(&answer(&told, request.qr_code.as_str())))
}

/// Steps 8 to 10, and settlement: business type 01301 on a channel that cannot settle.
fn check_credential(
    site: &Site,
    registry: &Snapshot,
    learned: &TokenRecord,
    business: BusinessType,
) -> Result<(), Refusal> {
    let facts = Facts {
        credential: Some(&learned.credential),
        channel: registry.channel_facts(&learned.credential.channel),
        ..Facts::default()
    };
    let usable = token::check(&facts, site.clock.now(), &site.policy)?;
    if business == BusinessType::SETTLEMENT && !usable.channel.settlement {
        return Err(Refusal::NoSettlementAtDecode);
    }
    Ok(())
}

fn answer(told: &Credential, qr_code: &str) -> message::Decoded {
    message::Decoded {
        user_name: told.user_name.clone(),
        id_no: told.id_no.clone(),
        id_type: told.id_type.clone(),
        insu_org: told.insured_place.clone(),
        ec_index_no: told.index.as_ref().map(|index| index.as_str().to_owned()),
        ec_token: Some(told.token.as_str().to_owned()),
        gender: told.details.gender.clone(),
        birthday: told.details.birthday.clone(),
        nationality: told.details.nationality.clone(),
        email: told.details.email.clone(),
        chnl_id: Some(told.channel.as_str().to_owned()),
        ec_qr_code: Some(qr_code.to_owned()),
        auth_no: None,
    }
}
