//! Institutions with our own client: real desks, whose file is on a disk that fails like a center's.
//!
//! A desk's program ends now and then in the middle of a write, by itself or with its machine's power, and is opened again on
//! what is left. What it was told, it must know then; what it decides, must be right whatever the center, or somebody who
//! claims to be it, says: answers are forged, played again, cut off; and some centers are of another version.

mod dialect;
mod line;
mod software;

use std::path::PathBuf;
use std::sync::Arc;

use yanmi_client::config::ClientConfig;
use yanmi_client::gate::VisitId;
use yanmi_client::{Ambient, CenterClient, Desk, DeskError, Visits};
use yanmi_disk::{MemoryDisk, VFS};
use yanmi_protocol::Amount;
use yanmi_protocol::message::notify;

use self::line::DeskLine;
pub(crate) use self::software::Software;
use self::software::{Decided, Noticed, Standing};
use crate::cast::Account;
use crate::chance::Chance;
use crate::desks::OpenDesk;
use crate::failure::Failure;
use crate::oracle::{DeskDecision, DeskNotice, Key, NotifyCall};
use crate::program::Program;
use crate::trace::Party;
use crate::world::{INSTITUTION_PORT, World, center_address};

/// The account whose institutions have desks.
pub(crate) const ACCOUNT: u16 = 2;
/// The file's name on its disk.
const FILE: &str = "visits.sqlite";
/// Of a thousand openings so many are followed by an end within some operations of the disk.
const ENDS_PERMILLE: u64 = 500;
const ENDS_WITHIN: u64 = 120;
/// How often a desk is asked whether it may settle.
const ASKED: u32 = 14;
/// Between two of these, in milliseconds.
const ASKED_EVERY_MILLIS: (u64, u64) = (1_000, 6_000);
/// Of a thousand visits so many are registered again with the agent, though it had answered.
const AGAIN_PERMILLE: u64 = 200;
/// Of a thousand visits so many are gone on with at another window, whose desk knows nothing of the first.
const MOVED_PERMILLE: u64 = 150;
/// The institution of the account whose clerks work with the agent; the others' programs have the library within them.
pub(crate) const WITH_AGENT: usize = 1;
/// Windows of an institution are so many places apart.
const WINDOWS_APART: usize = 100;
/// Openings that are tried on disks that end again meanwhile.
const OPENINGS: usize = 20;

/// What one visit does at a desk.
pub(crate) struct DeskVisit<'a> {
    world: &'a Arc<World>,
    number: u64,
    person: u32,
    institution: usize,
    /// Where the desk is, of all there are.
    place: usize,
    key: Key,
    line: DeskLine,
}

/// What is known of a visit's record.
#[derive(Clone, Copy)]
struct Memory {
    id: VisitId,
    steps: u32,
    /// Whether the last notice went out, as far as the desk knows.
    notified: bool,
    settled: bool,
}

/// The configuration of a desk.
fn config_text(centers: u16, account: &Account, institution: usize) -> String {
    let urls: Vec<String> =
        (0..centers).map(|node| format!("\"http://{}\"", center_address(node, INSTITUTION_PORT))).collect();
    format!(
        "org_id = \"{}\"\nkey = \"{}\"\nregion = \"350000\"\norg_code = \"{}\"\norg_name = \"世界医院\"\n\
        [center]\nurls = [{}]\nplain_http = true\nmac = \"always\"\n[visits]\nfile = \"visits.sqlite\"\nkey = \"{:032X}\"\n",
        account.id.as_str(),
        *account.key.to_hex(),
        account.institutions[institution].as_str(),
        urls.join(", "),
        institution + 1,
    )
}

/// What is in it, with the file on this disk.
///
/// # Panics
/// When the text is none, which is a mistake here.
fn config(text: &str, disk: &MemoryDisk) -> ClientConfig {
    let mut config = ClientConfig::from_toml(text, &PathBuf::from("/"), &|_| None).expect("a configuration");
    if let Some(visits) = &mut config.visits {
        visits.file = PathBuf::from(format!("file:{}?vfs={VFS}", disk.path(FILE).display()));
    }
    config
}

fn open(config: &ClientConfig, program: &Arc<Program>) -> Result<Desk, DeskError> {
    let ambient: Arc<dyn Ambient> = Arc::<Program>::clone(program);
    let client = CenterClient::over(config, Arc::clone(&ambient), Arc::<Program>::clone(program));
    let settings = config.visits.as_ref().ok_or(DeskError::NoVisits)?;
    let visits = Visits::open(settings, Arc::clone(&ambient))?;
    client.keep_in(&visits)?;
    Ok(Desk::of(client, visits, config, ambient))
}

