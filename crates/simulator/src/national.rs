//! The national center: the four questions of `yanmi_protocol::message::national`, answered without memory.
//!
//! It does not compare the time of a question with its own clock: the two parties of a test may live at
//! different times.

use bytes::Bytes;
use http::StatusCode;
use sm3::{Digest, Sm3};
use yanmi_protocol::envelope::{self, PlainText, RequestEnvelope};
use yanmi_protocol::message::national::{self, Credential, Details, PersonStatus};
use yanmi_protocol::{
    ChannelId, Code, EcIndexNo, EcToken, MemberError, PasswordDigest, QrCode, Sm4Key, UnixMillis,
};

use crate::bench::is_bench_token;
use crate::hang::LONGEST_SILENCE;
use crate::magic;
use crate::mood::NationalMood;
use crate::reply::{Cut, Reply, json};
use crate::state::State;
use crate::world::{Person, cast};

/// What is answered to an opened question.
enum Outcome {
    Answer(String),
    Refuse(Code),
    Silence,
}

/// Answers the question posted to `path`.
pub(crate) async fn answer(state: &State, path: &str, body: &Bytes) -> Result<Reply, Cut> {
    match state.national_mood() {
        NationalMood::Ok => {}
        NationalMood::Error => return Ok(refuse(Code::Unknown, "国家电子凭证系统异常（模拟）")),
        NationalMood::Timeout => return silence(state).await,
    }
    let (opened, mac) = match open(state, path, body) {
        Ok(opened) => opened,
        Err((code, message)) => return Ok(refuse(code, &message)),
    };
    let key = &state.world.national.key;
    let refuse = |code: Code, message: &str| {
        json(StatusCode::OK, envelope::refusal_for(key, mac.as_deref(), code, message))
    };
    match outcome(state, path, &opened) {
        Ok(Outcome::Answer(plain)) => Ok(seal(key, mac.as_deref(), &plain)),
        Ok(Outcome::Refuse(code)) => Ok(refuse(code, code.message())),
        Ok(Outcome::Silence) => silence(state).await,
        Err(wrong) => Ok(refuse(Code::BadParameter, &format!("{}：{wrong}", Code::BadParameter.message()))),
    }
}

async fn silence(state: &State) -> Result<Reply, Cut> {
    state.hangs.hold(LONGEST_SILENCE).await;
    Err(Cut)
}

/// The question, and its mac where it has one.
fn open(state: &State, path: &str, body: &Bytes) -> Result<(PlainText, Option<String>), (Code, String)> {
    let request = RequestEnvelope::parse(body, state.world.region);
    let request = request.map_err(|e| (Code::BadParameter, e.to_string()))?;
    let denied = || (Code::Denied, Code::Denied.message().to_owned());
    if request.org_id != state.world.national.org_id.as_str() {
        return Err(denied());
    }
    let key = &state.world.national.key;
    let opened = request.sealed.open(key).map_err(|_| denied())?;
    if request.mac.is_some() && !request.is_proven(path, key) {
        return Err(denied());
    }
    Ok((opened, request.mac.map(std::borrow::Cow::into_owned)))
}

fn outcome(state: &State, path: &str, opened: &PlainText) -> Result<Outcome, MemberError> {
    // Opening has parsed the text before.
    let Ok(members) = opened.members() else { return Ok(Outcome::Refuse(Code::BadParameter)) };
    Ok(match path {
        national::TOKEN_PATH => token(state, national::read_token_question(&members)?),
        national::QR_CODE_PATH => qr_code(state, &national::read_qr_code_question(&members)?),
        national::PASSWORD_PATH => password(state, &national::PasswordQuestion::read(&members)?),
        national::FACE_PATH => {
            let (number, index) = national::read_face_question(&members)?;
            let owner = state.mint.read_auth_no(&number).and_then(|position| state.person_at(position));
            let right = owner.is_some_and(|owner| index.is_none_or(|index| index == owner.ec_index_no));
            Outcome::Answer(national::check_answer(right).to_owned())
        }
        _ => Outcome::Refuse(Code::NoSuchAddress),
    })
}

/// The first question: whose token is it?
fn token(state: &State, token: EcToken) -> Outcome {
    if let Some(code) = magic::code_of(&token) {
        return magic_token(state, code, token);
    }
    if is_bench_token(&token) {
        return Outcome::Answer(bench_credential(token, state.now()).to_json());
    }
    let known = state.mint.read_token(&token);
    match known.and_then(|(holder, at)| Some((state.holder(holder)?, at))) {
        Some(((person, channel), at)) => {
            Outcome::Answer(credential(person, channel.chnl_id, token, at).to_json())
        }
        None => Outcome::Refuse(Code::CredentialNotFound),
    }
}

/// The second question: whose code is it? Each time it is asked, a fresh token is issued.
fn qr_code(state: &State, code: &QrCode) -> Outcome {
    let issued = state.mint.read_qr_code(code).and_then(|holder| {
        let (person, channel) = state.holder(holder)?;
        let now = state.now();
        let token = state.mint.token(holder, now, state.chance())?;
        Some(credential(person, channel.chnl_id, token, now))
    });
    match issued {
        Some(credential) => Outcome::Answer(credential.to_json()),
        None => Outcome::Refuse(Code::CredentialNotFound),
    }
}

