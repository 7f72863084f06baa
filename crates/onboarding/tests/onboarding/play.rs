//! People, forms and commands to play with.

use std::collections::BTreeSet;
use std::time::Duration;

use yanmi_onboarding::application::{
    Actor, Application, Attachment, Calendar, CheckItem, Circumstances, Command, Effect, Fault, Field, Form,
    FormDigest, Ground, Kind, Origin, Person, PersonId, Refused, Report, ReportConclusion, Sight, State,
    checklist,
};
use yanmi_onboarding::{Area, Grant, Level, Role};
use yanmi_protocol::{AccountId, KeyCheckValue, OrgCode, UnixMillis};

pub(crate) const DAY: Duration = Duration::from_hours(24);

/// Monday, 2026-11-30, nine o'clock in Asia/Shanghai.
pub(crate) fn monday() -> UnixMillis {
    UnixMillis::from_shanghai([2026, 11, 30, 9, 0, 0]).expect("a moment")
}

pub(crate) fn area(text: &str) -> Area {
    Area::new(text).expect("an area")
}

/// Everybody there is: a name, a number, a role and where. Number 0 is nobody's.
pub(crate) const OPERATORS: [(&str, u64, Role, &str); 13] = [
    ("county clerk", 11, Role::Clerk, "350102"),
    ("county reviewer", 12, Role::Reviewer, "350102"),
    ("city clerk", 21, Role::Clerk, "3501"),
    ("city reviewer", 22, Role::Reviewer, "3501"),
    ("province clerk", 31, Role::Clerk, "35"),
    ("province reviewer", 32, Role::Reviewer, "35"),
    ("approver", 33, Role::Approver, "35"),
    ("key keeper", 34, Role::KeyKeeper, "35"),
    ("duty", 35, Role::Duty, "3501"),
    ("helpdesk", 36, Role::Helpdesk, "35"),
    ("security admin", 37, Role::SecurityAdmin, "35"),
    ("clerk elsewhere", 41, Role::Clerk, "350203"),
    ("approver elsewhere", 42, Role::Approver, "36"),
];

/// Those who are not operators.
pub(crate) const OTHERS: [&str; 3] = ["applicant", "technician", "center"];

/// What one person is: enough for an actor to be made of.
#[derive(Clone, Debug)]
pub(crate) struct Someone {
    pub(crate) name: &'static str,
    id: PersonId,
    grants: Vec<Grant>,
}

/// The login of a number.
pub(crate) fn login(number: u64) -> PersonId {
    PersonId::new(&format!("person-{number}")).expect("a login")
}

fn number_of(name: &str) -> u64 {
    OPERATORS.iter().find(|(known, ..)| *known == name).map_or(0, |(_, number, ..)| *number)
}

impl Someone {
    pub(crate) fn named(name: &'static str) -> Self {
        let operator = OPERATORS.iter().find(|(known, ..)| *known == name);
        let grant = |(_, _, role, place): &(&str, u64, Role, &str)| Grant {
            role: *role,
            area: area(place),
            until: None,
        };
        Self {
            name,
            id: login(operator.map_or(0, |(_, id, ..)| *id)),
            grants: operator.iter().map(|known| grant(known)).collect(),
        }
    }

    /// Somebody else with the same role in the same place.
    pub(crate) fn colleague(name: &'static str) -> Self {
        let known = Self::named(name);
        Self { id: login(100 + number_of(name)), ..known }
    }

    pub(crate) fn actor(&self) -> Actor<'_> {
        match self.name {
            "applicant" => Actor::Applicant { id: login(1), admin: true },
            "technician" => Actor::Applicant { id: login(2), admin: false },
            "center" => Actor::Center,
            _ => Actor::Operator { id: self.id, grants: &self.grants },
        }
    }

    pub(crate) fn person(&self) -> Person {
        self.actor().person().expect("a person")
    }
}

pub(crate) fn everybody() -> Vec<Someone> {
    OPERATORS.iter().map(|(name, ..)| *name).chain(OTHERS).map(Someone::named).collect()
}

