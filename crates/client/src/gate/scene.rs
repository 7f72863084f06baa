//! What the clerk does next. Words and steps come from one place, so that what is advised can be done: a card is never
//! told to wait for a notice, a site without a terminal never to use one, and nobody is sent a notice that the center refuses.
//!
//! Ways are advised in the order the site lists them (1.6.2(3)), the keyboard's library last (1.4.3.2(8)B).

use yanmi_protocol::Code;
use yanmi_protocol::code::Party;

use super::advice::{Advice, NextStep, Reason};
use super::record::{Medium, Way};
use super::rules::Rules;
use super::verdict::Verdict;
use super::visit::Visit;

/// Words for the clerk and the steps they name.
type Instruction = (String, Vec<NextStep>);

const SEND_AGAIN: &str =
    "请参保人在展码渠道应用上完成认证；未收到通知的，请其先打开手机并进入展码渠道应用，再重新发起认证通知。";
const LOOK: &str = "请参保人查看手机的系统通知和渠道应用内的站内信（消息中心），点击通知进入认证页面。";
const RENOTIFY: &str = "请按本次结算金额重新发起认证通知，再确认结算。";
/// What a center says in the message of 500084 while the person is not to be asked (V13).
const NOT_ME: &str = "非本人";

/// The visit that is to be settled and the site it is at.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) visit: &'a Visit,
    pub(super) rules: &'a Rules,
}

