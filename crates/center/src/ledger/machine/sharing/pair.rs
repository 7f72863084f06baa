//! Two commands beside each other, while somebody holds a row.

use super::model::Model;
use super::place::{Held, Place, begin};
use super::real::Real;
use crate::ledger::machine::cuts::kind::Kind;
use crate::proxy::all_cuts;

/// Beside so many kinds a kind is tried in a test run.
const OTHERS: usize = 4;

/// What two commands came to, whether each waited, and what is stored then.
#[derive(PartialEq, Eq, Debug)]
struct Outcome {
    waited: [bool; 2],
    told: [String; 2],
    rows: Vec<String>,
}

async fn prepare(place: &mut impl Place) {
    for kind in Kind::ALL {
        kind.begin(&place.ledger(0), 0).await;
    }
    place.keep().await;
}

/// Has both decided, one of them begun first, while a row is held.
async fn play(place: &mut impl Place, kinds: [Kind; 2], held: Held, first: usize) -> Outcome {
    place.put_back().await;
    place.hold(held).await;
    let mut begun = [None, None];
    let mut waited = [false; 2];
    for number in [first, 1 - first] {
        let task = begin(place, (number, kinds[number])).await;
        waited[number] = !task.is_finished();
        begun[number] = Some(task);
    }
    place.let_go().await;
    let mut told = [String::new(), String::new()];
    for (told, task) in told.iter_mut().zip(begun) {
        *told = task.expect("begun").await.expect("told");
    }
    Outcome { waited, told, rows: place.rows().await }
}

/// Who waits for an insertion waits for a transaction and not for a row, and then all go on at once: PostgreSQL lets any of them be the
/// first.
fn any_may_be_first(outcome: &Outcome, held: Held) -> bool {
    held == Held::Document && outcome.waited == [true, true]
}

/// The kinds beside which a kind is tried: some of all, unless there is time.
fn others(kind: Kind) -> Vec<Kind> {
    let from = Kind::ALL.iter().position(|known| *known == kind).unwrap_or(0);
    let count = if all_cuts() { Kind::ALL.len() } else { OTHERS };
    Kind::ALL.iter().cycle().skip(from).take(count).copied().collect()
}

/// A kind beside others: how many pairs there were, and how many commands waited in them.
pub(super) fn walk(kind: Kind) -> (usize, usize) {
    let (mut real, mut model) = (Real::new(&format!("pair_{kind:?}").to_lowercase()), Model::new());
    real.run(async |real| prepare(real).await);
    model.run(async |model| prepare(model).await);
    let (mut pairs, mut waited) = (0, 0);
    for held in Held::ALL {
        for other in others(kind) {
            let kinds = [kind, other];
            let on_real = real.run(async |real| play(real, kinds, *held, 0).await);
            let mut on_model = model.run(async |model| play(model, kinds, *held, 0).await);
            if on_model != on_real && any_may_be_first(&on_real, *held) {
                on_model = model.run(async |model| play(model, kinds, *held, 1).await);
            }
            assert_eq!(on_model, on_real, "{kinds:?} while {held:?} is held");
            pairs += 1;
            waited += on_real.waited.iter().filter(|waited| **waited).count();
        }
    }
    (pairs, waited)
}
