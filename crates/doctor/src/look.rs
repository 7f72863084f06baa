//! What somebody pastes, looked at with a key in hand.

use std::fmt;

use yanmi_protocol::envelope::{CipherText, PlainText};
use yanmi_protocol::{Members, Sm4Key};

use crate::diagnosis::Diagnosis;

/// What is said of a text that does not open and that no mistake of the table explains.
pub const UNEXPLAINED: &str = "没有符合已知的常见错误：请核对密钥校验值是否与对方一致，密文是否完整。";

/// What became of a text.
pub enum Look {
    /// It opens.
    Opened {
        /// The message. Personal: for whoever holds the key, never for a log.
        plain: PlainText,
        /// Whether it is an envelope itself, which is [`crate::Mistake::WholeEnvelope`].
        is_envelope: bool,
    },
    /// It does not.
    Closed {
        /// Why, in Chinese; nothing of the message.
        why: String,
        /// What was done wrong; where that is not known, [`UNEXPLAINED`] is said.
        diagnosis: Option<Diagnosis>,
    },
}

/// Shows nothing of the message.
impl fmt::Debug for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened { is_envelope, .. } => {
                f.debug_struct("Opened").field("is_envelope", is_envelope).finish_non_exhaustive()
            }
            Self::Closed { why, diagnosis } => {
                f.debug_struct("Closed").field("why", why).field("diagnosis", diagnosis).finish()
            }
        }
    }
}

/// Opens what was pasted: an `encData`, or a request or answer that holds one; and says what is wrong where it does not open.
pub fn look(key: &Sm4Key, pasted: &str) -> Look {
    let enc_data = enc_data(pasted);
    let opened = CipherText::from_hex(&enc_data)
        .map_err(|error| error.to_string())
        .and_then(|sealed| sealed.open(key).map_err(|error| error.to_string()));
    match opened {
        Ok(plain) => {
            let holds = |members: Members<'_>| members.raw("encData").is_ok_and(|raw| raw.is_some());
            let is_envelope = plain.members().is_ok_and(holds);
            Look::Opened { plain, is_envelope }
        }
        Err(why) => Look::Closed { why, diagnosis: crate::diagnose(key, &enc_data) },
    }
}

/// The `encData` of a whole request or answer, or the text itself, without white space around it.
pub fn enc_data(pasted: &str) -> String {
    let text = pasted.trim();
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let Ok(members) = Members::parse(text) else { return text.to_owned() };
    let own = members.raw("encData").ok().flatten();
    let inner = || {
        let data = Members::parse(members.raw("data").ok().flatten()?).ok()?;
        data.raw("encData").ok().flatten()
    };
    own.or_else(inner).map_or_else(|| text.to_owned(), |raw| raw.trim_matches('"').to_owned())
}
