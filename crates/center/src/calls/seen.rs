//! A refusal, as it is known when it is answered.

use std::net::IpAddr;

use yanmi_protocol::envelope::CipherText;
use yanmi_protocol::{AccountId, EcToken, NoticeNo, OrgCode, UnixMillis};

use crate::claimed::Claimed;

/// A delivery that nobody waited for.
pub(crate) const WITHDRAW: &str = "withdraw";
/// The row is about others of the same kind that were not written one by one.
pub const SUMMED: &str = "summed";
/// The row is about others that could not be written.
pub const LOST: &str = "lost";

/// A refusal, as it is known when it is answered.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) at: UnixMillis,
    /// The operation, or one of the words above.
    pub(crate) op: &'static str,
    pub(crate) whose: Whose,
    pub(crate) org_code: Option<OrgCode>,
    pub(crate) token: Option<EcToken>,
    pub(crate) notice: Option<NoticeNo>,
    pub(crate) code: i64,
    pub(crate) cause: Option<String>,
    pub(crate) detail: Option<String>,
    pub(crate) us: i64,
    pub(crate) address: Option<IpAddr>,
    /// The envelope that did not open.
    pub(crate) unopened: Option<Unopened>,
}

/// Who asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Whose {
    /// An account or channel, by its key.
    Proven(AccountId),
    /// Somebody who says to be this.
    Claimed(Claimed),
    Nobody,
}

impl Seen {
    /// Nothing but a word and a number.
    pub(crate) fn new(at: UnixMillis, op: &'static str, code: i64) -> Self {
        Self {
            at,
            op,
            whose: Whose::Nobody,
            org_code: None,
            token: None,
            notice: None,
            code,
            cause: None,
            detail: None,
            us: 0,
            address: None,
            unopened: None,
        }
    }
}

/// An envelope that did not open, in its room.
#[derive(Debug)]
pub(crate) struct Unopened {
    pub(super) sealed: CipherText,
    pub(super) _room: tokio::sync::OwnedSemaphorePermit,
}
