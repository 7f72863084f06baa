//! What no path leads to, however long it is and whoever walks it.

use proptest::prelude::*;
use yanmi_onboarding::application::{Kind, Passed, Person, ReportConclusion, State};
use yanmi_onboarding::{Application, Level};

use crate::play::{COMMANDS, DAY, OPERATORS, OTHERS, Play, Someone};

/// What was carried out so far, kept beside the application and not by it.
#[derive(Default)]
struct Record {
    /// Levels that were passed in this round.
    passed: Vec<Level>,
    /// Who approved in this round: the two of them.
    approved: Option<(Person, Person)>,
    /// Who proposed what waits.
    proposer: Option<Person>,
    accepted: bool,
    issued: Option<Person>,
}

impl Record {
    fn note(&mut self, command: &str, who: &Someone, before: &Play, after: &Play) {
        let person = || who.person();
        match command {
            "submit" => *self = Self::default(),
            "pass" | "refuse" | "approve" | "close" => self.proposer = Some(person()),
            "skip" => self.passed.push(before.level()),
            "accept" => self.accepted = true,
            "issue" => self.issued = Some(person()),
            "confirm" => {
                let proposer = self.proposer.take().expect("something was proposed");
                assert_ne!(proposer, person(), "two persons");
                match after.application.state() {
                    State::InReview(_) => self.passed.push(before.level()),
                    State::Trial(_) | State::Done { .. } => self.approved = Some((proposer, person())),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// Whatever is live went the whole way.
    fn check(&self, play: &Play) {
        if let State::Trial(_) | State::Done { .. } | State::Accepted { .. } | State::Live(_) =
            play.application.state()
        {
            assert_eq!(self.passed, [Level::County, Level::City]);
            let (approver, second) = self.approved.expect("approved");
            assert_ne!(approver, second);
        }
        let live = match play.application.state() {
            State::Live(live) => live,
            State::Suspended { was, .. } => was,
            _ => return,
        };
        assert!(self.accepted && live.acceptance.report.conclusion != ReportConclusion::Failed);
        let issuer = self.issued.expect("a key");
        let (approver, second) = self.approved.expect("approved");
        assert!(issuer != approver && issuer != second && issuer != live.acceptance.by.by);
        assert_eq!(live.key.by, issuer);
        let levels: Vec<Level> = live.approval.passed.iter().map(Passed::level).collect();
        assert_eq!(levels, self.passed);
    }
}

/// The command that leads on, by the one it is for; so that walks get far.
fn onward(play: &Play, at: usize) -> (&'static str, &'static str) {
    let desk: &[(&str, &str)] = match play.level() {
        Level::County => {
            &[("claim", "county clerk"), ("pass", "county clerk"), ("confirm", "county reviewer")]
        }
        Level::City => &[("claim", "city clerk"), ("pass", "city clerk"), ("confirm", "city reviewer")],
        Level::Province => &[("approve", "approver"), ("confirm", "province reviewer")],
    };
    let steps: &[(&str, &str)] = match play.application.state() {
        State::Draft { .. } | State::Returned { .. } => &[("submit", "applicant")],
        State::InReview(_) => desk,
        State::Trial(_) => &[("report", "center"), ("accept", "approver")],
        State::Accepted { .. } => &[("issue", "key keeper")],
        State::Live(_) => {
            &[("take", "center"), ("see", "center"), ("suspend", "duty"), ("close", "approver")]
        }
        _ => &[("resume", "approver"), ("lapse", "center"), ("confirm", "province reviewer")],
    };
    steps[at % steps.len()]
}

fn anybody(at: usize) -> Someone {
    let names: Vec<&'static str> = OPERATORS.iter().map(|(name, ..)| *name).chain(OTHERS).collect();
    Someone::named(names[at % names.len()])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn nothing_goes_live_without_everybody_who_has_to_agree(
        kind in proptest::sample::select(vec![Kind::System, Kind::Attach, Kind::Change]),
        steps in proptest::collection::vec((0_u8..10, 0..COMMANDS.len(), 0..100_usize, 0_u8..20, any::<bool>()), 1..80),
    ) {
        let (mut play, mut record) = (Play::new(kind), Record::default());
        for (chance, command, who, hours, staffed) in steps {
            play.staffed = staffed;
            let days = if hours == 19 { 40 } else { 0 };
            play = play.later(days * DAY + std::time::Duration::from_mins(u64::from(hours)));
            let (command, who) = if chance < 8 {
                let (command, who) = onward(&play, who);
                (command, Someone::named(who))
            } else {
                (COMMANDS[command], anybody(who))
            };
            let before = play.clone();
            match play.command(command, &who) {
                Ok(_) => record.note(command, &who, &before, &play),
                Err(refused) => {
                    prop_assert_eq!(&play.application, &before.application);
                    prop_assert!(!refused.to_string().is_empty());
                }
            }
            record.check(&play);
            let stored = Application::from_json(&play.application.to_json());
            prop_assert_eq!(stored.as_ref(), Some(&play.application));
        }
    }
}

#[test]
fn walks_get_far() {
    // The walks of the property would prove nothing if none of them went live.
    let mut play = Play::new(Kind::System);
    let mut record = Record::default();
    let mut far = false;
    for at in 0..200 {
        let (command, who) = onward(&play, at);
        let (who, before) = (Someone::named(who), play.clone());
        if play.command(command, &who).is_ok() {
            record.note(command, &who, &before, &play);
        }
        record.check(&play);
        far |= matches!(play.application.state(), State::Live(_));
    }
    assert!(far);
}
