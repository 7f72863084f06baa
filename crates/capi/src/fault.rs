//! The numbered errors: the same number is returned by the typed functions, stands in the JSON and is the status text.

use std::fmt;

/// What kept a call from being made, or its answer from being handed over. None of these ever means "settle".
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// A pointer that must not be NULL is.
    Null,
    /// A text has no end within [`crate::text::MAX_INPUT`] bytes.
    TooLong,
    /// A text is not in the encoding that was set.
    Encoding,
    /// The handle was never given out, or was closed.
    Handle,
    /// The configuration cannot be used.
    Config,
    /// What was to be written does not fit; the step itself was taken.
    Buffer,
    /// An argument has a value it cannot have.
    Argument,
    /// The JSON of a drop-in call cannot be read, or asks for what there is not.
    Request,
    /// Visits cannot be read or written.
    Visits,
    /// There is no such visit.
    NoVisit,
    /// The visit does not allow this step.
    Step,
    /// The center does not answer, or refuses to decode.
    Center,
    /// No terminal or dynamic library is plugged in.
    NoPort,
    /// Too many handles or configurations are open.
    TooMany,
    /// A mistake of this library.
    Internal,
}

impl Kind {
    /// Every kind, by number.
    pub const ALL: [Self; 15] = [
        Self::Null,
        Self::TooLong,
        Self::Encoding,
        Self::Handle,
        Self::Config,
        Self::Buffer,
        Self::Argument,
        Self::Request,
        Self::Visits,
        Self::NoVisit,
        Self::Step,
        Self::Center,
        Self::NoPort,
        Self::TooMany,
        Self::Internal,
    ];

    /// The number.
    pub const fn number(self) -> i32 {
        9001 + self as i32
    }

    /// The number as the status text of a drop-in call, with a NUL.
    pub(crate) const fn status(self) -> &'static str {
        match self {
            Self::Null => "9001\0",
            Self::TooLong => "9002\0",
            Self::Encoding => "9003\0",
            Self::Handle => "9004\0",
            Self::Config => "9005\0",
            Self::Buffer => "9006\0",
            Self::Argument => "9007\0",
            Self::Request => "9008\0",
            Self::Visits => "9009\0",
            Self::NoVisit => "9010\0",
            Self::Step => "9011\0",
            Self::Center => "9012\0",
            Self::NoPort => "9013\0",
            Self::TooMany => "9014\0",
            Self::Internal => "9015\0",
        }
    }

    /// Its name in `yanmi.h`, without the prefix.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::TooLong => "TOO_LONG",
            Self::Encoding => "ENCODING",
            Self::Handle => "HANDLE",
            Self::Config => "CONFIG",
            Self::Buffer => "BUFFER",
            Self::Argument => "ARGUMENT",
            Self::Request => "REQUEST",
            Self::Visits => "VISITS",
            Self::NoVisit => "NO_VISIT",
            Self::Step => "STEP",
            Self::Center => "CENTER",
            Self::NoPort => "NO_PORT",
            Self::TooMany => "TOO_MANY",
            Self::Internal => "INTERNAL",
        }
    }

    /// What it means, in Chinese.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Null => "必填的指针为 NULL",
            Self::TooLong => "字符串超过 65,536 字节，或没有以 NUL 结尾",
            Self::Encoding => "字符串不是所设编码（UTF-8 或 GBK）",
            Self::Handle => "句柄无效：从未打开，或已经关闭",
            Self::Config => "配置有误，不能使用",
            Self::Buffer => {
                "缓冲区放不下；该步骤已经完成，可换大缓冲区用 yanmi_visit 取回（YanmiTrans 的大小是配置 [c] trans_bytes）"
            }
            Self::Argument => "参数的值有误",
            Self::Request => "入参 JSON 有误，或 transType 不认识",
            Self::Visits => "就诊记录无法读写",
            Self::NoVisit => "没有这个就诊记录，或已超过保存时间",
            Self::Step => "本次就诊不允许这一步",
            Self::Center => "中心没有应答，或拒绝解码",
            Self::NoPort => "没有接入相应的线下核验设备或动态库",
            Self::TooMany => "同时打开的句柄或配置过多",
            Self::Internal => "本库内部错误",
        }
    }
}

/// An error: its kind, and in Chinese what exactly is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The kind.
    pub kind: Kind,
    /// What is wrong, for whoever reads the screen or the log. Never a key, password or identity.
    pub message: String,
}

impl Fault {
    /// A fault with its own words.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    pub(crate) fn argument(name: &str, why: &str) -> Self {
        Self::new(Kind::Argument, format!("{name} {why}"))
    }
}

impl From<Kind> for Fault {
    fn from(kind: Kind) -> Self {
        Self::new(kind, kind.meaning())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}（{}）", self.message, self.kind.number())
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn numbers_and_status_texts_agree() {
        for (at, kind) in (9001..).zip(Kind::ALL) {
            assert_eq!(kind.number(), at);
            assert_eq!(kind.status(), format!("{at}\0"));
        }
    }
}
