//! What a browser carries while somebody is at the provider: one sealed cookie, which nobody but this site can make or read.
//!
//! Nothing is stored for who has proved nothing, so strangers cannot fill anything. What is bound to the browser by it is the
//! login itself: the answer of the provider is taken from the browser that was sent there, and from no other.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use yanmi_protocol::UnixMillis;

use crate::sealing::{Cell, Sealer};

/// How long somebody may take from the first step to the last.
pub(crate) const FLOW_LIFE: Duration = Duration::from_mins(10);
/// The most characters of such a cookie; browsers keep 4,096 bytes of one with its name.
const MAX_COOKIE: usize = 3_800;
/// The most characters of the address somebody goes to afterwards; a longer one is forgotten.
const MAX_NEXT: usize = 400;
/// What it is sealed for.
const CELL: Cell<'_> = Cell { table: "console", row: "oidc", column: "flow" };

/// A login by the provider that has begun, or the binding of one. `Debug` shows nothing of it.
#[derive(Serialize, Deserialize)]
pub(crate) struct OidcFlow {
    /// Whom the subject is to be bound to; nobody where somebody logs in.
    pub(crate) binds: Option<String>,
    /// Where he goes then.
    pub(crate) next: String,
    pub(crate) step: FlowStep,
    began: i64,
}

/// How far it is.
#[derive(Serialize, Deserialize)]
pub(crate) enum FlowStep {
    /// The browser was sent to the provider.
    Asked(Asked),
    /// The provider said who it is.
    Proven(ProvenSubject),
}

/// What the provider's answer has to fit.
#[derive(Serialize, Deserialize)]
pub(crate) struct Asked {
    state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
}

/// Whom the provider named.
#[derive(Serialize, Deserialize)]
pub(crate) struct ProvenSubject {
    /// The keyed hash of issuer and subject.
    pub(crate) subject: [u8; 16],
    /// What he is called there.
    pub(crate) name: String,
}

impl std::fmt::Debug for OidcFlow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OidcFlow(…)")
    }
}

impl Asked {
    pub(super) fn fresh(sealer: &Sealer) -> Self {
        let word = || BASE64.encode(sealer.fresh());
        // RFC 7636 wants 43 characters at least.
        Self { state: word(), nonce: word(), verifier: [word(), word()].concat() }
    }

    pub(super) fn state(&self) -> &str {
        &self.state
    }

    /// Whether an answer is to this question.
    pub(crate) fn fits(&self, state: &str) -> bool {
        bool::from(self.state.as_bytes().ct_eq(state.as_bytes()))
    }
}

impl OidcFlow {
    pub(super) fn new(asked: Asked, binds: Option<String>, next: &str, now: UnixMillis) -> Self {
        let next = if next.len() <= MAX_NEXT { next.to_owned() } else { String::new() };
        Self { binds, next, step: FlowStep::Asked(asked), began: now.get() }
    }

    /// When it began: of two logins the later one is the newer.
    pub(crate) const fn began(&self) -> UnixMillis {
        UnixMillis::new(self.began)
    }

    /// The same after the provider's answer.
    pub(crate) fn proven(self, proven: ProvenSubject) -> Self {
        Self { step: FlowStep::Proven(proven), ..self }
    }

    /// As a cookie's value.
    pub(crate) fn sealed(&self, sealer: &Sealer) -> String {
        // Texts and numbers always have a JSON text.
        let json = serde_json::to_vec(self).unwrap_or_default();
        BASE64.encode(sealer.seal(CELL, &json))
    }

    /// What a cookie holds, if it is one of this site's and not too old.
    pub(crate) fn open(cookie: &str, sealer: &Sealer, now: UnixMillis) -> Option<Self> {
        let bytes = Some(cookie).filter(|cookie| cookie.len() <= MAX_COOKIE)?;
        let bytes = sealer.open(CELL, &BASE64.decode(bytes).ok()?).ok()?;
        let flow: Self = serde_json::from_slice(&bytes).ok()?;
        let began = flow.began();
        (began <= now && now < began.plus(FLOW_LIFE)).then_some(flow)
    }
}

#[cfg(test)]
mod tests {
    use yanmi_protocol::Sm4Key;

    use super::*;
    use crate::ports::Entropy;

    #[test]
    fn a_flow_is_this_sites_and_of_the_last_ten_minutes() {
        let sealer = |key: &str| Sealer::new(&Sm4Key::from_ascii(key).expect("a key"), Entropy::seeded(7));
        let mine = sealer("yanmi-test-key-1");
        let now = UnixMillis::new(1_763_869_440_000);
        let asked = Asked::fresh(&mine);
        assert!(asked.verifier.len() >= 43 && asked.state != asked.nonce);
        let state = asked.state.clone();
        let cookie = OidcFlow::new(asked, None, &"/o/".repeat(200), now).sealed(&mine);
        let opened = OidcFlow::open(&cookie, &mine, now).expect("a flow");
        let FlowStep::Asked(asked) = &opened.step else { panic!("another step") };
        assert!(asked.fits(&state) && !asked.fits("") && !asked.fits(&asked.nonce) && opened.next.is_empty());
        assert_eq!(format!("{opened:?}"), "OidcFlow(…)");
        let last = now.plus(FLOW_LIFE).minus(Duration::from_millis(1));
        assert!(OidcFlow::open(&cookie, &mine, last).is_some());
        assert!(OidcFlow::open(&cookie, &mine, now.plus(FLOW_LIFE)).is_none());
        assert!(OidcFlow::open(&cookie, &mine, now.minus(Duration::from_millis(1))).is_none());
        assert!(OidcFlow::open(&cookie, &sealer("yanmi-test-key-2"), now).is_none());
        for bent in ["", "x", "某", &cookie[1..], &format!("{cookie}AA"), &"A".repeat(5_000)] {
            assert!(OidcFlow::open(bent, &mine, now).is_none(), "{bent}");
        }
        // The longest there is fits into a cookie.
        let proven = ProvenSubject { subject: [255; 16], name: "某".repeat(80) };
        let longest = OidcFlow::new(Asked::fresh(&mine), Some("a".repeat(32)), &"n".repeat(MAX_NEXT), now);
        assert!(longest.proven(proven).sealed(&mine).len() < MAX_COOKIE);
    }
}
