//! The counter: one clerk, one visit at a time, and the institution's sealed calls that go with it.
//!
//! After an accepted notice the counter asks once where it stands (`ext`), which tells the number to compare with the
//! person's, and then holds a status query open (`waitSeconds`), one after the other, until there is a result. So the
//! clerk sees what the person did as soon as the center knows it, and presses nothing.

use std::sync::Arc;

use yanmi_protocol::envelope::{Answer, PlainText};
use yanmi_protocol::message::{decode, notify, status};
use yanmi_protocol::{Code, EcToken, Members, mask};

use super::calls::Call;
use super::exchange::{Exchange, Lane};
use super::feed::{Actor, Watch};
use super::visit::{Stage, Visit};
use crate::institution::Institution;
use crate::outgoing::AskError;
use crate::state::State;
use crate::world::{Account, Member};

/// How long each status query is held, in seconds.
const HOLD_SECONDS: u64 = 30;
/// Held queries after one notice: longer than any notice lives.
const MOST_HOLDS: u32 = 130;
/// What an institution decodes for when it is about to settle (the field's 用码业务类型 结算).
const SETTLEMENT: &str = "01301";

/// Why the counter does not do what it is told.
#[derive(Debug)]
pub(crate) enum CounterError {
    NoInstitution,
    NoToken,
    NotAllowed,
    Center(AskError),
}

impl Watch {
    /// Changes the visit if it is still this one, and tells every page; whether it was.
    fn change(&self, number: u32, change: impl FnOnce(&mut Visit)) -> bool {
        let mut visit = self.counter.lock();
        if visit.number != number {
            return false;
        }
        change(&mut visit);
        // Published under the lock, so that pages get changes in the order they were made.
        self.publish("counter", &*visit);
        true
    }

    /// Begins a visit; its number.
    fn arrive(&self, member: &Member) -> u32 {
        self.counter.wait_in(None);
        let number = self.counter.lock().number.wrapping_add(1);
        let visit = Visit {
            number,
            org_codg: member.org_codg.as_str().to_owned(),
            org_name: member.org_name.clone(),
            ..Visit::default()
        };
        *self.counter.lock() = visit;
        number
    }
}

/// The calls of an account.
fn calls_of(state: &State, account: &Account) -> Institution {
    let (url, key) = (&state.world.institution_url, account.key.clone());
    Institution::new(url, account.org_id.as_str(), key, state.world.region, state.clock())
        .with_caller(state.caller.clone())
}

/// The institution's calls in the name of one of the world's institutions.
pub(crate) struct Desk<'a> {
    pub(super) state: &'a State,
    pub(super) account: &'a Account,
    member: &'a Member,
    pub(super) institution: Institution,
}

impl<'a> Desk<'a> {
    pub(crate) fn of(state: &'a State, org_code: &str) -> Result<Self, CounterError> {
        let found = state.world.accounts.iter().find_map(|account| {
            let member = account.institutions.iter().find(|m| m.org_codg.as_str() == org_code)?;
            Some((account, member))
        });
        let (account, member) = found.ok_or(CounterError::NoInstitution)?;
        Ok(Self { state, account, member, institution: calls_of(state, account) })
    }

    /// The same institution's calls under another account of the world; nothing when there is no such account.
    pub(crate) fn under(self, org_id: &str) -> Option<Self> {
        let state = self.state;
        let account = state.world.all_accounts().find(|account| account.org_id.as_str() == org_id)?;
        Some(Self { account, institution: calls_of(state, account), ..self })
    }

    pub(super) fn lane(&self, call: Call, path: &str) -> Lane {
        let key = (call != Call::Decode).then_some(&self.account.key);
        Lane::institution(call, &self.member.org_name, self.account.org_id.as_str(), key, path)
    }

    async fn decode(&self, qr_code: &str) -> Result<Decoded, AskError> {
        let sent = decode::Request::write(self.member.org_codg.as_str(), SETTLEMENT, qr_code);
        let lane = self.lane(Call::Decode, decode::PATH);
        let exchange = Exchange::begin(&self.state.watch, lane, sent.as_bytes(), Some(&sent));
        self.state.watch.filter.is_ours(sent.as_bytes());
        let received = self.institution.raw(decode::PATH, sent).await;
        exchange.received(&received);
        let received = received?;
        let answer = received.parse()?;
        Ok(Decoded::read(answer, &received.body))
    }

    async fn call(
        &self,
        call: Call,
        path: &str,
        message: &str,
    ) -> Result<(Answer, Option<PlainText>), AskError> {
        let sent = self.institution.seal(message);
        let exchange =
            Exchange::begin(&self.state.watch, self.lane(call, path), sent.as_bytes(), Some(message));
        self.state.watch.filter.is_ours(sent.as_bytes());
        let received = self.institution.raw(path, sent).await;
        exchange.received(&received);
        received?.open(&self.account.key)
    }

