//! Logging in by a provider: who gets in by it, and who does not whatever the provider says.

use std::io::Write;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::net::TcpListener;
use yanmi_center::config::{Issuer, Oidc, PasswordFile, PrintedText};

use super::administrators;
use super::issuer::{CLIENT, Mood, PUBLIC_URL, Provider, SECRET};
use super::person::Person;
use crate::site::{Site, anywhere};
use crate::wire::{Answer, Wire};

const NOW_NOT: &str = "统一认证暂时不可用，请用密码登录";
const STALE: &str = "从登录页重新开始";
const NOT_LET_IN: &str = "不能登录";

/// A site with a console and a provider beside it.
async fn with_provider(trust_mfa: bool) -> (Site, Provider, NamedTempFile) {
    with_provider_at("127.0.0.1", trust_mfa).await
}

/// The same, the provider under this name of the machine.
pub(crate) async fn with_provider_at(host: &str, trust_mfa: bool) -> (Site, Provider, NamedTempFile) {
    let mut secret = NamedTempFile::new().expect("a file");
    writeln!(secret, "{SECRET}").expect("written");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let issuer = format!("http://{host}:{}", listener.local_addr().expect("an address").port());
    let file = PasswordFile::read_from(secret.path().to_owned()).expect("a secret");
    let site = Site::with(|config| {
        config.listen.operator = anywhere();
        *config.oidc = Oidc {
            issuer: Some(Issuer::new(&issuer).expect("an issuer")),
            client_id: PrintedText::new(CLIENT),
            client_secret_file: Some(file),
            public_url: Some(PUBLIC_URL.parse().expect("a URL")),
            roots: None,
            trust_mfa,
            title: PrintedText::new("省统一认证").expect("a title"),
        };
        assert_eq!(config.problems(), Vec::<String>::new());
    })
    .await;
    let provider = Provider::start(listener, &issuer, site.hands.clone());
    (site, provider, secret)
}

/// Keeps the cookies of an answer, as a browser does.
fn keep(person: &mut Person, answer: &Answer) {
    let held = person.cookie.take().unwrap_or_default();
    let mut pairs: Vec<(String, String)> = held
        .split("; ")
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    for line in answer.head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")) {
        let (name, value) = line.split(';').next().expect("a pair").split_once('=').expect("a pair");
        assert!(line.contains("HttpOnly") && line.contains("Path=/"), "{line}");
        pairs.retain(|(held, _)| held != name);
        if !line.contains("Max-Age=0") {
            pairs.push((name.to_owned(), value.to_owned()));
        }
    }
    let text: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    person.cookie = Some(text.join("; ")).filter(|text| !text.is_empty());
}

/// What of it comes along from another site.
fn lax(person: &Person) -> Option<String> {
    let held = person.cookie.clone().unwrap_or_default();
    held.split("; ").find(|pair| pair.starts_with("yanmi-oidc=")).map(str::to_owned)
}

/// Somebody shows the provider who he is; where it sends the browser back to, as seen by this site.
async fn at_provider(provider: &Provider, url: &str) -> String {
    let at = format!("http://{}", provider.address());
    let path = url.strip_prefix(&at).expect("the provider's address");
    let back = Wire::to(provider.address()).await.ask("GET", path, "").await;
    let back = back.header("location").expect("back").to_owned();
    back.strip_prefix(PUBLIC_URL).expect("the console's address").to_owned()
}

/// Away to the provider from the login page; where it sends the browser back to.
async fn away(person: &mut Person, provider: &Provider) -> String {
    let sent = person.get("/o/oidc/login?next=%2Fo%2Foperators").await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    keep(person, &sent);
    at_provider(provider, sent.header("location").expect("away")).await
}

/// Comes back from another site: with the cookies that are `Lax` alone.
async fn back(person: &mut Person, path: &str) -> Answer {
    let carried = lax(person);
    let held = std::mem::replace(&mut person.cookie, carried);
    let answer = person.get(path).await;
    person.cookie = held;
    keep(person, &answer);
    answer
}

/// Logs in by the provider with the code of the phone; the last answer.
async fn log_in(person: &mut Person, provider: &Provider) -> Answer {
    person.cookie = None;
    let path = away(person, provider).await;
    let asked = back(person, &path).await;
    if asked.status != 200 || !asked.body.contains("name=\"code\"") {
        return asked;
    }
    let code = person.next_code();
    let answer = person.post("/o/oidc/login", &[("code", &code)], &[]).await;
    keep(person, &answer);
    answer
}

