//! What each call is called, where the specification has it, and what it is in one sentence: the words of the page.

use serde::Serialize;
use yanmi_protocol::message::channel_notice::Kind;
use yanmi_protocol::message::{
    auth_result, decode, national, notify, password, password_free, password_free_page, pending, status,
};

/// A call between two parties.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Call {
    Decode,
    Notify,
    Status,
    PasswordCheck,
    Other,
    Notice,
    Withdrawal,
    Result,
    Pending,
    PasswordFree,
    PasswordFreePage,
    Token,
    QrCode,
    Password,
    Face,
}

/// What the page says about a call.
#[derive(Serialize)]
pub(super) struct Words {
    pub(super) call: &'static str,
    /// A few characters, for an arrow.
    short: &'static str,
    title: &'static str,
    /// The chapter of the specification.
    section: &'static str,
    /// Whether the specification leaves the message itself to us (section 5 of the reading).
    ours: bool,
    request: &'static str,
    answer: &'static str,
}

const fn words(
    (call, short, title): (&'static str, &'static str, &'static str),
    (section, ours): (&'static str, bool),
    request: &'static str,
    answer: &'static str,
) -> Words {
    Words { call, short, title, section, ours, request, answer }
}

impl Call {
    pub(super) const ALL: [Self; 15] = [
        Self::Decode,
        Self::Notify,
        Self::Status,
        Self::PasswordCheck,
        Self::Other,
        Self::Notice,
        Self::Withdrawal,
        Self::Result,
        Self::Pending,
        Self::PasswordFree,
        Self::PasswordFreePage,
        Self::Token,
        Self::QrCode,
        Self::Password,
        Self::Face,
    ];

    /// The call behind a path of the channel face.
    pub(crate) fn of_channel_path(path: &str) -> Self {
        match path {
            pending::PATH => Self::Pending,
            password_free::PATH => Self::PasswordFree,
            password_free_page::PATH => Self::PasswordFreePage,
            auth_result::PATH => Self::Result,
            _ => Self::Notice,
        }
    }

    /// The call behind a path of the institution face.
    pub(crate) fn of_institution_path(path: &str) -> Self {
        match path {
            notify::PATH => Self::Notify,
            status::PATH => Self::Status,
            password::PATH => Self::PasswordCheck,
            decode::PATH => Self::Decode,
            _ => Self::Other,
        }
    }

    /// The call behind a path of the national center.
    pub(crate) fn of_national_path(path: &str) -> Option<Self> {
        Some(match path {
            national::TOKEN_PATH => Self::Token,
            national::QR_CODE_PATH => Self::QrCode,
            national::PASSWORD_PATH => Self::Password,
            national::FACE_PATH => Self::Face,
            _ => return None,
        })
    }

    /// The call that posts a notice of this kind.
    pub(crate) const fn of_notice(kind: Kind) -> Self {
        match kind {
            Kind::Notice => Self::Notice,
            Kind::Withdrawal => Self::Withdrawal,
        }
    }

    pub(super) const fn words(self) -> Words {
        match self {
            Self::Decode => words(
                ("decode", "解码", "解码电子凭证二维码"),
                ("1.6.2（2）", true),
                "机构把扫到的二维码交给中心，请它换成核验令牌。解码按现场习惯是明文，只在沙箱和封闭网络里开放。",
                "中心给出核验令牌 ecToken；以后两个调用都用它，二维码不再出现。",
            ),
            Self::Notify => words(
                ("notify", "1.7.1 通知", "线上密码核验认证通知"),
                ("1.7.1", false),
                "机构在结算前请中心为参保人发起核验：哪个令牌、哪家机构、多少钱。",
                "中心先把核验存好、再叫到手机，然后才回答：notcFlag 为 1 表示渠道应用已经收下通知。",
            ),
            Self::Status => words(
                ("status", "1.7.2 状态", "查询线上密码核验认证状态"),
                ("1.7.2", false),
                "机构问：参保人确认了吗？带上 ext 与 waitSeconds，中心会把这次查询挂住，一有结果立即回答。",
                "checkStas 为 1 才可以结算，其余一律为 0；有 ext 时还说明到了哪一步、下一步怎么办。",
            ),
            Self::Notice => words(
                ("notice", "通知", "向渠道应用下发通知"),
                ("1.4.3.2（4）B", true),
                "中心用渠道自己的密钥，把机构名称、金额和可用的认证方式送到参保人展码的那个应用；姓名已掩码。",
                "rcvFlag 为 1：渠道应用收下了，手机会亮起来；为 2：渠道应用说这个人免密，不必再问。",
            ),
            Self::Withdrawal => words(
                ("withdrawal", "撤回", "撤回旧通知"),
                ("1.4.3.2（4）B", true),
                "金额变了，旧通知不再作数：请渠道应用把它收起来。notcSeq 保证先后不会弄反。",
                "渠道应用已收起旧通知。",
            ),
            Self::Result => words(
                ("result", "认证结果", "渠道上报认证结果"),
                ("1.4.3.2（5）", true),
                "渠道应用告诉中心参保人做了什么：确认、取消、不是本人或失败。密码只以摘要出现，由中心去核验。",
                "acptFlag 为 1：这次确认作数；密码错了是 0，并说明还能再试几次。",
            ),
            Self::Pending => words(
                ("pending", "待办", "查询待办通知"),
                ("1.4.4（5）C", true),
                "参保人打开消息中心，渠道应用问中心：有没有没送到的通知？",
                "仍然有效的通知，最新的在前；推送丢了，在这里也能找到。",
            ),
            Self::PasswordFree => words(
                ("passwordFree", "免密", "设置免密"),
                ("1.4.3.2（4）A", true),
                "参保人在这个应用里开通或关闭免密结算，可以带限额。",
                "免密的现状；开通后，额度内的通知会得到 500320，可直接结算。",
            ),
            Self::PasswordFreePage => words(
                ("passwordFreePage", "免密页", "要免密设置页面"),
                ("1.4.3.2（4）A", true),
                "参保人要看自己的免密设置，渠道应用没有这样的页面，向中心要一个链接。",
                "只给这个参保人、半小时内有效的链接；谁先打开归谁用。",
            ),
            Self::PasswordCheck | Self::Other => self.seldom(),
            Self::Token | Self::QrCode | Self::Password | Self::Face => self.question(),
        }
    }

    /// The words of what programs outside ask beside the two calls of a visit.
    const fn seldom(self) -> Words {
        match self {
            Self::PasswordCheck => words(
                ("userPwdCheck", "密码核验", "凭证密码核验"),
                ("1.3.1.2", false),
                "机构把参保人输入的密码的摘要交给中心，请国家电子凭证核验。",
                "chkFlag 为 1 是对，0 是错；连错五次要锁定。",
            ),
            _ => words(
                ("other", "其他", "发往别的地址的请求"),
                ("1.3", false),
                "这个地址不是规范里的：地址或方法写错了。",
                "中心答复它没有这个地址，或者收不下。",
            ),
        }
    }

    /// The words of the center's questions to the national center.
    const fn question(self) -> Words {
        match self {
            Self::Token => words(
                ("tokenQuery", "问令牌", "向国家电子凭证问令牌"),
                ("1.4.3.2（2）", true),
                "中心不认识这个令牌，去问国家电子凭证：它是谁的、在哪个应用上展的码？",
                "凭证、身份是否有效，是否授权了这个渠道，是否设过密码。",
            ),
            Self::QrCode => words(
                ("qrCodeQuery", "问二维码", "向国家电子凭证问二维码"),
                ("1.4.3.2（2）", true),
                "中心把二维码交给国家电子凭证，请它换成令牌。",
                "凭证与新发的核验令牌。",
            ),
            Self::Password => words(
                ("pwdCheck", "验密码", "请国家电子凭证核验密码"),
                ("1.3.1.2", true),
                "密码对不对，只有国家电子凭证知道。中心转交摘要，自己从不保存。",
                "chkFlag 为 1 是对，0 是错。",
            ),
            _ => words(
                ("authNoCheck", "验刷脸", "请国家电子凭证核验刷脸授权码"),
                ("1.4.4（2）", true),
                "参保人刷脸得到授权码，中心请国家电子凭证核验它是真的、是本人的。",
                "chkFlag 为 1 是有效，0 是无效。",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_has_its_words() {
        let mut names: Vec<&str> = Call::ALL.iter().map(|call| call.words().call).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Call::ALL.len());
        for call in Call::ALL {
            let words = call.words();
            assert!(words.request.ends_with(['。', '？']) && words.answer.ends_with('。'), "{}", words.call);
        }
    }
}
