//! The offline ways (1.5.3.2): what terminal or dynamic library said, and what shows that it did.

use yanmi_protocol::UnixMillis;

use super::advice::Reason;
use super::record::{OfflineOutcome, Source, Way};
use super::scene::Scene;
use super::verdict::{Grounds, Proof, ProofWay, Verdict};

pub(super) fn decide(scene: Scene<'_>, way: Way, now: UnixMillis) -> Verdict {
    let visit = scene.visit;
    let Some(record) = visit.offline.as_ref().filter(|record| record.way == way) else {
        return scene.refuse(Reason::OfflineMissing);
    };
    match &record.outcome {
        OfflineOutcome::Failed { message } => Verdict::Refuse(scene.told(Reason::OfflineFailed, message)),
        OfflineOutcome::Unavailable { message } => {
            Verdict::Refuse(scene.told(Reason::OfflineUnavailable, message))
        }
        OfflineOutcome::Passed { token, .. }
            if token.is_some() && *token != visit.token && visit.token.is_some() =>
        {
            scene.refuse(Reason::AnotherToken)
        }
        OfflineOutcome::Passed { serial, .. } => {
            let proven = serial.is_some() || record.source == Source::Port;
            passed(scene, ProofWay::of(way, None), record.at, serial.as_deref(), proven, now)
        }
    }
}

/// A face at the terminal that was the medium (1.5.3.2(2)B.a).
pub(super) fn face(scene: Scene<'_>, now: UnixMillis) -> Verdict {
    let visit = scene.visit;
    let serial = visit.evidence.as_deref();
    passed(scene, ProofWay::TerminalFace, visit.begun_at, serial, serial.is_some(), now)
}

fn passed(
    scene: Scene<'_>,
    way: ProofWay,
    at: UnixMillis,
    serial: Option<&str>,
    proven: bool,
    now: UnixMillis,
) -> Verdict {
    if !proven && !scene.rules.bare_claims {
        return scene.refuse(Reason::NoEvidence);
    }
    if !scene.rules.is_valid(at, now) {
        return scene.refuse(Reason::ProofExpired);
    }
    let serial = serial.map(str::to_owned);
    let proof = Proof { way, at, serial, password_free: false, covers: None, claimed: !proven };
    Verdict::Settle(Grounds::Proven(proof))
}
