//! The person's page of password-free settlement in every state.

use serde_json::json;
use yanmi_protocol::message::password_free_page;
use yanmi_simulator::world::Channel;

use super::{Ground, MINUTE, PHONE, WRONG, answer, is_shown, look};
use crate::insured::Phone;
use crate::party::{App, OUT_OF_ORDER, PASSWORD, WITHOUT_PASSWORD};
use crate::plan::credential;

/// The app that offers it.
struct Offering(Channel);

impl Offering {
    /// Played by a script as long as that is kept.
    async fn at(ground: &Ground) -> (Self, App) {
        let mut channels = ground.site.world().channels.iter();
        let channel = channels.find(|channel| channel.password_free).expect("one").clone();
        let script = ground.site.scripted(&channel).await;
        (Self(channel), script)
    }

    /// Somebody of this name pays with a code shown in the app; what the institution is answered.
    async fn pays(&self, ground: &mut Ground, person: &str, name: &str, amount: Option<&str>) -> i64 {
        ground.issued += 1;
        let mut told = credential(&format!("F{}", ground.issued), person, person);
        (told.channel, told.user_name) = (self.0.chnl_id, Some(name.to_owned()));
        let token = told.token;
        ground.national.tell(token.as_str(), Ok(told));
        ground.site.notify(token, amount).await.code()
    }

    /// The link the app gets for this person.
    async fn link(&self, ground: &Ground, person: &str) -> String {
        let message = json!({ "ecIndexNo": person }).to_string();
        let called = ground.site.app_of(&self.0).call(password_free_page::PATH, message).await;
        called.expect("an answer").member("pageUrl").expect("a link")
    }
}

fn says(text: &str) -> String {
    format!(
        "document.querySelector('main').innerText.includes('{text}') && document.readyState === 'complete'"
    )
}

#[expect(clippy::too_many_lines, reason = "one state after the other, as a person comes to them")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_state_of_the_password_free_page() {
    let mut ground = Ground::start().await;
    let (app, _script) = Offering::at(&ground).await;
    let browser = ground.browser("one", PHONE);
    // Who has never shown a code in this app.
    browser.open(&app.link(&ground, "NOBODY").await);
    browser.until(&says("请先用这个应用在窗口出示一次"));
    look(&browser, "free-code-not-shown-yet");
    assert_eq!(app.pays(&mut ground, "ONE", "欧阳文静", Some("10")).await, 0, "asked");
    let link = app.link(&ground, "ONE").await;
    browser.open(&link);
    browser.until(&is_shown("免密支付：未开通"));
    look(&browser, "free-off");
    for (word, text) in [("digits", "密码是六位数字"), ("limits", "额度没有填对")] {
        browser.open(&format!("{link}?r={word}"));
        browser.until(&says(text));
        look(&browser, &format!("free-off-{word}"));
    }
    answer(&browser, WRONG);
    browser.until(&says("还可以再试 4 次"));
    look(&browser, "free-off-wrong-password");
    for (field, value) in [("#single", "200"), ("#day", "1000"), ("#count", "5")] {
        browser.fill(field, value);
    }
    answer(&browser, PASSWORD);
    browser.until(&says("已保存"));
    look(&browser, "free-on");
    for amount in [Some("128.50"), Some("66"), Some("0.01")] {
        ground.site.hands.forward(MINUTE * 7);
        assert_eq!(app.pays(&mut ground, "ONE", "欧阳文静", amount).await, 500_320, "free");
    }
    browser.open(&app.link(&ground, "ONE").await);
    browser.until(&says("3 次，共 194.51 元"));
    look(&browser, "free-on-with-payments");
    browser.click(".danger");
    browser.until(&says("已关闭"));
    look(&browser, "free-switched-off");
    for (person, name, text) in
        [("TWO", OUT_OF_ORDER, "刚才没有结果"), ("THREE", WITHOUT_PASSWORD, "还没有设置")]
    {
        assert_eq!(app.pays(&mut ground, person, name, Some("10")).await, 0, "asked");
        browser.open(&app.link(&ground, person).await);
        answer(&browser, PASSWORD);
        browser.until(&says(text));
        look(
            &browser,
            &format!("free-off-{}", if person == "TWO" { "no-answer" } else { "no-password-set" }),
        );
    }
    let taken = app.link(&ground, "ONE").await;
    let (_, rest) = taken.split_once("/p/").expect("a page");
    assert_eq!(Phone::at(&ground.site).get(&format!("/p/{rest}")).await.status, 200);
    browser.open(&taken);
    browser.until(&is_shown("已在别处打开"));
    look(&browser, "free-opened-elsewhere");
    browser.complaints();
    browser.open(&app.link(&ground, "ONE").await);
    for left in (0..5).rev() {
        answer(&browser, WRONG);
        let text = if left > 0 { format!("再试 {left} 次") } else { "之后才可以再用".to_owned() };
        browser.until(&says(&text));
    }
    look(&browser, "free-locked");
    ground.site.execute("UPDATE channels SET password_free = 0").await;
    ground.site.execute("UPDATE site SET registry_version = registry_version + 1").await;
    ground.site.change(async |_| {}).await;
    browser.reload();
    browser.until(&says("这个应用没有免密支付"));
    look(&browser, "free-not-offered");
    assert_eq!(browser.complaints(), Vec::<serde_json::Value>::new());
    ground.site.hands.forward(MINUTE * 30);
    browser.reload();
    browser.until(&is_shown("链接已过期"));
    look(&browser, "free-link-expired");
}
