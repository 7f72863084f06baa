//! May they settle: a look at a verification, or one that waits until there is news.

use std::fmt;
use std::time::Duration;

use yanmi_protocol::UnixMillis;
use yanmi_verification::status::{self, Status};
use yanmi_verification::{Facts, Verification};

use super::{credential, facts};
use crate::arrivals::Arrival;
use crate::ledger::{Key, Learn, Standing, UseFree};
use crate::refusal::Refusal;
use crate::registry::Snapshot;
use crate::share::Share;
use crate::site::Site;

/// After how many seconds to ask again when there was no place to be held: about what a client without holding polls at.
const HELD_RETRY: u64 = 2;

/// Somebody asks about a verification.
pub(crate) struct LookJourney<'a> {
    pub(crate) site: &'a Site,
    pub(crate) registry: &'a Snapshot,
    pub(crate) share: &'a Share,
    pub(crate) key: Key,
    /// Whether what asks has come before, which is to be known before a payment is counted.
    pub(crate) begin: &'a (dyn Fn() -> Result<Arrival, Refusal> + Sync),
    /// With how many others it was committed, when anything was; 0 to begin with.
    pub(crate) batch: usize,
}

impl fmt::Debug for LookJourney<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LookJourney").field("key", &self.key).finish_non_exhaustive()
    }
}

/// What a look finds.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Look {
    pub(crate) confirmed: bool,
    pub(crate) verification: Option<Verification>,
    /// The seconds after which to ask again, for whoever found no place to wait.
    pub(crate) retry_after: Option<u64>,
}

impl LookJourney<'_> {
    /// Looks, and looks again when something changes, until there is something new to tell or the time is over.
    pub(crate) async fn hold(&mut self, wait: Duration) -> Result<Look, Refusal> {
        let site = self.site;
        let Some(_place) = site.held.take(&self.share.held) else {
            // The state of now, and when to come again.
            return Ok(Look { retry_after: Some(HELD_RETRY), ..self.look().await? });
        };
        let until = tokio::time::Instant::now() + wait;
        let watch = site.ledger.watch(self.key);
        let mut first = None;
        loop {
            // Armed before the look, so that no change falls between the two.
            let changed = watch.changed();
            let found = self.look().await?;
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
                biased;
                () = changed => {}
                () = site.stopping.told() => return Ok(found),
                () = tokio::time::sleep_until(expires) => {
                    if expires == until {
                        return self.look().await;
                    }
                }
            }
        }
    }

    /// Looks once.
    pub(crate) async fn look(&mut self) -> Result<Look, Refusal> {
        let (site, key) = (self.site, self.key);
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
            let learned = credential::learn(site, self.share, key.token).await?;
            self.batch = site.ledger.follow(Learn(learned)).await?.batch;
            standing = site.ledger.standing(key).await?;
        }
        let channel = standing.credential.and_then(|c| self.registry.channel_facts(&c.channel));
        if channel.is_some_and(|channel| channel.password_free || channel.word.is_some()) {
            return Box::pin(self.look_where_free(now)).await;
        }
        let facts = Facts {
            credential: standing.credential.as_ref(),
            channel,
            verification: standing.verification,
            ..Facts::default()
        };
        let status = status::status(&facts, now, &site.policy)?;
        let confirmed = status == Status::Confirmed;
        Ok(Look { confirmed, verification: standing.verification, retry_after: None })
    }

    /// The long way, for channels that offer password-free settlement: it hangs on the person's settings and on what was
    /// used of them.
    async fn look_where_free(&mut self, now: UnixMillis) -> Result<Look, Refusal> {
        let (site, key) = (self.site, self.key);
        let loaded = site.ledger.load(key).await?;
        let facts = facts::of_stored(self.registry, &loaded);
        let found = Look { verification: loaded.verification, ..Look::default() };
        let confirmed = loaded.verification.is_some_and(|v| v.is_confirmed(now));
        match status::status(&facts, now, &site.policy)? {
            Status::Confirmed => Ok(Look { confirmed: true, ..found }),
            Status::NotConfirmed => Ok(found),
            Status::Free(_) if (self.begin)()? == Arrival::Again => {
                // It was counted when the envelope came first, or it is not let through by this one.
                if facts::free_already(site, self.registry, &loaded, now) {
                    return Err(Refusal::PasswordFree);
                }
                Ok(Look { confirmed, ..found })
            }
            Status::Free(_) => {
                // Judged again where it is counted.
                let decided = site.ledger.decide(self.share, UseFree { key }).await?;
                self.batch = decided.batch;
                if decided.answer? {
                    return Err(Refusal::PasswordFree);
                }
                Ok(Look { confirmed, ..found })
            }
        }
    }
}
