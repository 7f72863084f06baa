//! Answers that are not what they seem.

use super::ordinary::{ORDINARY, confirmed};
use crate::event::Op;
use crate::play::Play;
use crate::rule::Rule;
use crate::situation::Situation;

const STRANGE: Situation = Situation { section: "1.3.1.2", blame: Rule::Envelope, offline: true, ..ORDINARY };

pub(super) const TABLE: [Situation; 8] = [
    Situation {
        id: "html",
        title: "代理返回的 HTML 错误页",
        crucial: Op::Notice,
        notice: |_| Play::Html,
        status: |_| Play::Html,
        ..STRANGE
    },
    Situation { id: "truncated", title: "应答不完整", status: |_| Play::Truncated, ..STRANGE },
    Situation { id: "twice", title: "应答中 checkStas 出现两次", status: |_| Play::Twice, ..STRANGE },
    Situation {
        id: "wrong-key", title: "应答用别的密钥加密", status: |_| Play::WrongKey, ..STRANGE
    },
    Situation {
        id: "contradiction",
        title: "code 为 -1，却带有 checkStas \"1\"",
        section: "1.1",
        blame: Rule::Order,
        status: |_| Play::Contradiction,
        ..STRANGE
    },
    Situation {
        id: "extra-members",
        title: "应答多出未知的参数",
        section: "1.3.2.2",
        blame: Rule::StatusAsked,
        duty: Some(Rule::Tolerant),
        offline: false,
        notice: |_| Play::Extra,
        status: |moment| match confirmed(moment) {
            Play::Confirmed => Play::Extra,
            other => other,
        },
        ..STRANGE
    },
    Situation {
        id: "replayed",
        title: "重放昨天的应答",
        section: "1.7.2",
        blame: Rule::Replay,
        status: |_| Play::Replayed,
        ..STRANGE
    },
    Situation {
        id: "another-serial",
        title: "应答说的是另一次通知",
        section: "1.7.2",
        blame: Rule::Replay,
        status: |_| Play::Foreign,
        ..STRANGE
    },
];
