//! Nothing personal and no secret stands in the log, however loud it is, nor in the database in the clear.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;
use yanmi_protocol::message::{auth_result, notify, password};
use yanmi_protocol::{EcToken, Sm4Key};

use crate::party::Mood;
use crate::plan::digest;
use crate::register::NOW;
use crate::site::{HOSPITAL, HOSPITAL_NAME, Site};
use crate::wire::Wire;

/// Everything that is logged on this thread, which is where all of a test's site runs.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Lines {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no panic").clone()).expect("text")
    }
}

/// What a channel may say about somebody, and a name nobody else has.
const GOSSIP: &str = "用户欧阳文静（350104199306063031）已注销";

/// Everything that can happen to a request, and what of it nobody may read.
async fn everything(site: &Site) -> Vec<String> {
    let token = site.token().await;
    assert_eq!(site.notify(token, Some("128.50")).await.code(), 0);
    let number = site.newest_notice().await;
    for (action, way) in
        [("wrongPassword", "01"), ("wrongPassword", "02"), ("confirm", "02"), ("cancel", "01")]
    {
        site.act(&number, action, way).await;
    }
    assert_eq!(site.check_stas(token).await, "1");
    let person = site.person().clone();
    for (name, secret) in
        [(person.user_name.as_str(), "111111"), (&person.user_name, "654321"), ("林无人", "111111")]
    {
        let message = json!({
            "idType": person.id_type, "reqBizNo": "1616654881967", "userPwd": digest(secret), "userName": name,
            "idNo": person.id_no,
        });
        site.institution().call(password::PATH, message.to_string()).await.expect("an answer");
    }
    let path = format!("/phones/{}/passwordFree", person.ec_index_no.as_str());
    site.control(&path, &json!({ "chnlId": site.world().channels[1].chnl_id.as_str(), "openFlag": "1" }))
        .await;
    wrong_ones(site, token).await;
    failing(site).await;
    let world = site.world();
    let mut secrets = vec![
        token.as_str().to_owned(),
        person.id_no.clone(),
        person.ec_index_no.as_str().to_owned(),
        digest("111111"),
        digest("654321"),
        digest("000000"),
        site.config.encryption_key.to_hex().as_str().to_owned(),
        "yanmi-test-kek-1".to_owned(),
        world.national.key.to_hex().as_str().to_owned(),
    ];
    secrets.extend(world.accounts.iter().map(|account| account.key.to_hex().as_str().to_owned()));
    secrets.extend(world.all_channels().map(|channel| channel.key.to_hex().as_str().to_owned()));
    secrets
}

/// Requests that are refused for what is in them.
async fn wrong_ones(site: &Site, token: EcToken) {
    for (org_name, amount) in [("福\u{202E}州", "1"), (HOSPITAL_NAME, "欧阳文静"), (HOSPITAL_NAME, "1.234")]
    {
        let (token, amount) = (token.as_str(), Some(amount));
        let draft = notify::Draft { token, org_code: HOSPITAL, org_name, amount };
        assert_eq!(site.institution().notify(&draft).await.expect("an answer").code(), -2);
    }
    let result = json!({
        "notcNo": "1616654881967", "authStas": "1", "authWay": "01", "authTime": NOW.to_string(),
        "userPwd": "111111", "cfmName": "欧阳文静",
    });
    let app = site.app_of(site.channel());
    assert_eq!(app.call(auth_result::PATH, result.to_string()).await.expect("an answer").code(), 500_093);
    assert_eq!(site.notify_at("H00000000000", token).await.code(), 500_316);
    let region = site.world().region;
    let stranger = Sm4Key::from_bytes(&[1; 16]);
    for org_id in ["testOrgId", "欧阳文静", "nobody-350104199306063031", "unknown-his"] {
        let plain = result.to_string();
        let body = yanmi_protocol::envelope::request(&stranger, org_id, "sys", region, NOW, plain.as_bytes());
        assert_eq!(Wire::to(site.institution_addr()).await.post(notify::PATH, body).await.code(), -4);
    }
    let path = "/cfc/api/欧阳文静?idNo=350104199306063031".replace("欧阳文静", "%E6%AC%A7");
    assert_eq!(Wire::to(site.institution_addr()).await.post(&path, GOSSIP).await.code(), -5);
    assert_eq!(Wire::to(site.institution_addr()).await.post(notify::PATH, GOSSIP).await.code(), -2);
}