/// Binds what the provider names to somebody who is logged in; the last answer.
async fn bind(person: &mut Person, provider: &Provider) -> Answer {
    let sent = person.act("/o/me", &[("do", "bind")]).await;
    assert_eq!(sent.status, 200, "{}", sent.body);
    keep(person, &sent);
    let url = sent.header("refresh").expect("onward").strip_prefix("0; url=").expect("an address").to_owned();
    let path = at_provider(provider, &url).await;
    let named = back(person, &path).await;
    if named.header("refresh") != Some("0; url=/o/me") {
        return named;
    }
    assert!(person.get("/o/me").await.body.contains("lin.wei"), "he sees whom he binds");
    let bound = person.act("/o/me", &[("do", "confirm")]).await;
    keep(person, &bound);
    bound
}

#[tokio::test]
async fn who_has_bound_an_account_logs_in_by_it_and_shows_his_code() {
    let (site, provider, _secret) = with_provider(false).await;
    let [mut system, _, mut audit] = administrators(&site).await;
    let mut stranger = Person::new(&site, 20);
    let page = stranger.get("/o/login?next=%2Fo%2Foperators").await.body;
    assert!(page.contains("省统一认证") && page.contains("/o/oidc/login?next=%2Fo%2Foperators"), "{page}");
    assert!(system.get("/o/me").await.body.contains("没有绑定统一认证账号"));
    let bound = bind(&mut system, &provider).await;
    assert_eq!((bound.status, bound.header("location")), (303, Some("/o/me?done=1")), "{}", bound.body);
    assert!(lax(&system).is_none(), "nothing is left over");
    assert!(system.get("/o/me").await.body.contains("已绑定统一认证账号"));

    system.move_to(1);
    site.hands.forward(Duration::from_secs(31));
    let session = system.cookie.clone();
    let entered = log_in(&mut system, &provider).await;
    assert_eq!((entered.status, entered.header("location")), (303, Some("/o/operators")), "{}", entered.body);
    assert_ne!(system.cookie, session);
    assert_eq!(system.get("/o/operators").await.status, 200);
    // The code was shown: what is serious does not ask for it again.
    assert!(!system.get("/o/operators").await.body.contains("name=\"code\""));
    // A password does as before.
    system.move_to(2);
    site.hands.forward(Duration::from_secs(31));
    system.cookie = None;
    assert_eq!(system.log_in().await, 303);
    let events = audit.get("/o/events").await.body;
    for words in ["绑定统一认证账号", "统一认证登录", "来自 127.0.1.1"] {
        assert!(events.contains(words), "{words}: {events}");
    }
    assert_eq!(provider.script().asked, [1, 2], "what it says of itself is kept");
    // What it is called there may be an identity number: it is nowhere.
    for text in ["350100199001010011", "lin.wei"] {
        assert!(!events.contains(text) && !system.get("/o/me").await.body.contains(text));
    }
    let stored = site.number("SELECT count(*) FROM operators WHERE length(oidc_subject) = 16").await;
    assert_eq!(stored, 1);

    let unbound = system.act("/o/me", &[("do", "unbind")]).await;
    assert_eq!(unbound.status, 303, "{}", unbound.body);
    system.move_to(3);
    let refused = log_in(&mut system, &provider).await;
    assert_eq!((refused.status, refused.body.contains("没有绑定操作员")), (403, true), "{}", refused.body);
    assert!(audit.get("/o/events").await.body.contains("解除绑定统一认证账号"));
}

