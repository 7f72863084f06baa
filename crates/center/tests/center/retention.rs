//! What is stored is kept as long as the site says, and no longer.

use std::time::Duration;

use yanmi_center::config::Config;

use crate::site::Site;

const DAY: Duration = Duration::from_hours(24);

/// A site without what is left of setting it up: on a shared database, persons who have no token yet.
async fn swept(change: impl FnOnce(&mut Config)) -> Site {
    let site = Site::with(change).await;
    site.center.remove_old().await.expect("a round");
    site
}

async fn count(site: &Site, query: &'static str) -> i64 {
    site.number(query).await
}

async fn counts(site: &Site) -> [i64; 3] {
    [
        count(site, "SELECT count(*) FROM verifications").await,
        count(site, "SELECT count(*) FROM tokens").await,
        count(site, "SELECT count(*) FROM persons").await,
    ]
}

#[tokio::test]
async fn what_has_ended_is_kept_for_its_days_and_then_goes_with_everything_that_hangs_on_it() {
    let site = swept(|_| {}).await;
    let confirmed = site.token().await;
    assert_eq!(site.notify(confirmed, Some("10")).await.code(), 0);
    let number = site.newest_notice().await;
    site.act(&number, "confirm", "03").await;
    site.hands.forward(DAY);
    let open = site.token().await;
    assert_eq!(site.notify(open, Some("10")).await.code(), 0);
    let audited = count(&site, "SELECT count(*) FROM audit").await;
    // The confirmation counted for half an hour after the first moment.
    site.hands.forward(DAY * 6 + Duration::from_mins(30));
    assert_eq!(site.center.remove_old().await, Some(0));
    assert_eq!(counts(&site).await, [2, 2, 1]);
    site.hands.forward(Duration::from_millis(1));
    assert_eq!(site.center.remove_old().await, Some(2), "the verification and its token");
    assert_eq!(counts(&site).await, [1, 1, 1], "the other one is a day younger, and so is the person");
    site.hands.forward(DAY);
    assert_eq!(site.center.remove_old().await, Some(3));
    assert_eq!(counts(&site).await, [0, 0, 0]);
    assert_eq!(count(&site, "SELECT count(*) FROM audit").await, audited, "the audit is kept for longer");
    let page = crate::site::http(site.operations_addr(), "GET", "/metrics", "").await.1;
    assert!(page.contains("yanmi_retention_removed_total{table=\"verifications\"} 2"), "{page}");
    assert!(page.contains("yanmi_retention_round_timestamp_seconds 1764"), "{page}");
}

#[tokio::test]
async fn who_was_forgotten_begins_anew() {
    let site = swept(|_| {}).await;
    let token = site.token().await;
    assert_eq!(site.notify(token, Some("10")).await.code(), 0);
    site.hands.forward(DAY * 8);
    assert_eq!(site.center.remove_old().await, Some(3));
    let site = site.restart().await;
    assert_eq!(site.status(token).await.code(), 500_001);
    let token = site.token().await;
    assert_eq!(site.notify(token, Some("10")).await.code(), 0);
    let number = site.newest_notice().await;
    site.act(&number, "confirm", "01").await;
    assert_eq!(site.check_stas(token).await, "1");
}

#[tokio::test]
async fn the_audit_is_kept_for_three_years_whatever_its_length() {
    // Row 600 has a time that is not to come for long: a clock was wrong.
    const ROWS: &str = "INSERT INTO audit (at, event) \
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1700) \
        SELECT CASE WHEN i = 600 THEN 9000000000000 ELSE CAST(1763869438299 AS BIGINT) + i END, 'old' FROM n";
    let site = swept(|_| {}).await;
    site.execute(ROWS).await;
    assert_eq!(site.notify(site.token().await, Some("10")).await.code(), 0);
    let whole = count(&site, "SELECT count(*) FROM audit").await;
    site.hands.forward((DAY * 1_096).saturating_sub(Duration::from_millis(1_700)));
    assert_eq!(site.center.remove_old().await, Some(3), "only what is kept for seven days");
    site.hands.forward(Duration::from_millis(1));
    assert_eq!(site.center.remove_old().await, Some(1), "the oldest");
    site.hands.forward(Duration::from_secs(1_000));
    let removed = site.center.remove_old().await.expect("a round");
    assert_eq!(i64::try_from(removed), Ok(whole - 2), "all but the one whose time has not come");
    assert_eq!(count(&site, "SELECT count(*) FROM audit WHERE at = 9000000000000").await, 1);
}

