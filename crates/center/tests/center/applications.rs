//! Applications over HTTP: from the counter through county, city and province to an account that calls.

mod after;
mod by_applicant;
mod cut;
mod papers;
mod signed_reports;

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use bytes::Bytes;
use tempfile::TempDir;
use yanmi_center::config::{CenterUrls, PrintedText, TestCenterKeys};
use yanmi_center::registry::{Act, Actor as Host};
use yanmi_onboarding::application::{Actor, Attachment, Calendar, Field, Form, Kind, PersonId};
use yanmi_onboarding::{Area, Grant, Role};
use yanmi_papers::{ApplicationNo, Chance, Feedback, Offer, PrivateKey, Signed};
use yanmi_protocol::{Sm4Key, hex};

use crate::console::applicants::{self, HOSPITAL_UNIT};
use crate::console::person::Person;
use crate::console::{administrators, somebody};
use crate::register::NOW;
use crate::site::{HOSPITAL, Site, anywhere};
use crate::wire::{Answer, Wire};

/// Everybody an application meets.
pub(crate) struct Cast {
    pub(crate) site: Site,
    pub(crate) three: [Person; 3],
    /// Files for those who come to the counter.
    pub(crate) counter: Person,
    pub(crate) county: [Person; 2],
    pub(crate) city: [Person; 2],
    pub(crate) approver: Person,
    pub(crate) reviewer: Person,
    pub(crate) keeper: Person,
    /// What forms are signed with.
    pub(crate) signer: PrivateKey,
    _folder: TempDir,
}

/// A key that depends on nothing but this number.
pub(crate) fn key_of(seed: u8) -> PrivateKey {
    let mut next = seed;
    let mut fill = |bytes: &mut [u8]| {
        for byte in bytes {
            next = next.wrapping_mul(37).wrapping_add(11);
            *byte = next;
        }
    };
    PrivateKey::generate(&mut Chance::new(&mut fill))
}

/// A site that issues feedback forms, and everybody in it.
pub(crate) async fn cast() -> Cast {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, signer) = (folder.path().join("feedback.pem"), key_of(5));
    std::fs::write(&file, signer.to_pem().as_bytes()).expect("written");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("closed to others");
    signed_reports::write_key(folder.path());
    let site = Site::with(|config| {
        config.listen.operator = anywhere();
        config.listen.applicant = anywhere();
        let of = &mut config.onboarding;
        of.signing_key = Some(file);
        of.test_centers = TestCenterKeys::new(folder.path(), "test-center.pem").ok();
        of.issuer = PrintedText::new("某省医疗保障局");
        of.urls = CenterUrls::new("http://10.35.0.10:8350").ok();
        of.debugging_phone = PrintedText::new("0591-1");
        of.duty_phone = PrintedText::new("0591-2");
    })
    .await;
    let mut three = administrators(&site).await;
    let mut people = Vec::new();
    for (at, (role, area)) in [
        (Role::Clerk, "35"),
        (Role::Clerk, "350102"),
        (Role::Reviewer, "350102"),
        (Role::Clerk, "3501"),
        (Role::Reviewer, "3501"),
        (Role::Approver, "35"),
        (Role::Reviewer, "35"),
        (Role::KeyKeeper, "35"),
    ]
    .into_iter()
    .enumerate()
    {
        let last = 100 + u8::try_from(at).expect("few");
        for one in &mut three {
            stay(one).await;
        }
        people.push(somebody(&site, &mut three, (role, area, last)).await);
    }
    let mut people = people.into_iter();
    let mut next = || people.next().expect("eight");
    Cast {
        counter: next(),
        county: [next(), next()],
        city: [next(), next()],
        approver: next(),
        reviewer: next(),
        keeper: next(),
        site,
        three,
        signer,
        _folder: folder,
    }
}

/// Logs in again if the session has ended: much time goes by between one form and the next.
pub(crate) async fn stay(person: &mut Person) {
    if person.get("/o/").await.status != 200 {
        assert_eq!(person.log_in().await, 303);
    }
}

/// The first application, which somebody who has left began, and its paper at the console.
pub(crate) async fn with_paper(site: &Site) -> String {
    let id = PersonId::new("left").expect("a login");
    let grant = Grant { role: Role::Clerk, area: Area::new("35").expect("an area"), until: None };
    let (grants, host) = ([grant], Host::operator("left"));
    let who = Actor::Operator { id, grants: &grants };
    let act = Act::new(&host, "", NOW);
    let mut form = Form::default();
    form.set(Field::Region, "350102");
    let content = Bytes::from_static(b"%PDF-1.7");
    let paper = Attachment::of_file("执照.pdf", &content).expect("a paper");
    site.change(async |a| {
        let number = a.begin_application((Kind::System, &form, false), &who, act).await.expect("begun");
        let by = (&who, &Calendar::default());
        a.add_attachment(number, (&paper, content.clone()), by, act).await.expect("added");
    })
    .await;
    format!("/o/applications/1/attachments/{}", hex::encode(paper.digest()))
}

