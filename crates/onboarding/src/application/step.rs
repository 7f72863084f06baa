//! One step: who may, what comes next, what has to follow.

use yanmi_protocol::UnixMillis;

use crate::application::actor::Actor;
use crate::application::case::Application;
use crate::application::command::{Command, Effect, Tiding};
use crate::application::form::{Fault, Field, Form, FormDigest};
use crate::application::moment::{Circumstances, Moment, Step};
use crate::application::refused::Refused;
use crate::application::state::{Decision, Desk, Proposal, Proposed, Review, State, Withdrawal};
use crate::application::{after, deadline, desk, province, right};

/// Times one application may be submitted.
const MAX_ROUNDS: u8 = 20;

impl Application {
    /// Carries out a command, or says why not. Store the application and everything the effects ask for in one transaction.
    ///
    /// # Errors
    /// [`Refused`], the first that applies: first whose the command is, then whether it can be done in this state, then what
    /// it says.
    pub fn step(
        &self,
        command: &Command<'_>,
        actor: &Actor<'_>,
        world: &Circumstances<'_>,
        now: UnixMillis,
    ) -> Step {
        right::check(self, command, actor, now)?;
        let moment = Moment { actor, world, now };
        if matches!(command, Command::Lapse) {
            return after::lapse(self, &moment);
        }
        // What is over is over, also when the center has not come to carry it out.
        if self.has_lapsed(now) {
            return Err(Refused::Lapsed);
        }
        match command {
            Command::Save | Command::AddFile(_) | Command::RemoveFile(_) => self.save(&moment),
            Command::Submit(form) => self.submit(form, &moment),
            Command::Withdraw => self.withdraw(&moment),
            Command::Claim => desk::claim(self, &moment),
            Command::Release => desk::release(self, &moment),
            Command::Pass { form, checked, opinion } => desk::pass(self, *form, checked, opinion, &moment),
            Command::Return { form, faults, opinion } => {
                desk::send_back(self, *form, faults, opinion, &moment)
            }
            Command::Skip => desk::skip(self, &moment),
            Command::Refuse { form, ground, opinion } => {
                province::refuse(self, *form, *ground, opinion, &moment)
            }
            Command::Approve { form, checked, account, opinion } => {
                province::approve(self, *form, checked, (*account, opinion), &moment)
            }
            Command::Confirm { form } => self.confirm(*form, &moment),
            Command::Object => self.object(&moment),
            Command::See(sight) => after::see(self, *sight, &moment),
            Command::Report(report) => after::report(self, report),
            Command::Witness => after::witness(self, &moment),
            Command::Extend => after::extend(self),
            Command::Accept { until, opinion } => after::accept(self, *until, opinion, &moment),
            Command::Fulfil { opinion } => after::fulfil(self, opinion, &moment),
            Command::Issue { account, kcv } => after::issue(self, (*account, *kcv), &moment),
            Command::Take => after::take(self, &moment),
            Command::Suspend { ground, opinion, until } => {
                after::suspend(self, *ground, opinion, *until, &moment)
            }
            Command::Resume { opinion } => after::resume(self, opinion, &moment),
            Command::Close { ground, opinion } => after::close(self, *ground, opinion, &moment),
            Command::Lapse => Err(Refused::NotDue),
        }
    }

    /// The same application in another state; what waited for a second person is gone.
    pub(super) fn moved(&self, state: State) -> Self {
        Self { state, proposal: None, ..self.clone() }
    }

    /// The same application with something noted; what waits goes on waiting.
    pub(super) fn noted(&self, state: State) -> Self {
        Self { state, ..self.clone() }
    }

    /// Waits for a second person.
    pub(super) fn proposed(&self, what: Proposed, by: Decision) -> Self {
        Self { proposal: Some(Proposal { what, by }), ..self.clone() }
    }

    /// What waits for a second person, and has not waited too long.
    pub(super) fn pending(&self, now: UnixMillis) -> Option<&Proposal> {
        self.proposal.as_ref().filter(|proposal| now < proposal.by.at.plus(deadline::PROPOSAL))
    }

