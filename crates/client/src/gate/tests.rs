//! The gate's table, which is the table of the guide as well, and what holds for every record.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use yanmi_protocol::{Amount, EcToken, UnixMillis};

mod properties;
mod walk;

use super::*;
use crate::answer::{NoticeAnswer, StatusAnswer, StatusExtension};
use crate::failure::Failure;
use crate::transport::{TransportError, Trouble};

const NOW: UnixMillis = UnixMillis::new(1_763_869_440_000);
const SERIAL: &str = "161665488196720251123114400";
const OTHER_SERIAL: &str = "161665488196820251123114400";

fn yuan(text: &str) -> Amount {
    text.parse().expect("an amount")
}

fn token(text: &str) -> EcToken {
    EcToken::new(text).expect("a token")
}

fn before(minutes: u64) -> UnixMillis {
    NOW.minus(Duration::from_mins(minutes))
}

fn ask(kind: Settlement, amount: &str) -> Ask {
    Ask { kind, amount: yuan(amount) }
}

/// 门诊结算 of 100 yuan.
fn hundred() -> Ask {
    ask(Settlement::Outpatient, "100")
}

fn came(medium: Medium) -> Visit {
    let token = (medium == Medium::QrCode).then(|| token("T1"));
    Visit::begin(VisitId::from_bytes([7; 16]), medium, token, before(1)).expect("a visit")
}

fn scanned() -> Visit {
    came(Medium::QrCode)
}

fn trouble(trouble: Trouble) -> Failure {
    Failure::Transport(TransportError { trouble, may_have_arrived: true })
}

fn code(number: i64) -> Failure {
    let message = yanmi_protocol::Code::from_number(number).map_or("其他", yanmi_protocol::Code::message);
    Failure::Refused { code: number, message: message.to_owned() }
}

#[expect(clippy::unnecessary_wraps, reason = "what a call answers")]
fn notified(serial: &str) -> Result<NoticeAnswer, Failure> {
    Ok(NoticeAnswer::Notified { serial: serial.to_owned(), check_number: Some("37".to_owned()) })
}

#[expect(clippy::unnecessary_wraps, reason = "what a call answers")]
fn stas(confirmed: bool, serial: &str, told: Option<StatusExtension>) -> Result<StatusAnswer, Failure> {
    Ok(StatusAnswer::Checked { confirmed, serial: serial.to_owned(), told })
}

#[expect(clippy::unnecessary_wraps, reason = "what an answer holds")]
fn told(amount: Option<&str>) -> Option<StatusExtension> {
    Some(StatusExtension {
        stage: "confirmed".to_owned(),
        description: "参保人已认证通过".to_owned(),
        next_step: "可继续办理医保业务并结算。".to_owned(),
        way: Some("01".to_owned()),
        // Not before the notice whose serial it comes with.
        at: Some(NOW),
        amount: amount.map(yuan),
        valid_until: Some(NOW.plus(Duration::from_mins(1))),
        check_number: None,
    })
}

#[expect(clippy::needless_pass_by_value, reason = "rows read like sentences")]
impl Visit {
    fn noticed(mut self, amount: Option<&str>, answer: Result<NoticeAnswer, Failure>) -> Self {
        self = self.noticed_at(amount, answer, before(3));
        self
    }

    fn noticed_at(
        mut self,
        amount: Option<&str>,
        answer: Result<NoticeAnswer, Failure>,
        at: UnixMillis,
    ) -> Self {
        let epoch = self.begin_notice(amount.map(yuan), at).expect("a QR code");
        self.end_notice(epoch, answer.as_ref(), at);
        self
    }

    fn answered(mut self, answer: Result<StatusAnswer, Failure>) -> Self {
        self.record_status(self.epoch, answer.as_ref(), NOW);
        self
    }

    fn chose(mut self, way: Way) -> Self {
        self.choose(way).expect("possible");
        self
    }

    fn switched(mut self, text: &str) -> Self {
        self.switch_token(token(text)).expect("a QR code");
        self
    }

