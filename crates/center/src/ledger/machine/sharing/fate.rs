//! A commit that is lost: before it was heard, before it was answered, or while it is under way.

use super::model::Model;
use super::place::{Place, words};
use super::real::Real;
use crate::ledger::machine::cuts::kind::Kind;

/// What becomes of a commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    Unheard,
    Unanswered,
    Late,
}

impl Fate {
    pub(super) const ALL: &[Self] = &[Self::Unheard, Self::Unanswered, Self::Late];
}

/// What the command came to, and then the same at the other ledger; and the rows after each.
type Story = Vec<(String, Vec<String>)>;

async fn play(place: &mut impl Place, kind: Kind) -> Story {
    let mut story = Vec::new();
    for number in [0, 1] {
        let told = words(kind.act(&place.ledger(number), 0).await);
        story.push((told, place.rows().await));
    }
    story
}

async fn prepare(place: &mut impl Place, kind: Kind) {
    kind.begin(&place.ledger(0), 0).await;
    place.keep().await;
}

/// Each fate of a kind's commit; how many there were.
pub(super) fn walk(kind: Kind) -> usize {
    let (mut real, mut model) = (Real::new(&format!("fate_{kind:?}").to_lowercase()), Model::new());
    real.run(async |real| prepare(real, kind).await);
    model.run(async |model| prepare(model, kind).await);
    for fate in Fate::ALL {
        let on_real = real.run(async |real| {
            real.put_back().await;
            real.next_commit(*fate);
            play(real, kind).await
        });
        let on_model = model.run(async |model| {
            model.put_back().await;
            model.next_commit(*fate);
            play(model, kind).await
        });
        assert_eq!(on_model, on_real, "{kind:?}, {fate:?}");
    }
    Fate::ALL.len()
}
