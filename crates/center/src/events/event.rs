//! What was changed of who may call: by whom, why, and what it was before.
//!
//! An event is written in the transaction of its change, so there is no change without one and none without its change. Events
//! are gapless and chained: each has the hash (SM3) of everything it says and of the event before. Whoever changes, leaves out
//! or puts in one has to write all that follow anew, and the last hash, noted elsewhere (`yanmi audit verify` prints it), is
//! another one then. Against somebody who has the database and notes nothing down elsewhere the chain proves nothing.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;
use sm3::{Digest, Sm3};
use yanmi_onboarding::Area;
use yanmi_protocol::UnixMillis;
use zeroize::Zeroizing;

/// Characters of an actor's name.
pub const MAX_ACTOR: usize = 80;
/// Characters of a reason.
pub const MAX_REASON: usize = 200;
/// What an event's hash begins with, so that it is no hash of anything else.
const DOMAIN: &[u8] = b"yanmi operator event 1";
/// The same of one that has a region, which is then in the hash too. Those without are hashed as they were before there were
/// regions, so that old ones still verify.
const DOMAIN_OF_PLACE: &[u8] = b"yanmi operator event 2";
/// The hash before the first event.
pub(crate) const BEGINNING: Hash = [0; 32];

/// The hash of an event.
pub(crate) type Hash = [u8; 32];

/// Who changes something: `host:` and the user of the machine, `sandbox`, later an operator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Actor(Cow<'static, str>);

impl Actor {
    /// A program that acts by itself.
    pub const fn program(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// Somebody at the machine's command line. What is no visible character of the name is left out.
    pub fn host(user: &str) -> Self {
        let visible = user.chars().filter(|c| !c.is_control() && !c.is_whitespace());
        Self(Cow::Owned("host:".chars().chain(visible).take(MAX_ACTOR).collect()))
    }

    /// An operator at the console.
    pub fn operator(login: &str) -> Self {
        Self(Cow::Owned(login.to_owned()))
    }

    /// A person of an applicant, at the applicants' pages. No login has a colon, so nobody else is called so.
    pub fn applicant(login: &str) -> Self {
        Self(Cow::Owned(format!("applicant:{login}")))
    }

    /// Whom a provider named and nobody here is; `shown` tells him from others.
    pub(crate) fn subject(shown: &str) -> Self {
        Self(Cow::Owned(format!("oidc:{shown}")))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Somebody's act: who, why and when, and how far it goes.
#[derive(Clone, Copy, Debug)]
pub struct Act<'a> {
    /// Who.
    pub actor: &'a Actor,
    /// Why, at most [`MAX_REASON`] characters; empty when nobody said.
    pub reason: &'a str,
    /// When.
    pub at: UnixMillis,
    pub(crate) intent: Intent<'a>,
}

/// How far an act goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Intent<'a> {
    /// It is done.
    Do,
    /// It is tried, undone, and written down for a second person to decide.
    Propose {
        /// What was typed, as it is done again when it is decided.
        form: &'a str,
        /// Where it is.
        place: Area,
    },
    /// It is done, and with it the proposal of this number.
    Decide(i64),
}

impl<'a> Act<'a> {
    /// Somebody does something.
    pub const fn new(actor: &'a Actor, reason: &'a str, at: UnixMillis) -> Self {
        Self { actor, reason, at, intent: Intent::Do }
    }

    /// The same as far as this.
    pub(crate) const fn with(self, intent: Intent<'a>) -> Self {
        Self { intent, ..self }
    }
}

/// What became of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused, and nothing was changed.
    Refused,
}

impl Outcome {
    /// The stored word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }

    pub(crate) fn of_word(word: &str) -> Option<Self> {
        [Self::Done, Self::Refused].into_iter().find(|outcome| outcome.word() == word)
    }
}

/// An event as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OperatorEvent {
    /// Its number; there is no gap.
    pub seq: i64,
    /// When.
    pub at: UnixMillis,
    /// Who.
    pub actor: String,
    /// What was done: `account.add`.
    pub action: String,
    /// To what kind of thing: `account`, `institution`, `channel`.
    pub object_kind: String,
    /// To which.
    pub object: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Why; empty when nobody said.
    pub reason: String,
    /// JSON: a list of `[field, before, after]`, both texts or null; keys by their key-check values. Of a refusal why.
    pub changes: String,
    /// Where what it is about is; nothing for what belongs to the whole province or to nobody but its actor, as a login.
    pub region: Option<Area>,
}

/// What is stored as changes where nothing was changed.
pub(crate) const NO_CHANGES: &str = "[]";

impl OperatorEvent {
    /// An event about an object, which is its kind and its code; it has its number only when it is written.
    pub(crate) fn new(
        act: Act<'_>,
        action: impl Into<String>,
        (kind, object): (&str, &str),
        outcome: Outcome,
        changes: impl Into<String>,
    ) -> Self {
        Self {
            seq: 0,
            at: act.at,
            actor: act.actor.as_str().to_owned(),
            action: action.into(),
            object_kind: kind.to_owned(),
            object: object.to_owned(),
            outcome,
            reason: act.reason.chars().take(MAX_REASON).collect(),
            changes: changes.into(),
            region: None,
        }
    }

    /// The same about something that is there.
    pub(crate) fn in_region(self, region: Option<Area>) -> Self {
        Self { region, ..self }
    }

