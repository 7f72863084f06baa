//! Wrong passwords: however many are asked about at once, in whatever order the answers come, no more reach the national
//! center between two right ones than the policy says, until the lock is over.

use std::time::Duration;

use yanmi_protocol::UnixMillis;
use yanmi_verification::Policy;
use yanmi_verification::password_try::{PasswordTries, Verdict};

use super::{World, depth, walk};
use crate::scene::START;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Document {
    now: UnixMillis,
    tries: PasswordTries,
    /// Questions without an answer.
    asked: u32,
    /// When passwords were asked about that were not known to be right since.
    wrong: Vec<UnixMillis>,
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Ask,
    Answer(Verdict),
    Wait(Duration),
}

fn policy() -> Policy {
    Policy { password_tries: 3, ..Policy::default() }
}

impl World for Document {
    type Act = Act;

    fn acts(&self) -> Vec<Act> {
        let mut acts = vec![Act::Ask, Act::Wait(Duration::from_mins(14)), Act::Wait(Duration::from_mins(1))];
        if self.asked > 0 {
            acts.extend([Verdict::Right, Verdict::Wrong].map(Act::Answer));
        }
        acts
    }

    fn step(&mut self, act: Act) -> Result<(), String> {
        let policy = policy();
        match act {
            Act::Ask => {
                let lock = policy.password_lock;
                let recent = self.wrong.iter().filter(|at| self.now.since(**at) < lock).count();
                if let Ok(tries) = self.tries.begin(self.now, &policy) {
                    if recent >= policy.password_tries as usize {
                        return Err(format!("a try after {recent} within the time of the lock"));
                    }
                    self.tries = tries;
                    self.asked += 1;
                    self.wrong.push(self.now);
                    self.wrong.retain(|at| self.now.since(*at) < lock);
                }
            }
            Act::Answer(verdict) => {
                self.asked -= 1;
                self.tries = self.tries.end(verdict);
                if verdict == Verdict::Right {
                    self.wrong.clear();
                }
            }
            Act::Wait(span) => self.now = self.now.plus(span),
        }
        Ok(())
    }
}

#[test]
fn no_order_of_questions_and_answers_wins_a_try() {
    let fresh = Document { now: START, tries: PasswordTries::default(), asked: 0, wrong: Vec::new() };
    assert!(walk(fresh, depth(8)) > 100);
}
