//! What was refused becomes rows, a few of each kind, after it was answered.

use std::time::Duration;

use serde_json::json;
use yanmi_protocol::message::status;
use yanmi_protocol::{Sm4Key, envelope};

use crate::site::{HOSPITAL, Site, unlimited};
use crate::wire::Wire;

async fn count(site: &Site, query: &'static str) -> i64 {
    site.number(query).await
}

/// An envelope as somebody seals it who fills up the last block with zeros: what PKCS7 makes of it, without the block it adds.
fn padded_with_zeros(site: &Site, org_id: &str, key: &Sm4Key) -> String {
    let mut text = json!({ "token": "T", "orgCodg": HOSPITAL }).to_string();
    text.extend(std::iter::repeat_n('\0', text.len().next_multiple_of(16) - text.len()));
    let sealed = envelope::seal(key, text.as_bytes());
    let digits = &sealed[..sealed.len() - 32];
    let (now, region) = (site.hands.now().get(), site.world().region);
    json!({
        "orgId": org_id, "encData": digits, "version": "1.0.0", "timestamp": now.to_string(),
        "reqtType": format!("sys&{}", region.as_str()),
    })
    .to_string()
}

/// An envelope sealed with a key that nobody has.
fn sealed_with_another_key(site: &Site, org_id: &str) -> String {
    let (now, region) = (site.hands.now(), site.world().region);
    let plain = json!({ "token": "T", "orgCodg": HOSPITAL }).to_string();
    envelope::request(&Sm4Key::from_bytes(&[1; 16]), org_id, "sys", region, now, plain.as_bytes())
}

async fn post(site: &Site, body: String) -> i64 {
    Wire::to(site.institution_addr()).await.post(status::PATH, body).await.code()
}

#[tokio::test]
async fn what_is_refused_becomes_a_row_with_its_cause_and_what_the_doctor_takes_it_for() {
    let site = Site::with(unlimited).await;
    let account = site.world().accounts[0].clone();
    let (id, key) = (account.org_id.as_str(), &account.key);
    assert_eq!(post(&site, padded_with_zeros(&site, id, key)).await, -4);
    assert_eq!(post(&site, sealed_with_another_key(&site, id)).await, -4);
    assert_eq!(post(&site, sealed_with_another_key(&site, "unknown-his")).await, -4);
    assert_eq!(post(&site, sealed_with_another_key(&site, "t-his")).await, -4);
    let token = site.token().await;
    assert_eq!(site.notify_at("H00000000000", token).await.code(), 500_316);
    site.mood(&site.channel().clone(), "refuse", 0).await;
    assert_eq!(site.notify(token, Some("10")).await.code(), 500_319);
    let channel = site.world().channels.iter().find(|channel| channel.password_free).expect("one").clone();
    let path = format!("/phones/{}/passwordFree", site.person().ec_index_no.as_str());
    site.control(&path, &json!({ "chnlId": channel.chnl_id.as_str(), "openFlag": "1" })).await;
    assert_eq!(site.notify(site.token_in(&channel).await, Some("10")).await.code(), 500_320);
    site.center.keep_calls().await;
    for one in [
        "SELECT count(*) FROM calls WHERE code = -4 AND org_id = 'testOrgId' AND proven = 0 AND op = 'status' \
            AND detail = 'zero-padding' AND address = '127.0.0.1' AND us > 0",
        "SELECT count(*) FROM calls WHERE code = -4 AND org_id = 'testOrgId' AND detail = 'another-key'",
        "SELECT count(*) FROM calls WHERE code = -4 AND org_id = 'unknown-his' AND proven = 0 AND detail IS NULL \
            AND cause = '业务系统编码不存在'",
        "SELECT count(*) FROM calls WHERE code = -4 AND org_id = 't-his' AND proven = 0 AND detail IS NULL \
            AND cause = '该编码属于联调环境，本中心没有登记'",
        "SELECT count(*) FROM calls WHERE code = 500316 AND org_id = 'testOrgId' AND proven = 1 \
            AND org_code = 'H00000000000' AND cause = '该机构代码没有登记' AND token IS NOT NULL",
        "SELECT count(*) FROM calls WHERE code = 500319 AND op = 'notify' AND cause = 'refused' \
            AND org_code = 'H35010000001' AND notice IS NOT NULL AND at = 1763869440000",
    ] {
        assert_eq!(count(&site, one).await, 1, "{one}");
    }
    assert_eq!(count(&site, "SELECT count(*) FROM calls").await, 6, "what needs no password is no refusal");
}