#[tokio::test]
async fn an_answer_is_good_once_and_in_the_browser_that_asked() {
    let (site, provider, _secret) = with_provider(false).await;
    let [mut system, security, _] = administrators(&site).await;
    assert_eq!(bind(&mut system, &provider).await.status, 303);
    site.hands.forward(Duration::from_secs(31));
    system.move_to(1);
    system.cookie = None;
    let path = away(&mut system, &provider).await;
    let asked = system.cookie.clone();
    let state = path.split("state=").nth(1).expect("a state").split('&').next().expect("it ends").to_owned();
    let say = |answer: &Answer, words: &str| {
        assert_eq!((answer.status, answer.body.contains(words)), (403, true), "{words}: {}", answer.body);
        assert!(answer.header("set-cookie").is_none_or(|set| set.contains("Max-Age=0")), "{answer:?}");
    };
    // Another state, none, no cookie, that of another flow, one that was bent, an answer of another issuer, a refusal.
    for other in [path.replace(&state, "AAAA"), "/o/oidc/return?code=code-2".to_owned()] {
        system.cookie.clone_from(&asked);
        say(&back(&mut system, &other).await, STALE);
    }
    let mut other = Person::new(&site, 30);
    say(&back(&mut other, &path).await, STALE);
    away(&mut other, &provider).await;
    say(&back(&mut other, &path).await, STALE);
    other.cookie = asked.as_ref().map(|cookie| format!("{cookie}A"));
    say(&back(&mut other, &path).await, STALE);
    let elsewhere = path.replace("iss=http", "iss=https");
    other.cookie.clone_from(&asked);
    say(&back(&mut other, &elsewhere).await, STALE);
    other.cookie.clone_from(&asked);
    say(
        &back(&mut other, &format!("/o/oidc/return?error=access_denied&state={state}")).await,
        "没有让您通过",
    );
    // The code of another browser, with this one's state: its challenge is another.
    let mut third = Person::new(&site, 31);
    let theirs = away(&mut third, &provider).await;
    let code = |path: &str| path.split("code=").nth(1).expect("a code").split('&').next().map(str::to_owned);
    let mixed = path.replace(&code(&path).expect("one"), &code(&theirs).expect("one"));
    third.cookie.clone_from(&asked);
    say(&back(&mut third, &mixed).await, "已失效或不被接受");
    // It is the code's first use that counts, and the flow's first login.
    system.move_to(2);
    system.cookie.clone_from(&asked);
    let answer = back(&mut system, &path).await;
    assert_eq!((answer.status, answer.body.contains("name=\"code\"")), (200, true), "{}", answer.body);
    let proven = system.cookie.clone();
    system.cookie.clone_from(&asked);
    say(&back(&mut system, &path).await, "已失效或不被接受");
    // What the provider proved binds nobody, and is no answer of the provider's.
    system.cookie.clone_from(&proven);
    say(&back(&mut system, &path).await, STALE);
    system.cookie.clone_from(&proven);
    let foreign = system.post("/o/oidc/login", &[("code", "000000")], &["sec-fetch-site: cross-site"]).await;
    assert_eq!(foreign.status, 403);
    say(&system.post("/o/oidc/login", &[("code", "000000")], &[]).await, NOT_LET_IN);
    let next = system.next_code();
    assert_eq!(system.post("/o/oidc/login", &[("code", &next)], &[]).await.status, 303);
    system.move_to(3);
    let next = system.next_code();
    say(&system.post("/o/oidc/login", &[("code", &next)], &[]).await, NOT_LET_IN);
    // Ten minutes after it began it is over.
    system.cookie = None;
    let path = away(&mut system, &provider).await;
    site.hands.forward(Duration::from_mins(10));
    say(&back(&mut system, &path).await, STALE);
    drop(security);
}

#[tokio::test]
async fn what_the_provider_says_has_to_be_about_this_login() {
    let (site, provider, _secret) = with_provider(true).await;
    let [mut system, ..] = administrators(&site).await;
    assert_eq!(bind(&mut system, &provider).await.status, 303);
    let now = site.hands.now().get() / 1_000;
    let wrong: [(Value, &str); 9] = [
        (json!({ "nonce": "another" }), "nonce"),
        (json!({ "nonce": null }), "nonce"),
        (json!({ "aud": "somebody else" }), "aud"),
        (json!({ "aud": [CLIENT, "somebody else"] }), "azp"),
        (json!({ "azp": "somebody else" }), "azp"),
        (json!({ "iss": "https://elsewhere.example" }), "iss"),
        (json!({ "exp": now - 120 }), "exp"),
        (json!({ "iat": now + 3_600 }), "iat"),
        (json!({ "sub": "" }), "sub"),
    ];
    for (at, (claims, what)) in wrong.into_iter().enumerate() {
        system.move_to(u8::try_from(at + 1).expect("few"));
        provider.script().claims = claims;
        let refused = log_in(&mut system, &provider).await;
        assert_eq!((refused.status, refused.body.contains("告诉系统管理员")), (503, true), "{what}");
        assert!(refused.body.contains("请用密码登录") && !refused.body.contains("somebody"), "{what}");
        assert!(system.cookie.is_none(), "{what}");
    }
}

