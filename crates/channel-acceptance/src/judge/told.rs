//! What a situation expects, held against what the app reported and what it was said to show.

use yanmi_protocol::Code;
use yanmi_protocol::message::channel_notice::{Kind, Received, Way};

use super::finding::Finding;
use crate::cast;
use crate::event::{AppAnswer, Call, Deed, Delivery, Event, Op, Sight, State, Status, What};
use crate::play::Play;
use crate::post::{Wanted, Which};
use crate::rule::Rule;
use crate::situation::{Expect, Situation};

pub(super) fn findings(at: usize, situation: &Situation, events: &[&Event]) -> Vec<Finding> {
    let mut bench = Bench { at, situation, events, whole: is_whole(situation, events), out: Vec::new() };
    for expect in situation.expects {
        bench.look(expect);
    }
    for which in Which::ALL {
        bench.refusals(which);
    }
    bench.out
}

/// Whether somebody has told everything there is to tell.
pub(super) fn is_whole(situation: &Situation, events: &[&Event]) -> bool {
    situation.told().into_iter().all(|which| sight(events, which).is_some())
}

/// What was told last about a notice, after everything was posted.
fn sight<'a>(events: &[&'a Event], which: Which) -> Option<&'a Sight> {
    let later = events.iter().rev().take_while(|event| !matches!(event.what, What::Delivery(_)));
    later.filter_map(|event| as_sight(event)).find(|sight| sight.which == which)
}

const fn as_sight(event: &Event) -> Option<&Sight> {
    match &event.what {
        What::Sight(sight) => Some(sight),
        _ => None,
    }
}

/// One situation being judged.
struct Bench<'a> {
    at: usize,
    situation: &'a Situation,
    events: &'a [&'a Event],
    /// Whether everything was told, so that what has not been seen has not been done.
    whole: bool,
    out: Vec<Finding>,
}

impl<'a> Bench<'a> {
    fn find(&mut self, rule: Rule, broken: Option<String>) {
        self.out.push(Finding { situation: Some(self.at), rule, broken });
    }

