//! What the simulated parties share: the world, moods, phones, and the way out.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::watch;
use yanmi_protocol::{AuthNo, ChannelId, EcToken, QrCode, Sm4Key, UnixMillis};

use crate::ambient::{Clock, Entropy};
use crate::hang::{Hangs, LONGEST_HANG};
use crate::mint::{CHANCE, Holder, Mint};
use crate::mood::{ChannelMood, NationalMood};
use crate::onboarding::Onboarding;
use crate::outgoing::Caller;
use crate::phone::Phones;
use crate::terminal::{Terminal, TerminalMood};
use crate::watch::Watch;
use crate::world::{Channel, Person, Urls, World};

pub(crate) struct State {
    pub(crate) world: World,
    pub(crate) mint: Mint,
    pub(crate) caller: Caller,
    pub(crate) hangs: Hangs,
    pub(crate) watch: Arc<Watch>,
    clock: Clock,
    entropy: Entropy,
    moods: Mutex<MoodTable>,
    phones: Mutex<Phones>,
    terminal: watch::Sender<Terminal>,
    /// The center beside it, where there is one that lets itself be told and asked.
    center: OnceLock<Beside>,
    /// The addresses the page names, where others reach these parties elsewhere than they reach one another.
    shown: OnceLock<Urls>,
    /// How that center lets a system in.
    onboarding: OnceLock<Box<Onboard>>,
}

/// Lets one more system in.
type Onboard = dyn Fn() -> Onboarding + Send + Sync;

/// The keys of an account by its `orgId`, the newest first.
type KeysOf = dyn Fn(&str) -> Vec<Sm4Key> + Send + Sync;

/// What a center in the same process lets its simulator do.
pub(crate) struct Beside {
    /// Switches the center's store off (`true`) and on.
    pub(crate) switch: Box<dyn Fn(bool) + Send + Sync>,
    /// The keys an account has now.
    pub(crate) keys: Box<KeysOf>,
}

/// The world masks its own secrets; the rest says nothing.
impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("world", &self.world).finish_non_exhaustive()
    }
}

/// Who is in which mood; a channel that is not here is in the ordinary one.
#[derive(Default)]
pub(crate) struct MoodTable {
    pub(crate) national: NationalMood,
    pub(crate) channels: HashMap<ChannelId, ChannelMood>,
}

impl State {
    pub(crate) fn new(world: World, clock: Clock, entropy: Entropy, stopping: watch::Receiver<bool>) -> Self {
        Self {
            mint: Mint::new(world.region, world.national.key.clone()),
            world,
            caller: Caller::new(),
            hangs: Hangs::new(stopping),
            watch: Arc::new(Watch::new(Arc::clone(&clock))),
            clock,
            entropy,
            moods: Mutex::default(),
            phones: Mutex::default(),
            terminal: watch::Sender::new(Terminal::default()),
            center: OnceLock::new(),
            shown: OnceLock::new(),
            onboarding: OnceLock::new(),
        }
    }

    /// From now on there is a center beside; the first stays.
    pub(crate) fn with_center(&self, center: Beside) {
        let _ = self.center.set(center);
    }

    /// From now on the page names these addresses; the first stay.
    pub(crate) fn show_at(&self, urls: Urls) {
        let _ = self.shown.set(urls);
    }

    /// The addresses the page names.
    pub(crate) fn shown(&self) -> Urls {
        self.shown.get().cloned().unwrap_or_else(|| Urls {
            institution: self.world.institution_url.clone(),
            channel: self.world.channel_url.clone(),
            simulator: self.world.simulator_url.clone(),
        })
    }

    /// From now on a system can be let in so; the first way stays.
    pub(crate) fn with_onboarding(&self, onboard: Box<Onboard>) {
        let _ = self.onboarding.set(onboard);
    }

    /// Lets one more system in, where that can be done.
    pub(crate) fn onboard(&self) -> Option<Onboarding> {
        self.onboarding.get().map(|onboard| onboard())
    }

