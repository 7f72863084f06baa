//! One run: who calls, what was recorded, and what the next call is answered.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use yanmi_protocol::identifier::IdentifierError;
use yanmi_protocol::message::channel_notice::Notice;
use yanmi_protocol::message::pending::MAX_NOTICES;
use yanmi_protocol::{AccountId, Code, NoticeNo, Sm4Key, UnixMillis};

use crate::ambient::{Clock, Entropy};
use crate::answer::{self, Outgoing, Parts};
use crate::cast::{self, Cast};
use crate::event::{Call, Deed, Event, Fault, Op, Proof, Status, Visit, What};
use crate::judge::{self, Judged};
use crate::play::Play;
use crate::post::Which;
use crate::round::{Round, Writing};
use crate::rule::Rule;
use crate::seen::{self, Door, Seen};
use crate::settings::Settings;
use crate::situation::{Listing, Moment, Situation};

/// Events one run records; calls beyond are reset.
pub const MAX_EVENTS: usize = 20_000;
/// How far a timestamp may be off (E4).
const WINDOW: std::time::Duration = std::time::Duration::from_mins(10);

/// A run.
pub(crate) struct Session {
    pub(crate) settings: Settings,
    pub(crate) door: Door,
    pub(crate) cast: Cast,
    pub(crate) other_key: Sm4Key,
    pub(crate) started: UnixMillis,
    /// The channel as an account.
    pub(crate) account: AccountId,
    /// Where others see the suite.
    pub(crate) base: String,
    clock: Clock,
    entropy: Entropy,
    serials: AtomicU64,
    board: Mutex<Board>,
    /// Rises with each event; so whoever waits knows.
    pub(crate) changed: watch::Sender<u64>,
    pub(crate) finish: watch::Sender<bool>,
    /// One situation posts at a time.
    pub(crate) stage: tokio::sync::Mutex<()>,
}

/// What changes in a run.
#[derive(Debug, Default)]
pub(crate) struct Board {
    pub(crate) events: Vec<Event>,
    /// One a situation of the table.
    pub(crate) rounds: Vec<Round>,
    /// The situation that was begun last.
    pub(crate) current: Option<usize>,
}

impl Session {
    pub(crate) fn new(
        settings: Settings,
        base: String,
        clock: Clock,
        entropy: &Entropy,
    ) -> Result<Self, IdentifierError> {
        let key = |words: u64| Sm4Key::from_bytes(&wide(words, cast::number(entropy)));
        let door = Door {
            channel: settings.channel,
            key: settings.key.clone().unwrap_or_else(|| key(cast::number(entropy))),
            region: settings.region,
            mac: settings.mac,
        };
        let session = Self {
            door,
            cast: Cast::new(settings.person, entropy)?,
            other_key: key(cast::number(entropy)),
            started: clock(),
            account: AccountId::new(settings.channel.as_str())?,
            base,
            serials: AtomicU64::new(cast::number(entropy) >> 24),
            settings,
            clock,
            entropy: std::sync::Arc::clone(entropy),
            board: Mutex::default(),
            changed: watch::Sender::new(0),
            finish: watch::Sender::new(false),
            stage: tokio::sync::Mutex::new(()),
        };
        let rounds = (0..Situation::all().count()).map(|at| session.round(at)).collect::<Result<_, _>>()?;
        session.lock().rounds = rounds;
        Ok(session)
    }

    /// A round nothing of was played.
    pub(crate) fn round(&self, at: usize) -> Result<Round, IdentifierError> {
        let first = self.serials.fetch_add(2, Ordering::Relaxed);
        Round::new(self.settings.region, at, first, &self.entropy)
    }

    pub(crate) fn now(&self) -> UnixMillis {
        (self.clock)()
    }

    /// Whether its time is over.
    pub(crate) fn is_late(&self) -> bool {
        self.now().since(self.started) >= self.settings.run_time
    }

