//! 1.7.2 查询参保人线上密码核验认证状态: may we settle?

use std::time::Duration;

use yanmi_protocol::message::status as message;
use yanmi_protocol::{Code, EcToken, MemberError, Members, Problem, UnixMillis};

use crate::answer::{StatusAnswer, StatusExtension, check_number};
use crate::call::{Plan, Repeat, Reply};
use crate::center::CenterClient;
use crate::failure::{CallError, Failure, not_an_object};
use crate::transport::RawAnswer;

/// Characters a stage, its description or a next step may have.
const MAX_WORDS: usize = 200;
/// The stage of a verification that counts.
const CONFIRMED: &str = "confirmed";

/// A status query.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StatusQuery {
    /// 核验令牌: that of the notice.
    pub token: EcToken,
    /// How long the center may hold the call until the state changes, in whole seconds, at most 30; only where the
    /// configuration has `center.extended`.
    pub wait: Option<Duration>,
}

impl CenterClient {
    /// Asks whether the person has confirmed.
    ///
    /// # Errors
    /// [`CallError`]; code 500320 is none.
    pub fn status(&self, query: StatusQuery) -> Result<Reply<StatusAnswer>, CallError> {
        let most = u64::try_from(message::MAX_WAIT_SECONDS).unwrap_or(0);
        let wait = query.wait.map(|wait| wait.as_secs().min(most)).filter(|wait| *wait > 0);
        let wait = wait.filter(|_| self.settings.extended);
        let draft = message::Draft {
            token: query.token.as_str(),
            org_code: self.institution.org_code.as_str(),
            extended: self.settings.extended.then_some("1"),
            wait_seconds: wait,
        };
        let plan = Plan {
            path: message::PATH,
            message: &draft.to_json(),
            plain: false,
            repeat: Repeat::Freely,
            held: Duration::from_secs(wait.unwrap_or(0)),
        };
        let mut reply = self.run(&plan, |received| self.read_status(received))?;
        if let StatusAnswer::Checked { proven, .. } = &mut reply.answer {
            *proven = reply.report.proven;
        }
        Ok(reply)
    }

    fn read_status(&self, received: &RawAnswer) -> Result<StatusAnswer, Failure> {
        let plain = match self.open(received) {
            Err(failure) if failure.code() == Some(Code::PasswordFree) => {
                return Ok(StatusAnswer::PasswordFree);
            }
            opened => opened?,
        };
        let members = plain.members().map_err(not_an_object)?;
        // Absent would read as "0", which is what the strictest reading makes of it too; but it is no answer.
        members.text("checkStas", 1)?;
        let answer = message::Answer::read(&members)?;
        let told = if self.settings.extended { told(&members)? } else { None };
        if let Some(told) = told.as_ref().filter(|_| answer.confirmed) {
            let over = told.valid_until.is_some_and(|until| until < self.center_now());
            if told.stage != CONFIRMED || over {
                return Err(Failure::Foreign("核验状态为通过，但阶段或有效时间与之矛盾（旧应答？）"));
            }
        }
        Ok(StatusAnswer::Checked { confirmed: answer.confirmed, serial: answer.serial, told, proven: false })
    }
}

/// The members beyond the specification; nothing when the center knows none.
fn told(members: &Members<'_>) -> Result<Option<StatusExtension>, Failure> {
    let words = |name| members.optional_text(name, MAX_WORDS).map(|text| text.map(String::from));
    let Some(stage) = words("stage")? else { return Ok(None) };
    Ok(Some(StatusExtension {
        stage,
        description: words("stageDesc")?.unwrap_or_default(),
        next_step: words("nextStep")?.unwrap_or_default(),
        way: words("checkWay")?,
        at: time(members, "checkTime")?,
        amount: members.amount("checkAmount")?,
        valid_until: time(members, "validUntil")?,
        check_number: check_number(members)?,
    }))
}

fn time(members: &Members<'_>, name: &'static str) -> Result<Option<UnixMillis>, MemberError> {
    match members.time(name) {
        Ok(time) => Ok(Some(time)),
        Err(MemberError { problem: Problem::Missing, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
