//! What a change is about.

use yanmi_protocol::{AccountId, ChannelId, OrgCode};

pub(super) const ACCOUNT: &str = "业务系统编码";
pub(super) const INSTITUTION: &str = "定点机构";
pub(super) const CHANNEL: &str = "渠道";

/// An entry of the registry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Object {
    /// An account.
    Account(AccountId),
    /// An institution.
    Institution(OrgCode),
    /// A channel.
    Channel(ChannelId),
}

/// Where an entry is stored.
pub(super) struct ObjectRow<'a> {
    pub(super) table: &'static str,
    /// The column of its code.
    pub(super) key: &'static str,
    /// The column that says whether it is switched on.
    pub(super) switch: &'static str,
    pub(super) id: &'a str,
}

/// What is done to an entry; with the entry's kind an action of an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Action {
    Add,
    Edit,
    Attach,
    Detach,
    Enable,
    Disable,
    Close,
    RotateKey,
    RetireKey,
}

impl Object {
    /// Its kind as an operator reads it, and its code.
    pub(super) fn names(&self) -> (&'static str, &str) {
        match self {
            Self::Account(id) => (ACCOUNT, id.as_str()),
            Self::Institution(code) => (INSTITUTION, code.as_str()),
            Self::Channel(id) => (CHANNEL, id.as_str()),
        }
    }

    /// Its kind as an event has it.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Account(_) => "account",
            Self::Institution(_) => "institution",
            Self::Channel(_) => "channel",
        }
    }

    pub(super) fn row(&self) -> ObjectRow<'_> {
        let (_, id) = self.names();
        match self {
            Self::Account(_) => ObjectRow { table: "accounts", key: "org_id", switch: "enabled", id },
            Self::Institution(_) => {
                ObjectRow { table: "institutions", key: "org_code", switch: "active", id }
            }
            Self::Channel(_) => ObjectRow { table: "channels", key: "channel", switch: "enabled", id },
        }
    }
}

impl Action {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Edit => "edit",
            Self::Attach => "attach",
            Self::Detach => "detach",
            Self::Enable => "enable",
            Self::Disable => "disable",
            Self::Close => "close",
            Self::RotateKey => "rotate_key",
            Self::RetireKey => "retire_key",
        }
    }
}
