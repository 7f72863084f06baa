//! One run: who calls, what was recorded, and what the next call is answered.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use yanmi_protocol::{AccountId, Amount, Code, EcToken, Members, NoticeNo, SerialNo, Sm4Key, UnixMillis};

use crate::ambient::{Clock, Entropy};
use crate::answer::{self, Answer, Delivery, Parts};
use crate::event::{Call, Decided, Event, Fault, Op, Outcome, Role, Teller, What};
use crate::judge::{self, Judged};
use crate::play::Play;
use crate::rule::Rule;
use crate::seen::{self, Door, Seen};
use crate::settings::{self, Account, Settings};
use crate::situation::{Moment, Situation};
use crate::situations::{SHIFT, WINDOW};

/// Events one run records; calls beyond are answered HTTP 503.
pub const MAX_EVENTS: usize = 20_000;
/// Longest reason told with a decision, in characters.
pub const MAX_REASON: usize = 500;

/// A run.
pub(crate) struct Session {
    pub(crate) settings: Settings,
    pub(crate) door: Door,
    pub(crate) tokens: Vec<[EcToken; 2]>,
    pub(crate) started: UnixMillis,
    clock: Clock,
    other_key: Sm4Key,
    events: Mutex<Vec<Event>>,
    serials: AtomicU64,
    /// Rises with each event; so whoever waits knows.
    pub(crate) changed: watch::Sender<u64>,
    pub(crate) finish: watch::Sender<bool>,
}

impl Session {
    pub(crate) fn new(settings: Settings, clock: Clock, entropy: &Entropy) -> Option<Self> {
        let draw = |bytes: &mut [u8]| entropy(bytes);
        let (mut key, mut other, mut seed) = ([0; 16], [0; 16], [0; 4]);
        draw(&mut key);
        draw(&mut other);
        draw(&mut seed);
        let (org_id, key) = match settings.account.clone() {
            Some(Account { org_id, key }) => (org_id, key),
            None => (AccountId::new(settings::ORG_ID).ok()?, Sm4Key::from_bytes(&key)),
        };
        let door = Door { org_id, key, region: settings.region, org_code: settings.org_code };
        let tokens = (0..Situation::all().count())
            .map(|at| {
                Some([
                    settings::token(settings.region, at, 'a', &draw)?,
                    settings::token(settings.region, at, 'b', &draw)?,
                ])
            })
            .collect::<Option<Vec<_>>>()?;
        Some(Self {
            started: clock(),
            settings,
            door,
            tokens,
            clock,
            other_key: Sm4Key::from_bytes(&other),
            events: Mutex::default(),
            serials: AtomicU64::new(2 * NoticeNo::FIRST + u64::from(u32::from_le_bytes(seed))),
            changed: watch::Sender::new(0),
            finish: watch::Sender::new(false),
        })
    }

    pub(crate) fn now(&self) -> UnixMillis {
        (self.clock)()
    }

    /// Whether its time is over.
    pub(crate) fn is_late(&self) -> bool {
        self.now().since(self.started) >= self.settings.run_time
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.lock().clone()
    }

    pub(crate) fn judged(&self) -> Judged {
        judge::judge(&self.lock(), &self.settings.situations)
    }

    /// Whether nothing more is expected in any situation, and when the last event was.
    pub(crate) fn is_over(&self) -> Option<UnixMillis> {
        let (now, events) = (self.now(), self.lock());
        let over = self.settings.situations.iter().all(|at| judge::is_over(*at, &events, now));
        events.last().map(|event| event.at).filter(|_| over)
    }

    /// Answers a call.
    pub(crate) fn receive(&self, path: &str, body: &[u8]) -> Delivery {
        let now = self.now();
        let seen = seen::read(path, body, &self.door);
        let mut events = self.lock();
        if events.len() >= MAX_EVENTS {
            return self.unavailable(now);
        }
        let found = seen.token.and_then(|token| self.find(&token));
        let mac = seen.mac.clone();
        let (call, delivery) = self.answer(now, seen, found, &events);
        let delivery = match mac {
            Some(mac) => delivery.proven(&self.door.key, &mac),
            None => delivery,
        };
        events.push(Event { at: now, situation: found.map(|(at, _)| at), what: What::Call(call) });
        drop(events);
        self.changed.send_modify(|count| *count += 1);
        delivery
    }

