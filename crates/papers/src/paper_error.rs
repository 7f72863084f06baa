//! Why a file is no paper.

use std::fmt;

use yanmi_protocol::member::{MAX_SHOWN_NAME, NotAnObject};
use yanmi_protocol::{MemberError, Problem};

/// Why a file is no such paper. What is displayed is Chinese and names the member, but not its value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PaperError {
    /// It has more bytes than this.
    TooLong(usize),
    /// It is no JSON object.
    NotAnObject(NotAnObject),
    /// A member nobody knows; where it stands and its name.
    Unknown(String),
    /// A member is missing or wrong.
    Member {
        /// What it stands in, as a prefix of its name: `center.`, `institutions 第 3 项 `, or nothing.
        within: String,
        /// What is wrong with it.
        error: MemberError,
    },
    /// The content reads back as another one: a member has more than one writing, and not the one that is kept.
    Ambiguous,
    /// The key cannot sign.
    Key,
}

impl fmt::Display for PaperError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(most) => write!(f, "超过 {most} 字节"),
            Self::NotAnObject(why) => write!(f, "{why}"),
            Self::Unknown(name) => write!(f, "{name} 不是已知的成员，签名不能保证它"),
            Self::Member { within, error } => write!(f, "{within}{error}"),
            Self::Ambiguous => f.write_str("内容写出后读回不同：有成员不是规范写法"),
            Self::Key => f.write_str("签名密钥不可用"),
        }
    }
}

impl std::error::Error for PaperError {}

/// A name as it is shown: bounded, and without what may not be shown.
pub(crate) fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(MAX_SHOWN_NAME).collect()
}

/// A member within something is wrong.
pub(crate) fn wrong(within: &str, member: &'static str, problem: Problem) -> PaperError {
    PaperError::Member { within: within.to_owned(), error: MemberError::new(member, problem) }
}