    fn checked(self, way: Way, passed: bool) -> Self {
        let outcome = if passed {
            OfflineOutcome::Passed { serial: Some("T20251123".to_owned()), token: None }
        } else {
            OfflineOutcome::Failed { message: "密码错误".to_owned() }
        };
        self.checked_as(way, outcome, before(2))
    }

    fn checked_as(self, way: Way, outcome: OfflineOutcome, at: UnixMillis) -> Self {
        self.checked_by(Source::Caller, way, outcome, at)
    }

    fn checked_by(mut self, source: Source, way: Way, outcome: OfflineOutcome, at: UnixMillis) -> Self {
        self.record_offline(way, outcome, source, at).expect("an offline way");
        self
    }

    /// The terminal gave the face that was the medium a number.
    fn shown(mut self) -> Self {
        self.evidence = Some("ano3754826492874240001350000".to_owned());
        self
    }

    /// The center answered "0", and at which stage it is.
    fn at_stage(self, stage: &str) -> Self {
        let told = StatusExtension {
            stage: stage.to_owned(),
            description: "阶段".to_owned(),
            next_step: String::new(),
            ..told(None).expect("told")
        };
        self.answered(stas(false, SERIAL, Some(told)))
    }

    fn far(mut self) -> Self {
        self.cross_province = true;
        self
    }
}

/// What a row expects, in a word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Expected {
    Proven(ProofWay),
    /// 500320.
    Free,
    Exempt(Exemption),
    Refuse(Reason),
    FallBack(Reason),
}

impl Expected {
    fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Settle(Grounds::Proven(proof)) if proof.password_free => Self::Free,
            Verdict::Settle(Grounds::Proven(proof)) => Self::Proven(proof.way),
            Verdict::Settle(Grounds::NotGated(exemption)) => Self::Exempt(*exemption),
            Verdict::Refuse(advice) => Self::Refuse(advice.reason),
            Verdict::FallBack(advice) => Self::FallBack(advice.reason),
        }
    }
}

struct Row {
    /// What happened, in Chinese.
    what: &'static str,
    section: &'static str,
    visit: Visit,
    ask: Ask,
    rules: Rules,
    expected: Expected,
}

fn row(what: &'static str, section: &'static str, visit: Visit, expected: Expected) -> Row {
    Row { what, section, visit, ask: hundred(), rules: Rules::default(), expected }
}

impl Row {
    fn asking(self, ask: Ask) -> Self {
        Self { ask, ..self }
    }

    fn under(self, rules: Rules) -> Self {
        Self { rules, ..self }
    }
}

use Expected::{Exempt, FallBack, Free, Proven, Refuse};

fn online_rows() -> Vec<Row> {
    let sent = || scanned().noticed(Some("100"), notified(SERIAL));
    let no = || stas(false, SERIAL, None);
    let yes = || stas(true, SERIAL, None);
    vec![
        row("已通知，查询为 \"1\"", "1.6.2(9)B", sent().answered(yes()), Proven(ProofWay::Online)),
        row(
            "已通知，查询为 \"1\"，中心告知方式 01",
            "1.6.2(9)B",
            sent().answered(stas(true, SERIAL, told(Some("100")))),
            Proven(ProofWay::OnlinePassword),
        ),
        row("已通知，查询为 \"0\"", "1.6.2(9)A", sent().answered(no()), Refuse(Reason::NotConfirmed)),
        row(
            "先查询为 \"0\"，再次点击确认结算时为 \"1\"",
            "1.6.2(9)B",
            sent().answered(no()).answered(yes()),
            Proven(ProofWay::Online),
        ),
        row(
            "第二次通知后仍为 \"0\"",
            "1.4.4(5)C",
            sent().noticed(Some("100"), notified(SERIAL)).answered(no()),
            Refuse(Reason::NotConfirmed),
        ),
        row(
            "第三次通知后仍为 \"0\"",
            "1.4.4(5)D、E",
            sent()
                .noticed(Some("100"), notified(SERIAL))
                .noticed(Some("100"), notified(SERIAL))
                .answered(no()),
            Refuse(Reason::NotConfirmed),
        ),
        row(
            "通知返回 500320",
            "1.4.3.2(4)A",
            scanned().noticed(Some("100"), Ok(NoticeAnswer::PasswordFree)),
            Free,
        ),
        row(
            "通知成功，查询返回 500320",
            "1.4.3.2(6)B",
            sent().answered(Ok(StatusAnswer::PasswordFree)),
            Free,
        ),
        row(
            "通知 50 元返回 500320，结算 100 元",
            "1.4.3.2(4)A",
            scanned().noticed(Some("50"), Ok(NoticeAnswer::PasswordFree)),
            Refuse(Reason::AmountNotCovered),
        ),
    ]
}