/// A form for which nothing is missing.
pub(crate) fn full_form(kind: Kind) -> Form {
    let mut form = Form::default();
    for field in Field::required(kind) {
        form.set(
            *field,
            match field {
                Field::CreditCode => "123500004880000001",
                Field::Region => "350102",
                Field::Account => "his001",
                Field::Channel => "C0DE000000000000000000000000000A",
                Field::Rate => "50",
                Field::AdminPhone | Field::TechnicalPhone => "0591-12345678",
                Field::AdminName => "林经办",
                Field::Interfaces => "notify, status",
                Field::Networks => "10.35.1.0/24\n2001:db8::/48",
                Field::Version => "5.2.1",
                Field::Product => "示范 HIS",
                _ => "内容",
            },
        );
    }
    form.set_institutions(BTreeSet::from([OrgCode::new("H35010200001").expect("a code")]));
    form
}

pub(crate) fn account() -> AccountId {
    AccountId::new("his001").expect("an account")
}

pub(crate) fn trial_account() -> AccountId {
    AccountId::new("t-his001").expect("an account")
}

pub(crate) fn report(origin: Origin, at: UnixMillis) -> Report {
    let product = full_form(Kind::System).product();
    Report { digest: [7; 32], conclusion: ReportConclusion::Passed, at, origin, product, run: None }
}

/// The names of all commands.
pub(crate) const COMMANDS: [&str; 27] = [
    "save",
    "add file",
    "remove file",
    "submit",
    "withdraw",
    "claim",
    "release",
    "pass",
    "return",
    "refuse",
    "approve",
    "confirm",
    "object",
    "skip",
    "see",
    "report",
    "own report",
    "witness",
    "extend",
    "accept",
    "fulfil",
    "issue",
    "take",
    "suspend",
    "resume",
    "close",
    "lapse",
];

/// An application being played, at a moment.
#[derive(Clone, Debug)]
pub(crate) struct Play {
    pub(crate) application: Application,
    pub(crate) now: UnixMillis,
    pub(crate) staffed: bool,
}

impl Play {
    pub(crate) fn new(kind: Kind) -> Self {
        let now = monday();
        let application =
            Application::draft(kind, area("350102"), false, Person::Applicant(login(1)), Vec::new(), now);
        Self { application: application.expect("a county"), now, staffed: true }
    }

    /// The digest of what lies at the desk.
    pub(crate) fn form(&self) -> FormDigest {
        match self.application.state() {
            State::InReview(review) => review.form,
            _ => FormDigest::new([0; 32]),
        }
    }

    pub(crate) fn level(&self) -> Level {
        match self.application.state() {
            State::InReview(review) => review.desk.level,
            _ => Level::Province,
        }
    }

    /// Carries out a command of this name, as it would be given rightly; the effects.
    pub(crate) fn command(&mut self, name: &str, who: &Someone) -> Result<Vec<Effect>, Refused> {
        self.command_of(name, &who.actor())
    }

    /// The same by any actor.
    pub(crate) fn command_of(&mut self, name: &str, actor: &Actor<'_>) -> Result<Vec<Effect>, Refused> {
        let (form, kind, now) = (self.form(), self.application.kind(), self.now);
        let (full, level) = (full_form(kind), self.level());
        let checked: &[CheckItem] = checklist(level, kind);
        let faults = [Fault { field: Field::Networks, why: "不是医保专网".to_owned() }];
        let (opinion, ground) = ("同意", Ground::Security);
        let (here, own) = (report(Origin::RunHere, now), report(Origin::Own, now));
        let account_for_trial = kind.needs_trial().then(trial_account);
        let kcv = KeyCheckValue::read("A1B2C3").expect("a value");
        let paper = Attachment::of_file("营业执照.pdf", b"%PDF-1.7").expect("a paper");
        let command = match name {
            "save" => Command::Save,
            "add file" => Command::AddFile(&paper),
            "remove file" => Command::RemoveFile(&paper),
            "submit" => Command::Submit(&full),
            "withdraw" => Command::Withdraw,
            "claim" => Command::Claim,
            "release" => Command::Release,
            "pass" => Command::Pass { form, checked, opinion },
            "return" => Command::Return { form, faults: &faults, opinion: "" },
            "refuse" => Command::Refuse { form, ground, opinion },
            "approve" => Command::Approve { form, checked, account: account_for_trial, opinion },
            "confirm" => Command::Confirm { form: Some(form) },
            "object" => Command::Object,
            "skip" => Command::Skip,
            "see" => Command::See(Sight::Opened),
            "report" => Command::Report(&here),
            "own report" => Command::Report(&own),
            "witness" => Command::Witness,
            "extend" => Command::Extend,
            "accept" => Command::Accept { until: None, opinion },
            "fulfil" => Command::Fulfil { opinion },
            "issue" => Command::Issue { account: account(), kcv },
            "take" => Command::Take,
            "suspend" => Command::Suspend { ground, opinion, until: Some(now.plus(Duration::from_hours(4))) },
            "resume" => Command::Resume { opinion },
            "close" => Command::Close { ground, opinion },
            "lapse" => Command::Lapse,
            other => panic!("no command {other}"),
        };
        self.give_by(&command, actor)
    }

