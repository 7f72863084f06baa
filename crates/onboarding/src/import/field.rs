//! The columns of the tables.

use std::fmt;

use crate::contact::ContactField;

/// What a table is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ImportSubject {
    /// Institutions.
    #[default]
    Institutions,
    /// Accounts.
    Accounts,
}

/// A column of a table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ImportField {
    /// 机构代码.
    Code,
    /// 机构名称.
    Name,
    /// 区划代码.
    Region,
    /// 业务系统编码, those of an institution.
    Accounts,
    /// 业务系统编码, the one the row is about.
    Account,
    /// 名称 of an account.
    AccountName,
    /// 接口.
    Interfaces,
    /// 每秒上限.
    Rate,
    /// Whether a mac is demanded.
    Mac,
    /// 来源网段.
    Networks,
    /// 状态.
    Active,
    /// 联系人, 联系电话 or 备注.
    Contact(ContactField),
}

/// What is in a cell. `Debug` shows nothing of it, as it may be whom to call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ImportCell<'a> {
    /// Nothing: it stays as it is.
    Empty,
    /// A text.
    Text(&'a str),
    /// What a spreadsheet holds as a number, perhaps no longer as it was typed.
    Number(&'a str),
}

impl fmt::Debug for ImportCell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "Empty",
            Self::Text(_) => "Text(…)",
            Self::Number(_) => "Number(…)",
        })
    }
}

impl ImportSubject {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Institutions, Self::Accounts];

    /// The columns, in the order of the template; the first is the code.
    pub const fn fields(self) -> &'static [ImportField] {
        use ImportField::{
            Account, AccountName, Accounts, Active, Code, Contact, Interfaces, Mac, Name, Networks, Rate,
            Region,
        };
        match self {
            Self::Institutions => &[
                Code,
                Name,
                Region,
                Accounts,
                Active,
                Contact(ContactField::Name),
                Contact(ContactField::Phone),
                Contact(ContactField::Note),
            ],
            Self::Accounts => &[Account, AccountName, Interfaces, Rate, Mac, Networks, Active],
        }
    }

    /// The stored word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Institutions => "institutions",
            Self::Accounts => "accounts",
        }
    }

    /// What operators call what is in the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Institutions => "机构",
            Self::Accounts => "业务系统",
        }
    }

    /// What is meant by a stored word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|subject| subject.word() == word)
    }
}

impl ImportField {
    /// The heading.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Code => "机构代码",
            Self::Name => "机构名称",
            Self::Region => "区划代码",
            Self::Accounts | Self::Account => "业务系统编码",
            Self::AccountName => "名称",
            Self::Interfaces => "接口",
            Self::Rate => "每秒上限",
            Self::Mac => "mac",
            Self::Networks => "来源网段",
            Self::Active => "状态",
            Self::Contact(field) => field.name(),
        }
    }

    /// Whether a table has to have the column.
    pub const fn is_required(self) -> bool {
        matches!(self, Self::Code | Self::Name | Self::Region | Self::Account | Self::AccountName)
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

/// The word for whether an entry may be served.
pub(super) const fn active_word(active: bool) -> &'static str {
    if active { "启用" } else { "停用" }
}
