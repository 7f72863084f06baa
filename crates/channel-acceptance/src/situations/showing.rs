//! What the screen says.

use super::ordinary::ORDINARY;
use crate::act::Act;
use crate::event::State;
use crate::post::Which::First;
use crate::post::{OrgName, Post, Wanted, notice};
use crate::rule::Rule;
use crate::situation::{Expect, Listing, Needs, Situation};

const PENDING: &[State] = &[State::Pending];

pub(super) const TABLE: [Situation; 9] = [
    Situation {
        id: "no-amount",
        title: "没有金额",
        posts: &[Post { fen: None, ..notice(First, 1) }],
        about: Rule::ShowAmount,
        expects: &[Expect::State(First, PENDING, Rule::ShowNotice), Expect::NoAmount],
        ..ORDINARY
    },
    Situation {
        id: "markup",
        title: "机构名称里有标记",
        posts: &[Post { name: OrgName::Markup, ..notice(First, 1) }],
        about: Rule::ShowPlain,
        expects: &[Expect::State(First, PENDING, Rule::ShowNotice), Expect::Name],
        ..ORDINARY
    },
    Situation {
        id: "long-name",
        title: "机构名称 40 个字",
        posts: &[Post { name: OrgName::Long, ..notice(First, 1) }],
        about: Rule::ShowPlain,
        expects: &[Expect::State(First, PENDING, Rule::ShowNotice), Expect::Name],
        ..ORDINARY
    },
    Situation {
        id: "restarted",
        title: "收通知的进程重启",
        acts: &[Act::Begin, Act::Restart, Act::Tell],
        about: Rule::ShowKept,
        expects: &[Expect::State(First, PENDING, Rule::ShowKept)],
        ..ORDINARY
    },
    Situation {
        id: "nothing-pending",
        title: "待办通知为空",
        acts: &[Act::Begin, Act::OpenCenter, Act::Tell],
        posts: &[],
        listing: Listing::Empty,
        about: Rule::ShowCenter,
        expects: &[Expect::Asks],
        ..ORDINARY
    },
    Situation {
        id: "link",
        title: "用中心的认证页",
        acts: &[Act::Begin, Act::OpenLink, Act::Tell],
        posts: &[Post { link: true, ..notice(First, 1) }],
        about: Rule::LinkOnce,
        expects: &[Expect::State(First, &[State::Pending, State::Confirmed], Rule::ShowNotice), Expect::Link],
        ..ORDINARY
    },
    Situation {
        id: "free",
        title: "本应用免密，限额之内",
        acts: &[Act::FreeOn, Act::Begin, Act::Tell, Act::FreeOff],
        posts: &[Post { fen: Some(100), wanted: Wanted::Free, ..notice(First, 1) }],
        needs: Needs::Word,
        about: Rule::FreeLimits,
        expects: &[Expect::Alerts(First, 0, Rule::FreeLimits)],
        ..ORDINARY
    },
    Situation {
        id: "free-above",
        title: "本应用免密，超出限额",
        acts: &[Act::FreeOn, Act::Begin, Act::Tell, Act::FreeOff],
        posts: &[Post { fen: Some(9_999_999_900), ..notice(First, 1) }],
        needs: Needs::Word,
        about: Rule::FreeLimits,
        expects: &[Expect::State(First, PENDING, Rule::ShowNotice)],
        ..ORDINARY
    },
    Situation {
        id: "free-switch",
        title: "开通与关闭由中心记录的免密",
        acts: &[Act::Begin, Act::SwitchOn, Act::SwitchOff, Act::Tell],
        posts: &[],
        needs: Needs::Switch,
        about: Rule::FreeSwitch,
        expects: &[Expect::Switches],
        ..ORDINARY
    },
];
