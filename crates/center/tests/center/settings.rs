//! The person's page of password-free settlement, as a browser meets it over HTTP.

use serde_json::json;
use yanmi_center::config::Config;
use yanmi_protocol::message::{password_free_page, status};
use yanmi_protocol::{ChannelId, Code, EcToken};
use yanmi_simulator::world::Channel;

use crate::party::{National, PASSWORD};
use crate::plan::credential;
use crate::site::{HOSPITAL, HOSPITAL_NAME, Site};
use crate::wire::{Answer, Wire};

const HOST: &str = "yanmi.example";
const FREE: i64 = 500_320;

fn with_page(config: &mut Config) {
    config.insured.public_url = Some(format!("https://{HOST}").parse().expect("a URL"));
}

/// The channel that offers it.
fn offers(site: &Site) -> Channel {
    site.world().channels.iter().find(|channel| channel.password_free).expect("one").clone()
}

/// The app asks for a link of a person; its path.
async fn link(site: &Site, channel: &Channel, person: &str) -> String {
    let message = json!({ "ecIndexNo": person }).to_string();
    let called = site.app_of(channel).call(password_free_page::PATH, message).await.expect("an answer");
    let until: i64 = called.member("expTime").expect("a time").parse().expect("a number");
    assert_eq!(until, site.hands.now().get() + 30 * 60 * 1_000);
    let url = called.member("pageUrl").expect("a link");
    url.strip_prefix(&format!("https://{HOST}")).expect("the site's address").to_owned()
}

/// A browser with its cookie.
#[derive(Default)]
struct Phone(Option<String>);

impl Phone {
    async fn ask(&mut self, site: &Site, method: &str, path: &str, says: &str, body: &str) -> Answer {
        let cookie = self.0.as_ref().map(|cookie| format!("cookie: {cookie}\r\n")).unwrap_or_default();
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {HOST}\r\ncontent-length: {length}\r\n{says}{cookie}\r\n"
        );
        let mut wire = Wire::to(site.channel_addr()).await;
        wire.send(format!("{head}{body}").as_bytes()).await;
        let answer = wire.answer().await.expect("an answer");
        if let Some(set) = answer.header("set-cookie") {
            self.0 = set.split(';').next().map(str::to_owned);
        }
        answer
    }

    async fn get(&mut self, site: &Site, path: &str) -> Answer {
        let says = "sec-fetch-mode: navigate\r\nsec-fetch-dest: document\r\nsec-fetch-site: none\r\n";
        self.ask(site, "GET", path, says, "").await
    }

    /// Sends a form, and goes where it is sent.
    async fn submit(&mut self, site: &Site, path: &str, form: &str) -> Answer {
        let says = "origin: null\r\nsec-fetch-site: same-origin\r\n";
        let answer = self.ask(site, "POST", path, says, form).await;
        match answer.header("location") {
            Some(place) => {
                let place = place.to_owned();
                self.get(site, &place).await
            }
            None => answer,
        }
    }
}

fn hidden(page: &Answer, name: &str) -> String {
    let before = format!("name=\"{name}\" value=\"");
    let (_, rest) = page.body.split_once(&before).unwrap_or_else(|| panic!("no {name}: {}", page.body));
    rest.split('"').next().expect("a value").to_owned()
}

fn on(page: &Answer, password: &str, limits: &str) -> String {
    format!("t={}&n={}&p={password}&{limits}&do=on", hidden(page, "t"), hidden(page, "n"))
}

fn says(page: &Answer, words: &[&str]) {
    for word in words {
        assert!(page.body.contains(word), "{word}: {}", page.body);
    }
}

async fn pay(site: &Site, national: &National, channel: ChannelId, number: u32, amount: &'static str) -> i64 {
    let token = national.hand_over(channel, number);
    site.notify(token, Some(amount)).await.code()
}

impl National {
    /// A fresh token of the one person of these tests.
    fn hand_over(&self, channel: ChannelId, number: u32) -> EcToken {
        let told = credential(&format!("T{number}"), "P1", "D1");
        let told = yanmi_protocol::message::national::Credential { channel, ..told };
        let token = told.token;
        self.tell(token.as_str(), Ok(told));
        token
    }
}