    fn deliveries(&self) -> impl Iterator<Item = &'a Delivery> {
        self.events.iter().filter_map(|event| match &event.what {
            What::Delivery(delivery) => Some(delivery),
            _ => None,
        })
    }

    fn calls(&self) -> impl Iterator<Item = (&'a Event, &'a Call)> {
        self.events.iter().filter_map(|event| match &event.what {
            What::Call(call) => Some((*event, call)),
            _ => None,
        })
    }

    /// Reports that were answered, and what.
    fn deeds(&self) -> Vec<(Deed, Play)> {
        self.calls().filter_map(|(_, call)| Some((call.deed?, call.play?))).collect()
    }

    /// What was told about a notice that the app has to show: one it said it took, or that never reached it.
    fn shown(&self, which: Which) -> Option<&'a Sight> {
        let mut notices = self
            .deliveries()
            .filter(|delivery| delivery.post.which == which && delivery.post.kind == Kind::Notice)
            .peekable();
        let took = |delivery: &Delivery| match &delivery.answer {
            None => true,
            Some(answer) => answer.received() == Some(Received::Taken),
        };
        let refused = notices.peek().is_some() && !notices.any(took);
        sight(self.events, which).filter(|_| !refused)
    }

    fn look(&mut self, expect: &Expect) {
        match *expect {
            Expect::Alerts(which, count, rule) => self.alerts(which, count, rule),
            Expect::State(which, states, rule) => self.state(which, states, rule),
            Expect::NoAmount => self.no_amount(),
            Expect::Name => self.name(),
            Expect::Tries => self.tries(),
            Expect::Words(rule) => self.words(rule),
            Expect::Did(which, status, rule) => self.did(which, status, rule),
            Expect::NoConfirmation(which, rule) => self.no_confirmation(which, rule),
            Expect::Success => self.success(),
            Expect::Closed => self.closed(),
            Expect::NoResult => self.no_result(),
            Expect::Untrusted(rule) => self.untrusted(rule),
            Expect::Again => self.again(),
            Expect::NoMoreTries => self.no_more_tries(),
            Expect::AnotherAttempt => self.another_attempt(),
            Expect::Asks => self.asks(),
            Expect::Switches => self.switches(),
            Expect::Link => self.link(),
        }
    }

    fn alerts(&mut self, which: Which, count: u32, rule: Rule) {
        let free = self.deliveries().any(|delivery| delivery.post.wanted == Wanted::Free);
        let sight = if free { self.freed() } else { self.shown(which) };
        let Some(told) = sight.map(|sight| sight.alerts) else { return };
        let broken = (told != count).then(|| format!("{}提醒了 {told} 次，应为 {count} 次", which.name()));
        self.find(rule, broken);
    }

    /// What was told about a payment that the app let through without a password.
    fn freed(&self) -> Option<&'a Sight> {
        let free = self.deliveries().any(|delivery| {
            delivery.answer.as_ref().and_then(AppAnswer::received) == Some(Received::PasswordFree)
        });
        sight(self.events, Which::First).filter(|_| free)
    }

    fn state(&mut self, which: Which, states: &[State], rule: Rule) {
        if states.len() == State::ALL.len() {
            return;
        }
        let Some(told) = self.shown(which).map(|sight| sight.state) else { return };
        let broken = (!states.contains(&told)).then(|| format!("{}显示为“{}”", which.name(), told.name()));
        self.find(rule, broken);
    }

    fn no_amount(&mut self) {
        let Some(sight) = self.shown(Which::First) else { return };
        let said = if sight.amount.is_empty() { &sight.text } else { &sight.amount };
        if !said.is_empty() {
            let number = said.bytes().any(|byte| byte.is_ascii_digit());
            self.find(Rule::ShowAmount, number.then(|| "没有金额，却显示了数字".to_owned()));
        }
    }

    fn name(&mut self) {
        let post = self.deliveries().map(|delivery| delivery.post).next();
        let Some((sight, post)) = self.shown(Which::First).zip(post) else { return };
        let name = cast::org_name(post.which, self.situation.apart, post.name);
        if !sight.org_name.is_empty() {
            let other = sight.org_name != name;
            self.find(Rule::ShowPlain, other.then(|| "显示的机构名称与通知里的不同".to_owned()));
        }
    }

    fn tries(&mut self) {
        let left = self.deeds().iter().rev().find_map(|(_, play)| match play {
            Play::WrongPassword(left) => Some(*left),
            _ => None,
        });
        let Some((sight, left)) = self.shown(Which::First).zip(left) else { return };
        let said = sight.text.contains(&left.to_string());
        self.find(Rule::CenterTries, (!said).then(|| format!("没有告诉参保人还能试 {left} 次")));
    }

    fn words(&mut self, rule: Rule) {
        let locked = self.deeds().iter().any(|(_, play)| is_locked(*play));
        let Some(sight) = self.shown(Which::First).filter(|_| locked) else { return };
        let silent = sight.text.trim().is_empty();
        self.find(rule, silent.then(|| "锁定了，却没有告诉参保人".to_owned()));
    }

    fn did(&mut self, which: Which, status: Status, rule: Rule) {
        let reports = self.calls().filter_map(|(_, call)| call.deed).filter(|deed| deed.which == which);
        let reported: Vec<Status> = reports.map(|deed| deed.status).collect();
        let other = reported.iter().find(|other| **other != status);
        match (reported.contains(&status), other) {
            (true, _) => self.find(rule, None),
            (false, Some(other)) => self.find(rule, Some(format!("报的是“{}”", other.name()))),
            (false, None) if self.whole => self.find(rule, Some("没有上报".to_owned())),
            (false, None) => {}
        }
    }

    fn no_confirmation(&mut self, which: Which, rule: Rule) {
        let last = self.deliveries().last();
        let confirmed = self.calls().any(|(event, call)| {
            let about = call.deed.filter(|deed| deed.which == which && deed.status == Status::Confirmed);
            let over = last.is_some_and(|last| {
                last.post.kind == Kind::Withdrawal
                    || event.at >= last.expires_at
                    || rule == Rule::ReportHonest
            });
            about.is_some() && over
        });
        if confirmed {
            self.find(rule, Some("仍上报了确认".to_owned()));
        } else if self.whole {
            self.find(rule, None);
        }
    }

    fn success(&mut self) {
        let accepted =
            |(deed, play): &(Deed, Play)| *play == Play::Accepted && deed.status == Status::Confirmed;
        let accepted = self.deeds().iter().any(accepted);
        let Some(told) = self.shown(Which::First).filter(|_| accepted).map(|sight| sight.state) else {
            return;
        };
        let other = told != State::Confirmed;
        self.find(Rule::CenterSuccess, other.then(|| format!("中心已收下确认，应用显示为“{}”", told.name())));
    }

    fn closed(&mut self) {
        let void = self.deeds().iter().any(|(_, play)| *play == Play::Refused(Code::BadNoticeNo));
        match self.shown(Which::First).filter(|_| void).map(|sight| sight.state) {
            // That is another rule's.
            None | Some(State::Confirmed) => {}
            Some(told) => {
                let open = told == State::Pending;
                self.find(Rule::CenterClosed, open.then(|| "仍显示为待确认".to_owned()));
            }
        }
    }

    fn no_result(&mut self) {
        let deeds = self.deeds();
        let lost = deeds.iter().any(|(_, play)| play.is_no_result());
        let taken = deeds.iter().any(|(_, play)| *play == Play::Accepted);
        let Some(told) = self.shown(Which::First).filter(|_| lost).map(|sight| sight.state) else { return };
        let failed = told == State::Failed && !taken;
        self.find(Rule::RepeatNoFailure, failed.then(|| "没有结果，却显示为认证失败".to_owned()));
    }

    fn untrusted(&mut self, rule: Rule) {
        // Without a mac in the request there is none to miss in the answer.
        let asked = self.calls().any(|(_, call)| {
            call.play.is_some_and(Play::is_no_result) && (call.proven || rule != Rule::CenterMac)
        });
        let Some(told) = self.shown(Which::First).filter(|_| asked).map(|sight| sight.state) else { return };
        let believed = told == State::Confirmed;
        self.find(rule, believed.then(|| "采信了不可信的应答，显示认证成功".to_owned()));
    }

    fn again(&mut self) {
        let deeds = self.deeds();
        let Some(first) = deeds.iter().position(|(_, play)| play.is_no_result()) else { return };
        let (reported, later) = deeds.split_at(first + 1);
        let Some((before, _)) = reported.last() else { return };
        if later.is_empty() {
            if self.whole {
                self.find(Rule::RepeatAgain, Some("没有再报".to_owned()));
            }
            return;
        }
        self.find(Rule::RepeatAgain, None);
        for (deed, _) in later {
            self.find(Rule::RepeatSame, changed(before, deed));
        }
    }

    fn no_more_tries(&mut self) {
        let deeds = self.deeds();
        let locked = deeds.iter().position(|(_, play)| is_locked(*play));
        let later = locked.and_then(|at| deeds.get(at + 1..)).unwrap_or_default();
        if later.iter().any(|(deed, _)| deed.way == Some(Way::CredentialPassword)) {
            self.find(Rule::CenterLocked, Some("锁定之后仍上报密码".to_owned()));
        } else if self.whole && !deeds.is_empty() {
            self.find(Rule::CenterLocked, None);
        }
    }

    fn another_attempt(&mut self) {
        let deeds = self.deeds();
        let refused = deeds.iter().position(|(_, play)| matches!(play, Play::Refused(_)));
        let Some(refused) = refused else { return };
        if deeds.len() > refused + 1 {
            self.find(Rule::CenterOther, None);
        } else if self.whole {
            self.find(Rule::CenterOther, Some("没有让参保人再试或换一种方式".to_owned()));
        }
    }

    fn asks(&mut self) {
        let asked = self.calls().any(|(_, call)| call.op == Some(Op::Pending) && call.play.is_some());
        if asked {
            self.find(Rule::ShowCenter, None);
        } else if self.whole {
            self.find(Rule::ShowCenter, Some("打开消息中心时没有查询待办通知".to_owned()));
        }
    }

    fn switches(&mut self) {
        let switched: Vec<bool> = self.calls().filter_map(|(_, call)| call.switch).collect();
        let on = switched.iter().position(|on| *on);
        let off = on.is_some_and(|at| switched.get(at..).unwrap_or_default().contains(&false));
        if off {
            self.find(Rule::FreeSwitch, None);
        } else if self.whole {
            let what = if on.is_some() { "关闭" } else { "开通" };
            self.find(Rule::FreeSwitch, Some(format!("没有用 pwdFree 上报{what}")));
        }
    }

    fn link(&mut self) {
        let visits: Vec<_> = self
            .events
            .iter()
            .filter_map(|event| match &event.what {
                What::Visit(visit) => Some(visit),
                _ => None,
            })
            .collect();
        let broken = match visits.as_slice() {
            [] => return,
            [one] if one.whole && one.method == "GET" => None,
            [one] if one.whole => Some(format!("用 {} 打开，不是 GET", one.method)),
            [_] => Some("没有原样打开".to_owned()),
            several => Some(format!("打开了 {} 次：只认第一个打开它的", several.len())),
        };
        self.find(Rule::LinkOnce, broken);
    }

    /// A refusal is no success, whatever the situation is about.
    fn refusals(&mut self, which: Which) {
        let deeds = self.deeds();
        let own = deeds.iter().filter(|(deed, _)| deed.which == which && deed.status == Status::Confirmed);
        let refused = own.clone().any(|(_, play)| matches!(play, Play::Refused(_)));
        let taken = own.clone().any(|(_, play)| !matches!(play, Play::Refused(_) | Play::WrongPassword(_)));
        let told = self.shown(which).filter(|_| refused && !taken).map(|sight| sight.state);
        if let Some(told) = told {
            let believed = told == State::Confirmed;
            self.find(Rule::CenterCode, believed.then(|| "中心拒绝了，应用却显示认证成功".to_owned()));
        }
    }
}

const fn is_locked(play: Play) -> bool {
    matches!(play, Play::WrongPassword(0) | Play::Refused(Code::TooFrequent))
}

/// What is not the same in a repeated report.
fn changed(before: &Deed, now: &Deed) -> Option<String> {
    if before.at != now.at {
        return Some("authTime 与第一次不同".to_owned());
    }
    let same = (before.which, before.status, before.way, before.proof)
        == (now.which, now.status, now.way, now.proof);
    (!same).then(|| "内容与第一次不同".to_owned())
}
