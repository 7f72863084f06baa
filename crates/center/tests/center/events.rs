//! Whoever changes who may call leaves an event, and nobody changes an event without being noticed.

use yanmi_center::registry::{
    AccountEdit, Act, Actor, AdministrationError, Break, BrokenLink, MacRule, NewInstitution, Object,
    OperatorEvent, Outcome, Switch,
};
use yanmi_protocol::{AccountId, OrgCode, Sm4Key};

use crate::register::{NOW, act, administration, execute};
use crate::site::{HOSPITAL, Site};

/// All events, the oldest first.
pub(crate) async fn events(site: &Site) -> Vec<OperatorEvent> {
    let mut administration = administration(&site.config).await;
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let page = administration.events(after).await.expect("events");
        let Some(last) = page.last() else { break };
        after = last.seq;
        all.extend(page);
    }
    administration.close().await.expect("closed");
    all
}

async fn newest(site: &Site) -> OperatorEvent {
    events(site).await.pop().expect("an event")
}

#[tokio::test]
async fn every_change_says_who_why_and_what_it_was_before() {
    let site = Site::start().await;
    let begun = events(&site).await;
    assert!(begun.iter().all(|event| event.outcome == Outcome::Done && event.action.split('.').next_back() == Some("add")));
    assert!(begun.iter().enumerate().all(|(at, event)| event.seq == i64::try_from(at + 1).expect("few")));
    let actor = Actor::host("root");
    let why = Act::new(&actor, "接入改造完成", NOW);
    let id = site.world().accounts[0].org_id;
    let edit = AccountEdit { mac: Some(MacRule::Required), ..AccountEdit::default() };
    site.change(async |a| a.edit_account(id, &edit, why).await.expect("changed")).await;
    let event = newest(&site).await;
    assert_eq!((event.actor.as_str(), event.reason.as_str()), ("host:root", "接入改造完成"));
    assert_eq!((event.action.as_str(), event.object.as_str()), ("account.edit", id.as_str()));
    assert_eq!(event.changes, r#"[["mac","optional","required"]]"#);
    // A key is never in an event, only what it can be compared by.
    let key = Sm4Key::from_bytes(&[9; 16]);
    let before = site.world().accounts[0].key.kcv().to_string();
    site.change(async |a| a.rotate_account_key(id, &key, why).await.expect("changed")).await;
    let event = newest(&site).await;
    let expected = format!(r#"[["key","{before}","{}"],["older_key",null,"{before}"]]"#, key.kcv());
    assert_eq!((event.action.as_str(), event.changes), ("account.rotate_key", expected));
    let all = events(&site).await;
    let said = format!("{all:?}");
    for secret in site.world().accounts.iter().map(|account| account.key.to_hex()).chain([key.to_hex()]) {
        assert!(!said.contains(secret.as_str()));
    }
    site.stop().await;
}

#[tokio::test]
async fn what_is_refused_is_an_event_and_changes_nothing() {
    let site = Site::start().await;
    let count = events(&site).await.len();
    let nobody = AccountId::new("nobody").expect("an account");
    let institution = |account| NewInstitution {
        org_code: OrgCode::new("H35010000777").expect("a code"),
        name: "某医院".to_owned(),
        account,
    };
    site.change(async |a| {
        let refused = a.switch(Object::Account(nobody), Switch::Off, act(NOW)).await;
        assert!(matches!(refused, Err(AdministrationError::Missing { .. })));
        let refused = a.add_institution(&institution(nobody), act(NOW)).await;
        assert!(matches!(refused, Err(AdministrationError::Missing { .. })));
        let known = NewInstitution {
            org_code: OrgCode::new(HOSPITAL).expect("a code"),
            ..institution(site.world().accounts[0].org_id)
        };
        let refused = a.add_institution(&known, act(NOW)).await;
        assert!(matches!(refused, Err(AdministrationError::Exists { .. })));
    })
    .await;
    let all = events(&site).await;
    let refused: Vec<(&str, &str, &str)> = all[count..]
        .iter()
        .map(|event| {
            assert_eq!(event.outcome, Outcome::Refused);
            (event.action.as_str(), event.object.as_str(), event.changes.as_str())
        })
        .collect();
    let expected = [
        ("account.disable", "nobody", r#"[["refusal",null,"业务系统编码 nobody 不存在"]]"#),
        ("institution.add", "H35010000777", r#"[["refusal",null,"业务系统编码 nobody 不存在"]]"#),
        ("institution.add", HOSPITAL, r#"[["refusal",null,"定点机构 H35010000001 已存在"]]"#),
    ];
    assert_eq!(refused, expected);
    let report = verified(&site).await;
    assert_eq!((report.broken, report.whole), (None, u64::try_from(all.len()).expect("few")));
    site.stop().await;
}

async fn verified(site: &Site) -> yanmi_center::registry::ChainReport {
    let mut administration = administration(&site.config).await;
    let report = administration.verify_events().await.expect("a report");
    administration.close().await.expect("closed");
    report
}

#[tokio::test]
async fn who_changes_an_event_leaves_out_one_or_puts_one_in_is_found() {
    let site = Site::start().await;
    let whole = verified(&site).await;
    assert!(whole.broken.is_none() && whole.whole > 4);
    for (bend, mend, seq, how) in [
        (
            "UPDATE operator_events SET reason = 'x' WHERE seq = 3",
            "UPDATE operator_events SET reason = '' WHERE seq = 3",
            3,
            Break::Content,
        ),
        (
            "UPDATE operator_events SET at = at + 1 WHERE seq = 2",
            "UPDATE operator_events SET at = at - 1 WHERE seq = 2",
            2,
            Break::Content,
        ),
        (
            "UPDATE operator_events SET actor = 'host:x' WHERE seq = 1",
            "UPDATE operator_events SET actor = 'test' WHERE seq = 1",
            1,
            Break::Content,
        ),
        (
            "UPDATE operator_events SET seq = 1000 WHERE seq = 3",
            "UPDATE operator_events SET seq = 3 WHERE seq = 1000",
            4,
            Break::Gap,
        ),
    ] {
        execute(&site.config, bend).await;
        let report = verified(&site).await;
        assert_eq!(report.broken, Some(BrokenLink { seq, how }), "{bend}");
        assert_eq!(
            report.whole,
            u64::try_from(if how == Break::Gap { seq - 2 } else { seq - 1 }).expect("few")
        );
        execute(&site.config, mend).await;
        assert_eq!(verified(&site).await, whole, "{mend}");
    }
    // Its hash is that of another place.
    execute(&site.config, "UPDATE operator_events SET prev = hash WHERE seq = 2").await;
    assert_eq!(verified(&site).await.broken, Some(BrokenLink { seq: 2, how: Break::Order }));
    execute(&site.config, "DELETE FROM operator_events WHERE seq = 1").await;
    assert_eq!(verified(&site).await.broken, Some(BrokenLink { seq: 2, how: Break::Gap }));
    site.stop().await;
}

#[tokio::test]
async fn changes_at_the_same_time_leave_no_gap() {
    let site = Site::start().await;
    let before = verified(&site).await.whole;
    let id = site.world().accounts[0].org_id;
    let change = async |on: bool| {
        let mut administration = administration(&site.config).await;
        for _ in 0..8 {
            let switch = if on { Switch::On } else { Switch::Off };
            administration.switch(Object::Account(id), switch, act(NOW)).await.expect("changed");
        }
        administration.close().await.expect("closed");
    };
    tokio::join!(change(true), change(false), change(true));
    let after = verified(&site).await;
    assert_eq!((after.broken, after.whole), (None, before + 24));
    site.stop().await;
}
