//! What becomes of accounts, institutions and channels after they were added: edited, attached, stopped for a time, closed.

use std::time::Duration;

use serde_json::json;
use yanmi_center::registry::{
    AccountEdit, AdministrationError, ChannelEdit, InstitutionEdit, Interfaces, MAX_ACCOUNTS, MacRule,
    NewAccount, NewInstitution, Object, Retirement, SourceNetworks, Switch, action_words, field_words,
};
use yanmi_protocol::message::status;
use yanmi_protocol::{AccountId, EcToken, OrgCode, Sm4Key};
use yanmi_verification::ChannelRecord;

use crate::events::events;
use crate::register::{NOW, act, administration};
use crate::site::{HOSPITAL, Site};

fn hospital() -> OrgCode {
    OrgCode::new(HOSPITAL).expect("a code")
}

fn account(site: &Site, at: usize) -> AccountId {
    site.world().accounts[at].org_id
}

/// What an account is told that asks for a token's status in the hospital's name.
async fn asked_by(site: &Site, at: usize, token: EcToken) -> i64 {
    let body = json!({ "token": token.as_str(), "orgCodg": HOSPITAL });
    site.institution_of(at).call(status::PATH, body.to_string()).await.expect("an answer").code()
}

/// The accounts the hospital is listed under.
async fn listed(site: &Site) -> Vec<AccountId> {
    let mut administration = administration(&site.config).await;
    let all = administration.institutions().await.expect("a list");
    administration.close().await.expect("closed");
    all.into_iter().find(|row| row.org_code == hospital()).expect("the hospital").accounts
}

