//! What everybody in a world shares.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use yanmi_database_server::MemoryServer;
use yanmi_protocol::{EcToken, Sm4Key};

use crate::cast::{Cast, Holder};
use crate::chance::Chance;
use crate::clock::WallClock;
use crate::desks::Desks;
use crate::failure::{DeskEnds, Failure};
use crate::fault::{AppMood, NationalMood};
use crate::network::{Host, WorldNetwork};
use crate::oracle::Oracle;
use crate::program::Program;
use crate::scene::{SCENES, Scene};
use crate::trace::{Party, Trace, TraceLine};
use crate::wire::Caller;

/// Where the center's institution face is.
pub(crate) const INSTITUTION_PORT: u16 = 8_360;
/// Where its channel face is.
pub(crate) const CHANNEL_PORT: u16 = 8_361;

/// An address of one of the centers.
pub(crate) fn center_address(node: u16, port: u16) -> SocketAddr {
    let [high, low] = (node + 1).to_be_bytes();
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 1, high, low)), port)
}

/// How the parties around the center are now.
#[derive(Clone, Debug)]
pub(crate) struct Moods {
    pub(crate) national: NationalMood,
    pub(crate) apps: Vec<AppMood>,
}

/// Those who call the center.
pub(crate) struct Callers {
    pub(crate) institutions: Vec<Caller>,
    pub(crate) apps: Vec<Caller>,
}

/// A world.
pub(crate) struct World {
    pub(crate) chance: Chance,
    /// The time everybody but the center has.
    pub(crate) clock: WallClock,
    pub(crate) center_clock: WallClock,
    pub(crate) network: WorldNetwork,
    /// How many centers there are.
    pub(crate) centers: u16,
    /// What stands before their database, where they are several.
    pub(crate) server: Option<MemoryServer>,
    pub(crate) cast: Cast,
    pub(crate) callers: Callers,
    trace: Mutex<Trace>,
    oracle: Mutex<Oracle>,
    moods: Mutex<Moods>,
    draws: Mutex<BTreeMap<&'static str, Chance>>,
    visits: Mutex<BTreeMap<EcToken, u64>>,
    keys: Mutex<Vec<Sm4Key>>,
    shown: Mutex<u64>,
    calm: AtomicBool,
    /// The programs of institutions with our own client.
    pub(crate) desks: Desks,
    programs: Mutex<BTreeMap<usize, Arc<Program>>>,
    /// An answer somebody on the line heard.
    heard: Mutex<Option<Vec<u8>>>,
    /// Whether the first visits have fixed courses.
    staged: bool,
    /// How the programs of desks end, where that is not drawn.
    desk_ends: Option<Mutex<DeskEnds>>,
}

impl World {
    /// A world of this seed with so many persons and one center; nobody does anything yet.
    pub(crate) fn new(seed: u64, persons: u32) -> Self {
        Self::of_centers(seed, persons, 1)
    }

    /// The same with so many centers, which share a database if they are several.
    pub(crate) fn of_centers(seed: u64, persons: u32, centers: u16) -> Self {
        let chance = Chance::new(seed);
        let network = WorldNetwork::new(chance.fork("network", 0));
        let cast = Cast::new(&chance, persons);
        let caller = |from: Host, port: u16| {
            let to = (0..centers).map(|node| center_address(node, port)).collect();
            Caller::new(&network, from, to)
        };
        let institution =
            |account: &crate::cast::Account| caller(Host::Institution(account.number), INSTITUTION_PORT);
        let app = |app: &crate::cast::App| caller(Host::App(app.number), CHANNEL_PORT);
        let callers = Callers {
            institutions: cast.accounts.iter().map(institution).collect(),
            apps: cast.apps.iter().map(app).collect(),
        };
        let clock = WallClock::begin();
        Self {
            center_clock: clock.another(),
            clock,
            network,
            centers,
            server: (centers > 1).then(|| server(&chance)),
            callers,
            trace: Mutex::default(),
            oracle: Mutex::new(Oracle::of_centers(centers)),
            moods: Mutex::new(Moods {
                national: NationalMood::Fine,
                apps: cast.apps.iter().map(|_| AppMood::Fine).collect(),
            }),
            draws: Mutex::default(),
            visits: Mutex::default(),
            keys: Mutex::new(cast.accounts.iter().map(|account| account.key.clone()).collect()),
            shown: Mutex::default(),
            calm: AtomicBool::new(false),
            desks: Desks::default(),
            programs: Mutex::default(),
            heard: Mutex::default(),
            staged: false,
            desk_ends: None,
            chance,
            cast,
        }
    }