fn failing_rows() -> Vec<Row> {
    let sent = || scanned().noticed(Some("100"), notified(SERIAL));
    let no = || stas(false, SERIAL, None);
    let yes = || stas(true, SERIAL, None);
    vec![
        row(
            "通知返回 code 0、notcFlag \"0\"",
            "1.7.1",
            scanned()
                .noticed(Some("100"), Ok(NoticeAnswer::NotNotified { serial: SERIAL.to_owned() }))
                .answered(no()),
            FallBack(Reason::NoticeFailed),
        ),
        row(
            "通知返回 500319",
            "1.9",
            scanned().noticed(Some("100"), Err(code(500_319))).answered(no()),
            FallBack(Reason::NoticeFailed),
        ),
        row(
            "通知返回 500321",
            "1.9",
            scanned().noticed(Some("100"), Err(code(500_321))).answered(no()),
            FallBack(Reason::NoticeFailed),
        ),
        row(
            "通知时网络连接失败，查询也失败",
            "1.4.3.2(8)A",
            scanned()
                .noticed(Some("100"), Err(trouble(Trouble::Unreachable)))
                .answered(Err(trouble(Trouble::Unreachable))),
            FallBack(Reason::Unreachable),
        ),
        row(
            "通知超时，查询为 \"0\"",
            "1.4.3.2(8)A",
            scanned().noticed(Some("100"), Err(trouble(Trouble::TimedOut))).answered(no()),
            FallBack(Reason::TimedOut),
        ),
        row(
            "通知超时，查询为 \"1\"，本机构设为 status_serial = \"notice\"（不是对本次通知的答复）",
            "1.6.2(9)",
            scanned().noticed(Some("100"), Err(trouble(Trouble::TimedOut))).answered(yes()),
            Refuse(Reason::AnotherSerial),
        )
        .under(Rules { status_serial: StatusSerial::OfNotice, ..Rules::default() }),
        row(
            "通知成功，查询超时",
            "1.4.3.2(8)A",
            sent().answered(Err(trouble(Trouble::TimedOut))),
            FallBack(Reason::TimedOut),
        ),
        row(
            "通知返回 -3",
            "1.9",
            scanned().noticed(Some("100"), Err(code(-3))).answered(no()),
            FallBack(Reason::TimedOut),
        ),
        row(
            "通知返回 -1",
            "1.9",
            scanned().noticed(Some("100"), Err(code(-1))).answered(no()),
            FallBack(Reason::Unreachable),
        ),
        row(
            "通知返回 500001",
            "1.9",
            scanned().noticed(Some("100"), Err(code(500_001))).answered(Err(code(500_001))),
            Refuse(Reason::Refused),
        ),
        row(
            "通知返回 500042",
            "1.9",
            scanned().noticed(Some("100"), Err(code(500_042))).answered(no()),
            Refuse(Reason::Refused),
        ),
        row(
            "通知返回 -4",
            "1.9",
            scanned().noticed(Some("100"), Err(code(-4))).answered(Err(code(-4))),
            Refuse(Reason::Refused),
        ),
        row(
            "已通知，再次通知返回 500084，查询为 \"1\"",
            "1.6.2(9)B",
            sent().noticed(Some("100"), Err(code(500_084))).answered(yes()),
            Proven(ProofWay::Online),
        ),
        row(
            "通知时程序中断，重启后查询为 \"0\"",
            "1.4.3.2(8)A",
            pending().answered(no()),
            FallBack(Reason::Unreachable),
        ),
        row(
            "应答打不开或不是中心的应答",
            "1.3.1.2",
            sent().answered(Err(Failure::NotAnAnswer { status: 502, why: None })),
            FallBack(Reason::Unreachable),
        ),
    ]
}