/// Sends a form of an application's page, for what the page shows.
pub(crate) async fn step(person: &mut Person, path: &str, fields: &[(&str, &str)]) -> Answer {
    stay(person).await;
    let page = person.get(path).await.body;
    let value = |name: &str| {
        let rest = page.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_default();
        rest.split('"').next().unwrap_or_default().to_owned()
    };
    let (form, seen) = (value("form"), value("seen"));
    let shown = [("form", form.as_str()), ("seen", seen.as_str())];
    person.act(path, &[fields, &shown].concat()).await
}

/// The same, which has to be done.
pub(crate) async fn done(person: &mut Person, path: &str, fields: &[(&str, &str)]) {
    let answer = step(person, path, fields).await;
    assert_eq!(answer.status, 303, "{fields:?}: {}", answer.body);
}

/// A form of a system for which nothing is missing.
pub(crate) const FILLED_IN: [(&str, &str); 15] = [
    ("applicant", "某医院"),
    ("creditCode", HOSPITAL_UNIT.0),
    ("system", "某医院门诊收费"),
    ("vendor", "某软件公司"),
    ("product", "某 HIS"),
    ("version", "5.2.1"),
    ("institutions", HOSPITAL),
    ("interfaces", "notify,status"),
    ("rate", "50"),
    ("networks", "127.0.0.0/8\n10.35.0.0/16"),
    ("adminName", "林经办"),
    ("adminPhone", "0591-87654321"),
    ("technicalName", "陈技术"),
    ("technicalPhone", "13900000000"),
    ("reason", ""),
];

/// Begins an application of this kind at the counter; its page.
pub(crate) async fn begin(counter: &mut Person, kind: &str) -> String {
    stay(counter).await;
    let fields = [("kind", kind), ("region", "350102"), ("applicant", "某医院")];
    let begun = counter.act("/o/applications", &fields).await;
    assert_eq!(begun.status, 303, "{}", begun.body);
    begun.header("location").expect("its page").to_owned()
}

/// Passes it on at a level.
async fn pass(people: &mut [Person; 2], path: &str, checks: &str) {
    let [clerk, reviewer] = people;
    done(clerk, path, &[("do", "claim")]).await;
    done(clerk, path, &[("do", "pass"), ("check", checks), ("opinion", "属实")]).await;
    done(reviewer, path, &[("do", "confirm")]).await;
}

/// Up to the desk of the province.
pub(crate) async fn to_province(cast: &mut Cast, path: &str) {
    pass(&mut cast.county, path, "designated,persons,complete").await;
    pass(&mut cast.city, path, "codes,not-twice,networks").await;
}

/// What a vendor's own run wrote.
fn report(cast: &Cast, conclusion: &str) -> Vec<u8> {
    let at = cast.site.hands.now().minus(Duration::from_mins(5)).shanghai_text();
    let text = format!(
        r#"{{"schema":2,"product":"某 HIS 5.2.1","orgCodg":"{HOSPITAL}","writtenAt":"{at}","conclusion":"{conclusion}"}}"#
    );
    text.into_bytes()
}

/// From the province's desk to joint debugging under the account `t-his`.
pub(crate) async fn to_trial(cast: &mut Cast, path: &str) {
    let all = "codes,not-twice,networks,needs,product,key-proven";
    let approve = [("do", "approve"), ("check", all), ("account", "t-his"), ("opinion", "同意")];
    done(&mut cast.approver, path, &approve).await;
    done(&mut cast.reviewer, path, &[("do", "confirm")]).await;
}

/// From the province's desk to what waits for its key.
pub(crate) async fn to_accepted(cast: &mut Cast, path: &str) {
    to_trial(cast, path).await;
    let file = report(cast, "passed");
    stay(&mut cast.counter).await;
    let brought = cast.counter.upload(&format!("{path}/report"), "report.json", &file).await;
    assert_eq!(brought.status, 303, "{}", brought.body);
    done(&mut cast.city[0], path, &[("do", "witness")]).await;
    done(&mut cast.approver, path, &[("do", "accept"), ("opinion", "通过")]).await;
}

