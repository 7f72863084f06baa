//! What the national center says about a token, turned into what the ledger keeps.

use std::fmt;

use serde::{Deserialize, Serialize};
use yanmi_protocol::message::national::{self, PersonStatus};
use yanmi_protocol::{Code, EcIndexNo, EcToken, document};
use yanmi_verification::{Credential, Identity, IdentityKey, PersonKey};
use zeroize::Zeroizing;

use crate::ledger::TokenRecord;
use crate::national::NationalError;
use crate::refusal::Refusal;
use crate::sealing::{Cell, SealBroken, Sealer};
use crate::share::Share;
use crate::site::Site;

/// Who stands behind a token. Sealed wherever it is kept; `Debug` shows nothing.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Holder {
    #[serde(rename = "n")]
    pub(crate) name: String,
    #[serde(rename = "t")]
    pub(crate) id_type: String,
    #[serde(rename = "i")]
    pub(crate) id_no: String,
    #[serde(rename = "x")]
    index: Option<String>,
}

impl fmt::Debug for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Holder(…)")
    }
}

impl Holder {
    /// By what the tries of the holder's document are counted.
    pub(crate) fn identity_key(&self, sealer: &Sealer) -> IdentityKey {
        identity_key(sealer, &self.id_no)
    }

    pub(crate) fn index(&self) -> Option<EcIndexNo> {
        self.index.as_deref().and_then(|index| EcIndexNo::new(index).ok())
    }

    /// Opens the sealed holder of a token.
    pub(crate) fn open(sealer: &Sealer, token: EcToken, kept: &[u8]) -> Result<Self, Refusal> {
        let broken = |SealBroken| Refusal::Broken("持证人信息无法打开".to_owned());
        let plain = sealer.open(cell(&token), kept).map_err(broken)?;
        serde_json::from_slice(&plain).map_err(|_| Refusal::Broken("持证人信息无法读取".to_owned()))
    }

    fn seal(&self, sealer: &Sealer, token: EcToken) -> Vec<u8> {
        // Writing into memory cannot fail.
        let plain = Zeroizing::new(serde_json::to_vec(self).unwrap_or_default());
        sealer.seal(cell(&token), &plain)
    }
}

fn cell(token: &EcToken) -> Cell<'_> {
    Cell { table: "tokens", row: token.as_str(), column: "holder" }
}

/// Asks the national center for the credential behind a token, unless it has just said that there is none.
pub(crate) async fn learn(site: &Site, share: &Share, token: EcToken) -> Result<Box<TokenRecord>, Refusal> {
    const NONE: NationalError = NationalError::Refused(Code::CredentialNotFound);
    if site.unknown.is_one(&token, site.clock.now()) {
        site.telemetry.national("token", "remembered");
        return Err(NONE.into());
    }
    // Another exchange over the network: on its own, so that calls which seldom need it stay small.
    let credential = Box::pin(site.national.credential_of_token(share, token)).await;
    site.telemetry.national("token", national_result(&credential));
    if credential.as_ref().is_err_and(|error| *error == NONE) {
        site.unknown.remember(token, site.clock.now());
    }
    Ok(Box::new(learned(&site.sealer, &credential?)))
}

/// The word of a question's result in the metrics.
pub(crate) fn national_result<T>(result: &Result<T, NationalError>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(NationalError::Refused(_)) => "refused",
        Err(NationalError::TimedOut) => "timed-out",
        Err(NationalError::Busy) => "busy",
        Err(NationalError::Failed(_)) => "failed",
    }
}

/// What the ledger keeps of a credential.
pub(crate) fn learned(sealer: &Sealer, told: &national::Credential) -> TokenRecord {
    let holder = Holder {
        name: told.user_name.clone().unwrap_or_default(),
        id_type: told.id_type.clone().unwrap_or_default(),
        id_no: told.id_no.clone().unwrap_or_default(),
        index: told.index.as_ref().map(|index| index.as_str().to_owned()),
    };
    let credential = Credential {
        person: match &told.index {
            Some(index) => person_key(sealer, index),
            // A credential may have no index; its document tells persons apart as well.
            None => PersonKey(sealer.index("person by document", &[&holder.id_type, &holder.id_no])),
        },
        identity_key: identity_key(sealer, &holder.id_no),
        channel: told.channel,
        active: told.active,
        identity: identity(told),
        authorized: told.authorized,
        password_set: told.password_set,
        decoded_at: told.decoded_at,
    };
    TokenRecord { token: told.token, credential, holder: holder.seal(sealer, told.token) }
}

/// The key of a person by the credential's index.
pub(crate) fn person_key(sealer: &Sealer, index: &EcIndexNo) -> PersonKey {
    PersonKey(sealer.index("person", &[index.as_str()]))
}

/// The key of a document: its number alone, in the form in which numbers are counted (E16). A type that somebody gives with
/// it gives no tries of its own.
pub(crate) fn identity_key(sealer: &Sealer, id_no: &str) -> IdentityKey {
    IdentityKey(sealer.index("document", &[&document::canonical_number(id_no)]))
}

fn identity(told: &national::Credential) -> Identity {
    match told.person {
        _ if told.user_name.is_none() || told.id_no.is_none() => Identity::Empty,
        _ if told.insured_place.is_none() => Identity::PlaceEmpty,
        PersonStatus::Mismatch => Identity::Mismatch,
        PersonStatus::DataWrong => Identity::Wrong,
        PersonStatus::InOrder => Identity::Complete,
    }
}