    pub(crate) fn give(&mut self, command: &Command<'_>, who: &Someone) -> Result<Vec<Effect>, Refused> {
        self.give_by(command, &who.actor())
    }

    fn give_by(&mut self, command: &Command<'_>, actor: &Actor<'_>) -> Result<Vec<Effect>, Refused> {
        let calendar = Calendar::default();
        let world = Circumstances { calendar: &calendar, staffed: self.staffed };
        let (application, effects) = self.application.step(command, actor, &world, self.now)?;
        self.application = application;
        Ok(effects)
    }

    /// Plays some commands, each of which has to be carried out.
    pub(crate) fn played(mut self, steps: &[(&str, &'static str)]) -> Self {
        for (command, who) in steps {
            let done = self.command(command, &Someone::named(who));
            assert!(done.is_ok(), "{command} by {who}: {done:?}, {:?}", self.application);
        }
        self
    }

    pub(crate) fn later(mut self, span: Duration) -> Self {
        self.now = self.now.plus(span);
        self
    }

    /// What it is called in the table.
    pub(crate) fn state_name(&self) -> String {
        use yanmi_onboarding::application::Proposed;
        let state = match self.application.state() {
            State::Draft { .. } => "draft",
            State::InReview(review) => match review.desk.level {
                Level::County => "county",
                Level::City => "city",
                Level::Province => "province",
            },
            State::Returned { .. } => "returned",
            State::Refused { .. } => "refused",
            State::Withdrawn { .. } => "withdrawn",
            State::Trial(_) => "trial",
            State::Accepted { .. } => "accepted",
            State::Done { .. } => "done",
            State::Live(_) => "live",
            State::Suspended { .. } => "suspended",
            State::Closed { .. } => "closed",
        };
        let proposed = self.application.proposal().map(|proposal| match proposal.what {
            Proposed::Pass => " (to pass)",
            Proposed::Refuse(_) => " (to refuse)",
            Proposed::Approve(_) => " (to approve)",
            Proposed::Close(_) => " (to close)",
        });
        format!("{state}{}", proposed.unwrap_or_default())
    }
}

/// The way up, step by step.
pub(crate) const TO_COUNTY: [(&str, &str); 1] = [("submit", "applicant")];
pub(crate) const COUNTY_TO_CITY: [(&str, &str); 3] =
    [("claim", "county clerk"), ("pass", "county clerk"), ("confirm", "county reviewer")];
pub(crate) const CITY_TO_PROVINCE: [(&str, &str); 3] =
    [("claim", "city clerk"), ("pass", "city clerk"), ("confirm", "city reviewer")];
pub(crate) const TO_TRIAL: [(&str, &str); 2] = [("approve", "approver"), ("confirm", "province reviewer")];
pub(crate) const TO_LIVE: [(&str, &str); 3] =
    [("report", "center"), ("accept", "approver"), ("issue", "key keeper")];

/// All of the way, or as much of it.
pub(crate) fn way(parts: &[&[(&str, &'static str)]]) -> Play {
    way_of(Kind::System, parts)
}

pub(crate) fn way_of(kind: Kind, parts: &[&[(&str, &'static str)]]) -> Play {
    Play::new(kind).played(&parts.concat())
}

pub(crate) fn at_province() -> Play {
    way(&[&TO_COUNTY, &COUNTY_TO_CITY, &CITY_TO_PROVINCE])
}

pub(crate) fn in_trial() -> Play {
    at_province().played(&TO_TRIAL)
}

pub(crate) fn live() -> Play {
    in_trial().played(&TO_LIVE)
}

/// Accepted on a condition that has to be met within ten days.
pub(crate) fn on_condition() -> Play {
    let mut play = in_trial();
    let report = Report { conclusion: ReportConclusion::Conditional, ..report(Origin::RunHere, play.now) };
    play.give(&Command::Report(&report), &Someone::named("center")).expect("taken");
    let until = Some(play.now.plus(10 * DAY));
    play.give(&Command::Accept { until, opinion: "整改后复查" }, &Someone::named("approver"))
        .expect("accepted");
    play
}