impl<'a> DeskVisit<'a> {
    /// The visit of this number and person at an institution.
    pub(crate) fn new(
        world: &'a Arc<World>,
        (number, person): (u64, u32),
        institution: usize,
        key: Key,
    ) -> Self {
        let line = DeskLine::new(world, world.cast.accounts[usize::from(ACCOUNT)].key.clone());
        Self { world, number, person, institution, place: institution, key, line }
    }

    /// From the token until the counter is done, or another one is.
    pub(crate) async fn play(self, amount: i64, chance: &mut Chance) {
        self.play_here(amount, chance).await;
        let mut chance = self.world.chance.fork("window", self.number);
        if chance.permille(MOVED_PERMILLE) {
            self.trace("another window".to_owned());
            let other = Self { place: self.place + WINDOWS_APART, ..self };
            other.play_here(amount, &mut chance).await;
        }
    }

    /// From the token until this counter is done.
    pub(crate) async fn play_here(&self, amount: i64, chance: &mut Chance) {
        let Ok(amount) = Amount::from_fen(amount) else { return };
        let token = self.key.0;
        if let Some(dialect) = self.line.dialect() {
            self.trace(format!("desk meets another version: {dialect:?}"));
        }
        let register = || {
            let reference = self.reference();
            self.with_desk(None, move |desk| desk.begin(&reference, token))
        };
        let mut begun = register().await;
        // It may be in the file; the agent does not begin it twice.
        for _ in 0..OPENINGS {
            if begun.is_some() {
                break;
            }
            begun = register().await;
        }
        if self.institution == WITH_AGENT
            && self.world.draw("again", |chance| chance.permille(AGAIN_PERMILLE))
        {
            begun = register().await.or(begun);
        }
        let Some(Standing { id, steps, .. }) = begun else { return };
        let mut known = Memory { id, steps, notified: false, settled: false };
        self.notify(&mut known, amount).await;
        for _ in 0..ASKED {
            tokio::time::sleep(chance.millis(ASKED_EVERY_MILLIS)).await;
            if self.gate(&mut known, amount).await {
                known.settled = true;
                break;
            }
            if chance.permille(if known.notified { 40 } else { 500 }) {
                self.notify(&mut known, amount).await;
            }
        }
        // Whatever happened to the program meanwhile, it knows.
        tokio::time::sleep(chance.millis(ASKED_EVERY_MILLIS)).await;
        self.look(&known).await;
    }

    async fn notify(&self, known: &mut Memory, amount: Amount) {
        let begun = self.world.clock.elapsed();
        let call = NotifyCall::new(self.person, Some(amount.fen()), false, begun);
        let place = self.world.oracle().notifies(self.key, call);
        self.trace("desk notifies".to_owned());
        let (id, before) = (known.id, self.line.heard().len());
        known.notified = false;
        let done = self.with_desk(Some(known), move |desk| desk.notify(id, amount)).await;
        let notice = done.as_ref().map(|done| done.notice);
        self.trace(format!("desk: {notice:?}"));
        let code = (notice == Some(DeskNotice::Notified)).then_some(0);
        let ended = self.world.clock.elapsed();
        self.world.oracle().desk_heard_of_notice((self.key, place), done.is_none(), code, ended);
        let Some(Noticed { steps, notice, words }) = done else { return };
        known.steps = known.steps.max(steps);
        known.notified = code.is_some();
        let heard = self.line.heard().get(before..).and_then(<[_]>::last).copied();
        self.world.oracle().desk_notified(self.key, (heard, notice), words.as_ref());
    }

    /// Whether the desk's gate settles.
    async fn gate(&self, known: &mut Memory, amount: Amount) -> bool {
        let (id, before) = (known.id, self.line.heard().len());
        let decided = self.with_desk(Some(known), move |desk| desk.gate(id, amount)).await;
        let Some(Decided { steps, settles, words }) = decided else { return false };
        known.steps = known.steps.max(steps);
        self.trace(format!("desk settles: {settles}"));
        let heard = self.line.heard().clone();
        let (before, told) = heard.split_at(before);
        if settles {
            let ended = self.world.clock.elapsed();
            let settled = DeskDecision { amount: amount.fen(), ended };
            self.world.oracle().desk_settles(self.key, settled, (before, told));
        } else {
            self.world.oracle().desk_refuses(self.key, (known.notified, told), words.as_ref());
        }
        settles
    }