impl Scene<'_> {
    /// Do not settle, for this reason.
    pub(super) fn refuse(self, reason: Reason) -> Verdict {
        Verdict::Refuse(self.advice(reason))
    }

    /// The same, and what is known beyond the reason.
    pub(super) fn told(self, reason: Reason, why: &str) -> Advice {
        let advice = self.advice(reason);
        Advice { why: format!("{}：{why}", advice.why), ..advice }
    }

    /// Do not settle; take an offline way where the site has one (1.4.3.2(8)A).
    pub(super) fn fall_back(self, advice: Advice) -> Verdict {
        if self.offline().is_empty() { Verdict::Refuse(advice) } else { Verdict::FallBack(advice) }
    }

    /// The advice for a reason about which nothing more is known.
    pub(super) fn advice(self, reason: Reason) -> Advice {
        let (next, steps) = self.next(reason);
        Advice { reason, code: None, why: reason.why().to_owned(), next, steps }
    }

    /// What a refusal of the center means for the settlement: network trouble and failed notices lead offline, the rest
    /// is put in order first.
    pub(super) fn refused(self, number: i64, message: &str) -> Verdict {
        let code = Code::from_number(number);
        let (reason, falls_back) = match code {
            Some(Code::NoticeFailed | Code::NoSettlement) => (Reason::NoticeFailed, true),
            Some(Code::Timeout) => (Reason::TimedOut, true),
            Some(Code::Unknown | Code::NationalCenterFailed) => (Reason::Unreachable, true),
            Some(Code::TooFrequent) if message.contains(NOT_ME) => (Reason::NotMe, false),
            _ => (Reason::Refused, false),
        };
        let (next, steps) = match code {
            _ if reason == Reason::NotMe => self.next(reason),
            Some(code) => self.after(code),
            None => self.next(reason),
        };
        let advice =
            Advice { reason, code: Some(number), why: format!("{message}（{number}）"), next, steps };
        if falls_back { self.fall_back(advice) } else { Verdict::Refuse(advice) }
    }

    /// What no answer means.
    pub(super) fn no_answer(self, timed_out: bool, message: &str) -> Verdict {
        // That it was not in time is all there is to say about it.
        self.fall_back(if timed_out {
            self.advice(Reason::TimedOut)
        } else {
            self.told(Reason::Unreachable, message)
        })
    }

    /// The offline ways of the site, in its order.
    fn offline(self) -> Vec<Way> {
        self.rules.ways.iter().filter(|way| *way != Way::Online).collect()
    }

    /// Whether a notice can be sent for this visit, and the site sends some.
    fn online(self) -> bool {
        self.visit.medium == Medium::QrCode && self.rules.ways.iter().any(|way| way == Way::Online)
    }

    fn next(self, reason: Reason) -> Instruction {
        let notify = |text: &str| (text.to_owned(), vec![NextStep::Notify]);
        match reason {
            Reason::NoWay => self.choose(),
            Reason::NotNotified => notify("请为参保人发起线上密码核验认证通知。"),
            Reason::AmountNotCovered | Reason::AnotherSerial | Reason::Foreign => notify(RENOTIFY),
            Reason::NotConfirmed => self.after_notices(),
            Reason::StatusMissing => ("请再次点击确认结算，系统将重新查询。".to_owned(), vec![NextStep::Ask]),
            Reason::Cancelled => self
                .or_offline("请与参保人确认是否继续办理：愿意办理的，重新发起认证通知", &[NextStep::Notify]),
            Reason::NotMe => self.not_me(),
            Reason::Locked => self.locked(),
            Reason::Lapsed => {
                self.or_offline("请参保人打开展码渠道应用后，重新发起认证通知", &[NextStep::Notify])
            }
            Reason::ChannelFailed => self.or_offline(
                "请重新发起认证通知；仍失败的，请参保人换一个渠道应用重新展码",
                &[NextStep::Notify, NextStep::Rescan],
            ),
            Reason::NoticeFailed | Reason::TimedOut | Reason::Unreachable | Reason::Refused => self.instead(),
            Reason::AnotherToken | Reason::ProofExpired => self.once_more(),
            Reason::NoEvidence => self.evidence(),
            Reason::OfflineMissing => self.check(),
            Reason::OfflineFailed => self.failed(),
            Reason::OfflineUnavailable => self.unavailable(),
        }
    }

    /// The words, and the site's offline ways as what else can be done.
    fn or_offline(self, words: &str, steps: &[NextStep]) -> Instruction {
        let ways = self.offline();
        if ways.is_empty() {
            return (format!("{words}。"), steps.to_vec());
        }
        let more = ways.iter().map(|way| NextStep::by(*way));
        (format!("{words}；或改用{}。", named(&ways)), steps.iter().copied().chain(more).collect())
    }

    /// Nothing can be done at the counter.
    fn nothing() -> Instruction {
        let words = "本机构没有可用于此介质的安全认证方式（设置 gate.ways），请联系信息科。";
        (words.to_owned(), vec![NextStep::Inform])
    }

    fn choose(self) -> Instruction {
        let ways: Vec<Way> =
            self.rules.ways.iter().filter(|way| *way != Way::Online || self.online()).collect();
        if ways.is_empty() {
            return Self::nothing();
        }
        (format!("请采用{}。", named(&ways)), ways.into_iter().map(NextStep::by).collect())
    }

    fn after_notices(self) -> Instruction {
        match self.visit.notices {
            0 | 1 => (SEND_AGAIN.to_owned(), vec![NextStep::Wait, NextStep::Notify]),
            2 => (LOOK.to_owned(), vec![NextStep::Wait, NextStep::Notify]),
            _ => self.or_offline("请参保人换一个渠道应用重新展码，重新解码后再发起通知", &[NextStep::Rescan]),
        }
    }

    /// No notice is advised: for a while the center sends this person none (V13).
    fn not_me(self) -> Instruction {
        let (words, ways) = ("请核实持码人身份，未核实前不得结算", self.offline());
        let more = ways.iter().map(|way| NextStep::by(*way));
        let steps = std::iter::once(NextStep::Identify).chain(more).collect();
        if ways.is_empty() {
            return (format!("{words}。"), steps);
        }
        (format!("{words}；核实为本人的，采用{}。", named(&ways)), steps)
    }

    /// The password is what is locked, so a face is tried first.
    fn locked(self) -> Instruction {
        if self.offline().contains(&Way::TerminalFace) {
            let words = "请参保人在医保终端刷脸；或稍后重新发起认证通知，采用人脸等其他认证方式。";
            return (words.to_owned(), vec![NextStep::TerminalFace, NextStep::Notify]);
        }
        let words = "请参保人稍后再试：重新发起认证通知，采用人脸等其他认证方式。";
        (words.to_owned(), vec![NextStep::Notify])
    }

    /// The online way is not to be had now.
    fn instead(self) -> Instruction {
        let ways = self.offline();
        let mut steps: Vec<NextStep> = ways.iter().map(|way| NextStep::by(*way)).collect();
        steps.push(NextStep::Notify);
        if ways.is_empty() {
            return ("请稍后重新发起认证通知。".to_owned(), steps);
        }
        (format!("请改用{}；也可稍后重新发起认证通知。", named(&ways)), steps)
    }

    /// The same check, made again.
    fn once_more(self) -> Instruction {
        match self.visit.way {
            Some(Way::Online) => {
                ("请重新发起认证通知，由参保人再次认证。".to_owned(), vec![NextStep::Notify])
            }
            Some(way) => (format!("请本次就诊的参保人重新核验：{}。", short(way)), vec![NextStep::by(way)]),
            None => ("请参保人在医保终端重新刷脸。".to_owned(), vec![NextStep::TerminalFace]),
        }
    }

    /// What was claimed has to be shown.
    fn evidence(self) -> Instruction {
        let way = self.visit.way.unwrap_or(Way::TerminalFace);
        let words = format!(
            "请登记{}核验通过的流水号；没有流水号的，由本机接入的设备重新核验，只凭口头结果不能结算。",
            short(way)
        );
        (words, vec![NextStep::by(way)])
    }

    fn check(self) -> Instruction {
        let way = self.visit.way.unwrap_or(Way::TerminalFace);
        let words = match way {
            Way::TerminalFace => "请参保人在医保终端刷脸。".to_owned(),
            way => format!("请参保人自行完成{}核验；经办人员不可代为输入密码。", short(way)),
        };
        (words, vec![NextStep::by(way)])
    }

    fn failed(self) -> Instruction {
        let way = self.visit.way.unwrap_or(Way::TerminalFace);
        let (mut words, mut steps) = (format!("请参保人重新核验（{}）", short(way)), vec![NextStep::by(way)]);
        if way != Way::TerminalFace && self.offline().contains(&Way::TerminalFace) {
            words.push_str("；忘记密码的可在医保终端刷脸");
            steps.push(NextStep::TerminalFace);
        }
        if self.online() {
            words.push_str("；也可发起线上认证通知");
            steps.push(NextStep::Notify);
        }
        (words + "。", steps)
    }

    fn unavailable(self) -> Instruction {
        let others = self.rules.ways.iter().filter(|way| Some(*way) != self.visit.way);
        let others: Vec<Way> = others.filter(|way| *way != Way::Online || self.online()).collect();
        if others.is_empty() {
            let way = self.visit.way.unwrap_or(Way::TerminalFace);
            let words = format!("请联系信息科恢复设备，再由参保人重新核验（{}）。", short(way));
            return (words, vec![NextStep::by(way), NextStep::Inform]);
        }
        (format!("请换一种方式：{}。", named(&others)), others.into_iter().map(NextStep::by).collect())
    }

    /// After a code of section 1.9. Only a visit with a QR code gets one.
    fn after(self, code: Code) -> Instruction {
        use NextStep::{Notify, Rescan, Wait};
        match code {
            Code::CredentialNotFound => {
                ("令牌无效或已过期：请参保人重新展码，重新解码。".to_owned(), vec![Rescan])
            }
            Code::CredentialInactive => {
                self.or_offline("请参保人先在渠道应用中激活医保电子凭证，再重新发起认证通知", &[Notify])
            }
            Code::NotAuthorizedForChannel => self.or_offline(
                "请参保人在该渠道应用中完成授权后重新发起，或换一个渠道应用重新展码",
                &[Notify, Rescan],
            ),
            Code::ChannelNotFound | Code::NoSettlement | Code::NoSettlementAtDecode => {
                self.or_offline("请参保人改用国家医保服务平台 APP 等支持结算的渠道应用重新展码", &[Rescan])
            }
            Code::PasswordNotSet => {
                self.or_offline("请参保人在渠道应用中设置医保电子凭证密码，再重新发起认证通知", &[Notify])
            }
            Code::NoticeFailed => self.or_offline(
                "请参保人打开渠道应用后重新发起一次；仍失败则换渠道应用重新展码",
                &[Notify, Rescan],
            ),
            Code::Timeout => self.or_offline("请稍后重试一次", &[Notify]),
            Code::TooFrequent => (
                "先请参保人打开渠道应用查看消息中心里已有的通知，稍等后再重新发起。".to_owned(),
                vec![Wait, Notify],
            ),
            Code::IdentityMismatch => self.in_person("请核对参保人身份；确为本人的，到医保经办机构更正信息"),
            Code::IdentityEmpty | Code::InsuredPlaceEmpty | Code::PersonDataWrong => {
                self.in_person("请参保人到医保经办机构核实参保信息")
            }
            code if matches!(code.party(), Party::Clerk | Party::InsuredPerson) => {
                (code.advice().to_owned(), vec![NextStep::Inform])
            }
            code => self.inform(code),
        }
    }

    /// Something has to be put in order elsewhere; for today there are the offline ways.
    fn in_person(self, words: &str) -> Instruction {
        let ways = self.offline();
        let more = ways.iter().map(|way| NextStep::by(*way));
        let steps = std::iter::once(NextStep::Identify).chain(more).collect();
        if ways.is_empty() {
            return (format!("{words}。"), steps);
        }
        (format!("{words}，本次采用{}。", named(&ways)), steps)
    }

    fn inform(self, code: Code) -> Instruction {
        let ways = self.offline();
        let mut steps: Vec<NextStep> = ways.iter().map(|way| NextStep::by(*way)).collect();
        steps.push(NextStep::Inform);
        let lead =
            if ways.is_empty() { "请".to_owned() } else { format!("本次请采用{}，并", named(&ways)) };
        (format!("{lead}告知信息科：{}", code.advice()), steps)
    }
}

/// A way as it stands in a sentence.
const fn short(way: Way) -> &'static str {
    match way {
        Way::Online => "线上认证通知",
        Way::TerminalFace => "医保终端刷脸",
        Way::TerminalPassword => "医保终端密码",
        Way::LibraryPassword => "动态库密码",
    }
}

/// Ways in a sentence, in their order.
fn named(ways: &[Way]) -> String {
    match ways {
        [] => String::new(),
        [one] => short(*one).to_owned(),
        [some @ .., last] => {
            let some: Vec<&str> = some.iter().map(|way| short(*way)).collect();
            format!("{}或{}", some.join("、"), short(*last))
        }
    }
}
