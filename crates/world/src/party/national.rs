//! The national center: it knows whose tokens are, checks passwords and face authorizations, and has bad days.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use yanmi_protocol::envelope::{self, RequestEnvelope};
use yanmi_protocol::message::national::{self, PasswordQuestion};
use yanmi_protocol::{Code, Members, PasswordDigest};

use super::server::{Reply, ReplyFuture, serve};
use crate::fault::NationalMood;
use crate::network::Host;
use crate::trace::Party;
use crate::wire::Message;
use crate::world::World;

/// Where it listens.
pub(crate) fn address() -> SocketAddr {
    SocketAddr::new(Host::National.address(), 80)
}

/// What stands before a face authorization's number; behind it the person's number.
const FACE_BEGIN: &str = "FACE";
/// How long it thinks, in milliseconds.
const THINKS_MILLIS: (u64, u64) = (2, 20);
/// The same on a slow day.
const SLOW_MILLIS: (u64, u64) = (500, 6_000);

/// The number of a person's face authorization.
pub(crate) fn face_number(person: u32, number: u64) -> String {
    format!("{FACE_BEGIN}{person:06}N{number:010}")
}

/// Begins to serve.
pub(crate) fn start(world: &Arc<World>) {
    let asked = Arc::clone(world);
    serve(&world.network, Host::National, address(), move |request| -> ReplyFuture {
        let world = Arc::clone(&asked);
        Box::pin(async move { answer(&world, &request).await })
    });
}

async fn answer(world: &World, request: &Message) -> Reply {
    let mood = world.moods().national;
    let span = world.draw("national", |chance| {
        chance.millis(if mood == NationalMood::Slow { SLOW_MILLIS } else { THINKS_MILLIS })
    });
    tokio::time::sleep(span).await;
    match mood {
        NationalMood::Silent => return Reply::Silence,
        NationalMood::Broken => return Reply::Answer(503, "busy".to_owned()),
        NationalMood::Failing => {
            return Reply::Answer(200, envelope::refusal(Code::Unknown, Code::Unknown.message()));
        }
        NationalMood::Fine | NationalMood::Slow => {}
    }
    let path = request.path();
    let Some((body, what)) = told(world, path, &request.body) else {
        return Reply::Answer(400, String::new());
    };
    world.trace(Party::Center, Party::National, 0, what);
    Reply::Answer(200, body)
}

/// The answer to a question, and the question in words.
fn told(world: &World, path: &str, body: &[u8]) -> Option<(String, String)> {
    let key = &world.cast.national_key;
    let request = RequestEnvelope::parse(body, world.cast.region).ok()?;
    let plain = request.sealed.open(key).ok()?;
    if request.mac.is_some() && !request.is_proven(path, key) {
        return None;
    }
    let members = plain.members().ok()?;
    let (told, what) = match path {
        national::TOKEN_PATH => {
            let token = national::read_token_question(&members).ok()?;
            let credential = world.cast.credential(token, world.clock.now());
            let told = credential.map(|credential| credential.to_json()).ok_or(Code::CredentialNotFound);
            (told, format!("token? {}", token.as_str()))
        }
        national::PASSWORD_PATH => password(world, &members)?,
        national::FACE_PATH => {
            let (number, _) = national::read_face_question(&members).ok()?;
            let good = number.as_str().starts_with(FACE_BEGIN);
            (Ok(national::check_answer(good).to_owned()), format!("face? {}", number.as_str()))
        }
        _ => return None,
    };
    let mac = request.mac.as_deref();
    let body = match told {
        Ok(plain) => envelope::success_for(key, mac, plain.as_bytes()),
        Err(code) => envelope::refusal_for(key, mac, code, code.message()),
    };
    Some((body, what))
}

fn password(world: &World, members: &Members<'_>) -> Option<(Result<String, Code>, String)> {
    let question = PasswordQuestion::read(members).ok()?;
    let person = world.cast.persons.iter().find(|person| person.id_no == question.id_no)?;
    let right = PasswordDigest::of(&person.password)? == question.password;
    world.oracle().password_was_asked(person.number, right, world.clock.elapsed());
    let verdict = if right { "right" } else { "wrong" };
    Some((Ok(national::check_answer(right).to_owned()), format!("password of {}? {verdict}", person.number)))
}

/// How long the center waits for it at most.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);
