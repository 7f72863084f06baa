//! The insured person's page, as browsers, robots and strangers meet it over HTTP.

mod guesses;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use yanmi_center::config::Config;
use yanmi_protocol::EcToken;
use yanmi_protocol::message::{notify, pending};

use crate::party::{App, National, OUT_OF_ORDER, PASSWORD, WITHOUT_PASSWORD};
use crate::plan::credential;
use crate::site::{HOSPITAL_NAME, Site};
use crate::wire::{Answer, Wire};

const HOST: &str = "yanmi.example";
const WRONG: &str = "000000";
/// The largest page, in bytes.
const MAX_PAGE_BYTES: usize = 50 * 1024;
const MINUTE: Duration = Duration::from_mins(1);
/// Between two notices.
const SOON: Duration = Duration::from_secs(4);

fn with_page(config: &mut Config) {
    config.insured.public_url = Some(format!("https://{HOST}").parse().expect("a URL"));
}

/// A browser: it keeps its cookie and says what browsers say.
pub(crate) struct Phone {
    /// Where it reaches the center.
    pub(crate) address: SocketAddr,
    /// The address it comes from, if it chooses one.
    source: Option<IpAddr>,
    host: String,
    cookie: Option<String>,
    /// What it says beside that when it goes to a page.
    says: Vec<(&'static str, &'static str)>,
}

impl Phone {
    pub(crate) fn at(site: &Site) -> Self {
        let url = site.config.insured.public_url.as_ref();
        let host = url.and_then(|url| url.authority()).map_or(HOST, |authority| authority.as_str());
        Self {
            address: site.channel_addr(),
            source: None,
            host: host.to_owned(),
            cookie: None,
            says: vec![
                ("sec-fetch-mode", "navigate"),
                ("sec-fetch-dest", "document"),
                ("sec-fetch-site", "none"),
            ],
        }
    }

    /// One that does not say what it does: an old one, or a robot.
    pub(crate) fn silent(site: &Site) -> Self {
        Self { says: Vec::new(), ..Self::at(site) }
    }

    /// One that a page of another site sent here, so that its strict cookie stayed at home.
    pub(crate) fn sent_by_another_site(site: &Site) -> Self {
        let mut phone = Self::at(site);
        phone.says[2] = ("sec-fetch-site", "cross-site");
        phone
    }

    async fn say(&mut self, method: &str, path: &str, more: &[(&str, &str)], body: &str) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\ncontent-length: {}\r\n", body.len());
        let host = more.iter().all(|(name, _)| *name != "host").then_some(("host", self.host.as_str()));
        let cookie = self.cookie.as_deref().map(|cookie| ("cookie", cookie));
        for (name, value) in more.iter().copied().chain(host).chain(cookie) {
            head.extend([name, ": ", value, "\r\n"]);
        }
        let mut wire = match self.source {
            Some(source) => Wire::between(source, self.address).await,
            None => Wire::to(self.address).await,
        };
        wire.send(format!("{head}\r\n{body}").as_bytes()).await;
        let answer = wire.answer().await.expect("an answer");
        if let Some(set) = answer.header("set-cookie") {
            self.cookie = set.split(';').next().map(str::to_owned);
        }
        answer
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        let says = self.says.clone();
        self.say("GET", path, &says, "").await
    }

    /// Sends a form of this page, and goes where it is sent.
    async fn submit(&mut self, path: &str, form: &str) -> Answer {
        let answer = self.post(path, form).await;
        if answer.status != 303 {
            return answer;
        }
        let place = answer.header("location").expect("a place").to_owned();
        assert_eq!(place.split('?').next(), Some(path), "back to the page");
        self.get(&place).await
    }

    pub(crate) async fn post(&mut self, path: &str, form: &str) -> Answer {
        let says = [("origin", "null"), ("sec-fetch-site", "same-origin")];
        self.say("POST", path, &says, form).await
    }

    /// Fills in what the page hands out and a password.
    async fn type_in(&mut self, path: &str, page: &Answer, password: &str) -> Answer {
        let form = format!("t={}&n={}&p={password}&do=password", hidden(page, "t"), hidden(page, "n"));
        self.submit(path, &form).await
    }

    async fn press(&mut self, path: &str, page: &Answer, act: &str) -> Answer {
        self.submit(path, &format!("t={}&do={act}", hidden(page, "t"))).await
    }
}

