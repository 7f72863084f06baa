//! After "not me" a person is left alone by the institution that asked, and by nobody else.

use std::time::Duration;

use serde_json::json;
use yanmi_protocol::message::notify;
use yanmi_protocol::{ChannelId, EcToken};

use crate::logs::Lines;
use crate::site::{HOSPITAL, Site};

const MILLI: Duration = Duration::from_millis(1);
/// Another institution of the same account.
const PHARMACY: &str = "P35010000001";
const METRIC: &str = "yanmi_not_me_total";

/// The first person is asked and says that it was somebody else.
async fn not_me(site: &Site) -> EcToken {
    let token = site.token().await;
    assert_eq!(site.notify(token, Some("10")).await.code(), 0);
    let number = site.newest_notice().await;
    assert_eq!(site.act(&number, "notMe", "01").await["data"]["acptFlag"], "1");
    token
}

/// The code of a notice at the pharmacy.
async fn at_the_pharmacy(site: &Site, token: EcToken) -> i64 {
    let (token, org_name) = (token.as_str(), "福州示范大药房");
    let draft = notify::Draft { token, org_code: PHARMACY, org_name, amount: None };
    site.institution().notify(&draft).await.expect("an answer").code()
}

fn metric_of(site: &Site, channel: ChannelId) -> String {
    let channel = channel.as_str();
    assert_eq!(site.world().accounts[0].institutions[0].org_codg.as_str(), HOSPITAL);
    format!("{METRIC}{{org_code=\"{HOSPITAL}\",channel=\"{channel}\"}}")
}

#[tokio::test]
async fn after_not_me_the_institution_is_refused_for_a_while_under_any_token() {
    let site = Site::start().await;
    let quiet = site.config.policy.quiet;
    let token = not_me(&site).await;
    let refused = site.notify(token, Some("11")).await;
    assert_eq!(refused.code(), 500_084);
    let words = refused.answer.message;
    assert!(words.contains("非本人") && words.contains("15 分钟") && words.contains("线下"), "{words}");
    site.hands.forward(quiet.saturating_sub(MILLI));
    let site = site.restart().await;
    // In another app too, and when the center has just learned of the token.
    for channel in [0, 3] {
        let other = site.token_in(&site.world().channels[channel].clone()).await;
        assert_eq!(site.notify(other, None).await.code(), 500_084, "{channel}");
    }
    let prompts = site.phone().await.len();
    site.hands.forward(MILLI);
    assert_eq!(site.notify(token, Some("11")).await.code(), 0);
    assert_eq!(site.phone().await.len(), prompts + 1, "and nobody was asked in between");
}

#[tokio::test]
async fn nobody_is_locked_out_of_care_elsewhere() {
    let site = Site::start().await;
    let token = not_me(&site).await;
    assert_eq!(at_the_pharmacy(&site, token).await, 0, "the same token");
    assert_eq!(at_the_pharmacy(&site, site.token().await).await, 0, "another token");
    let others = site.token_of(&site.world().persons[1].clone(), site.channel()).await;
    assert_eq!(site.notify(others, None).await.code(), 0, "another person, at the same institution");
}

#[tokio::test]
async fn a_site_may_have_no_quiet_period() {
    let site = Site::with(|config| config.policy.quiet = Duration::ZERO).await;
    let token = not_me(&site).await;
    site.hands.forward(site.config.policy.notice_interval);
    assert_eq!(site.notify(token, Some("11")).await.code(), 0);
}

#[tokio::test]
async fn what_was_refused_as_not_me_is_not_let_through_without_a_password() {
    let site = Site::start().await;
    let channel = site.world().channels.iter().find(|channel| channel.password_free).expect("one").clone();
    let path = format!("/phones/{}/passwordFree", site.person().ec_index_no.as_str());
    let on = json!({ "chnlId": channel.chnl_id.as_str(), "openFlag": "1", "singleAmt": "50.00" });
    site.control(&path, &on).await;
    let token = site.token_in(&channel).await;
    assert_eq!(site.notify(token, Some("500")).await.code(), 0, "above the limit");
    let number = site.newest_notice().await;
    site.act(&number, "notMe", "01").await;
    assert_eq!(site.notify(token, Some("40")).await.code(), 500_084);
    let other = site.token_in(&channel).await;
    assert_eq!(site.notify(other, Some("40")).await.code(), 500_084);
    assert_eq!(site.check_stas(token).await, "0");
    assert_eq!(at_the_pharmacy(&site, other).await, 0, "no amount is named, so it is not within the limit");
    site.hands.forward(site.config.policy.quiet);
    assert_eq!(site.notify(token, Some("40")).await.code(), 500_320);
}

#[tokio::test]
async fn what_was_said_is_kept_as_long_as_the_state() {
    let site = Site::start().await;
    not_me(&site).await;
    assert_eq!(site.number("SELECT count(*) FROM not_me").await, 1);
    site.hands.forward(site.config.retention.state());
    site.center.remove_old().await.expect("a round");
    assert_eq!(site.number("SELECT count(*) FROM not_me").await, 1);
    site.hands.forward(MILLI);
    site.center.remove_old().await.expect("a round");
    assert_eq!(site.number("SELECT count(*) FROM not_me").await, 0);
}

#[tokio::test]
async fn the_operator_is_told_once_where_and_in_which_app_and_never_who() {
    let lines = Lines::default();
    // With one dispatcher alone, what another test's thread logs first would decide for this thread too.
    let _another = tracing::Dispatch::new(tracing_subscriber::registry());
    let subscriber = tracing_subscriber::fmt().with_writer(lines.clone()).with_ansi(false).finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let site = Site::start().await;
    let token = not_me(&site).await;
    let number = site.phone().await[0]["notcNo"].as_str().expect("a number").to_owned();
    // The channel repeats itself.
    site.act(&number, "notMe", "01").await;
    let channel = site.channel().chnl_id;
    assert_eq!(site.metric(&metric_of(&site, channel)).await, 1);
    let text = lines.text();
    let told: Vec<&str> = text.lines().filter(|line| line.contains("参保人表示非本人办理")).collect();
    let [line] = told[..] else { panic!("{told:?}") };
    assert!(line.contains("WARN") && line.contains(HOSPITAL) && line.contains(channel.as_str()), "{line}");
    let person = site.person();
    for personal in
        [token.as_str(), person.ec_index_no.as_str(), person.user_name.as_str(), person.id_no.as_str()]
    {
        assert!(!line.contains(personal), "{line}");
    }
    assert_eq!(site.number("SELECT count(*) FROM audit WHERE event = 'not-me'").await, 1);
}