    async fn status(&self, token: &str, hold: Option<u64>) -> Result<Told, AskError> {
        let org_code = self.member.org_codg.as_str();
        let draft = status::Draft { token, org_code, extended: Some("1"), wait_seconds: hold };
        let (answer, plain) = self.call(Call::Status, status::PATH, &draft.to_json()).await?;
        Ok(Told::read(answer, plain.as_ref()))
    }
}

/// What decoding told.
struct Decoded {
    answer: Answer,
    token: Option<EcToken>,
    who: Option<String>,
}

impl Decoded {
    fn read(answer: Answer, body: &[u8]) -> Self {
        let outer = std::str::from_utf8(body).ok().and_then(|text| Members::parse(text).ok());
        let data = outer.and_then(|outer| Members::parse(outer.raw("data").ok()??).ok());
        let token = data
            .as_ref()
            .and_then(|data| data.optional_identifier("ecToken", EcToken::MAX_LENGTH, EcToken::new).ok()?);
        let name = data.as_ref().and_then(|data| data.optional_text("userName", 64).ok()?);
        Self { answer, token, who: name.map(|name| mask::name(&name)) }
    }
}

/// What a status query told.
struct Told {
    stage: Stage,
    /// The center's own word for the stage.
    word: String,
    code: i64,
    words: String,
    advice: String,
    check_no: Option<String>,
    way: Option<String>,
    valid_until: Option<String>,
}

impl Told {
    fn read(answer: Answer, plain: Option<&PlainText>) -> Self {
        let members = plain.and_then(|plain| plain.members().ok());
        let text = |name| {
            let text = members.as_ref()?.optional_text(name, 200).ok()??;
            Some(text.into_owned())
        };
        let word = text("stage").unwrap_or_default();
        let stage = match (answer.code, word.as_str()) {
            (0, "confirmed") => Stage::Green,
            (0, "asked" | "notified") => Stage::Waiting,
            (500_320, _) => Stage::Free,
            _ => Stage::Red,
        };
        Self {
            stage,
            word,
            code: answer.code,
            words: text("stageDesc").unwrap_or(answer.message),
            advice: text("nextStep").unwrap_or_else(|| advice(answer.code)),
            check_no: text("checkNo").filter(|_| stage == Stage::Waiting),
            way: text("checkWay"),
            valid_until: text("validUntil"),
        }
    }

    fn write(self, visit: &mut Visit) {
        visit.stage = self.stage;
        visit.code = Some(self.code);
        visit.words = self.words;
        visit.advice = self.advice;
        visit.check_no = self.check_no;
        visit.way = self.way;
        visit.valid_until = self.valid_until;
    }
}

fn advice(code: i64) -> String {
    Code::from_number(code).map_or("", Code::advice).to_owned()
}

/// The clerk scans a code.
pub(crate) async fn scan(state: &State, org_code: &str, qr_code: &str) -> Result<(), CounterError> {
    let desk = Desk::of(state, org_code)?;
    let number = state.watch.arrive(desk.member);
    state.watch.step(Actor::Clerk, "经办人员扫描参保人手机上的二维码");
    let decoded = desk.decode(qr_code).await.map_err(CounterError::Center)?;
    state.watch.change(number, |visit| {
        visit.code = Some(decoded.answer.code);
        visit.token = decoded.token.map(|token| token.as_str().to_owned());
        visit.who = decoded.who;
        if visit.token.is_some() {
            visit.stage = Stage::Decoded;
            "已取得核验令牌".clone_into(&mut visit.words);
            "录入预结算金额，为参保人发起核验通知。".clone_into(&mut visit.advice);
        } else {
            visit.stage = Stage::Red;
            visit.words = decoded.answer.message;
            visit.advice = advice(decoded.answer.code);
        }
    });
    Ok(())
}

/// The clerk has a token from somewhere else, such as a magic one.
pub(crate) fn use_token(state: &State, org_code: &str, token: &EcToken) -> Result<(), CounterError> {
    let desk = Desk::of(state, org_code)?;
    let number = state.watch.arrive(desk.member);
    state.watch.change(number, |visit| {
        visit.stage = Stage::Decoded;
        visit.token = Some(token.as_str().to_owned());
        "已录入核验令牌".clone_into(&mut visit.words);
    });
    Ok(())
}

