//! The other kinds, what ends, and what time does.

use std::time::Duration;

use super::{Cast, FILLED_IN, begin, cast, done, stay, step, to_accepted, to_province};
use crate::console::person::Person;
use crate::site::HOSPITAL;

const DAY: Duration = Duration::from_hours(24);

/// Passes every level and is approved; what is asked at each level is named.
async fn approve(cast: &mut Cast, path: &str, [county, city, province]: [&str; 3]) {
    for (people, checks) in [(&mut cast.county, county), (&mut cast.city, city)] {
        let [clerk, reviewer] = people;
        done(clerk, path, &[("do", "claim")]).await;
        done(clerk, path, &[("do", "pass"), ("check", checks)]).await;
        done(reviewer, path, &[("do", "confirm")]).await;
    }
    done(&mut cast.approver, path, &[("do", "approve"), ("check", province)]).await;
    done(&mut cast.reviewer, path, &[("do", "confirm")]).await;
}

/// What a page shows.
async fn page(person: &mut Person, path: &str) -> String {
    stay(person).await;
    person.get(path).await.body
}

#[tokio::test]
async fn what_needs_no_trial_is_carried_out_with_its_approval() {
    let mut cast = cast().await;
    let account = cast.site.world().accounts[1].org_id;
    let named = [("account", account.as_str()), ("adminName", "林经办"), ("adminPhone", "0591-87654321")];
    let looked_at = ["designated,persons,complete", "codes,not-twice,networks"];
    let [county, city] = looked_at;

    let attach = begin(&mut cast.counter, "attach").await;
    let fields = [("do", "submit"), ("institutions", HOSPITAL), ("applicant", "某医院")];
    done(&mut cast.counter, &attach, &[&fields[..], &named].concat()).await;
    approve(&mut cast, &attach, [county, city, "codes,not-twice"]).await;
    assert!(page(&mut cast.approver, &attach).await.contains("已办结"));
    let shown = page(&mut cast.approver, &format!("/o/institutions/{HOSPITAL}")).await;
    assert!(shown.contains(account.as_str()), "{shown}");

    let change = begin(&mut cast.counter, "change").await;
    let fields = [("do", "submit"), ("rate", "7"), ("reason", "减少"), ("applicant", "某医院")];
    done(&mut cast.counter, &change, &[&fields[..], &named].concat()).await;
    approve(&mut cast, &change, [county, city, "networks,needs"]).await;
    let shown = page(&mut cast.approver, &format!("/o/accounts/{}", account.as_str())).await;
    assert!(shown.contains("value=\"7\""), "{shown}");

    let close = begin(&mut cast.counter, "close").await;
    let fields = [("do", "submit"), ("reason", "停业"), ("applicant", "某医院")];
    done(&mut cast.counter, &close, &[&fields[..], &named].concat()).await;
    approve(&mut cast, &close, ["persons,unneeded"; 3]).await;
    let shown = page(&mut cast.approver, &format!("/o/accounts/{}", account.as_str())).await;
    assert!(shown.contains("已注销"), "{shown}");
    // There is nothing to be changed any more, which is said at the counter.
    let late = begin(&mut cast.counter, "change").await;
    let fields = [("do", "submit"), ("reason", "恢复"), ("applicant", "某医院")];
    let refused = step(&mut cast.counter, &late, &[&fields[..], &named].concat()).await;
    assert!(refused.status == 409 && refused.body.contains("已注销"), "{}", refused.body);
}

