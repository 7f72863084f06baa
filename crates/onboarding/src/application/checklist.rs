//! What each level has to have looked at before it passes an application on.

use crate::application::kind::Kind;
use crate::area::Level;

/// One question of a checklist; a clerk answers all of them with yes, or returns the application.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CheckItem {
    /// The institutions are designated ones, and their agreements hold.
    Designated,
    /// The persons named are the institution's or the vendor's, and can be reached.
    Persons,
    /// What is required is attached and can be read.
    Complete,
    /// Codes and regions of the institutions are those of the register.
    Codes,
    /// There is no other account or application for the same.
    NotTwice,
    /// The networks are of the insurance network.
    Networks,
    /// Interfaces and rate are what the system needs.
    Needs,
    /// The product and its version are named so that a report can be compared with them.
    Product,
    /// The public key is the applicant's: he has proven it.
    KeyProven,
    /// What is closed is not needed by anybody else.
    Unneeded,
}

impl CheckItem {
    /// The word it is stored as, which is never reused.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Designated => "designated",
            Self::Persons => "persons",
            Self::Complete => "complete",
            Self::Codes => "codes",
            Self::NotTwice => "not-twice",
            Self::Networks => "networks",
            Self::Needs => "needs",
            Self::Product => "product",
            Self::KeyProven => "key-proven",
            Self::Unneeded => "unneeded",
        }
    }

    /// The question.
    pub const fn question(self) -> &'static str {
        match self {
            Self::Designated => "机构均为本辖区定点医药机构，协议在有效期内",
            Self::Persons => "经办负责人与技术联系人身份属实，电话已打通",
            Self::Complete => "所需材料齐全、清晰",
            Self::Codes => "机构代码与区划同登记一致",
            Self::NotTwice => "没有重复的账户或申请",
            Self::Networks => "来源网段属于医保专网",
            Self::Needs => "接口与每秒次数与业务相称",
            Self::Product => "产品名称与版本明确，可与验收报告对照",
            Self::KeyProven => "公钥已证明由申请方持有（未提交公钥的，已商定链接与提取码的登记电话）",
            Self::Unneeded => "要注销的账户与机构不再有业务",
        }
    }
}

/// The questions of a level for a kind of application.
pub const fn checklist(level: Level, kind: Kind) -> &'static [CheckItem] {
    use CheckItem::{
        Codes, Complete, Designated, KeyProven, Needs, Networks, NotTwice, Persons, Product, Unneeded,
    };
    match (level, kind) {
        (Level::Province, Kind::System) => &[Codes, NotTwice, Networks, Needs, Product, KeyProven],
        (Level::Province, Kind::Channel) => &[Persons, Complete, NotTwice, Networks, Needs, Product],
        (Level::Province, Kind::Attach) => &[Codes, NotTwice],
        (Level::Province, Kind::Change) => &[Networks, Needs],
        (_, Kind::Close) => &[Persons, Unneeded],
        (Level::City, _) => &[Codes, NotTwice, Networks],
        (Level::County, _) => &[Designated, Persons, Complete],
    }
}
