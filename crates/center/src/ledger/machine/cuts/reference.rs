//! What commands come to when nothing is cut and each is decided by itself.

use super::kind::{Kind, Told};
use super::world::World;

/// Persons of a batch, and somebody new.
const PERSONS: [u8; 3] = [0, 1, SOMEBODY_NEW];
pub(super) const SOMEBODY_NEW: u8 = 2;

/// Under these names the rows are kept that are there before the batch, and after it.
pub(super) const NOTHING: &str = "nothing";
pub(super) const ONCE: &str = "once";

/// The rows there are, and what was answered.
pub(super) struct Reference {
    pub(super) nothing: Vec<String>,
    pub(super) once: Vec<String>,
    answers: [String; 2],
    /// When somebody new has asked too.
    new_too: Vec<String>,
    new_answer: String,
    /// When the two of the batch have asked again instead.
    pub(super) twice: Vec<String>,
    answers_again: [String; 2],
}

fn answer(told: Told) -> String {
    told.expect("decided").answer
}

async fn one_by_one(world: &World, kind: Kind) -> [String; 2] {
    let one = answer(kind.act(&world.ledger, 0).await);
    [one, answer(kind.act(&world.ledger, 1).await)]
}

impl Reference {
    /// Makes the beginnings of a kind and keeps them.
    pub(super) async fn of(world: &mut World, kind: Kind) -> Self {
        for who in PERSONS {
            kind.begin(&world.ledger, who).await;
        }
        world.keep(NOTHING).await;
        let nothing = world.rows().await;
        let answers = one_by_one(world, kind).await;
        let once = world.rows().await;
        world.keep(ONCE).await;
        let answers_again = one_by_one(world, kind).await;
        let twice = world.rows().await;
        world.put_back(NOTHING).await;
        one_by_one(world, kind).await;
        assert_eq!(world.rows().await, once, "{kind:?}: other beginnings");
        let new_answer = answer(kind.act(&world.ledger, SOMEBODY_NEW).await);
        let new_too = world.rows().await;
        assert!(nothing != once && once != new_too, "{kind:?} changes nothing");
        Self { nothing, once, answers, new_too, new_answer, twice, answers_again }
    }

    /// The batch was done and told so.
    pub(super) fn check(&self, told: [Told; 2], what: &str) {
        check(told, &self.answers, what);
    }

    /// The same of a batch that came after the first.
    pub(super) fn check_again(&self, told: [Told; 2], what: &str) {
        check(told, &self.answers_again, what);
    }

    /// Somebody new asks after the batch was done, and gets what they would have got.
    pub(super) async fn check_somebody_new(&self, world: &mut World, kind: Kind, what: &str) {
        let new = kind.act(&world.ledger, SOMEBODY_NEW).await;
        assert_eq!(new.map(|new| new.answer).as_ref(), Ok(&self.new_answer), "{what}: somebody new");
        assert_eq!(world.rows().await, self.new_too, "{what}: somebody new");
    }
}

fn check(told: [Told; 2], answers: &[String; 2], what: &str) {
    let decided = told.map(|told| told.unwrap_or_else(|error| panic!("{what}: {error:?}")));
    assert_eq!(decided.each_ref().map(|decided| decided.batch), [2, 2], "{what}");
    assert_eq!(decided.map(|decided| decided.answer), *answers, "{what}");
}