    /// The keys of an account: those the center has for it now, or else the one of the world's file.
    pub(crate) fn keys_of(&self, org_id: &str) -> Vec<Sm4Key> {
        let registered = self.center.get().map(|center| (center.keys)(org_id)).unwrap_or_default();
        if !registered.is_empty() {
            return registered;
        }
        let known = self.world.all_accounts().find(|account| account.org_id.as_str() == org_id);
        known.map(|account| account.key.clone()).into_iter().collect()
    }

    /// Has the center's store take nothing, or everything again; whether there is such a center.
    pub(crate) fn withhold_store(&self, withheld: bool) -> bool {
        self.center.get().map(|center| (center.switch)(withheld)).is_some()
    }

    pub(crate) fn now(&self) -> UnixMillis {
        (self.clock)()
    }

    pub(crate) fn clock(&self) -> Clock {
        Arc::clone(&self.clock)
    }

    pub(crate) fn chance(&self) -> [u8; CHANCE] {
        let mut bytes = [0; CHANCE];
        (self.entropy)(&mut bytes);
        bytes
    }

    /// The phones. Whoever panicked while holding them left them whole: every change is a single step.
    pub(crate) fn phones(&self) -> MutexGuard<'_, Phones> {
        self.phones.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everybody's mood.
    pub(crate) fn moods(&self) -> MutexGuard<'_, MoodTable> {
        self.moods.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn national_mood(&self) -> NationalMood {
        self.moods().national
    }

    pub(crate) fn channel_mood(&self, channel: ChannelId) -> ChannelMood {
        self.moods().channels.get(&channel).copied().unwrap_or_default()
    }

    /// How the terminal behaves, and who stands before it.
    pub(crate) fn terminal(&self) -> Terminal {
        *self.terminal.borrow()
    }

    pub(crate) fn set_terminal(&self, terminal: Terminal) {
        self.terminal.send_replace(terminal);
    }

    /// Returns once the terminal does not hang, or has hung for [`LONGEST_HANG`].
    pub(crate) async fn terminal_answers(&self) {
        let mut changes = self.terminal.subscribe();
        // An error would mean that this is gone, which cannot be.
        let answers = async { _ = changes.wait_for(|terminal| terminal.mood != TerminalMood::Hang).await };
        tokio::select! {
            () = answers => {}
            () = self.hangs.hold(LONGEST_HANG) => {}
        }
    }

    /// Who holds what was issued, if the world still has them.
    pub(crate) fn holder(&self, holder: Holder) -> Option<(&Person, &Channel)> {
        let person = self.world.all_persons().nth(holder.person)?;
        Some((person, self.world.all_channels().nth(holder.channel)?))
    }

    pub(crate) fn person_at(&self, position: usize) -> Option<&Person> {
        self.world.all_persons().nth(position)
    }

    fn position(&self, person: &Person) -> Option<usize> {
        self.world.all_persons().position(|other| other.ec_index_no == person.ec_index_no)
    }

    /// A fresh QR code of this person in this app.
    pub(crate) fn qr_code(&self, person: &Person, channel: &Channel) -> Option<QrCode> {
        let person = self.position(person)?;
        let channel = self.world.all_channels().position(|other| other.chnl_id == channel.chnl_id)?;
        self.mint.qr_code(Holder { person, channel }, self.chance())
    }

    /// A fresh token of this person, as if a code of their first app had been decoded.
    pub(crate) fn token_of(&self, person: &Person) -> Option<EcToken> {
        let first = person.channels.first()?;
        let channel = self.world.all_channels().position(|channel| channel.chnl_id == *first)?;
        self.mint.token(Holder { person: self.position(person)?, channel }, self.now(), self.chance())
    }

    /// A fresh face authorization of this person; of nobody when `person` is nothing.
    pub(crate) fn auth_no(&self, person: Option<&Person>) -> Option<AuthNo> {
        /// A position no list of persons reaches.
        const NOBODY: usize = 999;
        let position = person.map_or(Some(NOBODY), |person| self.position(person))?;
        self.mint.auth_no(position, self.chance())
    }
}
