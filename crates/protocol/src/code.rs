//! The return codes (section 1.9): what each says, and who does what about it.
//!
//! This table is the single source: the reference page of the documentation is generated from it, and a code
//! without a message and advice does not compile.

use std::fmt;

/// A return code of section 1.9.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Code {
    /// 0
    Success,
    /// -1
    Unknown,
    /// -2
    BadParameter,
    /// -3
    Timeout,
    /// -4
    Denied,
    /// -5
    NoSuchAddress,
    /// -6
    RateLimited,
    /// 500001
    CredentialNotFound,
    /// 500002
    CredentialInactive,
    /// 500003
    NotAuthorizedForChannel,
    /// 500008
    BadAuthNo,
    /// 500012
    ChannelNotFound,
    /// 500014
    BadNoticeNo,
    /// 500033
    NationalCenterFailed,
    /// 500042
    PasswordNotSet,
    /// 500050
    IdentityEmpty,
    /// 500054
    InsuredPlaceEmpty,
    /// 500057
    IdentityMismatch,
    /// 500058
    PersonDataWrong,
    /// 500084
    TooFrequent,
    /// 500093
    BadChannelParameter,
    /// 500100
    NoInterfaceRight,
    /// 500208
    CertificationNotFound,
    /// 500209
    CertificationDisabled,
    /// 500156
    BusinessTypeNotFound,
    /// 500316
    BadOrgCode,
    /// 500318
    NoSettlementAtDecode,
    /// 500319
    NoticeFailed,
    /// 500320
    PasswordFree,
    /// 500321
    NoSettlement,
}

/// What kind of answer a code is: decides how loudly it is logged and whether the same call may help later.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Class {
    /// The call did what was asked.
    Success,
    /// No password is needed: settle.
    Exempt,
    /// The request is wrong; the same request will always be refused.
    Request,
    /// The account, institution or channel is not set up for this at the center.
    Registration,
    /// It lies with the person's credential or identity.
    Person,
    /// It lies with the channel app; another app or the offline way helps.
    Channel,
    /// Later it may well succeed.
    Later,
    /// Something is out of order at the center or behind it.
    Outage,
}

/// Who has to do something about a code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Party {
    /// Nobody.
    Nobody,
    /// 机构信息系统: the programmer of the institution's system.
    InstitutionSystem,
    /// 经办人员: the clerk at the counter.
    Clerk,
    /// 参保人, guided by the clerk.
    InsuredPerson,
    /// 渠道应用: the programmer of the channel app.
    ChannelApp,
    /// 地方电子凭证中心: its operator.
    Center,
}

impl Class {
    /// The class in Chinese, for the reference.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "成功",
            Self::Exempt => "免密",
            Self::Request => "请求有误",
            Self::Registration => "登记或权限",
            Self::Person => "凭证或身份",
            Self::Channel => "渠道",
            Self::Later => "稍后再试",
            Self::Outage => "故障",
        }
    }
}

impl Party {
    /// The party in Chinese, for the reference.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nobody => "无",
            Self::InstitutionSystem => "机构信息系统",
            Self::Clerk => "经办人员",
            Self::InsuredPerson => "参保人",
            Self::ChannelApp => "渠道应用",
            Self::Center => "地方电子凭证中心",
        }
    }
}

/// One row of the table.
struct Row {
    number: i32,
    message: &'static str,
    class: Class,
    party: Party,
    advice: &'static str,
}

const fn row(number: i32, message: &'static str, class: Class, party: Party, advice: &'static str) -> Row {
    Row { number, message, class, party, advice }
}

impl Code {
    /// Every code, in the order of section 1.9.
    pub const ALL: [Self; 30] = [
        Self::Success,
        Self::Unknown,
        Self::BadParameter,
        Self::Timeout,
        Self::Denied,
        Self::NoSuchAddress,
        Self::RateLimited,
        Self::CredentialNotFound,
        Self::CredentialInactive,
        Self::NotAuthorizedForChannel,
        Self::BadAuthNo,
        Self::ChannelNotFound,
        Self::BadNoticeNo,
        Self::NationalCenterFailed,
        Self::PasswordNotSet,
        Self::IdentityEmpty,
        Self::InsuredPlaceEmpty,
        Self::IdentityMismatch,
        Self::PersonDataWrong,
        Self::TooFrequent,
        Self::BadChannelParameter,
        Self::NoInterfaceRight,
        Self::CertificationNotFound,
        Self::CertificationDisabled,
        Self::BusinessTypeNotFound,
        Self::BadOrgCode,
        Self::NoSettlementAtDecode,
        Self::NoticeFailed,
        Self::PasswordFree,
        Self::NoSettlement,
    ];

