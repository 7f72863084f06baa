//! What the page of a notice has to show at this moment.

use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::{Amount, UnixMillis, display, mask};
use yanmi_verification::status::{self, Status};
use yanmi_verification::{DeclineReason, PasswordTries, State};

use crate::journey::credential::Holder;
use crate::journey::facts;
use crate::journey::notice::{institution_name, offered_ways};
use crate::ledger::{Shown, StoredFacts};
use crate::page_link::check_number;
use crate::refusal::Refusal;
use crate::registry::Snapshot;
use crate::site::Site;

/// Who asks whom for what.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub(super) institution: String,
    pub(super) amount: Option<Amount>,
    /// Masked.
    pub(super) name: String,
    pub(super) asked_at: UnixMillis,
    pub(super) expires_at: UnixMillis,
    /// Two digits to compare; only when the institution knows them.
    pub(super) check_number: Option<String>,
    /// Ways into the channel's app, if it registered an address.
    pub(super) app: Vec<AppLink>,
}

/// A link into the channel's app, where the person confirms otherwise than here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct AppLink {
    /// The app's name.
    pub(super) app: String,
    /// What the person does there.
    pub(super) deed: &'static str,
    pub(super) address: String,
}

/// Where it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Scene {
    /// The person is asked.
    Open(Asking),
    /// No password is needed any more.
    Free,
    /// Confirmed, and it still counts.
    Confirmed { at: UnixMillis, until: UnixMillis },
    /// Confirmed too long ago.
    Lapsed,
    /// The person cancelled.
    Cancelled,
    /// The person said it is not them.
    NotMe,
    /// Too many wrong passwords; until when.
    Locked { until: Option<UnixMillis> },
    /// The channel could not have it confirmed, or the notice never reached it.
    Failed,
    /// Nobody answered in time.
    Expired,
    /// The person showed another code, and is asked under that one.
    HandedOver,
}

impl Scene {
    /// A word for it, by which a page that is open asks whether it is still so.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Open(Asking { password: Password::Asked { .. }, .. }) => "asked",
            Self::Open(Asking { password: Password::Locked(_), .. }) => "no-password-now",
            Self::Open(Asking { password: Password::NotOffered, .. }) => "in-the-app",
            Self::Open(Asking { password: Password::InTheOpen, .. }) => "in-the-open",
            Self::Free => "free",
            Self::Confirmed { .. } => "confirmed",
            Self::Lapsed => "lapsed",
            Self::Cancelled => "cancelled",
            Self::NotMe => "not-me",
            Self::Locked { .. } => "locked",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::HandedOver => "handed-over",
        }
    }
}

/// How the person can answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Asking {
    pub(super) password: Password,
    /// Whether the channel's app has ways of its own: a face, its own payment password.
    pub(super) in_app: bool,
}

/// Whether the credential password can be typed here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Password {
    /// Yes.
    Asked {
        /// Tries that are counted at this moment.
        counted: u32,
        /// Wrong ones in a row so far.
        wrong: u32,
        /// Wrong ones there may still be.
        left: u32,
    },
    /// Not before this time.
    Locked(UnixMillis),
    /// The channel does not offer it, or there is none.
    NotOffered,
    /// It would leave the browser in the open.
    InTheOpen,
}

/// The visit a notice is about.
pub(super) fn visit(site: &Site, registry: &Snapshot, shown: &Shown) -> Result<Visit, Refusal> {
    let holder = Holder::open(&site.sealer, shown.key.token, &shown.holder)?;
    Ok(Visit {
        institution: institution_name(registry, shown),
        amount: shown.verification.amount,
        name: mask::name(&holder.name),
        asked_at: shown.verification.asked_at,
        expires_at: shown.verification.expires_at,
        check_number: shown.compared.then(|| check_number(&site.sealer, shown.verification.notice)),
        app: doors(registry, shown),
    })
}

/// One link for each way the app has besides the credential password, or one for all if it does not ask which.
fn doors(registry: &Snapshot, shown: &Shown) -> Vec<AppLink> {
    let Some(channel) = registry.channel(&shown.credential.channel) else { return Vec::new() };
    let Some(handover) = &channel.handover else { return Vec::new() };
    let offered = offered_ways(registry, shown);
    let ways = [(Way::Face, "刷脸确认"), (Way::ChannelPassword, "用支付密码确认")];
    let ways: Vec<_> = ways.into_iter().filter(|(way, _)| offered.contains(*way)).collect();
    let door = |(way, deed)| AppLink {
        app: display::encode(&channel.name).into_owned(),
        deed,
        address: handover.address(shown.verification.notice, way),
    };
    match ways[..] {
        [(first, _), _] if !handover.tells_way() => vec![door((first, "刷脸或用支付密码确认"))],
        _ => ways.into_iter().map(door).collect(),
    }
}

/// Where it stands. `until` is when it was to end as the link was made; `private` says whether a password may leave the
/// browser.
pub(super) async fn look(
    site: &Site,
    registry: &Snapshot,
    shown: &Shown,
    (now, until): (UnixMillis, UnixMillis),
    private: bool,
) -> Result<Scene, Refusal> {
    let holder = Holder::open(&site.sealer, shown.key.token, &shown.holder)?;
    let tries = site.ledger.tries(holder.identity_key(&site.sealer)).await?;
    Ok(match shown.verification.state_at(now) {
        State::Asked | State::Notified { .. } => {
            let loaded = site.ledger.load(shown.key).await?;
            if needs_none(site, registry, &loaded, now) {
                Scene::Free
            } else {
                Scene::Open(asking(site, registry, shown, tries, now, private))
            }
        }
        State::Verified { at, valid_until, .. } if now < valid_until => {
            Scene::Confirmed { at, until: valid_until }
        }
        State::Verified { .. } => Scene::Lapsed,
        State::Declined { reason, .. } => match reason {
            DeclineReason::Cancelled => Scene::Cancelled,
            DeclineReason::NotMe => Scene::NotMe,
            DeclineReason::WrongPassword => {
                Scene::Locked { until: tries.locked_until.filter(|until| now < *until) }
            }
            DeclineReason::ChannelFailed => Scene::Failed,
        },
        // Ended before its time, or as if it had been: another code took its place, or the app said that no password is needed.
        State::Expired { .. } if shown.verification.expires_at < until => Scene::HandedOver,
        State::Expired { .. } => Scene::Expired,
        State::Undelivered { .. } => Scene::Failed,
    })
}

/// Whether the person has switched password-free settlement on since they were asked.
fn needs_none(site: &Site, registry: &Snapshot, loaded: &StoredFacts, now: UnixMillis) -> bool {
    let facts = facts::of_stored(registry, loaded);
    matches!(status::status(&facts, now, &site.policy), Ok(Status::Free(_)))
}

fn asking(
    site: &Site,
    registry: &Snapshot,
    shown: &Shown,
    tries: PasswordTries,
    now: UnixMillis,
    private: bool,
) -> Asking {
    let ways = offered_ways(registry, shown);
    let password = match tries.locked_until {
        _ if !ways.contains(Way::CredentialPassword) => Password::NotOffered,
        _ if !private => Password::InTheOpen,
        Some(until) if now < until => Password::Locked(until),
        // A lock that is over takes the wrong ones with it.
        Some(_) => Password::Asked { counted: tries.count, wrong: 0, left: site.policy.password_tries },
        None => Password::Asked { counted: tries.count, wrong: tries.count, left: tries.left(&site.policy) },
    };
    Asking { password, in_app: ways.contains(Way::Face) || ways.contains(Way::ChannelPassword) }
}
