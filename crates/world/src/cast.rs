//! Who there is in a world: accounts with their institutions, channel apps, insured persons, and the national center.

use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::message::national::{Credential, Details, PersonStatus};
use yanmi_protocol::{AccountId, ChannelId, EcIndexNo, EcToken, OrgCode, Region, Sm4Key, UnixMillis};

use crate::chance::Chance;

/// Numbers of institutions an account could have.
const PER_ACCOUNT: u16 = 100;
/// Institutions of an account.
const INSTITUTIONS: u16 = 3;
/// Accounts.
const ACCOUNTS: u16 = 3;
/// Channel apps.
const APPS: u16 = 2;
/// What every token begins with: the center's region.
const TOKEN_BEGIN: &str = "350000W";

/// The system of an account, as it is registered at first.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) number: u16,
    pub(crate) id: AccountId,
    pub(crate) key: Sm4Key,
    /// Whether its envelopes carry a mac.
    pub(crate) proves: bool,
    pub(crate) institutions: Vec<OrgCode>,
}

/// A channel app, as it is registered at first.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) number: u16,
    pub(crate) id: ChannelId,
    pub(crate) key: Sm4Key,
    pub(crate) proves: bool,
    pub(crate) password_free: bool,
}

/// An insured person.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) number: u32,
    pub(crate) index: EcIndexNo,
    pub(crate) name: String,
    pub(crate) id_no: String,
    pub(crate) password: String,
    pub(crate) has_password: bool,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Person({})", self.number)
    }
}

/// Everybody.
#[derive(Clone, Debug)]
pub(crate) struct Cast {
    pub(crate) region: Region,
    pub(crate) accounts: Vec<Account>,
    pub(crate) apps: Vec<App>,
    pub(crate) persons: Vec<Person>,
    pub(crate) national_id: AccountId,
    pub(crate) national_key: Sm4Key,
}

/// Whose a token is, and in which app it was shown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Holder {
    pub(crate) person: u32,
    pub(crate) app: u16,
}

impl Cast {
    /// So many persons, and everybody else.
    ///
    /// # Panics
    /// When a name that is made here is not one of the protocol's, which is a mistake here.
    pub(crate) fn new(chance: &Chance, persons: u32) -> Self {
        let mut chance = chance.fork("cast", 0);
        let accounts = (0..ACCOUNTS).map(|number| account(number, &mut chance)).collect();
        let apps = (0..APPS).map(|number| app(number, &mut chance)).collect();
        let persons = (0..persons).map(|number| person(number, &mut chance)).collect();
        Self {
            region: Region::new("350000").expect("a region"),
            accounts,
            apps,
            persons,
            national_id: AccountId::new("worldCenter").expect("an account"),
            national_key: Sm4Key::from_bytes(&chance.block()),
        }
    }

    pub(crate) fn person(&self, number: u32) -> &Person {
        &self.persons[number as usize]
    }

    pub(crate) fn app(&self, number: u16) -> &App {
        &self.apps[usize::from(number)]
    }

    /// The token of this number, shown by its holder.
    ///
    /// # Panics
    /// Never: it is short and made of digits and letters.
    pub(crate) fn token(holder: Holder, number: u64) -> EcToken {
        let Holder { person, app } = holder;
        EcToken::new(&format!("{TOKEN_BEGIN}{person:06}A{app:02}N{number:010}")).expect("a token")
    }

    /// Whose a token says that it is.
    pub(crate) fn holder_of(token: &EcToken) -> Option<Holder> {
        let rest = token.as_str().strip_prefix(TOKEN_BEGIN)?;
        let (person, rest) = rest.split_once('A')?;
        let (app, _) = rest.split_once('N')?;
        Some(Holder { person: person.parse().ok()?, app: app.parse().ok()? })
    }

    /// The account an institution belongs to, and its place there, as its code says.
    pub(crate) fn asker_of(org: &OrgCode) -> Option<(u16, u16)> {
        let number: u16 = org.as_str().get(5..)?.parse().ok()?;
        Some((number / PER_ACCOUNT, (number % PER_ACCOUNT).checked_sub(1)?))
    }

    /// Whose a token is; nobody's where there is no such person or app.
    pub(crate) fn holder(&self, token: &EcToken) -> Option<Holder> {
        let holder = Self::holder_of(token)?;
        let there = self.persons.len() > holder.person as usize && self.apps.len() > usize::from(holder.app);
        there.then_some(holder)
    }

    /// What the national center knows of a token.
    pub(crate) fn credential(&self, token: EcToken, at: UnixMillis) -> Option<Credential> {
        let holder = self.holder(&token)?;
        let person = self.person(holder.person);
        Some(Credential {
            token,
            index: Some(person.index),
            user_name: Some(person.name.clone()),
            id_type: Some("01".to_owned()),
            id_no: Some(person.id_no.clone()),
            insured_place: Some("350199".to_owned()),
            channel: self.app(holder.app).id,
            active: true,
            person: PersonStatus::InOrder,
            authorized: true,
            password_set: person.has_password,
            decoded_at: at,
            details: Details::default(),
        })
    }
}

impl Person {
    /// The ways this person can confirm in.
    pub(crate) fn ways(&self) -> &'static [Way] {
        if self.has_password { &Way::ALL } else { &[Way::Face, Way::ChannelPassword] }
    }
}

fn account(number: u16, chance: &mut Chance) -> Account {
    let institution = |at: u16| {
        let kind = if at == 2 { 'P' } else { 'H' };
        OrgCode::new(&format!("{kind}3501{:07}", number * PER_ACCOUNT + at + 1)).expect("an institution")
    };
    Account {
        number,
        id: AccountId::new(&format!("his{number}")).expect("an account"),
        key: Sm4Key::from_bytes(&chance.block()),
        proves: number == 0,
        institutions: (0..INSTITUTIONS).map(institution).collect(),
    }
}

fn app(number: u16, chance: &mut Chance) -> App {
    App {
        number,
        id: ChannelId::new(&format!("app{number}")).expect("a channel"),
        key: Sm4Key::from_bytes(&chance.block()),
        proves: number == 0,
        password_free: number == 1,
    }
}

fn person(number: u32, chance: &mut Chance) -> Person {
    let day = 1 + number % 28;
    Person {
        number,
        index: EcIndexNo::new(&format!("{:016X}{:016X}", chance.word(), u64::from(number)))
            .expect("an index"),
        name: format!("参保人{number}"),
        id_no: format!("3501021980{:02}{day:02}{:04}", 1 + number / 28 % 12, number % 10_000),
        password: format!("{:06}", chance.below(1_000_000)),
        has_password: !chance.permille(80),
    }
}
