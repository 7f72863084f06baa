//! Changing what is registered of accounts, institutions and channels. What an edit leaves out stays as it is.

use std::num::NonZeroU32;

use http::Uri;
use yanmi_onboarding::{Area, ContactEdit, CreditCode, Level};
use yanmi_protocol::{AccountId, ChannelId, OrgCode};
use yanmi_verification::{ChannelRecord, Ways, WordLimits};

use super::account::Interfaces;
use super::add::{check_address, check_name};
use super::administration::Administration;
use super::administration_error::AdministrationError;
use super::assignment::Assignments;
use super::change::Change;
use super::channel;
use super::handover::Handover;
use super::institution_contact;
use super::networks::SourceNetworks;
use super::object::{ACCOUNT, Action, CHANNEL, INSTITUTION, Object};
use crate::events::Act;
use crate::mac_rule::MacRule;

/// What an account becomes.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct AccountEdit {
    /// What people call it.
    pub name: Option<String>,
    /// The calls it may make.
    pub interfaces: Option<Interfaces>,
    /// Requests a second; `Some(None)` for what the configuration says.
    pub rate: Option<Option<NonZeroU32>>,
    /// Whether its envelopes have to carry a mac.
    pub mac: Option<MacRule>,
    /// Where its envelopes may come from.
    pub networks: Option<SourceNetworks>,
    /// Whose it is; `Some(None)` for nobody's.
    pub applicant: Option<Option<CreditCode>>,
}

/// What an institution becomes.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct InstitutionEdit {
    /// The registered name, which the insured person is shown.
    pub name: Option<String>,
    /// Where it is: six digits.
    pub region: Option<Area>,
    /// Whom to call about it.
    pub contact: ContactEdit,
}

/// What a channel becomes.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct ChannelEdit {
    /// What people call it.
    pub name: Option<String>,
    /// Where its notices are posted.
    pub notice_url: Option<Uri>,
    /// Whether it supports settlement.
    pub settlement: Option<bool>,
    /// Whether persons may go without a password on it.
    pub password_free: Option<bool>,
    /// How persons may confirm on it.
    pub ways: Option<Ways>,
    /// 渠道认证记录.
    pub record: Option<ChannelRecord>,
    /// Where the person's page sends who confirms in the app; `Some(None)` for nowhere.
    pub handover: Option<Option<Handover>>,
    /// Up to which amounts its word is taken that a person pays without a password; `Some(None)` for not at all.
    pub word: Option<Option<WordLimits>>,
    /// Whether its envelopes and answers have to carry a mac.
    pub mac: Option<MacRule>,
}

impl Administration {
    /// Changes an account.
    ///
    /// # Errors
    /// When there is none, it is closed, the name is not fit, or the applicant is missing or closed.
    pub async fn edit_account(
        &mut self,
        id: AccountId,
        edit: &AccountEdit,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let mut set = account_set(edit)?;
        if let Some(applicant) = edit.applicant {
            let number = match applicant {
                Some(code) => Some(self.open_applicant(&code).await?.number),
                None => None,
            };
            set = set.optional_number("applicant", number);
        }
        self.edit(Object::Account(id), set, act).await
    }

    /// Changes an institution. Another name is shown from the next notice on.
    ///
    /// # Errors
    /// When there is none, it is closed, the name is not fit to be shown, or nobody can be called so.
    pub async fn edit_institution(
        &mut self,
        code: OrgCode,
        edit: &InstitutionEdit,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let InstitutionEdit { name, region, contact } = edit;
        let mut set = Assignments::default();
        if let Some(name) = name {
            check_name(INSTITUTION, name)?;
            set = set.text("name", name);
        }
        if let Some(region) = region {
            if region.level() != Level::County {
                return Err(AdministrationError::BadRegion);
            }
            set = set.text("region", region.as_str());
        }
        contact.check().map_err(AdministrationError::BadContact)?;
        let set = institution_contact::assign(set, &self.sealer, &code, contact);
        self.edit(Object::Institution(code), set, act).await
    }

    /// Changes a channel. At another address it starts with a clean record of failures.
    ///
    /// # Errors
    /// When there is none, it is closed, or its address, name or ways are not fit.
    pub async fn edit_channel(
        &mut self,
        id: ChannelId,
        edit: &ChannelEdit,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        self.edit(Object::Channel(id), channel_set(edit)?, act).await
    }

    async fn edit(
        &mut self,
        object: Object,
        set: Assignments,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        self.change(act, edition(object, set, act)).await
    }
}

/// The change that an edit of an account is, but for whose it is.
pub(super) fn account_edit(
    id: AccountId,
    edit: &AccountEdit,
    act: Act<'_>,
) -> Result<Change, AdministrationError> {
    Ok(edition(Object::Account(id), account_set(edit)?, act))
}

fn account_set(edit: &AccountEdit) -> Result<Assignments, AdministrationError> {
    let AccountEdit { name, interfaces, rate, mac, networks, applicant: _ } = edit;
    let mut set = Assignments::default();
    if let Some(name) = name {
        check_name(ACCOUNT, name)?;
        set = set.text("name", name);
    }
    if let Some(interfaces) = interfaces {
        set = set.text("interfaces", &interfaces.to_string());
    }
    if let Some(rate) = rate {
        set = set.optional_number("rate", rate.map(|rate| i64::from(rate.get())));
    }
    if let Some(mac) = mac {
        set = set.text("mac", mac.word());
    }
    if let Some(networks) = networks {
        set = set.optional_text("networks", networks.stored().as_deref());
    }
    Ok(set)
}

fn edition(object: Object, set: Assignments, act: Act<'_>) -> Change {
    Change { action: Action::Edit, subject: object.into(), statements: vec![set.of(object, act.at)] }
}

fn channel_set(edit: &ChannelEdit) -> Result<Assignments, AdministrationError> {
    let ChannelEdit { name, notice_url, settlement, password_free, ways, record, handover, word, mac } = edit;
    let mut set = Assignments::default();
    if let Some(name) = name {
        check_name(CHANNEL, name)?;
        set = set.text("name", name);
    }
    if let Some(notice_url) = notice_url {
        check_address(notice_url)?;
        set = set.text("notice_url", &notice_url.to_string());
    }
    if let Some(settlement) = settlement {
        set = set.flag("settlement", *settlement);
    }
    if let Some(password_free) = password_free {
        set = set.flag("password_free", *password_free);
    }
    if let Some(ways) = ways {
        if ways.is_empty() {
            return Err(AdministrationError::NoWay);
        }
        set = set.text("ways", &channel::ways_words(*ways));
    }
    if let Some(record) = record {
        set = set.text("record", record.word());
    }
    if let Some(handover) = handover {
        set = set.optional_text("handover_url", handover.as_ref().map(Handover::as_str));
    }
    if let Some(word) = word {
        set = set
            .optional_number("word_single", word.map(|word| word.single.fen()))
            .optional_number("word_day", word.map(|word| word.day.fen()));
    }
    if let Some(mac) = mac {
        set = set.text("mac", mac.word());
    }
    Ok(set)
}
