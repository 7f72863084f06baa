//! Channel to center, 免密设置页面 `/cfc/api/chnl/pwdFreePage`: a link to the center's page on which the person switches
//! password-free settlement and looks at what was paid so.

use super::{MAX_IDENTIFIER, to_json};
use crate::{EcIndexNo, MemberError, Members, UnixMillis};

/// Where it is posted, on the channel listener.
pub const PATH: &str = "/cfc/api/chnl/pwdFreePage";

/// The request.
#[derive(Clone, Debug)]
pub struct Request {
    /// `ecIndexNo`: whose page.
    pub index: EcIndexNo,
}

impl Request {
    /// Reads the plain text.
    ///
    /// # Errors
    /// The first member that is missing or wrong (500093 on the channel face).
    pub fn read(members: &Members<'_>) -> Result<Self, MemberError> {
        Ok(Self { index: members.identifier("ecIndexNo", MAX_IDENTIFIER, EcIndexNo::new)? })
    }
}

/// The answer's plain text: `pageUrl`, and `expTime` until when it can be used (13 digits).
pub fn answer_json(url: &str, until: UnixMillis) -> String {
    to_json(&serde_json::json!({ "pageUrl": url, "expTime": until.to_string() }))
}
