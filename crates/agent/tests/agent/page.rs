//! The page as a browser without a script has it: links, a cookie, forms.

use std::time::Duration;

use serde_json::json;

use crate::door::{Door, Heard};

/// A browser that has opened a link.
pub(crate) fn logged_in(door: &Door) -> String {
    let link = door.agent.link();
    let path = link.strip_prefix(&door.url("")).expect("of this agent").to_owned();
    let heard = door.bare("GET", &path, &[], b"");
    assert_eq!((heard.status, heard.head["location"].to_str().ok()), (303, Some("/")));
    let cookie = heard.head["set-cookie"].to_str().expect("a text");
    for word in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age="] {
        assert!(cookie.contains(word), "{cookie}");
    }
    let again = door.bare("GET", &path, &[], b"");
    assert_eq!((again.status, again.head.get("set-cookie")), (401, None), "a link opens once");
    cookie.split(';').next().expect("a pair").to_owned()
}

pub(crate) fn get(door: &Door, cookie: &str, path: &str) -> Heard {
    door.bare("GET", path, &[("cookie", cookie)], b"")
}

pub(crate) fn post(door: &Door, cookie: &str, path: &str, body: &str) -> Heard {
    let headers = [("cookie", cookie), ("content-type", "application/x-www-form-urlencoded")];
    door.bare("POST", path, &headers, body.as_bytes())
}

#[test]
fn only_who_opened_a_link_is_in_and_every_answer_says_what_it_allows() {
    let door = Door::open();
    let cookie = logged_in(&door);
    let wrong = format!("{}0", &cookie[..cookie.len() - 1]);
    for bad in ["", "yanmi-agent=", "yanmi-agent=1.2.3", &wrong, &format!("yanmi-agent={}", door.token)] {
        for (method, path) in [("GET", "/"), ("GET", "/page/live?seen="), ("POST", "/page/visits")] {
            let heard = door.bare(method, path, &[("cookie", bad)], b"code=x&amount=1");
            assert_eq!(heard.status, 401, "{method} {path} {bad}");
            assert!(!heard.text.contains("今天的就诊"));
        }
    }
    let page = get(&door, &cookie, "/");
    assert_eq!(page.status, 200);
    let policy = page.head["content-security-policy"].to_str().expect("a text");
    assert!(policy.starts_with("default-src 'none'; script-src 'self'") && !policy.contains("unsafe"));
    assert_eq!(
        (&page.head["cache-control"], &page.head["x-frame-options"]),
        (&"no-store".parse().expect("ok"), &"DENY".parse().expect("ok"))
    );
    for forbidden in [" style=", " onclick", "<script>", "<style"] {
        assert!(!page.text.contains(forbidden), "{forbidden}");
    }
    let foreign = [("cookie", cookie.as_str()), ("origin", "http://evil.example")];
    assert_eq!(door.bare("POST", "/page/visits", &foreign, b"code=x&amount=1").status, 403);
    // The cookie is for the page; a program has the token.
    assert_eq!(get(&door, &cookie, "/visits").status, 401);
    door.site.hands.forward(yanmi_agent::SESSION_LIFE);
    assert_eq!(get(&door, &cookie, "/").status, 401, "the shift is over");
}