#[tokio::test]
async fn what_is_live_is_stopped_let_go_on_and_closed_by_two() {
    let mut cast = cast().await;
    let path = begin(&mut cast.counter, "system").await;
    done(&mut cast.counter, &path, &[&[("do", "submit")][..], &FILLED_IN].concat()).await;
    to_province(&mut cast, &path).await;
    to_accepted(&mut cast, &path).await;
    // The account of somebody else is not given again: nothing is half done.
    let taken = step(&mut cast.keeper, &path, &[("do", "issue"), ("account", "testOrgId")]).await;
    assert!(taken.status == 409 && taken.body.contains("testOrgId 已存在"), "{}", taken.body);
    assert!(page(&mut cast.keeper, &path).await.contains("验收通过，待发密钥"));
    let issued = step(&mut cast.keeper, &path, &[("do", "issue"), ("account", "his.new")]).await;
    assert_eq!(issued.status, 200, "{}", issued.body);

    let account = "/o/accounts/his.new";
    let state = async |cast: &mut Cast| {
        let shown = page(&mut cast.approver, account).await;
        let row = shown.split("<dt>状态</dt>").nth(1).expect("a state");
        row.split("</dd>").next().expect("it ends").to_owned()
    };
    assert!(state(&mut cast).await.contains("启用"));
    let unsaid = [("do", "suspend"), ("ground", "security"), ("opinion", "")];
    assert_eq!(step(&mut cast.approver, &path, &unsaid).await.status, 409);
    let stop = [("do", "suspend"), ("ground", "security"), ("opinion", "疑似冒用")];
    done(&mut cast.approver, &path, &stop).await;
    assert!(state(&mut cast).await.contains("停用"));
    done(&mut cast.approver, &path, &[("do", "resume"), ("opinion", "已查清")]).await;
    assert!(state(&mut cast).await.contains("启用"));
    let hours = [&stop[..], &[("hours", "5")]].concat();
    done(&mut cast.approver, &path, &hours).await;
    cast.site.hands.forward(Duration::from_hours(5));
    assert_eq!(cast.site.center.lapse_applications().await.expect("looked"), 1);
    assert!(state(&mut cast).await.contains("启用"));

    let close = [("do", "close"), ("ground", "at-request"), ("opinion", "换系统")];
    done(&mut cast.approver, &path, &close).await;
    assert!(state(&mut cast).await.contains("启用"), "one alone closes nothing");
    done(&mut cast.reviewer, &path, &[("do", "confirm")]).await;
    assert!(state(&mut cast).await.contains("已注销"));
    assert!(page(&mut cast.approver, &path).await.contains("换系统"));
}

#[tokio::test]
async fn time_ends_what_nobody_goes_on_with_and_passes_over_who_is_not_there() {
    let mut cast = cast().await;
    let forgotten = begin(&mut cast.counter, "system").await;
    let waiting = begin(&mut cast.counter, "system").await;
    done(&mut cast.counter, &waiting, &[&[("do", "submit")][..], &FILLED_IN].concat()).await;
    // Somebody works at the county: it waits there, and is shown to be late.
    cast.site.hands.forward(10 * DAY);
    assert_eq!(cast.site.center.lapse_applications().await.expect("looked"), 0);
    stay(&mut cast.county[0]).await;
    let listed = cast.county[0].get("/o/applications").await.body;
    assert!(listed.contains("已超期"), "{listed}");
    // The reviewer of the county is gone: it is passed over, upward only.
    let [_, security, _] = &mut cast.three;
    stay(security).await;
    let gone = [("do", "revoke"), ("role", "reviewer"), ("area", "350102"), ("reason", "调离")];
    let revoked = security.act("/o/operators/reviewer.350102", &gone).await;
    assert_eq!(revoked.status, 303, "{}", revoked.body);
    assert_eq!(cast.site.center.lapse_applications().await.expect("looked"), 1);
    assert_eq!(cast.site.center.lapse_applications().await.expect("looked"), 0);
    let shown = page(&mut cast.counter, &waiting).await;
    assert!(shown.contains("市经办") && shown.contains("无人办理"), "{shown}");

    cast.site.hands.forward(21 * DAY);
    assert_eq!(cast.site.center.lapse_applications().await.expect("looked"), 1);
    assert!(page(&mut cast.counter, &forgotten).await.contains("已撤回"));
    assert_eq!(step(&mut cast.counter, &forgotten, &[("do", "save")]).await.status, 403, "no form is left");
}

#[tokio::test]
async fn what_is_refused_or_withdrawn_is_over() {
    let mut cast = cast().await;
    let path = begin(&mut cast.counter, "system").await;
    done(&mut cast.counter, &path, &[&[("do", "submit")][..], &FILLED_IN].concat()).await;
    to_province(&mut cast, &path).await;
    let refuse = [("do", "refuse"), ("ground", "not-designated"), ("opinion", "协议已终止")];
    done(&mut cast.approver, &path, &refuse).await;
    // The second person does not agree: it is as if nothing had been proposed.
    done(&mut cast.reviewer, &path, &[("do", "object")]).await;
    done(&mut cast.approver, &path, &refuse).await;
    done(&mut cast.reviewer, &path, &[("do", "confirm")]).await;
    let shown = page(&mut cast.counter, &path).await;
    assert!(shown.contains("不予接入") && shown.contains("不是定点医药机构"), "{shown}");
    assert!(!shown.contains("button name=\"do\""), "{shown}");
    // The same may be applied for again, under another number, and withdrawn.
    let again = begin(&mut cast.counter, "system").await;
    done(&mut cast.counter, &again, &[&[("do", "submit")][..], &FILLED_IN].concat()).await;
    done(&mut cast.counter, &again, &[("do", "withdraw")]).await;
    assert!(page(&mut cast.counter, &again).await.contains("已撤回"));
}