#[tokio::test]
async fn the_second_factor_of_the_provider_is_one_where_it_is_trusted() {
    for trusts in [false, true] {
        let (site, provider, _secret) = with_provider(trusts).await;
        let [mut system, ..] = administrators(&site).await;
        assert_eq!(bind(&mut system, &provider).await.status, 303);
        for (at, (amr, second)) in [
            (json!(["pwd", "otp"]), true),
            (json!(["mfa"]), true),
            (json!(["pwd"]), false),
            (Value::Null, false),
        ]
        .into_iter()
        .enumerate()
        {
            system.move_to(u8::try_from(at + 1).expect("few"));
            site.hands.forward(Duration::from_secs(31));
            system.cookie = None;
            provider.script().claims = if amr.is_null() { json!({}) } else { json!({ "amr": amr }) };
            let path = away(&mut system, &provider).await;
            let answer = back(&mut system, &path).await;
            let enters = trusts && second;
            assert_eq!(answer.status, 200, "{}", answer.body);
            assert_eq!(answer.header("refresh") == Some("0; url=/o/operators"), enters, "{trusts} {amr}");
            assert_eq!(answer.body.contains("name=\"code\""), !enters, "{trusts} {amr}");
            let page = system.get("/o/operators").await;
            assert_eq!(page.status == 200, enters, "{trusts} {amr}");
            if enters {
                // No code of ours was shown: what is serious asks for one. And the same flow lets nobody in again.
                assert!(page.body.contains("name=\"code\""), "{}", page.body);
            }
        }
    }
}

#[tokio::test]
async fn who_may_not_log_in_may_not_by_the_provider() {
    let (site, provider, _secret) = with_provider(true).await;
    let mut three = administrators(&site).await;
    provider.script().claims = json!({ "amr": ["mfa"] });
    let mut clerk = super::somebody(&site, &mut three, (yanmi_onboarding::Role::Clerk, "3501", 60)).await;
    assert_eq!(bind(&mut clerk, &provider).await.status, 303);
    let [system, _, audit] = &mut three;
    // The account is his: nobody else binds it, and nobody gets in by one that nobody bound.
    let taken = bind(system, &provider).await;
    assert_eq!((taken.status, taken.body.contains("已绑定另一个操作员")), (409, true), "{}", taken.body);
    provider.script().subject = "someone else".to_owned();
    clerk.move_to(1);
    let refused = log_in(&mut clerk, &provider).await;
    assert_eq!((refused.status, refused.body.contains("没有绑定操作员")), (403, true), "{}", refused.body);
    provider.script().subject = "350100199001010011".to_owned();
    assert_eq!(log_in(&mut clerk, &provider).await.status, 200);
    // Locked by wrong passwords.
    clerk.move_to(2);
    for _ in 0..5 {
        clerk.try_to_log_in("clerk.3501", "not the password", "000000").await;
    }
    clerk.move_to(3);
    let locked = log_in(&mut clerk, &provider).await;
    assert_eq!((locked.status, locked.body.contains(NOT_LET_IN)), (403, true), "{}", locked.body);
    site.hands.forward(Duration::from_mins(31));
    assert_eq!(log_in(&mut clerk, &provider).await.status, 200);
    // Not seen for 90 days.
    site.hands.forward(Duration::from_hours(24 * 90));
    clerk.move_to(4);
    let dormant = log_in(&mut clerk, &provider).await;
    assert_eq!((dormant.status, dormant.body.contains(NOT_LET_IN)), (403, true), "{}", dormant.body);
    site.execute(
        "UPDATE operators SET last_login = password_at + 7776000000, password_at = password_at + 7776000000",
    )
    .await;
    // Invited anew he proves himself anew, and binds anew.
    system.move_to(5);
    assert_eq!(system.log_in().await, 303);
    let shown = system.act("/o/operators/clerk.3501", &[("do", "again"), ("reason", "换了手机")]).await;
    let secret = shown.body.split("/o/invite/").nth(1).expect("an invitation").get(..22).expect("a secret");
    clerk.move_to(6);
    assert_eq!(log_in(&mut clerk, &provider).await.status, 200, "until then what he has is good");
    clerk.move_to(7);
    clerk.cookie = None;
    clerk.enrol(secret).await;
    let refused = log_in(&mut clerk, &provider).await;
    assert_eq!((refused.status, refused.body.contains("没有绑定操作员")), (403, true), "{}", refused.body);
    assert_eq!(clerk.log_in().await, 303);
    clerk.move_to(8);
    assert_eq!(bind(&mut clerk, &provider).await.status, 303);
    // Closed.
    let closed = system.act("/o/operators/clerk.3501", &[("do", "close"), ("reason", "离岗")]).await;
    assert_eq!(closed.status, 303, "{}", closed.body);
    clerk.move_to(9);
    assert_eq!(log_in(&mut clerk, &provider).await.status, 403);
    assert_eq!(clerk.get("/o/").await.status, 303);
    audit.move_to(10);
    assert_eq!(audit.log_in().await, 303);
    let events = audit.get("/o/events?find=oidc%3A").await.body;
    assert!(events.contains("没有绑定操作员") && !events.contains("someone else"), "{events}");
}