    fn save(&self, moment: &Moment<'_>) -> Step {
        match &self.state {
            State::Draft { .. } => Ok((self.moved(State::Draft { saved_at: moment.now }), Vec::new())),
            // What is mended is stored beside the application; its time goes on.
            State::Returned { .. } => Ok((self.clone(), Vec::new())),
            _ => Err(Refused::NotNow),
        }
    }

    fn submit(&self, form: &Form, moment: &Moment<'_>) -> Step {
        let round = match &self.state {
            State::Draft { .. } => 1,
            State::Returned { round, .. } => round.saturating_add(1),
            _ => return Err(Refused::NotNow),
        };
        if round > MAX_ROUNDS {
            return Err(Refused::Rounds);
        }
        let missing = form.missing(self.kind);
        if !missing.is_empty() {
            return Err(Refused::Missing(missing));
        }
        let mut faults = form.faults();
        if form.text(Field::Region) != Some(self.place.as_str()) {
            faults.push(Fault { field: Field::Region, why: "与申请所在的区划不同".to_owned() });
        }
        if !faults.is_empty() {
            return Err(Refused::Faulty(faults));
        }
        let digest = form.digest();
        let desk = Desk { level: self.start, since: moment.now, claim: None };
        let review = Review { form: digest, product: form.product(), round, desk, passed: Vec::new() };
        let due = moment.world.calendar.due(moment.now, deadline::RED);
        let effects = vec![
            Effect::KeepForm { round, form: digest },
            Effect::ShowAt(self.start),
            Effect::Tell(Tiding::Submitted { level: self.start, due }),
        ];
        Ok((self.moved(State::InReview(review)), effects))
    }

    fn withdraw(&self, moment: &Moment<'_>) -> Step {
        let mut effects = match &self.state {
            State::Draft { .. } | State::InReview(_) | State::Returned { .. } => Vec::new(),
            State::Trial(trial) => vec![Effect::Disable(trial.account)],
            _ => return Err(Refused::NotNow),
        };
        effects.push(Effect::Tell(Tiding::Withdrawn));
        let why = Withdrawal::By(moment.person()?);
        Ok((self.moved(State::Withdrawn { at: moment.now, why }), effects))
    }

    /// The second person: what was proposed is carried out.
    fn confirm(&self, form: Option<FormDigest>, moment: &Moment<'_>) -> Step {
        let proposal = self.pending(moment.now).ok_or(Refused::NoProposal)?;
        let second = moment.person()?;
        if proposal.by.by == second {
            return Err(Refused::SamePerson);
        }
        match (&self.state, &proposal.what) {
            (State::InReview(review), _) if form != Some(review.form) => Err(Refused::Stale),
            (State::InReview(review), Proposed::Pass) => {
                desk::passed(self, review, (proposal.by.clone(), second), moment)
            }
            (State::InReview(_), Proposed::Refuse(ground)) => {
                let state = State::Refused { by: (proposal.by.clone(), second), ground: *ground };
                Ok((self.moved(state), vec![Effect::Tell(Tiding::Refused)]))
            }
            (State::InReview(review), Proposed::Approve(account)) => {
                Ok(province::approved(self, review, *account, (proposal.by.clone(), second), moment))
            }
            (State::Live(live), Proposed::Close(ground)) => {
                Ok(after::closed(self, live, *ground, (proposal.by.clone(), second)))
            }
            (State::Suspended { was, .. }, Proposed::Close(ground)) => {
                Ok(after::closed(self, was, *ground, (proposal.by.clone(), second)))
            }
            _ => Err(Refused::NoProposal),
        }
    }

    fn object(&self, moment: &Moment<'_>) -> Step {
        self.pending(moment.now).ok_or(Refused::NoProposal)?;
        let shown = match &self.state {
            State::InReview(review) => vec![Effect::ShowAt(review.desk.level)],
            _ => Vec::new(),
        };
        Ok((Self { proposal: None, ..self.clone() }, shown))
    }
}
