//! What happens to a visit, told in steps.

use super::*;

pub(super) const NOW: UnixMillis = UnixMillis::new(1_763_869_440_000);
pub(super) const SERIAL: &str = "161665488196720251123114400";
pub(super) const OTHER_SERIAL: &str = "161665488196820251123114400";

pub(super) fn yuan(text: &str) -> Amount {
    text.parse().expect("an amount")
}

pub(super) fn token(text: &str) -> EcToken {
    EcToken::new(text).expect("a token")
}

pub(super) fn before(minutes: u64) -> UnixMillis {
    NOW.minus(Duration::from_mins(minutes))
}

pub(super) fn ask(kind: Settlement, amount: &str) -> Ask {
    Ask { kind, amount: yuan(amount) }
}

/// 门诊结算 of 100 yuan.
pub(super) fn hundred() -> Ask {
    ask(Settlement::Outpatient, "100")
}

pub(super) fn came(medium: Medium) -> Visit {
    let token = (medium == Medium::QrCode).then(|| token("T1"));
    Visit::begin(VisitId::from_bytes([7; 16]), medium, token, before(1)).expect("a visit")
}

pub(super) fn scanned() -> Visit {
    came(Medium::QrCode)
}

pub(super) fn trouble(trouble: Trouble) -> Failure {
    Failure::Transport(TransportError { trouble, may_have_arrived: true })
}

pub(super) fn code(number: i64) -> Failure {
    let message = yanmi_protocol::Code::from_number(number).map_or("其他", yanmi_protocol::Code::message);
    Failure::Refused { code: number, message: message.to_owned() }
}

#[expect(clippy::unnecessary_wraps, reason = "what a call answers")]
pub(super) fn notified(serial: &str) -> Result<NoticeAnswer, Failure> {
    Ok(NoticeAnswer::Notified {
        serial: serial.to_owned(),
        check_number: Some("37".to_owned()),
        asked_earlier: Duration::ZERO,
    })
}

#[expect(clippy::unnecessary_wraps, reason = "what a call answers")]
pub(super) fn stas(
    confirmed: bool,
    serial: &str,
    told: Option<StatusExtension>,
) -> Result<StatusAnswer, Failure> {
    Ok(StatusAnswer::Checked { confirmed, serial: serial.to_owned(), told, proven: false })
}

#[expect(clippy::unnecessary_wraps, reason = "what an answer holds")]
pub(super) fn told(amount: Option<&str>) -> Option<StatusExtension> {
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

/// What the center answers to a notice after "not me".
pub(super) fn quiet() -> Failure {
    let message = "请求过于频繁,请稍后再试：参保人刚表示非本人办理，15 分钟内不再通知。请核实持码人身份";
    Failure::Refused { code: 500_084, message: message.to_owned() }
}

/// A notice that was sent, and whose answer nobody has seen.
pub(super) fn pending() -> Visit {
    let mut visit = scanned();
    visit.begin_notice(Some(yuan("100")), before(3)).expect("a QR code");
    visit
}

#[expect(clippy::needless_pass_by_value, reason = "rows read like sentences")]
impl Visit {
    pub(super) fn noticed(mut self, amount: Option<&str>, answer: Result<NoticeAnswer, Failure>) -> Self {
        self = self.noticed_at(amount, answer, before(3));
        self
    }

    pub(super) fn noticed_at(
        mut self,
        amount: Option<&str>,
        answer: Result<NoticeAnswer, Failure>,
        at: UnixMillis,
    ) -> Self {
        let epoch = self.begin_notice(amount.map(yuan), at).expect("a QR code");
        self.end_notice(epoch, answer.as_ref(), at);
        self
    }

    pub(super) fn answered(mut self, answer: Result<StatusAnswer, Failure>) -> Self {
        self.record_status(self.epoch, answer.as_ref(), NOW);
        self
    }

    pub(super) fn chose(mut self, way: Way) -> Self {
        self.choose(way).expect("possible");
        self
    }

    pub(super) fn switched(mut self, text: &str) -> Self {
        self.switch_token(token(text)).expect("a QR code");
        self
    }

    pub(super) fn checked(self, way: Way, passed: bool) -> Self {
        let outcome = if passed {
            OfflineOutcome::Passed { serial: Some("T20251123".to_owned()), token: None }
        } else {
            OfflineOutcome::Failed { message: "密码错误".to_owned() }
        };
        self.checked_as(way, outcome, before(2))
    }

    pub(super) fn checked_as(self, way: Way, outcome: OfflineOutcome, at: UnixMillis) -> Self {
        self.checked_by(Source::Caller, way, outcome, at)
    }

    pub(super) fn checked_by(
        mut self,
        source: Source,
        way: Way,
        outcome: OfflineOutcome,
        at: UnixMillis,
    ) -> Self {
        self.record_offline(way, outcome, source, at).expect("an offline way");
        self
    }

    /// The terminal gave the face that was the medium a number.
    pub(super) fn shown(mut self) -> Self {
        self.evidence = Some("ano3754826492874240001350000".to_owned());
        self
    }

    /// The center answered "0", and at which stage it is.
    pub(super) fn at_stage(self, stage: &str) -> Self {
        let told = StatusExtension {
            stage: stage.to_owned(),
            description: "阶段".to_owned(),
            next_step: String::new(),
            ..told(None).expect("told")
        };
        self.answered(stas(false, SERIAL, Some(told)))
    }

    pub(super) fn far(mut self) -> Self {
        self.cross_province = true;
        self
    }
}