/// What the center answers to a notice after "not me".
fn quiet() -> Failure {
    let message = "请求过于频繁,请稍后再试：参保人刚表示非本人办理，15 分钟内不再通知。请核实持码人身份";
    Failure::Refused { code: 500_084, message: message.to_owned() }
}

fn pending() -> Visit {
    let mut visit = scanned();
    visit.begin_notice(Some(yuan("100")), before(3)).expect("a QR code");
    visit
}

#[expect(clippy::too_many_lines, reason = "one table, read as one")]
fn binding_rows() -> Vec<Row> {
    let sent = |amount| scanned().noticed(amount, notified(SERIAL));
    let yes = || stas(true, SERIAL, None);
    vec![
        row(
            "查询为 \"1\"，流水号与通知的不同（有的中心每次另给）",
            "1.7.2",
            sent(Some("100")).answered(stas(true, OTHER_SERIAL, None)),
            Proven(ProofWay::Online),
        ),
        row(
            "同上，本机构设为 status_serial = \"notice\"",
            "1.7.2",
            sent(Some("100")).answered(stas(true, OTHER_SERIAL, None)),
            Refuse(Reason::AnotherSerial),
        )
        .under(Rules { status_serial: StatusSerial::OfNotice, ..Rules::default() }),
        row(
            "通知应答的流水号不是新的",
            "1.7.1",
            scanned()
                .noticed(Some("100"), Err(Failure::Foreign("旧流水号")))
                .answered(stas(false, SERIAL, None)),
            Refuse(Reason::Foreign),
        ),
        row(
            "按 80 元通知并确认，结算 100 元",
            "1.7.1",
            sent(Some("80")).answered(yes()),
            Refuse(Reason::AmountNotCovered),
        ),
        row(
            "按 120 元通知并确认，结算 100 元",
            "1.7.1",
            sent(Some("120")).answered(yes()),
            Proven(ProofWay::Online),
        ),
        row("通知未带金额，确认后结算 100 元", "1.7.1", sent(None).answered(yes()), Proven(ProofWay::Online)),
        row(
            "中心告知确认的是 80 元，结算 100 元",
            "1.7.2",
            sent(Some("100")).answered(stas(true, SERIAL, told(Some("80")))),
            Refuse(Reason::AmountNotCovered),
        ),
        row(
            "先按 100 元通知，后按 60 元通知超时，确认后结算 100 元",
            "1.7.1",
            sent(Some("100")).noticed(Some("60"), Err(trouble(Trouble::TimedOut))).answered(yes()),
            Refuse(Reason::AmountNotCovered),
        ),
        row(
            "先按 100 元通知，后按 60 元通知超时，确认后结算 60 元",
            "1.7.1",
            sent(Some("100")).noticed(Some("60"), Err(trouble(Trouble::TimedOut))).answered(yes()),
            Proven(ProofWay::Online),
        )
        .asking(ask(Settlement::Outpatient, "60")),
        row(
            "换渠道应用重新展码（新令牌），旧令牌已确认",
            "1.4.4(5)E",
            sent(Some("100")).answered(yes()).switched("T2"),
            Refuse(Reason::NotNotified),
        ),
        row(
            "换渠道应用重新展码，新令牌通知并确认",
            "1.4.4(5)E",
            sent(Some("100")).switched("T2").noticed(Some("100"), notified(OTHER_SERIAL)).answered(stas(
                true,
                OTHER_SERIAL,
                None,
            )),
            Proven(ProofWay::Online),
        ),
        row(
            "通知已超过有效时间，查询为 \"1\"",
            "1.6.2(9)A",
            scanned().noticed_at(Some("100"), notified(SERIAL), before(61)).answered(yes()),
            Refuse(Reason::ProofExpired),
        ),
        row(
            "查询之后又发了新的通知",
            "1.6.2(9)",
            sent(Some("100")).answered(yes()).noticed(Some("100"), notified(OTHER_SERIAL)),
            Refuse(Reason::StatusMissing),
        ),
        row("参保人取消了认证", "1.4.4(5)", sent(None).at_stage("cancelled"), Refuse(Reason::Cancelled)),
        row("参保人表示非本人办理", "1.4.4(5)", sent(None).at_stage("notMe"), Refuse(Reason::NotMe)),
        row(
            "参保人表示非本人后再次通知，中心拒绝（500084）",
            "1.9",
            sent(None).noticed(None, Err(quiet())).answered(Err(quiet())),
            Refuse(Reason::NotMe),
        ),
        row("密码错误次数过多", "1.4.4(5)", sent(None).at_stage("wrongPassword"), Refuse(Reason::Locked)),
        row("通知过期未认证", "1.4.4(5)A", sent(None).at_stage("expired"), Refuse(Reason::Lapsed)),
        row(
            "渠道应用未能完成认证",
            "1.4.4(5)E",
            sent(None).at_stage("failed"),
            Refuse(Reason::ChannelFailed),
        ),
        row("选了线上，还没有通知", "1.6.2(4)B", scanned().chose(Way::Online), Refuse(Reason::NotNotified)),
        row("还没有选择认证方式", "1.6.2(3)", scanned(), Refuse(Reason::NoWay)),
    ]
}

