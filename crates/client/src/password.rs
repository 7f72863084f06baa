//! 密码核验 `/cfc/api/userPwdCheck`: the specification's worked example (1.3.1.2).

use std::fmt;
use std::time::Duration;

use yanmi_protocol::dictionary::IdType;
use yanmi_protocol::message::{MAX_ID_NO, MAX_IDENTIFIER, MAX_USER_NAME, password as message};
use yanmi_protocol::{MemberError, PasswordDigest, Problem, mask};

use crate::call::{Plan, Repeat, Reply};
use crate::center::CenterClient;
use crate::failure::{CallError, Failure, Report, not_an_object};
use crate::transport::RawAnswer;

/// Characters of a `resBizNo` here: the longest `reqBizNo` and a time of fourteen digits.
const MAX_SERIAL: usize = 32 + 14;

/// A person and the digest of what they entered themselves. It is never stored.
pub struct PasswordQuestion<'a> {
    /// 证件类型.
    pub id_type: IdType,
    /// 请求流水号, 13 to 32 digits, a new one for each question.
    pub request_serial: &'a str,
    /// SM3 of the six digits.
    pub password: &'a PasswordDigest,
    /// 姓名.
    pub user_name: &'a str,
    /// 证件号码.
    pub id_no: &'a str,
}

impl fmt::Debug for PasswordQuestion<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordQuestion")
            .field("id_type", &self.id_type)
            .field("request_serial", &self.request_serial)
            .field("user_name", &mask::name(self.user_name))
            .field("id_no", &mask::identity_number(self.id_no))
            .finish_non_exhaustive()
    }
}

/// Whether the password was right.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PasswordAnswer {
    /// `chkFlag`.
    pub right: bool,
    /// 响应流水号: the request's number and a time.
    pub serial: String,
}

impl CenterClient {
    /// Has a password checked. Each check may count as a try, so it is never repeated unless it surely was not
    /// begun; after a failure that leaves this open, ask the person before asking the center again.
    ///
    /// # Errors
    /// [`CallError`]. A wrong password is none.
    pub fn check_password(
        &self,
        question: &PasswordQuestion<'_>,
    ) -> Result<Reply<PasswordAnswer>, CallError> {
        check(question).map_err(|error| CallError {
            failure: Failure::Request(error),
            report: Report { drift: self.drift(), ..Report::default() },
        })?;
        let digest = question.password.to_hex();
        let draft = message::Draft {
            id_type: question.id_type.code(),
            request_serial: question.request_serial,
            password: &digest,
            user_name: question.user_name,
            id_no: question.id_no,
        };
        let text = draft.to_json();
        let plan = Plan {
            path: message::PATH,
            message: &text,
            plain: false,
            repeat: Repeat::Never,
            held: Duration::ZERO,
        };
        self.run(&plan, |received| self.read_password(received, question.request_serial))
    }

    fn read_password(&self, received: &RawAnswer, request_serial: &str) -> Result<PasswordAnswer, Failure> {
        let plain = self.open(received)?;
        let members = plain.members().map_err(not_an_object)?;
        members.text("chkFlag", 1)?;
        let right = members.flag("chkFlag")?;
        let serial = members.text("resBizNo", MAX_SERIAL)?.into_owned();
        // Here the specification does tie the answer to its request.
        if !serial.starts_with(request_serial) {
            return Err(Failure::Foreign("响应流水号不以本次请求流水号开头"));
        }
        Ok(PasswordAnswer { right, serial })
    }
}

/// What the center would refuse, refused before anything is sent.
fn check(question: &PasswordQuestion<'_>) -> Result<(), MemberError> {
    let serial = question.request_serial;
    if !(13..=32).contains(&serial.len()) || !serial.bytes().all(|b| b.is_ascii_digit()) {
        return Err(MemberError::new("reqBizNo", Problem::Form("13 至 32 位数字")));
    }
    for (member, text, most) in
        [("userName", question.user_name, MAX_USER_NAME), ("idNo", question.id_no, MAX_ID_NO)]
    {
        if text.is_empty() {
            return Err(MemberError::new(member, Problem::Missing));
        }
        if text.chars().count() > most {
            return Err(MemberError::new(member, Problem::TooLong(most)));
        }
    }
    Ok(())
}

const _: () = assert!(MAX_IDENTIFIER < MAX_SERIAL, "this serial is longer than others");
