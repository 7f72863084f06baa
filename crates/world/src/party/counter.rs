//! A counter of an institution: it has the person asked, asks whether it may settle, and does things it should not.

use std::sync::Arc;
use std::time::Duration;

use yanmi_protocol::envelope::Sender;
use yanmi_protocol::message::{notify, status};
use yanmi_protocol::{Amount, EcToken, OrgCode};

use super::phone;
use super::question::{self, CenterAnswer};
use crate::cast::{Account, Holder};
use crate::chance::Chance;
use crate::desk::{self, DeskVisit};
use crate::oracle::{Key, NotifyCall, StatusCall};
use crate::trace::Party;
use crate::wire::{Caller, Message};
use crate::world::World;

/// How long an institution waits for a notice, and for a status beyond what it asked to be held.
const PATIENCE: Duration = Duration::from_millis(6_500);
/// How long a counter asks before it gives up, in milliseconds.
const GIVES_UP_MILLIS: (u64, u64) = (20_000, 400_000);
/// Of a thousand notices so many are sent again by somebody who heard them.
const REPLAYED: u64 = 80;
/// After how long, in milliseconds.
const REPLAYED_AFTER_MILLIS: (u64, u64) = (3_500, 60_000);
/// Of a thousand counters so many have their questions held, as our own client does; the others ask again and again.
const HOLDS: u64 = 750;
/// What a desk settles where nothing else is drawn, in fen: its gate wants an amount.
const DESK_AMOUNT: i64 = 8_800;
/// Of a thousand notices so many are asked for twice at once, where each of two centers is asked.
const DOUBLED: u64 = 150;
const DOUBLED_AFTER: Duration = Duration::from_millis(1);
/// Notices a counter sends at most in a visit.
const NOTICES: u32 = 12;

/// Somebody comes to a counter.
pub(crate) struct Visit {
    pub(crate) number: u64,
    pub(crate) holder: Holder,
    pub(crate) account: u16,
    pub(crate) institution: usize,
}

impl Visit {
    /// One of the visits of a world.
    pub(crate) fn draw(world: &World, number: u64) -> (Self, Chance) {
        let mut chance = world.chance.fork("visit", number);
        let person = u32::try_from(chance.below(world.cast.persons.len() as u64)).unwrap_or(0);
        let app = u16::try_from(chance.below(world.cast.apps.len() as u64)).unwrap_or(0);
        let account = chance.place(world.cast.accounts.len());
        let institution = chance.place(world.cast.accounts[account].institutions.len());
        let account = u16::try_from(account).unwrap_or(0);
        (Self { number, holder: Holder { person, app }, account, institution }, chance)
    }

