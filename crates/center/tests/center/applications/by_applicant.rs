//! Applications by the applicant's own people, at the pages of the other listener.

use yanmi_protocol::Sm4Key;

use super::{Cast, FILLED_IN, cast, done, step, to_province};
use crate::console::applicants::{HOSPITAL_UNIT, VENDOR, add, person_of};
use crate::console::person::Person;
use crate::wire::Answer;

/// Sends a form of a page for what the page shows, as step does at the console.
pub(super) async fn send(person: &mut Person, path: &str, fields: &[(&str, &str)]) -> Answer {
    if person.get("/a/").await.status != 200 {
        assert_eq!(person.log_in().await, 303);
    }
    let page = person.get(path).await.body;
    let seen = page.split("name=\"seen\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let seen = [("seen", seen.unwrap_or_default())];
    person.act(path, &[fields, &seen].concat()).await
}

/// What a page shows.
pub(super) async fn page(person: &mut Person, path: &str) -> Answer {
    if person.get("/a/").await.status != 200 {
        assert_eq!(person.log_in().await, 303);
    }
    person.get(path).await
}

/// What brings a system to the counter by itself; its page there and at the console.
pub(super) async fn begun(admin: &mut Person) -> (String, String) {
    let begun = send(admin, "/a/applications", &[("kind", "system"), ("region", "350102")]).await;
    assert_eq!(begun.status, 303, "{}", begun.body);
    let path = begun.header("location").expect("its page").to_owned();
    let there = path.replace("/a/", "/o/");
    (path, there)
}

pub(super) async fn ground() -> (Cast, [Person; 3]) {
    // On its own, so that whoever awaits all of this stays small.
    let cast = Box::pin(cast()).await;
    add(&cast.site, VENDOR, "3501").await;
    add(&cast.site, HOSPITAL_UNIT, "3501").await;
    let admin = Box::pin(person_of(&cast.site, VENDOR, ("admin.one", 130))).await;
    let technician = Box::pin(person_of(&cast.site, VENDOR, ("tech.one", 131))).await;
    let other = Box::pin(person_of(&cast.site, HOSPITAL_UNIT, ("admin.two", 132))).await;
    (cast, [admin, technician, other])
}

#[tokio::test]
async fn an_applicant_files_mends_and_follows_what_is_his_alone() {
    let (mut cast, [mut admin, mut technician, mut other]) = ground().await;
    assert_eq!(page(&mut technician, "/a/applications").await.status, 404, "only who is in charge files");
    for region in ["3501", "360102", "x"] {
        let refused = send(&mut admin, "/a/applications", &[("kind", "system"), ("region", region)]).await;
        assert_eq!(refused.status, 409, "{region}");
    }
    let (path, there) = begun(&mut admin).await;
    let kept = send(&mut admin, &path, &[("do", "submit"), ("system", "收费")]).await;
    assert!(kept.status == 409 && kept.body.contains("缺少"), "{}", kept.body);
    // Whose form it is stands fast, whatever is sent.
    let theft = [&[("do", "submit")][..], &FILLED_IN, &[("creditCode", HOSPITAL_UNIT.0)]].concat();
    assert_eq!(send(&mut admin, &path, &theft).await.status, 303);
    let shown = page(&mut admin, &path).await.body;
    assert!(
        shown.contains(VENDOR.0) && shown.contains("县经办") && !shown.contains(HOSPITAL_UNIT.0),
        "{shown}"
    );
    assert!(page(&mut technician, "/a/").await.body.contains("审核中"));
    for person in [&mut other, &mut technician] {
        let taken = send(person, &path, &[("do", "withdraw")]).await;
        assert!(matches!(taken.status, 403 | 404), "{}", taken.status);
    }
    assert_eq!(page(&mut other, &path).await.status, 404, "another's");
    assert!(!page(&mut other, "/a/").await.body.contains("审核中"));

    let clerk = &mut cast.county[0];
    done(clerk, &there, &[("do", "claim")]).await;
    done(clerk, &there, &[("do", "return"), ("fault-rate", "与规模不符")]).await;
    let shown = page(&mut admin, &path).await.body;
    assert!(shown.contains("与规模不符") && !shown.contains("clerk.350102"), "{shown}");
    let mended = [&[("do", "submit")][..], &FILLED_IN[..8], &[("rate", "20")], &FILLED_IN[9..]].concat();
    assert_eq!(send(&mut admin, &path, &mended).await.status, 303);
    assert!(cast.county[0].get(&there).await.body.contains("第 2 次提交"));
    assert_eq!(send(&mut admin, &path, &[("do", "withdraw")]).await.status, 303);
    assert!(page(&mut admin, "/a/").await.body.contains("已撤回"));
}

#[tokio::test]
async fn a_report_and_what_came_of_it_are_handed_over_at_the_applicants_pages() {
    let (mut cast, [mut admin, mut technician, mut other]) = ground().await;
    let (path, there) = begun(&mut admin).await;
    assert_eq!(send(&mut admin, &path, &[&[("do", "submit")][..], &FILLED_IN].concat()).await.status, 303);
    to_province(&mut cast, &there).await;
    let all = "codes,not-twice,networks,needs,product,key-proven";
    done(&mut cast.approver, &there, &[("do", "approve"), ("check", all), ("account", "t-his")]).await;
    done(&mut cast.reviewer, &there, &[("do", "confirm")]).await;
    let shown = page(&mut technician, &path).await.body;
    assert!(shown.contains("t-his") && !shown.contains("联调中心有效"), "{shown}");
    // Whoever calls this center under the code of joint debugging is told by the page, not by the answer.
    let strayed = cast.site.status_by("t-his", cast.site.token().await, Sm4Key::from_bytes(&[1; 16])).await;
    assert_eq!(strayed.code(), -4);
    cast.site.center.keep_calls().await;
    let shown = page(&mut technician, &path).await.body;
    assert!(shown.contains("该编码属于联调环境") && shown.contains("联调中心有效"), "{shown}");
    let at = format!("{path}/report");
    let wrong = technician.upload(&at, "report.json", b"<html>").await;
    assert!(wrong.status == 422 && wrong.body.contains("report.json"), "{}", wrong.body);
    let file = super::report(&cast, "passed");
    page(&mut technician, &at).await;
    let brought = technician.upload(&at, "report.json", &file).await;
    assert_eq!(brought.status, 303, "{}", brought.body);
    done(&mut cast.city[0], &there, &[("do", "witness")]).await;
    done(&mut cast.approver, &there, &[("do", "accept")]).await;
    let issued = step(&mut cast.keeper, &there, &[("do", "issue"), ("account", "his.new")]).await;
    assert_eq!(issued.status, 200, "{}", issued.body);
    let shown = page(&mut admin, &path).await.body;
    assert!(shown.contains("已接入") && shown.contains("feedback.json"), "{shown}");
    page(&mut technician, "/a/").await;
    let form = technician.download(&format!("{path}/feedback.json")).await;
    assert!(String::from_utf8_lossy(&form).contains("his.new"));
    page(&mut other, "/a/").await;
    assert_eq!(other.get(&format!("{path}/feedback.json")).await.status, 404);
    assert_eq!(other.get(&format!("{path}/offer.json")).await.status, 404);
    // The account is his from now on.
    assert_eq!(page(&mut admin, "/a/accounts/his.new").await.status, 200);
}
