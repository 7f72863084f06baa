//! In which order things arrive, and how often.

use std::time::Duration;

use super::ordinary::ORDINARY;
use crate::act::Act;
use crate::event::State;
use crate::post::Which::{First, Second};
use crate::post::{LIFE, Post, notice, withdrawal};
use crate::rule::Rule;
use crate::situation::{Expect, Listing, Situation};

/// What is no longer there may be shown in any of these words.
const GONE: &[State] = &[State::Withdrawn, State::Closed, State::Absent];
const REPLACED: &[State] = &[State::Superseded, State::Withdrawn, State::Closed, State::Absent];
const OVER: &[State] = &[State::Expired, State::Closed, State::Absent];
const PENDING: &[State] = &[State::Pending];
/// How long the notices live that are to expire.
const SHORT: Duration = Duration::from_secs(20);
/// A second longer than [`SHORT`], and some.
const PAST_SHORT: Act = Act::Wait(25);

pub(super) const TABLE: [Situation; 17] = [
    Situation {
        id: "delivered",
        title: "一条通知",
        expects: &[
            Expect::State(First, PENDING, Rule::ShowNotice),
            Expect::Alerts(First, 1, Rule::AlertOnce),
        ],
        ..ORDINARY
    },
    Situation {
        id: "repeated",
        title: "同一条通知来两次（notcSeq 相同）",
        posts: &[notice(First, 1), notice(First, 1)],
        about: Rule::AlertOnce,
        expects: &[
            Expect::State(First, PENDING, Rule::ShowNotice),
            Expect::Alerts(First, 1, Rule::AlertOnce),
        ],
        ..ORDINARY
    },
    Situation {
        id: "anew",
        title: "窗口再发一次（编号相同，notcSeq 变大）",
        posts: &[notice(First, 1), notice(First, 2)],
        about: Rule::AlertAnew,
        expects: &[
            Expect::State(First, PENDING, Rule::ShowNotice),
            Expect::Alerts(First, 2, Rule::AlertAnew),
        ],
        ..ORDINARY
    },
    Situation {
        id: "late",
        title: "同一条的旧报文晚到（notcSeq 较小）",
        posts: &[notice(First, 2), Post { life: SHORT, ..notice(First, 1) }],
        about: Rule::OrderLate,
        acts: &[Act::Begin, PAST_SHORT, Act::Tell],
        expects: &[Expect::State(First, PENDING, Rule::OrderLate), Expect::Alerts(First, 1, Rule::OrderLate)],
        ..ORDINARY
    },
    Situation {
        id: "late-other",
        title: "旧的一条在新的一条之后到",
        posts: &[notice(Second, 2), notice(First, 1)],
        about: Rule::OrderLate,
        expects: &[
            Expect::State(Second, PENDING, Rule::OrderLate),
            Expect::State(First, REPLACED, Rule::OrderLate),
            Expect::Alerts(First, 0, Rule::OrderLate),
        ],
        ..ORDINARY
    },
    Situation {
        id: "withdrawn",
        title: "撤回",
        posts: &[notice(First, 1), withdrawal(First, 2)],
        about: Rule::OrderWithdrawn,
        expects: &[Expect::State(First, GONE, Rule::OrderWithdrawn)],
        ..ORDINARY
    },
    Situation {
        id: "withdrawn-same",
        title: "撤回的 notcSeq 与通知相同",
        posts: &[notice(First, 1), withdrawal(First, 1)],
        about: Rule::OrderWithdrawn,
        expects: &[Expect::State(First, GONE, Rule::OrderWithdrawn)],
        ..ORDINARY
    },
    Situation {
        id: "withdrawn-first",
        title: "撤回先到，通知后到",
        posts: &[withdrawal(First, 1), notice(First, 1)],
        about: Rule::OrderWithdrawn,
        expects: &[
            Expect::State(First, GONE, Rule::OrderWithdrawn),
            Expect::Alerts(First, 0, Rule::OrderWithdrawn),
        ],
        ..ORDINARY
    },
    Situation {
        id: "withdrawn-twice",
        title: "撤回来两次",
        posts: &[notice(First, 1), withdrawal(First, 2), withdrawal(First, 2)],
        about: Rule::OrderWithdrawn,
        expects: &[Expect::State(First, GONE, Rule::OrderWithdrawn)],
        ..ORDINARY
    },
    Situation {
        id: "withdrawal-late",
        title: "旧的撤回在更新的通知之后到",
        posts: &[notice(First, 3), withdrawal(First, 2)],
        about: Rule::OrderLate,
        expects: &[Expect::State(First, PENDING, Rule::OrderLate)],
        ..ORDINARY
    },
    Situation {
        id: "withdrawn-open",
        title: "停在认证页上时被撤回",
        acts: &[Act::Begin, Act::Next, Act::Try, Act::Tell],
        then: &[withdrawal(First, 2)],
        about: Rule::OrderWithdrawn,
        expects: &[
            Expect::State(First, GONE, Rule::OrderWithdrawn),
            Expect::NoConfirmation(First, Rule::OrderWithdrawn),
        ],
        ..ORDINARY
    },
    Situation {
        id: "replaced",
        title: "金额变了，新通知取代旧的",
        posts: &[notice(First, 1), Post { fen: Some(15_000), ..notice(Second, 2) }],
        about: Rule::OrderReplaced,
        expects: &[
            Expect::State(First, REPLACED, Rule::OrderReplaced),
            Expect::State(Second, PENDING, Rule::ShowNotice),
        ],
        ..ORDINARY
    },
    Situation {
        id: "two-institutions",
        title: "同一令牌，两家机构同时通知",
        posts: &[notice(First, 1), notice(Second, 1)],
        apart: true,
        about: Rule::OrderApart,
        expects: &[
            Expect::State(First, PENDING, Rule::OrderApart),
            Expect::State(Second, PENDING, Rule::OrderApart),
        ],
        ..ORDINARY
    },
    Situation {
        id: "expired",
        title: "到了 expTime",
        acts: &[Act::Begin, PAST_SHORT, Act::Try, Act::Tell],
        posts: &[Post { life: SHORT, ..notice(First, 1) }],
        about: Rule::OrderExpired,
        expects: &[
            Expect::State(First, OVER, Rule::OrderExpired),
            Expect::NoConfirmation(First, Rule::OrderExpired),
        ],
        ..ORDINARY
    },
    Situation {
        id: "extended",
        title: "再次通知，expTime 延长",
        acts: &[Act::Begin, PAST_SHORT, Act::Tell],
        posts: &[Post { life: SHORT, ..notice(First, 1) }, Post { life: LIFE, ..notice(First, 2) }],
        about: Rule::OrderExtended,
        expects: &[Expect::State(First, PENDING, Rule::OrderExtended)],
        ..ORDINARY
    },
    Situation {
        id: "lost",
        title: "推送丢了，打开消息中心找到",
        acts: &[Act::Begin, Act::OpenCenter, Act::Tell],
        posts: &[Post { pushed: false, ..notice(First, 1) }],
        about: Rule::ShowCenter,
        expects: &[Expect::Asks, Expect::State(First, PENDING, Rule::ShowCenter)],
        ..ORDINARY
    },
    Situation {
        id: "listed-twice",
        title: "推送到了，待办通知又列出两次",
        acts: &[Act::Begin, Act::OpenCenter, Act::Tell],
        listing: Listing::Twice,
        about: Rule::AlertOnce,
        expects: &[
            Expect::State(First, PENDING, Rule::ShowNotice),
            Expect::Alerts(First, 1, Rule::AlertOnce),
        ],
        ..ORDINARY
    },
];
