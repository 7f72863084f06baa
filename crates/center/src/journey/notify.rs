//! Having a person asked, whoever wants it: the way of a notice from the ledger to the channel and back.
//!
//! The verification is stored durably before the channel is called (V1), and again when the channel has taken the
//! notice. What was begun is finished even when whoever asked hangs up: the notice may be on the phone already.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use yanmi_protocol::message::channel_notice::Notice;
use yanmi_protocol::{Amount, Code, NoticeNo, SerialNo};
use yanmi_verification::{Refusal as Rule, State as Standing, Verification};

use super::credential;
use super::facts;
use super::notice::{self, Occasion};
use crate::calls::{self, Seen};
use crate::delivery::deliver::{DeliveryFailure, Endpoint, Reception};
use crate::ledger::{
    Decided, Dispatch, Key, MarkDelivered, MarkUndelivered, Notify, NotifyDecision, TakeWord,
};
use crate::page_link::check_number;
use crate::refusal::Refusal;
use crate::registry::Snapshot;
use crate::share::Share;
use crate::site::Site;

/// What the institution reads when a channel's word does not count.
const WORD_NOT_TAKEN: &str = "渠道应用答复该参保人免密，但该渠道未登记此项或金额超出登记的限额";
/// Kept back from the time of the whole call, for the commit and the answer after the channel's.
const RESERVE: Duration = Duration::from_millis(300);
/// The least time a channel is given.
const LEAST: Duration = Duration::from_millis(100);

/// What the institution is told of a notice that went out.
#[derive(Clone, Debug)]
pub(crate) struct NoticeReply {
    pub(crate) serial: SerialNo,
    /// The number to compare, for an institution that asked for it.
    pub(crate) check_number: Option<String>,
}

/// One notice on its way.
pub(crate) struct NoticeJourney {
    pub(crate) site: Arc<Site>,
    pub(crate) registry: Arc<Snapshot>,
    pub(crate) share: Arc<Share>,
    pub(crate) started: Instant,
    pub(crate) key: Key,
    pub(crate) shown_name: Option<String>,
    /// Whether the institution understands members beyond the specification.
    pub(crate) extended: bool,
    pub(crate) registered_name: String,
}

impl NoticeJourney {
    /// The batch it was last decided in, the notice that was to be delivered, and what is told of a success.
    pub(crate) async fn run(
        self,
        amount: Option<Amount>,
    ) -> (usize, Option<NoticeNo>, Result<NoticeReply, Refusal>) {
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
            NotifyDecision::Stands { serial } => Ok(NoticeReply { serial, check_number: None }),
            NotifyDecision::Free => Err(Refusal::PasswordFree),
            NotifyDecision::Refused(rule) => Err(rule.into()),
            NotifyDecision::TokenNotHeld => Err(Rule::TokenUnknown.into()),
        };
        (batch, notice, result)
    }

    /// What stands of a notice whose envelope comes again: nothing is asked, stored or delivered. While the first is
    /// under way its outcome is waited for, as its own caller waits.
    pub(crate) async fn repeat(self, amount: Option<Amount>) -> Result<NoticeReply, Refusal> {
        let watch = self.site.ledger.watch(self.key);
        loop {
            let changed = watch.changed();
            let loaded = self.site.ledger.load(self.key).await?;
            let now = self.site.clock.now();
            let same = loaded.free_use.is_some_and(|used| used.amount == amount);
            if same && facts::free_already(&self.site, &self.registry, &loaded, now) {
                return Err(Refusal::PasswordFree);
            }
            let standing = loaded.verification.filter(|verification| verification.amount == amount);
            let verification = standing.ok_or(Refusal::Repeated)?;
            match verification.state {
                Standing::Asked if verification.is_open(now) => {}
                Standing::Asked | Standing::Undelivered { .. } => return Err(Refusal::Repeated),
                // There is something to compare as long as nobody has answered.
                Standing::Notified { .. } => return Ok(self.notified(&verification)),
                _ => return Ok(NoticeReply { serial: verification.serial, check_number: None }),
            }
            let left = self.site.settings.call.saturating_sub(self.started.elapsed());
            if tokio::time::timeout(left, changed).await.is_err() {
                return Err(Refusal::Repeated);
            }
        }
    }

    /// Whether there is a number to compare: where there is no page nobody sees it.
    fn compares(&self) -> bool {
        self.extended && self.site.place.is_some()
    }

    /// What is told of a notice that is on a phone: the number to compare is made from that of the notice.
    fn notified(&self, verification: &Verification) -> NoticeReply {
        let check_number = self.compares().then(|| check_number(&self.site.sealer, verification.notice));
        NoticeReply { serial: verification.serial, check_number }
    }

    /// Has the ledger decide, asking the national center in between when it does not hold the token, or when it would
    /// refuse for something the person may have put in order meanwhile: somebody who was told to set a password and
    /// did so should not have to show another code.
    async fn ask(&self, amount: Option<Amount>) -> Result<Decided<NotifyDecision>, Refusal> {
        let number = self.site.ledger.number().await?;
        let command = |learned| Notify {
            key: self.key,
            amount,
            number,
            shown_name: self.shown_name.clone(),
            compared: self.compares(),
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

    async fn deliver(&self, delivery: Dispatch) -> Result<NoticeReply, Refusal> {
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
            Ok(Reception::PasswordFree) => {
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
                Ok(self.notified(&delivery.verification))
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