#[tokio::test]
async fn what_was_paid_without_a_password_is_kept_as_long_as_the_audit() {
    const PAID: &str = "INSERT INTO free_payments (person, channel, day, token, org_code, amount, at) \
        SELECT person, 'app', 20251123, 'T', 'H35010000001', 1, 1763869440000 FROM persons";
    let site = swept(|_| {}).await;
    assert_eq!(site.notify(site.token().await, None).await.code(), 0);
    site.execute(PAID).await;
    site.hands.forward(DAY * 1_096);
    site.center.remove_old().await.expect("a round");
    assert_eq!(count(&site, "SELECT count(*) FROM free_payments").await, 1);
    site.hands.forward(Duration::from_millis(1));
    site.center.remove_old().await.expect("a round");
    assert_eq!(count(&site, "SELECT count(*) FROM free_payments").await, 0);
}

#[tokio::test]
async fn wrong_passwords_are_not_forgotten_but_locks_that_are_over_are() {
    const TRIES: &str = "INSERT INTO password_tries (identity, tries, locked_until) \
        SELECT person, 0, NULL FROM persons";
    const WRONG: &str = "UPDATE password_tries SET tries = 3";
    const LOCKED: &str = "UPDATE password_tries SET tries = 5, locked_until = 1763869440000";
    let site = swept(|_| {}).await;
    assert_eq!(site.notify(site.token().await, None).await.code(), 0);
    site.execute(TRIES).await;
    site.execute(WRONG).await;
    assert_eq!(site.center.remove_old().await, Some(0));
    site.execute(LOCKED).await;
    assert_eq!(site.center.remove_old().await, Some(0), "it ends in this moment");
    site.hands.forward(DAY * 7);
    assert_eq!(site.center.remove_old().await, Some(0));
    site.hands.forward(Duration::from_millis(1));
    assert_eq!(site.center.remove_old().await, Some(1), "the lock is over for longer than that");
}

#[tokio::test]
async fn a_person_who_was_removed_in_the_wrong_moment_is_asked_all_the_same() {
    let site = swept(|_| {}).await;
    let token = site.token().await;
    assert_eq!(site.notify(token, Some("10")).await.code(), 0);
    site.execute("DELETE FROM persons").await;
    site.hands.forward(Duration::from_secs(4));
    assert_eq!(site.notify(token, Some("11")).await.code(), 0);
    assert_eq!(count(&site, "SELECT count(*) FROM persons").await, 1);
}

#[tokio::test]
async fn nobody_is_turned_away_and_nothing_is_lost_while_rows_are_removed() {
    const OLD: &str = "INSERT INTO verifications (token, org_code, attempt, notice, serial, serial_at, asked_at, \
            expires_at, notices, first_at, state) \
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) \
        SELECT 'Old' || i, 'H35010000001', 1, 2000000000000 + i, 2000000000000 + i, i, i, i, 1, i, 'asked' FROM n";
    let site = swept(|config| config.policy.notices_per_person_hour = 1_000).await;
    site.execute(OLD).await;
    let mut tokens = Vec::new();
    for _ in 0..40 {
        tokens.push(site.token().await);
    }
    let asking = tokens.iter().map(|token| site.asking(*token, Some("10"))).collect::<Vec<_>>();
    let asked = async {
        for asking in asking {
            assert_eq!(asking.await.expect("no panic").code(), 0);
        }
    };
    let (removed, ()) = tokio::join!(site.center.remove_old(), asked);
    assert_eq!(removed, Some(3_000));
    assert_eq!(counts(&site).await, [40, 40, 1]);
    for token in tokens {
        assert_eq!(site.check_stas(token).await, "0");
    }
}
