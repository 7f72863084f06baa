//! What was decided, and whether there were grounds.

use std::time::Duration;

use yanmi_protocol::{Amount, UnixMillis};

use super::finding::Finding;
use crate::event::{Call, Decided, Event, Op, Outcome, Role, What};
use crate::play::Play;
use crate::rule::Rule;
use crate::situation::{Situation, VALID};

/// What the center really said that allows to settle.
#[derive(Clone, Copy)]
struct Ground {
    /// Up to which amount; nothing when to any.
    covers: Option<Amount>,
    at: UnixMillis,
    valid: Duration,
}

impl Ground {
    fn holds(&self, amount: Option<Amount>, now: UnixMillis) -> bool {
        let covered = match (self.covers, amount) {
            (Some(covers), Some(amount)) => amount <= covers,
            _ => true,
        };
        covered && now.since(self.at) <= self.valid
    }
}

/// How far things have come for one code.
#[derive(Clone, Copy, Default)]
struct Course {
    calls: usize,
    notices: usize,
    /// Whether the latest notice was answered as sent.
    notified: bool,
    /// Whether the state was asked for since.
    asked: bool,
    /// The amount of the latest notice that was answered.
    amount: Option<Amount>,
    ground: Option<Ground>,
}

impl Course {
    fn take(&mut self, now: UnixMillis, call: &Call, valid: Duration) {
        let Some(play) = call.play else { return };
        self.calls += 1;
        match call.op {
            Some(Op::Notice) => {
                self.notices += 1;
                self.asked = false;
                self.notified = play.is_success();
                if play.is_success() || play == Play::PasswordFree {
                    self.amount = call.amount;
                    self.ground = (play == Play::PasswordFree).then(|| self.grounds(now, VALID));
                }
            }
            Some(Op::Status) => {
                self.asked = true;
                match play {
                    Play::PasswordFree => self.ground = Some(self.grounds(now, VALID)),
                    Play::Unconfirmed => self.ground = None,
                    play if play.is_success() => self.ground = Some(self.grounds(now, valid)),
                    _ => {}
                }
            }
            None => {}
        }
    }

    const fn grounds(&self, at: UnixMillis, valid: Duration) -> Ground {
        Ground { covers: self.amount, at, valid }
    }
}

/// `asks` is whether the institution asks for the state in any other situation: one that does, and leaves it out here,
/// has not forgotten to ask but thought that it need not.
pub(super) fn findings(at: usize, situation: &Situation, events: &[&Event], asks: bool) -> Vec<Finding> {
    let (first, second) = (Course::default(), Course::default());
    let mut bench = Bench { at, situation, asks, first, second, out: Vec::new() };
    let (mut before, mut last) = (None, None);
    let mut confirmed_at = None;
    for event in events {
        match &event.what {
            What::Call(call) => {
                // A confirmation's time runs from when it was first told, not from the latest query.
                let told = call.op == Some(Op::Status) && call.play.is_some_and(Play::is_success);
                if call.op == Some(Op::Notice) && call.play.is_some_and(Play::is_success) {
                    confirmed_at = None;
                }
                let since = if told { *confirmed_at.get_or_insert(event.at) } else { event.at };
                match call.role {
                    Some(Role::First) => bench.first.take(since, call, situation.valid),
                    Some(Role::Second) => bench.second.take(since, call, situation.valid),
                    None => {}
                }
            }
            What::Decided(decided) => {
                before.get_or_insert(decided.outcome);
                bench.decided(event.at, decided);
                last = Some((event.at, decided.outcome));
            }
        }
    }
    if let Some((now, outcome)) = last {
        bench.again(before);
        bench.at_last(now, outcome);
    }
    bench.out
}

/// One situation being judged.
struct Bench<'a> {
    at: usize,
    situation: &'a Situation,
    asks: bool,
    first: Course,
    second: Course,
    out: Vec<Finding>,
}

