//! The offline ways (1.5.3.2): what terminal or dynamic library said.

use yanmi_protocol::UnixMillis;

use super::record::{OfflineOutcome, Way};
use super::rules::Rules;
use super::verdict::{Grounds, Proof, ProofWay, Reason, Verdict};
use super::visit::Visit;

pub(super) fn decide(visit: &Visit, way: Way, rules: &Rules, now: UnixMillis) -> Verdict {
    let Some(record) = visit.offline.as_ref().filter(|record| record.way == way) else {
        return Reason::OfflineMissing.refuse();
    };
    match &record.outcome {
        OfflineOutcome::Failed { message } => Verdict::Refuse(Reason::OfflineFailed.told(message)),
        OfflineOutcome::Unavailable { message } => Verdict::Refuse(Reason::OfflineUnavailable.told(message)),
        OfflineOutcome::Passed { token, .. }
            if token.is_some() && *token != visit.token && visit.token.is_some() =>
        {
            Reason::AnotherToken.refuse()
        }
        OfflineOutcome::Passed { .. } if !rules.is_valid(record.at, now) => Reason::ProofExpired.refuse(),
        OfflineOutcome::Passed { serial, .. } => Verdict::Settle(Grounds::Proven(Proof {
            way: ProofWay::of(way, None),
            at: record.at,
            serial: serial.clone(),
            password_free: false,
            covers: None,
        })),
    }
}
