//! What somebody tries that is out of his reach is answered like what is not there, and written down; and who watches a city sees
//! what happened there.

use std::time::Duration;

use yanmi_center::registry::NewInstitution;
use yanmi_onboarding::Role;
use yanmi_protocol::OrgCode;

use super::{administrators, somebody, with_console};
use crate::register::{NOW, act};
use crate::site::{HOSPITAL, Site};

#[tokio::test]
async fn an_institution_that_is_asked_about_in_a_form_or_a_filter_is_an_object_too() {
    let site = with_console().await;
    let mut three = administrators(&site).await;
    let mut duty = somebody(&site, &mut three, (Role::Duty, "3502", 64)).await;
    assert_eq!(duty.get(&format!("/o/statistics?org={HOSPITAL}")).await.status, 404);
    let token = duty.token("/o/trace").await;
    let fields = [("t", token.as_str()), ("number", HOSPITAL), ("from", "1h"), ("to", "")];
    assert_eq!(duty.post("/o/trace", &fields, &[]).await.status, 404);
    assert_eq!(duty.get("/o/accounts/testOrgId").await.status, 404);
    let seen = "SELECT count(*) FROM operator_events WHERE action = 'console.out_of_reach' \
        AND object_kind = 'institution' AND object = 'H35010000001' AND actor = 'duty.3502'";
    assert_eq!(site.number(seen).await, 2);
    assert_eq!(attempts(&site).await, 3);
}

/// An institution of another city.
const ELSEWHERE: &str = "H35020000777";

async fn attempts(site: &Site) -> i64 {
    site.number(
        "SELECT count(*) FROM operator_events WHERE action = 'console.out_of_reach' AND outcome = 'refused'",
    )
    .await
}

#[tokio::test]
async fn attempts_are_events_some_of_a_session_and_the_rest_as_one() {
    let site = with_console().await;
    let mut three = administrators(&site).await;
    let mut clerk = somebody(&site, &mut three, (Role::Clerk, "3502", 60)).await;
    let path = format!("/o/institutions/{HOSPITAL}");
    let missing = clerk.get("/o/institutions/H35020000999").await;
    let refused = clerk.get(&path).await;
    assert_eq!((missing.status, refused.status), (404, 404));
    assert_eq!(missing.body.replace("H35020000999", HOSPITAL), refused.body, "nothing tells them apart");
    assert_eq!(attempts(&site).await, 1, "what is not there is no attempt");
    // What is not for his role is no attempt at something out of reach, and neither is what a page merely leaves out.
    assert_eq!(clerk.get("/o/settings").await.status, 404);
    assert_eq!(clerk.get("/o/institutions").await.status, 200);
    // Lists of the whole province are no object, and no way leads there.
    assert_eq!(clerk.get("/o/accounts").await.status, 404);
    let home = clerk.get("/o/").await.body;
    assert!(home.contains("/o/institutions") && !home.contains("/o/accounts"), "{home}");
    assert_eq!(attempts(&site).await, 1);
    assert_eq!(clerk.post(&path, &[("do", "edit")], &[]).await.status, 404);
    let events = three[2].get("/o/events?find=clerk").await.body;
    for words in
        ["越出辖区的访问", "要查看，不在辖区之内", "要更改，不在辖区之内", HOSPITAL, "来自 127.0.0.60"]
    {
        assert!(events.contains(words), "{words}: {events}");
    }
    for _ in 0..23 {
        assert_eq!(clerk.get(&path).await.status, 404);
    }
    assert_eq!(attempts(&site).await, 20, "one by one");
    site.hands.forward(Duration::from_mins(11));
    assert_eq!(clerk.get(&path).await.status, 404);
    assert_eq!(attempts(&site).await, 21);
    assert!(three[2].get("/o/events?find=clerk").await.body.contains("另有 6 次，没有逐条记录"));
    // What is not told when the center stops is told then.
    assert_eq!(clerk.get(&path).await.status, 404);
    let site = site.restart().await;
    assert_eq!(attempts(&site).await, 22);
}

#[tokio::test]
async fn an_auditor_of_a_city_sees_what_happened_there_and_what_he_did_himself() {
    let site = with_console().await;
    let account = site.world().accounts[0].org_id;
    site.change(async |a| {
        let org_code = OrgCode::new(ELSEWHERE).expect("a code");
        let new = NewInstitution { org_code, name: "厦门某医院".to_owned(), account };
        a.add_institution(&new, act(NOW)).await.expect("added");
    })
    .await;
    let mut three = administrators(&site).await;
    let mut approver = somebody(&site, &mut three, (Role::Approver, "35", 61)).await;
    let off = [("do", "off"), ("reason", "协议到期")];
    assert_eq!(approver.act(&format!("/o/institutions/{HOSPITAL}"), &off).await.status, 303);
    assert_eq!(approver.act("/o/accounts/testOrgId", &off).await.status, 303);
    let mut own = somebody(&site, &mut three, (Role::Auditor, "3501", 62)).await;
    let mut other = somebody(&site, &mut three, (Role::Auditor, "3502", 63)).await;
    let seen = own.get("/o/events").await.body;
    assert!(seen.contains(HOSPITAL) && seen.contains("停用机构") && seen.contains("协议到期"), "{seen}");
    for hidden in [ELSEWHERE, "停用账号", "<td>security</td>", "/o/events/chain"] {
        assert!(!seen.contains(hidden), "{hidden}: {seen}");
    }
    assert!(seen.contains("<td>auditor.3501</td>") && !seen.contains("<td>auditor.3502</td>"), "{seen}");
    let seen = other.get("/o/events").await.body;
    assert!(seen.contains(ELSEWHERE) && !seen.contains(HOSPITAL), "{seen}");
    assert_eq!(own.get("/o/events/chain").await.status, 404, "the chain is one");
    // The province sees all of it; who is no auditor sees what he did.
    let seen = three[2].get("/o/events").await.body;
    for shown in [HOSPITAL, "停用账号", "auditor.3501", "auditor.3502"] {
        assert!(seen.contains(shown), "{shown}: {seen}");
    }
    let seen = approver.get("/o/me").await.body;
    assert!(seen.contains("停用账号") && seen.contains("登录") && !seen.contains("auditor.3501"), "{seen}");
    // A region that somebody puts in or takes away is seen.
    assert!(three[2].get("/o/events/chain").await.body.contains("操作记录完整"));
    site.execute("UPDATE operator_events SET region = '3502' WHERE seq = (SELECT max(seq) FROM operator_events WHERE region IS NOT NULL)")
        .await;
    assert!(three[2].get("/o/events/chain").await.body.contains("内容与写入时不符"));
}
