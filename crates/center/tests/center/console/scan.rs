//! Everything somebody can open is opened: no page and no file has a key, a person in full, or what is elsewhere.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use yanmi_onboarding::Role;

use super::insight::refused_visit;
use super::person::Person;
use super::{administrators, applicants, somebody, with_console};
use crate::register::{NOW, act, administration};
use crate::site::{HOSPITAL, Site};
use yanmi_center::registry::InstitutionEdit;
use yanmi_onboarding::ContactEdit;

/// Whom to call about the hospital, invented: name, telephone number and note.
const CONTACT: [&str; 3] = ["龚扫描", "13900007788", "只在扫描里的备注"];

/// An institution of another city, and what it is called.
const ELSEWHERE: (&str, &str) = ("H35020000077", "鹭岛示范医院");
/// Pages one person opens at most.
const MOST_PAGES: usize = 400;

/// What no page may have.
struct Secrets(Vec<String>);

impl Secrets {
    /// Keys of all parties, passwords and second factors of operators, and the person of the visits.
    async fn of(site: &Site) -> Self {
        let world = site.world();
        let mut all: Vec<String> =
            world.accounts.iter().map(|account| account.key.to_hex().to_string()).collect();
        all.extend(world.all_channels().map(|channel| channel.key.to_hex().to_string()));
        all.push(world.national.key.to_hex().to_string());
        // The name may be part of other words on a page; the number is not.
        all.push(site.person().id_no.clone());
        all.push(site.text("SELECT password FROM operators WHERE login = 'system'").await);
        Self(all)
    }

    fn check(&self, who: &str, page: &str, body: &[u8]) {
        let text = String::from_utf8_lossy(body).to_lowercase();
        for (at, secret) in self.0.iter().enumerate() {
            assert!(!text.contains(&secret.to_lowercase()), "{who} reads secret {at} at {page}");
        }
    }
}

/// Opens every page that another one leads to, beginning at the first.
async fn walk(person: &mut Person, who: &str, secrets: &Secrets, hidden: &[&str]) -> BTreeSet<String> {
    let mut waiting = VecDeque::from(["/o/".to_owned()]);
    let mut seen = BTreeSet::new();
    while let Some(path) = waiting.pop_front() {
        if !seen.insert(path.clone()) {
            continue;
        }
        assert!(seen.len() < MOST_PAGES, "{who} finds no end: {path}");
        let body = person.download(&path).await;
        secrets.check(who, &path, &body);
        let text = String::from_utf8_lossy(&body);
        for word in hidden {
            assert!(!text.contains(word), "{who} reads {word} at {path}");
        }
        for link in text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            // Leaving ends the session; what is asked for another time is the same page.
            if link.starts_with("/o/") && !link.contains("logout") {
                waiting.push_back(link.replace("&amp;", "&"));
            }
        }
    }
    seen
}

/// Something of everything: visits, refusals, an institution elsewhere, an applicant, statistics.
async fn lived() -> Site {
    let site = with_console().await;
    let mut registry = administration(&site.config).await;
    let account = site.world().accounts[0].org_id;
    let code = yanmi_protocol::OrgCode::new(ELSEWHERE.0).expect("a code");
    let new =
        yanmi_center::registry::NewInstitution { org_code: code, name: ELSEWHERE.1.to_owned(), account };
    registry.add_institution(&new, act(NOW)).await.expect("added");
    let [name, phone, note] = CONTACT.map(|text| Some(text.to_owned()));
    let edit = InstitutionEdit { contact: ContactEdit { name, phone, note }, ..InstitutionEdit::default() };
    let hospital = yanmi_protocol::OrgCode::new(HOSPITAL).expect("a code");
    registry.edit_institution(hospital, &edit, act(NOW)).await.expect("edited");
    registry.close().await.expect("closed");
    let token = site.token().await;
    assert_eq!(site.notify(token, Some("128.50")).await.code(), 0);
    let notice = site.newest_notice().await;
    site.act(&notice, "confirm", "01").await;
    refused_visit(&site).await;
    applicants::add(&site, applicants::VENDOR, "35").await;
    site
}

#[tokio::test]
async fn nobody_opens_a_page_with_a_key_a_person_in_full_or_what_is_elsewhere() {
    let site = lived().await;
    let mut three = administrators(&site).await;
    let secrets = Secrets::of(&site).await;
    let mut count = 0;
    for (at, (role, area)) in [
        (Role::Clerk, "35"),
        (Role::Clerk, "3501"),
        (Role::Reviewer, "3501"),
        (Role::Approver, "35"),
        (Role::KeyKeeper, "35"),
        (Role::Duty, "35"),
        (Role::Duty, "3501"),
        (Role::Helpdesk, "350100"),
    ]
    .into_iter()
    .enumerate()
    {
        let last = 100 + u8::try_from(at).expect("few");
        let mut person = somebody(&site, &mut three, (role, area, last)).await;
        let hidden: &[&str] = if area == "35" { &[] } else { &[ELSEWHERE.0, ELSEWHERE.1] };
        // Who may change whom to call reads it at its institution; nobody else does, anywhere.
        let may_call = yanmi_onboarding::Action::EditContact.roles().contains(&role);
        let hidden = if may_call { hidden.to_vec() } else { [hidden, &CONTACT[..]].concat() };
        let seen = walk(&mut person, &format!("{role:?} {area}"), &secrets, &hidden).await;
        let page = person.get(&format!("/o/institutions/{HOSPITAL}")).await.body;
        let reads = CONTACT.map(|text| page.contains(text));
        assert_eq!(reads, [may_call; 3], "{role:?} {area}");
        assert!(may_call || page.contains("*******7788"), "{role:?} {area}: {page}");
        let own = format!("/o/institutions/{HOSPITAL}");
        assert!(seen.contains(&own), "{role:?} {area}: {seen:?}");
        let other = format!("/o/institutions/{}", ELSEWHERE.0);
        assert_eq!(seen.contains(&other), area == "35", "{role:?} {area}");
        count += seen.len();
        if matches!(role, Role::Duty) {
            // An XLSX has the same rows, packed.
            for by in ["institution", "day", "hour", "city", "channel"] {
                let fields = [("by", by), ("file", "csv"), ("reason", "月报")];
                let body = person.act_for_file("/o/statistics", &fields).await;
                secrets.check("export", by, &body);
                let text = String::from_utf8_lossy(&body);
                assert!(text.contains("发起"), "{by}: {text}");
                assert_eq!(text.contains(ELSEWHERE.0), area == "35" && by == "institution", "{by}: {text}");
            }
        }
        // The codes of this while are used up.
        site.hands.forward(Duration::from_secs(31));
    }
    for (at, mut person) in three.into_iter().enumerate() {
        person.log_in().await;
        count += walk(&mut person, &format!("administrator {at}"), &secrets, &CONTACT).await.len();
    }
    assert!(count > 100, "{count} pages");
}
