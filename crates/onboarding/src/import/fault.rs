//! What can be wrong with a cell.

use std::fmt;

use yanmi_protocol::display::Trick;

use super::ImportField;
use crate::contact::ContactError;

/// Something wrong with a row: in which column, what is written there, and what to do. `Debug` does not show
/// what is written there, as it may be whom to call.
#[derive(Clone, PartialEq, Eq)]
pub struct RowFault {
    /// The column.
    pub field: ImportField,
    /// What is written there.
    pub value: String,
    /// What is wrong.
    pub problem: Problem,
}

impl fmt::Debug for RowFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RowFault({:?}, {:?}, …)", self.field, self.problem)
    }
}

/// What is wrong with a cell. What is displayed tells an operator what to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Problem {
    /// Not `H` or `P` and eleven digits.
    Code,
    /// A code of joint debugging, at a center that does real work.
    Trial,
    /// No code of an account, where a row has to have one.
    Account,
    /// The code stands in this row too.
    Twice(u32),
    /// A number where a spreadsheet may have changed what was typed.
    NotText,
    /// A name nobody may be shown.
    Name(Trick),
    /// Not six digits.
    Region,
    /// It cannot be of a contact.
    Contact(ContactError),
    /// Neither of the two words.
    Active,
    /// No interface.
    Interface(String),
    /// No number of requests.
    Rate,
    /// Neither of the two words for the mac.
    Mac,
    /// No networks; what is wrong with them.
    Networks(String),
    /// No code of an account.
    AccountForm(String),
    /// An account that is not registered.
    UnknownAccount(String),
    /// An account that was closed.
    ClosedAccount(String),
    /// More accounts than an institution may have.
    ManyAccounts(usize),
    /// Not in the reach of whoever brings it.
    OutOfReach,
    /// It was closed for good.
    Closed,
    /// A new one has to have it.
    Needed,
    /// It cannot be emptied.
    Kept,
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code => out.write_str("应为 H 或 P 加 11 位数字"),
            Self::Account => out.write_str("应为业务系统编码：1 至 40 个可见 ASCII 字符"),
            Self::Trial => out.write_str("t- 开头的编码属于联调环境，只在联调中心登记：请换一个"),
            Self::Twice(row) => write!(out, "与第 {row} 行的编码相同：只留一行"),
            Self::NotText => {
                out.write_str("该列须为文本格式：表格软件可能已改动此值，请把单元格设为文本后重新填写")
            }
            Self::Name(trick) => write!(out, "名称{trick}"),
            Self::Contact(why) => write!(out, "{why}"),
            Self::Region => out.write_str("应为 6 位数字"),
            Self::Active => out.write_str("应为“启用”或“停用”"),
            Self::Interface(word) => {
                write!(out, "没有接口“{word}”：应为以逗号分隔的 notify、status、password、decode")
            }
            Self::Rate => out.write_str("应为大于 0 的整数；填 - 为默认"),
            Self::Mac => out.write_str("应为“有则核对”或“必须”"),
            Self::Networks(why) => write!(out, "{why}；填 - 为不限"),
            Self::AccountForm(account) => write!(out, "{account} 不是业务系统编码：几个之间用分号"),
            Self::UnknownAccount(account) => write!(out, "业务系统编码 {account} 没有登记：请先登记，或改正"),
            Self::ClosedAccount(account) => write!(out, "业务系统编码 {account} 已注销：请换一个"),
            Self::ManyAccounts(most) => write!(out, "一个机构至多 {most} 个业务系统编码"),
            Self::OutOfReach => out.write_str("不在您的辖区之内：请由所在地导入"),
            Self::Closed => out.write_str("已经注销，不能再更改：请删去此行"),
            Self::Needed => out.write_str("新增的须填写此列"),
            Self::Kept => out.write_str("此列不能清空：不改请留空"),
        }
    }
}
