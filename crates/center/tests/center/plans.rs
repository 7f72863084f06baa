//! Nothing that happens all day looks through a table, however long it has grown.

use serde_json::json;

use crate::site::Site;

/// Rows that were read past, of every table that grows.
const SCANS: &str = "SELECT coalesce(sum(seq_tup_read), 0)::bigint FROM pg_stat_user_tables \
    WHERE relname IN ('tokens', 'verifications', 'persons', 'password_tries', 'password_free', 'free_uses', 'page_claims', \
        'not_me', 'free_payments', 'audit', 'calls')";
/// Rows found by an index, of the audit.
const LOOKED_UP: &str =
    "SELECT coalesce(sum(idx_tup_fetch), 0)::bigint FROM pg_stat_user_tables WHERE relname = 'audit'";
const AUDIT: &str =
    "INSERT INTO audit (at, event) SELECT 1763869440000, 'notified' FROM generate_series(1, 20000)";
const VERIFICATIONS: &str = "INSERT INTO verifications (token, org_code, attempt, notice, serial, serial_at, \
        asked_at, expires_at, notices, first_at, state) \
    SELECT 'Old' || i, 'H35010000001', 1, 2000000000000 + i, 2000000000000 + i, 1763869440000, 1763869440000, \
        1763869440000, 1, 1763869440000, 'asked' FROM generate_series(1, 20000) AS i";

/// Everything that institutions, channels and persons do, and what the center does by itself.
async fn a_day(site: &Site) {
    let confirmed = site.token().await;
    assert_eq!(site.notify(confirmed, Some("10")).await.code(), 0);
    let number = site.newest_notice().await;
    site.act(&number, "wrongPassword", "01").await;
    let cancelled = site.token().await;
    assert_eq!(site.notify(cancelled, Some("10")).await.code(), 0);
    let number = site.newest_notice().await;
    site.act(&number, "confirm", "01").await;
    assert_eq!(site.check_stas(cancelled).await, "1");
    let path = format!("/phones/{}/passwordFree", site.person().ec_index_no.as_str());
    let channel = site.world().channels.iter().find(|channel| channel.password_free).expect("one");
    site.control(&path, &json!({ "chnlId": channel.chnl_id.as_str(), "openFlag": "1" })).await;
    let free = site.token_in(channel).await;
    assert_eq!(site.notify(free, Some("10")).await.code(), 500_320);
    assert_eq!(site.status(free).await.code(), 500_320);
    site.center.remove_old().await.expect("a round");
}

#[tokio::test]
async fn nothing_that_happens_all_day_looks_through_a_table() {
    let site = Site::start().await;
    site.execute(AUDIT).await;
    site.execute(VERIFICATIONS).await;
    // What the connections counted is told when they end.
    let site = site.restart().await;
    let before = [site.number(SCANS).await, site.number(LOOKED_UP).await];
    a_day(&site).await;
    let site = site.restart().await;
    let after = [site.number(SCANS).await, site.number(LOOKED_UP).await];
    assert_eq!(after[0], before[0], "rows were read past");
    let looked_up = after[1] - before[1];
    assert!(
        (1..=1_000).contains(&looked_up),
        "retention looks at one window of young rows, twice: {looked_up}"
    );
}
