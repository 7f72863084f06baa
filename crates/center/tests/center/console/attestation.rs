//! Rights that nobody uses or confirms end: grants after a year, logins after ninety days.

use std::time::Duration;

use yanmi_onboarding::Role;

use super::{administrators, somebody, with_console};

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn grants_are_given_anew_by_ticks_and_end_otherwise() {
    let site = with_console().await;
    let mut three = administrators(&site).await;
    let mut clerk = somebody(&site, &mut three, (Role::Clerk, "3501", 90)).await;
    let mut other = somebody(&site, &mut three, (Role::Clerk, "3502", 91)).await;
    // Each logs in every two months.
    for month in 0..5 {
        site.hands.forward(DAY * 60);
        clerk.move_to(10 + month);
        other.move_to(20 + month);
        three[1].move_to(30 + month);
        assert_eq!([clerk.log_in().await, other.log_in().await, three[1].log_in().await], [303; 3]);
    }
    let security = &mut three[1];
    let page = security.get("/o/grants").await.body;
    assert!(page.contains("clerk.3501|clerk|3501") && !page.contains("security|security-admin"), "{page}");
    for (ticks, status) in [
        ("", 409),
        ("clerk.3501|clerk|35010", 400),
        ("clerk.3501|approver|35", 409),
        ("security|security-admin|35", 409),
        ("nobody|clerk|3501", 409),
        ("clerk.3501|clerk|3501", 303),
    ] {
        let fields = [("grant", ticks), ("reason", "季度复核")];
        let answer = security.act("/o/grants", &fields).await;
        assert_eq!(answer.status, status, "{ticks}: {}", answer.body);
    }
    assert_eq!(clerk.get("/o/institutions").await.status, 303, "he logs in again");
    site.hands.forward(DAY * 70);
    assert_eq!([clerk.log_in().await, other.log_in().await], [303; 2]);
    assert_eq!(clerk.get("/o/institutions").await.status, 200);
    assert_eq!(other.get("/o/institutions").await.status, 404, "his ended");
    let [system, _, audit] = &mut three;
    assert_eq!([system.log_in().await, audit.log_in().await], [403; 2], "a year without a login");
}

#[tokio::test]
async fn who_has_not_logged_in_for_ninety_days_is_invited_anew() {
    let site = with_console().await;
    let [mut system, mut security, _] = administrators(&site).await;
    site.hands.forward(DAY * 89);
    assert_eq!(system.log_in().await, 303);
    site.hands.forward(DAY * 2);
    assert_eq!(security.log_in().await, 403);
    assert_eq!(system.log_in().await, 303);
    assert!(system.get("/o/operators").await.body.contains("90 天没有登录"));
    security.move_to(40);
    let again = [("do", "again"), ("reason", "休假归来")];
    let shown = system.act("/o/operators/security", &again).await.body;
    let secret =
        shown.split("/o/invite/").nth(1).expect("an invitation").get(..22).expect("a secret").to_owned();
    security.enrol(&secret).await;
    assert_eq!(security.log_in().await, 303);
}