#[test]
fn a_visit_without_a_script() {
    let door = Door::open();
    let cookie = logged_in(&door);
    let body = format!("medium=qrCode&code={}&amount=128.50&kind=outpatient", door.site.shown_code(0));
    let begun = post(&door, &cookie, "/page/visits", &body);
    assert_eq!(begun.status, 303, "{}", begun.text);
    let place = begun.head["location"].to_str().expect("a text").to_owned();
    let page = get(&door, &cookie, &place);
    assert!(page.text.contains("http-equiv=\"refresh\"") && page.text.contains("不能结算"), "{}", page.text);
    // Nobody's name is whole on a screen everybody sees.
    let name = &door.site.world().persons[0].user_name;
    assert!(!page.text.contains(name.as_str()) && page.text.contains("*试"), "{name}");

    // A script asks what is new, and is answered at once when its screen is old.
    let live = place.replacen("/?", "/page/live?seen=old&", 1);
    let news = get(&door, &cookie, &live);
    assert!(news.status == 200 && news.text.starts_with("<div id=\"parts\""), "{}", news.text);

    // Confirmed: the next look asks the gate by itself.
    door.site.act("confirm", "01");
    let visit = place.rsplit('=').next().expect("an id").to_owned();
    door.well("GET", &format!("/visits/{visit}?wait=0"), &json!(null));
    let page = get(&door, &cookie, &place);
    assert!(page.text.contains("可以结算") && page.text.contains("sign allowed"), "{}", page.text);
    let kept = door.well("GET", &format!("/visits/{visit}"), &json!(null));
    assert_eq!(kept["visit"]["decision"]["settle"], true);

    // Five minutes later it has to be asked again, and another amount is another question.
    door.site.hands.forward(Duration::from_secs(301));
    assert!(get(&door, &cookie, &place).text.contains("上次判断已过 5 分钟"));
    let form = |what: &str| format!("/page/visits/{visit}/{what}");
    assert_eq!(post(&door, &cookie, &form("gate"), "amount=128.50&kind=outpatient").status, 303);
    assert!(get(&door, &cookie, &place).text.contains("sign allowed"));
    assert_eq!(post(&door, &cookie, &form("gate"), "amount=129&kind=outpatient").status, 303);
    assert!(get(&door, &cookie, &place).text.contains("sign denied"));

    for (what, body, said) in [
        ("gate", "amount=abc&kind=outpatient", "应为金额"),
        ("notice", "amount=1&amount=2", "重复出现，每个成员只能给一次"),
        ("token", "code=%20&amount=1", "请使用医保电子凭证二维码"),
        ("offline", "way=terminalFace&outcome=passed&serial=T1", "没有配置这种线下方式"),
        ("nothing", "", "没有这个地址"),
    ] {
        let heard = post(&door, &cookie, &form(what), body);
        assert!((400..500).contains(&heard.status) && heard.text.contains(said), "{what}: {}", heard.text);
        assert!(heard.text.contains("role=\"alert\"") && heard.text.contains("sign denied"), "{what}");
    }
    let gone = get(&door, &cookie, "/?visit=0123456789abcdef0123456789abcdef");
    assert!(gone.status == 404 && gone.text.contains("没有就诊记录"), "{}", gone.text);
}

#[test]
fn a_card_goes_the_offline_way_the_site_has() {
    let door = Door::with(|config| config.page_offline = vec![yanmi_client::gate::Way::TerminalPassword]);
    let cookie = logged_in(&door);
    let begun = post(&door, &cookie, "/page/visits", "medium=socialSecurityCard&amount=20&kind=pharmacy");
    assert_eq!(begun.status, 303, "{}", begun.text);
    let place = begun.head["location"].to_str().expect("a text").to_owned();
    let page = get(&door, &cookie, &place);
    assert!(
        page.text.contains("data-next=\"offline\"") && !page.text.contains("换渠道应用"),
        "{}",
        page.text
    );
    let path = place.replacen("/?visit=", "/page/visits/", 1) + "/offline";
    let without = post(&door, &cookie, &path, "way=terminalPassword&outcome=passed");
    assert!(without.status == 400 && without.text.contains("流水号"), "{}", without.text);
    assert_eq!(post(&door, &cookie, &path, "way=terminalPassword&outcome=failed").status, 303);
    assert!(get(&door, &cookie, &place).text.contains("线下密码核验未通过"));
    door.site.hands.forward(Duration::from_secs(9));
    assert_eq!(post(&door, &cookie, &path, "way=terminalPassword&outcome=passed&serial=T7").status, 303);
    let page = get(&door, &cookie, &place);
    assert!(page.text.contains("sign allowed") && page.text.contains("药店结算（2102）"), "{}", page.text);
}
