//! Why the registry was not changed.

use yanmi_onboarding::application::Refused;
use yanmi_protocol::UnixMillis;
use yanmi_protocol::display::Trick;
use yanmi_verification::WordLimitsError;

use super::application::ApplicationError;
use super::handover::HandoverError;
use super::import::ImportError;
use crate::store::StoreError;

/// Why the registry was not changed. Chinese, for the operator.
#[derive(Debug, thiserror::Error)]
pub enum AdministrationError {
    /// There is one already.
    #[error("{kind} {id} 已存在")]
    Exists {
        /// What kind of entry.
        kind: &'static str,
        /// Which.
        id: String,
    },
    /// It is of joint debugging, and this center does real work.
    #[error("编码 {0} 以 t- 开头，属于联调环境：只在联调中心登记（设置 onboarding.trial_accounts）")]
    Trial(String),
    /// There is none.
    #[error("{kind} {id} 不存在")]
    Missing {
        /// What kind of entry.
        kind: &'static str,
        /// Which.
        id: String,
    },
    /// The name is empty, too long, or could be read as another.
    #[error("{kind}名称（name）{trick}")]
    BadName {
        /// What kind of entry.
        kind: &'static str,
        /// What is wrong with it.
        trick: Trick,
    },
    /// The notice address is no HTTP address.
    #[error("通知地址应为 http:// 或 https:// 开头的完整地址")]
    BadAddress,
    /// The address persons are handed over to is none.
    #[error(transparent)]
    BadHandover(HandoverError),
    /// The amounts up to which a channel's word is taken are none.
    #[error("免密答复的限额：{0}")]
    BadWordLimits(WordLimitsError),
    /// An institution is in no county.
    #[error("机构的区划代码应为 6 位数字")]
    BadRegion,
    /// Whom to call about an institution cannot be this.
    #[error(transparent)]
    BadContact(yanmi_onboarding::ContactError),
    /// A channel without a way of confirming.
    #[error("渠道至少要有一种认证方式（01、02、03）")]
    NoWay,
    /// It was closed for good.
    #[error("{kind} {id} 已注销，不能再更改或启用")]
    Closed {
        /// What kind of entry.
        kind: &'static str,
        /// Which.
        id: String,
    },
    /// The institution calls through the account already.
    #[error("定点机构 {code} 已经登记在业务系统编码 {account} 之下")]
    Attached {
        /// Which institution.
        code: String,
        /// Which account.
        account: String,
    },
    /// The institution does not call through the account.
    #[error("定点机构 {code} 没有登记在业务系统编码 {account} 之下")]
    Detached {
        /// Which institution.
        code: String,
        /// Which account.
        account: String,
    },
    /// The institution calls through as many accounts as one may.
    #[error("一个定点机构至多登记在 {0} 个业务系统编码之下")]
    ManyAccounts(usize),
    /// A telephone number that is none.
    #[error("电话应为 5 至 20 位数字、-、+ 或空格")]
    BadPhone,
    /// An applicant has as many persons as one may.
    #[error("一个申请方至多 {0} 人：先注销不再经办的人")]
    ManyUsers(usize),
    /// The password that is to be changed is another.
    #[error("现在的密码不对；连续 5 次不对会锁定 30 分钟")]
    WrongPassword,
    /// There are operators already.
    #[error("已有操作员：bootstrap 只在一个也没有时可用；管理员丢失密码或手机请用 yanmi operator recover")]
    OperatorsExist,
    /// The three administrators are not three.
    #[error("系统管理员、安全管理员、审计员须是三个不同的登录名")]
    OnePerson,
    /// The last of its kind is not taken away.
    #[error("这是唯一的{0}：先让另一人担任")]
    LastAdministrator(&'static str),
    /// He may not do this.
    #[error(transparent)]
    Denied(#[from] yanmi_onboarding::Denied),
    /// He has seen as many persons in full in a day as one may.
    #[error("24 小时内已查看完整信息 {0} 人次，不能再看：请由另一位操作员办理")]
    ManyUnmasked(u64),
    /// A grant that is to be given anew was taken away.
    #[error("{0} 已没有这项授权，没有续期")]
    NoGrant(String),
    /// The older key is still called with.
    #[error(
        "旧密钥 24 小时内还有人在用（最近一次 {}）：先让对方换用新密钥；确要现在停用，请选择强制（命令行 --force）并写明理由",
        .last.shanghai_text()
    )]
    KeyInUse {
        /// When it last opened an envelope, as far as that is written down.
        last: UnixMillis,
    },
    /// What is forced needs a reason.
    #[error("强制停用旧密钥须写明理由")]
    NoReason,
    /// A key that was offered was taken, has ended, or never was.
    #[error("链接已用过、已过期、已作废或不存在：请联系密钥管理员另发一次")]
    NoOffer,
    /// A passcode is not that of the offer.
    #[error("提取码不对；连续 5 次不对，这个链接就作废")]
    WrongPasscode,
    /// A change that changes nothing is not proposed.
    #[error("没有要更改的内容")]
    NoChange,
    /// Something of it waits for a second person already.
    #[error("{kind} {id} 已有一项更改等待复核：先办完它")]
    Pending {
        /// What kind of entry.
        kind: &'static str,
        /// Which.
        id: String,
    },
    /// What was to be decided does not wait any more.
    #[error("这一项已由别人办理、已过期，或提出之后对象被更改过，没有再做：过期或被更改过的请重新提出")]
    NotPending,
    /// An alarm that is to be taken or closed was closed, or is his already.
    #[error("这个告警已经关闭，或已经由您接手")]
    AlarmClosed,
    /// The invitation was taken up, has ended, or never was.
    #[error("邀请已用过、已过期或不存在：请管理员重新发一个")]
    NoInvitation,
    /// The password is too easy to guess.
    #[error(transparent)]
    WeakPassword(#[from] crate::staff::WeakPassword),
    /// The second time another password was typed.
    #[error("两次输入的密码不一样")]
    OtherPassword,
    /// The code is not the second factor's.
    #[error("验证码不对：请看手机上最新的 6 位数字；一个码只能用一次")]
    WrongCode,
    /// The login is not let in; why is not said.
    #[error("登录名、密码或验证码不对；连续 5 次不对会锁定 30 分钟")]
    NotLetIn,
    /// Whom the provider named is nobody here.
    #[error("统一认证已通过，但这个账号没有绑定操作员：请用密码登录，然后在“我做过的”一页绑定")]
    SubjectUnbound,
    /// Whom the provider named is another operator.
    #[error("这个统一认证账号已绑定另一个操作员；一个账号只能绑定一个")]
    SubjectTaken,
    /// The password could not be made into what is stored.
    #[error("密码摘要未能算出")]
    PasswordHash,
    /// The application does not go on.
    #[error(transparent)]
    Application(ApplicationError),
    /// The import does not go on.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ApplicationError> for AdministrationError {
    fn from(error: ApplicationError) -> Self {
        Self::Application(error)
    }
}

impl From<Refused> for AdministrationError {
    fn from(refused: Refused) -> Self {
        Self::Application(refused.into())
    }
}

impl AdministrationError {
    /// There is no such thing.
    pub(super) fn missing(kind: &'static str, id: &str) -> Self {
        Self::Missing { kind, id: id.to_owned() }
    }

    /// It was closed for good.
    pub(super) fn closed(kind: &'static str, id: &str) -> Self {
        Self::Closed { kind, id: id.to_owned() }
    }
}
