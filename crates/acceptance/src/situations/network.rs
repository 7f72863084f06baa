//! What happens on the way.

use super::ordinary::{ORDINARY, confirmed, unconfirmed};
use crate::event::Op;
use crate::play::Play;
use crate::rule::Rule;
use crate::situation::Situation;

const BROKEN: Situation = Situation {
    section: "1.4.3.2(8)A",
    crucial: Op::Notice,
    blame: Rule::Network,
    offline: true,
    status: unconfirmed,
    ..ORDINARY
};

pub(super) const TABLE: [Situation; 6] = [
    Situation {
        id: "unreachable",
        title: "中心无法连接",
        steps: &[
            "把中心地址改为本情形给出的地址（无人监听），或断开网线",
            "扫码，发起通知",
            "点击确认结算，然后改回原地址",
        ],
        dead: true,
        ..BROKEN
    },
    Situation {
        id: "reset",
        title: "连接被重置",
        notice: |_| Play::Reset,
        status: |_| Play::Reset,
        ..BROKEN
    },
    Situation { id: "timeout", title: "通知没有应答（超时）", notice: |_| Play::Hang, ..BROKEN },
    Situation {
        id: "status-timeout",
        title: "通知成功，查询没有应答（超时）",
        crucial: Op::Status,
        status: |_| Play::Hang,
        ..BROKEN
    },
    Situation {
        id: "unavailable",
        title: "HTTP 503",
        notice: |_| Play::Unavailable,
        status: |_| Play::Unavailable,
        ..BROKEN
    },
    Situation {
        id: "slow",
        title: "应答慢（4 秒）",
        crucial: Op::Status,
        blame: Rule::StatusAsked,
        duty: Some(Rule::Patience),
        notice: |_| Play::Late,
        status: |moment| match confirmed(moment) {
            Play::Confirmed => Play::Late,
            other => other,
        },
        ..BROKEN
    },
];