/// The value of a hidden field.
pub(crate) fn hidden(page: &Answer, name: &str) -> String {
    let before = format!("name=\"{name}\" value=\"");
    let (_, rest) = page.body.split_once(&before).unwrap_or_else(|| panic!("no {name}: {}", page.body));
    rest.split('"').next().expect("a value").to_owned()
}

/// The first heading.
fn title(page: &Answer) -> &str {
    let (_, rest) = page.body.split_once("<title>").expect("a title");
    rest.split_once(" · ").expect("an end").0
}

/// A site with a page, its scripted national center, and the scripted app of its first channel.
async fn set(change: impl FnOnce(&mut Config)) -> (Site, National, App) {
    let (site, national) = Site::with_national(|config| {
        with_page(config);
        change(config);
    })
    .await;
    let app = site.scripted(&site.channel().clone()).await;
    (site, national, app)
}

/// Asks for a notice of this token, and tells the path of its link.
async fn asked(site: &Site, app: &App, token: EcToken) -> String {
    let called = site.notify(token, Some("128.50")).await;
    assert_eq!(called.code(), 0, "{called:?}");
    path(app)
}

/// The path of the newest link.
fn path(app: &App) -> String {
    let url = app.notices().last().expect("a notice").url.clone().expect("a link");
    let path = url.strip_prefix(&format!("https://{HOST}")).expect("the site's address");
    assert!(path.starts_with("/p/") && path.len() == 51, "{path}");
    path.to_owned()
}

fn token(site: &Site, national: &National, number: u32) -> EcToken {
    national.issue(site.channel().chnl_id, number, "D1")
}

async fn events(site: &Site) -> String {
    site.text("SELECT string_agg(event || coalesce(' ' || detail, ''), ', ') FROM (SELECT * FROM audit WHERE event <> 'free-on' ORDER BY id) AS a")
        .await
}

#[tokio::test]
async fn a_wrong_password_then_the_right_one_on_the_page() {
    let (site, national, app) = set(|_| {}).await;
    let token = token(&site, &national, 1);
    let link = asked(&site, &app, token).await;
    let mut phone = Phone::at(&site);
    let page = phone.get(&link).await;
    assert_eq!((page.status, title(&page)), (200, "请您确认"));
    for shown in [HOSPITAL_NAME, "128.50 元", "*试", "11:44", "11:49"] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    assert!(!page.body.contains("测试") && !page.body.contains("D1"), "no more than a masked name");
    let again = phone.type_in(&link, &page, WRONG).await;
    assert!(again.body.contains("密码不对，还可以再试 4 次"), "{}", again.body);
    assert_eq!(site.check_stas(token).await, "0");
    let done = phone.type_in(&link, &again, PASSWORD).await;
    assert_eq!(title(&done), "已确认");
    assert_eq!(site.check_stas(token).await, "1");
    // Reload, back and the same form once more: the state is shown, and nothing changes.
    assert_eq!(title(&phone.get(&link).await), "已确认");
    assert_eq!(title(&phone.type_in(&link, &again, WRONG).await), "已确认");
    assert_eq!(title(&phone.press(&link, &again, "cancel").await), "已确认");
    assert_eq!(national.passwords_asked(), 2);
    assert_eq!(
        events(&site).await,
        "asked, delivered, page-opened, wrong-password identity, confirmed-01 page",
        "the audit says that it came by the page"
    );
}

