//! What the app is not to take.

use super::ordinary::ORDINARY;
use crate::act::Act;
use crate::post::Which::First;
use crate::post::{Post, Recipient, Wanted, Wrapping, notice, withdrawal};
use crate::rule::Rule;
use crate::situation::{Needs, Situation};

/// Nobody has to look: what the app answers is all.
const ALONE: Situation = Situation { acts: &[Act::Begin], ..ORDINARY };

pub(super) const TABLE: [Situation; 8] = [
    Situation {
        id: "wrong-mac",
        title: "通知的 mac 不符",
        posts: &[Post { wrapping: Wrapping::WrongMac, wanted: Wanted::DeniedMac, ..notice(First, 1) }],
        about: Rule::DenyMac,
        ..ALONE
    },
    Situation {
        id: "wrong-mac-withdrawal",
        title: "撤回的 mac 不符",
        posts: &[
            notice(First, 1),
            Post { wrapping: Wrapping::WrongMac, wanted: Wanted::DeniedMac, ..withdrawal(First, 2) },
        ],
        about: Rule::DenyMac,
        ..ALONE
    },
    Situation {
        id: "no-mac",
        title: "通知没有 mac",
        posts: &[Post { wrapping: Wrapping::NoMac, wanted: Wanted::DeniedMac, ..notice(First, 1) }],
        needs: Needs::Mac,
        about: Rule::DenyMac,
        ..ALONE
    },
    Situation {
        id: "not-opening",
        title: "通知打不开（别的密钥）",
        posts: &[Post { wrapping: Wrapping::OtherKey, wanted: Wanted::DeniedSealed, ..notice(First, 1) }],
        about: Rule::DenySealed,
        ..ALONE
    },
    Situation {
        id: "stranger",
        title: "没有这个参保人",
        posts: &[Post { to: Recipient::Stranger, wanted: Wanted::Stranger, ..notice(First, 1) }],
        about: Rule::DenyStranger,
        ..ALONE
    },
    Situation {
        id: "other-channel",
        title: "别的渠道的通知",
        posts: &[Post { to: Recipient::OtherChannel, wanted: Wanted::OtherChannel, ..notice(First, 1) }],
        about: Rule::DenyChannel,
        ..ALONE
    },
    Situation {
        id: "too-large",
        title: "报文超过 64 KiB",
        // Whoever answers the first one and not the second was there, and did not take it.
        posts: &[
            notice(First, 1),
            Post { wrapping: Wrapping::Large, wanted: Wanted::TooLarge, ..notice(First, 2) },
        ],
        about: Rule::DenyLarge,
        ..ALONE
    },
    Situation {
        id: "after-refusals",
        title: "拒收之后，好的通知照收",
        posts: &[
            Post { wrapping: Wrapping::OtherKey, wanted: Wanted::DeniedSealed, ..notice(First, 1) },
            notice(First, 1),
        ],
        about: Rule::AnswerTaken,
        ..ALONE
    },
];