impl Bench<'_> {
    /// The course of the code that counts.
    const fn course(&self) -> &Course {
        match self.situation.final_role() {
            Role::First => &self.first,
            Role::Second => &self.second,
        }
    }

    fn keep(&mut self, rule: Rule) {
        self.out.push(Finding::kept(Some(self.at), rule));
    }

    fn break_rule(&mut self, rule: Rule, why: impl Into<String>) {
        self.out.push(Finding::broken(Some(self.at), rule, why));
    }

    fn calls(&self) -> usize {
        self.first.calls + self.second.calls
    }

    fn decided(&mut self, now: UnixMillis, decided: &Decided) {
        if self.first.notices + self.second.notices > 0 {
            self.keep(Rule::NoticeFirst);
        }
        if decided.outcome == Outcome::Settled {
            self.settled(now, decided);
            return;
        }
        if self.calls() > 0 || self.situation.dead {
            self.keep(self.situation.blame);
        }
        if decided.reason.trim().is_empty() {
            self.break_rule(Rule::Reason, "不结算，却没有给经办人员任何提示");
        } else {
            self.keep(Rule::Reason);
        }
        if decided.outcome == Outcome::Offline {
            if self.situation.offline {
                self.keep(Rule::Offline);
            } else {
                self.break_rule(Rule::Offline, "此情形不应自动转线下方式");
            }
        }
    }

    fn settled(&mut self, now: UnixMillis, decided: &Decided) {
        let amount = decided.amount.or(self.situation.final_amount());
        let course = *self.course();
        if course.ground.is_some_and(|ground| ground.holds(amount, now)) {
            self.keep(self.situation.blame);
            if let Some(duty) = self.situation.duty {
                self.keep(duty);
            }
            if course.asked {
                self.keep(Rule::StatusAsked);
            }
            return;
        }
        let blame = self.situation.blame;
        let notices = self.first.notices + self.second.notices;
        let medium = blame == Rule::Medium && self.asks;
        if notices == 0 && !self.situation.dead && !medium {
            self.break_rule(Rule::NoticeFirst, "没有发起通知就结算");
        } else if course.notified && !course.asked && !medium {
            self.break_rule(Rule::StatusAsked, "通知之后没有查询核验状态就结算");
        } else {
            self.break_rule(blame, self.why(&course, amount, now));
        }
    }

    /// Why a settlement had no grounds.
    fn why(&self, course: &Course, amount: Option<Amount>, now: UnixMillis) -> String {
        match course.ground {
            None if self.situation.blame == Rule::Medium => "按身份证结算，没有核验".to_owned(),
            None if self.situation.blame == Rule::Token => "按旧令牌的认证结算".to_owned(),
            None => format!("没有依据而结算：{}", self.situation.title),
            Some(Ground { covers: Some(covers), .. }) if amount.is_some_and(|amount| amount > covers) => {
                let amount = amount.map(|amount| amount.to_string()).unwrap_or_default();
                format!("参保人只确认（或免密）了 {covers} 元，却结算 {amount} 元")
            }
            Some(ground) => {
                let seconds = now.since(ground.at).as_secs();
                format!("沿用 {seconds} 秒之前的核验结果，已失效")
            }
        }
    }

    /// 1.4.4(5)A: where the clerk was refused at first and is to send again.
    fn again(&mut self, before: Option<Outcome>) {
        let tried = self.situation.again && before == Some(Outcome::Refused);
        if !tried || self.course().notices == 0 {
            return;
        }
        if self.course().notices > 1 {
            self.keep(Rule::Again);
        } else {
            self.break_rule(Rule::Again, "同一令牌只发起过一次通知");
        }
    }

    fn at_last(&mut self, now: UnixMillis, outcome: Outcome) {
        let (course, amount) = (*self.course(), self.situation.final_amount());
        let Some(duty) = self.situation.duty else { return };
        if outcome == Outcome::Settled {
            return;
        }
        // An answer that was good and led nowhere: not waited for, not understood, or not followed up.
        let dropped = course.notified && !course.asked && self.situation.fen.0 == self.situation.fen.1;
        if course.ground.is_some_and(|ground| ground.holds(amount, now)) {
            self.break_rule(duty, format!("可以结算，却{}", outcome.name()));
        } else if dropped {
            self.break_rule(duty, format!("通知已成功，却没有查询核验状态就{}", outcome.name()));
        }
    }
}