#[tokio::test]
async fn who_floods_loses_rows_which_are_summed() {
    const SUMMED: &str = "SELECT CAST(coalesce(sum(CAST(detail AS BIGINT)), 0) AS BIGINT) FROM calls \
        WHERE op = 'summed' AND code = -4 AND org_id = 'testOrgId' AND address = '127.0.0.1'";
    const OF_ACCOUNT: &str = "SELECT CAST(coalesce(sum(CAST(detail AS BIGINT)), 0) AS BIGINT) FROM calls \
        WHERE op = 'summed' AND code = 500316 AND org_id = 'testOrgId' AND proven = 1";
    let site = Site::with(unlimited).await;
    let id = site.world().accounts[0].org_id;
    for _ in 0..40 {
        assert_eq!(post(&site, sealed_with_another_key(&site, id.as_str())).await, -4);
    }
    for _ in 0..70 {
        let draft =
            status::Draft { token: "T", org_code: "H00000000000", extended: None, wait_seconds: None };
        assert_eq!(site.institution().status(&draft).await.expect("an answer").code(), 500_316);
    }
    site.center.keep_calls().await;
    assert_eq!(count(&site, "SELECT count(*) FROM calls WHERE code = -4").await, 5);
    assert_eq!(count(&site, "SELECT count(*) FROM calls WHERE detail = 'another-key'").await, 3);
    assert_eq!(count(&site, "SELECT count(*) FROM calls WHERE code = 500316").await, 60);
    // What a minute would have summed is summed when the center stops.
    let site = site.restart().await;
    assert_eq!([count(&site, SUMMED).await, count(&site, OF_ACCOUNT).await], [35, 10]);
}

#[tokio::test]
async fn a_database_that_takes_nothing_loses_rows_which_are_counted_and_nobody_waits() {
    const LOST: &str =
        "SELECT CAST(coalesce(sum(CAST(detail AS BIGINT)), 0) AS BIGINT) FROM calls WHERE op = 'lost'";
    let site = Site::with(unlimited).await;
    let withhold = site.center.store_switch();
    site.center.keep_calls().await;
    withhold(true);
    for _ in 0..3 {
        assert_eq!(post(&site, sealed_with_another_key(&site, "unknown-his")).await, -4);
    }
    site.center.keep_calls().await;
    withhold(false);
    assert_eq!(site.metric("yanmi_calls_lost_total{cause=\"database\"}").await, 3);
    assert_eq!(post(&site, sealed_with_another_key(&site, "unknown-his")).await, -4);
    site.center.keep_calls().await;
    assert_eq!(count(&site, LOST).await, 3);
    assert_eq!(count(&site, "SELECT count(*) FROM calls WHERE code = -4").await, 1, "it goes on");
}

#[tokio::test]
async fn refusals_are_kept_for_their_days() {
    let site = Site::with(|config| config.retention.calls_days = 3).await;
    site.center.remove_old().await.expect("a round");
    assert_eq!(post(&site, sealed_with_another_key(&site, "unknown-his")).await, -4);
    site.center.keep_calls().await;
    site.hands.forward(Duration::from_hours(72));
    assert_eq!(site.center.remove_old().await, Some(0));
    site.hands.forward(Duration::from_millis(1));
    assert_eq!(site.center.remove_old().await, Some(1));
    assert_eq!(count(&site, "SELECT count(*) FROM calls").await, 0);
}
