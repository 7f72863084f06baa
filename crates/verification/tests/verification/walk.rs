//! An exhaustive walk of the pure rules: every order in which two institutions, two codes of one person, their channels and
//! the clock can act, up to a number of steps, against an account of what was said that knows nothing of the rules' states.
//!
//! The walk is breadth first, and the last step of each way is taken and judged but not remembered. Institutions and codes
//! have no names: the first that is used is the first. Where the account and the rules disagree, the shortest way there is
//! printed. `cargo xtask walk DEPTH` goes deeper than the tests do.

mod free;
mod prompts;
mod tries;

use std::collections::HashSet;
use std::fmt::Debug;
use std::hash::{BuildHasher, Hash, RandomState};

/// Something that can be walked.
trait World: Clone + Eq + Hash {
    /// One step.
    type Act: Copy + Debug;

    /// The steps that can be taken now.
    fn acts(&self) -> Vec<Self::Act>;

    /// Takes a step; what the account says against it.
    fn step(&mut self, act: Self::Act) -> Result<(), String>;
}

/// How deep to go: what the environment says, or as deep as there is time for in a test.
fn depth(usual: usize) -> usize {
    std::env::var("YANMI_WALK_DEPTH")
        .map_or(usual, |depth| depth.parse().expect("YANMI_WALK_DEPTH is a number"))
}

/// Walks everything that is at most so many steps away. Tells how many ways were judged.
fn walk<W: World>(first: W, depth: usize) -> usize {
    // Two hashes of sixty-four bits: that two of some millions of worlds share both is not to be expected.
    let hashers = (RandomState::new(), RandomState::new());
    let name = |world: &W| (hashers.0.hash_one(world), hashers.1.hash_one(world));
    let mut seen = HashSet::from([name(&first)]);
    let mut judged = 0;
    let mut edge = vec![(first, Vec::new())];
    for level in 1..=depth {
        let mut next = Vec::new();
        for (world, way) in edge {
            for act in world.acts() {
                let mut then = world.clone();
                if let Err(why) = then.step(act) {
                    panic!("{why}\nafter {:#?}", [&way[..], &[act]].concat());
                }
                judged += 1;
                if level < depth && seen.insert(name(&then)) {
                    next.push((then, [&way[..], &[act]].concat()));
                }
            }
        }
        edge = next;
    }
    println!("{judged} steps between {} worlds, {depth} deep", seen.len());
    judged
}