#[tokio::test]
async fn an_edit_changes_what_it_names_and_nothing_else() {
    let site = Site::start().await;
    let token = site.token().await;
    let id = account(&site, 0);
    let edit = async |edit: AccountEdit| {
        site.change(async |a| a.edit_account(id, &edit, act(NOW)).await.expect("changed")).await;
        events(&site).await.pop().expect("an event").changes
    };
    let name = Some("某信息系统".to_owned());
    let said = edit(AccountEdit { name, ..AccountEdit::default() }).await;
    assert_eq!(said, r#"[["name","测试账号","某信息系统"]]"#);
    assert_eq!(asked_by(&site, 0, token).await, 0);

    let interfaces = Interfaces::parse("notify");
    let said = edit(AccountEdit { interfaces, ..AccountEdit::default() }).await;
    assert_eq!(said, r#"[["interfaces","notify,status,password,decode","notify"]]"#);
    assert_eq!(asked_by(&site, 0, token).await, 500_100);

    let rate = Some(std::num::NonZeroU32::new(7));
    let said = edit(AccountEdit { interfaces: Some(Interfaces::ALL), rate, ..AccountEdit::default() }).await;
    assert_eq!(said, r#"[["interfaces","notify","notify,status,password,decode"],["rate",null,"7"]]"#);
    let said = edit(AccountEdit { rate: Some(None), ..AccountEdit::default() }).await;
    assert_eq!(said, r#"[["rate","7",null]]"#);

    let networks = |text| AccountEdit {
        networks: Some(SourceNetworks::parse(text).expect("networks")),
        ..AccountEdit::default()
    };
    let said = edit(networks("10.0.0.0/8, 192.168.1.20")).await;
    assert_eq!(said, r#"[["networks",null,"10.0.0.0/8,192.168.1.20/32"]]"#);
    assert_eq!(asked_by(&site, 0, token).await, -4, "from elsewhere, and not told so");
    assert_eq!(asked_by(&site, 1, token).await, 500_316, "another account is heard");
    edit(networks("127.0.0.0/8")).await;
    assert_eq!(asked_by(&site, 0, token).await, 0);
    edit(networks("")).await;
    assert_eq!(asked_by(&site, 0, token).await, 0);

    let bad = AccountEdit { name: Some("某\u{202e}系统".to_owned()), ..AccountEdit::default() };
    site.change(async |a| {
        let refused = a.edit_account(id, &bad, act(NOW)).await;
        assert!(matches!(refused, Err(AdministrationError::BadName { .. })), "{refused:?}");
    })
    .await;
}

#[tokio::test]
async fn a_new_name_and_a_channels_new_facts_are_in_force_at_once() {
    let site = Site::start().await;
    let token = site.token().await;
    let edit = InstitutionEdit {
        name: Some("福州市第一医院东院".to_owned()), ..InstitutionEdit::default()
    };
    site.change(async |a| a.edit_institution(hospital(), &edit, act(NOW)).await.expect("changed")).await;
    assert_eq!(site.notify(token, None).await.code(), 0);
    let channel = site.channel().chnl_id;
    let edit = async |edit: ChannelEdit| {
        site.change(async |a| a.edit_channel(channel, &edit, act(NOW)).await.expect("changed")).await;
        events(&site).await.pop().expect("an event").changes
    };
    let token = site.token().await;
    let record = |record| ChannelEdit { record: Some(record), ..ChannelEdit::default() };
    assert_eq!(edit(record(ChannelRecord::Missing)).await, r#"[["record","active","missing"]]"#);
    assert_eq!(site.notify(token, None).await.code(), 500_208);
    edit(record(ChannelRecord::Active)).await;
    assert_eq!(site.notify(token, None).await.code(), 0);
    let said = edit(ChannelEdit { settlement: Some(false), ..ChannelEdit::default() }).await;
    assert_eq!(said, r#"[["settlement","true","false"]]"#);
    let none = ChannelEdit { ways: Some(yanmi_verification::Ways::NONE), ..ChannelEdit::default() };
    site.change(async |a| {
        let refused = a.edit_channel(channel, &none, act(NOW)).await;
        assert!(matches!(refused, Err(AdministrationError::NoWay)), "{refused:?}");
    })
    .await;
}

#[tokio::test]
async fn an_institution_calls_through_every_account_it_is_attached_to() {
    let site = Site::start().await;
    let token = site.token().await;
    let (first, second) = (account(&site, 0), account(&site, 1));
    assert_eq!(listed(&site).await, [first]);
    assert_eq!(asked_by(&site, 1, token).await, 500_316);
    site.change(async |a| a.attach(hospital(), second, act(NOW)).await.expect("attached")).await;
    assert_eq!(listed(&site).await.len(), 2);
    assert_eq!([asked_by(&site, 0, token).await, asked_by(&site, 1, token).await], [0, 0]);
    // The verification is of token and institution: who asks through the other account sees the same.
    assert_eq!(site.notify(token, Some("10")).await.code(), 0);
    assert_eq!(asked_by(&site, 1, token).await, 0);

    site.change(async |a| {
        let twice = a.attach(hospital(), second, act(NOW)).await;
        assert!(matches!(twice, Err(AdministrationError::Attached { .. })), "{twice:?}");
        a.detach(hospital(), first, act(NOW)).await.expect("detached");
        let gone = a.detach(hospital(), first, act(NOW)).await;
        assert!(matches!(gone, Err(AdministrationError::Detached { .. })), "{gone:?}");
    })
    .await;
    assert_eq!(listed(&site).await, [second]);
    assert_eq!([asked_by(&site, 0, token).await, asked_by(&site, 1, token).await], [500_316, 0]);
    // What a program of the version before reads.
    let own = site.text("SELECT org_id FROM institutions WHERE org_code = 'H35010000001'").await;
    assert_eq!(own, second.as_str());

    // The last one too may be taken away, and one that was may come back.
    site.change(async |a| a.detach(hospital(), second, act(NOW)).await.expect("detached")).await;
    assert_eq!((listed(&site).await.len(), asked_by(&site, 1, token).await), (0, 500_316));
    site.change(async |a| a.attach(hospital(), first, act(NOW)).await.expect("attached")).await;
    assert_eq!((listed(&site).await, asked_by(&site, 0, token).await), (vec![first], 0));
    let said: Vec<String> =
        events(&site).await.into_iter().rev().take(2).map(|event| event.changes).collect();
    assert_eq!(said[0], format!(r#"[["accounts","","{}"]]"#, first.as_str()));
    assert_eq!(said[1], format!(r#"[["accounts","{}",""]]"#, second.as_str()));
}

#[tokio::test]
async fn an_institution_that_a_program_of_the_version_before_added_has_its_account() {
    let site = Site::start().await;
    let token = site.token().await;
    site.execute("DELETE FROM account_institutions").await;
    // As a change of theirs does.
    site.execute("UPDATE site SET registry_version = registry_version + 1").await;
    site.center.refresh().await.expect("a new snapshot");
    assert_eq!(listed(&site).await, [account(&site, 0)]);
    assert_eq!(asked_by(&site, 0, token).await, 0);
    site.change(async |a| a.attach(hospital(), account(&site, 1), act(NOW)).await.expect("attached")).await;
    assert_eq!([asked_by(&site, 0, token).await, asked_by(&site, 1, token).await], [0, 0]);
    site.change(async |a| a.detach(hospital(), account(&site, 0), act(NOW)).await.expect("detached")).await;
    assert_eq!([asked_by(&site, 0, token).await, asked_by(&site, 1, token).await], [500_316, 0]);
}

#[tokio::test]
async fn an_institution_has_no_more_accounts_than_it_may() {
    let site = Site::start().await;
    site.change(async |a| {
        for number in 1..=MAX_ACCOUNTS {
            let new = NewAccount {
                id: AccountId::new(&format!("more-{number}")).expect("an account"),
                name: "又一系统".to_owned(),
                key: Sm4Key::from_bytes(&[7; 16]),
                interfaces: Interfaces::ALL,
                rate: None,
                mac: MacRule::Optional,
                networks: SourceNetworks::default(),
            };
            a.add_account(&new, act(NOW)).await.expect("a new account");
            let attached = a.attach(hospital(), new.id, act(NOW)).await;
            // It has one already.
            match attached {
                Ok(()) => assert!(number < MAX_ACCOUNTS),
                Err(error) => {
                    assert!(number == MAX_ACCOUNTS && matches!(error, AdministrationError::ManyAccounts(_)));
                }
            }
        }
    })
    .await;
    assert_eq!(listed(&site).await.len(), MAX_ACCOUNTS);
}

#[tokio::test]
async fn a_stop_for_hours_ends_by_itself_and_an_enable_ends_it_sooner() {
    let site = Site::start().await;
    let token = site.token().await;
    let objects = [
        (Object::Account(account(&site, 0)), -4),
        (Object::Institution(hospital()), 500_316),
        (Object::Channel(site.channel().chnl_id), 500_012),
    ];
    for (object, refused) in objects {
        for by_itself in [true, false] {
            let now = site.hands.now();
            let until = Switch::OffUntil(now.plus(Duration::from_hours(1)));
            site.change(async |a| a.switch(object, until, act(now)).await.expect("stopped")).await;
            assert_eq!(asked_by(&site, 0, token).await, refused, "{object:?}");
            if by_itself {
                site.hands.forward(Duration::from_mins(59));
                site.center.refresh().await.expect("looked");
                assert_eq!(asked_by(&site, 0, token).await, refused, "{object:?} a minute before");
                site.hands.forward(Duration::from_mins(1));
                site.center.refresh().await.expect("looked");
            } else {
                site.change(async |a| a.switch(object, Switch::On, act(now)).await.expect("on")).await;
            }
            assert_eq!(asked_by(&site, 0, token).await, 0, "{object:?}");
        }
    }
    // One that was off is off after a stop as well.
    let (object, now) = (Object::Account(account(&site, 0)), site.hands.now());
    site.change(async |a| {
        a.switch(object, Switch::Off, act(now)).await.expect("off");
        let until = Switch::OffUntil(now.plus(Duration::from_hours(1)));
        a.switch(object, until, act(now)).await.expect("stopped");
    })
    .await;
    site.hands.forward(Duration::from_hours(2));
    site.center.refresh().await.expect("looked");
    assert_eq!(asked_by(&site, 0, token).await, -4);
}

#[tokio::test]
async fn what_is_closed_stays_closed() {
    let site = Site::start().await;
    let token = site.token().await;
    let (id, key) = (account(&site, 0), site.world().accounts[0].key.clone());
    let (channel, other) = (site.channel().chnl_id, account(&site, 1));
    let objects = [Object::Channel(channel), Object::Institution(hospital()), Object::Account(id)];
    for (object, refused) in objects.into_iter().zip([500_012, 500_316, -4]) {
        site.change(async |a| a.close_entry(object, act(NOW)).await.expect("closed")).await;
        assert_eq!(asked_by(&site, 0, token).await, refused, "{object:?}");
    }
    let closed = |result: Result<(), AdministrationError>, what: &str| {
        assert!(matches!(result, Err(AdministrationError::Closed { .. })), "{what}: {result:?}");
    };
    site.change(async |a| {
        for object in objects {
            closed(a.switch(object, Switch::On, act(NOW)).await, "on");
            closed(a.close_entry(object, act(NOW)).await, "again");
        }
        closed(a.rotate_account_key(id, &key, act(NOW)).await, "a new key");
        closed(a.edit_account(id, &AccountEdit::default(), act(NOW)).await, "an edit");
        closed(a.edit_channel(channel, &ChannelEdit::default(), act(NOW)).await, "an edit");
        closed(a.attach(hospital(), other, act(NOW)).await, "attached");
        let pharmacy = OrgCode::new("H35010000099").expect("a code");
        let new = NewInstitution { org_code: pharmacy, name: "某药店".to_owned(), account: id };
        closed(a.add_institution(&new, act(NOW)).await, "of a closed account");
        let new = NewInstitution { org_code: hospital(), name: "某医院".to_owned(), account: other };
        let again = a.add_institution(&new, act(NOW)).await;
        assert!(matches!(again, Err(AdministrationError::Exists { .. })), "{again:?}");
        let accounts = a.accounts().await.expect("a list");
        let row = accounts.iter().find(|row| row.id == id).expect("it is listed");
        assert!(row.closed_at.is_some() && row.older.is_none() && row.newest != key.kcv());
    })
    .await;
}

#[tokio::test]
async fn every_action_and_every_field_has_a_word_for_operators() {
    let site = Site::start().await;
    let (id, other, channel) = (account(&site, 0), account(&site, 1), site.channel().chnl_id);
    let key = Sm4Key::from_bytes(&[3; 16]);
    let until = Switch::OffUntil(NOW.plus(Duration::from_hours(1)));
    site.change(async |a| {
        a.edit_account(id, &AccountEdit::default(), act(NOW)).await.expect("edited");
        a.edit_channel(channel, &ChannelEdit::default(), act(NOW)).await.expect("edited");
        a.edit_institution(hospital(), &InstitutionEdit::default(), act(NOW)).await.expect("edited");
        a.attach(hospital(), other, act(NOW)).await.expect("attached");
        a.detach(hospital(), other, act(NOW)).await.expect("detached");
        a.rotate_account_key(id, &key, act(NOW)).await.expect("rotated");
        a.retire_account_key(id, Retirement::WhenSilent, act(NOW)).await.expect("retired");
        a.rotate_channel_key(channel, &key, act(NOW)).await.expect("rotated");
        a.retire_channel_key(channel, Retirement::WhenSilent, act(NOW)).await.expect("retired");
        for object in [Object::Account(id), Object::Institution(hospital()), Object::Channel(channel)] {
            a.switch(object, until, act(NOW)).await.expect("stopped");
            a.switch(object, Switch::On, act(NOW)).await.expect("on");
            a.close_entry(object, act(NOW)).await.expect("closed");
        }
    })
    .await;
    for event in events(&site).await {
        assert_ne!(action_words(&event.action), event.action);
        let changes: Vec<(String, Option<String>, Option<String>)> =
            serde_json::from_str(&event.changes).expect("changes");
        for (field, ..) in changes {
            assert!(field == "mac" || field_words(&field) != field, "{field}");
        }
    }
}
