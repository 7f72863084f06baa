//! 1.7.1 线上密码核验认证通知: have the person asked.

use std::time::Duration;

use yanmi_protocol::message::notify as message;
use yanmi_protocol::{Amount, Code, EcToken};

use crate::answer::{NoticeAnswer, check_number};
use crate::call::{Plan, Repeat, Reply};
use crate::center::CenterClient;
use crate::failure::{CallError, Failure, not_an_object};
use crate::serial;
use crate::transport::RawAnswer;

impl CenterClient {
    /// Has the person behind a token asked to confirm, with the amount when it is known (若有应必传).
    ///
    /// It is repeated within the deadline when nothing came back: with the same amount it is the same notice (V3).
    ///
    /// # Errors
    /// [`CallError`]; code 500320 is none.
    pub fn notify(&self, token: EcToken, amount: Option<Amount>) -> Result<Reply<NoticeAnswer>, CallError> {
        let amount = amount.map(|amount| amount.to_string());
        let draft = message::Draft {
            token: token.as_str(),
            org_code: self.institution.org_code.as_str(),
            org_name: &self.institution.org_name,
            amount: amount.as_deref(),
        };
        // Asking for the number to compare is what has the person's page ask for it.
        let message = if self.settings.extended { draft.to_extended_json() } else { draft.to_json() };
        let plan = Plan {
            path: message::PATH,
            message: &message,
            plain: false,
            repeat: Repeat::Spaced(self.settings.notice_pause),
            held: Duration::ZERO,
        };
        let mut reply = self.run(&plan, |received| self.read_notice(received))?;
        if let NoticeAnswer::Notified { asked_earlier, .. } = &mut reply.answer
            && reply.report.attempts > 1
        {
            *asked_earlier = reply.report.took;
        }
        Ok(reply)
    }

    fn read_notice(&self, received: &RawAnswer) -> Result<NoticeAnswer, Failure> {
        let plain = match self.open(received) {
            Err(failure) if failure.code() == Some(Code::PasswordFree) => {
                return Ok(NoticeAnswer::PasswordFree);
            }
            opened => opened?,
        };
        let members = plain.members().map_err(not_an_object)?;
        let flag = members.text("notcFlag", 1)?.into_owned();
        let answer = message::Answer::read(&members)?;
        if !serial::is_fresh(&answer.serial, self.center_now()) {
            return Err(Failure::Foreign("通知应答的流水号不是刚刚产生的（旧应答，或本机时钟偏差过大）"));
        }
        Ok(if flag == "1" {
            let check_number = if self.settings.extended { check_number(&members)? } else { None };
            NoticeAnswer::Notified { serial: answer.serial, check_number, asked_earlier: Duration::ZERO }
        } else {
            NoticeAnswer::NotNotified { serial: answer.serial }
        })
    }
}