    pub(crate) fn writing(&self) -> Writing<'_> {
        let (cast, channel) = (&self.cast, self.settings.channel);
        Writing { cast, channel, ways: &self.settings.ways, base: &self.base }
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.lock().events.clone()
    }

    pub(crate) fn judged(&self) -> Judged {
        judge::judge(&self.lock().events, &self.settings)
    }

    /// Whether nothing more is expected in any situation, and when the last event was.
    pub(crate) fn is_over(&self) -> Option<UnixMillis> {
        let (now, board) = (self.now(), self.lock());
        let over = self.settings.situations.iter().all(|at| judge::is_over(*at, &board.events, now));
        board.events.last().map(|event| event.at).filter(|_| over)
    }

    /// Takes note of something.
    pub(crate) fn record(&self, situation: Option<usize>, what: What) -> bool {
        let at = self.now();
        let mut board = self.lock();
        let room = board.events.len() < MAX_EVENTS;
        if room {
            board.events.push(Event { at, situation, what });
        }
        drop(board);
        self.changed.send_modify(|count| *count += 1);
        room
    }

    /// Answers a call.
    pub(crate) fn receive(&self, path: &str, body: &[u8]) -> Outgoing {
        let now = self.now();
        let mut seen = seen::read(path, body, &self.door, &self.cast);
        if seen.refusal.is_none() && seen.stamp.is_some_and(|stamp| stamp.distance(now) > WINDOW) {
            let why = format!("timestamp 与服务器时间相差超过 {} 秒", WINDOW.as_secs());
            let message = format!("{}：{why}，服务器时间为 {now}", Code::BadParameter.message());
            seen.faults.push(Fault { rule: Rule::Timestamp, why });
            seen.refusal = Some((Code::BadParameter, message));
        }
        let mut board = self.lock();
        let found = seen.report.and_then(|report| find(&board.rounds, report.number?));
        let found = found.filter(|(at, _)| self.settings.situations.contains(at));
        let situation = found.map(|(at, _)| at).or(board.current.filter(|_| seen.op != Some(Op::Report)));
        let deed = found.zip(seen.report).and_then(|((_, which), report)| {
            let (status, way, at, proof) = (report.status?, report.way, report.at, report.proof);
            Some(Deed { which, status, way, at, proof })
        });
        let pending = listed(&board, now);
        let parts = Parts {
            key: &self.door.key,
            other_key: &self.other_key,
            mac: seen.mac.as_deref(),
            pending: &pending,
            switch: seen.switch.unwrap_or_default(),
        };
        let (play, outgoing, answered) = if let Some((code, message)) = seen.refusal.take() {
            let words = format!("{} {message}", code.number());
            (None, answer::refused(code, &message, &parts), words)
        } else {
            let play = decide(&seen, situation, deed, now, &mut board);
            let (outgoing, words) = answer::make(play, &parts);
            (Some(play), outgoing, words)
        };
        drop(board);
        let Seen { op, stamp, opened, faults, switch, asked, mac, .. } = seen;
        let call =
            Call { op, stamp, faults, opened, proven: mac.is_some(), deed, switch, play, asked, answered };
        if self.record(situation, What::Call(call)) { outgoing } else { Outgoing::Reset }
    }

    /// Somebody opens a link; whether there is such a one.
    pub(crate) fn visit(&self, path: &str, query: Option<&str>, method: &str) -> bool {
        let Some(secret) = path.strip_prefix("/page/") else { return false };
        let board = self.lock();
        let found = board.rounds.iter().enumerate().find(|(_, round)| round.secret == secret);
        let Some((at, round)) = found else { return false };
        let whole = query == Some(&*format!("n={}", round.number(Which::First)));
        drop(board);
        self.record(Some(at), What::Visit(Visit { whole, method: method.to_owned() }))
    }

    /// The board stays whole when somebody panics: events are only pushed.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which situation's notice this is, and which of it.
fn find(rounds: &[Round], number: NoticeNo) -> Option<(usize, Which)> {
    rounds.iter().enumerate().find_map(|(at, round)| Some((at, round.find(number)?)))
}

/// What is pending, the newest first, as the situation that was begun last has it told.
fn listed(board: &Board, now: UnixMillis) -> Vec<Notice> {
    let listing = board.current.and_then(|at| Situation::all().nth(at)).map(|situation| situation.listing);
    let mut notices: Vec<Notice> =
        board.rounds.iter().flat_map(|round| round.pending(now)).cloned().collect();
    notices.sort_by_key(|notice| std::cmp::Reverse((notice.at, notice.number)));
    match listing {
        Some(Listing::Empty) => notices.clear(),
        Some(Listing::Twice) => notices = notices.iter().flat_map(|n| [n.clone(), n.clone()]).collect(),
        _ => {}
    }
    notices.truncate(MAX_NOTICES);
    notices
}

/// What a call without faults is answered.
fn decide(
    seen: &Seen,
    situation: Option<usize>,
    deed: Option<Deed>,
    now: UnixMillis,
    board: &mut Board,
) -> Play {
    match seen.op {
        Some(Op::Pending) => return Play::Pending,
        Some(Op::Free) => return Play::Switched,
        // The page of that belongs to a center; it is said to be none here.
        Some(Op::FreePage) | None => return Play::Refused(Code::NoInterfaceRight),
        Some(Op::Report) => {}
    }
    let played = situation.and_then(|at| Some((at, Situation::all().nth(at)?))).zip(deed);
    let Some(((at, situation), deed)) = played else { return Play::Refused(Code::BadNoticeNo) };
    let before = board.events.iter().filter(|event| event.situation == Some(at)).filter_map(|event| {
        let What::Call(call) = &event.what else { return None };
        call.deed.filter(|_| call.play.is_some())
    });
    let wrong = before.clone().filter(|deed| matches!(deed.proof, Proof::Wrong | Proof::Strange)).count();
    let Some(round) = board.rounds.get(at) else { return Play::Refused(Code::BadNoticeNo) };
    let moment = Moment {
        deed,
        standing: round.standing(deed.which, now),
        reports: before.count(),
        wrong: u32::try_from(wrong).unwrap_or(u32::MAX),
    };
    let play = (situation.report)(&moment);
    let counts = match play {
        Play::Accepted => true,
        // It was taken, and only the answer got lost.
        Play::Hang | Play::Reset => deed.proof != Proof::Wrong && deed.proof != Proof::Strange,
        _ => deed.status != Status::Confirmed && !matches!(play, Play::Refused(_)),
    };
    if let Some(round) = board.rounds.get_mut(at).filter(|_| counts) {
        round.answer(deed.which, deed.status);
    }
    play
}

fn wide(high: u64, low: u64) -> [u8; 16] {
    ((u128::from(high) << 64) | u128::from(low)).to_be_bytes()
}
