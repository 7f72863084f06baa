//! Why a command is not carried out.

use std::fmt;

use crate::application::form::{Fault, Field};
use crate::grant::Denied;

/// Why not. What is displayed is for operators and applicants.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refused {
    /// There is no such thing to do in this state.
    NotNow,
    /// It is not his to do: he is not of the applicant, or not an operator, or has not the role or not there.
    NotHis(Option<Denied>),
    /// He filed it, or is a contact of it.
    Own,
    /// He proposed it, approved it, or is otherwise the first of two persons.
    SamePerson,
    /// What he looked at is not what is there now: the form was submitted anew.
    Stale,
    /// Required fields are empty.
    Missing(Vec<Field>),
    /// Fields are wrong.
    Faulty(Vec<Fault>),
    /// Its time is over.
    Lapsed,
    /// Something waits for a second person already.
    Pending,
    /// Somebody else works on it.
    Claimed,
    /// He has to claim it first.
    NotClaimed,
    /// Not every question of the checklist was answered with yes.
    Checklist,
    /// There is nothing that waits for a second person, or it waited too long.
    NoProposal,
    /// A reason or an opinion is missing, or too long.
    Opinion,
    /// The time for it has not come.
    NotDue,
    /// There is no report, or none that is enough; why.
    Report(&'static str),
    /// A moment is out of what is allowed; what is.
    Time(&'static str),
    /// An account is missing, or there is one where there should be none.
    Account,
    /// A code is not one of its kind; what is expected.
    Code(&'static str),
    /// It was submitted too often.
    Rounds,
}

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::NotNow => "申请现在的状态不能这样办理",
            Self::NotHis(Some(denied)) => return denied.fmt(out),
            Self::NotHis(None) => "不是可以办理此事的人",
            Self::Own => "不能办理自己提交或自己是联系人的申请",
            Self::SamePerson => "须由另一人办理",
            Self::Stale => "申请已重新提交，所看的不是现在这一份：请刷新后重新办理",
            Self::Missing(fields) => {
                return list(out, "缺少", fields.iter().map(|field| field.name().to_owned()));
            }
            Self::Faulty(faults) => {
                let each = faults.iter().map(|fault| format!("{}{}", fault.field.name(), fault.why));
                return list(out, "", each);
            }
            Self::Lapsed => "时限已过",
            Self::Pending => "已有事项等待复核",
            Self::Claimed => "他人正在办理",
            Self::NotClaimed => "请先领取",
            Self::Checklist => "审查要点须逐项为“是”；有不符合的，请退回",
            Self::NoProposal => "没有等待复核的事项，或已过期",
            Self::Opinion => "须写明意见，且不能过长",
            Self::NotDue => "时限未到",
            Self::Report(why) | Self::Time(why) | Self::Code(why) => why,
            Self::Account => "须给出（或不应给出）账户",
            Self::Rounds => "提交次数过多，请另行申请",
        })
    }
}

fn list(out: &mut fmt::Formatter<'_>, before: &str, items: impl Iterator<Item = String>) -> fmt::Result {
    let items: Vec<String> = items.collect();
    write!(out, "{before}{}", items.join("、"))
}

impl std::error::Error for Refused {}
