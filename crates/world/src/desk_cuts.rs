//! A desk's program ends at every operation of its file's disk, one after the other, by itself or with its machine's power.
//!
//! One person comes, confirms and is settled, and nothing else happens. That is played once whole, and counted; then it is played again
//! for each operation of the desk's disk, with an end there, and the program is opened on what is left: the file must open, what was
//! told must stand in it, and the clerk, who goes on or begins again, comes to an end all the same.

use std::collections::BTreeSet;
use std::sync::Arc;

use yanmi_disk::MemoryDisk;

use crate::cast::Holder;
use crate::chance::Chance;
use crate::cuts::{Cut, CutPlay, CutReport, CutSettings, PlayReport, prepared};
use crate::desk::{ACCOUNT, DeskVisit, WITH_AGENT};
use crate::driver::ALONE;
use crate::failure::DeskEnds;
use crate::life::Lives;
use crate::party;
use crate::paused::in_paused_time;
use crate::world::World;

/// What is settled, in fen.
const AMOUNT: i64 = 12_300;
/// Within so many operations of the next opening the program ends once more, where it does.
const AGAIN_WITHIN: u64 = 40;

/// Ends the program of a clerk, with the library within it or beside the agent, at the operations of these settings.
///
/// # Panics
/// When the center's database cannot be made.
pub fn cut_desk(settings: &CutSettings, tell: impl Fn(u64)) -> CutReport {
    let disk = prepared(settings.seed);
    let mut report = CutReport::default();
    for institution in [0, WITH_AGENT] {
        let plays = CutPlay {
            name: format!("desk {institution}, "),
            chance: "desk",
            again_within: AGAIN_WITHIN,
            play: |cut| played(*settings, &disk, institution, cut),
        };
        report.add(settings, &plays, &tell);
        if report.stands_still {
            break;
        }
    }
    report
}

fn played(settings: CutSettings, disk: &MemoryDisk, institution: usize, cut: Option<Cut>) -> PlayReport {
    let disk = disk.after_kill();
    let at = cut.into_iter().flat_map(|(at, again)| [at].into_iter().chain(again)).collect();
    let ends = DeskEnds { failure: settings.failure, at };
    in_paused_time(move || async move { play(settings.seed, disk, institution, ends).await })
        .unwrap_or_else(PlayReport::at)
}

/// One visit at the desk of an institution, whose program ends there.
async fn play(seed: u64, disk: MemoryDisk, institution: usize, ends: DeskEnds) -> PlayReport {
    let world = Arc::new(World::of_ending_desks(seed, ends));
    world.calm_down();
    party::start(&world);
    let lives = Lives::new(&world);
    let life = lives.start(ALONE, disk).await.expect("a center");
    let token = world.show(Holder { person: 0, app: 0 }, 1);
    let key = (token, world.cast.accounts[usize::from(ACCOUNT)].institutions[institution]);
    DeskVisit::new(&world, (1, 0), institution, key).play_here(AMOUNT, &mut Chance::new(seed)).await;
    let operations = world.desks.get(institution).map_or(0, |open| open.disk.operations());
    lives.stop(life).await;
    let mut oracle = world.oracle();
    if oracle.confirmed == 0 {
        oracle.found("who confirmed is not settled".to_owned());
    }
    PlayReport { operations, kinds: BTreeSet::new(), found: oracle.all_found().to_vec(), stands_still: false }
}