#[tokio::test]
async fn every_page_is_private_small_and_alone() {
    let (site, national, app) = set(|_| {}).await;
    let link = asked(&site, &app, token(&site, &national, 1)).await;
    let mut phone = Phone::at(&site);
    let open = phone.get(&link).await;
    let cookie = open.header("set-cookie").expect("a cookie").to_owned();
    assert!(cookie.starts_with("__Host-yanmi="), "{cookie}");
    for part in ["Path=/", "HttpOnly", "SameSite=Strict", "Secure"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let sure = phone.get(&format!("{link}?a=notme")).await;
    let pages = [
        open,
        sure,
        phone.get("/p/nothing").await,
        Phone::at(&site).get(&link).await,
        Phone::silent(&site).get(&link).await,
    ];
    for page in &pages {
        assert!(page.body.len() <= MAX_PAGE_BYTES, "{} bytes", page.body.len());
        let policy = page.header("content-security-policy").expect("a policy");
        let parts: Vec<&str> = policy.split("; ").collect();
        assert_eq!(
            parts[3..],
            ["form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'", "connect-src 'self'"]
        );
        assert_eq!(parts[0], "default-src 'none'");
        assert!(parts[1].starts_with("style-src 'sha256-") && parts[2].starts_with("script-src 'sha256-"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(page.header("x-frame-options"), Some("DENY"));
        assert!(page.body.contains("<html lang=\"zh-CN\">"), "{}", page.body);
        for fetched in ["src=", "url(", "<link", "@import", "style=\"", "onclick"] {
            assert!(!page.body.contains(fetched), "{fetched}: {}", page.body);
        }
    }
}

#[tokio::test]
async fn robots_and_fetches_ahead_of_time_take_nothing() {
    let (site, national, app) = set(|_| {}).await;
    let link = asked(&site, &app, token(&site, &national, 1)).await;
    let mut robot = Phone::silent(&site);
    let head = robot.say("HEAD", &link, &[("content-type", "x")], "").await;
    assert_eq!((head.status, head.header("set-cookie")), (200, None));
    for (name, value) in
        [("sec-purpose", "prefetch;prerender"), ("purpose", "prefetch"), ("x-moz", "prefetch")]
    {
        let mut says = Phone::at(&site).says;
        says.push((name, value));
        let ahead = robot.say("GET", &link, &says, "").await;
        assert_eq!((ahead.status, ahead.body.as_str(), ahead.header("set-cookie")), (503, "", None));
    }
    for _ in 0..2 {
        let door = robot.get(&link).await;
        assert_eq!(title(&door), "查看认证请求");
        assert!(!door.body.contains(HOSPITAL_NAME) && !door.body.contains("128.50"), "{}", door.body);
    }
    assert_eq!(robot.cookie, None);
    // An old browser says as little as a robot; its person presses the button.
    let page = robot.submit(&link, "do=open").await;
    assert_eq!(title(&page), "请您确认");
    assert_eq!(title(&robot.type_in(&link, &page, PASSWORD).await), "已确认");
}

#[tokio::test]
async fn a_link_is_for_the_browser_that_opened_it_first() {
    let (site, national, app) = set(|_| {}).await;
    let token = token(&site, &national, 1);
    let link = asked(&site, &app, token).await;
    let (mut first, mut second) = (Phone::at(&site), Phone::at(&site));
    let page = first.get(&link).await;
    assert_eq!(title(&page), "请您确认");
    for path in [link.clone(), format!("{link}?a=notme")] {
        let elsewhere = second.get(&path).await;
        assert_eq!((elsewhere.status, title(&elsewhere)), (403, "已在别处打开"));
        for secret in [HOSPITAL_NAME, "128.50", "*试", "name=\"t\""] {
            assert!(!elsewhere.body.contains(secret), "{secret}");
        }
    }
    // Neither the form of the first nor a cookie of its own helps the second.
    assert_eq!(second.type_in(&link, &page, PASSWORD).await.status, 403);
    second.cookie = Some("__Host-yanmi=AAAAAAAAAAAAAAAAAAAAAA".to_owned());
    assert_eq!(second.type_in(&link, &page, PASSWORD).await.status, 403);
    assert_eq!(second.press(&link, &page, "cancel").await.status, 403);
    assert_eq!(second.submit(&link, "do=open").await.status, 403);
    assert_eq!((national.passwords_asked(), site.check_stas(token).await.as_str()), (0, "0"));
    assert!(events(&site).await.contains("link-shared"), "{}", events(&site).await);
    let mut third = Phone::at(&site);
    assert_eq!(title(&third.get(&link).await), "已在别处打开");
    // Sent again, the notice has a link that can be opened anew: a page that was lost is no dead end.
    site.hands.forward(MINUTE);
    let newer = asked(&site, &app, token).await;
    assert_ne!(newer, link);
    assert_eq!(title(&first.get(&link).await), "请您确认", "until somebody opens the newer one");
    let page = third.get(&newer).await;
    assert_eq!(title(&page), "请您确认");
    assert_eq!(title(&first.get(&link).await), "已在别处打开");
    // It holds when the center starts anew.
    let site = site.restart().await;
    assert_eq!(title(&first.get(&link).await), "已在别处打开");
    assert_eq!(title(&third.type_in(&newer, &page, PASSWORD).await), "已确认");
    assert_eq!(site.check_stas(token).await, "1");
}

/// A link that nobody opened can be opened until its end, also when there is a newer one; the newer one ends it.
#[tokio::test]
async fn of_two_links_of_a_notice_the_newer_one_takes_the_page() {
    let (site, national, app) = set(|_| {}).await;
    let token = token(&site, &national, 1);
    let older = asked(&site, &app, token).await;
    site.hands.forward(SOON);
    let newer = asked(&site, &app, token).await;
    let (first, second) = (&app.notices()[0], &app.notices()[1]);
    assert_eq!((first.number, first.sequence, second.sequence), (second.number, 1, 2));
    let (mut early, mut late) = (Phone::at(&site), Phone::at(&site));
    assert_eq!(title(&early.get(&older).await), "请您确认");
    assert_eq!(title(&late.get(&older).await), "已在别处打开");
    assert_eq!(title(&late.get(&newer).await), "请您确认");
    for link in [&older, &newer] {
        assert_eq!(title(&early.get(link).await), "已在别处打开");
    }
    assert_eq!(title(&Phone::at(&site).get(&older).await), "已在别处打开", "the newer one has ended it");
}

/// The app's own web page leads here, and the browser keeps the cookie; one that keeps none gets no further than the page.
#[tokio::test]
async fn from_the_apps_web_page_it_opens_and_without_a_cookie_nothing_is_taken() {
    let (site, national, app) = set(|_| {}).await;
    let link = asked(&site, &app, token(&site, &national, 1)).await;
    let mut phone = Phone::sent_by_another_site(&site);
    let page = phone.get(&link).await;
    assert_eq!(title(&page), "请您确认");
    assert_eq!(title(&phone.type_in(&link, &page, PASSWORD).await), "已确认");
    let link = asked(&site, &app, token(&site, &national, 2)).await;
    let mut phone = Phone::at(&site);
    let page = phone.get(&link).await;
    assert_eq!(title(&page), "请您确认");
    phone.cookie = None;
    assert_eq!(phone.type_in(&link, &page, PASSWORD).await.status, 403);
    assert_eq!(title(&phone.get(&link).await), "已在别处打开");
    assert_eq!(national.passwords_asked(), 1);
}

#[tokio::test]
async fn a_strict_cookie_that_stayed_at_home_is_fetched() {
    let (site, national, app) = set(|_| {}).await;
    let link = asked(&site, &app, token(&site, &national, 1)).await;
    let mut phone = Phone::at(&site);
    phone.get(&link).await;
    // The app's web page sends the browser here a second time: the cookie is not sent along.
    let mut without = Phone::sent_by_another_site(&site);
    let bounce = without.get(&link).await;
    assert_eq!((bounce.status, title(&bounce)), (200, "正在打开"));
    assert!(bounce.body.contains(&format!("content=\"0; url={link}?s\"")), "{}", bounce.body);
    assert!(!bounce.body.contains(HOSPITAL_NAME));
    assert_eq!(title(&phone.get(&format!("{link}?s")).await), "请您确认");
    without.says[2] = ("sec-fetch-site", "same-origin");
    assert_eq!(without.get(&format!("{link}?s")).await.status, 403);
}

#[tokio::test]
async fn cancelled_and_not_me_are_two_answers() {
    let (site, national, app) = set(|_| {}).await;
    for (number, act, said, event) in
        [(1, "cancel", "已取消", "cancelled page"), (2, "notme", "已告诉窗口：不是您本人", "not-me page")]
    {
        let token = token(&site, &national, number);
        let link = asked(&site, &app, token).await;
        let mut phone = Phone::at(&site);
        let mut page = phone.get(&link).await;
        if act == "notme" {
            page = phone.get(&format!("{link}?a=notme")).await;
            assert_eq!(title(&page), "确定不是您本人吗");
        }
        let done = phone.press(&link, &page, act).await;
        assert_eq!(title(&done), said);
        assert_eq!(title(&phone.press(&link, &page, act).await), said, "a second tap");
        assert_eq!(site.check_stas(token).await, "0");
        assert!(events(&site).await.ends_with(event), "{}", events(&site).await);
        site.hands.forward(MINUTE);
    }
    assert_eq!(national.passwords_asked(), 0);
}

/// What is done on the page needs no report of the app: whoever waits at the counter hears of it.
#[tokio::test]
async fn the_counter_hears_at_once_what_is_done_on_the_page() {
    let (site, national, app) = set(|_| {}).await;
    let token = token(&site, &national, 1);
    let link = asked(&site, &app, token).await;
    let mut phone = Phone::at(&site);
    let page = phone.get(&link).await;
    let query = serde_json::json!({
        "token": token.as_str(), "orgCodg": crate::site::HOSPITAL, "ext": "1", "waitSeconds": 30,
    });
    let (institution, path) = (site.institution(), yanmi_protocol::message::status::PATH);
    let waiting =
        tokio::spawn(async move { institution.call(path, query.to_string()).await.expect("an answer") });
    crate::site::eventually(async || site.metric("yanmi_held_queries").await == 1).await;
    phone.type_in(&link, &page, PASSWORD).await;
    let told = tokio::time::timeout(crate::site::AMPLE, waiting).await.expect("woken").expect("no panic");
    assert_eq!(
        (told.member("checkStas").as_deref(), told.member("checkWay").as_deref()),
        (Some("1"), Some("01"))
    );
}

#[tokio::test]
async fn who_shows_another_code_is_told_where_to_go_on() {
    let (site, national, app) = set(|_| {}).await;
    let mut phone = Phone::at(&site);
    let old = asked(&site, &app, token(&site, &national, 1)).await;
    let page = phone.get(&old).await;
    let again = national.issue_to("P1", site.channel().chnl_id, 2);
    assert_eq!(site.notify(again, Some("10")).await.code(), 0);
    assert_eq!(title(&phone.get(&old).await), "已换了二维码");
    assert_eq!(title(&phone.type_in(&old, &page, PASSWORD).await), "已换了二维码");
    assert_eq!(national.passwords_asked(), 0);
}

#[tokio::test]
async fn a_notice_that_is_over_is_told_apart() {
    let (site, national, app) = set(|_| {}).await;
    let token = token(&site, &national, 1);
    let mut phone = Phone::at(&site);
    let old = asked(&site, &app, token).await;
    let page = phone.get(&old).await;
    site.hands.forward(MINUTE);
    assert_eq!(site.notify(token, Some("200")).await.code(), 0, "another amount");
    app.until(2).await;
    let new = app
        .notices()
        .iter()
        .find(|n| n.amount.is_some_and(|a| a.fen() == 20_000))
        .and_then(|n| n.url.clone());
    let new = new.expect("a link").split_off(format!("https://{HOST}").len());
    let replaced = phone.get(&old).await;
    assert_eq!((replaced.status, title(&replaced)), (410, "已有新的请求"));
    assert_eq!(title(&phone.type_in(&old, &page, PASSWORD).await), "已有新的请求");
    let page = phone.get(&new).await;
    assert!(page.body.contains("200.00 元"), "{}", page.body);
    site.hands.forward(MINUTE * 5);
    assert_eq!(title(&phone.get(&new).await), "已超过时间");
    assert_eq!(title(&phone.type_in(&new, &page, PASSWORD).await), "已超过时间");
    assert_eq!(title(&phone.get(&old).await), "链接已过期", "a link has its end in it");
    let mut late = Phone::at(&site);
    let expired = late.get(&new).await;
    assert_eq!((expired.status, title(&expired)), (410, "链接已过期"));
    assert_eq!(late.cookie, None);
    assert_eq!(national.passwords_asked(), 0);
    assert!(events(&site).await.ends_with("link-expired"), "{}", events(&site).await);
}

#[tokio::test]
async fn a_confirmation_that_lapsed_says_so() {
    let (site, national, app) = set(|_| {}).await;
    let link = asked(&site, &app, token(&site, &national, 1)).await;
    let mut phone = Phone::at(&site);
    let page = phone.get(&link).await;
    assert_eq!(title(&phone.type_in(&link, &page, PASSWORD).await), "已确认");
    site.hands.forward(MINUTE * 30);
    assert_eq!(title(&phone.get(&link).await), "确认已过时");
}

#[tokio::test]
async fn five_wrong_ones_lock_and_the_page_says_until_when() {
    let (site, national, app) = set(|_| {}).await;
    let first = token(&site, &national, 1);
    let link = asked(&site, &app, first).await;
    let mut phone = Phone::at(&site);
    let mut page = phone.get(&link).await;
    for _ in 0..5 {
        page = phone.type_in(&link, &page, WRONG).await;
    }
    assert_eq!(title(&page), "密码已锁定");
    assert!(page.body.contains("11:59"), "{}", page.body);
    // Another visit of the same person, meanwhile: the password is not asked for, and not checked.
    let second = token(&site, &national, 2);
    let link = asked(&site, &app, second).await;
    let page = phone.get(&link).await;
    assert!(page.body.contains("11:59 之后才可以再用") && !page.body.contains("name=\"p\""), "{}", page.body);
    let forced = format!("t={}&n=5&p={PASSWORD}&do=password", hidden(&page, "t"));
    assert_eq!(title(&phone.submit(&link, &forced).await), "请您确认");
    assert_eq!(national.passwords_asked(), 5);
}

#[tokio::test]
async fn a_double_tap_is_one_try() {
    let (site, national, app) = set(|_| {}).await;
    let link = asked(&site, &app, token(&site, &national, 1)).await;
    let mut phone = Phone::at(&site);
    let page = phone.get(&link).await;
    let mut twin = Phone { cookie: phone.cookie.clone(), ..Phone::at(&site) };
    let (one, two) = tokio::join!(phone.type_in(&link, &page, WRONG), twin.type_in(&link, &page, WRONG));
    assert_eq!(national.passwords_asked(), 1, "{} {}", one.body, two.body);
    let page = phone.get(&link).await;
    let (one, two) =
        tokio::join!(phone.type_in(&link, &page, PASSWORD), twin.type_in(&link, &page, PASSWORD));
    assert_eq!((title(&one), title(&two)), ("已确认", "已确认"));
    assert_eq!(national.passwords_asked(), 2);
}

#[tokio::test]
async fn links_that_were_guessed_open_nothing_and_are_counted() {
    let (site, national, app) = set(|config| config.limits.failed_openings_per_minute = 3).await;
    let link = asked(&site, &app, token(&site, &national, 1)).await;
    let bent = format!("{}A", &link[..link.len() - 1]);
    let bent = if bent == link { format!("{}B", &link[..link.len() - 1]) } else { bent };
    let mut stranger = Phone::at(&site);
    for guess in [bent.as_str(), "/p/x", "/p/%00%E4%B8"] {
        let unknown = stranger.get(guess).await;
        assert_eq!((unknown.status, title(&unknown)), (404, "链接不对"), "{guess}");
    }
    let limited = stranger.get(&bent).await;
    assert_eq!((limited.status, title(&limited)), (429, "打开得太频繁"));
    assert!(limited.header("retry-after").is_some(), "{}", limited.head);
    assert_eq!(stranger.post(&bent, "do=open").await.status, 429);
    // Whoever has a link is served from the same address all the same.
    assert_eq!(title(&Phone::at(&site).get(&link).await), "请您确认");
    assert_eq!(events(&site).await.matches("link-unknown").count(), 3);
}

#[tokio::test]
async fn forms_that_are_too_large_foreign_or_bent_change_nothing() {
    let (site, national, app) = set(|_| {}).await;
    let first = token(&site, &national, 1);
    let link = asked(&site, &app, first).await;
    let other = asked(&site, &app, token(&site, &national, 2)).await;
    let mut phone = Phone::at(&site);
    let page = phone.get(&link).await;
    let mine = hidden(&page, "t");
    let others = hidden(&phone.get(&other).await, "t");
    let right = format!("t={mine}&n=0&p={PASSWORD}&do=password");
    let large = format!("{right}&x={}", "x".repeat(3_000));
    let refused = [
        (phone.post(&link, &large).await, 413, "内容太长"),
        (phone.post(&link, "").await, 400, "内容不对"),
        (phone.post(&link, "do=everything").await, 400, "内容不对"),
        (phone.post(&link, &format!("t={mine}&n=-1&p={PASSWORD}&do=password")).await, 400, "内容不对"),
        (phone.post(&link, &right.replace(&mine, &others)).await, 403, "请重新打开"),
        (phone.post(&link, &right.replace(&mine, "")).await, 403, "请重新打开"),
        (phone.say("POST", &link, &[("origin", "https://evil.example")], &right).await, 403, "请重新打开"),
        (phone.say("POST", &link, &[("sec-fetch-site", "cross-site")], &right).await, 403, "请重新打开"),
        (phone.say("POST", &link, &[("host", "10.0.0.1:8351")], &right).await, 421, "地址不对"),
        (phone.say("GET", &link, &[("host", "evil.example")], "").await, 421, "地址不对"),
        (phone.say("PUT", &link, &[], &right).await, 405, "不能这样打开"),
    ];
    for (answer, status, said) in &refused {
        assert_eq!((answer.status, title(answer)), (*status, *said));
        assert!(!answer.body.contains(HOSPITAL_NAME), "{said}");
    }
    let digits = phone.type_in(&link, &page, "%EF%BC%91").await;
    assert!(digits.body.contains("密码是六位数字"), "{}", digits.body);
    assert_eq!((national.passwords_asked(), site.check_stas(first).await.as_str()), (0, "0"));
    assert_eq!(title(&phone.submit(&link, &right).await), "已确认", "the form was good all the time");
}

#[tokio::test]
async fn names_are_text() {
    let (site, national, app) = set(|config| config.show_registered_name = false).await;
    let mut told = credential("T1", "P1", "D1");
    told.channel = site.channel().chnl_id;
    told.user_name = Some("张\"><script>alert(1)</script>".to_owned());
    let token = told.token;
    national.tell(token.as_str(), Ok(told));
    let draft = notify::Draft {
        token: token.as_str(),
        org_code: crate::site::HOSPITAL,
        org_name: "<img src=x onerror=alert(1)>'\"&",
        amount: None,
    };
    assert_eq!(
        site.institution().notify(&draft).await.expect("an answer").code(),
        -2,
        "no name is written so"
    );
    let draft = notify::Draft { org_name: "'&(1)", ..draft };
    assert_eq!(site.institution().notify(&draft).await.expect("an answer").code(), 0);
    let page = Phone::at(&site).get(&path(&app)).await;
    assert!(page.body.contains("'&amp;(1)") && page.body.contains("金额未定"), "{}", page.body);
    assert!(!page.body.contains("<img") && !page.body.contains("alert(1)</script>"), "{}", page.body);
}

#[tokio::test]
async fn what_the_national_center_says_is_said_and_costs_no_try() {
    let (site, national, app) = set(|_| {}).await;
    for (number, name, said) in
        [(1, WITHOUT_PASSWORD, "还没有设置医保电子凭证密码"), (2, OUT_OF_ORDER, "刚才没有得到结果")]
    {
        let mut told = credential(&format!("T{number}"), &format!("P{number}"), &format!("D{number}"));
        (told.channel, told.user_name) = (site.channel().chnl_id, Some(name.to_owned()));
        let token = told.token;
        national.tell(token.as_str(), Ok(told));
        let link = asked(&site, &app, token).await;
        let mut phone = Phone::at(&site);
        let page = phone.get(&link).await;
        let again = phone.type_in(&link, &page, PASSWORD).await;
        assert!(again.body.contains(said), "{}", again.body);
        assert!(!again.body.contains("还可以再试"), "{}", again.body);
    }
}

#[tokio::test]
async fn counter_and_person_see_the_same_number() {
    let (site, national, app) = set(|_| {}).await;
    let token = token(&site, &national, 1);
    let link = asked(&site, &app, token).await;
    let mut phone = Phone::at(&site);
    let page = phone.get(&link).await;
    assert!(
        !page.body.contains("核对号"),
        "a number the counter was not told is not asked for: {}",
        page.body
    );
    site.hands.forward(SOON);
    let draft = notify::Draft {
        token: token.as_str(),
        org_code: crate::site::HOSPITAL,
        org_name: HOSPITAL_NAME,
        amount: Some("128.50"),
    };
    let notice = site.institution().notify_extended(&draft).await.expect("an answer");
    let told = notice.member("checkNo").expect("a number");
    let page = phone.get(&path(&app)).await;
    let message =
        serde_json::json!({ "token": token.as_str(), "orgCodg": crate::site::HOSPITAL, "ext": "1" });
    let status_path = yanmi_protocol::message::status::PATH;
    let status = site.institution().call(status_path, message.to_string()).await.expect("an answer");
    let number = status.member("checkNo").expect("a number");
    assert!(number.len() == 2 && page.body.contains(&format!("<strong>{number}</strong>")), "{number}");
    assert_eq!(number, told, "notice and status tell the same");
    let done = phone.type_in(&path(&app), &page, PASSWORD).await;
    assert!(done.body.contains(&format!("<dd>{number}</dd>")), "{}", done.body);
    assert_eq!(site.status(token).await.member("checkNo"), None, "only for whoever asks for more");
}

#[tokio::test]
async fn the_link_of_a_pending_notice_is_the_one_that_was_sent() {
    let (site, national, app) = set(|_| {}).await;
    let link = asked(&site, &app, national.issue_to("P1", site.channel().chnl_id, 1)).await;
    let index = app.notices()[0].index.expect("an index");
    let body = serde_json::json!({ "ecIndexNo": index.as_str() }).to_string();
    let pending = site.app_of(&site.channel().clone()).call(pending::PATH, body).await.expect("an answer");
    assert!(pending.plain.expect("a message").as_str().contains(&link));
}

#[tokio::test]
async fn without_an_address_there_is_no_page_and_no_link() {
    let (site, national, app) = set(|config| config.insured.public_url = None).await;
    assert_eq!(site.notify(token(&site, &national, 1), None).await.code(), 0);
    assert_eq!(app.notices()[0].url, None);
    let page = Phone::at(&site).get("/p/anything").await;
    assert_eq!((page.status, title(&page)), (404, "链接不对"));
}
