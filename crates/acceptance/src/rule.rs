//! The rules an institution's system is held to, each with its section of the specification.

use serde::{Serialize, Serializer};

/// The two kinds of rules.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// 规范要求: printed in the specification; these decide.
    Required,
    /// 安全建议: ours; whoever does otherwise is told, and passes.
    Advised,
}

impl Kind {
    /// Both kinds, in the order of the report.
    pub const ALL: [Self; 2] = [Self::Required, Self::Advised];

    /// The kind in Chinese.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Required => "规范要求",
            Self::Advised => "安全建议",
        }
    }
}

/// A list of rules that somebody is held to.
pub trait Rulebook: Copy + Eq + 'static {
    /// Every rule, in the order of the report.
    const ALL: &'static [Self];

    /// The name for programs. It is part of the report's contract and never changes.
    fn id(self) -> &'static str;

    /// The section it comes from.
    fn section(self) -> &'static str;

    /// The rule in Chinese.
    fn title(self) -> &'static str;

    /// Whether it decides.
    fn kind(self) -> Kind;
}

/// One rule.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(missing_docs, reason = "each is described by its row of the table below")]
pub enum Rule {
    Members,
    Cipher,
    UpperCase,
    Timestamp,
    FreshTimestamp,
    ReqtType,
    NoticeFields,
    NoticeAmount,
    NoticeFirst,
    Medium,
    StatusFields,
    StatusAsked,
    Flag,
    Status,
    Recheck,
    Passed,
    Exempt,
    Amount,
    Token,
    Code,
    Order,
    Network,
    Patience,
    Envelope,
    Tolerant,
    Replay,
    Offline,
    Reason,
    Again,
    Wait,
    Poll,
}

impl Rule {
    /// Every rule, in the order of the report.
    pub const ALL: [Self; 31] = [
        Self::Members,
        Self::Cipher,
        Self::UpperCase,
        Self::Timestamp,
        Self::FreshTimestamp,
        Self::ReqtType,
        Self::NoticeFields,
        Self::NoticeAmount,
        Self::NoticeFirst,
        Self::Medium,
        Self::StatusFields,
        Self::StatusAsked,
        Self::Flag,
        Self::Status,
        Self::Recheck,
        Self::Passed,
        Self::Exempt,
        Self::Amount,
        Self::Token,
        Self::Code,
        Self::Order,
        Self::Network,
        Self::Patience,
        Self::Envelope,
        Self::Tolerant,
        Self::Replay,
        Self::Offline,
        Self::Reason,
        Self::Again,
        Self::Wait,
        Self::Poll,
    ];

    /// The name for programs. It is part of the report's contract and never changes.
    pub const fn id(self) -> &'static str {
        self.row().0
    }

    /// The section of the specification it comes from.
    pub const fn section(self) -> &'static str {
        self.row().1
    }

    /// The rule in Chinese.
    pub const fn title(self) -> &'static str {
        self.row().2
    }

    /// Whether it decides. What the specification does not print is ours to advise, and nobody fails for it.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Amount | Self::Replay | Self::Patience | Self::Poll => Kind::Advised,
            _ => Kind::Required,
        }
    }

    const fn row(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Members => ("envelope.members", "1.3.2.1", "报文公共参数齐全，类型与版本号正确"),
            Self::Cipher => (
                "envelope.cipher",
                "1.3.1.1",
                "encData 为 SM4-ECB、PKCS7，可用下发密钥解开，明文为 UTF-8 的 JSON",
            ),
            Self::UpperCase => ("envelope.upper-case", "1.3.1.1", "encData 的十六进制为大写"),
            Self::Timestamp => ("envelope.timestamp", "1.3.2.1", "timestamp 为当前时间，13 位"),
            Self::FreshTimestamp => {
                ("envelope.fresh", "1.3.2.1", "每次请求（包括重试）重新取时间戳、重新组包")
            }
            Self::ReqtType => ("envelope.reqt-type", "1.3.2.1", "reqtType 以 & 和 6 位省级医保区划代码结尾"),
            Self::NoticeFields => {
                ("notice.fields", "1.7.1", "1.7.1 的入参齐全、正确，机构代码以 H 或 P 开头")
            }
            Self::NoticeAmount => {
                ("notice.amount", "1.7.1", "预结算总额 totalAmount 若有应必传，且等于本次金额")
            }
            Self::NoticeFirst => {
                ("gate.notice-first", "1.6.2(4)B", "展码就诊采用线上方式的，结算前已发起通知")
            }
            Self::Medium => ("gate.medium", "1.6.2(2)、(8)A", "介质在读取时记录；不以结算时的证件类型代替"),
            Self::StatusFields => ("status.fields", "1.7.2", "1.7.2 的入参齐全、正确"),
            Self::StatusAsked => ("gate.status-asked", "1.6.2(8)B", "结算前由系统自动查询核验状态"),
            Self::Flag => ("judge.flag", "1.7.1", "code 为 0 而 notcFlag 为 \"0\" 是通知失败"),
            Self::Status => ("judge.status", "1.6.2(9)A", "checkStas 为 \"0\" 时不结算"),
            Self::Recheck => ("judge.recheck", "1.6.2(8)B", "以点击结算时的查询为准，不沿用先前的结果"),
            Self::Passed => ("judge.passed", "1.6.2(9)B", "认证通过即自动继续结算"),
            Self::Exempt => ("judge.exempt", "1.4.3.2(4)A、1.7.1", "500320 免密：直接继续办理并结算"),
            Self::Amount => ("judge.amount", "1.7.1", "结算金额不高于参保人确认（或免密）的金额"),
            Self::Token => ("judge.token", "1.4.4(5)E、1.7.2", "换渠道应用重新展码后，只认新令牌的认证"),
            Self::Code => ("judge.code", "1.7.1、1.7.2", "code 不为 0（500320 除外）不是成功"),
            Self::Order => ("judge.order", "1.1", "先判断协议字段，再判断业务返回，最后判断交易状态"),
            Self::Network => ("judge.network", "1.4.3.2(8)A", "网络失败、超时不放行，可引导线下方式"),
            Self::Patience => ("judge.patience", "1.4.3.2(8)A", "几秒内到达的应答不是超时"),
            Self::Envelope => ("judge.envelope", "1.3.1.2(6)～(8)", "解不开、不完整、不合规范的应答不可信"),
            Self::Tolerant => ("judge.tolerant", "1.3.2.2", "应答中多出的参数不影响判断"),
            Self::Replay => ("judge.replay", "1.7.2", "核验状态须是对本次通知的答复（resBizNo）"),
            Self::Offline => ("judge.offline", "1.4.3.2(8)A、1.5", "只在允许的情形自动转线下方式"),
            Self::Reason => ("clerk.reason", "1.6.2(9)A、1.7.1", "不结算时向经办人员说明原因与下一步"),
            Self::Again => ("clerk.again", "1.4.4(5)A", "同一令牌可由经办人员多次发起通知"),
            Self::Wait => ("pace.wait", "1.9", "-6、500084 之后按要求等待再发"),
            Self::Poll => ("pace.poll", "1.9", "不循环轮询核验状态"),
        }
    }
}

impl Rulebook for Rule {
    const ALL: &'static [Self] = &Self::ALL;

    fn id(self) -> &'static str {
        self.id()
    }

    fn section(self) -> &'static str {
        self.section()
    }

    fn title(self) -> &'static str {
        self.title()
    }

    fn kind(self) -> Kind {
        self.kind()
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let ids: std::collections::BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.id()).collect();
        assert_eq!(ids.len(), Rule::ALL.len());
    }
}