    fn it<'a>(&self, world: &'a World) -> (&'a Account, OrgCode) {
        let account = &world.cast.accounts[usize::from(self.account)];
        (account, account.institutions[self.institution])
    }

    /// From the code that is shown until the counter is done; whether it was told to settle.
    pub(crate) async fn play(&self, world: &Arc<World>, mut chance: Chance) -> bool {
        let mut token = world.show(self.holder, self.number);
        let mut amount = chance.permille(850).then(|| 1 + i64::try_from(chance.below(60_000)).unwrap_or(0));
        if self.account == desk::ACCOUNT && !world.is_calm() {
            let key = (token, self.it(world).1);
            let desk = DeskVisit::new(world, (self.number, self.holder.person), self.institution, key);
            desk.play(amount.unwrap_or(DESK_AMOUNT), &mut chance).await;
            return false;
        }
        let looking = Arc::clone(world);
        let (holder, visit) = (self.holder, self.number);
        tokio::spawn(async move {
            tokio::time::sleep(phone::LOOKS_AFTER).await;
            if !looking.oracle().has_prompt_of(&token) {
                phone::look(&looking, holder, visit).await;
            }
        });
        let mut notices = 1;
        if !self.have_asked(world, token, amount, &mut chance).await {
            return false;
        }
        let holds = chance.permille(HOLDS);
        let until = world.clock.elapsed()
            + chance.millis(if world.is_calm() { (9_000, 9_000) } else { GIVES_UP_MILLIS });
        while world.clock.elapsed() < until {
            if !holds {
                tokio::time::sleep(chance.millis(if world.is_calm() { (400, 600) } else { (1_500, 6_000) }))
                    .await;
            }
            let hold = holds.then(|| 3 + chance.below(26));
            let confirmed = self.may_settle(world, token, hold).await;
            if confirmed.is_none() {
                tokio::time::sleep(chance.millis((500, 3_000))).await;
            }
            if confirmed == Some(true) {
                self.after(world, token, amount, &mut chance).await;
                return true;
            }
            if world.is_calm() || notices >= NOTICES {
                continue;
            }
            // The person shows another code, the bill changes, or the clerk clicks again.
            if chance.permille(15) {
                let app = u16::try_from(chance.below(world.cast.apps.len() as u64)).unwrap_or(0);
                token = world.show(Holder { app, ..self.holder }, self.number);
            } else if chance.permille(25) {
                amount = chance.permille(900).then(|| 1 + i64::try_from(chance.below(60_000)).unwrap_or(0));
            } else if !chance.permille(60) {
                continue;
            }
            notices += 1;
            self.notify(world, token, amount).await;
        }
        false
    }

    /// Asks for the notice until it is sent or cannot be; whether there is anything to wait for.
    async fn have_asked(
        &self,
        world: &Arc<World>,
        token: EcToken,
        amount: Option<i64>,
        chance: &mut Chance,
    ) -> bool {
        for _ in 0..4 {
            let doubled = world.centers > 1 && !world.is_calm() && chance.permille(DOUBLED);
            let asked = if doubled {
                let second = async {
                    // Two that are sealed in the same millisecond are one envelope.
                    tokio::time::sleep(DOUBLED_AFTER).await;
                    self.notify(world, token, amount).await
                };
                let both = tokio::join!(self.notify(world, token, amount), second);
                // Either of them may be too soon after the other.
                if both.0 == Some(0) { both.0 } else { both.1 }
            } else {
                self.notify(world, token, amount).await
            };
            match asked {
                Some(0) => return true,
                Some(500_320) => {
                    self.may_settle(world, token, None).await;
                    return false;
                }
                Some(500_319 | 500_033 | 500_084 | -3 | -1) | None => {
                    tokio::time::sleep(chance.millis((3_100, 9_000))).await;
                }
                Some(_) => return false,
            }
        }
        true
    }

    /// What some counters do when they were told to settle.
    async fn after(&self, world: &Arc<World>, token: EcToken, amount: Option<i64>, chance: &mut Chance) {
        if world.is_calm() {
            return;
        }
        if chance.permille(250) {
            tokio::time::sleep(chance.millis((100, 60_000))).await;
            self.may_settle(world, token, None).await;
        }
        if chance.permille(120) {
            tokio::time::sleep(chance.millis((100, 8_000))).await;
            self.notify(world, token, amount).await;
            self.may_settle(world, token, None).await;
        }
        if chance.permille(60) {
            let other = amount.map_or(500, |amount| amount + 100);
            self.notify(world, token, Some(other)).await;
            self.may_settle(world, token, None).await;
        }
        if chance.permille(60) {
            tokio::time::sleep(chance.millis((1_700_000, 1_900_000))).await;
            self.may_settle(world, token, None).await;
        }
    }

    /// 1.7.1; the code, if there is one.
    pub(super) async fn notify(
        &self,
        world: &Arc<World>,
        token: EcToken,
        amount: Option<i64>,
    ) -> Option<i64> {
        let (_, org) = self.it(world);
        let text = amount.and_then(|fen| Amount::from_fen(fen).ok()).map(|amount| amount.to_string());
        let draft = notify::Draft {
            token: token.as_str(),
            org_code: org.as_str(),
            org_name: "世界医院",
            amount: text.as_deref(),
        };
        let begun = world.clock.elapsed();
        let call = NotifyCall::new(self.holder.person, amount, self.it(world).0.proves, begun);
        let place = world.oracle().notifies((token, org), call);
        let words = format!("notify {} {}", org.as_str(), text.as_deref().unwrap_or("-"));
        let called = self
            .call(world, (notify::PATH, &draft.to_json()), PATIENCE, words, Some(((token, org), place)))
            .await;
        let answer = called
            .as_ref()
            .and_then(|called| notify::Answer::read(&called.plain.as_ref()?.members().ok()?).ok());
        let code = called.as_ref().map(|called| called.code);
        let serial = answer.map(|answer| answer.serial);
        world.oracle().heard_of_notice((token, org), place, (code, serial), world.clock.elapsed());
        code
    }

    /// 1.7.2: whether it may settle, if there is an answer to it.
    pub(super) async fn may_settle(
        &self,
        world: &Arc<World>,
        token: EcToken,
        hold: Option<u64>,
    ) -> Option<bool> {
        let (_, org) = self.it(world);
        let draft = status::Draft {
            token: token.as_str(),
            org_code: org.as_str(),
            extended: hold.map(|_| "1"),
            wait_seconds: hold,
        };
        let begun = world.clock.elapsed();
        let within = PATIENCE + Duration::from_secs(hold.unwrap_or(0));
        let words = format!("status {} {}", org.as_str(), hold.unwrap_or(0));
        let called = self.call(world, (status::PATH, &draft.to_json()), within, words, None).await;
        let answer = called
            .as_ref()
            .and_then(|called| status::Answer::read(&called.plain.as_ref()?.members().ok()?).ok());
        let confirmed = answer.map(|answer| answer.confirmed);
        let heard = StatusCall {
            begun,
            ended: world.clock.elapsed(),
            held: hold.is_some(),
            code: called.map(|called| called.code),
            confirmed,
        };
        world.oracle().heard_of_status((token, org), &heard);
        confirmed
    }

    /// Somebody on the line hears a notice that is asked for, and now and then sends it again later. What is said to them nobody
    /// knows.
    fn overhear(world: &Arc<World>, caller: &Caller, body: &str, (key, place): (Key, usize)) {
        let after = world
            .draw("replay", |chance| chance.permille(REPLAYED).then(|| chance.millis(REPLAYED_AFTER_MILLIS)));
        let Some(after) = after else { return };
        let (world, caller, body) = (Arc::clone(world), caller.clone(), body.to_owned());
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            world.oracle().replays(key, place, world.clock.elapsed());
            caller.post(notify::PATH, &body, PATIENCE).await;
        });
    }

    async fn call(
        &self,
        world: &Arc<World>,
        (path, plain): (&str, &str),
        within: Duration,
        words: String,
        notice: Option<(Key, usize)>,
    ) -> Option<CenterAnswer> {
        let (account, _) = self.it(world);
        let key = world.key_of(self.account);
        let sender =
            Sender { key: &key, org_id: account.id.as_str(), prefix: "sys", region: world.cast.region };
        let (us, center) = (Party::Institution(self.account), Party::Center);
        world.trace(us, center, self.number, words);
        let (body, mac) = sender.request_to(path, world.clock.now(), plain.as_bytes(), account.proves);
        let caller = &world.callers.institutions[usize::from(self.account)];
        if let Some(notice) = notice
            && mac.is_some()
            && !world.is_calm()
        {
            Self::overhear(world, caller, &body, notice);
        }
        let came = caller.post(path, &body, within).await;
        let status = came.as_ref().and_then(Message::status);
        let answer =
            came.and_then(|came| question::read(world, &came, (&key, mac.as_deref()), account.id.as_str()));
        let told = match (&answer, status) {
            (Some(answer), _) => answer.code.to_string(),
            (None, Some(status)) => format!("HTTP {status}"),
            (None, None) => "nothing".to_owned(),
        };
        world.trace(center, us, self.number, told);
        answer
    }
}
