//! What can be said about the wire alone: how the app answered what was posted, and how it called.

use std::collections::BTreeMap;
use std::time::Duration;

use yanmi_protocol::message::channel_notice::Received;
use yanmi_protocol::{Code, UnixMillis};

use super::finding::Finding;
use crate::event::{AppAnswer, Call, Delivery, Event, MacSeal, Op, Proof, What};
use crate::post::{Wanted, Which};
use crate::rule::Rule;
use crate::settings::Settings;

/// Two requests with the same timestamp that arrive further apart than this were not stamped anew.
const SAME_STAMP: Duration = Duration::from_secs(1);
/// Characters of a refusal that reach the clerk (§5).
const MAX_WORDS: usize = 100;
/// What stands in a program's own words about its failure.
const TRACES: [&str; 9] =
    ["Exception", "Traceback", "panicked", ".java:", "at com.", "at org.", "SQLSTATE", "goroutine", "\n"];
/// The rules that every envelope that opens shows to be kept, unless a fault says otherwise.
const ENVELOPE: [Rule; 5] = [Rule::Members, Rule::Cipher, Rule::UpperCase, Rule::Timestamp, Rule::ReqtType];

/// What is looked at across situations.
#[derive(Default)]
struct Ledger<'a> {
    out: Vec<Finding>,
    stamps: BTreeMap<UnixMillis, UnixMillis>,
    faces: BTreeMap<u64, (Option<usize>, Which)>,
    /// Whether the app has answered anything.
    reached: bool,
    /// What the first denial said.
    denial: Option<&'a str>,
}

pub(super) fn findings(events: &[Event], settings: &Settings) -> Vec<Finding> {
    let mut ledger = Ledger::default();
    for event in events {
        match &event.what {
            What::Delivery(delivery) => ledger.delivery(event.situation, delivery, settings),
            What::Call(call) => ledger.call(event, call, settings),
            What::Visit(_) | What::Sight(_) => {}
        }
    }
    ledger.out
}

impl<'a> Ledger<'a> {
    /// The rule came to the test, and this is what was wrong.
    fn find(&mut self, situation: Option<usize>, rule: Rule, broken: Option<String>) {
        self.out.push(Finding { situation, rule, broken });
    }

    fn delivery(&mut self, at: Option<usize>, delivery: &'a Delivery, settings: &Settings) {
        let Some(answer) = &delivery.answer else { return };
        if delivery.post.wanted != Wanted::TooLarge {
            let late = delivery.took > settings.patience;
            let broken = match answer {
                AppAnswer::Nothing(why) => Some(format!("没有应答：{why}")),
                _ if late => Some(format!("{:.1} 秒才应答", delivery.took.as_secs_f32())),
                _ => None,
            };
            self.find(at, Rule::AnswerInTime, broken);
        }
        match delivery.post.wanted {
            Wanted::Taken | Wanted::Free => self.taken(at, delivery, answer, settings),
            Wanted::DeniedMac => self.denied(at, Rule::DenyMac, answer),
            Wanted::DeniedSealed => self.denied(at, Rule::DenySealed, answer),
            Wanted::Stranger => self.refused(at, Rule::DenyStranger, delivery, answer),
            Wanted::OtherChannel => self.refused(at, Rule::DenyChannel, delivery, answer),
            Wanted::TooLarge => {
                // A server may well cut the connection, and one that is not there does so as well.
                let silent = matches!(answer, AppAnswer::Nothing(_));
                if !silent || self.reached {
                    let broken = answer.is_success().then(|| "收下了超过 64 KiB 的报文".to_owned());
                    self.find(at, Rule::DenyLarge, broken);
                }
            }
        }
        self.reached |= matches!(answer, AppAnswer::Read { .. });
    }

    /// What the app is to take.
    fn taken(&mut self, at: Option<usize>, delivery: &Delivery, answer: &AppAnswer, settings: &Settings) {
        self.answer_mac(at, delivery, answer);
        match answer {
            AppAnswer::Nothing(_) => {}
            AppAnswer::Malformed(why, status) => {
                self.find(at, Rule::AnswerEnvelope, Some(format!("HTTP {status}：{why}")));
            }
            AppAnswer::Read { flag: Some(Err(why)), .. } => {
                self.find(at, Rule::AnswerEnvelope, Some(why.clone()));
            }
            AppAnswer::Read { flag: Some(Ok(received)), .. } => {
                self.find(at, Rule::AnswerEnvelope, None);
                match received {
                    Received::Taken => {
                        self.find(at, Rule::AnswerTaken, None);
                        self.find(at, Rule::FreeLimits, None);
                    }
                    Received::PasswordFree => {
                        self.find(at, Rule::FreeLimits, free_without_grounds(delivery, settings));
                    }
                    Received::Refused => {
                        self.find(at, Rule::AnswerTaken, Some("code 为 0 而 rcvFlag 不是 \"1\"".to_owned()));
                    }
                }
            }
            AppAnswer::Read { code, message, .. } => {
                self.find(at, Rule::AnswerEnvelope, None);
                self.find(at, Rule::AnswerTaken, Some(format!("拒收了好的报文：code {code}")));
                self.find(at, Rule::DenyWords, wordless(message));
            }
        }
    }