#[tokio::test]
async fn when_the_provider_is_ill_the_password_is_there() {
    let (site, provider, _secret) = with_provider(false).await;
    let [mut system, ..] = administrators(&site).await;
    assert_eq!(bind(&mut system, &provider).await.status, 303);
    let say = |answer: &Answer, words: &str, mood: Mood| {
        assert_eq!((answer.status, answer.body.contains(words)), (503, true), "{mood:?}: {}", answer.body);
    };
    // Its metadata is known: the token endpoint is ill.
    for (at, mood) in [Mood::Failing, Mood::Hanging, Mood::Huge, Mood::Nonsense].into_iter().enumerate() {
        system.move_to(u8::try_from(at + 1).expect("few"));
        provider.script().moods = [Mood::Well, mood];
        let words =
            if mood == Mood::Nonsense { "请用密码登录，并告诉系统管理员" } else { NOW_NOT };
        say(&log_in(&mut system, &provider).await, words, mood);
    }
    site.hands.forward(Duration::from_secs(31));
    system.cookie = None;
    assert_eq!(system.log_in().await, 303, "by the password");

    // One that never said what it is.
    let (site, provider, _secret) = with_provider(false).await;
    let mut somebody = Person::new(&site, 40);
    for mood in [Mood::Failing, Mood::Hanging, Mood::Huge, Mood::Nonsense] {
        provider.script().moods = [mood, Mood::Well];
        let words =
            if mood == Mood::Nonsense { "请用密码登录，并告诉系统管理员" } else { NOW_NOT };
        say(&somebody.get("/o/oidc/login").await, words, mood);
    }
    provider.script().moods = [Mood::Well; 2];
    provider.script().metadata = json!({ "issuer": "http://127.0.0.1:1" });
    say(&somebody.get("/o/oidc/login").await, "请用密码登录，并告诉系统管理员", Mood::Well);
    // As soon as it is well again, it is asked; also one that wants its secret in the form.
    provider.script().metadata = json!({ "token_endpoint_auth_methods_supported": ["client_secret_post"] });
    let path = away(&mut somebody, &provider).await;
    let unbound = back(&mut somebody, &path).await;
    assert_eq!((unbound.status, unbound.body.contains("没有绑定操作员")), (403, true), "{}", unbound.body);
    drop(provider);
    let mut other = Person::new(&site, 41);
    // What it said of itself is kept: the browser is sent there.
    assert_eq!(other.get("/o/oidc/login").await.status, 303);
}

#[tokio::test]
async fn without_a_provider_there_is_nothing_of_it() {
    let site = super::with_console().await;
    let [mut system, ..] = administrators(&site).await;
    assert!(!system.get("/o/login").await.body.contains("oidc"));
    assert!(!system.get("/o/me").await.body.contains("统一认证账号"));
    for path in ["/o/oidc/login", "/o/oidc/return?code=a&state=b"] {
        assert_eq!(system.get(path).await.status, 404, "{path}");
    }
    assert_eq!(system.post("/o/oidc/login", &[("code", "000000")], &[]).await.status, 404);
}
