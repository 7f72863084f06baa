//! A vendor's library and a terminal as the ports call them: real shared objects, loaded and called through the real ABI.

#[path = "../../../client/tests/client/hands.rs"]
#[expect(dead_code, reason = "the tests of the client use all of it")]
mod hands;
mod library;
mod plugged;
mod sandbox;
#[path = "../../../client/tests/client/site.rs"]
#[expect(dead_code, reason = "the tests of the client use all of it")]
mod site;

use std::path::Path;
use std::sync::Arc;

use yanmi_client::config::Document;
use yanmi_client::gate::{Ask, Grounds, OfflineOutcome, ProofWay, Reason, Verdict, Visit, VisitId};
use yanmi_client::offline::CredentialPassword;
use yanmi_client::{Desk, Machine};
use yanmi_offline::ports::Ports;
use yanmi_protocol::Amount;
use zeroize::Zeroizing;

/// The desk of a configuration with what it plugs in; or in words what is wrong with that.
fn open(text: &str) -> Result<Desk, String> {
    let mut document = Document::of_toml(text, Path::new("")).expect("TOML");
    let ports = Ports::take(&mut document).map_err(|error| error.to_string())?;
    let config = document.read(&|_| None).expect("a configuration");
    let desk = Desk::open(&config, Arc::new(Machine::new())).expect("a desk");
    ports.plug(desk, config.institution.org_code).map_err(|error| error.to_string())
}

/// What a person typed; nothing when that is for the library to ask.
fn typed(password: &str) -> Option<CredentialPassword> {
    (!password.is_empty())
        .then(|| CredentialPassword::new(Zeroizing::new(password.to_owned())).expect("six digits"))
}

/// What was recorded of the last check.
fn outcome(visit: &Visit) -> OfflineOutcome {
    visit.offline().expect("a record").outcome.clone()
}

fn failed(message: &str) -> OfflineOutcome {
    OfflineOutcome::Failed { message: message.to_owned() }
}

fn unavailable(message: &str) -> OfflineOutcome {
    OfflineOutcome::Unavailable { message: message.to_owned() }
}

/// Why something is not to be settled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum No {
    Refuse(Reason),
    FallBack(Reason),
}

/// What the gate says of an inpatient's payment: by which way it was proven, or why not.
fn gate(desk: &Desk, visit: VisitId, amount: &str) -> Result<ProofWay, No> {
    let kind = desk.rules().kind("2207").expect("a call that is gated");
    let amount: Amount = amount.parse().expect("an amount");
    match desk.gate(visit, Ask { kind, amount }).expect("decided").decision.verdict {
        Verdict::Settle(grounds) => match grounds {
            Grounds::Proven(proof) => Ok(proof.way),
            Grounds::NotGated(exemption) => panic!("{exemption:?}"),
        },
        Verdict::Refuse(advice) => Err(No::Refuse(advice.reason)),
        Verdict::FallBack(advice) => Err(No::FallBack(advice.reason)),
    }
}

/// The number of the check the last decision rests on.
fn serial(desk: &Desk, visit: VisitId) -> Option<String> {
    let visit = desk.visits().get(visit).expect("kept");
    match &visit.decision()?.verdict {
        Verdict::Settle(Grounds::Proven(proof)) => proof.serial.clone(),
        _ => None,
    }
}