    /// The hash of all it says and of the event before it. Every part is preceded by its length.
    pub(crate) fn hash(&self, before: &Hash) -> Hash {
        let mut hash = Sm3::new();
        let (seq, at) = (self.seq.to_be_bytes(), self.at.get().to_be_bytes());
        let texts = [&self.actor, &self.action, &self.object_kind, &self.object, &self.reason, &self.changes];
        let domain = if self.region.is_some() { DOMAIN_OF_PLACE } else { DOMAIN };
        let parts = [domain, before, &seq, &at, self.outcome.word().as_bytes()];
        let region = self.region.as_ref().map(|region| region.as_str().as_bytes());
        for part in parts.into_iter().chain(texts.map(String::as_bytes)).chain(region) {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }
}

/// The fields of a thing as an operator knows them, each with its value; nothing secret among what is shown. Of a field that
/// is shown masked the value itself is kept beside it, to be compared. `Debug` does not show that.
#[derive(Clone, Default)]
pub(crate) struct Fields {
    shown: Vec<(&'static str, Option<String>)>,
    masked: Vec<(&'static str, Zeroizing<String>)>,
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.shown).finish()
    }
}

impl From<Vec<(&'static str, Option<String>)>> for Fields {
    fn from(shown: Vec<(&'static str, Option<String>)>) -> Self {
        Self { shown, masked: Vec::new() }
    }
}

impl Fields {
    /// With one more that is shown otherwise than it is.
    pub(crate) fn with_masked(mut self, name: &'static str, value: &str, shown: Option<String>) -> Self {
        self.shown.push((name, shown));
        self.masked.push((name, Zeroizing::new(value.to_owned())));
        self
    }

    /// As it is shown.
    pub(crate) fn shown(&self, name: &str) -> Option<&str> {
        self.shown.iter().find(|(field, _)| *field == name).and_then(|(_, value)| value.as_deref())
    }

    /// As it is, of one that is shown masked; nothing for an empty one.
    fn masked(&self, name: &str) -> Option<&str> {
        let found = self.masked.iter().find(|(field, _)| *field == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }
}

/// What is different, as it is stored.
pub(crate) fn difference(before: Option<&Fields>, after: Option<&Fields>) -> String {
    let names = after.or(before).into_iter().flat_map(|fields| &fields.shown).map(|(name, _)| *name);
    let changes = names.filter_map(|name| {
        let [old, new] = [before, after].map(|fields| fields.and_then(|fields| fields.shown(name)));
        let [real_old, real_new] =
            [before, after].map(|fields| fields.and_then(|fields| fields.masked(name)));
        // Two values may have one mask, and are a change all the same.
        let is_changed = old != new || real_old != real_new;
        is_changed.then(|| Value::Array(vec![Value::from(name), Value::from(old), Value::from(new)]))
    });
    Value::Array(changes.collect()).to_string()
}

/// Why it was refused, in the place of changes.
pub(crate) fn refusal(why: &impl fmt::Display) -> String {
    Value::Array(vec![Value::Array(vec![Value::from("refusal"), Value::Null, Value::from(why.to_string())])])
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> OperatorEvent {
        OperatorEvent {
            seq: 1,
            at: UnixMillis::new(1_763_869_440_000),
            actor: "host:root".to_owned(),
            action: "account.add".to_owned(),
            object_kind: "account".to_owned(),
            object: "his-1".to_owned(),
            outcome: Outcome::Done,
            reason: "接入".to_owned(),
            changes: "[]".to_owned(),
            region: None,
        }
    }

    #[test]
    fn an_event_without_a_region_is_hashed_as_before_there_were_regions() {
        let hash = yanmi_protocol::hex::encode(&event().hash(&BEGINNING));
        assert_eq!(hash, "DA592F944B9B3553DAAB51AC77014F658466E837261598F4ABCB9763289A96B3");
    }

    #[test]
    fn every_part_of_an_event_is_in_its_hash() {
        let hash = event().hash(&BEGINNING);
        let others = [
            OperatorEvent { seq: 2, ..event() },
            OperatorEvent { at: UnixMillis::new(1), ..event() },
            OperatorEvent { actor: "host:other".to_owned(), ..event() },
            OperatorEvent { action: "account.edit".to_owned(), ..event() },
            OperatorEvent { object_kind: "channel".to_owned(), ..event() },
            OperatorEvent { object: "his-2".to_owned(), ..event() },
            OperatorEvent { outcome: Outcome::Refused, ..event() },
            OperatorEvent { reason: String::new(), ..event() },
            OperatorEvent { changes: "[[]]".to_owned(), ..event() },
            OperatorEvent { region: Area::new("35").ok(), ..event() },
            OperatorEvent { region: Area::new("3501").ok(), ..event() },
            // The same letters, otherwise cut.
            OperatorEvent { object_kind: "accounth".to_owned(), object: "is-1".to_owned(), ..event() },
        ];
        for other in others {
            assert_ne!(other.hash(&BEGINNING), hash, "{other:?}");
        }
        assert_ne!(event().hash(&[1; 32]), hash, "the one before");
        assert_eq!(event().hash(&BEGINNING), hash);
    }

    #[test]
    fn only_what_is_different_is_a_change() {
        let before =
            vec![("name", Some("甲".to_owned())), ("rate", None), ("enabled", Some("是".to_owned()))].into();
        let after = vec![
            ("name", Some("乙".to_owned())),
            ("rate", Some("5".to_owned())),
            ("enabled", Some("是".to_owned())),
        ]
        .into();
        assert_eq!(difference(Some(&before), Some(&after)), r#"[["name","甲","乙"],["rate",null,"5"]]"#);
        assert_eq!(difference(None, Some(&before)), r#"[["name",null,"甲"],["enabled",null,"是"]]"#);
        assert_eq!(difference(Some(&before), Some(&before)), "[]");
    }

    #[test]
    fn a_name_of_the_host_is_cut_and_has_nothing_invisible() {
        assert_eq!(Actor::host("ro\not").as_str(), "host:root");
        assert_eq!(Actor::host(&"x".repeat(500)).as_str().chars().count(), MAX_ACTOR);
    }
}
