//! Plays a situation: posts what the center has to post, one after the other, and takes down what comes back.

use std::time::Instant;

use bytes::Bytes;
use yanmi_protocol::envelope::{Answer, MAX_BODY_BYTES, Sender};
use yanmi_protocol::identifier::IdentifierError;
use yanmi_protocol::message::channel_notice::{self, Notice};
use yanmi_protocol::{Code, mask};

use crate::event::{AppAnswer, Delivery, MacSeal, What};
use crate::post::{Post, Wrapping};
use crate::session::Session;
use crate::situation::Situation;
use crate::transport::Received;

/// A body to be posted.
struct Sealed {
    body: String,
    /// Its mac when that is right.
    mac: Option<String>,
}

/// Posts the first part of a situation, anew where it was played before, or its second part.
///
/// # Errors
/// Why it cannot be, in Chinese.
pub(crate) async fn play(session: &Session, at: usize, part: usize) -> Result<(), String> {
    let _stage = session.stage.lock().await;
    let situation = Situation::all().nth(at).ok_or("没有这个情形")?;
    let posts = if part == 1 { situation.posts } else { situation.then };
    begin(session, at, part)?;
    for post in posts {
        deliver(session, at, situation, post).await.map_err(|why| format!("无法组成报文：{why}"))?;
    }
    Ok(())
}

fn begin(session: &Session, at: usize, part: usize) -> Result<(), String> {
    let anew = session.round(at).map_err(|why| format!("无法编号：{why}"))?;
    let mut board = session.lock();
    let round = board.rounds.get_mut(at).ok_or("没有这个情形")?;
    if part == 2 && round.parts != 1 {
        return Err("先点“开始”；“下一步”只有一次".to_owned());
    }
    let played = part == 1 && round.parts > 0;
    if played {
        *round = anew;
    }
    round.parts = part;
    if played {
        board.events.retain(|event| event.situation != Some(at));
    }
    board.current = Some(at);
    Ok(())
}

async fn deliver(
    session: &Session,
    at: usize,
    situation: &Situation,
    post: &Post,
) -> Result<(), IdentifierError> {
    let (notice, sealed) = {
        let mut board = session.lock();
        let Some(round) = board.rounds.get_mut(at) else { return Ok(()) };
        let notice = round.write(situation, post, session.now(), &session.writing())?;
        round.posted(situation, post, &notice);
        let sealed = seal(session, post, &notice);
        (notice, sealed)
    };
    let (url, began) = (session.settings.notice_url.as_str(), Instant::now());
    let answer = if post.pushed {
        let body = Bytes::from(sealed.body);
        let received = session.settings.transport.post(url, body, session.settings.patience).await;
        Some(read(session, sealed.mac.as_deref(), received))
    } else {
        None
    };
    let answered = answer.as_ref().map_or_else(|| "（推送丢失，没有送到）".to_owned(), words);
    let delivery = Delivery {
        post: *post,
        proven: sealed.mac.is_some(),
        expires_at: notice.expires_at,
        took: began.elapsed(),
        answer,
        said: shown(&notice),
        answered,
    };
    session.record(Some(at), What::Delivery(delivery));
    Ok(())
}

fn seal(session: &Session, post: &Post, notice: &Notice) -> Sealed {
    let (settings, now, plain) = (&session.settings, session.now(), notice.to_json());
    let (key, region) = (&session.door.key, settings.region);
    let channel = settings.channel;
    let sender = |key| Sender { key, org_id: channel.as_str(), prefix: channel.as_str(), region };
    let path = settings.notice_url.path();
    let proven = |path: &str| sender(key).proven_request(path, now, plain.as_bytes());
    match post.wrapping {
        Wrapping::Honest => {
            let request = proven(path);
            Sealed { body: request.body, mac: Some(request.mac) }
        }
        Wrapping::NoMac => Sealed { body: sender(key).request(now, plain.as_bytes()), mac: None },
        // The mac of the same message posted to another path.
        Wrapping::WrongMac => Sealed { body: proven("/elsewhere").body, mac: None },
        Wrapping::OtherKey => {
            let request = sender(&session.other_key).proven_request(path, now, plain.as_bytes());
            Sealed { body: request.body, mac: None }
        }
        Wrapping::Large => {
            let mut body = proven(path).body;
            body.pop();
            body.push_str(",\"filler\":\"");
            body.push_str(&"0".repeat(MAX_BODY_BYTES));
            body.push_str("\"}");
            Sealed { body, mac: None }
        }
    }
}

/// Reads what came back, by the protocol and by nothing an app is made of.
fn read(session: &Session, mac: Option<&str>, received: Result<Received, String>) -> AppAnswer {
    let received = match received {
        Ok(received) => received,
        Err(why) => return AppAnswer::Nothing(why),
    };
    let answer = match Answer::parse(&received.body) {
        Ok(answer) => answer,
        Err(why) => return AppAnswer::Malformed(why.to_string(), received.status),
    };
    let key = &session.door.key;
    let seal = match (&answer.mac, mac) {
        (None, _) => MacSeal::Absent,
        (Some(_), Some(mac)) if answer.is_proven(key, mac) => MacSeal::Right,
        (Some(_), _) => MacSeal::Wrong,
    };
    let flag = (answer.code == i64::from(Code::Success.number())).then(|| {
        let plain = answer.open(key).map_err(|why| why.to_string())?;
        let members = plain.members().map_err(|why| why.to_string())?;
        channel_notice::read_received(&members).map_err(|why| why.to_string())
    });
    AppAnswer::Read { code: answer.code, message: answer.message, seal, flag }
}

/// An answer in words. Of a text the app chose, as much as the center would pass on and a bit more.
fn words(answer: &AppAnswer) -> String {
    const LONGEST: usize = 200;
    match answer {
        AppAnswer::Nothing(why) => format!("没有应答：{why}"),
        AppAnswer::Malformed(why, status) => format!("HTTP {status}，不是本协议的应答：{why}"),
        AppAnswer::Read { code: 0, flag: Some(Ok(flag)), .. } => match flag {
            channel_notice::Received::Taken => "已收（rcvFlag 1）".to_owned(),
            channel_notice::Received::PasswordFree => "免密（rcvFlag 2）".to_owned(),
            channel_notice::Received::Refused => "code 为 0 而 rcvFlag 不是 1 或 2".to_owned(),
        },
        AppAnswer::Read { code: 0, flag: Some(Err(why)), .. } => format!("code 为 0，但{why}"),
        AppAnswer::Read { code, message, .. } => {
            format!("{code} {}", message.chars().take(LONGEST).collect::<String>())
        }
    }
}

/// The message with the token's end only, and no link.
fn shown(notice: &Notice) -> String {
    let Ok(serde_json::Value::Object(mut members)) = serde_json::from_str(&notice.to_json()) else {
        return String::new();
    };
    for (name, value) in &mut members {
        match name.as_str() {
            "ecToken" => *value = mask::token(value.as_str().unwrap_or_default()).into(),
            "authUrl" => *value = "（略）".into(),
            _ => {}
        }
    }
    serde_json::Value::Object(members).to_string()
}