    fn answer(
        &self,
        now: UnixMillis,
        mut seen: Seen,
        found: Option<(usize, Role)>,
        events: &[Event],
    ) -> (Call, Delivery) {
        let situation = found.and_then(|(at, role)| Some((at, role, Situation::all().nth(at)?)));
        let stamp = seen.stamp.unwrap_or(now);
        let in_time = situation.is_some_and(|(_, _, situation)| situation.id == "clock-drift")
            || stamp.distance(now) <= WINDOW
            || (was_shifted(events) && stamp.distance(now.plus(SHIFT)) <= WINDOW);
        if seen.refusal.is_none() && !in_time {
            let why = format!("timestamp 与服务器时间相差超过 {} 秒", WINDOW.as_secs());
            let message = format!("{}：{why}，服务器时间为 {now}", Code::BadParameter.message());
            seen.faults.push(Fault { rule: Rule::Timestamp, why });
            seen.refusal = Some((Code::BadParameter, message));
        }
        let unknown = || (Code::CredentialNotFound, Code::CredentialNotFound.message().to_owned());
        let (op, (at, role, situation)) = match (seen.refusal.take(), seen.op, situation) {
            (None, Some(op), Some(situation)) => (op, situation),
            (refusal, ..) => {
                let (code, message) = refusal.unwrap_or_else(unknown);
                let answer = Answer::refusal(code, &message);
                let call = recorded(seen, found.map(|(_, role)| role), None, None, answer.shown.clone());
                return (call, Delivery::Whole(answer));
            }
        };
        let course = History::of(events, at, role);
        let moment = course.moment(now, stamp, role, seen.amount);
        let play = if op == Op::Notice { (situation.notice)(&moment) } else { (situation.status)(&moment) };
        let serial = course.serial.filter(|_| op == Op::Status).or_else(|| self.serial(now));
        let foreign = self.serial(if play == Play::Replayed { now.minus(settings::DAY) } else { now });
        let Some((serial, foreign)) = serial.zip(foreign) else {
            let call = recorded(seen, Some(role), None, None, "HTTP 503".to_owned());
            return (call, self.unavailable(now));
        };
        let parts = Parts {
            op,
            key: &self.door.key,
            other_key: &self.other_key,
            now,
            serial,
            foreign,
            amount: course.amount,
            extended: seen.extended,
        };
        let delivery = answer::make(play, &parts);
        let shown = match &delivery {
            Delivery::Whole(answer) | Delivery::Half(answer) => answer.shown.clone(),
            Delivery::Late(answer) => format!("{} 秒之后：{}", self.settings.late.as_secs(), answer.shown),
            Delivery::Reset => "连接被重置".to_owned(),
            Delivery::Hang => "没有应答".to_owned(),
        };
        (recorded(seen, Some(role), Some(play), Some(serial), shown), delivery)
    }

    /// Takes a decision from the settlement sink.
    ///
    /// # Errors
    /// What is wrong with it, in Chinese.
    pub(crate) fn settle(&self, body: &[u8], teller: Teller) -> Result<(), String> {
        let text = std::str::from_utf8(body).map_err(|_| "请求体不是 UTF-8 编码".to_owned())?;
        let members = Members::parse(text).map_err(|why| format!("请求体{why}"))?;
        let said = |error: yanmi_protocol::MemberError| error.to_string();
        let token = members.identifier("token", EcToken::MAX_LENGTH, EcToken::new).map_err(said)?;
        let (at, role) = self.find(&token).ok_or("token 不是本次验收的令牌")?;
        let outcome = members.text("decision", 16).map_err(said)?;
        let outcome = Outcome::new(&outcome).ok_or("decision 应为 settled、refused、offline 之一")?;
        let amount = members.amount("amount").map_err(said)?;
        let reason = members.optional_text("reason", MAX_REASON).map_err(said)?.unwrap_or_default();
        let decided = Decided { role, outcome, amount, reason: reason.into_owned(), teller };
        let mut events = self.lock();
        if events.len() >= MAX_EVENTS {
            return Err("记录已满".to_owned());
        }
        events.push(Event { at: self.now(), situation: Some(at), what: What::Decided(decided) });
        drop(events);
        self.changed.send_modify(|count| *count += 1);
        Ok(())
    }

