//! Insured persons with their phones: they confirm in one of the ways, mistype, cancel, say that it is not them, or do
//! nothing.

use std::sync::Arc;
use std::time::Duration;

use yanmi_protocol::message::auth_result::{self, Accepted, Draft};
use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::message::{password_free, pending};
use yanmi_protocol::{Amount, EcToken, NoticeNo, PasswordDigest};

use super::{national, question};
use crate::cast::Holder;
use crate::chance::Chance;
use crate::mind::Mind;
use crate::oracle::{Act, ActAnswer, Deed};
use crate::trace::Party;
use crate::world::World;

/// How often an app repeats what got no answer.
const REPEATS: usize = 3;
/// Before it does so, in milliseconds.
const REPEATS_AFTER_MILLIS: (u64, u64) = (500, 3_000);
/// How long a person looks at a notice, in milliseconds.
const THINKS_MILLIS: (u64, u64) = (1_500, 40_000);
/// The same when everybody does what is right, at once.
const CALM_MILLIS: (u64, u64) = (500, 1_500);
/// How long one who forgot takes.
const FORGETS_MILLIS: (u64, u64) = (200_000, 420_000);
/// Of so many persons in a thousand somebody else cancels on another phone at the same moment, where each of two centers is told.
const ON_TWO_PHONES: u64 = 100;
/// Of so many persons in a thousand the number of an older face authorization is sent again.
const USES_A_FACE_AGAIN: u64 = 60;

/// A notice is on a phone for the first time: its person does something about it.
pub(crate) fn notified(world: &Arc<World>, holder: Holder, number: NoticeNo, token: EcToken) {
    let world = Arc::clone(world);
    tokio::spawn(async move {
        let mut chance = world.chance.fork("mind", number.number());
        let visit = world.visit_of(&token);
        let (mind, way, think) = match world.scene_of(visit) {
            Some(scene) => (scene.mind, Some(scene.way), scene.think_millis()),
            None if world.is_calm() => (Mind::Confirms, None, CALM_MILLIS),
            None => {
                let mind = Mind::draw(&mut chance);
                (mind, None, if mind == Mind::Late { FORGETS_MILLIS } else { THINKS_MILLIS })
            }
        };
        tokio::time::sleep(chance.millis(think)).await;
        Reaction { world: &world, holder, number, visit, way }.react(mind, &mut chance).await;
    });
}

/// Somebody with a notice before them.
struct Reaction<'a> {
    world: &'a Arc<World>,
    holder: Holder,
    number: NoticeNo,
    visit: u64,
    /// The way they confirm in, if it is not to be drawn.
    way: Option<Way>,
}

