//! 1.7.1 线上密码核验认证通知: have the person asked.
//!
//! The verification is stored durably before the channel is called (V1), and again when the channel has taken the
//! notice. What was begun is finished even when the institution hangs up: the notice may be on the phone already.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use yanmi_protocol::display::{self, Trick};
use yanmi_protocol::message::channel_notice::Notice;
use yanmi_protocol::message::notify as message;
use yanmi_protocol::{AccountId, Code, MemberError, NoticeNo, Problem, SerialNo};
use yanmi_verification::{Refusal as Rule, State as Standing, Verification};

use super::{ByAccount, check_institution, status};
use crate::arrivals::Arrival;
use crate::calls::{self, Seen};
use crate::delivery::deliver::{DeliveryFailure, Endpoint, Taken};
use crate::face::envelope::{self, Call};
use crate::insured::check_number;
use crate::journey::credential;
use crate::journey::notice::{self, Occasion};
use crate::ledger::{
    Decided, Delivery, Key, MarkDelivered, MarkUndelivered, Notify, NotifyDecision, TakeWord,
};
use crate::refusal::Refusal;
use crate::registry::{Interface, Snapshot};
use crate::share::Share;
use crate::site::Site;
use crate::telemetry::Operation;

/// What the institution reads when a channel's word does not count.
const WORD_NOT_TAKEN: &str = "渠道应用答复该参保人免密，但该渠道未登记此项或金额超出登记的限额";
/// Kept back from the time of the whole call, for the commit and the answer after the channel's.
const RESERVE: Duration = Duration::from_millis(300);
/// The least time a channel is given.
const LEAST: Duration = Duration::from_millis(100);

pub(super) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    envelope::serve(site, ByAccount(Interface::Notify), Operation::Notify, message::PATH, request, notify)
        .await
}

async fn notify(call: &mut Call<AccountId>) -> Result<String, Refusal> {
    let request = message::Request::read(&call.members()?).map_err(Refusal::Member)?;
    call.noted.token = Some(request.token);
    call.noted.org_code = request.org_code;
    let (org_code, institution) = check_institution(call, request.org_code)?;
    let registered = call.site.settings.show_registered_name || institution.name == request.org_name;
    if !registered {
        let deceptive = |trick: Trick| MemberError::new("orgName", Problem::Other(trick.to_string()));
        display::check(&request.org_name).map_err(|trick| Refusal::Member(deceptive(trick)))?;
    }
    let journey = Journey {
        site: Arc::clone(&call.site),
        registry: Arc::clone(&call.registry),
        share: Arc::clone(&call.share),
        started: call.started,
        key: Key { token: request.token, org_code },
        shown_name: (!registered).then_some(request.org_name),
        extended: request.extended,
        registered_name: institution.name.clone(),
    };
    let amount = request.amount;
    if call.begin()? == Arrival::Again {
        return Box::pin(journey.repeat(amount)).await;
    }
    // A task of its own, which goes on when the institution hangs up and this future is dropped.
    let task = tokio::spawn(async move { journey.run(amount).await });
    let (batch, notice, result) =
        task.await.map_err(|error| Refusal::Broken(format!("通知任务中断：{error}")))?;
    call.noted.batch = batch;
    call.noted.notice = notice;
    let reply = result?;
    Ok(message::Answer::notified_json(reply.serial, reply.check_number.as_deref()))
}

/// What the institution is told of a notice that went out.
struct Reply {
    serial: SerialNo,
    /// The number to compare, for an institution that asked for it.
    check_number: Option<String>,
}

/// One notice on its way.
struct Journey {
    site: Arc<Site>,
    registry: Arc<Snapshot>,
    share: Arc<Share>,
    started: Instant,
    key: Key,
    shown_name: Option<String>,
    /// Whether the institution understands members beyond the specification.
    extended: bool,
    registered_name: String,
}

