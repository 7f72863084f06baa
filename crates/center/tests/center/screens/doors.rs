//! Pages that a browser on this machine never gets: the button for browsers and robots that do not say that they
//! navigate, the detour of a browser that another site sent, and what is said where others could read a password. They are
//! fetched as those get them, and then shown.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use yanmi_center::config::Listen;
use yanmi_protocol::message::password_free_page;

use super::{Ground, PHONE, is_shown, look};
use crate::insured::{Phone, hidden};
use crate::party::PASSWORD;

/// An address of this machine that is not its loopback. Nothing is sent to find it.
fn reachable() -> IpAddr {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a socket");
    // Set aside for documentation.
    socket
        .connect((Ipv4Addr::new(192, 0, 2, 1), 9))
        .expect("a machine with a network, for there is a stranger");
    let address = socket.local_addr().expect("an address").ip();
    assert!(!address.is_loopback(), "{address}");
    address
}

/// What comes after the host.
fn path(link: &str) -> &str {
    let (_, rest) = link.split_once("://").expect("a scheme");
    &rest[rest.find('/').expect("a path")..]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_for_who_does_not_say_where_they_come_from() {
    let mut ground = Ground::start().await;
    let browser = ground.browser("one", PHONE);
    browser.open(&format!("http://{}/p/nothing", ground.site.channel_addr()));
    let link = ground.link().await;
    let mut silent = Phone::silent(&ground.site);
    browser.show(&silent.get(path(&link)).await.body);
    browser.until(&is_shown("查看认证请求"));
    look(&browser, "button");
    let free =
        ground.site.world().channels.iter().find(|channel| channel.password_free).expect("one").clone();
    let asked = serde_json::json!({ "ecIndexNo": "ONE" }).to_string();
    let told = ground.site.app_of(&free).call(password_free_page::PATH, asked).await.expect("an answer");
    browser.show(&silent.get(path(&told.member("pageUrl").expect("a link"))).await.body);
    browser.until(&is_shown("免密支付设置"));
    look(&browser, "free-button");
    Phone::at(&ground.site).get(path(&link)).await;
    let detour = Phone::sent_by_another_site(&ground.site).get(path(&link)).await.body;
    let refresh = "<meta http-equiv=\"refresh\"";
    let at = detour.find(refresh).expect("it goes on by itself");
    let end = at + detour[at..].find('>').expect("an end");
    browser.show(&format!("{}{}", &detour[..at], &detour[end + 1..]));
    browser.until(&is_shown("正在打开"));
    look(&browser, "detour");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_where_others_could_read_a_password() {
    let anywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    let listen = Listen { plain_http: true, ..Listen::plain(anywhere) };
    let mut ground = Ground::with(|config| config.listen.channel = listen).await;
    let browser = ground.browser("one", PHONE);
    let port = ground.site.channel_addr().port();
    browser.open(&format!("http://127.0.0.1:{port}/p/nothing"));
    let token = ground.token();
    let link = ground.notify(token, Some("128.50")).await;
    let mut stranger = Phone::at(&ground.site);
    stranger.address = SocketAddr::new(reachable(), port);
    let page = stranger.get(path(&link)).await;
    assert!(!page.body.contains("name=\"p\""), "{}", page.body);
    // Under the address of another page it would ask about that one.
    browser.show(&page.body.replace(" data-at=\"in-the-open\"", ""));
    browser.until(&is_shown("请您确认"));
    look(&browser, "open-in-the-open");
    let form = format!("t={}&n=0&p={PASSWORD}&do=password", hidden(&page, "t"));
    let refused = stranger.post(path(&link), &form).await;
    assert_eq!(refused.status, 403);
    browser.show(&refused.body);
    browser.until(&is_shown("连接没有加密"));
    look(&browser, "password-in-the-open");
    assert_eq!((ground.national.passwords_asked(), ground.site.check_stas(token).await.as_str()), (0, "0"));
}
