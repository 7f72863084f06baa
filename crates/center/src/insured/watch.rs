//! How a page that is open learns that what it shows no longer holds: withdrawn, replaced, done elsewhere.
//!
//! Its script asks `?w=` and the word of the scene it shows, and the question is held until that word changes or
//! [`HOLD`] is over. The answer is the word of now, and how many seconds are left; the script shows the page anew when
//! the word is another one. Everything that is refused to a browser is refused here in the same way, before anything is
//! held. Whoever finds no place is answered at once, and asks again after a pause.

use std::sync::Arc;
use std::time::Duration;

use super::request::{Answer, PageRequest};
use super::view::Closed;
use super::{layout, scene};
use crate::ledger::Shown;
use crate::page_link::NoticeLink;
use crate::refusal::Refusal;
use yanmi_protocol::UnixMillis;

/// What a question begins with.
pub(super) const QUERY: &str = "w=";
/// How long a question is held: so short that a network that vanished without a word is noticed while the person still
/// types, and so long that ten thousand open pages cost seven hundred questions a second.
const HOLD: Duration = Duration::from_secs(15);
/// Pages that are held at once: as many as persons can be at the counters of a province in the same half minute. One
/// costs a connection, and some kilobytes.
pub(crate) const MOST_WATCHED: usize = 10_000;

/// Answers when what is shown is not `word` any more, or after a while.
pub(super) async fn watch(
    page: &PageRequest<'_>,
    link: NoticeLink,
    shown: &Shown,
    word: &str,
) -> Result<Answer, Refusal> {
    let site = Arc::clone(page.site);
    let place = site.watched.try_acquire();
    let until = tokio::time::Instant::now() + HOLD;
    let watch = site.ledger.watch(shown.key);
    loop {
        // Armed before the look, so that no change falls between the two.
        let changed = watch.changed();
        let now = site.clock.now();
        let Some(found) = site.ledger.by_notice(link.notice).await? else {
            return Ok(Answer::Closed(gone(link, now)));
        };
        let registry = site.registry.snapshot();
        let scene = scene::look(&site, &registry, &found, (now, link.until), page.is_private()).await?;
        let left = found.verification.expires_at.since(now);
        let stands = serde_json::json!({ "at": scene.word(), "left": left.as_secs() });
        if scene.word() != word || place.is_err() || tokio::time::Instant::now() >= until {
            return Ok(Answer::Shown(layout::said(&stands)));
        }
        // What expires is news too, though nobody commits it.
        let expires = (tokio::time::Instant::now() + left).min(until);
        tokio::select! {
            biased;
            () = changed => {}
            () = site.stopping.told() => return Ok(Answer::Shown(layout::said(&stands))),
            () = tokio::time::sleep_until(expires) => {}
        }
    }
}

/// Why a link that was made by this site is about a notice that is not the latest any more.
pub(super) fn gone(link: NoticeLink, now: UnixMillis) -> Closed {
    if now < link.until { Closed::Replaced } else { Closed::Expired }
}
