//! What the insured person does: confirms, needs not, has not yet, will not.

use std::time::Duration;

use super::ordinary::{ORDINARY, confirmed, unconfirmed};
use crate::event::Op;
use crate::play::Play;
use crate::rule::Rule;
use crate::situation::{Moment, Situation};

/// How long the confirmation of `runs-out` counts.
const RUNS_OUT: Duration = Duration::from_secs(20);

pub(super) const TABLE: [Situation; 8] = [
    Situation { id: "confirmed", title: "参保人已确认", duty: Some(Rule::Passed), ..ORDINARY },
    Situation {
        id: "password-free",
        title: "通知返回 500320（免密）",
        section: "1.4.3.2(4)A",
        crucial: Op::Notice,
        blame: Rule::Exempt,
        duty: Some(Rule::Exempt),
        notice: |_| Play::PasswordFree,
        status: |_| Play::PasswordFree,
        ..ORDINARY
    },
    Situation {
        id: "password-free-status",
        title: "通知成功，查询返回 500320（免密）",
        section: "1.4.3.2(6)B",
        blame: Rule::StatusAsked,
        duty: Some(Rule::Exempt),
        status: |_| Play::PasswordFree,
        ..ORDINARY
    },
    Situation {
        id: "zero-then-one",
        title: "先为 \"0\"，重发通知后为 \"1\"",
        section: "1.4.4(5)A",
        steps: &[
            "扫码，发起通知",
            "点击确认结算：应提示参保人尚未认证",
            "由经办人员重新发起通知（间隔 3 秒以上）",
            "再次点击确认结算",
        ],
        again: true,
        blame: Rule::Status,
        duty: Some(Rule::Passed),
        offline: true,
        status: |moment| if moment.notices > 1 { Play::Confirmed } else { Play::Unconfirmed },
        ..ORDINARY
    },
    Situation {
        id: "declined",
        title: "参保人取消，或表示不是本人",
        section: "1.6.2(9)A",
        blame: Rule::Status,
        offline: true,
        status: unconfirmed,
        ..ORDINARY
    },
    Situation {
        id: "expired",
        title: "参保人没有理会，通知已过期",
        section: "1.6.2(9)A",
        steps: &["扫码，发起通知", "不作任何操作", "点击确认结算"],
        blame: Rule::Status,
        offline: true,
        status: unconfirmed,
        ..ORDINARY
    },
    Situation {
        id: "runs-out",
        title: "查询时有效，结算时已失效",
        section: "1.6.2(8)B",
        steps: &[
            "扫码，发起通知",
            "只查询状态，先不结算：显示已认证（系统没有单独的查询则跳过）",
            "等待 25 秒：此认证只在 20 秒内有效",
            "点击确认结算",
        ],
        valid: RUNS_OUT,
        blame: Rule::Recheck,
        offline: true,
        status: runs_out,
        ..ORDINARY
    },
    Situation {
        id: "card-settlement",
        title: "扫码就诊，结算时选身份证",
        section: "1.6.2(2)、(8)A",
        steps: &["扫码，发起通知", "以身份证（mdtrt_cert_type 02）结算，点击确认结算"],
        cert_type: "02",
        blame: Rule::Medium,
        offline: true,
        status: unconfirmed,
        ..ORDINARY
    },
];

fn runs_out(moment: &Moment) -> Play {
    let over = moment.confirmed_at.is_some_and(|at| moment.now.since(at) >= RUNS_OUT);
    if over { Play::Unconfirmed } else { confirmed(moment) }
}
