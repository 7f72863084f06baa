//! Channel to center, 待办通知 `/cfc/api/chnl/pendNotc`: what the person's message center shows when the push
//! got lost (section 5 of the reading).

use super::channel_notice::Notice;
use super::{MAX_IDENTIFIER, to_json};
use crate::{EcIndexNo, MemberError, Members, Problem};

/// Where it is posted, on the channel listener.
pub const PATH: &str = "/cfc/api/chnl/pendNotc";
/// Notices one answer holds at most, the newest first.
pub const MAX_NOTICES: usize = 20;

/// The request.
#[derive(Clone, Debug)]
pub struct Request {
    /// `ecIndexNo`: whose notices.
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

    /// The plain text.
    pub fn to_json(&self) -> String {
        to_json(&serde_json::json!({ "ecIndexNo": self.index.as_str() }))
    }
}

/// The answer's plain text: `notcs`, each as it was or would have been sent.
pub fn answer_json(notices: &[Notice]) -> String {
    let list: Vec<String> = notices.iter().map(Notice::to_json).collect();
    format!("{{\"notcs\":[{}]}}", list.join(","))
}

/// The notices of an answer.
///
/// # Errors
/// The first member that is missing or wrong.
pub fn read_answer(members: &Members<'_>) -> Result<Vec<Notice>, MemberError> {
    let wrong = || MemberError::new("notcs", Problem::Type("通知的数组"));
    let raw = members.raw("notcs")?.ok_or(MemberError::new("notcs", Problem::Missing))?;
    let list: Vec<&serde_json::value::RawValue> = serde_json::from_str(raw).map_err(|_| wrong())?;
    list.iter()
        .take(MAX_NOTICES)
        .map(|item| Notice::read(&Members::parse(item.get()).map_err(|_| wrong())?))
        .collect()
}
