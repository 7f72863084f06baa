//! The columns of the table.

/// A column of the table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ImportField {
    /// 机构代码.
    Code,
    /// 机构名称.
    Name,
    /// 区划代码.
    Region,
    /// 业务系统编码.
    Accounts,
    /// 状态.
    Active,
}

/// What is in a cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImportCell<'a> {
    /// Nothing: it stays as it is.
    Empty,
    /// A text.
    Text(&'a str),
    /// What a spreadsheet holds as a number, perhaps no longer as it was typed.
    Number(&'a str),
}

impl ImportField {
    /// All of them, in the order of the template.
    pub const ALL: [Self; 5] = [Self::Code, Self::Name, Self::Region, Self::Accounts, Self::Active];

    /// The heading.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Code => "机构代码",
            Self::Name => "机构名称",
            Self::Region => "区划代码",
            Self::Accounts => "业务系统编码",
            Self::Active => "状态",
        }
    }

    /// Whether a table has to have the column.
    pub const fn is_required(self) -> bool {
        matches!(self, Self::Code | Self::Name | Self::Region)
    }
}

impl<'a> ImportCell<'a> {
    /// What is written in it.
    pub const fn as_str(self) -> &'a str {
        match self {
            Self::Empty => "",
            Self::Text(text) | Self::Number(text) => text,
        }
    }
}

/// The word for whether an institution may be served.
pub(super) const fn active_word(active: bool) -> &'static str {
    if active { "启用" } else { "停用" }
}