impl Journey {
    /// The batch it was last decided in, the notice that was to be delivered, and what is told of a success.
    async fn run(
        self,
        amount: Option<yanmi_protocol::Amount>,
    ) -> (usize, Option<NoticeNo>, Result<Reply, Refusal>) {
        let decided = match self.ask(amount).await {
            Ok(decided) => decided,
            Err(refusal) => return (0, None, Err(refusal)),
        };
        let batch = decided.batch;
        let notice = match &decided.answer {
            NotifyDecision::Deliver(delivery) => Some(delivery.verification.notice),
            _ => None,
        };
        let result = match decided.answer {
            NotifyDecision::Deliver(delivery) => self.deliver(*delivery).await,
            // It was confirmed already: there is nothing left to compare.
            NotifyDecision::Stands { serial } => Ok(Reply { serial, check_number: None }),
            NotifyDecision::Free => Err(Refusal::PasswordFree),
            NotifyDecision::Refused(rule) => Err(rule.into()),
            NotifyDecision::TokenNotHeld => Err(Rule::TokenUnknown.into()),
        };
        (batch, notice, result)
    }

    /// What stands of a notice whose envelope comes again: nothing is asked, stored or delivered. While the first is
    /// under way its outcome is waited for, as its own caller waits.
    async fn repeat(self, amount: Option<yanmi_protocol::Amount>) -> Result<String, Refusal> {
        let watch = self.site.ledger.watch(self.key);
        loop {
            let changed = watch.changed();
            let loaded = self.site.ledger.load(self.key).await?;
            let now = self.site.clock.now();
            let same = loaded.free_use.is_some_and(|used| used.amount == amount);
            if same && status::free_already(&self.site, &self.registry, &loaded, now) {
                return Err(Refusal::PasswordFree);
            }
            let standing = loaded.verification.filter(|verification| verification.amount == amount);
            let verification = standing.ok_or(Refusal::Repeated)?;
            match verification.state {
                Standing::Asked if verification.is_open(now) => {}
                Standing::Asked | Standing::Undelivered { .. } => return Err(Refusal::Repeated),
                // There is something to compare as long as nobody has answered.
                Standing::Notified { .. } => return Ok(self.notified(&verification)),
                _ => return Ok(message::Answer::notified_json(verification.serial, None)),
            }
            let left = self.site.settings.call.saturating_sub(self.started.elapsed());
            if tokio::time::timeout(left, changed).await.is_err() {
                return Err(Refusal::Repeated);
            }
        }
    }

    /// What the first was answered: the number to compare is made from that of the notice.
    fn notified(&self, verification: &Verification) -> String {
        let compares = self.extended && self.site.place.is_some();
        let number = compares.then(|| check_number(&self.site.sealer, verification.notice));
        message::Answer::notified_json(verification.serial, number.as_deref())
    }

    /// Has the ledger decide, asking the national center in between when it does not hold the token, or when it would
    /// refuse for something the person may have put in order meanwhile: somebody who was told to set a password and
    /// did so should not have to show another code.
    async fn ask(&self, amount: Option<yanmi_protocol::Amount>) -> Result<Decided<NotifyDecision>, Refusal> {
        let number = self.site.ledger.number().await?;
        let command = |learned| Notify {
            key: self.key,
            amount,
            number,
            shown_name: self.shown_name.clone(),
            compared: self.extended && self.site.place.is_some(),
            learned,
        };
        let decided = self.site.ledger.decide(&self.share, command(None)).await?;
        let learned = match decided.answer {
            NotifyDecision::TokenNotHeld => {
                credential::learn(&self.site, &self.share, self.key.token).await?
            }
            NotifyDecision::Refused(rule) if rule.rests_on_the_credential() => {
                match credential::learn(&self.site, &self.share, self.key.token).await {
                    Ok(learned) => learned,
                    // No news: what was known stands.
                    Err(_) => return Ok(decided),
                }
            }
            _ => return Ok(decided),
        };
        Ok(self.site.ledger.decide(&self.share, command(Some(learned))).await?)
    }

