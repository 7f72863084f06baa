//! Doing imports beside requests, in the processes that serve the operators' console.
//!
//! Each transaction holds the one writer of an embedded database for some milliseconds, and after it the writer is left to
//! requests for longer. Several processes of a site may do so at once: each transaction takes the first rows that
//! are left, under the lock of all changes of the registry.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::registry::{Administration, AdministrationError, ImportCursor, import_pause};
use crate::site::Site;
use crate::telemetry::chain;

/// How often it is looked whether another process left something to do.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Rounds, until the process stops.
pub(crate) async fn follow(site: Arc<Site>) {
    let mut held = None;
    loop {
        if let Err(error) = round(&site, &mut held, true).await {
            tracing::warn!(cause = %chain(&error), "批量导入未完成，稍后接着做");
        }
        // Whichever is first; neither is waited for alone.
        let _ = tokio::time::timeout(LOOK_EVERY, site.console.decided.notified()).await;
    }
}

/// Does all there is to do.
///
/// # Errors
/// When the database fails; what was done is kept, and a connection is not used again.
pub(crate) async fn round(
    site: &Site,
    held: &mut Option<Administration>,
    pausing: bool,
) -> Result<(), AdministrationError> {
    let mut administration = match held.take() {
        Some(administration) => administration,
        None => site.console.hands().await?,
    };
    let mut cursor = ImportCursor::default();
    loop {
        let began = Instant::now();
        let now = site.clock.now();
        let more = administration.advance_import(&mut cursor, now).await?
            || administration.tidy_imports(now).await?;
        if !more {
            break;
        }
        if pausing {
            tokio::time::sleep(import_pause(began.elapsed())).await;
        }
    }
    *held = Some(administration);
    Ok(())
}
