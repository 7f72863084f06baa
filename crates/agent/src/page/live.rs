//! The held question that keeps a screen alive: answered when what it shows is no longer so.
//!
//! While a person is being waited for, the center is asked, held as long as it holds; whatever else happens to a visit, by
//! this page, by another or by a program, wakes the question as well.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http::request::Parts;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use yanmi_client::gate::VisitId;

use super::frame::{HTML, dressed};
use super::{face, markup, sheet};
use crate::fault::Fault;
use crate::reply::{Reply, reply};
use crate::service::Service;

/// How long a screen's question is held.
const HELD: Duration = Duration::from_secs(25);
/// How long the center is asked to hold.
const CENTER_HOLDS: Duration = Duration::from_secs(20);
/// Between two looks at the record, however much happens elsewhere.
const LEAST: Duration = Duration::from_millis(300);
/// Between two questions to a center that does not hold, or fails.
const PAUSE: Duration = Duration::from_secs(2);

/// What a screen shows, and whether the center is worth asking.
struct Screen {
    markup: String,
    version: String,
    waiting: bool,
}

/// Answers when there is something new; 204 when there was nothing for a while.
pub(super) async fn answer(service: &Service, head: &Parts) -> Reply {
    let query = head.uri.query().unwrap_or_default();
    let asked = |wanted: &str| {
        let found = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.into_owned())
    };
    let seen = asked("seen").unwrap_or_default();
    let id = asked("visit").and_then(|id| VisitId::parse(&id));
    match news(service, id, &seen).await {
        Ok(Some(shown)) => dressed(reply(StatusCode::OK, HTML, Bytes::from(shown.markup))),
        Ok(None) => dressed(reply(StatusCode::NO_CONTENT, HTML, Bytes::new())),
        Err(fault) => dressed(reply(fault.status, HTML, Bytes::new())),
    }
}

async fn news(service: &Service, id: Option<VisitId>, seen: &str) -> Result<Option<Screen>, Fault> {
    let until = Instant::now() + HELD;
    let mut changes = service.office.changes();
    loop {
        changes.mark_unchanged();
        let looked = Instant::now();
        let shown = shown(service, id).await?;
        if shown.version != seen {
            return Ok(Some(shown));
        }
        let waiting = id.filter(|_| shown.waiting);
        let woken = async {
            match waiting {
                Some(id) => {
                    tokio::select! {
                        // An error means that nothing will ever change again.
                        _ = changes.changed() => {}
                        () = ask(service, id) => {}
                    }
                }
                None => drop(changes.changed().await),
            }
        };
        let woken = async {
            woken.await;
            sleep_until(looked + LEAST).await;
        };
        if timeout_at(until, woken).await.is_err() || service.office.is_stopping() {
            return Ok(None);
        }
    }
}

async fn shown(service: &Service, id: Option<VisitId>) -> Result<Screen, Fault> {
    let office = service.office.clone();
    service
        .pool
        .run(move || {
            let sheet = sheet::read(&office, id)?;
            let (markup, version) = parts(&office, &sheet);
            let waiting = sheet.chosen.as_ref().is_some_and(|chosen| face::is_waiting(&chosen.visit));
            Ok(Screen { markup, version, waiting })
        })
        .await
}

/// The parts of the page that change by themselves, and what tells them from others.
fn parts(office: &crate::office::Office, sheet: &sheet::Sheet) -> (String, String) {
    let markup = markup::parts(office, sheet);
    let version = markup::version(&markup.0);
    (markup::with_version(&markup, &version, sheet.now).0, version)
}

/// Asks the center, which holds the question until something changes; then not again for a moment.
async fn ask(service: &Service, id: VisitId) {
    let office = service.office.clone();
    let asked = service.pool.hold(move || {
        let before = office.desk.visits().get(id)?;
        let (after, _) = office.desk.status(id, Some(CENTER_HOLDS))?;
        let told = |visit: &yanmi_client::gate::Visit| visit.status().map(|status| status.outcome.clone());
        Ok(told(&before) != told(&after))
    });
    // That there was no place for it, or that it failed, is shown by the next look at the record.
    if matches!(asked.await, Ok(true)) {
        return;
    }
    sleep(PAUSE).await;
}