    /// What was told is in the file.
    async fn look(&self, known: &Memory) {
        let (id, reference) = (known.id, self.reference());
        let Some(Standing { steps, settled, same, .. }) =
            self.with_desk(Some(known), move |desk| desk.look(id, &reference)).await
        else {
            return;
        };
        if steps < known.steps {
            self.world.oracle().found(format!("a desk forgot a step of visit {}", self.number));
        }
        if known.settled && !settled {
            self.world.oracle().found(format!("a desk forgot that it settled visit {}", self.number));
        }
        if same != 1 {
            self.world.oracle().found(format!("{same} visits bear the number of visit {}", self.number));
        }
    }

    /// The institution's own number of the visit.
    fn reference(&self) -> String {
        format!("W{}", self.number)
    }

    fn trace(&self, what: String) {
        self.world.trace(Party::Institution(ACCOUNT), Party::Center, self.number, what);
    }

    /// Has the desk do something. Where its program ended meanwhile, it is opened again, and nothing is answered; a visit that it was told
    /// of must be there then.
    async fn with_desk<T: Send + 'static>(
        &self,
        known: Option<&Memory>,
        work: impl FnOnce(&Software) -> Result<T, String> + Send + 'static,
    ) -> Option<T> {
        let OpenDesk { desk: running, disk } = self.running()?;
        let caller = &self.world.callers.institutions[usize::from(ACCOUNT)];
        let program = self.world.program(self.place);
        let carry = |asked: (&str, &str), answer: Option<_>| {
            if asked.0 == notify::PATH {
                self.world.oracle().desk_was_answered(self.key);
            }
            self.line.carry(self.world, asked, answer)
        };
        let done = program.run(caller, carry, move || work(&running)).await;
        match done {
            Ok(done) => Some(done),
            Err(_) if disk.is_dead() => None,
            Err(error) => {
                let what = known.map_or("", |_| " though it was told of it");
                self.world
                    .oracle()
                    .found(format!("a desk cannot go on with visit {}{what}: {error}", self.number));
                None
            }
        }
    }

    /// The desk's program, opened again on what is left where it ended.
    fn running(&self) -> Option<OpenDesk> {
        let mut disk = match self.world.desks.get(self.place) {
            Some(open) if !open.disk.is_dead() => return Some(open),
            Some(over) => self.left(&over.disk),
            None => MemoryDisk::new(self.place as u64),
        };
        let account = &self.world.cast.accounts[usize::from(ACCOUNT)];
        for _ in 0..OPENINGS {
            if let Some(operation) = self.end_of_next() {
                disk.cut_at(operation);
            }
            let text = config_text(self.world.centers, account, self.institution);
            let program = self.world.program(self.place);
            match open(&config(&text, &disk), &program) {
                Ok(opened) => {
                    let opened = if self.institution == WITH_AGENT {
                        Software::agent(&text, opened, program)
                    } else {
                        Software::Library(Box::new(opened))
                    };
                    let open = OpenDesk { desk: Arc::new(opened), disk };
                    self.world.desks.put(self.place, open.clone());
                    return Some(open);
                }
                Err(_) if disk.is_dead() => disk = self.left(&disk),
                Err(error) => {
                    self.world.oracle().found(format!("a desk does not open: {error}"));
                    return None;
                }
            }
        }
        None
    }

    /// The operation at which the program that is being opened ends, if it does.
    fn end_of_next(&self) -> Option<u64> {
        self.world.next_desk_end(|| {
            let drawn = self.world.draw("desk ends", |chance| {
                chance.permille(ENDS_PERMILLE).then(|| 1 + chance.below(ENDS_WITHIN))
            });
            drawn.filter(|_| !self.world.is_calm())
        })
    }

    /// What a desk's end leaves of its disk.
    fn left(&self, disk: &MemoryDisk) -> MemoryDisk {
        let failure = self.world.desk_failure().unwrap_or_else(|| {
            let power = self.world.draw("desk ends", |chance| chance.permille(500));
            if power { Failure::Power } else { Failure::Process }
        });
        self.trace(format!("desk ended, by {failure:?}"));
        failure.left(disk)
    }
}
