//! What the tester does, as the insured person and as whoever runs the app: the steps of a situation.

/// One step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// Begins the situation: the center posts what it has to.
    Begin,
    /// Goes on: the center posts the rest.
    Next,
    /// Confirms, in any way the app has.
    Confirm,
    /// Enters the right credential password (01).
    Password,
    /// Enters the wrong credential password (01) that the brief gives.
    WrongPassword,
    /// Shows the face (02).
    Face,
    /// Enters the channel's own payment password (03), rightly.
    ChannelPassword,
    /// Enters it wrongly, until the app gives up.
    WrongChannelPassword,
    /// Tries to confirm what can no longer be confirmed.
    Try,
    /// Cancels.
    Cancel,
    /// Says that it is not them.
    NotMe,
    /// Opens the message center of the app.
    OpenCenter,
    /// Restarts the process that takes notices.
    Restart,
    /// Opens the link of the notice.
    OpenLink,
    /// Switches password-free payment on in the app.
    FreeOn,
    /// Switches it off again.
    FreeOff,
    /// Has the center switch password-free payment on.
    SwitchOn,
    /// Has it switched off again.
    SwitchOff,
    /// Waits so many seconds.
    Wait(u64),
    /// Tells what the app shows.
    Tell,
}

impl Act {
    /// The word for programs; part of the brief's contract.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Begin => "begin",
            Self::Next => "next",
            Self::Confirm => "confirm",
            Self::Password => "password",
            Self::WrongPassword => "wrongPassword",
            Self::Face => "face",
            Self::ChannelPassword => "channelPassword",
            Self::WrongChannelPassword => "wrongChannelPassword",
            Self::Try => "try",
            Self::Cancel => "cancel",
            Self::NotMe => "notMe",
            Self::OpenCenter => "openCenter",
            Self::Restart => "restart",
            Self::OpenLink => "openLink",
            Self::FreeOn => "freeOn",
            Self::FreeOff => "freeOff",
            Self::SwitchOn => "switchOn",
            Self::SwitchOff => "switchOff",
            Self::Wait(_) => "wait",
            Self::Tell => "tell",
        }
    }

    /// The act as programs read it.
    pub fn coded(self) -> String {
        match self {
            Self::Wait(seconds) => format!("wait {seconds}"),
            act => act.word().to_owned(),
        }
    }

    /// The step in Chinese.
    pub fn step(self) -> String {
        match self {
            Self::Begin => "点“开始”：中心送出通知",
            Self::Next => "点“下一步”：中心再送",
            Self::Confirm => "在应用上打开这条通知，按应用支持的方式确认（凭证密码用给出的）",
            Self::Password => "在应用上打开这条通知，输入正确的凭证密码",
            Self::WrongPassword => "输入错误的凭证密码（用给出的那个），抄下应用的提示",
            Self::Face => "刷脸确认",
            Self::ChannelPassword => "用渠道支付密码确认",
            Self::WrongChannelPassword => "输错渠道支付密码，直到应用不再让试，或离开",
            Self::Try => "再试着确认：应当不能",
            Self::Cancel => "取消",
            Self::NotMe => "点“不是我”",
            Self::OpenCenter => "打开应用的消息中心",
            Self::Restart => "重启收通知的进程，不打开消息中心",
            Self::OpenLink => "点开通知里的认证页链接",
            Self::FreeOn => "先在应用里为这个参保人开通本应用的免密",
            Self::FreeOff => "办完之后在应用里关掉它",
            Self::SwitchOn => "在应用里开通免密（由中心记录的那一种）",
            Self::SwitchOff => "关闭免密",
            Self::Wait(seconds) => return format!("等待 {seconds} 秒"),
            Self::Tell => "报送应用显示的内容",
        }
        .to_owned()
    }
}