#[expect(clippy::too_many_lines, reason = "one table, read as one")]
fn offline_rows() -> Vec<Row> {
    use Way::{LibraryPassword, Online, TerminalFace, TerminalPassword};
    let foreign = OfflineOutcome::Passed { serial: None, token: Some(token("T9")) };
    let passed = || OfflineOutcome::Passed { serial: None, token: None };
    let claims = Rules { bare_claims: true, ..Rules::default() };
    let broken = OfflineOutcome::Unavailable { message: "终端未连接".to_owned() };
    let sent = || scanned().noticed(Some("100"), notified(SERIAL));
    vec![
        row(
            "展码后在医保终端刷脸通过",
            "1.5.3.2(4)B",
            scanned().checked(TerminalFace, true),
            Proven(ProofWay::TerminalFace),
        ),
        row(
            "展码后在医保终端输入密码通过",
            "1.5.3.2(4)B",
            scanned().checked(TerminalPassword, true),
            Proven(ProofWay::TerminalPassword),
        ),
        row(
            "展码后经动态库输入密码通过",
            "1.5.3.2(4)B",
            scanned().checked(LibraryPassword, true),
            Proven(ProofWay::LibraryPassword),
        ),
        row(
            "线下密码错误",
            "1.5.3.2(4)A",
            scanned().checked(TerminalPassword, false),
            Refuse(Reason::OfflineFailed),
        ),
        row(
            "医保终端不可用",
            "1.5.3.2(3)",
            scanned().checked_as(TerminalPassword, broken, before(2)),
            Refuse(Reason::OfflineUnavailable),
        ),
        row(
            "选了线下方式，还没有核验",
            "1.6.2(8)B",
            scanned().chose(LibraryPassword),
            Refuse(Reason::OfflineMissing),
        ),
        row(
            "线下核验返回的是另一个令牌",
            "1.5.3.2(4)",
            scanned().checked_as(TerminalPassword, foreign, before(2)),
            Refuse(Reason::AnotherToken),
        ),
        row(
            "线下核验已超过有效时间",
            "1.5.3.2(4)",
            scanned().checked_by(Source::Port, TerminalFace, passed(), before(61)),
            Refuse(Reason::ProofExpired),
        ),
        row(
            "通知超时，改用线下并通过",
            "1.4.3.2(8)A",
            scanned().noticed(Some("100"), Err(trouble(Trouble::TimedOut))).checked(TerminalPassword, true),
            Proven(ProofWay::TerminalPassword),
        ),
        row(
            "线上已确认，又改选线下而未核验",
            "1.6.2(8)B",
            sent().answered(stas(true, SERIAL, None)).chose(TerminalFace),
            Refuse(Reason::OfflineMissing),
        ),
        row(
            "线下失败，改回线上，查询为 \"1\"",
            "1.6.2(8)B",
            sent().checked(TerminalPassword, false).chose(Online).answered(stas(true, SERIAL, None)),
            Proven(ProofWay::Online),
        ),
        row(
            "线下通过后换渠道应用重新展码",
            "1.4.4(5)E",
            scanned().checked(TerminalPassword, true).switched("T2"),
            Refuse(Reason::OfflineMissing),
        ),
        row(
            "接入的医保终端核验通过，没有给流水号",
            "1.5.3.2(4)B",
            scanned().checked_by(Source::Port, TerminalPassword, passed(), before(2)),
            Proven(ProofWay::TerminalPassword),
        ),
        row(
            "登记为通过，没有流水号",
            "1.5.3.2(4)",
            scanned().checked_as(TerminalPassword, passed(), before(2)),
            Refuse(Reason::NoEvidence),
        ),
        row(
            "同上，本机构设为 bare_claims = true",
            "现场约定",
            scanned().checked_as(TerminalPassword, passed(), before(2)),
            Proven(ProofWay::TerminalPassword),
        )
        .under(claims),
        row(
            "医保终端刷脸作为介质，有终端的流水号",
            "1.5.3.2(2)B.a",
            came(Medium::TerminalFace).shown(),
            Proven(ProofWay::TerminalFace),
        ),
        row(
            "医保终端刷脸作为介质，没有流水号",
            "1.5.3.2(2)B.a",
            came(Medium::TerminalFace),
            Refuse(Reason::NoEvidence),
        ),
        row(
            "同上，随后由接入的医保终端刷脸",
            "1.5.3.2(2)B.a",
            came(Medium::TerminalFace).checked_by(Source::Port, TerminalFace, passed(), before(1)),
            Proven(ProofWay::TerminalFace),
        ),
        row(
            "医保终端刷脸作为介质，没有流水号，本机构设为 bare_claims = true",
            "现场约定",
            came(Medium::TerminalFace),
            Proven(ProofWay::TerminalFace),
        )
        .under(claims),
        row("社会保障卡，未核验", "1.5.3.2(2)B.b", came(Medium::SocialSecurityCard), Refuse(Reason::NoWay)),
        row(
            "社会保障卡，医保终端密码通过",
            "1.5.3.2(4)B",
            came(Medium::SocialSecurityCard).checked(TerminalPassword, true),
            Proven(ProofWay::TerminalPassword),
        ),
        row(
            "居民身份证，动态库密码错误",
            "1.5.3.2(4)A",
            came(Medium::IdCard).checked(LibraryPassword, false),
            Refuse(Reason::OfflineFailed),
        ),
        row("其他介质，未核验", "1.6.2(8)A", came(Medium::Other), Refuse(Reason::NoWay)),
    ]
}

