//! Why visits cannot be kept.

use std::fmt;
use std::path::PathBuf;

use crate::gate::{StepError, VisitId};

/// Characters of the institution's own number for a visit.
pub const MAX_REFERENCE: usize = 64;

/// Why visits cannot be kept. `Display` is Chinese, for the operator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum VisitsError {
    /// The file cannot be opened or used.
    Database {
        /// The file.
        file: PathBuf,
        /// The database's words.
        why: String,
    },
    /// The file is of another program.
    Foreign(PathBuf),
    /// The file is of a newer version of this one.
    Newer(PathBuf),
    /// The file was sealed under another key.
    AnotherKey(PathBuf),
    /// A record does not open: the file was changed by others.
    Broken(VisitId),
    /// There is no such visit, or it was deleted when its time was over.
    NotFound(VisitId),
    /// A step that cannot be taken.
    Step(StepError),
    /// The institution's number for the visit is empty or too long.
    Reference,
    /// A thread was ended in the middle of a commit.
    Interrupted,
}

impl fmt::Display for VisitsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database { file, why } => write!(f, "就诊记录文件 {} 不可用：{why}", file.display()),
            Self::Foreign(file) => write!(f, "{} 不是就诊记录文件，未作改动", file.display()),
            Self::Newer(file) => write!(f, "就诊记录文件 {} 由更新的版本写成", file.display()),
            Self::AnotherKey(file) => {
                write!(f, "visits.key：就诊记录文件 {} 不是用这个密钥加密的", file.display())
            }
            Self::Broken(id) => write!(f, "就诊记录 {id} 无法打开：数据被改动"),
            Self::NotFound(id) => write!(f, "没有就诊记录 {id}，或已超过保存时间"),
            Self::Step(step) => write!(f, "{step}"),
            Self::Reference => write!(f, "机构自己的就诊编号应为 1 至 {MAX_REFERENCE} 个字符"),
            Self::Interrupted => f.write_str("就诊记录的写入被中断"),
        }
    }
}

impl std::error::Error for VisitsError {}

impl From<StepError> for VisitsError {
    fn from(step: StepError) -> Self {
        Self::Step(step)
    }
}
