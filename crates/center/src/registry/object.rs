//! What a change is about.

use yanmi_protocol::{AccountId, ChannelId, OrgCode};

pub(super) const ACCOUNT: &str = "业务系统编码";
pub(super) const INSTITUTION: &str = "定点机构";
pub(super) const CHANNEL: &str = "渠道";

/// What is changed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Object {
    Account(AccountId),
    Institution(OrgCode),
    Channel(ChannelId),
}

impl Object {
    /// Its kind as an event has it and as an operator reads it, and its code.
    pub(super) fn names(&self) -> (&'static str, &'static str, &str) {
        match self {
            Self::Account(id) => ("account", ACCOUNT, id.as_str()),
            Self::Institution(code) => ("institution", INSTITUTION, code.as_str()),
            Self::Channel(id) => ("channel", CHANNEL, id.as_str()),
        }
    }
}
