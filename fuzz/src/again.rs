//! What was read, written again and read once more: it says the same. Two targets share this file.

use std::fmt::Debug;

use yanmi_protocol::message::auth_result::Outcome;
use yanmi_protocol::message::{
    auth_result, channel_notice, decode, national, notify, password, password_free, pending, status,
};
use yanmi_protocol::{MemberError, Members};

/// Has every message that can be written go there and back.
///
/// # Panics
/// When one comes back as another.
pub(crate) fn all(members: &Members<'_>) {
    same(members, notify::Request::read, notice, |r| {
        format!(
            "{:?}",
            (r.token.as_str(), r.org_code, &r.org_name, r.amount.map(|a| a.to_string()), r.extended)
        )
    });
    same(members, status::Request::read, question, |r| {
        format!("{:?}", (r.token.as_str(), r.org_code, r.extended, r.wait_seconds))
    });
    same(members, password::Request::read, check, |r| {
        format!("{:?}", (r.id_type, &r.request_serial, r.password.to_hex(), &r.user_name, &r.id_no))
    });
    same(members, auth_result::Request::read, result, |r| {
        let (outcome, digest) = parts(&r.outcome);
        format!("{:?}", (r.notice, r.at, outcome, digest, &r.confirmed_by))
    });
    same(members, pending::Request::read, pending::Request::to_json, |r| r.index.as_str().to_owned());
    same(members, password_free::Request::read, password_free::Request::to_json, |r| format!("{r:?}"));
    same(members, channel_notice::Notice::read, channel_notice::Notice::to_json, notice_parts);
    same(
        members,
        pending::read_answer,
        |list| pending::answer_json(list),
        |list| list.iter().map(notice_parts).collect::<Vec<_>>().join("\n"),
    );
    same(members, national::Credential::read, national::Credential::to_json, credential);
    same(
        members,
        national::PasswordQuestion::read,
        |q| q.to_json().to_string(),
        |q| format!("{:?}", (&q.id_type, &q.id_no, &q.user_name, q.password.to_hex())),
    );
    same(
        members,
        national::read_token_question,
        |token| national::token_question(*token),
        |t| format!("{t:?}"),
    );
}

/// A decode goes there and back too; it is a body of its own.
///
/// # Panics
/// When it comes back as another.
pub(crate) fn decoded(body: &str) {
    let Ok(first) = decode::Request::read(body) else { return };
    let (Some(code), Some(business)) = (&first.org_code, &first.business) else { return };
    let text = decode::Request::write(code.as_str(), business.code(), first.qr_code.as_str());
    let again = decode::Request::read(&text).unwrap_or_else(|why| panic!("{text}: {why}"));
    let parts = |r: &decode::Request| format!("{:?}", (r.org_code, r.business, r.qr_code.as_str()));
    assert_eq!(parts(&first), parts(&again), "{text}");
}

fn same<T>(
    members: &Members<'_>,
    read: impl Fn(&Members<'_>) -> Result<T, MemberError>,
    write: impl Fn(&T) -> String,
    parts: impl Fn(&T) -> String,
) {
    let Ok(first) = read(members) else { return };
    let text = write(&first);
    // What is not of the national form is refused later, with a code of its own, and has no text any more.
    if text.is_empty() {
        return;
    }
    let members = Members::parse(&text).unwrap_or_else(|why| panic!("{text}: {why}"));
    let again = read(&members).unwrap_or_else(|why| panic!("{text}: {why}"));
    assert_eq!(parts(&first), parts(&again), "{text}");
}

fn notice(read: &notify::Request) -> String {
    let Some(code) = &read.org_code else { return String::new() };
    let amount = read.amount.map(|amount| amount.to_string());
    let draft = notify::Draft {
        token: read.token.as_str(),
        org_code: code.as_str(),
        org_name: &read.org_name,
        amount: amount.as_deref(),
    };
    if read.extended { draft.to_extended_json() } else { draft.to_json() }
}

fn question(read: &status::Request) -> String {
    let Some(code) = &read.org_code else { return String::new() };
    status::Draft {
        token: read.token.as_str(),
        org_code: code.as_str(),
        extended: read.extended.then_some("1"),
        wait_seconds: read.wait_seconds,
    }
    .to_json()
}

fn check(read: &password::Request) -> String {
    let draft = password::Draft {
        id_type: read.id_type.code(),
        request_serial: &read.request_serial,
        password: &read.password.to_hex(),
        user_name: &read.user_name,
        id_no: &read.id_no,
    };
    draft.to_json().to_string()
}

fn parts(outcome: &Outcome) -> (&'static str, Option<String>) {
    match outcome {
        Outcome::ConfirmedByPassword(digest) => ("01", Some(digest.to_hex().to_string())),
        Outcome::ConfirmedByFace(number) => ("02", Some(number.as_str().to_owned())),
        Outcome::ConfirmedByChannel => ("03", None),
        Outcome::Cancelled => ("2", None),
        Outcome::NotMe => ("3", None),
        Outcome::Failed => ("0", None),
    }
}

fn result(read: &auth_result::Request) -> String {
    let (word, text) = parts(&read.outcome);
    let confirmed = word.len() == 2;
    let draft = auth_result::Draft {
        notc_no: &read.notice.to_string(),
        auth_way: confirmed.then_some(word),
        auth_stas: if confirmed { "1" } else { word },
        auth_time: read.at.to_string(),
        user_pwd: text.as_deref().filter(|_| word == "01"),
        auth_no: text.as_deref().filter(|_| word == "02"),
        cfm_name: read.confirmed_by.as_deref(),
    };
    draft.to_json().to_string()
}

fn notice_parts(read: &channel_notice::Notice) -> String {
    let what: [&dyn Debug; 6] =
        [&read.number, &read.sequence, &read.channel, &read.token, &read.index, &read.org_code];
    let shown =
        (&read.masked_name, &read.org_name, read.amount, read.at, read.expires_at, &read.ways, &read.url);
    format!("{what:?} {shown:?} {}", matches!(read.kind, channel_notice::Kind::Notice))
}

fn credential(read: &national::Credential) -> String {
    let who = (&read.token, &read.index, &read.user_name, &read.id_type, &read.id_no, &read.insured_place);
    let details =
        (&read.details.gender, &read.details.birthday, &read.details.nationality, &read.details.email);
    let flags = (read.active, read.authorized, read.password_set, read.person);
    format!("{who:?} {details:?} {flags:?} {:?} {:?}", read.channel, read.decoded_at)
}