    /// What does not open, or has no right mac.
    fn denied(&mut self, at: Option<usize>, rule: Rule, answer: &'a AppAnswer) {
        let denied = i64::from(Code::Denied.number());
        let broken = match answer {
            AppAnswer::Nothing(_) => return,
            AppAnswer::Malformed(_, status) => Some(format!("HTTP {status}，不是 -4")),
            AppAnswer::Read { code: 0, .. } => Some("当作好的报文收下了".to_owned()),
            AppAnswer::Read { code, .. } if *code == denied => None,
            AppAnswer::Read { code, .. } => Some(format!("答 {code}，应为 -4")),
        };
        self.find(at, rule, broken);
        let AppAnswer::Read { code, message, .. } = answer else { return };
        if *code != denied {
            return;
        }
        match self.denial {
            None => self.denial = Some(message),
            Some(first) => {
                let broken =
                    (first != message).then(|| "两次 -4 的 message 不同，说出了哪一步不对".to_owned());
                self.find(at, Rule::DenyAlike, broken);
            }
        }
    }

    /// What the app has its own reason not to take.
    fn refused(&mut self, at: Option<usize>, rule: Rule, delivery: &Delivery, answer: &AppAnswer) {
        self.answer_mac(at, delivery, answer);
        match answer {
            AppAnswer::Nothing(_) => {}
            AppAnswer::Malformed(why, status) => {
                self.find(at, Rule::AnswerEnvelope, Some(format!("HTTP {status}：{why}")));
            }
            AppAnswer::Read { code: 0, .. } => self.find(at, rule, Some("答了已收".to_owned())),
            AppAnswer::Read { message, .. } => {
                self.find(at, Rule::AnswerEnvelope, None);
                self.find(at, rule, None);
                self.find(at, Rule::DenyWords, wordless(message));
            }
        }
    }

    fn answer_mac(&mut self, at: Option<usize>, delivery: &Delivery, answer: &AppAnswer) {
        let AppAnswer::Read { seal, .. } = answer else { return };
        if !delivery.proven {
            return;
        }
        let broken = match seal {
            MacSeal::Right => None,
            MacSeal::Absent => Some("应答没有 mac".to_owned()),
            MacSeal::Wrong => Some("应答的 mac 不符".to_owned()),
        };
        self.find(at, Rule::AnswerMac, broken);
    }

    fn call(&mut self, event: &Event, call: &Call, settings: &Settings) {
        let at = event.situation;
        let faulty = |rule: Rule| call.faults.iter().any(|fault| fault.rule == rule);
        for fault in &call.faults {
            self.find(at, fault.rule, Some(fault.why.clone()));
        }
        let own = matches!(call.op, Some(Op::Report | Op::Pending)).then_some(Rule::ReportFields);
        let mac = (settings.mac && call.proven).then_some(Rule::RequestMac);
        let digest = call.deed.filter(|deed| matches!(deed.proof, Proof::Right | Proof::Wrong));
        let shown = ENVELOPE.into_iter().chain(own).chain(mac).chain(digest.map(|_| Rule::ReportDigest));
        for rule in shown.filter(|rule| call.opened && !faulty(*rule)) {
            self.find(at, rule, None);
        }
        if let Some(stamp) = call.stamp {
            let seen = *self.stamps.entry(stamp).or_insert(event.at);
            let old = event.at.since(seen) >= SAME_STAMP;
            let broken = old.then(|| "时间戳与先前的请求相同：重报时没有重新组包".to_owned());
            self.find(at, Rule::FreshTimestamp, broken);
        }
        let Some(deed) = call.deed else { return };
        if let Some(way) = deed.way {
            let broken =
                (!settings.ways.contains(&way)).then(|| format!("{} 不是登记的认证方式", way.name()));
            self.find(at, Rule::ReportWay, broken);
        }
        if let Proof::Face(mark) = deed.proof {
            let first = *self.faces.entry(mark).or_insert((at, deed.which));
            let broken = (first != (at, deed.which)).then(|| "同一个授权码用于另一条通知".to_owned());
            self.find(at, Rule::ReportFace, broken);
        }
    }
}

/// Why a payment was not to go through without a password.
fn free_without_grounds(delivery: &Delivery, settings: &Settings) -> Option<String> {
    let Some(limit) = settings.word else {
        return Some("没有登记免密限额，却答了 \"2\"".to_owned());
    };
    match delivery.post.fen {
        None => Some("通知没有金额，却答了 \"2\"".to_owned()),
        Some(fen) if fen > limit.fen() => Some(format!("金额超出登记的限额 {limit} 元，却答了 \"2\"")),
        Some(_) if delivery.post.wanted != Wanted::Free => {
            Some("这个情形里参保人没有开通免密，却答了 \"2\"".to_owned())
        }
        Some(_) => None,
    }
}

/// What is wrong with the words of a refusal.
fn wordless(message: &str) -> Option<String> {
    let length = message.chars().count();
    if message.trim().is_empty() {
        Some("message 为空".to_owned())
    } else if TRACES.iter().any(|trace| message.contains(trace)) {
        Some("message 是程序的出错信息，不是经办人员看得懂的话".to_owned())
    } else if length > MAX_WORDS {
        Some(format!("message 有 {length} 个字符，超过 {MAX_WORDS}"))
    } else {
        None
    }
}