/// The clerk has the person asked, and waits for the result.
pub(crate) async fn notify(state: &Arc<State>, amount: Option<&str>) -> Result<(), CounterError> {
    let visit = state.watch.counter.visit();
    let token = visit.token.as_deref().ok_or(CounterError::NoToken)?;
    let desk = Desk::of(state, &visit.org_codg)?;
    state.watch.step(Actor::Clerk, "经办人员为参保人发起密码核验认证");
    state.watch.change(visit.number, |visit| {
        visit.stage = Stage::Asking;
        visit.amount = amount.map(str::to_owned);
        visit.code = None;
        visit.tap_micros = None;
        visit.check_no = None;
        visit.valid_until = None;
        "正在通知参保人的渠道应用……".clone_into(&mut visit.words);
        "请参保人打开手机，进入刚才展码的应用。".clone_into(&mut visit.advice);
    });
    let draft = notify::Draft { token, org_code: &visit.org_codg, org_name: &visit.org_name, amount };
    let called = desk.call(Call::Notify, notify::PATH, &draft.to_extended_json()).await;
    let (answer, _) = match called {
        Ok(called) => called,
        Err(error) => {
            state.watch.change(visit.number, |visit| {
                visit.stage = Stage::Red;
                visit.words = error.to_string();
            });
            return Err(CounterError::Center(error));
        }
    };
    let reached = match answer.code {
        0 => Stage::Waiting,
        500_320 => Stage::Free,
        _ => Stage::Red,
    };
    let still = state.watch.change(visit.number, |visit| {
        visit.stage = reached;
        visit.code = Some(answer.code);
        if reached == Stage::Waiting {
            "通知已送达，等待参保人确认".clone_into(&mut visit.words);
        } else {
            visit.words = answer.message;
            visit.advice = advice(answer.code);
        }
    });
    if still && reached == Stage::Waiting {
        let task = tokio::spawn(wait(Arc::clone(state), visit.number));
        state.watch.counter.wait_in(Some(task.abort_handle()));
    }
    Ok(())
}

/// Holds status queries until there is a result, the visit is over, or the simulator stops.
async fn wait(state: Arc<State>, number: u32) {
    tokio::select! {
        () = state.hangs.stopped() => {}
        () = hold(&state, number) => {}
    }
}

async fn hold(state: &State, number: u32) {
    for asked in 0..MOST_HOLDS {
        let visit = state.watch.counter.visit();
        let Some(token) = visit.token.filter(|_| visit.number == number) else { return };
        let Ok(desk) = Desk::of(state, &visit.org_codg) else { return };
        let told = desk.status(&token, (asked > 0).then_some(HOLD_SECONDS)).await;
        let over = match told {
            Ok(told) => {
                let over = told.stage != Stage::Waiting;
                let tapped = over.then(|| state.watch.since_tap()).flatten();
                state.watch.change(number, |visit| {
                    told.write(visit);
                    visit.tap_micros = tapped;
                });
                over
            }
            // The center went away; the clerk asks again by hand.
            Err(error) => {
                state.watch.change(number, |visit| visit.advice = error.to_string());
                true
            }
        };
        if over {
            return;
        }
    }
}

/// The clerk asks by hand where it stands.
pub(crate) async fn ask(state: &State) -> Result<(), CounterError> {
    let visit = state.watch.counter.visit();
    let token = visit.token.as_deref().ok_or(CounterError::NoToken)?;
    let desk = Desk::of(state, &visit.org_codg)?;
    let told = desk.status(token, None).await.map_err(CounterError::Center)?;
    state.watch.change(visit.number, |visit| {
        // Before the first notice there is nothing to be refused.
        let before = visit.stage;
        let none = told.word == "none";
        told.write(visit);
        if none || before == Stage::Settled {
            visit.stage = before;
        }
    });
    Ok(())
}

/// The institution settles, which it may once the person confirmed or no password is needed.
pub(crate) fn settle(state: &State) -> Result<(), CounterError> {
    let visit = state.watch.counter.visit();
    if !matches!(visit.stage, Stage::Green | Stage::Free) {
        return Err(CounterError::NotAllowed);
    }
    state.watch.step(Actor::Clerk, "机构继续办理医保业务并结算（医保结算接口，不在本规范之内）");
    state.watch.change(visit.number, |visit| {
        visit.stage = Stage::Settled;
        "已凭核验结果办理医保结算".clone_into(&mut visit.words);
        "本次就诊结束。".clone_into(&mut visit.advice);
    });
    Ok(())
}

/// The counter is free for the next person, and the one before puts the phone away.
pub(crate) fn leave(state: &State) {
    state.watch.show(None);
    state.watch.counter.wait_in(None);
    let number = state.watch.counter.lock().number;
    state.watch.change(number, |visit| {
        *visit = Visit { number: number.wrapping_add(1), ..Visit::default() };
    });
}
