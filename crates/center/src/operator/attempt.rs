//! Attempts at what is out of reach: answered as if there was nothing, and written down.

use http::Method;

use super::request::{ConsoleRefusal, OperatorRequest};
use crate::registry::{Act, OperatorSession};

/// Characters of an object that is written down as it was asked for; codes are shorter.
const MOST_OBJECT: usize = 40;
/// What kind of thing the pages of an address are about, as events name it.
const KINDS: [(&str, &str); 11] = [
    ("institutions", "institution"),
    ("accounts", "account"),
    ("channels", "channel"),
    ("operators", "operator"),
    ("imports", "import"),
    ("applications", "application"),
    ("applicants", "applicant"),
    ("feedback", "feedback"),
    ("pending", "pending"),
    ("alarms", "alarm"),
    ("trace", "trace"),
];

/// Writes down that what was asked for is out of reach.
pub(super) async fn note(
    page: &OperatorRequest<'_>,
    session: &OperatorSession,
) -> Result<(), ConsoleRefusal> {
    let console = &page.site.console;
    let login = session.operator.login;
    let Some((kind, object)) = object(page) else { return Ok(()) };
    if console.attempts.admit(login.as_str(), session.row.started_at, page.now) {
        let (actor, reason) = (page.actor()?, format!("来自 {}", page.source()));
        let (act, changing) = (Act::new(&actor, &reason, page.now), page.method == Method::POST);
        console.work(async |a| a.note_attempt((kind, &object), changing, act).await).await?;
    }
    Ok(console.write_attempts(console.attempts.due(page.now), page.now).await?)
}

/// What kind of thing was asked for, and which, as it was asked for; nothing where no thing was, but a list or a page.
fn object(page: &OperatorRequest<'_>) -> Option<(&'static str, String)> {
    if let Some(code) = page.institution {
        return Some(("institution", code.as_str().to_owned()));
    }
    let mut parts = page.path.split('/').skip(2);
    let (list, id) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let (_, kind) = KINDS.into_iter().find(|(known, _)| *known == list)?;
    let id: String = id.chars().filter(|c| !c.is_control()).take(MOST_OBJECT).collect();
    (!id.is_empty()).then_some((kind, id))
}
