//! Why an import does not go on.

use yanmi_sheet::SheetError;

use crate::registry::imports::ImportState;

/// Why an import does not go on. Chinese, for the operator.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ImportError {
    /// The file is no table.
    #[error(transparent)]
    Sheet(#[from] SheetError),
    /// Nothing below the heading.
    #[error("表里只有列名，没有行")]
    NoRow,
    /// There is none of this number.
    #[error("没有第 {0} 号导入")]
    Missing(i64),
    /// Somebody was faster, or it is not its turn.
    #[error("这次导入现在是“{state}”{by}，刚才的操作没有做")]
    Moved {
        /// What it is now.
        state: ImportState,
        /// By whom, in words.
        by: String,
    },
    /// Somebody else brought it.
    #[error("只有上传人可以提交导入")]
    OfAnother,
    /// The second person is another.
    #[error("上传人不能复核自己的导入：请另一人办理")]
    Maker,
    /// It changes nothing.
    #[error("没有要导入的行")]
    NothingToDo,
    /// The same file was done lately.
    #[error("同一个文件 24 小时之内已经导入过（第 {0} 号）：确要再导入，请勾选")]
    Repeated(i64),
    /// All of it is wanted, and some rows cannot be done.
    #[error("表里有 {0} 行有错，不能整表导入：请改正之后重新上传，或不勾选“要么全部导入，要么不导入”")]
    NotWhole(u64),
    /// All of it is wanted, and it is more than one transaction may be.
    #[error(
        "整表导入至多 {most} 行更改，这张表有 {rows} 行：请分成几张表，或不勾选“要么全部导入，要么不导入”"
    )]
    LargeWhole {
        /// Rows that change something.
        rows: u64,
        /// How many may.
        most: u64,
    },
    /// It was done too long ago.
    #[error("导入满 30 天，不能再撤销")]
    TooLate,
    /// He has one that waits or runs.
    #[error("您还有一次导入（第 {0} 号）在等待或进行：请等它结束，或先放弃它")]
    OneAtATime(i64),
    /// The site has as many as it may.
    #[error("全省同时至多 {0} 次导入：请稍后再试")]
    ManyAtATime(usize),
}
