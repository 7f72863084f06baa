//! The offline ways as ports (section 1.5): the medical-insurance terminal (医保终端) and the dynamic library
//! (医保电子凭证动态库). Their documents are not public, so what they are called with is for whoever implements a port.
//!
//! The credential password is entered by the insured person only (1.5.4(3)). It passes through here in a value that
//! cannot be printed, cloned or stored, and is wiped when it is dropped.

use std::fmt;

use yanmi_protocol::EcToken;
use yanmi_protocol::password::PASSWORD_DIGITS;
use zeroize::Zeroizing;

use crate::gate::{Medium, OfflineOutcome, VisitId, Way};

/// Characters of a port's own words that are recorded.
pub const MAX_PORT_MESSAGE: usize = 200;

/// A credential password on its way from the person's keyboard to the dynamic library.
pub struct CredentialPassword(Zeroizing<String>);

impl CredentialPassword {
    /// The password the person typed; nothing when it is not six digits.
    pub fn new(typed: Zeroizing<String>) -> Option<Self> {
        let fits = typed.len() == PASSWORD_DIGITS && typed.bytes().all(|b| b.is_ascii_digit());
        fits.then_some(Self(typed))
    }

    /// The six digits, for the one call they are meant for.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CredentialPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialPassword(…)")
    }
}

/// Whom a check is about.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// The visit.
    pub visit: VisitId,
    /// What was read.
    pub medium: Medium,
    /// The token, when a QR code was read.
    pub token: Option<EcToken>,
}

/// What a terminal or library answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PortAnswer {
    /// Whether face or password was right.
    pub passed: bool,
    /// The number it gives the check, when it gives one.
    pub serial: Option<String>,
    /// The token it says the check was about, when it says one.
    pub token: Option<EcToken>,
    /// Its words, shown to the clerk.
    pub message: String,
}

/// A terminal or library that did not answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PortFailure {
    /// What is wrong, in Chinese. Nothing personal.
    pub message: String,
}

impl fmt::Display for PortFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for PortFailure {}

/// 医保终端: verifies by face or by password entered at the terminal.
pub trait Terminal: fmt::Debug + Send + Sync {
    /// Whether this terminal can be asked for this way; a way it does not offer is as if no terminal was plugged in.
    fn offers(&self, way: Way) -> bool {
        matches!(way, Way::TerminalFace | Way::TerminalPassword)
    }

    /// 医保终端刷脸认证.
    ///
    /// # Errors
    /// [`PortFailure`] when the terminal cannot be used; a face that is not the person's is an answer.
    fn face(&self, subject: &Subject) -> Result<PortAnswer, PortFailure>;

    /// 医保终端密码核验认证: the person enters the password at the terminal.
    ///
    /// # Errors
    /// [`PortFailure`] when the terminal cannot be used; a wrong password is an answer.
    fn password(&self, subject: &Subject) -> Result<PortAnswer, PortFailure>;
}

/// 医保电子凭证动态库: verifies by the password.
pub trait DynamicLibrary: fmt::Debug + Send + Sync {
    /// 动态库密码核验认证. Without a password the library asks the person itself.
    ///
    /// # Errors
    /// [`PortFailure`] when the library cannot be used; a wrong password is an answer.
    fn password(
        &self,
        subject: &Subject,
        password: Option<&CredentialPassword>,
    ) -> Result<PortAnswer, PortFailure>;
}

/// What is recorded of a port's answer.
pub(crate) fn outcome(answer: Result<PortAnswer, PortFailure>) -> OfflineOutcome {
    let cut = |text: String| text.chars().take(MAX_PORT_MESSAGE).collect();
    match answer {
        Ok(PortAnswer { passed: true, serial, token, .. }) => {
            OfflineOutcome::Passed { serial: serial.map(cut), token }
        }
        Ok(answer) => OfflineOutcome::Failed { message: cut(answer.message) },
        Err(failure) => OfflineOutcome::Unavailable { message: cut(failure.message) },
    }
}
