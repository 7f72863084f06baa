//! How the app takes what is posted to its notice address.

use yanmi_channel::{Posted, Refused};
use yanmi_protocol::envelope::{self, RequestEnvelope};
use yanmi_protocol::message::channel_notice::{self, Kind, Notice};
use yanmi_protocol::{Amount, Code};

use super::handset::{Handset, Registration};
use super::mistake::Mistake;

/// The most one payment may be that goes through without a password here, in hundredths of a yuan.
const FREE_FEN: i64 = 20_000;
/// What a program says of itself.
const TRACE: &str =
    "java.lang.NullPointerException\n\tat com.bank.ec.NoticeService.find(NoticeService.java:42)";

/// The body of the answer.
pub(super) async fn receive(handset: &Handset, path: &str, body: &[u8]) -> String {
    let Ok(registration) = handset.registration() else {
        return envelope::refusal(Code::NoticeFailed, "还没有登记");
    };
    let answer = answer(handset, registration, path, body);
    if handset.errs(Mistake::AnswersLate) && handset.phone().inbox.entries().len() == 1 {
        // Sends text messages first.
        tokio::time::sleep(2 * handset.patience).await;
    }
    if handset.errs(Mistake::NoAnswerMac) { without_mac(&answer) } else { answer }
}

fn answer(handset: &Handset, registration: &Registration, path: &str, body: &[u8]) -> String {
    let Registration { app, person, .. } = registration;
    if handset.errs(Mistake::AnyMac) {
        let text = String::from_utf8_lossy(body);
        let app = yanmi_channel::App { mac: false, ..app.clone() };
        // A mac that is right is answered with one, so that nothing else is wrong.
        if app.open(path, body).is_err()
            && let Ok(posted) = app.open(path, without_mac(&text).as_bytes())
        {
            handset.phone().take(&posted.notice);
            return app.received(&posted);
        }
    }
    let posted = match app.open(path, body) {
        Ok(posted) => posted,
        Err(refused) => return refusal(handset, registration, path, body, &refused),
    };
    let notice = &posted.notice;
    if notice.index != Some(*person) && !handset.errs(Mistake::TakesStrangers) {
        let words = "本应用没有这位参保人，请其换一个应用展码";
        let words = if handset.errs(Mistake::StackTrace) { TRACE } else { words };
        return app.refused(&posted, Code::CredentialNotFound, words.to_owned()).body().to_owned();
    }
    if is_free(handset, notice) {
        return app.password_free_here(&posted);
    }
    handset.phone().take(notice);
    if handset.errs(Mistake::PlainAnswer) {
        plain(registration, path, body)
    } else {
        received(registration, &posted)
    }
}

fn received(registration: &Registration, posted: &Posted) -> String {
    registration.app.received(posted)
}

/// As a program does that has not read how answers are sealed.
fn plain(registration: &Registration, path: &str, body: &[u8]) -> String {
    let answer = format!(
        r#"{{"code":0,"type":"success","message":"成功","data":{}}}"#,
        channel_notice::received_json()
    );
    let request = RequestEnvelope::parse(body, registration.app.region);
    let mac = request.ok().filter(|request| request.is_proven(path, &registration.app.key));
    let mac = mac.and_then(|request| request.mac.map(std::borrow::Cow::into_owned));
    mac.and_then(|mac| envelope::prove(&registration.app.key, &mac, &answer)).unwrap_or(answer)
}

fn is_free(handset: &Handset, notice: &Notice) -> bool {
    if notice.kind != Kind::Notice {
        return false;
    }
    match notice.amount.map(Amount::fen) {
        None => handset.errs(Mistake::FreeWithoutAmount),
        Some(fen) => handset.phone().free && fen <= FREE_FEN,
    }
}

fn refusal(
    handset: &Handset,
    registration: &Registration,
    path: &str,
    body: &[u8],
    refused: &Refused,
) -> String {
    let app = &registration.app;
    let request = RequestEnvelope::parse(body, app.region).ok();
    let opens = request.as_ref().is_some_and(|request| request.sealed.open(&app.key).is_ok());
    if handset.errs(Mistake::ExplainsDenial) && refused.code == Code::Denied {
        let words = if opens { "mac 校验失败" } else { "解密失败" };
        return envelope::refusal(Code::Denied, words);
    }
    let proven = request.filter(|request| request.is_proven(path, &app.key));
    let mac = proven.and_then(|request| request.mac.map(std::borrow::Cow::into_owned));
    if handset.errs(Mistake::TakesOtherChannels)
        && let Some(mac) = mac
    {
        return envelope::proven_success(&app.key, &mac, channel_notice::received_json().as_bytes());
    }
    refused.body().to_owned()
}

/// An envelope without its last member.
fn without_mac(body: &str) -> String {
    match body.rsplit_once(",\"mac\":\"") {
        Some((head, _)) => format!("{head}}}"),
        None => body.to_owned(),
    }
}
