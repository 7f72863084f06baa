//! Trying a channel with something that nobody sees.

use yanmi_onboarding::Role;
use yanmi_protocol::message::channel_notice::Kind;

use super::{administrators, somebody, with_console};
use crate::party::{App, Mood, nobody};

#[tokio::test]
async fn a_channel_is_tried_without_anybody_seeing_it_also_while_it_rests() {
    let site = with_console().await;
    let channel = site.channel().clone();
    let app = App::start(channel.key.clone()).await;
    site.relocate(&channel, &app.url()).await;
    let mut three = administrators(&site).await;
    let mut duty = somebody(&site, &mut three, (Role::Duty, "35", 70)).await;
    let path = format!("/o/channels/{}/test", channel.chnl_id.as_str());
    let one = duty.get(path.strip_suffix("/test").expect("the channel's page")).await.body;
    assert!(one.contains(&path), "{one}");
    let mut test = async |words: &str| {
        let tried = duty.act(&path, &[("reason", "用户说收不到")]).await;
        assert_eq!(tried.status, 200, "{}", tried.body);
        assert!(tried.body.contains(words), "{words}: {}", tried.body);
    };
    test("通：渠道应用收下了").await;
    app.will([Mood::Refuse("未知的通知"), Mood::Free("{}")]);
    test("答复不接收（未知的通知）").await;
    test("答复不接收").await;
    let sent = app.notices();
    assert_eq!(sent.len(), 3);
    for notice in sent {
        assert_eq!((notice.kind, notice.token.as_str().get(..4)), (Kind::Withdrawal, Some("TEST")));
        assert_eq!((notice.amount, notice.masked_name.as_str()), (None, "*"));
    }
    app.will([Mood::Status(502), Mood::Status(502), Mood::Status(502)]);
    test("渠道应用服务异常（HTTP 502）").await;
    // Its failures end in a rest; it is tried all the same, and the rest stays.
    let gone = nobody().await;
    site.relocate(&channel, &gone).await;
    for _ in 0..10 {
        assert_eq!(site.notify(site.token().await, None).await.code(), 500_319);
    }
    test("无法连接渠道应用").await;
    let rest = site.notify(site.token().await, None).await;
    assert!(format!("{rest:?}").contains("暂停通知"), "{rest:?}");
    site.relocate(&channel, &app.url()).await;
    test("通：渠道应用收下了").await;
    // What is no answer to this is not taken for a channel that works.
    app.will([Mood::Free("no object")]);
    test("与渠道核对密钥校验值").await;
    let events = three[2].get("/o/events?find=").await.body;
    assert_eq!(events.matches("向渠道试投").count(), 7, "{events}");
}