    /// The number on the wire.
    pub const fn number(self) -> i32 {
        self.row().number
    }

    /// The message of section 1.9. For [`Code::NoticeFailed`] it ends where the reason begins.
    pub const fn message(self) -> &'static str {
        self.row().message
    }

    /// What kind of answer it is.
    pub const fn class(self) -> Class {
        self.row().class
    }

    /// Who has to act.
    pub const fn party(self) -> Party {
        self.row().party
    }

    /// What that party does, in Chinese.
    pub const fn advice(self) -> &'static str {
        self.row().advice
    }

    /// The code of this number.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|code| i64::from(code.number()) == number)
    }

    #[expect(clippy::too_many_lines, reason = "one table of thirty rows, read as one")]
    const fn row(self) -> Row {
        use Class::{Channel, Exempt, Later, Outage, Person, Registration, Request};
        use Party::{Center, ChannelApp, Clerk, InstitutionSystem, InsuredPerson, Nobody};
        match self {
            Self::Success => row(0, "成功", Class::Success, Nobody, "打开 data.encData，再判断业务返回。"),
            Self::Unknown => row(
                -1,
                "未知异常",
                Outage,
                Center,
                "中心一侧出错或不可用：机构可稍后重试一次，仍不成功则引导参保人采用线下方式；中心按日志查因。",
            ),
            Self::BadParameter => row(
                -2,
                "请求参数异常",
                Request,
                InstitutionSystem,
                "按提示信息中的参数名修改程序；时间戳超差时先校准本机时钟。原样重发不会成功。",
            ),
            Self::Timeout => row(
                -3,
                "服务端请求超时",
                Later,
                Clerk,
                "稍后重试一次，仍超时则引导参保人采用线下密码核验认证方式。",
            ),
            Self::Denied => row(
                -4,
                "权限校验异常",
                Registration,
                InstitutionSystem,
                "核对业务系统编码、密钥（比对密钥校验值）、SM4-ECB、PKCS7 填充与 UTF-8 编码；请中心查看日志中的确切原因。",
            ),
            Self::NoSuchAddress => {
                row(-5, "无效的请求地址", Request, InstitutionSystem, "核对请求地址的路径，区分大小写。")
            }
            Self::RateLimited => row(
                -6,
                "触发限流",
                Later,
                InstitutionSystem,
                "等提示的秒数（亦见 Retry-After 头）后再发；不要循环轮询，查询可用 waitSeconds。",
            ),
            Self::CredentialNotFound => row(
                500_001,
                "该电子凭证不存在",
                Person,
                Clerk,
                "令牌无效或已过期：请参保人重新展码，重新解码。",
            ),
            Self::CredentialInactive => row(
                500_002,
                "该电子凭证未激活",
                Person,
                InsuredPerson,
                "请参保人先在渠道应用中激活医保电子凭证。",
            ),
            Self::NotAuthorizedForChannel => row(
                500_003,
                "该用户在该应用渠道未授权",
                Person,
                InsuredPerson,
                "请参保人在该渠道应用中完成授权，或换一个渠道应用重新展码。",
            ),
            Self::BadAuthNo => {
                row(500_008, "非法授权码", Channel, ChannelApp, "刷脸授权码无效或已用：重新发起人脸识别。")
            }
            Self::ChannelNotFound => row(
                500_012,
                "该应用渠道不存在",
                Registration,
                Clerk,
                "请参保人换一个渠道应用重新展码；中心核对渠道登记。",
            ),
            Self::BadNoticeNo => row(
                500_014,
                "非法经办流水号",
                Channel,
                ChannelApp,
                "通知已失效、已完成或已被新通知取代：拉取待办通知，以最新一条为准。",
            ),
            Self::NationalCenterFailed => row(
                500_033,
                "请求国家电子凭证出错",
                Outage,
                Center,
                "国家电子凭证不可用：机构可稍后重试或采用线下方式；中心检查到国家电子凭证的连接。",
            ),
            Self::PasswordNotSet => row(
                500_042,
                "电子凭证密码未设置",
                Person,
                InsuredPerson,
                "请参保人在渠道应用中设置医保电子凭证密码，或采用人脸等其他认证方式。",
            ),
            Self::IdentityEmpty => row(
                500_050,
                "用户身份信息为空，查询人员基础 Id 失败",
                Person,
                Clerk,
                "凭证缺少身份信息：请参保人到医保经办机构核实，本次采用线下方式。",
            ),
            Self::InsuredPlaceEmpty => row(
                500_054,
                "参保地为空",
                Person,
                Clerk,
                "请参保人到医保经办机构核实参保信息，本次采用线下方式。",
            ),
            Self::IdentityMismatch => row(
                500_057,
                "用户身份信息校验不通过",
                Person,
                Clerk,
                "核对参保人身份；确为本人的，到医保经办机构更正信息。",
            ),
            Self::PersonDataWrong => row(
                500_058,
                "人员信息错误",
                Person,
                Clerk,
                "请参保人到医保经办机构更正人员信息，本次采用线下方式。",
            ),
            Self::TooFrequent => row(
                500_084,
                "请求过于频繁,请稍后再试",
                Later,
                Clerk,
                "先请参保人打开渠道应用查看消息中心里已有的通知，稍等后再重新发起。",
            ),
            Self::BadChannelParameter => {
                row(500_093, "渠道入参异常", Request, ChannelApp, "按提示信息中的参数名修改渠道应用的程序。")
            }
            Self::NoInterfaceRight => row(
                500_100,
                "无接口权限",
                Registration,
                InstitutionSystem,
                "向地方电子凭证中心申请该接口的权限。",
            ),
            Self::CertificationNotFound => row(
                500_208,
                "该渠道认证记录不存在",
                Registration,
                Center,
                "中心补录渠道认证记录；参保人可先换渠道应用。",
            ),
            Self::CertificationDisabled => row(
                500_209,
                "该渠道认证记录已停用",
                Registration,
                Center,
                "中心核实停用原因；参保人可先换渠道应用。",
            ),
            Self::BusinessTypeNotFound => row(
                500_156,
                "线上业务类型编码不存在",
                Request,
                InstitutionSystem,
                "businessType 按用码业务类型字典传参，例如 01101。",
            ),
            Self::BadOrgCode => row(
                500_316,
                "医保定点机构代码传输错误，请调整",
                Request,
                InstitutionSystem,
                "传国标定点机构代码（H 或 P 加 11 位数字），且须登记在本业务系统编码之下。",
            ),
            Self::NoSettlementAtDecode => row(
                500_318,
                "该渠道暂不支持医保结算业务办理，可选择国家医保服务平台 APP 办理",
                Channel,
                InsuredPerson,
                "请参保人改用国家医保服务平台 APP 等支持结算的渠道应用展码。",
            ),
            Self::NoticeFailed => row(
                500_319,
                "通知渠道为参保人发起密码核验认证服务失败，请重试或采用线下密码核验认证。通知失败原因：",
                Channel,
                Clerk,
                "请参保人打开渠道应用后重新发起一次；仍失败则换渠道应用重新展码，或采用线下方式。",
            ),
            Self::PasswordFree => row(
                500_320,
                "该笔结算业务无需参保人输入密码，可直接办理",
                Exempt,
                InstitutionSystem,
                "不是失败：直接继续办理医保业务并结算。",
            ),
            Self::NoSettlement => row(
                500_321,
                "通知渠道为参保人发起密码核验认证服务失败，该渠道暂不支持医保结算业务办理，可选择国家医保服务平台 APP 办理",
                Channel,
                InsuredPerson,
                "请参保人改用国家医保服务平台 APP 等支持结算的渠道应用重新展码，或采用线下方式。",
            ),
        }
    }
}

/// The number.
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_codes_each_once_each_with_words() {
        let mut numbers: Vec<i32> = Code::ALL.iter().map(|code| code.number()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 30);
        for code in Code::ALL {
            assert_eq!(Code::from_number(i64::from(code.number())), Some(code));
            assert!(!code.message().is_empty() && code.advice().ends_with('。'), "{code}");
        }
        assert_eq!(Code::from_number(500_159), None);
    }
}