/// Somebody without a session at the applicants' pages.
async fn ask(site: &Site, method: &str, path: &str, body: &str) -> Answer {
    let mut wire = Wire::to(site.applicant_addr()).await;
    let head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", site.applicant_addr());
    wire.send(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes()).await;
    wire.answer().await.expect("an answer")
}

#[tokio::test]
async fn a_system_goes_from_the_counter_to_an_account_that_calls() {
    let mut cast = cast().await;
    let path = begin(&mut cast.counter, "system").await;
    done(&mut cast.counter, &path, &[&[("do", "submit")][..], &FILLED_IN].concat()).await;
    let shown = cast.county[0].get("/o/applications").await.body;
    assert!(shown.contains("某医院") && shown.contains("县经办"), "{shown}");
    to_province(&mut cast, &path).await;
    to_accepted(&mut cast, &path).await;

    let issued = step(&mut cast.keeper, &path, &[("do", "issue"), ("account", "his.new")]).await;
    assert_eq!(issued.status, 200, "{}", issued.body);
    let link = issued.body.split("/k/").nth(1).expect("a link").get(..22).expect("22 characters").to_owned();
    let passcode = issued.body.split("class=\"key\">").nth(1).expect("a passcode").get(..8).expect("digits");
    let answer =
        ask(&cast.site, "POST", &format!("/k/{link}"), &format!("do=take&passcode={passcode}")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let key = answer.body.split("class=\"key\">").nth(1).expect("a key").get(..32).expect("32 digits");
    let key = Sm4Key::from_hex(key).expect("a key");

    let page = cast.keeper.get(&path).await.body;
    assert!(
        page.contains("已接入") && page.contains("已领取") && page.contains(&key.kcv().to_string()),
        "{page}"
    );
    cast.site.center.refresh().await.expect("looked");
    let token = cast.site.token().await;
    assert_eq!(cast.site.status_by("his.new", token, key).await.code(), 0);

    // The first envelope under the key is seen.
    cast.site.center.note_keys().await;
    stay(&mut cast.keeper).await;
    assert!(cast.keeper.get(&path).await.body.contains("首次调用"));
    stay(&mut cast.three[2]).await;
    let events = cast.three[2].get("/o/events").await.body;
    for words in
        ["新增账号", "增加机构的业务系统", "发出账户与密钥", "领取密钥", "出具反馈表", "申请 A350000-"]
    {
        assert!(events.contains(words), "{words}: {events}");
    }
    assert!(cast.three[2].get("/o/events/chain").await.body.contains("操作记录完整"));
    // Auditors of its city see all of it.
    let nowhere = "SELECT count(*) FROM operator_events WHERE region IS NULL \
        AND object_kind IN ('application', 'feedback')";
    assert_eq!(cast.site.number(nowhere).await, 0);
    feedback_is_signed(&mut cast, &path).await;
}

#[tokio::test]
async fn an_account_is_the_applicants_whose_credit_code_the_form_has() {
    let mut cast = cast().await;
    applicants::add(&cast.site, HOSPITAL_UNIT, "350102").await;
    let mut zhao = applicants::person_of(&cast.site, HOSPITAL_UNIT, ("zhao", 180)).await;
    let path = begin(&mut cast.counter, "system").await;
    done(&mut cast.counter, &path, &[&[("do", "submit")][..], &FILLED_IN].concat()).await;
    to_province(&mut cast, &path).await;
    to_accepted(&mut cast, &path).await;
    let issued = step(&mut cast.keeper, &path, &[("do", "issue"), ("account", "his.new")]).await;
    assert_eq!(issued.status, 200, "{}", issued.body);
    let passcode = issued.body.split("class=\"key\">").nth(1).expect("a passcode").get(..8).expect("digits");
    zhao.move_to(180);
    if zhao.get("/a/").await.status != 200 {
        assert_eq!(zhao.log_in().await, 303);
    }
    let home = zhao.get("/a/").await.body;
    assert!(home.contains("his.new 有一把密钥等您领取"), "{home}");
    let taken = zhao.act("/a/accounts/his.new/key", &[("do", "take"), ("passcode", passcode)]).await;
    assert_eq!(taken.status, 200, "{}", taken.body);
    assert!(cast.keeper.get(&path).await.body.contains("已领取"));
}

/// What was issued is signed, can be printed, and does not have the key.
async fn feedback_is_signed(cast: &mut Cast, path: &str) {
    stay(&mut cast.keeper).await;
    let page = cast.keeper.get(path).await.body;
    let code =
        page.split("/o/feedback/").nth(1).expect("a form").split('"').next().expect("a code").to_owned();
    let printed = cast.keeper.get(&format!("/o/feedback/{code}")).await.body;
    for words in
        ["his.new", "sys&amp;350000", "某软件公司", "0591-2", "<svg class=\"qr\"", "10.35.0.0/16", HOSPITAL]
    {
        assert!(printed.contains(words), "{words}: {printed}");
    }
    let file = cast.keeper.download(&format!("/o/feedback/{code}/feedback.json")).await;
    let signed = Signed::<Feedback>::read(&file).expect("a form");
    signed.check(&cast.signer.public()).expect("signed");
    assert_eq!((signed.paper().number.to_string(), signed.paper().rate), (code.clone(), 50));
    let toml = cast.keeper.download(&format!("/o/feedback/{code}/client.toml")).await;
    let toml = String::from_utf8(toml).expect("text");
    assert!(toml.contains("org_id = \"his.new\"") && toml.contains(HOSPITAL), "{toml}");
    // Whoever has the paper may ask whether it counts; the digits have to be those on it.
    let digits = signed.short_digest();
    assert!(printed.contains(&digits), "{printed}");
    let asked = format!("/f/{code}?d={digits}");
    let counts = ask(&cast.site, "GET", &asked, "").await;
    assert!(
        counts.status == 200 && counts.body.contains("有效") && counts.body.contains("his.new"),
        "{}",
        counts.body
    );
    for wrong in [
        format!("/f/{code}?d=0000000000000000"),
        format!("/f/{code}"),
        "/f/F350000-2025-000009?d=".to_owned(),
    ] {
        assert_eq!(ask(&cast.site, "GET", &wrong, "").await.status, 410, "{wrong}");
    }
    // Another edition takes its place, and the first says so.
    let again = step(&mut cast.keeper, path, &[("do", "feedback")]).await;
    let later = again.header("location").expect("another").to_owned();
    assert!(cast.keeper.get(&later).await.body.contains(&format!("取代 {code}")));
    assert!(cast.keeper.get(&format!("/o/feedback/{code}")).await.body.contains(&later));
    assert!(ask(&cast.site, "GET", &asked, "").await.body.contains("取代"));
}

#[tokio::test]
async fn a_key_is_made_out_to_the_public_key_of_the_form() {
    let mut cast = cast().await;
    let path = begin(&mut cast.counter, "system").await;
    let page = cast.counter.get(&path).await.body;
    let number = page.split("A350000-").nth(1).expect("a number").get(..11).expect("eleven").to_owned();
    let number = ApplicationNo::read(&format!("A350000-{number}")).expect("a number");
    let (own, other) = (key_of(9), key_of(10));
    let submit = async |cast: &mut Cast, public: &str, proof: &str| {
        let more = [("do", "submit"), ("publicKey", public), ("keyProof", proof)];
        step(&mut cast.counter, &path, &[&more[..], &FILLED_IN].concat()).await
    };
    let (public, proof) = (own.public().to_pem(), own.prove(number).expect("a proof").to_base64());
    let forged = other.prove(number).expect("a proof").to_base64();
    for (public, proof, why) in [
        (public.as_str(), forged.as_str(), "持有私钥的证明"),
        ("密钥", proof.as_str(), "SM2 公钥"),
        (&public, "", "持有私钥"),
    ] {
        let refused = submit(&mut cast, public, proof).await;
        assert!(refused.status == 409 && refused.body.contains(why), "{why}: {}", refused.body);
    }
    assert_eq!(submit(&mut cast, &public, &proof).await.status, 303);
    to_province(&mut cast, &path).await;
    to_accepted(&mut cast, &path).await;
    done(&mut cast.keeper, &path, &[("do", "issue"), ("account", "his.sealed")]).await;
    let file = cast.keeper.download(&format!("{path}/offer.json")).await;
    let offer = Signed::<Offer>::read(&file).expect("an offer");
    offer.check(&cast.signer.public()).expect("signed");
    assert!(offer.paper().open(&other).is_err());
    let key = offer.paper().open(&own).expect("opened");
    let page = cast.keeper.get(&path).await.body;
    assert!(page.contains(&key.kcv().to_string()) && !page.contains(key.to_hex().as_str()), "{page}");
    cast.site.center.refresh().await.expect("looked");
    let token = cast.site.token().await;
    assert_eq!(cast.site.status_by("his.sealed", token, key).await.code(), 0);
}

#[tokio::test]
async fn what_is_sent_back_names_its_fields_and_comes_again() {
    let mut cast = cast().await;
    let path = begin(&mut cast.counter, "system").await;
    let missing = step(&mut cast.counter, &path, &[("do", "submit"), ("system", "收费")]).await;
    assert!(missing.status == 409 && missing.body.contains("缺少") && missing.body.contains("产品版本"));
    assert!(cast.counter.get(&path).await.body.contains("value=\"收费\""), "what was typed is kept");
    let unknown: Vec<_> = FILLED_IN
        .into_iter()
        .map(|(name, value)| (name, if name == "institutions" { "H35010299999" } else { value }))
        .collect();
    let refused = step(&mut cast.counter, &path, &[&[("do", "submit")][..], &unknown].concat()).await;
    assert!(
        refused.status == 409 && refused.body.contains("没有登记或已注销：H35010299999"),
        "{}",
        refused.body
    );
    done(&mut cast.counter, &path, &[&[("do", "submit")][..], &FILLED_IN].concat()).await;
    // A second one of the same is told of the first.
    let second = begin(&mut cast.counter, "system").await;
    let refused = step(&mut cast.counter, &second, &[&[("do", "submit")][..], &FILLED_IN].concat()).await;
    assert!(refused.status == 409 && refused.body.contains("已有申请在办：A350000-"), "{}", refused.body);

    let [clerk, reviewer] = &mut cast.county;
    let early = step(clerk, &path, &[("do", "pass"), ("check", "designated")]).await;
    assert!(early.status == 409 && early.body.contains("请先领取"), "{}", early.body);
    done(clerk, &path, &[("do", "claim")]).await;
    let unanswered = step(clerk, &path, &[("do", "pass"), ("check", "designated")]).await;
    assert!(unanswered.status == 409 && unanswered.body.contains("逐项"), "{}", unanswered.body);
    done(clerk, &path, &[("do", "return"), ("fault-rate", "与规模不符"), ("opinion", "")]).await;
    // Where there is nothing to be done there is no form to be sent.
    assert_eq!(step(reviewer, &path, &[("do", "confirm")]).await.status, 403, "nothing waits");
    stay(&mut cast.counter).await;
    let shown = cast.counter.get(&path).await.body;
    assert!(shown.contains("与规模不符") && shown.contains("已退回"), "{shown}");
    let mended: Vec<_> = FILLED_IN
        .into_iter()
        .map(|(name, value)| (name, if name == "rate" { "20" } else { value }))
        .collect();
    done(&mut cast.counter, &path, &[&[("do", "submit")][..], &mended].concat()).await;
    let shown = cast.county[0].get(&path).await.body;
    assert!(shown.contains("第 2 次提交") && shown.contains("（上一轮：50）"), "{shown}");
}

#[tokio::test]
async fn two_who_decide_at_once_are_one_and_nobody_decides_alone() {
    let mut cast = cast().await;
    let path = begin(&mut cast.counter, "system").await;
    done(&mut cast.counter, &path, &[&[("do", "submit")][..], &FILLED_IN].concat()).await;
    // Out of reach it is not there; in reach of another role it is seen and not done.
    let mut elsewhere = somebody(&cast.site, &mut cast.three, (Role::Clerk, "3502", 120)).await;
    assert_eq!(elsewhere.get(&path).await.status, 404);
    assert_eq!(elsewhere.get("/o/applications/999").await.status, 404);
    let own = step(&mut cast.counter, &path, &[("do", "claim")]).await;
    assert!(own.status == 409, "{}", own.body);
    let [clerk, reviewer] = &mut cast.county;
    done(clerk, &path, &[("do", "claim")]).await;
    done(clerk, &path, &[("do", "pass"), ("check", "designated,persons,complete")]).await;
    let alone = step(clerk, &path, &[("do", "confirm")]).await;
    assert_eq!(alone.status, 409, "{}", alone.body);
    stay(reviewer).await;
    let (one, other) = {
        let page = reviewer.get(&path).await.body;
        let form =
            page.split("name=\"form\" value=\"").nth(1).expect("a form").get(..64).expect("hex").to_owned();
        let token = reviewer.token(&path).await;
        let send = |step: &'static str| [("do", step), ("form", form.as_str()), ("t", token.as_str())];
        (reviewer.post(&path, &send("confirm"), &[]).await, reviewer.post(&path, &send("object"), &[]).await)
    };
    assert_eq!((one.status, other.status), (303, 409), "{}", other.body);
    // Nonsense is refused, and nothing is done.
    stay(&mut cast.city[0]).await;
    for fields in [
        &[("do", "nothing")][..],
        &[("do", "claim"), ("form", "xyz")],
        &[("do", "approve"), ("account", "行")],
        &[("do", "close")],
        &[],
    ] {
        let answer = cast.city[0].act(&path, fields).await;
        assert!(matches!(answer.status, 400 | 409), "{fields:?}: {}", answer.status);
    }
    assert!(cast.city[0].get(&path).await.body.contains("市经办"));
}
