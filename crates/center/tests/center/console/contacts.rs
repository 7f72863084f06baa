//! Whom to call about an institution: who reads it in full, who changes it, and that nobody else ever sees it.

use yanmi_onboarding::{Contact, Role};
use yanmi_protocol::OrgCode;

use super::{administrators, somebody, with_console};
use crate::register::administration;
use crate::site::{HOSPITAL, Site};

const PATH: &str = "/o/institutions/H35010000001";
/// Invented, and of one mask with [`OTHER_PHONE`].
pub(crate) const PHONE: &str = "13900001234";
const OTHER_PHONE: &str = "13700001234";
const MASKED: &str = "*******1234";

/// What a form says.
fn contact<'a>(name: &'a str, phone: &'a str, note: &'a str) -> [(&'static str, &'a str); 5] {
    let reason = ("reason", "机构来电更正");
    [("do", "contact"), ("contact_name", name), ("contact_phone", phone), ("contact_note", note), reason]
}

/// What is registered of the hospital.
pub(crate) async fn registered(site: &Site) -> Contact {
    let code = OrgCode::new(HOSPITAL).expect("a code");
    let mut administration = administration(&site.config).await;
    let contact = administration.institution_contact(&code).await.expect("a database");
    administration.close().await.expect("closed");
    contact
}

/// All texts that are kept of changes, as they are stored.
pub(crate) async fn kept(site: &Site) -> String {
    const KEPT: &str = "SELECT \
        COALESCE((SELECT string_agg(changes || reason, ' ') FROM operator_events), '') \
        || COALESCE((SELECT string_agg(form || changes || reason, ' ') FROM pending), '') \
        || COALESCE((SELECT string_agg(COALESCE(before, '') || COALESCE(after, '') || COALESCE(fault, '') \
            || COALESCE(note, ''), ' ') FROM import_rows), '') \
        || COALESCE((SELECT string_agg(samples || file_name || COALESCE(reason, ''), ' ') FROM imports), '')";
    site.text(KEPT).await
}

