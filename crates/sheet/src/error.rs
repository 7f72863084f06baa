//! Why a file is no table.

use crate::bounds::{MAX_CHARACTERS, MAX_COLUMNS, MAX_FILE, MAX_ROWS, MAX_UNPACKED};

/// Characters of a file's own words in an error.
const MAX_QUOTED: usize = 40;

/// Why a file is refused as a whole. Chinese, for whoever brought it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SheetError {
    /// Larger than [`MAX_FILE`].
    #[error("文件超过 {} MiB：请分成几个", MAX_FILE >> 20)]
    TooLarge,
    /// More than [`MAX_UNPACKED`] in it.
    #[error("文件解开之后超过 {} MiB，没有读取", MAX_UNPACKED >> 20)]
    Bomb,
    /// Nothing in it.
    #[error("文件里没有内容")]
    Nothing,
    /// The binary format of before 2007, or one with a password: both begin alike.
    #[error("这是 .xls 或设了密码的文件：请另存为不设密码的 .xlsx，或 CSV")]
    OldOrLocked,
    /// No CSV and no XLSX.
    #[error("不是 CSV 或 XLSX 文件")]
    OtherKind,
    /// CSV in no encoding we read.
    #[error("既不是 UTF-8，也不是 GB18030（第 {line} 行）：请另存为“CSV UTF-8”，或用 XLSX")]
    Encoding {
        /// The first line that is not UTF-8.
        line: usize,
    },
    /// XLSX whose inside is not as it should be.
    #[error("XLSX 文件读不出来（{0}）：请用 Excel 或 WPS 打开，另存为 .xlsx")]
    Broken(&'static str),
    /// A formula.
    #[error("单元格 {cell} 是公式：请改为数值（复制，选择性粘贴为值）")]
    Formula {
        /// Where.
        cell: String,
    },
    /// Merged cells.
    #[error("单元格 {cells} 是合并的：请取消合并，一格一值")]
    Merged {
        /// Which.
        cells: String,
    },
    /// Two sheets have something in them.
    #[error("工作表“{sheet}”的 {cell} 也有内容：只留一个工作表")]
    SecondSheet {
        /// The second one's name.
        sheet: String,
        /// Its first cell.
        cell: String,
    },
    /// More than [`MAX_ROWS`].
    #[error("超过 {MAX_ROWS} 行：请分成几个文件")]
    ManyRows,
    /// More than [`MAX_COLUMNS`].
    #[error("单元格 {cell}：超过 {MAX_COLUMNS} 列")]
    ManyColumns {
        /// The first one too many.
        cell: String,
    },
    /// More than [`MAX_CHARACTERS`].
    #[error("单元格 {cell} 超过 {MAX_CHARACTERS} 个字符（CSV 请看那一行的引号是否成对）")]
    LongCell {
        /// Where.
        cell: String,
    },
    /// A column nobody asked for.
    #[error("单元格 {cell}：不认识的列“{name}”。列名应为：{known}")]
    UnknownColumn {
        /// Where.
        cell: String,
        /// What is written there.
        name: String,
        /// The columns there are.
        known: String,
    },
    /// A cell below no heading.
    #[error("单元格 {cell} 有内容，但这一列没有列名")]
    NoHeading {
        /// Where.
        cell: String,
    },
    /// A column is not there.
    #[error("第 {row} 行应为列名，其中没有“{name}”这一列")]
    MissingColumn {
        /// The first row.
        row: u32,
        /// Which column.
        name: &'static str,
    },
    /// A column is there twice.
    #[error("单元格 {cell}：列“{name}”出现两次")]
    DoubleColumn {
        /// The second of them.
        cell: String,
        /// Which.
        name: &'static str,
    },
}

/// A file's own words, as an error shows them.
pub(crate) fn quoted(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '□' } else { c }).take(MAX_QUOTED).collect()
}
