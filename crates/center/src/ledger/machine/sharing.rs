//! Several centers on one database: on PostgreSQL, and on the embedded one that they share in a world in memory. The same
//! commands come to the same answers and the same rows on both.
//!
//! Two ledgers have one command decided each, of any kind beside any other, about the same person, while a third party holds
//! a row that commands wait for; then it lets go. Who waits, and who goes first, is so decided by the order in which rows are held, and
//! by nothing else. Then the commit of a batch of each kind is lost in every way.

mod fate;
mod model;
mod pair;
mod place;
mod real;

use super::cuts::kind::Kind;
use fate::Fate;
use place::Held;

/// Walks each kind of command with a thread of its own.
fn each<T: Send + 'static>(walk: fn(Kind) -> T) -> Vec<T> {
    let walks: Vec<_> =
        Kind::ALL.iter().map(|kind| (kind, std::thread::spawn(move || walk(*kind)))).collect();
    walks.into_iter().map(|(kind, walk)| walk.join().unwrap_or_else(|_| panic!("{kind:?}"))).collect()
}

#[test]
fn any_two_commands_beside_each_other_come_to_the_same_on_both() {
    let walked = each(pair::walk);
    let (pairs, waited) = walked.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    println!("{pairs} pairs; {waited} commands waited");
    assert!(pairs >= 4 * Kind::ALL.len() * Held::ALL.len(), "{pairs}");
    assert!(waited * 2 > pairs, "{waited} of {pairs}");
}

#[test]
fn a_commit_that_is_lost_comes_to_the_same_on_both() {
    let fates: usize = each(fate::walk).into_iter().sum();
    assert_eq!(fates, Kind::ALL.len() * Fate::ALL.len());
}