#[tokio::test]
async fn a_clerk_changes_whom_to_call_at_once_and_others_read_a_mask() {
    let site = with_console().await;
    let mut three = administrators(&site).await;
    let mut clerk = somebody(&site, &mut three, (Role::Clerk, "3501", 80)).await;
    let mut reviewer = somebody(&site, &mut three, (Role::Reviewer, "3501", 81)).await;
    let mut helpdesk = somebody(&site, &mut three, (Role::Helpdesk, "350100", 82)).await;
    let mut elsewhere = somebody(&site, &mut three, (Role::Clerk, "3502", 83)).await;
    assert!(reviewer.get(PATH).await.body.contains("<dt>联系人</dt><dd>没有</dd>"));
    for (phone, words) in [("1390000123", "联系电话应为"), ("1390000１２３４", "联系电话应为")]
    {
        let refused = clerk.act(PATH, &contact("王试", phone, "")).await;
        assert_eq!((refused.status, refused.body.contains(words)), (409, true), "{}", refused.body);
        assert!(!refused.body.contains(phone), "{}", refused.body);
    }
    let refused = clerk.act(PATH, &contact("王\u{202E}试", PHONE, "")).await;
    assert_eq!((refused.status, refused.body.contains("U+202E")), (409, true), "{}", refused.body);
    assert!(registered(&site).await.is_empty());

    assert_eq!(clerk.act(PATH, &contact("王试", PHONE, "夜间打总机；周末无人")).await.status, 303);
    assert_eq!(site.number("SELECT count(*) FROM pending").await, 0, "nobody else has to agree");
    let shown = clerk.get(PATH).await.body;
    for words in ["<dd>王试</dd>", PHONE, "夜间打总机；周末无人"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    for person in [&mut reviewer, &mut helpdesk] {
        let shown = person.get(PATH).await.body;
        for words in ["<dd>*试</dd>", MASKED, "<dd>10 字</dd>"] {
            assert!(shown.contains(words), "{words}: {shown}");
        }
        for words in ["王试", PHONE, "夜间"] {
            assert!(!shown.contains(words), "{words}: {shown}");
        }
    }
    // Who may propose something else has a form, and may not send this one by it.
    assert_eq!(elsewhere.act(PATH, &contact("甲", PHONE, "")).await.status, 404);
    for person in [&mut reviewer, &mut helpdesk] {
        let status = person.act(PATH, &contact("甲", PHONE, "")).await.status;
        assert!([403, 404].contains(&status), "{status}");
    }
    assert_eq!(registered(&site).await.name, "王试");
    // The name of the institution is another matter.
    let row = site.text("SELECT name FROM institutions WHERE org_code = 'H35010000001'").await;
    assert_eq!(row, crate::site::HOSPITAL_NAME);
}

#[tokio::test]
async fn another_number_of_the_same_mask_is_an_event_and_none_has_a_number() {
    let site = with_console().await;
    let mut three = administrators(&site).await;
    let mut approver = somebody(&site, &mut three, (Role::Approver, "35", 80)).await;
    assert_eq!(approver.act(PATH, &contact("王试", PHONE, "总机")).await.status, 303);
    assert_eq!(approver.act(PATH, &contact("王试", OTHER_PHONE, "总机")).await.status, 303);
    assert_eq!(registered(&site).await.phone, OTHER_PHONE);
    let changes =
        "SELECT changes FROM operator_events WHERE action = 'institution.edit' ORDER BY seq DESC LIMIT 1";
    assert_eq!(site.text(changes).await, r#"[["contact_phone","*******1234","*******1234"]]"#);
    assert_eq!(approver.act(PATH, &contact("", "", "")).await.status, 303);
    assert!(registered(&site).await.is_empty());
    assert_eq!(site.number("SELECT count(*) FROM institutions WHERE contact_phone IS NOT NULL").await, 0);
    let events = three[2].get("/o/events").await.body;
    for words in ["更改机构", "联系人：*试", "*******1234（掩去的部分不同）", "联系人：*试 → 无"]
    {
        assert!(events.contains(words), "{words}: {events}");
    }
    for words in ["王试", "0000123", "总机"] {
        assert!(!events.contains(words), "{words}: {events}");
        assert!(!kept(&site).await.contains(words), "{words}");
    }
    assert!(three[2].get("/o/events/chain").await.body.contains("操作记录完整"));
}

#[tokio::test]
async fn who_is_on_duty_reads_it_for_a_reason_and_a_while() {
    let site = with_console().await;
    let mut three = administrators(&site).await;
    let mut approver = somebody(&site, &mut three, (Role::Approver, "35", 80)).await;
    let mut duty = somebody(&site, &mut three, (Role::Duty, "3501", 81)).await;
    let mut helpdesk = somebody(&site, &mut three, (Role::Helpdesk, "350100", 82)).await;
    let mut elsewhere = somebody(&site, &mut three, (Role::Duty, "3502", 83)).await;
    let page = format!("{PATH}/contact");
    assert!(!duty.get(PATH).await.body.contains(&page), "there is nobody to call");
    assert_eq!(approver.act(PATH, &contact("王试", PHONE, "夜间打总机")).await.status, 303);
    assert!(duty.get(PATH).await.body.contains(&page) && !approver.get(PATH).await.body.contains(&page));
    assert_eq!([helpdesk.get(&page).await.status, elsewhere.get(&page).await.status], [404, 404]);
    let masked = duty.get(&page).await.body;
    assert!(masked.contains(MASKED) && !masked.contains(PHONE), "{masked}");

    site.hands.forward(std::time::Duration::from_secs(31));
    let fresh = duty.next_code();
    let ask = |more: &'static str, code: &str| {
        [("reason", "机构投诉核查".to_owned()), ("more", more.to_owned()), ("code", code.to_owned())]
    };
    for (fields, status) in [(ask("急", &fresh), 409), (ask("夜间系统停了要找人", "000000"), 409)] {
        let token = duty.token(&page).await;
        let fields = fields.iter().map(|(name, value)| (*name, value.as_str()));
        let fields: Vec<(&str, &str)> = fields.chain([("t", token.as_str())]).collect();
        assert_eq!(duty.post(&page, &fields, &[]).await.status, status, "{fields:?}");
    }
    let unmask = "SELECT count(*) FROM operator_events WHERE action = 'institution.unmask'";
    assert_eq!(site.number(unmask).await, 0);
    let token = duty.token(&page).await;
    let fields = ask("夜间系统停了要找人", &fresh);
    let fields = fields.iter().map(|(name, value)| (*name, value.as_str()));
    let fields: Vec<(&str, &str)> = fields.chain([("t", token.as_str())]).collect();
    let seen = duty.post(&page, &fields, &[]).await;
    assert_eq!(seen.status, 303, "{}", seen.body);
    let way = seen.header("location").expect("an address").to_owned();
    assert!(!way.contains("0000123") && way.starts_with(&page), "{way}");
    let shown = duty.get(&way).await.body;
    for words in ["<dd>王试</dd>", PHONE, "夜间打总机"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert_eq!(site.number(unmask).await, 1);
    // To nobody else, and not for ever.
    let others = approver.get(&way).await.body;
    assert!(!others.contains(PHONE), "{others}");
    site.hands.forward(std::time::Duration::from_mins(14));
    duty.get(PATH).await;
    site.hands.forward(std::time::Duration::from_mins(2));
    let later = duty.get(&way).await;
    assert!(later.status == 200 && !later.body.contains(PHONE), "{}", later.body);
    let events = three[2].log_in().await;
    assert_eq!(events, 303);
    let events = three[2].get("/o/events").await.body;
    assert!(events.contains("查看完整的联系人") && events.contains("夜间系统停了要找人"), "{events}");
    assert!(!events.contains(PHONE), "{events}");
}

#[tokio::test]
async fn a_contact_that_was_moved_to_another_row_is_not_shown() {
    let site = with_console().await;
    let mut three = administrators(&site).await;
    let mut approver = somebody(&site, &mut three, (Role::Approver, "35", 80)).await;
    assert_eq!(approver.act(PATH, &contact("王试", PHONE, "")).await.status, 303);
    let move_it = "UPDATE institutions SET contact_phone = \
            (SELECT contact_phone FROM institutions WHERE org_code = 'H35010000001') \
        WHERE org_code = (SELECT MIN(org_code) FROM institutions WHERE org_code <> 'H35010000001')";
    site.execute(move_it).await;
    let other = "SELECT MIN(org_code) FROM institutions WHERE org_code <> 'H35010000001'";
    let answer = approver.get(&format!("/o/institutions/{}", site.text(other).await)).await;
    assert!(answer.status >= 500 && !answer.body.contains(PHONE), "{}", answer.body);
    assert_eq!(approver.get(PATH).await.status, 200);
}