fn switch_rows() -> Vec<Row> {
    let all = Rules::default();
    let far = Rules { cross_province: false, ..all };
    vec![
        row("退费或撤销（2103、2208、2305）", "现场约定", scanned(), Exempt(Exemption::Reversal))
            .asking(ask(Settlement::Reversal, "100")),
        row("门诊核验已关闭", "现场约定", scanned(), Exempt(Exemption::SwitchedOff))
            .under(Rules { outpatient: false, ..all }),
        row("门诊核验已关闭，但这是住院结算", "现场约定", scanned(), Refuse(Reason::NoWay))
            .under(Rules { outpatient: false, ..all })
            .asking(ask(Settlement::Inpatient, "100")),
        row("药店核验已关闭", "现场约定", scanned(), Exempt(Exemption::SwitchedOff))
            .under(Rules { pharmacy: false, ..all })
            .asking(ask(Settlement::Pharmacy, "100")),
        row("挂号（2201）", "现场约定", scanned(), Refuse(Reason::NoWay))
            .asking(ask(Settlement::Registration, "100")),
        row("挂号核验已关闭", "现场约定", scanned(), Exempt(Exemption::SwitchedOff))
            .under(Rules { registration: false, ..all })
            .asking(ask(Settlement::Registration, "100")),
        row("本机构另列的结算（gate.more）", "现场约定", scanned(), Refuse(Reason::NoWay))
            .asking(ask(Settlement::Other, "100")),
        row("跨省参保人，本机构设为免核验", "现场约定", scanned().far(), Exempt(Exemption::CrossProvince))
            .under(far),
        row("跨省参保人，未设免核验", "现场约定", scanned().far(), Refuse(Reason::NoWay)),
        row("本省参保人，跨省免核验", "现场约定", scanned(), Refuse(Reason::NoWay)).under(far),
        row(
            "社会保障卡，本机构设为实体卡免核验",
            "1.6.2(8)A",
            came(Medium::SocialSecurityCard),
            Exempt(Exemption::Card),
        )
        .under(Rules { cards: false, ..all }),
        row("展码，本机构设为实体卡免核验", "1.6.2(8)B", scanned(), Refuse(Reason::NoWay))
            .under(Rules { cards: false, ..all }),
    ]
}

