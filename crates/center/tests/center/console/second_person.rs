//! What needs a second person: who proposes does not agree, two do not decide the same, and what lapsed or was overtaken is not
//! done.

use std::time::Duration;

use yanmi_onboarding::Role;

use super::{administrators, agree, somebody, with_console};
use crate::register::{act, administration};
use crate::site::HOSPITAL;
use yanmi_center::registry::{InstitutionEdit, Object};
use yanmi_protocol::OrgCode;

const PATH: &str = "/o/institutions/H35010000001";

fn rename(name: &str) -> [(&'static str, &str); 4] {
    [("do", "edit"), ("name", name), ("region", "350100"), ("reason", "更名")]
}

fn decide(what: &'static str) -> [(&'static str, &'static str); 2] {
    [("do", what), ("reason", "已核对")]
}

#[tokio::test]
async fn who_proposes_does_not_agree_and_two_do_not_decide_the_same() {
    let site = with_console().await;
    let mut three = administrators(&site).await;
    let mut approver = somebody(&site, &mut three, (Role::Approver, "35", 80)).await;
    let mut reviewer = somebody(&site, &mut three, (Role::Reviewer, "3501", 81)).await;
    let mut other = somebody(&site, &mut three, (Role::Reviewer, "350100", 82)).await;
    let mut elsewhere = somebody(&site, &mut three, (Role::Reviewer, "3502", 83)).await;
    assert_eq!(approver.act(PATH, &rename("某医院甲")).await.status, 303);
    // There is one thing at a time of each object, and none that changes nothing.
    let again = approver.act(PATH, &rename("某医院乙")).await;
    assert!(again.status == 409 && again.body.contains("等待复核"), "{}", again.body);
    let own = approver.act("/o/pending/1", &decide("agree")).await;
    assert!(own.status == 409 && own.body.contains("自己提出的"), "{}", own.body);
    // Out of reach it is not there.
    assert_eq!(elsewhere.get("/o/pending/1").await.status, 404);
    assert!(!elsewhere.get("/o/pending").await.body.contains("/o/pending/1"));
    for person in [&mut reviewer, &mut other] {
        assert!(person.get("/o/").await.body.contains("有 1 项更改等您复核"));
        let page = person.get("/o/pending/1").await.body;
        assert!(page.contains("某医院甲") && page.contains("approver.35"), "{page}");
    }
    assert_eq!(reviewer.act("/o/pending/1", &decide("withdraw")).await.status, 400, "not his");
    // Both have the page open; one is first.
    let token = other.token("/o/pending/1").await;
    agree(&mut reviewer, 1).await;
    let late = [("t", token.as_str()), ("do", "agree"), ("reason", "同意"), ("code", "")];
    let late = other.post("/o/pending/1", &late, &[]).await;
    assert!(late.status == 409 && late.body.contains("已由别人办理"), "{}", late.body);
    assert!(reviewer.get(PATH).await.body.contains("某医院甲"));
    assert!(approver.get("/o/pending").await.body.contains("已同意"));
    let same = approver.act(PATH, &rename("某医院甲")).await;
    assert!(same.status == 409 && same.body.contains("没有要更改的内容"), "{}", same.body);
}

#[tokio::test]
async fn what_was_not_agreed_to_lapsed_or_was_overtaken_is_not_done() {
    let site = with_console().await;
    let mut three = administrators(&site).await;
    let mut clerk = somebody(&site, &mut three, (Role::Clerk, "350100", 84)).await;
    let mut reviewer = somebody(&site, &mut three, (Role::Reviewer, "350100", 85)).await;
    let is_renamed = async |reviewer: &mut super::Person| reviewer.get(PATH).await.body.contains("某医院");
    assert_eq!(clerk.act(PATH, &rename("某医院丙")).await.status, 303);
    assert_eq!(reviewer.act("/o/pending/1", &decide("refuse")).await.status, 303);
    assert!(reviewer.get("/o/pending/1").await.body.contains("不同意"));
    assert_eq!(clerk.act(PATH, &rename("某医院丁")).await.status, 303);
    assert_eq!(clerk.act("/o/pending/2", &decide("withdraw")).await.status, 303);
    assert!(clerk.get("/o/pending/2").await.body.contains("已撤回"));
    // Changed meanwhile by somebody else.
    assert_eq!(clerk.act(PATH, &rename("某医院戊")).await.status, 303);
    let code = OrgCode::new(HOSPITAL).expect("a code");
    let mut administration = administration(&site.config).await;
    let edit =
        InstitutionEdit { name: Some("福州示范医院新院".to_owned()), ..InstitutionEdit::default() };
    administration.edit_institution(code, &edit, act(site.hands.now())).await.expect("edited");
    let overtaken = reviewer.act("/o/pending/3", &decide("agree")).await;
    assert!(overtaken.status == 409 && overtaken.body.contains("被更改过"), "{}", overtaken.body);
    assert_eq!(clerk.act("/o/pending/3", &decide("withdraw")).await.status, 303);
    // Three days are too long.
    assert_eq!(clerk.act(PATH, &rename("某医院己")).await.status, 303);
    site.hands.forward(Duration::from_hours(73));
    assert_eq!([clerk.log_in().await, reviewer.log_in().await], [303, 303]);
    assert!(reviewer.get("/o/pending/4").await.body.contains("已失效"));
    let fields = [("t", reviewer.token("/o/logout").await), ("do", "agree".to_owned())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(reviewer.post("/o/pending/4", &fields, &[]).await.status, 403, "there is no form");
    assert!(!is_renamed(&mut reviewer).await);
    // Closed meanwhile: said so, and nothing is done.
    assert_eq!(clerk.act(PATH, &rename("某医院庚")).await.status, 303);
    administration.close_entry(Object::Institution(code), act(site.hands.now())).await.expect("closed");
    administration.close().await.expect("closed");
    assert_eq!(reviewer.act("/o/pending/5", &decide("agree")).await.status, 409);
    assert!(!is_renamed(&mut reviewer).await);
    for wrong in ["/o/pending/0", "/o/pending/x", "/o/pending/99", "/o/pending/-1"] {
        assert_eq!(reviewer.get(wrong).await.status, 404, "{wrong}");
    }
}

#[tokio::test]
async fn closing_needs_the_code_typed_again_and_a_second_person() {
    let site = with_console().await;
    let token = site.token().await;
    let mut three = administrators(&site).await;
    let mut approver = somebody(&site, &mut three, (Role::Approver, "35", 86)).await;
    let mut second = somebody(&site, &mut three, (Role::Reviewer, "35", 87)).await;
    let close = |again: &'static str| [("do", "close"), ("again", again), ("reason", "关闭")];
    assert_eq!(approver.act(PATH, &close("H35010000002")).await.status, 409, "another code was typed");
    assert_eq!(approver.act(PATH, &close(HOSPITAL)).await.status, 303);
    site.center.refresh().await.expect("looked");
    assert_eq!(site.status(token).await.code(), 0, "not yet");
    agree(&mut second, 1).await;
    site.center.refresh().await.expect("looked");
    assert_eq!(site.status(token).await.code(), 500_316);
    assert!(second.get(PATH).await.body.contains("已注销"));
}
