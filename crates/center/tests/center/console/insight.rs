//! What fails and why, and what happened to one code: as pages, for who may see it, with the person masked.

use std::time::Duration;

use yanmi_onboarding::Role;

use super::person::Person;
use super::{administrators, somebody, with_console};
use crate::site::{HOSPITAL, Site};
use crate::wire::Answer;

/// Asks for a number; where the answer leads.
async fn ask(person: &mut Person, number: &str, from: &str) -> Answer {
    let token = person.token("/o/trace").await;
    let fields = [("t", token.as_str()), ("number", number), ("from", from), ("to", "")];
    person.post("/o/trace", &fields, &[]).await
}

/// Asks for a number of which only about when is known.
async fn ask_about(person: &mut Person, number: &str, about: &str) -> Answer {
    let token = person.token("/o/trace").await;
    let fields = [("t", token.as_str()), ("number", number), ("about", about), ("from", ""), ("to", "")];
    person.post("/o/trace", &fields, &[]).await
}

/// Sends fields that were made for this.
async fn post(person: &mut Person, address: &str, fields: &[(&'static str, String)]) -> Answer {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    person.post(address, &fields, &[]).await
}

/// The page of a number.
async fn traced(person: &mut Person, number: &str) -> (String, Answer) {
    let sent = ask(person, number, "").await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    let address = sent.header("location").expect("an address").to_owned();
    assert!(!address.contains(number), "{address}");
    let page = person.get(&address).await;
    (address, page)
}

/// A visit whose notice nobody took.
pub(crate) async fn refused_visit(site: &Site) -> String {
    site.mood(&site.channel().clone(), "refuse", 0).await;
    let token = site.token().await;
    assert_eq!(site.notify(token, Some("10")).await.code(), 500_319);
    site.center.keep_calls().await;
    token.as_str().to_owned()
}

#[tokio::test]
async fn refusals_are_shown_by_cause_to_who_is_there() {
    let site = with_console().await;
    refused_visit(&site).await;
    let mut three = administrators(&site).await;
    let mut duty = somebody(&site, &mut three, (Role::Duty, "35", 70)).await;
    let mut city = somebody(&site, &mut three, (Role::Duty, "3501", 71)).await;
    let mut other = somebody(&site, &mut three, (Role::Duty, "3502", 72)).await;
    for org in ["", HOSPITAL, "testOrgId"] {
        let page = duty.get(&format!("/o/errors?hours=1&org={org}")).await;
        assert!(page.body.contains("共拒绝 <strong>1</strong> 次"), "{org}: {}", page.body);
        assert!(page.body.contains("500319") && page.body.contains("渠道应用"), "{org}: {}", page.body);
        assert!(city.get(&format!("/o/errors?org={org}")).await.body.contains("500319"), "{org}");
        assert!(!other.get(&format!("/o/errors?org={org}")).await.body.contains("500319"), "{org}");
    }
    assert!(!duty.get("/o/errors?org=nobody").await.body.contains("500319"));
    let odd = duty.get("/o/errors?hours=999999&org=%3Cb%3E").await;
    assert!(odd.status == 200 && !odd.body.contains("<b>"), "{}", odd.body);
    // From the page of an entry there is a way here.
    assert!(duty.get(&format!("/o/institutions/{HOSPITAL}")).await.body.contains("/o/errors?hours=24"));
}

#[tokio::test]
async fn a_code_is_followed_by_its_number_and_the_person_is_masked() {
    let site = with_console().await;
    let token = site.token().await;
    let serial = site.notify(token, Some("128.50")).await.member("resBizNo").expect("a serial");
    let notice = site.newest_notice().await;
    site.act(&notice, "confirm", "01").await;
    let (name, id_no) = (site.person().user_name.clone(), site.person().id_no.clone());
    let mut three = administrators(&site).await;
    let mut helpdesk = somebody(&site, &mut three, (Role::Helpdesk, "350100", 73)).await;
    let mut other = somebody(&site, &mut three, (Role::Helpdesk, "3502", 74)).await;
    for number in [token.as_str(), &serial, &notice] {
        let (_, page) = traced(&mut helpdesk, number).await;
        assert!(page.body.contains("128.50") && page.body.contains("机构得知结果"), "{}", page.body);
        assert!(!page.body.contains("停在这里"), "{}", page.body);
        for hidden in [token.as_str(), name.as_str(), id_no.as_str()] {
            assert!(!page.body.contains(hidden), "{hidden}: {}", page.body);
        }
        assert!(!page.body.contains("查看完整"), "{}", page.body);
        let (_, page) = traced(&mut other, number).await;
        assert!(page.body.contains("没有查到") && !page.body.contains("128.50"), "{}", page.body);
    }
    let (address, _) = traced(&mut helpdesk, &notice).await;
    assert_eq!(other.get(&address).await.status, 404, "somebody else's");
    site.hands.forward(Duration::from_mins(10));
    assert_eq!(helpdesk.get(&address).await.status, 200);
    site.hands.forward(Duration::from_mins(6));
    assert_eq!(helpdesk.get(&address).await.status, 404, "too late");
    // A whole institution is not his to follow, and nonsense is nobody's.
    assert_eq!(ask(&mut helpdesk, HOSPITAL, "1h").await.status, 404);
    for wrong in ["<script>", "123", "35050119991117351X", ""] {
        assert_eq!(ask(&mut helpdesk, wrong, "").await.status, 409, "{wrong}");
    }
    for wrong in ["yesterday", "2026-13-01", "-1h"] {
        assert_eq!(ask(&mut helpdesk, &notice, wrong).await.status, 409, "{wrong}");
    }
    let [_, _, audit] = &mut three;
    audit.log_in().await;
    let events = audit.get("/o/events?find=helpdesk").await.body;
    assert!(events.contains("追踪") && events.contains(&notice), "{events}");
    assert!(!events.contains(token.as_str()), "{events}");
}

#[tokio::test]
async fn who_was_stopped_is_told_where_and_duty_follows_an_institution() {
    let site = with_console().await;
    let token = refused_visit(&site).await;
    let mut three = administrators(&site).await;
    let mut duty = somebody(&site, &mut three, (Role::Duty, "3501", 75)).await;
    let (_, page) = traced(&mut duty, &token).await;
    assert!(page.body.contains("✗ 渠道应用收下通知：停在这里"), "{}", page.body);
    assert!(page.body.contains("✓ 机构发起并被受理"), "{}", page.body);
    assert_eq!(ask(&mut duty, HOSPITAL, "").await.status, 409, "since when?");
    let sent = ask(&mut duty, HOSPITAL, "1h").await;
    let page = duty.get(sent.header("location").expect("an address")).await;
    assert!(page.body.contains("停在这里"), "{}", page.body);
    assert_eq!(ask(&mut duty, "H35020000001", "1h").await.status, 404, "elsewhere");
}

#[tokio::test]
async fn a_person_is_shown_in_full_for_a_reason_and_a_code_each_time() {
    let site = with_console().await;
    let token = site.token().await;
    assert_eq!(site.notify(token, Some("10")).await.code(), 0);
    let notice = site.newest_notice().await;
    let (name, id_no) = (site.person().user_name.clone(), site.person().id_no.clone());
    let mut three = administrators(&site).await;
    let mut duty = somebody(&site, &mut three, (Role::Duty, "35", 76)).await;
    let (address, _) = traced(&mut duty, &notice).await;
    let form = duty.token(&address).await;
    let fields = |reason: &'static str, more: &'static str, code: String, form: &str| {
        [
            ("story", "0".to_owned()),
            ("reason", reason.to_owned()),
            ("more", more.to_owned()),
            ("code", code),
            ("t", form.to_owned()),
        ]
    };
    let send =
        async |duty: &mut Person, fields: [(&'static str, String); 5]| post(duty, &address, &fields).await;
    let code = duty.next_code();
    let used = duty.last_code.clone();
    for (reason, more, code, form, status) in [
        ("来电核实本人", "短", code.clone(), form.as_str(), 409),
        ("好奇", "想看看是谁", code.clone(), form.as_str(), 409),
        ("来电核实本人", "来电人报出姓名", "000000".to_owned(), form.as_str(), 409),
        ("来电核实本人", "来电人报出姓名", code.clone(), "another", 403),
    ] {
        let refused = send(&mut duty, fields(reason, more, code, form)).await;
        assert_eq!((refused.status, refused.body.contains(&id_no)), (status, false), "{reason} {more}");
    }
    let answer = send(&mut duty, fields("来电核实本人", "来电人报出姓名", code, &form)).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let full = duty.get(answer.header("location").expect("an address")).await;
    assert!(full.body.contains(&name) && full.body.contains(&id_no), "{}", full.body);
    // The code is good once.
    assert_eq!(send(&mut duty, fields("来电核实本人", "再看一次可以吗", used, &form)).await.status, 409);
    for _ in 1..20 {
        let code = duty.next_code();
        assert_eq!(send(&mut duty, fields("其他", "下一位下一位", code, &form)).await.status, 303);
    }
    let code = duty.next_code();
    let refused = send(&mut duty, fields("其他", "下一位下一位", code, &form)).await;
    assert!(refused.status == 409 && refused.body.contains("20"), "{}", refused.body);
    let [_, _, audit] = &mut three;
    audit.log_in().await;
    let events = audit.get("/o/events?find=duty").await.body;
    assert!(events.contains("来电核实本人：来电人报出姓名"), "{events}");
    assert!(!events.contains(&id_no) && !events.contains(token.as_str()), "{events}");
}

#[tokio::test]
async fn a_code_of_long_ago_is_found_around_the_hour_somebody_remembers() {
    let site = with_console().await;
    let token = site.token().await;
    assert_eq!(site.notify(token, Some("10")).await.code(), 0);
    let notice = site.newest_notice().await;
    let mut three = administrators(&site).await;
    let mut duty = somebody(&site, &mut three, (Role::Duty, "35", 79)).await;
    site.hands.forward(Duration::from_hours(24 * 8));
    site.notify(site.token().await, Some("1")).await;
    site.center.remove_old().await.expect("a round");
    assert_eq!(duty.log_in().await, 303);
    let (_, unknown) = traced(&mut duty, token.as_str()).await;
    assert!(unknown.body.contains("请写明大约何时"), "{}", unknown.body);
    for number in [token.as_str(), &notice] {
        // Some five hours off.
        let sent = ask_about(&mut duty, number, "187h").await;
        assert_eq!(sent.status, 303, "{}", sent.body);
        let page = duty.get(sent.header("location").expect("an address")).await;
        assert!(page.body.contains("渠道应用收下通知") && page.body.contains("已查 "), "{}", page.body);
        assert!(!page.body.contains("再往外查"), "{}", page.body);
    }
    let wrong = ask_about(&mut duty, &notice, "yesterday").await;
    assert!(wrong.status == 409 && wrong.body.contains("大约何时"), "{}", wrong.body);
    let form = duty.token("/o/trace").await;
    let both = [("t", form.as_str()), ("number", &notice), ("about", "2h"), ("from", "3h"), ("to", "")];
    assert_eq!(duty.post("/o/trace", &both, &[]).await.status, 409);
}

#[tokio::test]
async fn a_live_notice_is_delivered_once_more_under_its_number() {
    let site = with_console().await;
    let token = site.token().await;
    assert_eq!(site.notify(token, Some("10")).await.code(), 0);
    let notice = site.newest_notice().await;
    let mut three = administrators(&site).await;
    let mut duty = somebody(&site, &mut three, (Role::Duty, "3501", 77)).await;
    let mut helpdesk = somebody(&site, &mut three, (Role::Helpdesk, "35", 78)).await;
    let (_, page) = traced(&mut helpdesk, &notice).await;
    assert!(!page.body.contains("再投一次"), "{}", page.body);
    let (address, page) = traced(&mut duty, &notice).await;
    assert!(page.body.contains("再投一次"), "{}", page.body);
    let form = duty.token(&address).await;
    let code = duty.next_code();
    let fields = |reason: &'static str, code: &str| {
        [("do", "redeliver"), ("story", "0"), ("reason", reason), ("code", code), ("t", form.as_str())]
            .map(|(name, value)| (name, value.to_owned()))
    };
    let ask_again =
        async |duty: &mut Person, fields: [(&'static str, String); 5]| post(duty, &address, &fields).await;
    assert_eq!(ask_again(&mut duty, fields("", &code)).await.status, 409, "without a reason");
    let before = site.phone().await.len();
    let sent = ask_again(&mut duty, fields("来电人手机上没有", &code)).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    // As the institution, which has just asked: not at once again.
    let early = ask_again(&mut duty, fields("还是没有", "")).await;
    assert!(early.status == 409 && early.body.contains("500084"), "{}", early.body);
    let page = duty.get(sent.header("location").expect("an address")).await;
    assert!(page.body.contains("渠道应用已收下") && page.body.contains("再次提醒"), "{}", page.body);
    assert_eq!((site.phone().await.len(), site.newest_notice().await), (before, notice.clone()));
    // It is answered under the number it always had, and then there is nothing to deliver.
    site.act(&notice, "confirm", "01").await;
    assert_eq!(ask_again(&mut duty, fields("再来一次", "")).await.status, 404);
    let (_, page) = traced(&mut duty, &notice).await;
    assert!(!page.body.contains("再投一次"), "{}", page.body);
    let [_, _, audit] = &mut three;
    audit.log_in().await;
    let events = audit.get("/o/events?find=duty").await.body;
    assert!(events.contains("再次投递通知") && events.contains("来电人手机上没有"), "{events}");
    assert!(!events.contains(token.as_str()), "{events}");
}
