//! Killed at any moment: sixty times while eight counters are served, and twelve times while starting.
//!
//! The center is a process of its own, ended each time by SIGKILL: after some number of answers, by whoever gets the
//! last of them, so that the other calls are anywhere on their way; or as soon as it has taken its port.
//! Everybody else lives in this process and remembers: each counter writes down what it did, what it heard, and
//! what can be true after that (the oracle). After each kill the center is started again and asked about everybody who
//! was ever there; at the end its database is read (`books`) beside what was written down.
//!
//! No comparison is repeated and nothing is waited for: one answer that contradicts an earlier one ends the test. The
//! dice are seeded; which calls a kill cuts off is up to the machine.
//!
//! SIGKILL takes a process, not the machine: what was written but not flushed survives it. That commits are flushed
//! is a setting of the database, not something this test could see.

mod books;
mod counter;
pub(crate) mod ground;

use std::ops::Range;
use std::sync::Arc;

use counter::{Counted, Counter, Dice, Round};
use ground::Ground;
use rustix::process::Pid;
use yanmi_trial::oracle::{Books, Deed, Parties, Said, Visit};

const KILLS: u32 = 72;
/// Every so many kills, one while the center is starting.
const EARLY: u32 = 6;
/// Answers before a kill, at most, and acceptances where only those are counted.
const MOST_ANSWERS: u32 = 40;
const MOST_ACCEPTANCES: u32 = 5;
const COUNTERS: usize = 8;
/// Persons who may come to one counter; the simulator's codes tell a thousand apart.
const PERSONS: usize = 120;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_answered_is_forgotten_and_nothing_is_invented() {
    let ground = Ground::lay(COUNTERS * PERSONS).await;
    let dice = Dice::new(100);
    let persons = |at: usize| -> Range<usize> { at * PERSONS..(at + 1) * PERSONS };
    let mut counters: Vec<Counter> = (0..COUNTERS).map(|at| Counter::new(at as u64, persons(at))).collect();
    for kill in 1..=KILLS {
        if kill.is_multiple_of(EARLY) {
            ground.kill_while_starting().await;
            continue;
        }
        let center = ground.start().await;
        let parties = ground.parties();
        counters = each(counters, |counter| counter.compare(Arc::clone(&parties))).await;
        let round = Arc::new(round(&dice, kill, center.pid()));
        counters = each(counters, |counter| counter.serve(Arc::clone(&parties), Arc::clone(&round))).await;
        center.ended();
    }
    let center = ground.start().await;
    let parties = ground.parties();
    counters = each(counters, |counter| counter.compare(Arc::clone(&parties))).await;
    counters = each(counters, |counter| counter.settle(Arc::clone(&parties))).await;
    center.kill();
    let visits: Vec<Visit> =
        counters.into_iter().flat_map(|counter| counter.guests).map(|guest| guest.visit).collect();
    let books = books::read(&ground.database()).await;
    audit(&books, &visits, &parties).await;
    enough_happened(&visits);
    let log = ground.log();
    assert!(!log.contains(" ERROR ") && !log.contains("panicked"), "{log}");
}

/// Every third kill may follow any answer, the others follow the acceptance of what a person did: nothing is as easily
/// forgotten as what has just been promised.
fn round(dice: &Dice, kill: u32, center: Pid) -> Round {
    if kill.is_multiple_of(3) {
        Round::new(center, Counted::All, 1 + dice.below(MOST_ANSWERS))
    } else {
        Round::new(center, Counted::Acceptances, 1 + dice.below(MOST_ACCEPTANCES))
    }
}

/// What all counters do at the same time.
async fn each<F>(counters: Vec<Counter>, work: impl Fn(Counter) -> F) -> Vec<Counter>
where
    F: Future<Output = Counter> + Send + 'static,
{
    let tasks: Vec<_> = counters.into_iter().map(|counter| tokio::spawn(work(counter))).collect();
    let mut done = Vec::with_capacity(tasks.len());
    for task in tasks {
        done.push(task.await);
    }
    // Only when all are done: the center must not die because one of them found something.
    done.into_iter().map(|counter| counter.expect("a counter that found nothing wrong")).collect()
}

async fn audit(books: &Books, visits: &[Visit], parties: &Parties) {
    let mut found = books.agree();
    for visit in visits {
        found.extend(books.tell_of(visit));
        let phone = parties.phone(visit.person).await.expect("a phone");
        found.extend(books.tell_of_phone([visit], &phone));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    let (verifications, tokens) = (books.verifications.len(), books.tokens.len());
    let notified = |visit: &&Visit| visit.history.iter().any(|entry| matches!(entry.deed, Deed::Notify(_)));
    assert!(verifications <= visits.iter().filter(notified).count(), "somebody was never here");
    assert!((visits.len()..=COUNTERS * PERSONS).contains(&tokens), "a token from nowhere");
}

/// A test that finds nothing proves nothing unless the load was there, and the kills struck in the middle of it.
fn enough_happened(visits: &[Visit]) {
    let count = |deed: fn(&Deed) -> bool, said: Option<Said>| {
        let entries = visits.iter().flat_map(|visit| &visit.history);
        entries.filter(|entry| deed(&entry.deed) && entry.said == said).count()
    };
    let notify = |deed: &Deed| matches!(deed, Deed::Notify(_));
    let confirm = |deed: &Deed| *deed == Deed::Confirm;
    let answered = (count(notify, Some(Said::Notified)), count(confirm, Some(Said::Accepted)));
    assert!(answered.0 > 100 && answered.1 > 50, "{answered:?}");
    let cut = (count(notify, None), count(confirm, None));
    assert!(cut.0 > 10 && cut.1 > 5, "{cut:?}");
}
