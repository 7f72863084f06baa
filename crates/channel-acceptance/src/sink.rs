//! What is told and asked for from outside: what the app shows, and which situation is to be played.

use yanmi_acceptance::event::Teller;
use yanmi_protocol::{Members, NoticeNo};

use crate::event::{Sight, State, What};
use crate::post::Which;
use crate::session::Session;
use crate::situation::Situation;

/// Longest text told about the screen, in characters.
pub const MAX_TEXT: usize = 500;
/// Most alerts that are told.
const MAX_ALERTS: i64 = 1_000;

/// Takes down what the app shows about a notice.
///
/// # Errors
/// What is wrong with it, in Chinese.
pub(crate) fn shown(session: &Session, body: &[u8], teller: Teller) -> Result<(), String> {
    let members = members(body)?;
    let at = situation(session, &members)?;
    let which = notice(session, at, &members)?;
    let state = members.text("state", 16).map_err(|error| error.to_string())?;
    let state = State::new(&state).ok_or_else(|| {
        let words: Vec<&str> = State::ALL.into_iter().map(State::word).collect();
        format!("state 应为 {} 之一", words.join("、"))
    })?;
    let alerts = members
        .integer("alerts", 0..=MAX_ALERTS)
        .map_err(|error| error.to_string())?
        .ok_or("alerts 缺失或为空")?;
    let text = |name| {
        let text = members.optional_text(name, MAX_TEXT).map_err(|error| error.to_string())?;
        Ok::<_, String>(text.unwrap_or_default().into_owned())
    };
    let sight = Sight {
        which,
        alerts: u32::try_from(alerts).unwrap_or(u32::MAX),
        state,
        amount: text("amount")?,
        org_name: text("orgName")?,
        text: text("text")?,
        teller,
    };
    if session.record(Some(at), What::Sight(sight)) { Ok(()) } else { Err("记录已满".to_owned()) }
}

/// The situation a message names, by its position.
///
/// # Errors
/// When it names none of this run.
pub(crate) fn named(session: &Session, body: &[u8]) -> Result<usize, String> {
    situation(session, &members(body)?)
}

/// The situations nobody has to act in and that were not begun.
pub(crate) fn alone(session: &Session) -> Vec<usize> {
    let board = session.lock();
    let fresh = |at: &usize| board.rounds.get(*at).is_some_and(|round| round.parts == 0);
    let alone = |at: &usize| Situation::all().nth(*at).is_some_and(Situation::is_alone);
    session.settings.situations.iter().copied().filter(|at| fresh(at) && alone(at)).collect()
}

fn members(body: &[u8]) -> Result<Members<'_>, String> {
    Members::of_bytes(body).map_err(|why| format!("请求体{why}"))
}

fn situation(session: &Session, members: &Members<'_>) -> Result<usize, String> {
    let id = members.text("situation", 64).map_err(|error| error.to_string())?;
    let at = Situation::named(&id).filter(|at| session.settings.situations.contains(at));
    at.ok_or_else(|| "没有这个情形，或它不在本次验收之中".to_owned())
}

/// Which notice is told about: the one that is named, or the only one there is to tell of.
fn notice(session: &Session, at: usize, members: &Members<'_>) -> Result<Which, String> {
    let number =
        members.optional_identifier("notcNo", 13, NoticeNo::new).map_err(|error| error.to_string())?;
    let board = session.lock();
    let round = board.rounds.get(at).filter(|round| round.parts > 0).ok_or("这个情形还没有开始")?;
    match number {
        Some(number) => round.find(number).ok_or_else(|| "notcNo 不是这个情形的通知".to_owned()),
        None => match Situation::all().nth(at).map(Situation::told).unwrap_or_default().as_slice() {
            [one] => Ok(*one),
            _ => Err("这个情形有两条通知：notcNo 缺失".to_owned()),
        },
    }
}