    async fn deliver(&self, delivery: Delivery) -> Result<Reply, Refusal> {
        let channel = self.registry.channel(&delivery.credential.channel);
        // The ledger has just found it in the same registry or a newer one.
        let channel = channel.ok_or(Refusal::Rule(Rule::ChannelUnknown))?;
        let occasion = Occasion {
            key: self.key,
            verification: &delivery.verification,
            credential: &delivery.credential,
            holder: &delivery.holder,
            org_name: self.shown_name.as_ref().unwrap_or(&self.registered_name),
            ways: delivery.ways,
        };
        let notice = notice::build(&self.site, &occasion)?;
        if let Some(old) = delivery.withdraw {
            tokio::spawn(withdraw(
                Arc::clone(&self.site),
                notice::withdrawal(&notice, old),
                channel.endpoint.clone(),
            ));
        }
        if let Some(old) = delivery.taken_over {
            tokio::spawn(take_back(Arc::clone(&self.site), Arc::clone(&self.registry), old));
        }
        let time = self.site.settings.call.saturating_sub(self.started.elapsed()).saturating_sub(RESERVE);
        let taken = self.site.deliverer.deliver(&channel.endpoint, &notice, time.max(LEAST)).await;
        let (key, notice) = (self.key, delivery.verification.notice);
        let taken = match taken {
            Ok(Taken::PasswordFree) => {
                if self.site.ledger.follow(TakeWord { key, notice }).await?.answer {
                    self.site.telemetry.delivery(channel.endpoint.id.as_str(), "password-free");
                    return Err(Refusal::PasswordFree);
                }
                Err(DeliveryFailure::Refused { reason: WORD_NOT_TAKEN.to_owned() })
            }
            other => other,
        };
        let result = taken.as_ref().map_or_else(DeliveryFailure::code, |_| "ok");
        self.site.telemetry.delivery(channel.endpoint.id.as_str(), result);
        match taken {
            Ok(_) => {
                self.site.ledger.follow(MarkDelivered { key, notice }).await?;
                // Where there is no page nobody sees it.
                let compares = self.extended && self.site.place.is_some();
                let check_number = compares.then(|| check_number(&self.site.sealer, notice));
                Ok(Reply { serial: delivery.verification.serial, check_number })
            }
            Err(failure) => {
                let reason = failure.kind();
                self.site.ledger.follow(MarkUndelivered { key, notice, reason }).await?;
                Err(Refusal::NoticeFailed(failure))
            }
        }
    }
}

/// Tells the channel, once and without anybody waiting, that an older notice no longer counts. The ledger refuses its
/// confirmation whether the channel hears of it or not.
async fn withdraw(site: Arc<Site>, withdrawal: Notice, endpoint: Endpoint) {
    let result = site.deliverer.deliver(&endpoint, &withdrawal, site.settings.call).await;
    let word = result.as_ref().map_or_else(DeliveryFailure::code, |_| "withdrawn");
    site.telemetry.delivery(endpoint.id.as_str(), word);
    if result.is_err() {
        site.calls.note(Seen {
            org_code: Some(withdrawal.org_code),
            token: Some(withdrawal.token),
            notice: Some(withdrawal.number),
            cause: Some(word.to_owned()),
            detail: Some(endpoint.id.as_str().to_owned()),
            ..Seen::new(site.clock.now(), calls::WITHDRAW, i64::from(Code::NoticeFailed.number()))
        });
    }
}

/// The same for a notice under another token, in whatever app it is: the person was asked anew (1.4.4(5)E).
async fn take_back(site: Arc<Site>, registry: Arc<Snapshot>, old: NoticeNo) {
    // What was asked for again meanwhile has another number, and the app knows which is the newer.
    let Ok(Some(shown)) = site.ledger.by_notice(old).await else { return };
    let Some(channel) = registry.channel(&shown.credential.channel) else { return };
    match notice::of_stored(&site, &registry, &shown) {
        Ok(notice) => withdraw(site, notice::withdrawal(&notice, old), channel.endpoint.clone()).await,
        Err(refusal) => {
            tracing::error!(cause = refusal.cause().unwrap_or_default(), "未能撤回另一渠道应用上的通知");
        }
    }
}