    /// Forgets what happened in a situation, so that it can be played again.
    pub(crate) fn again(&self, body: &[u8]) -> Result<(), String> {
        let text = std::str::from_utf8(body).map_err(|_| "请求体不是 UTF-8 编码".to_owned())?;
        let members = Members::parse(text).map_err(|why| format!("请求体{why}"))?;
        let id = members.text("situation", 64).map_err(|error| error.to_string())?;
        let at = Situation::named(&id).ok_or("没有这个情形")?;
        self.lock().retain(|event| event.situation != Some(at));
        self.changed.send_modify(|count| *count += 1);
        Ok(())
    }

    fn find(&self, token: &EcToken) -> Option<(usize, Role)> {
        let at = self.tokens.iter().position(|pair| pair.contains(token))?;
        let role = if self.tokens.get(at)?.first() == Some(token) { Role::First } else { Role::Second };
        self.settings.situations.contains(&at).then_some((at, role))
    }

    fn serial(&self, at: UnixMillis) -> Option<SerialNo> {
        SerialNo::from_parts(self.serials.fetch_add(1, Ordering::Relaxed), at)
    }

    fn unavailable(&self, now: UnixMillis) -> Delivery {
        let serial = SerialNo::from_parts(NoticeNo::FIRST, now);
        serial.map_or(Delivery::Reset, |serial| {
            let (key, other_key) = (&self.door.key, &self.other_key);
            let (op, foreign, amount, extended) = (Op::Notice, serial, None, false);
            let parts = Parts { op, key, other_key, now, serial, foreign, amount, extended };
            answer::make(Play::Unavailable, &parts)
        })
    }

    /// The list stays whole when somebody panics: events are only pushed.
    fn lock(&self) -> MutexGuard<'_, Vec<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn was_shifted(events: &[Event]) -> bool {
    events.iter().any(|event| matches!(&event.what, What::Call(call) if call.play == Some(Play::ClockOff)))
}

fn recorded(
    seen: Seen,
    role: Option<Role>,
    play: Option<Play>,
    serial: Option<SerialNo>,
    answered: String,
) -> Call {
    let Seen { op, stamp, opened, amount, faults, asked, .. } = seen;
    Call { op, role, stamp, faults, opened, amount, play, serial, asked, answered }
}

/// What went before for a code.
#[derive(Default)]
struct History {
    notices: usize,
    last_notice: Option<(Play, UnixMillis)>,
    confirmed_at: Option<UnixMillis>,
    /// Of the latest notice that was answered as sent.
    serial: Option<SerialNo>,
    amount: Option<Amount>,
}

impl History {
    fn of(events: &[Event], at: usize, role: Role) -> Self {
        let mut out = Self::default();
        for event in events.iter().filter(|event| event.situation == Some(at)) {
            let What::Call(call) = &event.what else { continue };
            let Some(play) = call.play.filter(|_| call.role == Some(role)) else { continue };
            match call.op {
                Some(Op::Notice) => {
                    out.notices += 1;
                    out.last_notice = Some((play, event.at));
                    if play.is_success() {
                        (out.serial, out.amount, out.confirmed_at) = (call.serial, call.amount, None);
                    }
                }
                Some(Op::Status) if play.is_success() => {
                    out.confirmed_at.get_or_insert(event.at);
                }
                _ => {}
            }
        }
        out
    }

    const fn moment(&self, now: UnixMillis, stamp: UnixMillis, role: Role, amount: Option<Amount>) -> Moment {
        let Self { notices, last_notice, confirmed_at, .. } = *self;
        Moment { now, stamp, role, amount, notices, last_notice, confirmed_at }
    }
}