#[tokio::test]
async fn the_password_switches_on_and_one_tap_switches_off() {
    let (site, national) = Site::with_national(with_page).await;
    let channel = offers(&site);
    let id = channel.chnl_id;
    let path = link(&site, &channel, "P1").await;
    let mut phone = Phone::default();
    says(&phone.get(&site, &path).await, &["免密支付：未开通", "请先用这个应用在窗口出示一次"]);
    assert_eq!(pay(&site, &national, id, 1, "30").await, 0, "asked, and known from now on");
    let page = phone.get(&site, &path).await;
    let wrong = phone.submit(&site, &path, &on(&page, "000000", "single=50&day=&count=2")).await;
    says(&wrong, &["密码不对，还可以再试 4 次", "免密支付：未开通"]);
    let again = phone.submit(&site, &path, &on(&page, "000000", "single=50&day=&count=2")).await;
    says(&again, &["免密支付：未开通"]);
    assert_eq!(national.passwords_asked(), 1, "a form is good for one try");
    for (limits, password) in [("single=5.001&day=&count=", PASSWORD), ("single=&day=&count=0", PASSWORD)] {
        says(&phone.submit(&site, &path, &on(&again, password, limits)).await, &["额度没有填对"]);
    }
    let done = phone.submit(&site, &path, &on(&again, PASSWORD, "single=50&day=&count=2")).await;
    says(&done, &["已保存", "免密支付：已开通", "50.00 元", "2 次", "今天已用"]);
    assert_eq!(
        [pay(&site, &national, id, 2, "50").await, pay(&site, &national, id, 3, "50.01").await],
        [FREE, 0]
    );
    assert_eq!(pay(&site, &national, id, 4, "0.5").await, FREE);
    let page = phone.get(&site, &path).await;
    says(&page, &["2 次，共 50.50 元", HOSPITAL_NAME, "50.00 元", "0.50 元", "2025-11-23 11:44"]);
    let off = phone.submit(&site, &path, &format!("t={}&do=off", hidden(&page, "t"))).await;
    says(&off, &["已关闭", "免密支付：未开通", "value=\"50.00\"", HOSPITAL_NAME]);
    let token = EcToken::new("T4").expect("a token");
    let draft =
        status::Draft { token: token.as_str(), org_code: HOSPITAL, extended: None, wait_seconds: None };
    assert_eq!(site.institution().status(&draft).await.expect("an answer").code(), 0, "asked from now on");
    let events = "SELECT string_agg(event, ' ') FROM (SELECT event FROM audit WHERE event LIKE 'free-%' \
        AND channel IS NOT NULL AND org_code IS NULL ORDER BY id) AS events";
    assert!(site.text(events).await.ends_with("free-on free-off"));
}

#[tokio::test]
async fn strangers_get_nothing_and_change_nothing() {
    let (site, national) = Site::with_national(with_page).await;
    let channel = offers(&site);
    let path = link(&site, &channel, "P1").await;
    assert_eq!(pay(&site, &national, channel.chnl_id, 1, "30").await, 0);
    let mut robot = Phone::default();
    let door = robot.ask(&site, "GET", &path, "", "").await;
    assert!(door.body.contains("打开") && !door.body.contains("免密付款记录"), "{}", door.body);
    let mut phone = Phone::default();
    let page = phone.get(&site, &path).await;
    let form = on(&page, PASSWORD, "single=&day=&count=");
    // The link in another browser, and the form in it.
    let mut other = Phone::default();
    assert_eq!(other.get(&site, &path).await.status, 403);
    assert_eq!(other.submit(&site, &path, &form).await.status, 403);
    // A form from elsewhere, one made for another link, one that is none, and one too large.
    let from = "origin: https://evil.example\r\nsec-fetch-site: cross-site\r\n";
    assert_eq!(phone.ask(&site, "POST", &path, from, &form).await.status, 403);
    assert_eq!(phone.submit(&site, &path, &form.replace("t=", "t=A")).await.status, 403);
    assert_eq!(phone.submit(&site, &path, "do=all").await.status, 400);
    assert_eq!(phone.submit(&site, &path, &"x".repeat(4_000)).await.status, 413);
    assert_eq!(phone.get(&site, &format!("{path}A")).await.status, 404);
    assert_eq!(national.passwords_asked(), 0);
    site.hands.forward(std::time::Duration::from_mins(30));
    assert_eq!(phone.get(&site, &path).await.status, 410);
    assert_eq!(phone.submit(&site, &path, &form).await.status, 410);
    // What a page refuses is counted as what it is.
    for (code, count) in [(Code::BadNoticeNo, 5), (Code::BadParameter, 4)] {
        let name = format!("yanmi_requests_total{{op=\"page\",code=\"{code}\"}}");
        assert_eq!(site.metric(&name).await, count, "{name}");
    }
    assert_eq!(
        site.number("SELECT count(*) FROM password_free WHERE day_count IS NULL AND used > 0").await,
        0
    );
    assert_eq!(pay(&site, &national, channel.chnl_id, 2, "1").await, 0, "nothing is free");
}

/// Who shows no code in the app for a week is nobody the center could ask a password of.
#[tokio::test]
async fn who_showed_a_code_within_seven_days_can_switch_it_on() {
    const DAY: std::time::Duration = std::time::Duration::from_hours(24);
    let (site, national) = Site::with_national(with_page).await;
    let channel = offers(&site);
    let id = channel.chnl_id;
    assert_eq!(pay(&site, &national, id, 1, "30").await, 0);
    let unknown = "请先用这个应用在窗口出示一次";
    let look = async || {
        site.center.remove_old().await.expect("a round");
        Phone::default().get(&site, &link(&site, &channel, "P1").await).await
    };
    site.hands.forward(DAY * 7);
    let page = look().await;
    assert!(page.body.contains("name=\"p\"") && !page.body.contains(unknown), "{}", page.body);
    // Later than the seven days and the life of the token together.
    site.hands.forward(site.config.policy.token_life);
    says(&look().await, &["免密支付：未开通", unknown]);
}

#[tokio::test]
async fn a_site_without_pages_hands_out_no_link() {
    let site = Site::start().await;
    let message = json!({ "ecIndexNo": "P1" }).to_string();
    let called = site.app_of(&offers(&site)).call(password_free_page::PATH, message).await;
    assert_eq!(called.expect("an answer").code(), 500_100);
}