fn groups() -> [(&'static str, Vec<Row>); 5] {
    [
        ("线上方式：通知与查询", online_rows()),
        ("线上方式：没有成功的通知与查询", failing_rows()),
        ("线上方式：是不是这一次、这个人、这么多钱", binding_rows()),
        ("线下方式与其他介质", offline_rows()),
        ("本机构的开关", switch_rows()),
    ]
}

#[test]
fn every_row_of_the_table() {
    for (group, rows) in groups() {
        for row in rows {
            let verdict = decide(&row.visit, &row.ask, &row.rules, NOW);
            assert_eq!(Expected::of(&verdict), row.expected, "{group}: {}: {verdict:?}", row.what);
        }
    }
}

#[test]
fn every_reason_to_refuse_is_in_the_table() {
    let shown: Vec<Expected> =
        groups().into_iter().flat_map(|(_, rows)| rows).map(|row| row.expected).collect();
    for reason in Reason::ALL {
        let there = shown.iter().any(|shown| *shown == Refuse(reason) || *shown == FallBack(reason));
        assert!(there, "{reason:?}");
    }
}

fn words(verdict: &Verdict) -> (String, String) {
    match verdict {
        Verdict::Settle(grounds) => ("**结算**".to_owned(), grounds.words()),
        Verdict::Refuse(advice) => ("不结算".to_owned(), format!("{}。{}", advice.why, advice.next)),
        Verdict::FallBack(advice) => ("转线下".to_owned(), format!("{}。{}", advice.why, advice.next)),
    }
}

/// The tables of the guide.
fn page_part() -> String {
    let mut out = String::new();
    for (group, rows) in groups() {
        let _ = write!(
            out,
            "\n### {group}\n\n| 情形 | 结论 | 依据，或原因与下一步 | 出处 |\n|---|---|---|---|\n"
        );
        for row in rows {
            let (answer, why) = words(&decide(&row.visit, &row.ask, &row.rules, NOW));
            let _ = writeln!(out, "| {} | {answer} | {why} | {} |", row.what, row.section);
        }
    }
    out
}

/// The guide's table is this one; with `UPDATE_REFERENCE=1` it is written anew.
#[test]
fn the_page_of_the_gate_is_a_reference() {
    const BEGIN: &str = "<!-- 以下表格由测试生成 -->\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/gate.md");
    let page = std::fs::read_to_string(&path).expect("the page");
    let (head, table) = page.split_once(BEGIN).expect("the mark");
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(&path, format!("{head}{BEGIN}{}", page_part())).expect("written");
    } else {
        assert!(table == page_part(), "docs/guide/gate.md is out of date: cargo xtask references");
    }
}