    /// The same, in which the first visits have fixed courses, and everybody a password.
    pub(crate) fn staged(seed: u64) -> Self {
        let persons = u32::try_from(SCENES.len()).unwrap_or(u32::MAX);
        let mut world = Self::new(seed, persons + 1);
        world.cast.persons.iter_mut().for_each(|person| person.has_password = true);
        world.staged = true;
        world
    }

    /// One with few persons in which the programs of desks end so, and at no other time.
    pub(crate) fn of_ending_desks(seed: u64, ends: DeskEnds) -> Self {
        Self { desk_ends: Some(Mutex::new(ends)), ..Self::staged(seed) }
    }

    /// At which operation of its disk a desk's program ends that is being opened, if it does; `drawn`, where that is not said.
    pub(crate) fn next_desk_end(&self, drawn: impl FnOnce() -> Option<u64>) -> Option<u64> {
        self.desk_ends.as_ref().map_or_else(drawn, |ends| lock(ends).at.pop_front())
    }

    /// How the machines of desks fail, if it is said.
    pub(crate) fn desk_failure(&self) -> Option<Failure> {
        self.desk_ends.as_ref().map(|ends| lock(ends).failure)
    }

    /// The course of a visit, where it is fixed.
    pub(crate) fn scene_of(&self, visit: u64) -> Option<&'static Scene> {
        let place = usize::try_from(visit).ok()?.checked_sub(1)?;
        SCENES.get(place).filter(|_| self.staged)
    }

    /// Notes that something happened.
    pub(crate) fn trace(&self, from: Party, to: Party, visit: u64, what: String) {
        lock(&self.trace).note(TraceLine { at: self.clock.elapsed(), from, to, visit, what });
    }

    /// Everything that happened.
    pub(crate) fn whole_trace(&self) -> MutexGuard<'_, Trace> {
        lock(&self.trace)
    }

    pub(crate) fn oracle(&self) -> MutexGuard<'_, Oracle> {
        lock(&self.oracle)
    }

    pub(crate) fn moods(&self) -> MutexGuard<'_, Moods> {
        lock(&self.moods)
    }

    /// Draws from the sequence of this name.
    pub(crate) fn draw<T>(&self, name: &'static str, draw: impl FnOnce(&mut Chance) -> T) -> T {
        let mut draws = lock(&self.draws);
        draw(draws.entry(name).or_insert_with(|| self.chance.fork(name, 0)))
    }

    /// Somebody shows a code at a visit, and the institution has its token.
    pub(crate) fn show(&self, holder: Holder, visit: u64) -> EcToken {
        let mut shown = lock(&self.shown);
        *shown += 1;
        let token = Cast::token(holder, *shown);
        lock(&self.visits).insert(token, visit);
        token
    }

    /// The visit a token was shown at.
    pub(crate) fn visit_of(&self, token: &EcToken) -> u64 {
        lock(&self.visits).get(token).copied().unwrap_or(0)
    }

    /// The surroundings of an institution's program.
    pub(crate) fn program(&self, institution: usize) -> Arc<Program> {
        let mut programs = lock(&self.programs);
        let number = institution as u64;
        let new = || Program::new(&self.clock, self.chance.fork("program", number));
        Arc::clone(programs.entry(institution).or_insert_with(new))
    }

    /// Somebody on the line hears an answer.
    pub(crate) fn remember_answer(&self, body: &[u8]) {
        *lock(&self.heard) = Some(body.to_vec());
    }

    /// The last one they heard.
    pub(crate) fn remembered_answer(&self) -> Option<Vec<u8>> {
        lock(&self.heard).clone()
    }

    /// The key an account uses now.
    pub(crate) fn key_of(&self, account: u16) -> Sm4Key {
        lock(&self.keys)[usize::from(account)].clone()
    }

    pub(crate) fn set_key_of(&self, account: u16, key: Sm4Key) {
        lock(&self.keys)[usize::from(account)] = key;
    }

    /// From now on everybody does what is right, at once.
    pub(crate) fn calm_down(&self) {
        self.calm.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_calm(&self) -> bool {
        self.calm.load(Ordering::Relaxed)
    }
}

/// A server whose chance is the world's.
fn server(chance: &Chance) -> MemoryServer {
    let mut chance = chance.fork("server", 0);
    MemoryServer::new(move |bound| chance.below(bound))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