/// The third question: is it their password?
fn password(state: &State, question: &national::PasswordQuestion) -> Outcome {
    let mut all = state.world.all_persons();
    let found = all.find(|person| person.id_type == question.id_type && person.id_no == question.id_no);
    let Some(person) = found.filter(|person| person.user_name == question.user_name) else {
        return Outcome::Refuse(Code::IdentityMismatch);
    };
    match person.password.as_deref().and_then(PasswordDigest::of) {
        Some(digest) => Outcome::Answer(national::check_answer(digest == question.password).to_owned()),
        None => Outcome::Refuse(Code::PasswordNotSet),
    }
}

fn credential(person: &Person, channel: ChannelId, token: EcToken, at: UnixMillis) -> Credential {
    let digits = |range| person.id_no.get(range).filter(|_| person.id_type == "01").map(str::to_owned);
    let female = person.id_no.as_bytes().get(16).is_some_and(|digit| digit % 2 == 0);
    Credential {
        token,
        index: Some(person.ec_index_no),
        user_name: Some(person.user_name.clone()),
        id_type: Some(person.id_type.clone()),
        id_no: Some(person.id_no.clone()),
        // Other certificates say no place: everybody who has one is insured in the first city.
        insured_place: Some(digits(0..4).map_or_else(|| "350199".to_owned(), |city| format!("{city}99"))),
        channel,
        active: true,
        person: PersonStatus::InOrder,
        authorized: person.channels.contains(&channel),
        password_set: person.password.is_some(),
        decoded_at: at,
        details: Details {
            gender: Some(if female { "2" } else { "1" }.to_owned()),
            birthday: digits(6..14).map(|day| format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..])),
            nationality: Some("01".to_owned()),
            email: None,
        },
    }
}

/// The credential that makes the center answer with `code`.
fn magic_token(state: &State, code: Code, token: EcToken) -> Outcome {
    match code {
        Code::NationalCenterFailed => return Outcome::Refuse(Code::Unknown),
        Code::Timeout => return Outcome::Silence,
        _ => {}
    }
    let (person, channel) = match code {
        Code::ChannelNotFound => (cast::MAGIC_PERSON, cast::UNREGISTERED),
        Code::PasswordNotSet => (cast::NO_PASSWORD_PERSON, cast::PASSWORD_ONLY),
        Code::CertificationNotFound => (cast::MAGIC_PERSON, cast::NO_RECORD),
        Code::CertificationDisabled => (cast::MAGIC_PERSON, cast::RECORD_DISABLED),
        Code::NoticeFailed => (cast::MAGIC_PERSON, cast::UNREACHABLE),
        Code::PasswordFree => (cast::FREE_PERSON, cast::PASSWORD_FREE),
        Code::NoSettlement => (cast::MAGIC_PERSON, cast::NO_SETTLEMENT),
        _ => (cast::MAGIC_PERSON, cast::WORKS),
    };
    let Some(person) = state.world.person(person).filter(|_| code != Code::CredentialNotFound) else {
        return Outcome::Refuse(Code::CredentialNotFound);
    };
    let mut credential = credential(person, cast::identifier(channel), token, state.now());
    credential.authorized = code != Code::NotAuthorizedForChannel;
    match code {
        Code::CredentialInactive => credential.active = false,
        Code::IdentityEmpty => {
            credential.user_name = None;
            credential.id_no = None;
        }
        Code::InsuredPlaceEmpty => credential.insured_place = None,
        Code::IdentityMismatch => credential.person = PersonStatus::Mismatch,
        Code::PersonDataWrong => credential.person = PersonStatus::DataWrong,
        _ => {}
    }
    Outcome::Answer(credential.to_json())
}

/// The holder of a load generator's token: somebody else for each token, so that no limit on a person is met.
fn bench_credential(token: EcToken, at: UnixMillis) -> Credential {
    let digest = Sm3::digest(token.as_str());
    let number = digest.iter().take(16).fold(0, |number: u128, byte| (number << 8) | u128::from(*byte));
    let number = format!("{number:032X}");
    Credential {
        token,
        index: EcIndexNo::new(&number).ok(),
        user_name: Some("压测".to_owned()),
        id_type: Some("99".to_owned()),
        id_no: Some(number),
        insured_place: Some("350199".to_owned()),
        channel: cast::identifier(cast::WORKS),
        active: true,
        person: PersonStatus::InOrder,
        authorized: true,
        password_set: true,
        decoded_at: at,
        details: Details::default(),
    }
}

fn seal(key: &Sm4Key, mac: Option<&str>, plain: &str) -> Reply {
    json(StatusCode::OK, envelope::success_for(key, mac, plain.as_bytes()))
}

fn refuse(code: Code, message: &str) -> Reply {
    json(StatusCode::OK, envelope::refusal(code, message))
}
