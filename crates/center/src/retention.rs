//! Retention: what has ended is removed when it has been kept long enough.
//!
//! Every center walks through the tables now and then, in small windows with a pause between them; see
//! `ledger::removal`. Several on one database do so side by side, which costs a little and needs nobody to be in charge.

use std::sync::Arc;
use std::time::Duration;

use crate::ledger::{Unavailable, Window};
use crate::site::Site;
use crate::store::table::Kept;
use crate::tables;

/// After the start, before the first round.
const FIRST: Duration = Duration::from_mins(1);
/// Between two rounds.
const EVERY: Duration = Duration::from_hours(1);
/// Between two windows: at most ten thousand rows a second are looked at, and the ledger has the time between.
const PAUSE: Duration = Duration::from_millis(50);

/// Rounds, until the process stops.
pub(crate) async fn follow(site: Arc<Site>) {
    tokio::time::sleep(FIRST).await;
    loop {
        match round(&site).await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "已清理超过保留期限的数据"),
            // The cause was logged where it arose.
            Err(_) => tracing::warn!("清理超过保留期限的数据未完成，稍后重试"),
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// One round; tells how many rows are gone.
pub(crate) async fn round(site: &Site) -> Result<u64, Unavailable> {
    let now = site.clock.now();
    let retention = site.settings.retention;
    let mut rows = 0;
    let before = |kept| {
        now.minus(match kept {
            Kept::State => retention.state(),
            Kept::Audit => retention.audit(),
            Kept::Calls => retention.calls(),
        })
    };
    for window in Window::first_of_each(tables::all(), before) {
        rows += walk(site, window).await?;
    }
    site.telemetry.retention_round(now);
    Ok(rows)
}

/// From a window to the end of its table.
async fn walk(site: &Site, first: Window) -> Result<u64, Unavailable> {
    let table = first.table();
    let (mut rows, mut next) = (0, Some(first));
    while let Some(window) = next.take() {
        let removed = site.ledger.remove(window).await?;
        site.telemetry.retention_removed(table, removed.rows);
        rows += removed.rows;
        next = removed.next;
        if next.is_some() {
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(rows)
}
