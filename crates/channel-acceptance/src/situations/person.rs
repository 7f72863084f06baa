//! What the person does.

use yanmi_protocol::Code;
use yanmi_protocol::message::channel_notice::Way;

use super::ordinary::ORDINARY;
use crate::act::Act;
use crate::event::{State, Status};
use crate::play::Play;
use crate::post::Which::First;
use crate::post::{notice, withdrawal};
use crate::rule::Rule;
use crate::situation::{Expect, Moment, Needs, Situation, honest};

const CREDENTIAL: Needs = Needs::Way(Way::CredentialPassword);
const FACE: Needs = Needs::Way(Way::Face);
const CHANNEL: Needs = Needs::Way(Way::ChannelPassword);
const CONFIRMED: &[Expect] = &[
    Expect::Did(First, Status::Confirmed, Rule::ReportConfirmed),
    Expect::State(First, &State::ALL, Rule::ShowNotice),
    Expect::Success,
];
/// Answered, in whatever words; not asked again, and not taken back.
const FINAL: &[State] =
    &[State::Confirmed, State::Failed, State::Cancelled, State::NotMe, State::Closed, State::Absent];
const LOCKED: &[State] = &[State::Locked, State::Failed, State::Pending];

const CONFIRMS: Situation = Situation { about: Rule::CenterSuccess, expects: CONFIRMED, ..ORDINARY };