/// Channels, the national center and the database fail.
async fn failing(site: &Site) {
    let moody = site.world().channels[3].clone();
    let app = site.scripted(&moody).await;
    app.will([Mood::Refuse(GOSSIP), Mood::Status(500), Mood::Status(500), Mood::Status(500)]);
    for _ in 0..2 {
        assert_eq!(site.notify(site.token_in(&moody).await, Some("10")).await.code(), 500_319);
    }
    site.simulator.set_national_mood(yanmi_simulator::NationalMood::Error);
    let unknown = EcToken::new("350000ec7ioqup8p1o0761820a0000f1f8b13d").expect("a token");
    assert_eq!(site.status(unknown).await.code(), 500_033);
    site.simulator.set_national_mood(yanmi_simulator::NationalMood::Ok);
    let token = site.token().await;
    site.execute("ALTER TABLE verifications RENAME TO elsewhere").await;
    assert_eq!(site.notify(token, Some("10")).await.code(), -1);
    site.execute("ALTER TABLE elsewhere RENAME TO verifications").await;
}

#[tokio::test]
async fn what_is_logged_says_what_happened_and_to_nobody_whom() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .with_ansi(false)
        .with_max_level(tracing::Level::TRACE)
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    // While there is only one subscriber, tracing has the thread that first comes to a line decide for all whether
    // anybody wants it; that may be the thread of a test without one.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
    let site = Site::with(|config| config.delivery.first_pause = Duration::from_millis(1)).await;
    let secrets = everything(&site).await;
    let names: Vec<String> = site.world().all_persons().map(|person| person.user_name.clone()).collect();
    site.stop().await;
    let text = lines.text();
    for line in [
        "请求 op=\"decode\" orgId=\"testOrgId\" code=0 ",
        "请求 op=\"notify\" orgId=\"testOrgId\" code=0 ",
        "请求 op=\"status\" orgId=\"testOrgId\" code=0 ",
        "请求 op=\"password\" orgId=\"testOrgId\" code=0 ",
        "请求 op=\"auth-result\" orgId=\"C0DE000000000000000000000000000A\" code=500008 ",
        "请求 op=\"password-free\" orgId=\"C0DE000000000000000000000000000B\" code=0 ",
        "请求 op=\"notify\" orgId=\"-\" code=-4 ",
        "请求 op=\"notify\" orgId=\"testOrgId\" code=-1 ",
        // Whoever is not proven is shown as claimed, with the other end; who claims to be nobody that could be, without.
        "code=-4 us=",
        " token=- claimed=\"testOrgId\" peer=127.0.0.1 cause=\"",
        " token=- claimed=\"unknown-his\" peer=127.0.0.1 cause=\"业务系统编码不存在\"",
        " token=- peer=127.0.0.1 cause=\"业务系统编码不存在\"",
        "code=500316 us=",
        "cause=\"该机构代码没有登记\"",
        "cause=\"refused\"",
        &format!("token=…{}", &secrets[0][30..]),
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    for personal in
        names.iter().chain(&secrets).map(String::as_str).chain([GOSSIP, "欧阳", "已注销", "128.50"])
    {
        let lower = text.to_lowercase();
        assert!(!lower.contains(&personal.to_lowercase()), "{personal} is in\n{text}");
    }
    // Neither plain texts nor cipher texts.
    for part in ["orgCodg", "userPwd", "encData", "totalAmount", "notcNo", "SELECT", "INSERT"] {
        assert!(!text.contains(part), "{part} is in\n{text}");
    }
}

#[tokio::test]
async fn what_is_stored_about_persons_and_keys_is_sealed() {
    let site = Site::start().await;
    let secrets = everything(&site).await;
    let names: Vec<String> = site.world().all_persons().map(|person| person.user_name.clone()).collect();
    let mut keys: Vec<[u8; 16]> =
        vec![*site.config.encryption_key.bytes(), *site.world().national.key.bytes()];
    keys.extend(site.world().accounts.iter().map(|account| *account.key.bytes()));
    keys.extend(site.world().all_channels().map(|channel| *channel.key.bytes()));
    // The token is what everything is found by; the rest of the secrets is nowhere. The first name is part of an
    // account's name as well.
    let texts = secrets.iter().skip(1).chain(names.iter().skip(1)).map(String::as_bytes);
    let stopped = site.stop().await;
    let mut stored = Vec::new();
    for entry in
        std::fs::read_dir(crate::files(&stopped.config, stopped.folder.path()).await).expect("a folder")
    {
        stored.extend(std::fs::read(entry.expect("an entry").path()).unwrap_or_default());
    }
    let holds = |part: &[u8]| stored.windows(part.len()).any(|window| window == part);
    assert!(holds(secrets[0].as_bytes()), "the token, so this looks in the right place");
    for part in texts.chain(keys.iter().map(<[u8; 16]>::as_slice)) {
        assert!(!holds(part), "{}", String::from_utf8_lossy(part));
    }
}
