//! What a change is about.

use yanmi_onboarding::CreditCode;
use yanmi_protocol::{AccountId, ChannelId, OrgCode};

use super::login::Login;

pub(super) const ACCOUNT: &str = "业务系统编码";
pub(super) const INSTITUTION: &str = "定点机构";
pub(super) const CHANNEL: &str = "渠道";
pub(super) const OPERATOR: &str = "操作员";
pub(super) const APPLICANT: &str = "申请方";
pub(super) const APPLICANT_USER: &str = "申请方人员";

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

/// What an event is about: an entry, who works at the console, or who asks for access and the persons who do it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject {
    Entry(Object),
    Operator(Login),
    Applicant(CreditCode),
    ApplicantUser(Login),
}

/// Where a subject is stored.
pub(super) struct SubjectRow<'a> {
    pub(super) table: &'static str,
    /// The column of its code.
    pub(super) key: &'static str,
    pub(super) id: &'a str,
}

/// What is done to a subject; with the subject's kind an action of an event.
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
    OfferKey,
    TakeKey,
    CheckKey,
    VoidKey,
    Invite,
    Recover,
    Enrol,
    LogIn,
    LogInOidc,
    BindOidc,
    UnbindOidc,
    Grant,
    Revoke,
    Unlock,
}

impl Object {
    /// Its code.
    pub fn code(&self) -> &str {
        match self {
            Self::Account(id) => id.as_str(),
            Self::Institution(code) => code.as_str(),
            Self::Channel(id) => id.as_str(),
        }
    }

    /// The column that says whether it is switched on.
    pub(super) const fn switch(&self) -> &'static str {
        match self {
            Self::Institution(_) => "active",
            Self::Account(_) | Self::Channel(_) => "enabled",
        }
    }
}

impl From<Object> for Subject {
    fn from(object: Object) -> Self {
        Self::Entry(object)
    }
}

impl Subject {
    /// Its kind as an operator reads it, and its code.
    pub(super) fn names(&self) -> (&'static str, &str) {
        let kind = match self {
            Self::Entry(Object::Account(_)) => ACCOUNT,
            Self::Entry(Object::Institution(_)) => INSTITUTION,
            Self::Entry(Object::Channel(_)) => CHANNEL,
            Self::Operator(_) => OPERATOR,
            Self::Applicant(_) => APPLICANT,
            Self::ApplicantUser(_) => APPLICANT_USER,
        };
        (kind, self.row().id)
    }

    /// Its kind as an event has it.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Entry(Object::Account(_)) => "account",
            Self::Entry(Object::Institution(_)) => "institution",
            Self::Entry(Object::Channel(_)) => "channel",
            Self::Operator(_) => "operator",
            Self::Applicant(_) => "applicant",
            Self::ApplicantUser(_) => "applicant_user",
        }
    }

    pub(super) fn row(&self) -> SubjectRow<'_> {
        let (table, key, id) = match self {
            Self::Entry(object @ Object::Account(_)) => ("accounts", "org_id", object.code()),
            Self::Entry(object @ Object::Institution(_)) => ("institutions", "org_code", object.code()),
            Self::Entry(object @ Object::Channel(_)) => ("channels", "channel", object.code()),
            Self::Operator(login) => ("operators", "login", login.as_str()),
            Self::Applicant(code) => ("applicants", "credit_code", code.as_str()),
            Self::ApplicantUser(login) => ("applicant_users", "login", login.as_str()),
        };
        SubjectRow { table, key, id }
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
            Self::OfferKey => "offer_key",
            Self::TakeKey => "take_key",
            Self::CheckKey => "check_key",
            Self::VoidKey => "void_key",
            Self::Invite => "invite",
            Self::Recover => "recover",
            Self::Enrol => "enrol",
            Self::LogIn => "login",
            Self::LogInOidc => "login_oidc",
            Self::BindOidc => "bind_oidc",
            Self::UnbindOidc => "unbind_oidc",
            Self::Grant => "grant",
            Self::Revoke => "revoke",
            Self::Unlock => "unlock",
        }
    }
}