#[test]
fn settlements_by_number() {
    for (number, kind) in [
        ("2102", Some(Settlement::Pharmacy)),
        ("2207", Some(Settlement::Outpatient)),
        ("2207A", Some(Settlement::Outpatient)),
        ("2304", Some(Settlement::Inpatient)),
        ("2305", Some(Settlement::Reversal)),
        ("2201", Some(Settlement::Registration)),
        ("2202", Some(Settlement::Reversal)),
        ("2208", Some(Settlement::Reversal)),
        ("2103", Some(Settlement::Reversal)),
        ("2206", None),
        ("", None),
        ("2207a", None),
    ] {
        assert_eq!(Settlement::of(number), kind, "{number}");
    }
    assert!(is_cross_province("110000", "350000"));
    assert!(!is_cross_province("350199", "350000"));
    assert!(!is_cross_province("", "350000"), "not known is not exempt");
}

#[test]
fn the_center_is_asked_only_when_it_matters() {
    let rules = Rules::default();
    let needs = |visit: &Visit| needs_status(visit, &hundred(), &rules);
    assert!(needs(&scanned().noticed(None, notified(SERIAL))));
    assert!(needs(&scanned().noticed(None, Err(trouble(Trouble::TimedOut)))));
    assert!(!needs(&scanned().noticed(None, Ok(NoticeAnswer::PasswordFree))));
    assert!(!needs(&scanned().chose(Way::Online)));
    assert!(!needs(&scanned().checked(Way::TerminalFace, true)));
    let off = Rules { outpatient: false, ..rules };
    assert!(!needs_status(&scanned().noticed(None, notified(SERIAL)), &hundred(), &off));
}

#[test]
fn a_step_that_makes_no_sense_is_refused() {
    assert_eq!(
        Visit::begin(VisitId::from_bytes([0; 16]), Medium::QrCode, None, NOW),
        Err(StepError::NoToken)
    );
    let mut card = came(Medium::SocialSecurityCard);
    assert_eq!(card.choose(Way::Online), Err(StepError::NotOnline));
    assert_eq!(card.begin_notice(None, NOW), Err(StepError::NotOnline));
    assert_eq!(card.switch_token(token("T2")), Err(StepError::NotOnline));
    let passed = OfflineOutcome::Passed { serial: None, token: None };
    assert_eq!(card.record_offline(Way::Online, passed, Source::Port, NOW), Err(StepError::NotOffline));
}

#[test]
fn an_answer_to_an_older_question_changes_nothing() {
    let mut visit = scanned();
    let first = visit.begin_notice(Some(yuan("500")), before(3)).expect("a QR code");
    visit.switch_token(token("T2")).expect("a QR code");
    visit.end_notice(first, Ok(&NoticeAnswer::PasswordFree), NOW);
    assert_eq!(visit.notice(), None);
    let second = visit.begin_notice(Some(yuan("10")), before(2)).expect("a QR code");
    visit.end_notice(first, Ok(&NoticeAnswer::PasswordFree), NOW);
    assert_eq!(visit.notice().expect("one").outcome, NoticeOutcome::Pending);
    visit.end_notice(second, notified(SERIAL).as_ref(), NOW);
    assert_eq!(visit.notice().expect("one").outcome, NoticeOutcome::Notified);
    visit.record_status(second.wrapping_sub(1), stas(true, SERIAL, None).as_ref(), NOW);
    let verdict = decide(&visit, &ask(Settlement::Outpatient, "10"), &Rules::default(), NOW);
    assert_eq!(Expected::of(&verdict), Refuse(Reason::StatusMissing));
}