impl Reaction<'_> {
    async fn react(&self, mind: Mind, chance: &mut Chance) {
        // Who sees that it was taken away does nothing, unless the tap was on its way.
        if self.world.oracle().is_withdrawn(self.number) && !chance.permille(200) {
            return;
        }
        let person = self.world.cast.person(self.holder.person);
        let ways = person.ways();
        match mind {
            Mind::Confirms | Mind::Late => {
                let way = self.way.unwrap_or_else(|| ways[chance.place(ways.len())]);
                if self.world.centers > 1 && !self.world.is_calm() && chance.permille(ON_TWO_PHONES) {
                    let mut other = chance.fork("other phone", self.number.number());
                    tokio::join!(self.act(Deed::Confirm(way), chance), self.act(Deed::Cancel, &mut other));
                    return;
                }
                self.act(Deed::Confirm(way), chance).await;
                if chance.permille(100) {
                    self.act(Deed::Confirm(way), chance).await;
                }
            }
            Mind::Mistypes(times) if person.has_password => {
                for _ in 0..times {
                    self.act(Deed::Mistype, chance).await;
                    tokio::time::sleep(chance.millis(self.again_millis())).await;
                }
                self.act(Deed::Confirm(Way::CredentialPassword), chance).await;
            }
            Mind::Mistypes(_) | Mind::Fails => {
                self.act(Deed::Fail, chance).await;
            }
            Mind::Cancels => {
                self.act(Deed::Cancel, chance).await;
            }
            Mind::IsNotMe => {
                self.act(Deed::NotMe, chance).await;
            }
            Mind::Ignores => {}
        }
    }

    /// Between two passwords.
    const fn again_millis(&self) -> (u64, u64) {
        if self.way.is_some() { (100, 200) } else { (1_000, 6_000) }
    }

    /// Tells the center, again while there is no answer.
    async fn act(&self, deed: Deed, chance: &mut Chance) {
        let world = self.world;
        let person = world.cast.person(self.holder.person);
        let digest = |password: &str| PasswordDigest::of(password).map(|digest| digest.to_hex());
        let wrong = if person.password == "000000" { "111111" } else { "000000" };
        let secret = match deed {
            Deed::Confirm(Way::CredentialPassword) => digest(&person.password),
            Deed::Mistype => digest(wrong),
            _ => None,
        };
        let face = (deed == Deed::Confirm(Way::Face)).then(|| {
            let again =
                world.oracle().face_used_by(person.number).filter(|_| chance.permille(USES_A_FACE_AGAIN));
            again.unwrap_or_else(|| national::face_number(person.number, self.number.number()))
        });
        let number = self.number.to_string();
        let draft = Draft {
            notc_no: &number,
            auth_way: deed.way().map(Way::code),
            auth_stas: deed.status(),
            auth_time: world.clock.now().to_string(),
            user_pwd: secret.as_ref().map(|secret| secret.as_str()),
            auth_no: face.as_deref(),
            cfm_name: None,
        };
        let message = draft.to_json();
        let place = world.oracle().acts(Act::new(self.number, deed, face.clone(), world.clock.elapsed()));
        for _ in 0..=REPEATS {
            let (from, to) = (Party::Person(person.number), Party::Center);
            world.trace(from, to, self.visit, format!("{deed:?} {number}"));
            let answered = question::ask(world, self.holder.app, auth_result::PATH, &message).await;
            let heard = answered.as_ref().map(|answered| {
                let accepted =
                    answered.plain.as_ref().and_then(|plain| Accepted::read(&plain.members().ok()?).ok());
                match (answered.code, accepted) {
                    (0, Some(Accepted::Yes)) => ActAnswer::Accepted,
                    (0, Some(Accepted::WrongPassword { .. })) => ActAnswer::WrongPassword,
                    (code, _) => ActAnswer::Code(code),
                }
            });
            world.trace(to, from, self.visit, format!("{heard:?} for {number}"));
            world.oracle().heard_of_act(self.number, place, heard, world.clock.elapsed());
            if heard.is_some_and(|heard| !heard.is_passing()) {
                return;
            }
            tokio::time::sleep(chance.millis(REPEATS_AFTER_MILLIS)).await;
        }
    }
}

/// The person opens the app's message center, and sees what got lost on its way.
pub(crate) async fn look(world: &Arc<World>, holder: Holder, visit: u64) {
    let index = world.cast.person(holder.person).index;
    let begun = world.clock.elapsed();
    let question = pending::Request { index }.to_json();
    let Some(answered) = question::ask(world, holder.app, pending::PATH, &question).await else { return };
    let Some(plain) = answered.plain else {
        world.oracle().code_of_app(holder.app, answered.code, begun, world.clock.elapsed());
        return;
    };
    let notices =
        plain.members().ok().and_then(|members| pending::read_answer(&members).ok()).unwrap_or_default();
    world.trace(Party::Center, Party::Person(holder.person), visit, format!("{} pending", notices.len()));
    for notice in notices {
        let Some(of) = world.cast.holder(&notice.token) else { continue };
        if of != holder {
            world.oracle().found(format!("{holder:?} is shown a notice of {of:?}"));
            continue;
        }
        world.oracle().listed(notice.number, begun);
        let prompt =
            crate::oracle::Prompt::of(&notice, of, world.clock.elapsed(), world.center_clock.off_by_millis());
        if world.oracle().shown(&prompt) {
            notified(world, of, notice.number, notice.token);
        }
    }
}

/// Switches password-free settlement on or off in an app.
pub(crate) async fn switch_free(world: &Arc<World>, holder: Holder, open: bool, single_fen: i64) {
    let request = password_free::Request {
        index: world.cast.person(holder.person).index,
        open,
        single_limit: Amount::from_fen(single_fen).ok().filter(|_| open),
        day_limit: None,
        day_count: Some(3).filter(|_| open),
    };
    let switch = world.oracle().switches(holder, open.then_some(single_fen), world.clock.elapsed());
    let answered = question::ask(world, holder.app, password_free::PATH, &request.to_json()).await;
    let done = answered.is_some_and(|answered| answered.code == 0);
    world.trace(Party::Person(holder.person), Party::Center, 0, format!("password-free {open}: {done}"));
    world.oracle().switched(holder, switch, done, world.clock.elapsed());
}

/// How long a person waits for a notice before they open the message center.
pub(crate) const LOOKS_AFTER: Duration = Duration::from_secs(9);
