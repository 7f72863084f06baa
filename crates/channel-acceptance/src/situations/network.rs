//! What happens to a report on its way, and answers that are not what they seem.

use yanmi_protocol::Code;

use super::ordinary::ORDINARY;
use crate::act::Act;
use crate::event::State;
use crate::play::Play;
use crate::post::Which::First;
use crate::rule::Rule;
use crate::situation::{Expect, Moment, Needs, Situation, honest};

/// Told, so that the situation is seen to its end; what is judged of it says another expectation.
const ANY: Expect = Expect::State(First, &State::ALL, Rule::ShowNotice);

/// The first report brings nothing; it is repeated, and taken.
const REPEATS: Situation = Situation {
    acts: &[Act::Begin, Act::Confirm, Act::Tell],
    about: Rule::RepeatAgain,
    expects: &[ANY, Expect::Again, Expect::Success, Expect::NoResult],
    ..ORDINARY
};

const UNTRUSTED: Situation = Situation {
    acts: &[Act::Begin, Act::Confirm, Act::Tell],
    about: Rule::CenterMac,
    needs: Needs::Mac,
    expects: &[ANY, Expect::Untrusted(Rule::CenterMac)],
    ..ORDINARY
};

pub(super) const TABLE: [Situation; 9] = [
    Situation {
        id: "no-answer",
        title: "上报没有应答（超时），重报",
        report: |moment| first(moment, Play::Hang),
        ..REPEATS
    },
    Situation {
        id: "reset",
        title: "上报时连接被重置，重报",
        report: |moment| first(moment, Play::Reset),
        ..REPEATS
    },
    Situation {
        id: "unknown-error",
        title: "中心答 -1，重报",
        report: |moment| first(moment, Play::Refused(Code::Unknown)),
        ..REPEATS
    },
    Situation {
        id: "center-timeout",
        title: "中心答 -3，重报",
        report: |moment| first(moment, Play::Refused(Code::Timeout)),
        ..REPEATS
    },
    Situation {
        id: "cancel-lost",
        title: "取消没有应答，重报",
        acts: &[Act::Begin, Act::Cancel, Act::Tell],
        report: |moment| first(moment, Play::Reset),
        expects: &[ANY, Expect::Again, Expect::NoResult],
        ..REPEATS
    },
    Situation {
        id: "never-answered",
        title: "中心一直答 -1",
        report: |_| Play::Refused(Code::Unknown),
        about: Rule::RepeatNoFailure,
        ..REPEATS
    },
    Situation {
        id: "answer-wrong-mac", title: "应答的 mac 不符", report: |_| Play::WrongMac, ..UNTRUSTED
    },
    Situation {
        id: "answer-played-back", title: "重放别的应答", report: |_| Play::PlayedBack, ..UNTRUSTED
    },
    Situation {
        id: "answer-wrong-key",
        title: "应答用别的密钥加密",
        report: |_| Play::WrongKey,
        about: Rule::CenterEnvelope,
        needs: Needs::Nothing,
        expects: &[ANY, Expect::Untrusted(Rule::CenterEnvelope)],
        ..UNTRUSTED
    },
];

fn first(moment: &Moment, play: Play) -> Play {
    if moment.reports == 0 { play } else { honest(moment) }
}
