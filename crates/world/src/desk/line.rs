//! What a desk hears: what the center says, in the words of its version, and what somebody on the line makes of it.

use std::borrow::Cow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use yanmi_protocol::envelope::{Answer, PlainText};
use yanmi_protocol::message::status;
use yanmi_protocol::{Code, Members, Sm4Key};

use super::dialect::{Dialect, Question, Spoken};
use crate::oracle::DeskAnswer;
use crate::wire::Message;
use crate::world::World;

/// Of a thousand visits so many meet a center of another version.
const OTHER_PERMILLE: u64 = 350;
/// Of a thousand answers to them it gives so many; the others come from its neighbors.
const SPEAKS_PERMILLE: u64 = 600;
/// Of a thousand answers so many are spoiled on the line.
const SPOILED_PERMILLE: u64 = 40;

/// The line of one visit's desk, and everything that came through it, as far as it is to be understood.
pub(super) struct DeskLine {
    key: Sm4Key,
    dialect: Option<Dialect>,
    heard: Mutex<Vec<DeskAnswer>>,
}

impl DeskLine {
    /// The line to a center of one version.
    pub(super) fn new(world: &World, key: Sm4Key) -> Self {
        let dialect =
            world.draw("version", |chance| chance.permille(OTHER_PERMILLE).then(|| Dialect::draw(chance)));
        Self { key, dialect: dialect.filter(|_| !world.is_calm()), heard: Mutex::default() }
    }

    pub(super) fn dialect(&self) -> Option<Dialect> {
        self.dialect
    }

    /// Everything the desk has heard so far.
    pub(super) fn heard(&self) -> MutexGuard<'_, Vec<DeskAnswer>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What becomes of an answer, if there is one, on its way to the desk.
    pub(super) fn carry(
        &self,
        world: &World,
        (path, request): (&str, &str),
        answer: Option<Message>,
    ) -> Option<Message> {
        let (means, answer) = answer.map_or((DeskAnswer::Nothing, None), |answer| {
            let mac = Members::parse(request).ok().and_then(|members| {
                members.optional_text("mac", request.len()).ok().flatten().map(Cow::into_owned)
            });
            let (means, answer) = self.spoken(world, path, &mac.unwrap_or_default(), answer);
            match spoiled(world, &answer) {
                Some(body) => (DeskAnswer::Nothing, Some(Message { head: answer.head, body })),
                None => (means, Some(answer)),
            }
        });
        self.heard().push(means);
        answer
    }

    /// The answer in the words of the center's version, and what it means.
    fn spoken(&self, world: &World, path: &str, mac: &str, answer: Message) -> (DeskAnswer, Message) {
        let Ok(read) = Answer::parse(&answer.body) else { return (DeskAnswer::Nothing, answer) };
        let opened = read.open(&self.key).ok();
        let plain = opened.as_ref().map(PlainText::as_str);
        let means = if answer.status() == Some(200) && read.is_proven(&self.key, mac) {
            meaning(path, &read, plain)
        } else if read.code == 0 {
            DeskAnswer::Nothing
        } else {
            DeskAnswer::Unproven
        };
        let speaks = |dialect: &Dialect| {
            let speaks = world.draw("version", |chance| chance.permille(SPEAKS_PERMILLE));
            // What nobody has proven it says as we do.
            (speaks && means.is_proven()).then_some(*dialect)
        };
        let Some(dialect) = self.dialect.as_ref().and_then(speaks) else { return (means, answer) };
        let question = Question { key: &self.key, mac };
        let Spoken { status, body, means } =
            world.draw("version", |chance| dialect.speak(&question, (&read, plain), means, chance));
        world.oracle().counts("version", dialect as i64);
        (means, Message { head: format!("HTTP/1.1 {status} -\r\n\r\n"), body })
    }
}

/// What a proven answer of our own version means.
fn meaning(path: &str, answer: &Answer, plain: Option<&str>) -> DeskAnswer {
    if answer.code == i64::from(Code::PasswordFree.number()) {
        return DeskAnswer::Free;
    }
    if answer.code != 0 {
        return DeskAnswer::Refused(answer.code);
    }
    let flag = |name| {
        let members = plain.and_then(|plain| Members::parse(plain).ok())?;
        members.flag(name).ok()
    };
    if path == status::PATH {
        flag("checkStas")
            .map_or(DeskAnswer::Nothing, |yes| if yes { DeskAnswer::Yes } else { DeskAnswer::No })
    } else {
        flag("notcFlag").filter(|yes| *yes).map_or(DeskAnswer::Nothing, |_| DeskAnswer::Notified)
    }
}

/// What somebody on the line says instead, if they do.
fn spoiled(world: &World, answer: &Message) -> Option<Vec<u8>> {
    if world.is_calm() {
        return None;
    }
    let how = world.draw("spoil", |chance| chance.permille(SPOILED_PERMILLE).then(|| chance.below(4)));
    Some(match how {
        None => {
            world.remember_answer(&answer.body);
            return None;
        }
        Some(0) => br#"{"code":500320,"type":"error","message":"","success":false,"data":{}}"#.to_vec(),
        Some(1) => world.remembered_answer().unwrap_or_default(),
        Some(2) => answer.body[..answer.body.len() / 2].to_vec(),
        Some(_) => b"<html></html>".to_vec(),
    })
}