pub(super) const TABLE: [Situation; 16] = [
    Situation {
        id: "password",
        title: "凭证密码，一次输对",
        acts: &[Act::Begin, Act::Password, Act::Tell],
        needs: CREDENTIAL,
        ..CONFIRMS
    },
    Situation {
        id: "wrong-then-right",
        title: "凭证密码，错一次再对",
        acts: &[Act::Begin, Act::WrongPassword, Act::Password, Act::Tell],
        needs: CREDENTIAL,
        about: Rule::CenterTries,
        expects: &[
            Expect::Did(First, Status::Confirmed, Rule::ReportConfirmed),
            Expect::State(First, &State::ALL, Rule::ShowNotice),
            Expect::Success,
            Expect::Tries,
        ],
        ..CONFIRMS
    },
    Situation {
        id: "locked",
        title: "凭证密码，错到锁定",
        acts: &[Act::Begin, Act::WrongPassword, Act::WrongPassword, Act::Try, Act::Tell],
        needs: CREDENTIAL,
        report: locking,
        about: Rule::CenterLocked,
        expects: &[
            Expect::State(First, LOCKED, Rule::CenterCode),
            Expect::NoMoreTries,
            Expect::Words(Rule::CenterLocked),
        ],
        ..CONFIRMS
    },
    Situation {
        id: "no-password",
        title: "没有设置凭证密码（500042），换一种方式",
        acts: &[Act::Begin, Act::Password, Act::Confirm, Act::Tell],
        needs: Needs::AnotherWay,
        report: |moment| match moment.deed.way {
            Some(Way::CredentialPassword) => Play::Refused(Code::PasswordNotSet),
            _ => honest(moment),
        },
        about: Rule::CenterOther,
        expects: &[
            Expect::State(First, &State::ALL, Rule::ShowNotice),
            Expect::Success,
            Expect::AnotherAttempt,
        ],
        ..CONFIRMS
    },
    Situation {
        id: "person-mismatch",
        title: "身份信息不一致（500057）",
        acts: &[Act::Begin, Act::Password, Act::Tell],
        needs: CREDENTIAL,
        report: |_| Play::Refused(Code::IdentityMismatch),
        about: Rule::CenterCode,
        expects: &[Expect::State(
            First,
            &[State::Failed, State::Pending, State::Closed, State::Locked],
            Rule::CenterCode,
        )],
        ..CONFIRMS
    },
    Situation {
        id: "face",
        title: "刷脸",
        acts: &[Act::Begin, Act::Face, Act::Tell],
        needs: FACE,
        ..CONFIRMS
    },
    Situation {
        id: "face-again",
        title: "刷脸授权码无效（500008），重新刷脸",
        acts: &[Act::Begin, Act::Face, Act::Face, Act::Tell],
        needs: FACE,
        report: |moment| if moment.reports == 0 { Play::Refused(Code::BadAuthNo) } else { honest(moment) },
        about: Rule::CenterOther,
        expects: &[
            Expect::State(First, &State::ALL, Rule::ShowNotice),
            Expect::Success,
            Expect::AnotherAttempt,
        ],
        ..CONFIRMS
    },
    Situation {
        id: "channel-password",
        title: "渠道支付密码，核验通过",
        acts: &[Act::Begin, Act::ChannelPassword, Act::Tell],
        needs: CHANNEL,
        ..CONFIRMS
    },
    Situation {
        id: "channel-password-wrong",
        title: "渠道支付密码，核验不通过",
        acts: &[Act::Begin, Act::WrongChannelPassword, Act::Tell],
        needs: CHANNEL,
        about: Rule::ReportHonest,
        expects: &[
            Expect::NoConfirmation(First, Rule::ReportHonest),
            Expect::State(
                First,
                &[State::Failed, State::Pending, State::Locked, State::Closed, State::Cancelled],
                Rule::ReportHonest,
            ),
        ],
        ..CONFIRMS
    },
    Situation {
        id: "cancelled",
        title: "取消",
        acts: &[Act::Begin, Act::Cancel, Act::Tell],
        about: Rule::ReportCancel,
        expects: &[
            Expect::Did(First, Status::Cancelled, Rule::ReportCancel),
            Expect::State(
                First,
                &[State::Cancelled, State::Closed, State::Absent, State::NotMe],
                Rule::ReportCancel,
            ),
        ],
        ..CONFIRMS
    },
    Situation {
        id: "not-me",
        title: "“不是我”",
        acts: &[Act::Begin, Act::NotMe, Act::Tell],
        about: Rule::ReportNotMe,
        expects: &[
            Expect::Did(First, Status::NotMe, Rule::ReportNotMe),
            Expect::State(
                First,
                &[State::NotMe, State::Closed, State::Absent, State::Cancelled],
                Rule::ReportNotMe,
            ),
        ],
        ..CONFIRMS
    },
    Situation {
        id: "void",
        title: "上报时已不作数（500014）",
        acts: &[Act::Begin, Act::Confirm, Act::Tell],
        report: |_| Play::Refused(Code::BadNoticeNo),
        about: Rule::CenterClosed,
        expects: &[Expect::State(First, &State::ALL, Rule::ShowNotice), Expect::Closed],
        ..CONFIRMS
    },
    Situation {
        id: "done-then-late",
        title: "确认之后，旧通知晚到",
        acts: &[Act::Begin, Act::Confirm, Act::Next, Act::Tell],
        posts: &[notice(First, 2)],
        then: &[notice(First, 1), notice(First, 2)],
        about: Rule::OrderFinal,
        expects: &[Expect::State(First, FINAL, Rule::OrderFinal), Expect::Alerts(First, 1, Rule::OrderFinal)],
        ..CONFIRMS
    },
    Situation {
        id: "done-then-anew",
        title: "确认之后，同一条通知又来（notcSeq 变大）",
        acts: &[Act::Begin, Act::Confirm, Act::Next, Act::Tell],
        then: &[notice(First, 2)],
        about: Rule::OrderFinal,
        expects: &[Expect::State(First, FINAL, Rule::OrderFinal), Expect::Alerts(First, 1, Rule::OrderFinal)],
        ..CONFIRMS
    },
    Situation {
        id: "done-then-withdrawn",
        title: "取消之后，撤回才到",
        acts: &[Act::Begin, Act::Cancel, Act::Next, Act::Tell],
        then: &[withdrawal(First, 2)],
        about: Rule::OrderFinal,
        expects: &[Expect::State(First, FINAL, Rule::OrderFinal)],
        ..CONFIRMS
    },
    Situation {
        id: "confirmed-once",
        title: "确认之后再点开",
        acts: &[Act::Begin, Act::Confirm, Act::Try, Act::Tell],
        about: Rule::OrderFinal,
        expects: &[Expect::State(First, FINAL, Rule::OrderFinal), Expect::Success],
        ..CONFIRMS
    },
];

/// Two wrong passwords, and no more.
fn locking(moment: &Moment) -> Play {
    match moment.reports {
        0 => Play::WrongPassword(1),
        1 => Play::WrongPassword(0),
        _ => Play::Refused(Code::TooFrequent),
    }
}
