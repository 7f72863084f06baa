//! The institution's medical-insurance terminal (医保终端): who stands before it, and what it does.

use yanmi_protocol::EcIndexNo;

/// How the terminal, and the person before it, behave. The keypad of the dynamic library behaves likewise.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum TerminalMood {
    /// The face is recognized, the person types their own password.
    #[default]
    Ok,
    /// The face is not recognized, the person mistypes.
    Wrong,
    /// It is not connected.
    Unreachable,
    /// It takes the request and does not answer, until it is told otherwise or [`crate::LONGEST_HANG`] is over.
    Hang,
}

impl TerminalMood {
    /// The mood of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "ok" => Self::Ok,
            "wrong" => Self::Wrong,
            "unreachable" => Self::Unreachable,
            "hang" => Self::Hang,
            _ => return None,
        })
    }

    /// Its name in the control interface.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Wrong => "wrong",
            Self::Unreachable => "unreachable",
            Self::Hang => "hang",
        }
    }

    /// The mood in Chinese.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Ok => "正常",
            Self::Wrong => "刷脸不通过、密码输错",
            Self::Unreachable => "未连接",
            Self::Hang => "不应答",
        }
    }
}

/// The terminal of the sandbox.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Terminal {
    pub(crate) mood: TerminalMood,
    /// Who stands before it; when nobody in particular, it is whoever the visit is about.
    pub(crate) person: Option<EcIndexNo>,
}
