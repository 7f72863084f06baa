//! 1.7.2 查询参保人线上密码核验认证状态: may we settle?

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use yanmi_protocol::message::status::{self as message, Extension};
use yanmi_protocol::{AccountId, SerialNo, UnixMillis};
use yanmi_verification::status::{self, Status};
use yanmi_verification::{Facts, Verification, stage};

use super::{ByAccount, check_institution};
use crate::arrivals::Arrival;
use crate::face::envelope::{self, Call};
use crate::journey::{credential, facts};
use crate::ledger::{Key, Learn, Standing, UseFree};
use crate::page_link::check_number;
use crate::refusal::Refusal;
use crate::registry::Interface;
use crate::site::Site;
use crate::telemetry::Operation;

/// After how many seconds to ask again when there was no place to be held: about what a client without holding polls at.
const HELD_RETRY: u64 = 2;

pub(super) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    envelope::serve(site, ByAccount(Interface::Status), Operation::Status, message::PATH, request, query)
        .await
}

async fn query(call: &mut Call<AccountId>) -> Result<String, Refusal> {
    let request = message::Request::read(&call.members()?).map_err(Refusal::Member)?;
    call.noted.token = Some(request.token);
    call.noted.org_code = request.org_code;
    let (org_code, _) = check_institution(call, request.org_code)?;
    let key = Key { token: request.token, org_code };
    let found = match request.wait_seconds {
        Some(seconds) => Box::pin(hold(call, key, Duration::from_secs(seconds))).await?,
        None => look(call, key).await?,
    };
    let serial = match found.verification {
        Some(verification) => verification.serial,
        None => fresh_serial(call).await?,
    };
    let now = call.site.clock.now();
    let extension = request.extended.then(|| extension(&call.site, found.verification.as_ref(), now));
    Ok(message::answer_json(found.confirmed, serial, extension.as_ref()))
}

async fn fresh_serial(call: &Call<AccountId>) -> Result<SerialNo, Refusal> {
    let number = call.site.ledger.number().await?;
    SerialNo::from_parts(number.number(), call.now)
        .ok_or_else(|| Refusal::Broken("流水号超出范围".to_owned()))
}

/// Where there is a page, with the number the person sees on it.
fn extension(site: &Site, verification: Option<&Verification>, now: UnixMillis) -> Extension {
    let mut extension = stage::extension(verification, now);
    if site.place.is_some() {
        extension.check_number = verification.map(|v| check_number(&site.sealer, v.notice));
    }
    extension
}

/// What a look at a verification finds.
struct Found {
    confirmed: bool,
    verification: Option<Verification>,
}

/// Looks, and looks again when something changes, until there is something new to tell or the time is over.
async fn hold(call: &mut Call<AccountId>, key: Key, wait: Duration) -> Result<Found, Refusal> {
    let site = Arc::clone(&call.site);
    let Some(_place) = site.held.take(&call.share.held) else {
        // The state of now, and when to come again.
        call.noted.retry_after = Some(HELD_RETRY);
        return look(call, key).await;
    };
    let until = tokio::time::Instant::now() + wait;
    let watch = site.ledger.watch(key);
    let mut stopping = site.stopping.clone();
    let mut first = None;
    loop {
        // Armed before the look, so that no change falls between the two.
        let changed = watch.changed();
        let found = look(call, key).await?;
        let now = site.clock.now();
        let state = found.verification.map(|v| (v.attempt, v.state_at(now)));
        let news = first.is_some_and(|first| first != state);
        if found.confirmed || news {
            return Ok(found);
        }
        first.get_or_insert(state);
        // An attempt that expires is news too, though nobody commits it.
        let expiry = found.verification.filter(|v| v.is_open(now)).map(|v| v.expires_at.since(now));
        let expires = expiry.map_or(until, |span| (tokio::time::Instant::now() + span).min(until));
        tokio::select! {
            () = changed => {}
            () = told_to_stop(&mut stopping) => return Ok(found),
            () = tokio::time::sleep_until(expires) => {
                if expires == until {
                    return look(call, key).await;
                }
            }
        }
    }
}

async fn told_to_stop(stopping: &mut tokio::sync::watch::Receiver<bool>) {
    // An error means that the center is gone already, which is a stop as well.
    let _ = stopping.wait_for(|stopping| *stopping).await.map(|_| ());
}

async fn look(call: &mut Call<AccountId>, key: Key) -> Result<Found, Refusal> {
    let site = Arc::clone(&call.site);
    let now = site.clock.now();
    // In memory is what nobody else changes: no statement then.
    let known = site.ledger.peek(&key, |live| Standing {
        credential: Some(live.credential),
        verification: Some(live.verification),
    });
    let mut standing = match known {
        Some(standing) => standing,
        None => site.ledger.standing(key).await?,
    };
    if !standing.credential.is_some_and(|c| c.lives(now, &site.policy)) {
        let learned = credential::learn(&site, &call.share, key.token).await?;
        call.noted.batch = site.ledger.follow(Learn(learned)).await?.batch;
        standing = site.ledger.standing(key).await?;
    }
    let channel = standing.credential.and_then(|c| call.registry.channel_facts(&c.channel));
    if channel.is_some_and(|channel| channel.password_free || channel.word.is_some()) {
        return Box::pin(look_where_free(call, key, now)).await;
    }
    let facts = Facts {
        credential: standing.credential.as_ref(),
        channel,
        verification: standing.verification,
        ..Facts::default()
    };
    let status = status::status(&facts, now, &site.policy)?;
    Ok(Found { confirmed: status == Status::Confirmed, verification: standing.verification })
}

/// The long way, for channels that offer password-free settlement: it hangs on the person's settings and on what was
/// used of them.
async fn look_where_free(call: &mut Call<AccountId>, key: Key, now: UnixMillis) -> Result<Found, Refusal> {
    let site = Arc::clone(&call.site);
    let loaded = site.ledger.load(key).await?;
    let facts = facts::of_stored(&call.registry, &loaded);
    match status::status(&facts, now, &site.policy)? {
        Status::Confirmed => Ok(Found { confirmed: true, verification: loaded.verification }),
        Status::NotConfirmed => Ok(Found { confirmed: false, verification: loaded.verification }),
        Status::Free(_) if call.begin()? == Arrival::Again => {
            // It was counted when the envelope came first, or it is not let through by this one.
            if facts::free_already(&site, &call.registry, &loaded, now) {
                return Err(Refusal::PasswordFree);
            }
            let confirmed = loaded.verification.is_some_and(|v| v.is_confirmed(now));
            Ok(Found { confirmed, verification: loaded.verification })
        }
        Status::Free(_) => {
            // Judged again where it is counted.
            let decided = site.ledger.decide(&call.share, UseFree { key }).await?;
            call.noted.batch = decided.batch;
            if decided.answer? {
                return Err(Refusal::PasswordFree);
            }
            let confirmed = loaded.verification.is_some_and(|v| v.is_confirmed(now));
            Ok(Found { confirmed, verification: loaded.verification })
        }
    }
}
