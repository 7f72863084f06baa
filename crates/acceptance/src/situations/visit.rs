//! What changes in the course of a visit: the amount, and the app.

use yanmi_protocol::Amount;

use super::ordinary::{ORDINARY, confirmed};
use crate::event::{Op, Role};
use crate::play::Play;
use crate::rule::Rule;
use crate::situation::{Moment, Situation};

/// Up to this amount the person of `password-free-above-limit` needs no password.
const LIMIT_FEN: i64 = 10_000;

pub(super) const TABLE: [Situation; 3] = [
    Situation {
        id: "higher-amount",
        title: "确认之后金额变大",
        section: "1.7.1",
        steps: &[
            "扫码，按 100.00 元发起通知",
            "加开一项，预结算金额变为 150.00 元",
            "点击确认结算；系统提示后，按 150.00 元重新发起通知，再点击",
        ],
        fen: (10_000, 15_000),
        blame: Rule::Amount,
        duty: Some(Rule::Passed),
        offline: true,
        ..ORDINARY
    },
    Situation {
        id: "password-free-above-limit",
        title: "免密额度之内通知，额度之外结算",
        section: "1.4.3.2(4)A",
        steps: &[
            "扫码，按 100.00 元发起通知：返回 500320",
            "加开一项，预结算金额变为 800.00 元",
            "点击确认结算；系统提示后，按 800.00 元重新发起通知，再点击",
        ],
        fen: (LIMIT_FEN, 80_000),
        crucial: Op::Notice,
        blame: Rule::Amount,
        offline: true,
        notice: |moment| if is_free(moment) { Play::PasswordFree } else { Play::Notified },
        status: |moment| match moment.last_notice {
            Some((Play::PasswordFree, _)) => Play::PasswordFree,
            _ => Play::Unconfirmed,
        },
        ..ORDINARY
    },
    Situation {
        id: "new-token",
        title: "换渠道应用重新展码（新令牌）",
        section: "1.4.4(5)E",
        steps: &[
            "扫第一个令牌，发起通知",
            "参保人收不到通知，换渠道应用展码：在同一次就诊中扫第二个令牌，发起通知",
            "点击确认结算（有人在第一个渠道应用上确认，第二个上还没有）",
        ],
        switches: true,
        blame: Rule::Token,
        offline: true,
        status: |moment| if moment.role == Role::First { confirmed(moment) } else { Play::Unconfirmed },
        ..ORDINARY
    },
];

fn is_free(moment: &Moment) -> bool {
    moment.amount.is_some_and(|amount: Amount| amount.fen() <= LIMIT_FEN)
}
