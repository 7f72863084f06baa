//! A channel app in miniature: a sealed notice comes in, the person confirms, and a sealed report goes out.
//!
//! The center is played by a few lines at the end; what passes between the two is text, and nothing needs a network.
//! `cargo run -p yanmi-channel --example app`

use std::sync::Arc;

use yanmi_channel::{App, CENTER_DEADLINE, Fate, Inbox};
use yanmi_protocol::envelope::{self, RequestEnvelope, Sender};
use yanmi_protocol::message::auth_result::{self, Draft};
use yanmi_protocol::{ChannelId, Region, Sm4Key, UnixMillis};

/// The path of the notice address, as it is registered at the center.
const PATH: &str = "/bank/ec/notice";
const CHANNEL: &str = "C0DE000000000000000000000000000A";
const NOTICE: &str = r#"{"notcType": "1", "notcNo": "1616654881967", "notcSeq": "1", "ecToken": "T1",
    "chnlId": "C0DE000000000000000000000000000A", "userName": "*试", "orgCodg": "H35010000001",
    "orgName": "福州示范医院", "notcTime": "1700000000000", "expTime": "1700000300000", "authWays": ["03"]}"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let key = Sm4Key::from_bytes(b"yanmi-test-key-1");
    let app = App {
        id: ChannelId::new(CHANNEL)?,
        key: key.clone(),
        mac: true,
        region: Region::new("350000")?,
        center_url: "http://127.0.0.1:8351".to_owned(),
        // An app that sends puts its HTTP client here (`Transport`) and calls `app.report`.
        transport: (),
        clock: Arc::new(|| UnixMillis::new(1_700_000_060_000)),
        deadline: CENTER_DEADLINE,
    };
    let mut inbox = Inbox::default();

    // The center posts; what it is refused with is the answer to send.
    let pushed = center_posts(&key, app.region);
    let posted = app.open(PATH, pushed.as_bytes()).map_err(|refused| refused.reason)?;
    println!("{:?}: {}", inbox.take(&posted.notice), posted.notice.org_name);
    println!("-> {}", app.received(&posted));

    // The person typed the app's own password (03), and the app found it right.
    let number = posted.notice.number.to_string();
    let draft = Draft {
        notc_no: &number,
        auth_way: Some("03"),
        auth_stas: "1",
        auth_time: (app.clock)().to_string(),
        user_pwd: None,
        auth_no: None,
        cfm_name: None,
    };
    let report = app.seal(auth_result::PATH, &draft.to_json());
    println!("-> {}", report.body);

    // What is on the screen follows the center's answer, not the tap.
    let reply = center_answers(&key, app.region, &report.body)?;
    let said = app.read(200, reply.as_bytes(), &report)?;
    if said.answer.code == 0 {
        inbox.settle(posted.notice.number, Fate::Confirmed);
    }
    println!("{:?}", inbox.find(posted.notice.number).map(|entry| entry.fate));
    Ok(())
}

fn center_posts(key: &Sm4Key, region: Region) -> String {
    let sender = Sender { key, org_id: CHANNEL, prefix: "cfc", region };
    sender.proven_request(PATH, UnixMillis::new(1_700_000_000_000), NOTICE.as_bytes()).body
}

fn center_answers(key: &Sm4Key, region: Region, body: &str) -> Result<String, Box<dyn std::error::Error>> {
    let request = RequestEnvelope::parse(body.as_bytes(), region)?;
    let mac = request.mac.as_deref().ok_or("no mac")?;
    Ok(envelope::proven_success(key, mac, br#"{"authRcvFlag":"1"}"#))
}
